"""Forms made from an item's questions."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation

from tests.factories import cases
from yiwang.catalogue.policy.items import Op, Option, Question, QuestionKind, Section, When
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.registers.queries import Prefilled
from yiwang.web import forms

TODAY = dt.date(2026, 3, 6)
VERSION = parse_item(cases.restaurant())
KINDS = QuestionKind


def question(kind: QuestionKind, **changes: Any) -> Question:
    return Question(**({"id": "q", "label": "问题", "kind": kind} | changes))


def sent(**values: str | list[str]) -> QueryDict:
    data = QueryDict(mutable=True)
    for key, value in values.items():
        data.setlist(key, value if isinstance(value, list) else [value])
    return data


def form_of(asked: Question, **values: str | list[str]) -> forms.QuestionsForm:
    section = Section(id="only", title="唯一", questions=(asked,))
    version = dataclasses.replace(VERSION, questionnaire=(), sections=(section,))
    return forms.QuestionsForm([asked], version=version, given={}, today=TODAY, data=sent(**values))


OPTIONS = (Option(value="a", label="甲"), Option(value="b", label="乙"))


@pytest.mark.parametrize(
    ("asked", "typed", "answer"),
    [
        (question(KINDS.TEXT), " 南翔 ", "南翔"),
        (question(KINDS.LONG_TEXT), "一\n二", "一\n二"),
        (question(KINDS.NUMBER), "80", 80),
        (question(KINDS.NUMBER), "80.5", 80.5),
        (question(KINDS.DATE), "2026-03-06", "2026-03-06"),
        (question(KINDS.CHOICE, options=OPTIONS), "b", "b"),
        (question(KINDS.CHOICES, options=OPTIONS), ["a", "b"], ("a", "b")),
        (question(KINDS.YES_NO), "yes", True),
        (question(KINDS.YES_NO), "no", False),
        (question(KINDS.PHONE), "13900001234", "13900001234"),
        (question(KINDS.USCC), "91310114xxxx00019t", "91310114XXXX00019T"),
        (question(KINDS.CITIZEN_ID), " 31011419850615 1037 ", "310114198506151037"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Question) else None,
)
def test_what_is_typed_becomes_an_answer(asked: Question, typed: Any, answer: object):
    form = form_of(asked, q=typed)

    assert form.is_valid(), form.errors
    assert form.answers() == {"q": answer}


@pytest.mark.parametrize(
    ("asked", "typed", "sentence"),
    [
        (question(KINDS.TEXT), "", "请填写“问题”。"),
        (question(KINDS.TEXT, max_length=3), "一二三四", "3"),
        (question(KINDS.NUMBER), "很多", "“问题”应为数字。"),
        (question(KINDS.NUMBER, minimum=1, maximum=9), "10", "在1至9之间"),
        (question(KINDS.NUMBER), "nan", "“问题”应为数字"),
        (question(KINDS.DATE), "明天", "“问题”应为日期，如 2026-03-06。"),
        (question(KINDS.DATE), "2026-02-30", "“问题”应为日期，如 2026-03-06。"),
        (question(KINDS.CHOICE, options=OPTIONS), "c", "请从所列选项中选择一项"),
        (question(KINDS.CHOICES, options=OPTIONS), ["a", "c"], "请从所列选项中选择"),
        (question(KINDS.YES_NO), "maybe", "请选择“是”或“否”"),
        (question(KINDS.PHONE), "12345", "应为11位手机号"),
        (question(KINDS.USCC), "91310114XXXX00018T", "“问题”：统一社会信用代码的校验码不符"),
        (question(KINDS.CITIZEN_ID), "310114198506151038", "“问题”：公民身份号码的校验码不符"),
    ],
)
def test_a_wrong_answer_says_what_would_put_it_right(asked: Question, typed: Any, sentence: str):
    form = form_of(asked, q=typed)

    assert not form.is_valid()
    assert sentence in " ".join(form.errors["q"]), form.errors


@pytest.mark.parametrize(
    ("asked", "typed", "sentence"),
    [
        (question(KINDS.TEXT), "", "Please fill in “问题”."),
        (question(KINDS.LONG_TEXT), "字" * 4001, "4000 characters at most and has 4001"),
        (question(KINDS.NUMBER), "many", "“问题” must be a number."),
        (
            question(KINDS.NUMBER, minimum=1, maximum=9, unit="m²"),
            "10",
            "“问题” must be between 1 and 9 (in m²).",
        ),
        (question(KINDS.NUMBER, whole=True, minimum=2), "1", "“问题” must be 2 or more."),
        (question(KINDS.CHOICE, options=OPTIONS), "c", "“问题”: choose one of those listed."),
        (question(KINDS.YES_NO), "maybe", "“问题”: choose yes or no."),
        (question(KINDS.PHONE), "12345", "a mobile number of 11 digits"),
        (question(KINDS.USCC), "9131", "“问题”: A unified social credit code has 18 characters"),
        (question(KINDS.CITIZEN_ID), "310114208506151037", "“20850615” in the citizen number is"),
    ],
)
def test_on_an_english_page_what_is_wrong_is_said_in_english(
    asked: Question, typed: Any, sentence: str
):
    with translation.override("en"):
        form = form_of(asked, q=typed)
        told = " ".join(form.errors["q"])

    assert sentence in told
    assert not re.search(r"[\u4e00-\u9fff]", told.replace("问题", ""))


def test_an_optional_question_may_stay_open():
    form = form_of(question(KINDS.TEXT, optional=True), q="")

    assert form.is_valid()
    assert form.answers() == {"q": None}


def test_up_to_six_choices_are_radio_buttons_more_are_a_select():
    six = tuple(Option(value=str(n), label=str(n)) for n in range(6))
    seven = (*six, Option(value="7", label="7"))

    assert 'type="radio"' in str(form_of(question(KINDS.CHOICE, options=six))["q"])
    assert "<select" in str(form_of(question(KINDS.CHOICE, options=seven))["q"])


def test_a_question_that_does_not_apply_is_not_asked():
    hidden = question(KINDS.TEXT, id="more", when=(When(question="q", op=Op.EQ, value=True),))
    section = Section(id="s", title="一", questions=(question(KINDS.YES_NO), hidden))
    version = dataclasses.replace(VERSION, questionnaire=(), sections=(section,))

    assert [q.id for q in forms.section_questions(section, version, {"q": False})] == ["q"]
    assert [q.id for q in forms.section_questions(section, version, {"q": True})] == ["q", "more"]
    assert forms.refreshing(version, section) == {"q"}


def test_what_a_register_holds_is_shown_with_its_source_and_not_asked():
    held = Prefilled(value="示例公司", source_label="法人库", as_of=TODAY)
    asked = question(KINDS.TEXT, prefill="entity.name")
    other = question(KINDS.TEXT, id="other", prefill="entity.phone")

    open_ones, known = forms.split_known([asked, other], {"entity.name": held})

    assert [one.id for one in open_ones] == ["other"]
    assert [(one.value, one.source) for one in known] == [("示例公司", "法人库")]


@pytest.mark.parametrize(
    ("asked", "answer", "words"),
    [
        (question(KINDS.YES_NO), True, "是"),
        (question(KINDS.YES_NO), False, "否"),
        (question(KINDS.CHOICE, options=OPTIONS), "a", "甲"),
        (question(KINDS.CHOICES, options=OPTIONS), ["a", "b"], "甲、乙"),
        (question(KINDS.NUMBER, unit="平方米"), 80, "80 平方米"),
        (question(KINDS.TEXT), None, ""),
        (question(KINDS.TEXT), "字", "字"),
    ],
)
def test_answers_are_read_in_words(asked: Question, answer: object, words: str):
    assert forms.in_words(asked, answer) == words
