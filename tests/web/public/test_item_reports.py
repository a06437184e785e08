"""The figures of the catalogue as anybody reads them."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases
from yiwang.catalogue import reports, services
from yiwang.catalogue.policy.reports import FigureKey
from yiwang.organisations.permissions import Actor, Post
from yiwang.web import context
from yiwang.web.views import Page

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def jiading(jiading_pack: None, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DISTRICT = "jiading"
    cache.clear()
    context.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(reports, "PAGE", 20)


def text(client: Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def rows_behind(client: Client, key: str) -> list[str]:
    """Follow the pages of a figure to the end and return the slugs of their rows."""
    found: list[str] = []
    url = f"/reports/items/{key}/"
    while url:
        page = text(client, url)
        table = page.partition("<tbody>")[2].partition("</tbody>")[0]
        found += re.findall(r'href="/items/([a-z0-9-]+)/"', table)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        url = f"/reports/items/{key}/{following[1]}" if following else ""
    return found


@pytest.mark.req("ITEM-01", "ITEM-02", "ITEM-04", "ITEM-11")
@pytest.mark.usefixtures("jiading")
def test_each_total_is_the_number_of_rows_it_leads_to(client: Client):
    page = text(client, "/reports/items/")
    found = reports.item_report(on=cases.FRIDAY.date())

    assert "数据截至" in page
    assert "2026-03-06" in page
    for _, figures in found.groups:
        for one in figures:
            assert f'href="/reports/items/{one.key.value}/"' in page
            assert sorted(rows_behind(client, one.key.value)) == sorted(one.slugs)
    for key in (
        FigureKey.TYPE_PUBLIC_SERVICE,
        FigureKey.COMPRESSION,
        FigureKey.REDUCTION,
        FigureKey.FULLY_ONLINE,
        FigureKey.ON_THE_SPOT,
    ):
        share = found.figure(key).share
        assert share is not None
        assert f"{share:.1%}" in page


@pytest.mark.usefixtures("jiading")
def test_the_figures_of_the_plan_stand_beside_ours_and_are_named_as_the_plans(client: Client):
    page = text(client, "/reports/items/")

    assert "规划数" in page
    assert "嘉府办发〔2021〕40号" in page
    for words in ("70%以上", "53.5%", "143项", "140项（2016年起）"):
        assert words in page


@pytest.mark.usefixtures("jiading")
def test_each_figure_has_its_definition_and_source_beside_it(client: Client):
    page = text(client, "/reports/items/")

    assert page.count("<summary>怎么算的</summary>") == page.count('class="yw-box" id=')
    assert "压缩比例＝1－承诺时限之和÷法定时限之和" in page
    behind = text(client, "/reports/items/compression/")
    assert "压缩比例＝1－" in behind
    assert "，承诺 当场办结" in behind


@pytest.mark.req("GOV-01")
@pytest.mark.usefixtures("jiading")
def test_a_cancelled_item_stands_there_with_the_document_and_without_a_dead_link(client: Client):
    checker = Actor(ref="user:x", posts={"civil": frozenset({Post.ITEM_CHECKER})})
    services.cancel_item(
        slug="senior-card",
        from_on=cases.FRIDAY.date(),
        document="嘉示〔2026〕1号",
        by=checker,
        at=cases.FRIDAY,
    )

    page = text(client, "/reports/items/cancelled/")

    assert "嘉示〔2026〕1号（2026-03-06）" in page
    assert 'href="/items/senior-card/"' not in page
    assert "共 1 项" in page


@pytest.mark.req("ITEM-05")
@pytest.mark.usefixtures("jiading")
def test_items_outside_the_hall_show_their_reasons(client: Client):
    lines = reports.item_report(on=cases.FRIDAY.date()).figure(FigureKey.NOT_IN_HALL).lines

    page = text(client, "/reports/items/not_in_hall/")

    assert lines
    for line in lines:
        assert line.note
        assert line.note in page


@pytest.mark.req("ITEM-06")
@pytest.mark.usefixtures("jiading")
def test_items_of_a_firms_life_show_how_the_start_up_window_differs(client: Client):
    lines = reports.item_report(on=cases.FRIDAY.date()).figure(FigureKey.WINDOW_DIFFERS).lines

    page = text(client, "/reports/items/window_differs/")

    assert lines
    for line in lines:
        assert line.note
        assert line.note in page


@pytest.mark.usefixtures("jiading")
def test_the_report_asks_little_of_the_database_and_is_small(
    client: Client, django_assert_max_num_queries
):
    text(client, "/reports/items/")
    with django_assert_max_num_queries(9):
        page = text(client, "/reports/items/")
    with django_assert_max_num_queries(8):
        text(client, "/reports/items/items/")
    assert len(page.encode()) < 60_000


@pytest.mark.usefixtures("portal")
def test_without_a_plan_in_the_packs_no_plan_is_shown_and_unknown_figures_are_not_pages(
    client: Client,
):
    page = text(client, "/reports/items/")

    assert "规划数" not in page
    text(client, "/reports/items/nothing/", status=404)
    odd = text(client, "/reports/items/compression/?after=%00<script>", status=422)
    assert "请从列表第一页重新打开" in odd


@pytest.mark.usefixtures("portal")
def test_footer_and_site_map_lead_to_the_figures(client: Client):
    for url in ("/help/", "/sitemap/"):
        assert 'href="/reports/items/"' in text(client, url)
