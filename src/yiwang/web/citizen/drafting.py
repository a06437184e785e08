"""What every page of a draft shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.policy.answers import problems
from yiwang.cases.policy.asking import Offered
from yiwang.cases.policy.commitments import certifiable, tolerable
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.queries import DraftView, commitments
from yiwang.cases.queries.asking import offered_answers
from yiwang.cases.queries.commitments import CommitmentView
from yiwang.cases.services.signing import last_day
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Answer, ItemVersion, Section
from yiwang.kernel.errors import RefusedError
from yiwang.registers.queries import Prefilled
from yiwang.web import forms as web_forms
from yiwang.web.citizen import guides
from yiwang.web.citizen.known import (
    DraftMaterial,
    answers_of,
    draft_materials,
    prefill,
    subject_name,
)
from yiwang.web.sentences import said
from yiwang.web.views import APPLICANT, Page, found


@dataclass(frozen=True, kw_only=True)
class Task:
    """One line of the task list."""

    title: str
    href: str
    status: str
    hint: str = ""


class DraftPage(Page):
    """What the pages of one application share."""

    permission = APPLICANT
    nav = "cases"

    @cached_property
    def draft(self) -> DraftView:
        """The draft; not found for anybody else."""
        return cases.draft(self.kwargs["draft"], by=self.actor)

    @cached_property
    def item(self) -> ItemVersion:
        """The version that the draft is pinned to."""
        return found(lambda: catalogue.item_version(self.draft.item_slug, self.draft.item_version))

    @cached_property
    def shown(self) -> ItemVersion:
        """The version in the language of the page; what is kept and signed is the original."""
        return guides.localized(self.item)

    @cached_property
    def prefilled(self) -> Mapping[str, Prefilled]:
        """What the registers hold about the applicant."""
        return prefill(self.draft.applicant_ref)

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """Everything answered so far, by the applicant or by a register."""
        return answers_of(self.draft, self.item, self.prefilled)

    @cached_property
    def offered(self) -> dict[str, Offered]:
        """What earlier cases and licences of the applicant answer; shown with its source."""
        return offered_answers(self.draft.applicant_ref, self.item, on=self.today)

    @cached_property
    def wrong(self) -> dict[str, str]:
        """Question id to what is missing or wrong."""
        return {
            problem.question_id: said(problem.message)
            for problem in problems(
                self.shown,
                self.answers,
                today=self.today,
                registered={one.value for one in self.prefilled.values()},
            )
        }

    @cached_property
    def materials(self) -> list[DraftMaterial]:
        """The materials of this application and how each stands."""
        return draft_materials(
            self.draft,
            self.shown,
            self.answers,
            self.prefilled,
            today=self.today,
            committed=self.signed is not None,
            tolerant=not self.intolerant,
            promising=not self.unpromising,
        )

    @cached_property
    def briefing(self) -> services.Briefing | None:
        """What the applicant is told first, such as permits that a scope needs; None: nothing.

        Raises:
            RefusedError: an answer it rests on cannot be read.
        """
        return services.briefing_of(
            self.item, self.answers, self.draft.applicant_ref, on=self.today
        )

    @property
    def unreadable(self) -> str:
        """Why nothing can be told of the answers; empty: it can."""
        try:
            self.briefing  # noqa: B018 - asked for its refusal
        except RefusedError as refusal:
            return refusal.message
        return ""

    @cached_property
    def signed(self) -> CommitmentView | None:
        """The letter of commitment of this draft; None: it goes the ordinary way."""
        if self.item.commitment_terms is None:
            return None
        return commitments.of_draft(self.draft.id)

    @cached_property
    def intolerant(self) -> str:
        """Why nothing may be missing for this applicant; empty: something may."""
        if not any(tolerable(self.item, one) for one in self.item.materials):
            return ""
        return commitments.tolerance_barred(self.draft.applicant_ref, on=self.today)

    @cached_property
    def unpromising(self) -> str:
        """Why no promise takes the place of a certificate; empty: one may, where the item says."""
        if not any(certifiable(one) for one in self.item.materials):
            return ""
        return commitments.commitment_barred(self.draft.applicant_ref, on=self.today)

    @property
    def certified(self) -> list[DraftMaterial]:
        """The materials in whose place a promise stands, unless they are uploaded."""
        return [one for one in self.materials if one.by_promise and not one.files]

    @cached_property
    def promised(self) -> list[tuple[DraftMaterial, date]]:
        """The materials to be filed later, each with its last day, for the promise (容缺)."""
        by_id = {one.id: one for one in self.item.materials}
        return [
            (
                one,
                last_day(
                    self.item, by_id[one.line.id], received_on=self.today, calendar=self.calendar
                ),
            )
            for one in self.materials
            if one.state is MaterialState.TOLERATED
        ]

    @cached_property
    def pages(self) -> list[Section]:
        """Topics in which something is asked or shown; the questionnaire is the first."""
        return topics(self.shown, self.answers)

    def stopped(self) -> HttpResponse | None:
        """Send whoever returns to a submitted draft to its case."""
        stop = super().stopped()
        if stop is None and self.draft.case_number:
            return redirect("citizen:receipt", number=self.draft.case_number)
        return stop

    def context(self, **given: Any) -> dict[str, Any]:
        """Name the draft, its item and who applies."""
        return super().context(
            draft=self.draft,
            item=self.shown,
            applicant=subject_name(self.draft.applicant_ref),
            **given,
        )

    def save(self, answers: Mapping[str, Answer]) -> DraftView:
        """Save answers over those of before."""
        return services.save_draft(
            draft_id=self.draft.id,
            item_slug=self.draft.item_slug,
            applicant_ref=self.draft.applicant_ref,
            answers={key: value for key, value in answers.items() if value is not None},
            by=self.actor,
            at=self.at,
        )


def topics(item: ItemVersion, answers: Mapping[str, Answer]) -> list[Section]:
    """Return the sections in which something is asked; the questionnaire comes first."""
    first = Section(id="situation", title=_("办理情形"), questions=item.questionnaire)
    return [
        section
        for section in (first, *item.form_sections)
        if web_forms.section_questions(section, item, answers)
    ]
