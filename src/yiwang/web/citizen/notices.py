"""How I am told: channels, quiet hours, proved addresses (通知设置)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.notices import queries, services
from yiwang.notices.policy.sending import HOURS, QuietHours
from yiwang.notices.policy.templates import NoticeChannel
from yiwang.organisations.limits import TooManyTriesError
from yiwang.registers import queries as registers
from yiwang.web.views import APPLICANT, FormPage

TOO_MANY = 429
NONE = "none"
HOUR_CHOICES = [(str(hour), f"{hour}:00") for hour in HOURS]


class ChoiceForm(forms.Form):
    """By what to be told, and when not."""

    use_required_attribute = False

    channels = forms.MultipleChoiceField(
        label=_l("用什么方式通知我"),
        help_text=_l("平台消息和有法律效力的文书总会送达，不受这里的选择影响。"),
        required=False,
        choices=[(one.value, _l(one.label)) for one in NoticeChannel],
        widget=forms.CheckboxSelectMultiple,
    )
    hours = forms.ChoiceField(
        label=_l("免打扰时段"),
        help_text=_l("这段时间里的通知，过后再发。"),
        choices=[
            ("default", _l("不设置（短信 21:00 至次日 8:00 不发）")),
            ("own", _l("自己设定")),
            (NONE, _l("随时都可以发")),
        ],
        widget=forms.RadioSelect,
    )
    quiet_from = forms.ChoiceField(label=_l("自己设定的，从"), choices=HOUR_CHOICES, required=False)
    quiet_until = forms.ChoiceField(label=_l("到"), choices=HOUR_CHOICES, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("channels", "quiet_from", "quiet_until"):
            self.fields[name].unmarked = True  # type: ignore[attr-defined]  # read by c-field

    def quiet(self) -> QuietHours | None:
        """Return the hours chosen; None: the defaults."""
        if self.cleaned_data["hours"] == "default":
            return None
        if self.cleaned_data["hours"] == NONE:
            return QuietHours(from_hour=0, until_hour=0)
        return QuietHours(
            from_hour=int(self.cleaned_data["quiet_from"] or 0),
            until_hour=int(self.cleaned_data["quiet_until"] or 0),
        )


class AddressForm(forms.Form):
    """An address to be proved."""

    use_required_attribute = False

    address = forms.CharField(
        max_length=140, error_messages={"required": _l("请填写接收通知的号码或者地址。")}
    )

    def __init__(self, channel: NoticeChannel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["address"]
        if channel is NoticeChannel.EMAIL:
            field.label = _("电子邮件地址")
            field.widget.attrs |= {"inputmode": "email", "autocomplete": "email"}
        else:
            field.label = _("手机号码")
            field.widget.attrs |= {"inputmode": "tel", "autocomplete": "tel"}


class CodeForm(forms.Form):
    """The code that came."""

    use_required_attribute = False

    code = forms.CharField(
        label=_l("验证码"),
        help_text=_l("六位数字，15 分钟内有效。"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _l("请填写收到的验证码。")},
    )


class _OfSubject(FormPage):
    """A page about one of the subjects that the visitor acts for; by default the first."""

    permission = APPLICANT
    nav = "cases"

    @property
    def ref(self) -> str:
        """Return the subject named in the address.

        Raises:
            Http404: it is not one of theirs.
        """
        refs = sorted(self.actor.subjects, reverse=True)
        wanted = self.request.GET.get("of", refs[0])
        if wanted not in refs:
            raise Http404(wanted)
        return wanted

    def context(self, **given: Any) -> dict[str, Any]:
        """Say whose settings these are and whose others there are."""
        refs = sorted(self.actor.subjects, reverse=True)
        return super().context(
            ref=self.ref,
            name=_name(self.ref),
            others=[(ref, _name(ref)) for ref in refs if ref != self.ref],
            **given,
        )


def _name(ref: str) -> str:
    try:
        held = registers.prefill(ref)
    except LookupError:
        return ref
    return held[f"{ref.partition(':')[0]}.name"].value


class NoticeSettings(_OfSubject):
    """Channels and quiet hours, and the addresses that were proved (通知设置)."""

    template_name = "citizen/notices.html"
    form_class = ChoiceForm

    def initial(self) -> dict[str, Any]:
        """Show what holds now."""
        now = queries.choices_of(self.ref, by=self.actor, at=self.at)
        quiet = now.quiet
        hours = "default" if quiet is None else "own"
        if quiet is not None and quiet.from_hour == quiet.until_hour:
            hours = NONE
        return {
            "channels": sorted(one.value for one in now.channels & now.offered),
            "hours": hours,
            "quiet_from": str(quiet.from_hour if quiet else 21),
            "quiet_until": str(quiet.until_hour if quiet else 8),
        }

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the addresses, and what is still to be proved."""
        now = queries.choices_of(self.ref, by=self.actor, at=self.at)
        contacts = {one.channel: one for one in now.contacts}
        pending = {one.channel: one for one in now.pending if one.expires_at > self.at}
        return super().context(
            ways=[
                {
                    "channel": channel,
                    "contact": contacts.get(channel),
                    "pending": pending.get(channel),
                }
                for channel in NoticeChannel
                if channel in now.offered
            ],
            **given,
        )

    def valid(self, form: ChoiceForm) -> HttpResponse:
        """Keep the choice."""
        services.save_choice(
            subject_ref=self.ref,
            channels=frozenset(NoticeChannel(one) for one in form.cleaned_data["channels"]),
            quiet=form.quiet(),
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("通知设置已保存。"))
        return _back(self.ref)


