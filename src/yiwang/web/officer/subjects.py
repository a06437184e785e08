"""Whom a department supervises (监管对象)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from yiwang.cases import queries as cases
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Permission
from yiwang.supervision import queries as supervision
from yiwang.supervision.policy.subjects import SubjectState
from yiwang.web.officer.scope import department_names, departments_of
from yiwang.web.views import UNPROCESSABLE, Page

ALL_STATES = "all"


class SubjectsFilter(forms.Form):
    """Which lines of which list."""

    use_required_attribute = False

    text = forms.CharField(
        label=_("名称、事项、办件编号、查询码、证照编号或标识"),
        max_length=100,
        required=False,
        error_messages={"max_length": _("最多100字，请缩短后再筛选。")},
    )
    department = forms.ChoiceField(label=_("监管部门"), required=False)
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[(state.value, state.label) for state in SubjectState] + [(ALL_STATES, _("全部"))],
    )


class Subjects(Page):
    """List of the holders that granted cases put under a department's supervision."""

    permission: ClassVar[Permission] = Permission.SUBJECT_READ
    template_name = "officer/subjects.html"
    nav = "subjects"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show one page of one department's list."""
        departments = departments_of(self.actor, Permission.SUBJECT_READ, on=self.today)
        codes = [unit.code for unit in departments]
        chosen = {
            "text": request.GET.get("text", "").strip(),
            "department": request.GET.get("department", ""),
            "state": request.GET.get("state") or SubjectState.LISTED.value,
        }
        form = SubjectsFilter(chosen)
        choice = form.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("全部")), *((unit.code, unit.name) for unit in departments)]
        if not form.is_valid() and chosen["department"] in {"", *codes}:
            return self.render({"form": form, "page": None}, status=UNPROCESSABLE)
        state = chosen["state"]
        page = supervision.subjects(
            by=self.actor,
            department=chosen["department"] or None,
            text=chosen["text"],
            case_number=cases.number_of(chosen["text"]) if chosen["text"] else "",
            licence_identifiers=licences.identifiers_of(chosen["text"]) if chosen["text"] else (),
            state=None if state == ALL_STATES else SubjectState(state),
            after=request.GET.get("after"),
        )
        return self.render(
            {
                "form": form,
                "page": page,
                "first": not request.GET.get("after"),
                "one_department": len(codes) == 1,
                "names": department_names(),
                "numbers": licences.printed_numbers(row.licence_identifier for row in page.rows),
                "codes": cases.query_codes(row.case_number for row in page.rows),
                "reads_cases": self.actor.may_somewhere(Permission.CASE_READ),
            }
        )
