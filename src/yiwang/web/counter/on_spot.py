"""Errors put right on the spot, as the applicant at the window corrects them (当场更正)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from yiwang.cases import services
from yiwang.cases.policy.answers import is_hidden, mask, plain_answers
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries.on_spot import asks_on_spot, fixable_materials, fixable_questions
from yiwang.cases.services import Brought, FixedAnswer
from yiwang.catalogue.policy.items import Material, Question
from yiwang.web import spot_fixes
from yiwang.web.counter.returning import PRINTED, Acting, AtWindow, BringForm, Taking, VisitForm
from yiwang.web.forms import answer_field, answer_of, in_words, shown


class FixOnSpot(AtWindow):
    """What may be put right, line by line, and what was (当场更正)."""

    template_name = "counter/fix_on_spot.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the answers and the materials, each with its way."""
        answers = plain_answers(self.file.answers)
        return self.render(
            {
                "open": Step.FIX_ON_SPOT in self.file.steps,
                "asks": asks_on_spot(self.file),
                "questions": [
                    (one, current(one, answers.get(one.id)))
                    for one in fixable_questions(self.file, self.item)
                ],
                "materials": fixable_materials(self.file),
                "fixes": spot_fixes.rows(self.file, self.item, masked=True),
            }
        )


def current(question: Question, answer: Any) -> str:
    """Return an answer as staff read it: a personal one masked."""
    words = in_words(question, answer)
    return mask(question, words) if words and is_hidden(question) else words


class FixAnswerForm(VisitForm):
    """Who stands there, and the answer as it should read."""

    act = WindowAct.FIX_ON_SPOT

    def __init__(self, *args: Any, page: FixAnswer, **kwargs: Any) -> None:
        super().__init__(*args, page=page, **kwargs)
        self.fields["value"] = answer_field(page.question)


class FixAnswer(Acting):
    """Put one answer right (更正填写内容)."""

    template_name = "counter/fix_answer.html"
    form_class = FixAnswerForm
    step = Step.FIX_ON_SPOT

    @cached_property
    def question(self) -> Question:
        """The question whose answer is wrong."""
        for one in self.item.questions():
            if one.id == self.kwargs["question"]:
                return one
        raise Http404("no such question")

    def initial(self) -> dict[str, Any]:
        """Return the answer that stands there, but a personal one, which is asked anew."""
        answer = plain_answers(self.file.answers).get(self.question.id)
        value = None if is_hidden(self.question) else shown(self.question, answer)
        return super().initial() | {"value": value}

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what stands there."""
        answer = plain_answers(self.file.answers).get(self.question.id)
        return super().context(
            question=self.question, before=current(self.question, answer), **given
        )

    def valid(self, form: FixAnswerForm) -> HttpResponse:
        """Put it right, and print the receipt."""
        since = self.last_letter
        services.fix_on_spot(
            number=self.case.number,
            fix=FixedAnswer(
                question_id=self.question.id,
                value=answer_of(self.question, form.cleaned_data["value"]),
            ),
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
            visitor=form.visitor(),
        )
        messages.success(self.request, _("已当场更正，请打印凭证交给来人。"))
        return self.print(self.case.number, PRINTED, since=since)


class ExchangeForm(BringForm):
    """Who exchanges a material: whoever may act for the applicant, with the card on the desk."""

    act = WindowAct.FIX_ON_SPOT


class FixMaterial(Taking):
    """Exchange one material (更换材料)."""

    template_name = "counter/fix_material.html"
    form_class: ClassVar[type[BringForm]] = ExchangeForm

    @property
    def wanted(self) -> Mapping[str, Material | None]:
        """The material of the address, while it may be exchanged here."""
        if Step.FIX_ON_SPOT not in self.file.steps:
            return {}
        known = self.by_id()
        return {
            one.material_id: known.get(one.material_id)
            for one in fixable_materials(self.file)
            if one.material_id == self.kwargs["material"]
        }

    def take_in(self, form: BringForm) -> None:
        """Exchange it."""
        key = self.kwargs["material"]
        services.fix_on_spot(
            number=self.case.number,
            fix=Brought(
                material_id=key,
                upload_refs=self.scanned.get(key, ()),
                paper=self.on_paper.get(key),
            ),
            by=self.actor,
            at=self.at,
            version=form.cleaned_data["version"],
            visitor=form.visitor(),
        )

    def rows(self, errors: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the material."""
        names = {
            one.material_id: one.name
            for one in self.file.materials
            if one.material_id in self.wanted
        }
        sheets = self.sheets(names, errors)
        return [
            {"name": name, "sheet": sheets[key], "material": self.wanted[key]}
            for key, name in names.items()
        ]
