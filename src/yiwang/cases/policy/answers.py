"""Whether the answers of an application are complete and well formed, by its item version."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.catalogue.policy.items import Answer, ItemVersion, Question, QuestionKind, asked
from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.kernel.masking import mask_number, mask_words
from yiwang.kernel.sentences import Sentence

LONG_TEXT_LENGTH = 4_000
"""Longest answer of several lines, in characters, unless the item says more."""

PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.ASCII)
"""Mobile and fixed telephones as they are dialled here."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One answer that cannot stay as it is, with the sentence that says what would put it right."""

    question_id: str
    label: str
    message: str


def plain_answers(answers: Mapping[str, object]) -> dict[str, Answer]:
    """Return `answers` with lists as tuples and texts trimmed; empty texts count as not given.

    Raises:
        ValueError: an answer is of a kind that no question has.
    """
    plain: dict[str, Answer] = {}
    for key, value in answers.items():
        plain[str(key)] = _plain(value)
    return plain


def _plain(value: object) -> Answer:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list | tuple):
        if not all(isinstance(one, str) for one in value):
            raise ValueError("a list of answers holds texts only")
        return tuple(str(one) for one in value) or None
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError(f"no question is answered by {type(value).__name__}")


def kept_answers(version: ItemVersion, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers to questions that are asked; the others are dropped, never stored."""
    return {
        question.id: answers[question.id]
        for question in asked(version, answers)
        if answers.get(question.id) is not None
    }


def problems(
    version: ItemVersion,
    answers: Mapping[str, Answer],
    *,
    today: date,
    registered: Collection[str] = (),
    complete: bool = True,
) -> tuple[Problem, ...]:
    """Return everything that is wrong with `answers`, all at once, in the order asked.

    Args:
        version: What is asked.
        answers: As given by `plain_answers`.
        today: Day of checking.
        registered: Values that come from a register, masked or not; they are not checked again.
        complete: Whether required answers must be there; false for a draft.
    """
    found = [
        Problem(question_id=key, label=key, message="本事项没有这个问题，请刷新表单后重新填写。")
        for key in answers
        if key not in {question.id for question in version.questions()}
    ]
    for question in asked(version, answers):
        value = answers.get(question.id)
        if value is None:
            if complete and not question.optional:
                found.append(
                    _problem(question, Sentence("请填写“%(label)s”。", label=question.label))
                )
            continue
        if isinstance(value, str) and value in registered:
            continue
        message = _CHECKS[question.kind](question, value, today)
        if message:
            found.append(_problem(question, message))
    return tuple(found)


def _problem(question: Question, message: str) -> Problem:
    return Problem(question_id=question.id, label=question.label, message=message)


_Check = Callable[[Question, Answer, date], str]


def _text(question: Question, value: Answer, today: date) -> str:
    longest = question.max_length
    if question.kind is QuestionKind.LONG_TEXT:
        longest = max(longest, LONG_TEXT_LENGTH)
    if not isinstance(value, str):
        return Sentence("“%(label)s”应为文字。", label=question.label)
    if _CONTROL.search(value):
        return Sentence(
            "“%(label)s”中有不能保存的控制字符，请删除后重新填写。", label=question.label
        )
    if len(value) > longest:
        return Sentence(
            "“%(label)s”最多%(longest)s个字，现为%(length)s个字，请删减。",
            label=question.label,
            longest=longest,
            length=len(value),
        )
    return ""


def _number(question: Question, value: Answer, today: date) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Sentence("“%(label)s”应为数字%(unit)s。", label=question.label, unit=_unit(question))
    if question.whole and value != int(value):
        return Sentence("“%(label)s”应为整数%(unit)s。", label=question.label, unit=_unit(question))
    low, high = question.minimum, question.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return Sentence(
            "“%(label)s”应%(range)s%(unit)s。",
            label=question.label,
            range=_range(low, high),
            unit=_unit(question),
        )
    return ""


def _unit(question: Question) -> str:
    return Sentence("（单位：%(unit)s）", unit=question.unit) if question.unit else ""


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return Sentence("在%(low)s至%(high)s之间", low=f"{low:g}", high=f"{high:g}")
    if low is not None:
        return Sentence("不小于%(low)s", low=f"{low:g}")
    return Sentence("不大于%(high)s", high=f"{high:g}")


def _date(question: Question, value: Answer, today: date) -> str:
    try:
        date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return Sentence("“%(label)s”应为日期，如 2026-03-06。", label=question.label)
    return ""


def _choice(question: Question, value: Answer, today: date) -> str:
    if value not in {option.value for option in question.options}:
        return Sentence("“%(label)s”请从所列选项中选择一项。", label=question.label)
    return ""


def _choices(question: Question, value: Answer, today: date) -> str:
    known = {option.value for option in question.options}
    if not isinstance(value, tuple) or not known.issuperset(value):
        return Sentence("“%(label)s”请从所列选项中选择。", label=question.label)
    return ""


def _yes_no(question: Question, value: Answer, today: date) -> str:
    if isinstance(value, bool):
        return ""
    return Sentence("“%(label)s”请选择“是”或“否”。", label=question.label)


def _phone(question: Question, value: Answer, today: date) -> str:
    if not isinstance(value, str) or not PHONE.fullmatch(value):
        return Sentence(
            "“%(label)s”应为11位手机号，或带区号的固定电话，如 021-59530000。", label=question.label
        )
    return ""


def _uscc(question: Question, value: Answer, today: date) -> str:
    checked = uscc.check(value if isinstance(value, str) else "")
    return "" if checked.ok else _of_number(question, checked.message)


def _citizen_id(question: Question, value: Answer, today: date) -> str:
    checked = citizen_id.check(value if isinstance(value, str) else "", on=today)
    return "" if checked.ok else _of_number(question, checked.message)


def _of_number(question: Question, why: str) -> Sentence:
    return Sentence("“%(label)s”：%(why)s", label=question.label, why=why)


_CHECKS: Mapping[QuestionKind, _Check] = {
    QuestionKind.TEXT: _text,
    QuestionKind.LONG_TEXT: _text,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _date,
    QuestionKind.CHOICE: _choice,
    QuestionKind.CHOICES: _choices,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.PHONE: _phone,
    QuestionKind.USCC: _uscc,
    QuestionKind.CITIZEN_ID: _citizen_id,
}


HIDDEN_KINDS = frozenset({QuestionKind.CITIZEN_ID, QuestionKind.PHONE})
"""Kinds of answers that are numbers of a person."""

HEADING = "person.name"
"""The register field that names the case: every page and list says it, so no line hides it."""


def is_hidden(question: Question) -> bool:
    """Tell whether the answer is shown masked to whoever is not the applicant."""
    if question.prefill == HEADING:
        return False
    return question.personal or question.kind in HIDDEN_KINDS


def mask(question: Question, words: str) -> str:
    """Return `words` with their middle hidden."""
    return mask_number(words) if question.kind in HIDDEN_KINDS else mask_words(words)


def masked_answers(item: ItemVersion, answers: Mapping[str, object]) -> dict[str, object]:
    """Return answers as officials read them before they give a purpose: personal ones masked."""
    hidden = {question.id: question for question in item.questions() if is_hidden(question)}
    return {
        key: mask(hidden[key], str(value)) if key in hidden and "*" not in str(value) else value
        for key, value in answers.items()
    }
