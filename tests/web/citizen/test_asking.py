"""Asking in one's own words: quotations with their source, or a clear 不知道."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases
from yiwang.consultations.services import ASKER

pytestmark = pytest.mark.usefixtures("portal")


def asked(client: Client, question: str, *, status: int = 200) -> str:
    answer = client.get(f"/ask/?q={quote(question, errors='surrogatepass')}")
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def test_the_page_opens_to_all_and_is_not_for_search_engines(client: Client):
    answer = client.get("/ask/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in page
    assert page.count("<h1") == 1
    assert '<a href="/help/" aria-current="true">' in page


@pytest.mark.parametrize("page", ["/", "/search/?q=火星移民", "/help/", "/sitemap/"])
def test_ways_lead_to_the_box(client: Client, page: str):
    assert 'href="/ask/' in client.get(page).content.decode()


def test_an_answer_is_quoted_with_item_part_version_and_date(client: Client):
    page = asked(client, "开饭店有什么条件")

    assert "有合适的场所。" in page
    assert f'href="/items/{cases.RESTAURANT}/"' in page
    assert "办理条件" in page
    assert "第 1 版，自 2026-01-01 起" in page


def test_what_is_not_known_is_said_and_people_are_named(client: Client):
    page = asked(client, "火星移民怎么办")

    assert "不知道：没有找到有把握的答复" in page
    assert 'href="tel:' in page
    assert 'href="/help/"' in page
    assert "blockquote" not in page


@pytest.mark.parametrize(
    ("question", "words"),
    [
        pytest.param("", "请先写下要问的问题", id="nothing"),
        pytest.param("许" * 10_000, "问题最多200个字", id="ten thousand characters"),
        pytest.param("开\x00店", "无法识别的字符", id="NUL"),
        pytest.param("😀", "没有看到文字", id="emoji"),
    ],
)
def test_bad_input_gets_one_sentence(client: Client, question: str, words: str):
    page = asked(client, question, status=422)

    assert words in page
    assert "错误：" in page


def test_markup_is_shown_as_text(client: Client):
    page = asked(client, "<b>火星</b><script>alert(1)</script>")

    assert "<script>alert" not in page
    assert "&lt;b&gt;火星" in page


def test_asking_too_often_is_stopped_with_a_sentence(client: Client):
    cache.clear()
    for _ in range(ASKER.most):
        asked(client, "火星移民怎么办")

    assert "查询太频繁" in asked(client, "火星移民怎么办", status=429)
    assert client.get("/ask/").status_code == 200


def test_the_page_is_there_in_english(client: Client):
    client.post("/preferences/language/", {"language": "en", "next": "/"})
    page = asked(client, "开饭店有什么条件")

    assert "Ask a question" in page
    assert "有合适的场所。" in page
