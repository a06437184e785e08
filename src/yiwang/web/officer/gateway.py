"""Departments' own systems: messages that need a person, and how the systems are connected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import queries as catalogue
from yiwang.exchange import queries, services
from yiwang.exchange.policy.terms import Algorithm, Begin, Direction, PartnerKind
from yiwang.exchange.queries import LetterView, PartnerView
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found


@contextmanager
def managing(actor: Actor) -> Iterator[None]:
    """Show whoever looks after all departments the rows of all; the services check each again."""
    whole = queries.managed_departments(actor) is None
    with scope.everything() if whole else nullcontext():  # the centre's head holds one department
        yield


class Gateway(Page):
    """What could not be delivered or done, what waits, and how well each system was reached."""

    permission: ClassVar[Permission] = Permission.GATEWAY_MANAGE
    template_name = "officer/gateway/list.html"
    nav = "gateway"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of dead letters."""
        after = request.GET.get("after", "")
        with managing(self.actor):
            page = queries.letters(by=self.actor, after=after)
            figures = [
                (one, _delay(one.delay)) for one in queries.figures(by=self.actor, at=self.at)
            ]
        return self.render(
            {
                "page": page,
                "figures": figures,
                "days": queries.FIGURE_DAYS,
                "first": not after,
                "names": department_names(),
            }
        )


def _delay(delay: timedelta | None) -> str:
    """Return a waiting time as people say it."""
    if delay is None:
        return "—"
    seconds = max(0, round(delay.total_seconds()))
    if seconds < 120:
        return _("%(count)s 秒") % {"count": seconds}
    if seconds < 2 * 3_600:
        return _("%(count)s 分钟") % {"count": round(seconds / 60)}
    return _("%(count)s 小时") % {"count": round(seconds / 3_600)}


class GiveUpForm(forms.Form):
    """Why."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("放弃的理由"),
        max_length=200,
        help_text=_l("放弃后该办件不再与部门系统往来，由本部门人员在平台上办理，期限照常计算。"),
        error_messages={"required": _l("请填写放弃的理由。")},
    )


class LetterPage(FormPage):
    """What pages about one message share."""

    permission: ClassVar[Permission] = Permission.GATEWAY_MANAGE
    nav = "gateway"

    @cached_property
    def letter(self) -> LetterView:
        """The message of the address."""
        if self.kwargs["way"] not in {one.value for one in Direction}:
            raise Http404(self.kwargs["way"])
        with managing(self.actor):
            return found(
                lambda: queries.letter(
                    Direction(self.kwargs["way"]), self.kwargs["number"], by=self.actor
                )
            )

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the message and its department."""
        return super().context(
            letter=self.letter,
            dead=self.letter.state.value == "dead",
            outgoing=self.letter.direction is Direction.OUT,
            department=department_names().get(self.letter.department, self.letter.department),
            **given,
        )


class Letter(LetterPage):
    """One message: what, why, how often; and the way on."""

    template_name = "officer/gateway/letter.html"
    form_class = GiveUpForm

    def valid(self, form: GiveUpForm) -> HttpResponse:
        """Give it up: the case is handled here from now on."""
        with managing(self.actor):
            services.give_up_letter(
                direction=self.letter.direction,
                letter_id=self.letter.id,
                reason=form.cleaned_data["reason"],
                by=self.actor,
                at=self.at,
            )
        messages.success(self.request, _("已放弃，该办件改由平台办理。"))
        return redirect("officer:gateway")


class SendAgain(LetterPage):
    """Send it, or do what it says, once more."""

    template_name = "officer/gateway/again.html"
    form_class = forms.Form

    def valid(self, form: forms.Form) -> HttpResponse:
        """Do it and say what came of it."""
        with managing(self.actor):
            done = services.send_letter_again(
                direction=self.letter.direction,
                letter_id=self.letter.id,
                calendar=self.calendar,
                by=self.actor,
                at=self.at,
            )
        if not done:
            messages.error(self.request, _("仍不能办理，原因见下。"))
            return redirect("officer:letter", way=self.kwargs["way"], number=self.kwargs["number"])
        if self.letter.direction is Direction.OUT:
            messages.success(self.request, _("已重新排队，一分钟内送出。"))
        else:
            messages.success(self.request, _("已按报文办理。"))
        return redirect("officer:gateway")


def item_name(system: PartnerView, *, on: date) -> str:
    """Name the only item of a system; empty: it takes all; not in force: as it was registered."""
    try:
        return catalogue.item(system.item_slug, on=on).name if system.item_slug else ""
    except LookupError:
        return system.item_slug


class Systems(Page):
    """Systems that are or were connected."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    template_name = "officer/gateway/systems.html"
    nav = "systems"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list."""
        shown = [
            (one, one.live(self.today), item_name(one, on=self.today))
            for one in queries.registered(by=self.actor)
        ]
        return self.render({"systems": shown, "names": department_names()})


