"""What a clerk was asked first and cannot answer: kept until the asker knows (首问负责)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.consultations import queries, services
from yiwang.consultations.policy.handing_over import HANDED_LIMIT_CHARS
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Permission, PermissionRefusedError
from yiwang.web.counter.applicants import Applicant, applicant
from yiwang.web.counter.queue import ticket_in_hand
from yiwang.web.officer.scope import department_names
from yiwang.web.views import UNPROCESSABLE, FormPage, found


class FirstAskedForm(forms.Form):
    """What is asked, who answers, and how the asker is reached."""

    use_required_attribute = False

    question = forms.CharField(
        label=_l("问了什么"),
        max_length=HANDED_LIMIT_CHARS,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _l("请写下对方要问的问题。"),
            "max_length": _l("问题写得太长，请删减到500个字以内。"),
        },
    )
    department = forms.ChoiceField(
        label=_l("由哪个部门答复"),
        error_messages={
            "required": _l("请选择部门；分不清的选行政服务中心，由中心转办。"),
            "invalid_choice": _l("这个部门还没有答复咨询的岗位，请选择另一个部门。"),
        },
    )
    phone = forms.CharField(
        label=_l("对方的手机号码"),
        max_length=20,
        help_text=_l("有了答复会发短信；对方凭它和查询码也能自己看。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        error_messages={
            "required": _l("请填写对方的11位手机号码，或者先在窗口核对身份再登记。"),
            "max_length": _l("请填写对方的11位手机号码。"),
        },
    )

    def __init__(self, *args: Any, departments: list[tuple[str, str]], known: bool) -> None:
        super().__init__(*args)
        choice = self.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("请选择")), *departments]
        if known:
            del self.fields["phone"]


class FirstAsked(FormPage):
    """What waits, and one more question; with whoever was identified, or a number."""

    permission: ClassVar[Permission] = Permission.CASE_RECEIVE
    template_name = "counter/first_asked.html"
    nav = "counter"

    @cached_property
    def who(self) -> Applicant | None:
        """Whoever was identified at the window, if the address names them."""
        ref = self.kwargs.get("ref", "")
        return found(lambda: applicant(ref)) if ref else None

    def form(self) -> FirstAskedForm:
        """Offer the departments in which somebody answers."""
        return self._form(self.request.POST if self.request.method == "POST" else None)

    def _form(self, sent: QueryDict | None) -> FirstAskedForm:
        return FirstAskedForm(
            sent,
            departments=queries.answering_departments(at=self.at),
            known=self.who is not None,
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """List what is not done."""
        after = self.request.GET.get("after", "")
        return super().context(
            who=self.who,
            ticket=ticket_in_hand(self.request),
            page=queries.first_asked(
                by=self.actor, today=self.today, calendar=self.calendar, after=after
            ),
            first=not after,
            names=department_names(),
            workdays=queries.answer_workdays(on=self.today),
            **given,
        )

    def valid(self, form: FirstAskedForm) -> HttpResponse:
        """Keep it, and say what the asker takes home."""
        asked = services.ask_at_window(
            question=form.cleaned_data["question"],
            department=form.cleaned_data["department"],
            asker_ref=self.who.ref if self.who else "",
            phone=form.cleaned_data.get("phone", ""),
            workdays=queries.answer_workdays(on=self.today),
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(
            self.request,
            _("已登记，请告诉对方：查询码 %(code)s，%(day)s 前答复。")
            % {"code": asked.query_code, "day": f"{asked.due_on:%Y-%m-%d}"},
        )
        return redirect("counter:first_asked")


class Told(FirstAsked):
    """Note that the asker was told."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note it; a refusal shows the list with its sentence."""
        try:
            found(
                lambda: services.note_told(
                    consultation_id=kwargs["number"], by=self.actor, at=self.at
                )
            )
        except PermissionRefusedError:
            raise
        except RefusedError as refusal:
            messages.error(request, refusal.message)
            return self.render({"form": self._form(None)}, status=UNPROCESSABLE)
        messages.success(request, _("已登记告知，这个问题办完了。"))
        return redirect("counter:first_asked")
