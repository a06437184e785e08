"""What is known about me, who looked, and where to find help (我的信息、帮办与咨询)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.audit import queries as audit
from yiwang.catalogue import queries as catalogue
from yiwang.content import queries as content
from yiwang.halls.policy.agency import FREE
from yiwang.halls.queries import agency
from yiwang.halls.services import agency as agency_services
from yiwang.organisations import queries as organisations
from yiwang.registers import queries as registers
from yiwang.web.views import APPLICANT, FormPage, Page, found

READS_SHOWN = 50


class Me(Page):
    """The registers' data about the applicant, masked, and every use of it (数据使用记录)."""

    permission = APPLICANT
    template_name = "citizen/me.html"
    nav = "cases"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the data of each subject the actor acts for."""
        names = {unit.code: unit.name for unit in organisations.departments()}
        return self.render(
            {
                "agents": agency.mandates_given(self.actor.subjects, today=self.today),
                "free": FREE,
                "subjects": [
                    self._subject(ref, names) for ref in sorted(self.actor.subjects, reverse=True)
                ],
            }
        )

    def _subject(self, ref: str, names: dict[str, str]) -> dict[str, Any]:
        try:
            held = registers.prefill(ref)
        except LookupError:
            held = {}
        return {
            "ref": ref,
            "name": held[f"{ref.partition(':')[0]}.name"].value if held else ref,
            "rows": [
                {"label": LABELS[key], "value": one.value, "source": one.source_label}
                for key, one in held.items()
                if key in LABELS
            ],
            "reads": [
                {
                    "at": row.at,
                    "department": names.get(row.department, row.department),
                    "purpose": row.purpose,
                    "fields": _("、").join(str(FIELDS.get(one, one)) for one in row.fields),
                }
                for row in audit.reads_of(ref, limit=READS_SHOWN)
            ],
        }


class EndForm(forms.Form):
    """Why a mandate ends."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_l("终止的原因"),
        max_length=120,
        error_messages={"required": _l("请填写终止的原因，代办员会看到。")},
    )


class EndMandate(FormPage):
    """Take a mandate back from the agent; nothing that was filed is lost (终止代办委托)."""

    permission = APPLICANT
    template_name = "citizen/end_mandate.html"
    nav = "cases"
    form_class = EndForm

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the mandate, one of those the applicant gave.

        Raises:
            Http404: it is none of theirs, or stands no more.
        """
        given_ones = agency.mandates_given(self.actor.subjects, today=self.today)
        one = next((row for row in given_ones if row.id == self.kwargs["mandate"]), None)
        if one is None:
            raise Http404("no such mandate")
        return super().context(one=one, **given)

    def valid(self, form: EndForm) -> HttpResponse:
        """End it and say so."""
        found(
            lambda: agency_services.end_mandate(
                mandate=self.kwargs["mandate"],
                reason=form.cleaned_data["reason"],
                by=self.actor,
                at=self.at,
            )
        )
        messages.success(self.request, _("代办委托已终止，正在办理的办件不受影响。"))
        return redirect("citizen:me")


LABELS = {
    "person.name": _l("姓名"),
    "person.gender": _l("性别"),
    "person.born_on": _l("出生日期"),
    "person.id_number": _l("公民身份号码"),
    "person.phone": _l("电话"),
    "person.address": _l("住址"),
    "person.hukou": _l("户籍地"),
    "entity.name": _l("名称"),
    "entity.uscc": _l("统一社会信用代码"),
    "entity.kind": _l("类型"),
    "entity.status": _l("登记状态"),
    "entity.address": _l("住所"),
    "entity.legal_representative": _l("法定代表人（负责人）"),
    "entity.established_on": _l("成立日期"),
    "entity.phone": _l("联系电话"),
}

FIELDS = {
    "gender": _l("性别"),
    "born_on": _l("出生日期"),
    "hukou_address": _l("户籍地"),
    "representative_name": _l("法定代表人（负责人）"),
    "id_number": _l("公民身份号码"),
    "phone": _l("电话"),
    "address": _l("住址"),
    "name": _l("姓名"),
}


class Help(Page):
    """Whom to call, where to go, who helps (帮办与咨询)."""

    template_name = "citizen/help.html"
    nav = "help"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the centre, the towns and the questions most asked."""
        try:
            towns = list(content.district().town_units)
        except LookupError:
            towns = []
        return self.render({"towns": towns, "items": catalogue.items(on=self.today)})
