"""Nothing is typed twice: which answers of before may be offered again (不重复填写).

Only what is a fact about the applicant is offered: texts, numbers, dates, codes. Choices and yes or
no are decisions of this application and are asked each time. Numbers and telephones that are shown
masked are never carried from one case into another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.cases.policy.answers import is_hidden
from yiwang.catalogue.policy.items import Answer, ItemVersion, Question, QuestionKind

CARRIED: frozenset[QuestionKind] = frozenset(
    {
        QuestionKind.TEXT,
        QuestionKind.LONG_TEXT,
        QuestionKind.NUMBER,
        QuestionKind.DATE,
        QuestionKind.USCC,
    }
)
"""Kinds of answers that may be offered again."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An answer that the platform holds, with where it is from."""

    value: Answer
    source: str
    on: date


@dataclass(frozen=True, kw_only=True)
class Before:
    """The answers of an earlier case with the version of its item."""

    number: str
    received_on: date
    item_name: str
    version: ItemVersion
    answers: Mapping[str, Answer]


@dataclass(frozen=True, kw_only=True)
class LicenceFact:
    """A field of a valid licence of the applicant."""

    label: str
    value: str
    licence: str
    on: date


def counted(item: ItemVersion) -> tuple[Question, ...]:
    """Return the questions of the form that may be answered from before."""
    return tuple(
        question
        for section in item.form_sections
        for question in section.questions
        if question.kind in CARRIED and not is_hidden(question)
    )


def offers(
    item: ItemVersion, before: Sequence[Before], facts: Iterable[LicenceFact]
) -> dict[str, Offered]:
    """Return the answers that may be offered, by question; the newest case goes first.

    A question is the same when it has the same identifier, wording and kind, or stands for the same
    entry of a register. Licences answer a question of exactly their wording.

    Args:
        item: What is applied for.
        before: Earlier cases of the applicant, the newest first.
        facts: Fields of valid licences of the applicant.
    """
    held: dict[str, Offered] = {}
    by_label = {fact.label: fact for fact in facts if fact.value}
    for question in counted(item):
        found = next((one for case in before if (one := _same(question, case)) is not None), None)
        if found is None and question.kind is QuestionKind.TEXT:
            fact = by_label.get(question.label)
            if fact is not None and len(fact.value) <= question.max_length:
                found = Offered(value=fact.value, source=f"电子证照（{fact.licence}）", on=fact.on)
        if found is not None:
            held[question.id] = found
    return held


def _same(question: Question, case: Before) -> Offered | None:
    for earlier in case.version.questions():
        value = case.answers.get(earlier.id)
        if value is None or earlier.kind is not question.kind:
            continue
        same = earlier.id == question.id and earlier.label == question.label
        if same or (question.prefill and earlier.prefill == question.prefill):
            return Offered(
                value=value,
                source=f"您以前的办件（{case.item_name}，{case.received_on:%Y-%m-%d}）",
                on=case.received_on,
            )
    return None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How many fields were put blank, and how many of them the platform held already."""

    cases: int = 0
    fields: int = 0
    again: int = 0

    @property
    def share(self) -> float | None:
        """Share of fields asked although held, in percent; None: nothing was asked."""
        return round(100 * self.again / self.fields, 1) if self.fields else None
