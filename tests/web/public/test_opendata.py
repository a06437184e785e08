"""The catalogue as data, fetched by anybody."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases
from tests.factories.catalogue import an_item, publish
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.exports import COLUMNS
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import classes
from yiwang.web import context
from yiwang.web.views import Page

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

ON = cases.FRIDAY.date()


@pytest.fixture
def jiading(jiading_pack: None, settings, monkeypatch: pytest.MonkeyPatch) -> int:
    settings.DISTRICT = "jiading"
    cache.clear()
    context.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    return len(catalogue.items(on=ON))


def whole(client: Client, url: str, **headers: str) -> bytes:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_table_holds_every_item_once_and_opens_in_a_spreadsheet(client: Client, jiading: int):
    content = whole(client, "/opendata/items.csv")

    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) == jiading
    assert {row["标识"] for row in rows} == {one.slug for one in catalogue.items(on=ON)}
    food = next(row for row in rows if row["标识"] == "food-business")
    assert food["实施部门"] == "嘉定区市场监督管理局"
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())


def test_the_whole_file_holds_every_field_of_every_item(client: Client, jiading: int):
    found = json.loads(whole(client, "/opendata/items.json"))

    assert found["count"] == jiading == len(found["items"])
    assert found["on"] == "2026-03-06"
    assert "CC BY 4.0" in found["licence"]
    assert found["departments"]["market"]
    food = next(one for one in found["items"] if one["slug"] == "food-business")
    assert food["materials"]
    assert food["sections"]


@pytest.mark.parametrize("name", ["items.csv", "items.json"])
@pytest.mark.usefixtures("portal")
def test_whoever_has_the_edition_gets_no_second_copy_until_something_changes(
    client: Client, name: str
):
    first = client.get(f"/opendata/{name}")
    again = client.get(f"/opendata/{name}", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == first["ETag"]

    publish(an_item(department="market"))
    changed = client.get(f"/opendata/{name}", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.usefixtures("portal")
def test_an_empty_catalogue_is_still_a_file(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Page, "at", datetime(2001, 1, 1, tzinfo=UTC))

    assert json.loads(whole(client, "/opendata/items.json"))["items"] == []
    assert len(whole(client, "/opendata/items.csv").decode().splitlines()) == 1


def test_the_page_tells_files_fields_terms_and_day(client: Client, jiading: int):
    page = client.get("/opendata/").content.decode()

    for words in ("/opendata/items.csv", "/opendata/items.json", "CC BY 4.0", "2026-01-02"):
        assert words in page
    assert "本平台拟写的默认文本，不是法定文本" in page
    assert f"共 {jiading} 项" in page
    assert client.get("/api/v1/openapi.json").status_code == 200
    for column in COLUMNS:
        assert column.title in page
        assert f"<code>{column.key}</code>" in page


def test_the_data_dictionary_is_read_from_the_classes_of_an_item(client: Client, jiading: int):
    page = client.get("/opendata/").content.decode()

    for owner in classes(ItemVersion):
        assert f'id="{owner.__name__}"' in page
        for field in dataclasses.fields(owner):
            assert f"<code>{field.name}</code>" in page
    whole_file = json.loads(whole(client, "/opendata/items.json"))
    named = {field.name for field in dataclasses.fields(ItemVersion)}
    assert {key for one in whole_file["items"] for key in one} <= named


@pytest.mark.parametrize(
    ("url", "budget", "size"),
    [("/opendata/", 9, 130_000), ("/opendata/items.csv", 10, 0), ("/opendata/items.json", 10, 0)],
)
def test_data_asks_little_of_the_database(
    client: Client, jiading: int, django_assert_max_num_queries, url: str, budget: int, size: int
):
    client.get(url)
    with django_assert_max_num_queries(budget):
        answer = client.get(url)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert len(content) < (size or jiading * 40_000)


@pytest.mark.usefixtures("portal")
def test_footer_and_site_map_lead_to_the_data(client: Client):
    for url in ("/help/", "/sitemap/"):
        assert 'href="/opendata/"' in client.get(url).content.decode()
