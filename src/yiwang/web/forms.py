"""Forms made from an item's questions: one page per section, nothing asked that is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yiwang.cases.policy.answers import problems
from yiwang.cases.policy.asking import Offered
from yiwang.catalogue.policy.items import (
    Answer,
    ItemVersion,
    Question,
    QuestionKind,
    Section,
    asked,
)
from yiwang.registers.queries import Prefilled
from yiwang.web.sentences import said

RADIOS_UP_TO = 6
"""Most choices shown as radio buttons; more become a select (UX-08)."""

YES_NO = (("yes", _("是")), ("no", _("否")))
PHONE_LENGTH = 20
NUMBER_LENGTH = 18


@dataclass(frozen=True, kw_only=True)
class Known:
    """An answer that a register holds and that is therefore shown, not asked."""

    question: Question
    label: str
    value: str
    source: str


class QuestionsForm(forms.Form):
    """Some of an item's questions as a form.

    Use `questions_form` to make one. What was typed becomes answers through `answers`.
    """

    use_required_attribute = False

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        version: ItemVersion,
        given: Mapping[str, Answer],
        today: date,
        data: Mapping[str, Any] | None = None,
        refreshing: frozenset[str] = frozenset(),
        offered: Mapping[str, Offered] | None = None,
    ) -> None:
        offers = offered or {}
        self.questions = tuple(questions)
        self.version = version
        self.given = dict(given)
        self.today = today
        super().__init__(
            data=data,
            initial={
                q.id: shown(q, given.get(q.id, offers[q.id].value if q.id in offers else None))
                for q in questions
            },
            auto_id="q_%s",
        )
        for question in questions:
            field = _field(question)
            if question.id in refreshing:
                field.widget.attrs["data-refreshes"] = ""
            if question.id in offers and given.get(question.id) in (
                None,
                offers[question.id].value,
            ):
                field.source = offers[question.id].source  # type: ignore[attr-defined]  # read by c-field
            self.fields[question.id] = field

    def clean(self) -> dict[str, Any]:
        """Check each answer by the rules of its question; one sentence per answer."""
        cleaned = super().clean() or {}
        answers = self.answers()
        for problem in problems(
            self.version, self.given | answers, today=self.today, complete=True
        ):
            if problem.question_id in self.fields and problem.question_id not in self.errors:
                self.add_error(problem.question_id, said(problem.message))
        return cleaned

    def blank(self) -> list[str]:
        """Return the questions whose field was shown empty."""
        return [q.id for q in self.questions if self.initial.get(q.id) in (None, "", [])]

    def answers(self) -> dict[str, Answer]:
        """Return what was typed as answers; nothing typed is None."""
        cleaned = getattr(self, "cleaned_data", {})
        return {q.id: _answer(q, cleaned.get(q.id)) for q in self.questions if q.id in cleaned}


def answer_field(question: Question) -> forms.Field:
    """Return the control of one question, for a page that asks it alone."""
    return _field(question)


def answer_of(question: Question, value: Any) -> Answer:
    """Return what was typed into the control of `question` as an answer; nothing typed is None."""
    return _answer(question, value)


def section_questions(
    section: Section, version: ItemVersion, answers: Mapping[str, Answer]
) -> list[Question]:
    """Return the questions of `section` that are asked given `answers`."""
    wanted = {question.id for question in asked(version, answers)}
    return [question for question in section.questions if question.id in wanted]


def split_known(
    questions: Sequence[Question], prefilled: Mapping[str, Prefilled]
) -> tuple[list[Question], list[Known]]:
    """Part `questions` into those to be asked and those that a register answers (UX-06)."""
    open_ones, known = [], []
    for question in questions:
        found = prefilled.get(question.prefill) if question.prefill else None
        if found is None or not found.value:
            open_ones.append(question)
            continue
        known.append(
            Known(
                question=question,
                label=question.label,
                value=in_words(question, found.value),
                source=found.source_label,
            )
        )
    return open_ones, known


def refreshing(version: ItemVersion, section: Section) -> frozenset[str]:
    """Return the questions of `section` on which others of the same section depend."""
    here = {question.id for question in section.questions}
    return frozenset(
        condition.question
        for question in section.questions
        for condition in question.when
        if condition.question in here
    )


def in_words(question: Question, answer: object) -> str:
    """Return `answer` as people read it: labels instead of values, units behind numbers."""
    if answer is None or answer == "":
        return ""
    if question.kind is QuestionKind.YES_NO:
        return str(_("是") if answer in (True, "yes") else _("否"))
    labels = {option.value: option.label for option in question.options}
    if isinstance(answer, list | tuple):
        return "、".join(labels.get(one, str(one)) for one in answer)
    if question.kind is QuestionKind.CHOICE:
        return labels.get(str(answer), str(answer))
    if question.kind is QuestionKind.NUMBER:
        return f"{answer} {question.unit}".strip()
    return str(answer)


def shown(question: Question, answer: object) -> Any:
    """Return `answer` as the control of `question` takes it."""
    if question.kind is QuestionKind.YES_NO and isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, tuple):
        return list(answer)
    return answer


def _answer(question: Question, value: Any) -> Answer:
    if value in (None, "", []):
        return None
    if question.kind is QuestionKind.YES_NO:
        return bool(value == "yes")
    if question.kind is QuestionKind.CHOICES:
        return tuple(value)
    if question.kind is QuestionKind.DATE:
        return str(value.isoformat())
    if question.kind is QuestionKind.NUMBER:
        return int(value) if float(value).is_integer() else float(value)
    return str(value)


def _field(question: Question) -> forms.Field:
    required = not question.optional
    common: dict[str, Any] = {
        "label": question.label,
        "help_text": question.hint,
        "required": required,
        "error_messages": {"required": _("请填写“%(label)s”。") % {"label": question.label}},
    }
    field = _MAKERS[question.kind](question, common)
    field.unit = question.unit  # type: ignore[attr-defined]
    if question.kind is not QuestionKind.DATE:
        field.widget.attrs.setdefault("autocomplete", "off")
    return field


def _line(question: Question, common: dict[str, Any]) -> forms.Field:
    return forms.CharField(max_length=question.max_length, **common)


def _area(question: Question, common: dict[str, Any]) -> forms.Field:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), **common)


def _number(question: Question, common: dict[str, Any]) -> forms.Field:
    common["error_messages"]["invalid"] = _("“%(label)s”应为数字%(unit)s。") % {
        "label": question.label,
        "unit": "",
    }
    return forms.FloatField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)


def _date(question: Question, common: dict[str, Any]) -> forms.Field:
    common["error_messages"]["invalid"] = _("“%(label)s”应为日期，如 2026-03-06。") % {
        "label": question.label
    }
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, input_formats=["%Y-%m-%d"], **common)


def _choice(question: Question, common: dict[str, Any]) -> forms.Field:
    message = _("“%(label)s”请从所列选项中选择一项。") % {"label": question.label}
    common["error_messages"] |= {"invalid_choice": message, "required": message}
    choices: list[tuple[str, Any]] = [(o.value, o.label) for o in question.options]
    if len(choices) <= RADIOS_UP_TO:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
    return forms.ChoiceField(choices=[("", _("请选择")), *choices], **common)


def _choices(question: Question, common: dict[str, Any]) -> forms.Field:
    message = _("“%(label)s”请从所列选项中选择。") % {"label": question.label}
    common["error_messages"] |= {"invalid_choice": message, "required": message}
    choices = [(option.value, option.label) for option in question.options]
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)


def _yes_no(question: Question, common: dict[str, Any]) -> forms.Field:
    message = _("“%(label)s”请选择“是”或“否”。") % {"label": question.label}
    common["error_messages"] |= {"invalid_choice": message, "required": message}
    return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, **common)


def _phone(question: Question, common: dict[str, Any]) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})
    return forms.CharField(max_length=PHONE_LENGTH, widget=widget, **common)


def _identifier(question: Question, common: dict[str, Any]) -> forms.Field:
    widget = forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"})
    return _UpperCaseField(max_length=NUMBER_LENGTH, widget=widget, **common)


class _UpperCaseField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return "".join(str(super().to_python(value) or "").split()).upper()


_MAKERS: Mapping[QuestionKind, Callable[[Question, dict[str, Any]], forms.Field]] = {
    QuestionKind.TEXT: _line,
    QuestionKind.LONG_TEXT: _area,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _date,
    QuestionKind.CHOICE: _choice,
    QuestionKind.CHOICES: _choices,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.PHONE: _phone,
    QuestionKind.USCC: _identifier,
    QuestionKind.CITIZEN_ID: _identifier,
}
