"""We know that a district whose guides are not published is served with what is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.catalogue.test_foreign import ROW, WISH, load, many, table
from tests.factories import cases
from yiwang.catalogue import foreign
from yiwang.web import context
from yiwang.web.citizen import popularity
from yiwang.web.views import Page

SLUG = "319a00000-00"


@pytest.fixture
def second(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    cache.clear()
    context.forget()
    popularity.forget()
    names = [{"item_name": f"事项{n:03}", "task_type": "20"} for n in range(120)]
    rows = many(ROW | {"item_code": "319A00000-00", "main_item": "主要事项"}, *names)
    foreign.write_pack(
        foreign.read_rows(table(tmp_path / "items.csv", *rows)), into=tmp_path, wish=WISH
    )
    load(tmp_path)
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)
    settings.DISTRICT = "second"


def words(path: str, **asked: str) -> str:
    answer = Client().get(path, asked)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("second")
def test_an_item_without_a_guide_says_what_is_unknown_and_whom_to_ask():
    page = words(f"/items/{SLUG}/")

    assert "示例证核发" in page
    assert page.count("未公布") >= 4
    assert "319A00000-00" in page
    assert "主要事项" in page
    assert 'href="tel:12345"' in page
    assert "/apply/" not in page


@pytest.mark.usefixtures("second")
def test_home_leads_to_the_catalogue():
    page = words("/")

    assert "目录里有 121 项" in page
    assert 'href="/items/"' in page


@pytest.mark.usefixtures("second")
def test_the_list_is_paged_filtered_and_counted():
    first = words("/items/")

    assert "共 121 项" in first
    assert "下一页" in first
    assert "示例证核发" in words("/items/", type="licence")
    assert "事项001" not in words("/items/", type="licence")
    assert "共 121 项" in words("/items/", type="nothing")
    assert "共 0 项" in words("/items/", dept="nobody")


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize(
    "path", ["/", "/items/?for=person", "/search/?q=示例证", "/scenes/", "/help/", "/sitemap/"]
)
def test_the_other_pages_open_without_any_guide(path: str):
    assert Client().get(path).status_code == 200


@pytest.mark.usefixtures("second")
def test_the_search_finds_what_is_only_listed():
    assert f"/items/{SLUG}/" in words("/search/", q="示例证核发")


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize("path", ["apply/", "questions/", "checklist/", "guide.pdf"])
def test_nobody_applies_for_what_has_no_guide(path: str):
    assert Client().get(f"/items/{SLUG}/{path}").status_code in {302, 404}


@pytest.mark.usefixtures("second")
def test_list_and_item_ask_the_database_a_few_times(
    django_assert_max_num_queries: DjangoAssertNumQueries,
):
    words("/items/")

    with django_assert_max_num_queries(6):
        words("/items/")
    with django_assert_max_num_queries(6):
        words(f"/items/{SLUG}/")
