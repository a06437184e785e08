"""Rating a finished case: five grades, none chosen beforehand (好差评)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import queries as cases
from yiwang.cases.queries import CaseView
from yiwang.ratings import services
from yiwang.ratings.policy.clocks import CORRECT_LIMIT_WORKDAYS
from yiwang.ratings.policy.grades import Grade
from yiwang.web.views import APPLICANT, FormPage

COMMENT_LENGTH = 500


def grades() -> list[tuple[str, str]]:
    """Return the grades, best first, as values and words."""
    return [(grade.value, _(grade.label)) for grade in Grade]


class RateForm(forms.Form):
    """A grade and, if wanted, words."""

    use_required_attribute = False

    grade = forms.ChoiceField(
        label=_l("您对这次办事满意吗？"),
        choices=[(grade.value, _l(grade.label)) for grade in Grade],
        widget=forms.RadioSelect,
        error_messages={
            "required": _l("请选择一个评价等级。"),
            "invalid_choice": _l("请从五个等级中选择一个。"),
        },
    )
    comment = forms.CharField(
        label=_l("想说的话"),
        required=False,
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _l("最多 500 个字，请删减。")},
    )


class Rate(FormPage):
    """Rate one's own finished case."""

    permission = APPLICANT
    template_name = "citizen/rate.html"
    form_class = RateForm
    nav = "cases"

    @cached_property
    def case(self) -> CaseView:
        """The case; not found for anybody else."""
        return cases.case(self.kwargs["number"], by=self.actor)

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the case."""
        return super().context(
            case=self.case, grades=grades(), answer_days=CORRECT_LIMIT_WORKDAYS, **given
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the five grades."""
        return self.render({"form": self.form()})

    def valid(self, form: RateForm) -> HttpResponse:
        """Hand the grade to the service."""
        services.rate_case(
            grade=form.cleaned_data["grade"],
            comment=form.cleaned_data["comment"],
            number=self.case.number,
            calendar=self.calendar,
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("评价已提交，谢谢。"))
        return redirect("citizen:case", number=self.case.number)