class AskContact(_OfSubject):
    """Name an address and have a code sent to it (绑定联系方式)."""

    template_name = "citizen/notice_contact.html"

    @property
    def channel(self) -> NoticeChannel:
        """Return the channel named in the address."""
        return _channel(self.kwargs["channel"])

    def form(self) -> forms.Form:
        """Ask for the kind of address that the channel needs."""
        return AddressForm(
            self.channel, data=self.request.POST if self.request.method == "POST" else None
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the channel."""
        return super().context(channel=self.channel, **given)

    def valid(self, form: AddressForm) -> HttpResponse:
        """Send the code."""
        try:
            services.ask_code(
                subject_ref=self.ref,
                channel=self.channel,
                address=form.cleaned_data["address"],
                by=self.actor,
                at=self.at,
            )
        except TooManyTriesError:
            form.add_error(None, _("获取验证码太频繁，请十分钟后再试。"))
            return self.render({"form": form}, status=TOO_MANY)
        except services.ContactRefusedError as refusal:
            form.add_error("address", refusal.message)
            return self.invalid(form)
        return redirect(
            reverse("citizen:confirm_contact", args=[self.channel.value], query={"of": self.ref})
        )


class ConfirmContact(_OfSubject):
    """Type the code that came (验证联系方式)."""

    template_name = "citizen/notice_code.html"
    form_class = CodeForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Say where the code went."""
        channel = _channel(self.kwargs["channel"])
        pending = queries.choices_of(self.ref, by=self.actor, at=self.at).pending
        return super().context(
            channel=channel,
            pending=next((one for one in pending if one.channel is channel), None),
            **given,
        )

    def valid(self, form: CodeForm) -> HttpResponse:
        """Try the code."""
        try:
            services.confirm_contact(
                subject_ref=self.ref,
                channel=_channel(self.kwargs["channel"]),
                code=form.cleaned_data["code"],
                by=self.actor,
                at=self.at,
            )
        except services.ContactRefusedError as refusal:
            form.add_error("code", refusal.message)
            return self.invalid(form)
        messages.success(self.request, _("已验证，通知将发到这里。"))
        return _back(self.ref)


class RemoveContact(_OfSubject):
    """Forget an address (删除联系方式)."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever reloads back."""
        return _back(self.ref)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Forget it; it can be proved again."""
        services.remove_contact(
            subject_ref=self.ref,
            channel=_channel(self.kwargs["channel"]),
            by=self.actor,
            at=self.at,
        )
        messages.success(request, _("已删除，需要时可以重新绑定。"))
        return _back(self.ref)


def _channel(value: str) -> NoticeChannel:
    if value not in set(NoticeChannel):
        raise Http404(value)
    return NoticeChannel(value)


def _back(ref: str) -> HttpResponse:
    return redirect(reverse("citizen:notices", query={"of": ref}))