class SystemForm(forms.Form):
    """One system."""

    use_required_attribute = False

    code = forms.CharField(
        label=_l("接入编号"),
        max_length=40,
        help_text=_l("小写字母开头，可用小写字母、数字和连字符，登记后不能修改。"),
        error_messages={"required": _l("请填写接入编号。")},
    )
    name = forms.CharField(
        label=_l("系统名称"), max_length=80, error_messages={"required": _l("请填写系统名称。")}
    )
    department = forms.ChoiceField(
        label=_l("部门"), error_messages={"required": _l("请选择部门。")}
    )
    item_slug = forms.ChoiceField(
        label=_l("事项"),
        required=False,
        help_text=_l("只对接一个事项时选择，须是上面部门的事项。"),
        error_messages={"invalid_choice": _l("请从清单中选择一个已发布的事项。")},
    )
    kind = forms.ChoiceField(
        label=_l("接入方式"),
        choices=[(one.value, one.label) for one in PartnerKind],
        error_messages={"required": _l("请选择接入方式。")},
    )
    address = forms.CharField(
        label=_l("推送地址"),
        max_length=300,
        required=False,
        help_text=_l("以 https:// 开头；文件交换不填。"),
    )
    begins = forms.ChoiceField(
        label=_l("推送起点"),
        choices=[(one.value, one.label) for one in (Begin.ACCEPTED, Begin.RECEIVED)],
    )
    valid_from = forms.DateField(
        label=_l("起用日期"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _l("请填写起用日期。")},
    )
    valid_until = forms.DateField(
        label=_l("停用日期"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_l("从这一天起不再往来；不填为长期。"),
    )

    def __init__(
        self,
        *args: Any,
        departments: list[tuple[str, str]],
        items: list[tuple[str, str, str]],
        **kwargs: Any,
    ) -> None:
        """Offer departments, and items as department, short name and name."""
        super().__init__(*args, **kwargs)
        field, chosen = self.fields["department"], self.fields["item_slug"]
        assert isinstance(field, forms.ChoiceField)
        assert isinstance(chosen, forms.ChoiceField)
        field.choices = [("", "—"), *departments]
        self.owners = {slug: code for code, slug, _name in items}
        groups = [
            (name, [(slug, item) for owner, slug, item in items if owner == code])
            for code, name in departments
        ]
        chosen.choices = [
            ("", _("该部门的全部事项")),
            *[(name, listed) for name, listed in groups if listed],
        ]

    def clean(self) -> dict[str, Any]:
        """Take an item of the department only."""
        given = super().clean() or {}
        slug, department = given.get("item_slug"), given.get("department")
        if slug and department and self.owners.get(slug) != department:
            self.add_error("item_slug", _("这个事项不属于所选部门，请改选部门或者事项。"))
        return given


class NewSystem(FormPage):
    """Connect a system."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    template_name = "officer/gateway/new.html"
    nav = "systems"

    def form(self) -> SystemForm:
        """Return the form with the departments in force."""
        units = [(unit.code, unit.name) for unit in organisations.departments(on=self.today)]
        sent = self.request.POST if self.request.method == "POST" else None
        items = [(one.department, one.slug, one.name) for one in catalogue.items(on=self.today)]
        return SystemForm(sent, departments=units, items=items, initial={"valid_from": self.today})

    def valid(self, form: SystemForm) -> HttpResponse:
        """Connect it; keys come next."""
        given = form.cleaned_data
        one = services.register_partner(
            code=given["code"],
            name=given["name"],
            department=given["department"],
            item_slug=given["item_slug"],
            kind=PartnerKind(given["kind"]),
            begins=Begin(given["begins"]),
            address=given["address"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已登记，请接着生成密钥。"))
        return redirect("officer:system", code=one.code)


class SystemPage(FormPage):
    """What pages about one system share."""

    permission: ClassVar[Permission] = Permission.SYSTEM_MANAGE
    nav = "systems"

    @cached_property
    def system(self) -> PartnerView:
        """The system of the address."""
        return found(lambda: queries.partner(self.kwargs["code"]))

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the system and its department."""
        return super().context(
            system=self.system,
            live=self.system.live(self.today),
            item=item_name(self.system, on=self.today),
            department=department_names().get(self.system.department, self.system.department),
            keys=queries.keys_of(self.system.code, by=self.actor),
            **given,
        )


class SwitchForm(forms.Form):
    """Why."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("理由"), max_length=200, error_messages={"required": _l("请填写理由。")}
    )


class System(SystemPage):
    """One system, its keys, and switching it on and off."""

    template_name = "officer/gateway/system.html"
    form_class = SwitchForm

    def valid(self, form: SwitchForm) -> HttpResponse:
        """Switch it."""
        on = not self.system.on
        services.switch_partner(
            code=self.system.code,
            on=on,
            reason=form.cleaned_data["reason"],
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已开启。") if on else _("已关闭，等待的报文保留。"))
        return redirect("officer:system", code=self.system.code)


class KeysForm(forms.Form):
    """How both sides sign."""

    use_required_attribute = False

    algorithm = forms.ChoiceField(
        label=_l("签名算法"), choices=[(one.value, one.label) for one in Algorithm]
    )
    public = forms.CharField(
        label=_l("部门的公钥"),
        required=False,
        max_length=2_000,
        help_text=_l("只在选择 Ed25519 时填写，PEM 文本。"),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class MakeKeys(SystemPage):
    """Make fresh keys; what is secret is shown once."""

    template_name = "officer/gateway/keys.html"
    form_class = KeysForm

    def valid(self, form: KeysForm) -> HttpResponse:
        """Make them and show them, this once."""
        made = services.make_keys(
            code=self.system.code,
            algorithm=Algorithm(form.cleaned_data["algorithm"]),
            public=form.cleaned_data["public"],
            by=self.actor,
            at=self.at,
        )
        return self.render({"form": form, "made": made})
