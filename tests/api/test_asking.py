"""The same answers for programs."""

from __future__ import annotations

import pytest

from tests.factories import cases
from yiwang.consultations.services import ASKER


def test_an_answer_comes_with_its_source(callers):
    body = callers("nobody").get("/ask", q="开饭店有什么条件").json()

    assert body["known"] is True
    answer = body["answers"][0]
    assert answer["lines"] == [{"label": "", "words": ["有合适的场所。"]}]
    assert answer["source"] == {
        "kind": "guide",
        "slug": cases.RESTAURANT,
        "title": "餐饮服务许可（新办）",
        "part": "conditions",
        "version": 1,
        "dated": "2026-01-01",
    }


def test_what_is_not_known_is_said(callers):
    body = callers("nobody").get("/ask", q="明天会下雨吗").json()

    assert (body["known"], body["answers"]) == (False, [])


@pytest.mark.parametrize("q", ["", "许" * 201, "😀", "开\x00店"])
def test_bad_input_gets_one_sentence(callers, q):
    answer = callers("nobody").get("/ask", q=q)

    assert answer.status_code == 422
    assert answer.json()["code"] == "consultations.question_refused"


def test_asking_too_often_is_stopped(callers):
    for _ in range(ASKER.most):
        assert callers("nobody").get("/ask", q="明天会下雨吗").status_code == 200

    assert callers("nobody").get("/ask", q="明天会下雨吗").status_code == 429
