"""Answers as people read them."""

from __future__ import annotations

from yiwang.catalogue.policy.items import Question, QuestionKind


def answer_text(question: Question, value: object) -> str:
    """Return an answer as people read it: labels of choices, yes and no, number with unit."""
    labels = {option.value: option.label for option in question.options}
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(labels.get(str(one), str(one)) for one in value)
    if question.kind is QuestionKind.NUMBER:
        return (
            f"{value:g}{question.unit}" if isinstance(value, float) else f"{value}{question.unit}"
        )
    return labels.get(str(value), str(value))
