"""The form of an item version as JSON Schema: what another system must send, and what rules read.

Made from the same questions as the pages, so that a program and a person are asked the same.

Source:
    JSON Schema 2020-12.
"""

from __future__ import annotations

from typing import Any

from yiwang.catalogue.policy.items import (
    ItemVersion,
    Op,
    Question,
    QuestionKind,
    When,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: dict[QuestionKind, dict[str, Any]] = {
    QuestionKind.TEXT: {"type": "string", "minLength": 1},
    QuestionKind.LONG_TEXT: {"type": "string", "minLength": 1},
    QuestionKind.NUMBER: {"type": "number"},
    QuestionKind.DATE: {"type": "string", "format": "date"},
    QuestionKind.CHOICE: {"type": "string"},
    QuestionKind.CHOICES: {"type": "array", "minItems": 1, "uniqueItems": True},
    QuestionKind.YES_NO: {"type": "boolean"},
    QuestionKind.PHONE: {"type": "string", "minLength": 7, "maxLength": 20},
    QuestionKind.USCC: {"type": "string", "pattern": "^[0-9A-Z]{18}$"},
    QuestionKind.CITIZEN_ID: {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
}


def form_schema(version: ItemVersion) -> dict[str, Any]:
    """Return the schema of the answers to `version`.

    A question that a register answers is not required (`x-source` names the field). A question
    with conditions is required when they hold, given that the questions before it were asked.
    """
    questions = version.questions()
    conditional = [
        {"if": _all(question.when), "then": {"required": [question.id]}}
        for question in questions
        if question.when and not question.optional and not question.prefill
    ]
    return {
        "$schema": DIALECT,
        "$id": f"urn:yiwang:item:{version.slug}:{version.version}:form",
        "title": version.name,
        "type": "object",
        "additionalProperties": False,
        "properties": {question.id: _property(question) for question in questions},
        "required": [
            question.id
            for question in questions
            if not question.when and not question.optional and not question.prefill
        ],
    } | ({"allOf": conditional} if conditional else {})


def _property(question: Question) -> dict[str, Any]:
    plain = {"title": question.label} | _PLAIN[question.kind]
    values = [option.value for option in question.options]
    labels = {option.value: option.label for option in question.options}
    if question.hint:
        plain["description"] = question.hint
    if question.kind is QuestionKind.CHOICE:
        plain |= {"enum": values, "x-labels": labels}
    elif question.kind is QuestionKind.CHOICES:
        plain |= {"items": {"type": "string", "enum": values}, "x-labels": labels}
    elif question.kind is QuestionKind.NUMBER:
        if question.whole:
            plain["multipleOf"] = 1
        for name, bound in (("minimum", question.minimum), ("maximum", question.maximum)):
            if bound is not None:
                plain[name] = bound
    elif question.kind is QuestionKind.TEXT:
        plain["maxLength"] = question.max_length
    for name, words in (("x-unit", question.unit), ("x-source", question.prefill)):
        if words:
            plain[name] = words
    if question.personal:
        plain["x-personal"] = True
    return plain


def _all(conditions: tuple[When, ...]) -> dict[str, Any]:
    return {
        "required": sorted({when.question for when in conditions}),
        "allOf": [{"properties": {when.question: _test(when)}} for when in conditions],
    }


def _test(when: When) -> dict[str, Any]:
    value = when.value
    if when.op is Op.EQ:
        return {"const": value}
    if when.op is Op.NE:
        return {"not": {"const": value}}
    if when.op is Op.IN:
        wanted = list(value) if isinstance(value, tuple) else [value]
        inside = {"enum": wanted}
        return {"anyOf": [inside, {"type": "array", "contains": inside}]}
    bound = {
        Op.GT: "exclusiveMinimum",
        Op.GE: "minimum",
        Op.LT: "exclusiveMaximum",
        Op.LE: "maximum",
    }[when.op]
    return {"type": "number", bound: value}
