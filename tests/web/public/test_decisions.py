"""The public register of granted decisions as anybody reads it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import cases
from yiwang.web.public import decisions

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def granted(portal: None) -> None:
    cases.publish(
        cases.without_materials(
            slug="easy",
            name="免材料许可",
            task_code="11310114XXXX01011H4310131003000",
            handling_code="11310114XXXX01011H431013100300001",
        )
    )
    for _number in range(2):
        cases.decided(item_slug="easy")


def text(client: Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


@pytest.mark.usefixtures("granted")
def test_anybody_reads_what_was_granted_to_whom_by_whom_and_when(client: Client):
    page = text(client, "/decisions/")

    for words in ("上海示例餐饮管理有限公司", "免材料许可", "示例区市场监管局", "2026-03-06"):
        assert words in page
    assert "市场监管局准〔2026〕2号" in page
    assert 'name="after"' not in page


@pytest.mark.usefixtures("granted")
def test_the_register_is_searched_and_paged(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decisions, "LINES", 1)

    page = client.get("/decisions/", {"q": "免材料"})

    assert "2号" in page.content.decode()
    more = client.get("/decisions/", {"q": "免材料", "after": page.context["next"]})
    assert "1号" in more.content.decode()
    assert "回到第一页" in more.content.decode()
    assert more.context["next"] == ""


def test_an_empty_register_says_so_and_any_text_is_taken(client: Client):
    assert "还没有公开的许可决定" in text(client, "/decisions/")
    for query in ("<script>alert(1)</script>", "%", "好" * 500, "'; --"):
        answer = client.get("/decisions/", {"q": query})
        assert answer.status_code == 200
        assert "没有找到相符的决定" in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()


def test_a_key_that_no_page_gave_is_refused_in_words(client: Client):
    assert "请从列表第一页重新打开" in text(client, "/decisions/?after=x", status=422)


def test_footer_and_site_map_lead_there(client: Client):
    for url in ("/help/", "/sitemap/"):
        assert 'href="/decisions/"' in text(client, url)
