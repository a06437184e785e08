"""We know that pages of the catalogue ask the database a fixed number of questions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases
from tests.factories.catalogue import an_item, publish
from yiwang.catalogue import queries
from yiwang.web import context
from yiwang.web.citizen import popularity
from yiwang.web.views import Page

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

ON = cases.FRIDAY.date()


@pytest.fixture
def jiading(jiading_pack: None, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DISTRICT = "jiading"
    cache.clear()
    context.forget()
    popularity.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)


@pytest.mark.parametrize(
    ("url", "budget"),
    [
        ("/items/food-business/", 10),
        ("/items/senior-card/", 10),
        ("/items/", 6),
        ("/items/?for=entity", 6),
        ("/items/?type=licence&dept=market", 6),
        ("/", 8),
    ],
)
@pytest.mark.usefixtures("jiading")
def test_a_page_asks_the_database_no_more_than_this(
    client: Client, django_assert_max_num_queries, url: str, budget: int
):
    client.get(url)
    with django_assert_max_num_queries(budget):
        assert client.get(url).status_code == 200


@pytest.mark.usefixtures("jiading")
def test_the_list_of_items_is_paged(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yiwang.catalogue.listed.PAGE", 20)
    page = client.get("/items/?for=entity").content.decode()

    assert page.count('href="/items/') < 40
    assert "for=entity&amp;after=" in page


@pytest.mark.usefixtures("jiading")
def test_heads_say_the_same_as_the_versions_and_are_read_once(django_assert_num_queries):
    versions = queries.items(on=ON)
    heads = queries.item_heads(on=ON)

    assert [one.slug for one in heads] == [one.slug for one in versions]
    for head, version in zip(heads, versions, strict=True):
        assert head.audiences == {audience.value for audience in version.audiences}
        assert head.common == version.common
        assert head.licence_type == version.result.licence_type
    with django_assert_num_queries(1):
        assert queries.item_heads(on=ON) == heads


def test_a_changed_version_has_a_changed_head():
    publish()
    assert [one.common for one in queries.item_heads(on=ON)] == [False]

    publish(an_item(common=True), at=datetime(2026, 3, 5, tzinfo=UTC))

    assert [one.common for one in queries.item_heads(on=ON)] == [True]
