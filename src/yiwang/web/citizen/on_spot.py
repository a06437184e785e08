"""Errors put right on the spot on the portal, when the applicant was asked to (当场更正)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from yiwang.cases import services
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.queries.on_spot import asks_on_spot, fixable_materials, fixable_questions
from yiwang.cases.services import Brought, FixedAnswer
from yiwang.catalogue.policy.items import Question
from yiwang.kernel.errors import RefusedError
from yiwang.web import spot_fixes
from yiwang.web.citizen.cases import OwnCase
from yiwang.web.citizen.materials import ACCEPTED_FILES
from yiwang.web.forms import answer_field, answer_of, in_words, shown
from yiwang.web.uploads import take_in
from yiwang.web.views import UNPROCESSABLE, FormPage


class FixOnSpot(OwnCase):
    """What was asked for, and the answers and materials that may be put right (当场更正)."""

    template_name = "citizen/fix_on_spot.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        answers = plain_answers(self.file.answers)
        return self.render(
            {
                "asks": asks_on_spot(self.file),
                "questions": [
                    (one, in_words(one, answers.get(one.id)))
                    for one in fixable_questions(self.file, self.item)
                ],
                "materials": fixable_materials(self.file),
                "fixes": spot_fixes.rows(self.file, self.item, masked=False),
            }
        )


class FixAnswer(OwnCase, FormPage):
    """Put one answer right (更正填写内容)."""

    template_name = "citizen/fix_answer.html"

    @cached_property
    def question(self) -> Question:
        """The question whose answer is wrong."""
        for one in self.item.questions():
            if one.id == self.kwargs["question"]:
                return one
        raise Http404("no such question")

    def form(self) -> forms.Form:
        """Return the question alone, with the answer that stands there."""
        answer = plain_answers(self.file.answers).get(self.question.id)
        form = forms.Form(
            self.request.POST if self.request.method == "POST" else None,
            initial={"value": shown(self.question, answer)},
            use_required_attribute=False,
        )
        form.fields["value"] = answer_field(self.question)
        return form

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what was asked for."""
        return super().context(asks=asks_on_spot(self.file), question=self.question, **given)

    def valid(self, form: forms.Form) -> HttpResponse:
        """Put it right."""
        services.fix_on_spot(
            number=self.case.number,
            fix=FixedAnswer(
                question_id=self.question.id,
                value=answer_of(self.question, form.cleaned_data["value"]),
            ),
            by=self.actor,
            at=self.at,
        )
        messages.success(self.request, _("已当场更正，凭证在办件文书中。"))
        return redirect("citizen:case", number=self.case.number)


class FixMaterial(OwnCase):
    """Exchange one material (更换材料)."""

    template_name = "citizen/fix_material.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the material."""
        return self._page()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take in the file."""
        sent = request.FILES.get("file")
        if sent is None:
            return self._page(_("请先选择文件，再点更换。"))
        try:
            taken = take_in(sent, by=self.actor, at=self.at)
            services.fix_on_spot(
                number=self.case.number,
                fix=Brought(material_id=self.kwargs["material"], upload_refs=[taken.ref]),
                by=self.actor,
                at=self.at,
            )
        except RefusedError as refusal:
            return self._page(refusal.message)
        self.look_at(self.kwargs["material"], [taken.ref])
        messages.success(request, _("材料已更换，凭证在办件文书中。"))
        return redirect("citizen:case", number=self.case.number)

    def _page(self, error: str = "") -> HttpResponse:
        material = next(
            (
                one
                for one in fixable_materials(self.file)
                if one.material_id == self.kwargs["material"]
            ),
            None,
        )
        if material is None:
            raise Http404
        return self.render(
            {
                "asks": asks_on_spot(self.file),
                "material": material,
                "error": error,
                "accept": ACCEPTED_FILES,
                "limit_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
            },
            status=UNPROCESSABLE if error else 200,
        )
