"""We know that the catalogue leaves as data whole, page by page, and without running anything."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.factories.catalogue import TASK_CODE, an_item, item_checker, publish
from yiwang.catalogue import opendata, services
from yiwang.catalogue.opendata import Wish
from yiwang.catalogue.policy import exports
from yiwang.catalogue.policy.items import Audience, ItemType
from yiwang.catalogue.policy.parsing import parse_item

DAY = date(2026, 3, 6)
NAMES = exports.Names(departments={"market": "市场监管局"})


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("食品=经营", "食品=经营"),
        ("021-12345", "021-12345"),
        ("", ""),
        (-1, "-1"),
    ],
)
def test_no_cell_begins_like_a_formula(cell: object, safe: str):
    assert exports.defused(cell) == safe


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(exports.BOM), newline="")))


def test_the_table_has_a_mark_a_heading_and_one_line_per_item():
    odd = an_item(name='=HYPERLINK("http://x"),"是', summary="第一行\n第二行")

    text = "".join(exports.csv_lines([odd, an_item()], NAMES))

    assert text.startswith(exports.BOM)
    rows = read(text)
    assert len(rows) == 3
    assert rows[0] == [column.title for column in exports.COLUMNS]
    row = dict(zip((column.key for column in exports.COLUMNS), rows[1], strict=True))
    assert row["name"] == '\'=HYPERLINK("http://x"),"是'
    assert row["summary"] == "第一行\n第二行"
    assert row["department_name"] == "市场监管局"
    assert row["item_type_code"] == "01"
    assert row["statutory_workdays"] == "20"
    assert row["fully_online"] == "是"


def test_columns_are_named_once():
    for names in (
        [column.key for column in exports.COLUMNS],
        [column.title for column in exports.COLUMNS],
    ):
        assert len(set(names)) == len(names)


def codes(number: int) -> dict[str, Any]:
    task = f"{TASK_CODE[:-6]}{number:03d}{TASK_CODE[-3:]}"
    return {"task_code": task, "handling_code": f"{task}01"}


@pytest.fixture
def three(db: None) -> None:
    publish(slug="a", **codes(1))
    publish(slug="b", audiences=["person", "entity"], **codes(2))
    publish(slug="c", department="health", at=datetime(2026, 3, 5, 1, tzinfo=UTC), **codes(3))


@pytest.mark.usefixtures("three")
def test_items_are_paged_by_slug_without_losing_one():
    seen, after = [], ""
    while True:
        page = opendata.published_page(on=DAY, after=after, limit=2)
        assert page.total == 3
        seen += [one.item.slug for one in page.rows]
        after = page.after
        if not after:
            break

    assert seen == ["a", "b", "c"]
    assert opendata.published_page(on=DAY, after="zzz").rows == ()
    assert len(opendata.published_page(on=DAY, limit=100_000).rows) == 3


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("wish", "slugs"),
    [
        (Wish(audience=Audience.PERSON), ["b"]),
        (Wish(department="health"), ["c"]),
        (Wish(item_type=ItemType.PENALTY), []),
        (Wish(changed_since=date(2026, 3, 5)), ["c"]),
        (Wish(changed_since=date(2026, 3, 2)), ["a", "b", "c"]),
        (Wish(changed_since=date(2026, 3, 7)), []),
        (Wish(department="' or 1=1"), []),
    ],
)
def test_filters_narrow_the_list_and_its_total(wish: Wish, slugs: list[str]):
    page = opendata.published_page(on=DAY, wish=wish)

    assert [one.item.slug for one in page.rows] == slugs
    assert page.total == len(slugs)


@pytest.mark.usefixtures("three")
def test_the_edition_changes_exactly_when_something_comes_or_goes():
    before = opendata.edition(on=DAY)

    assert opendata.edition(on=date(2026, 3, 9)).mark == before.mark
    services.cancel_item(
        slug="a",
        from_on=date(2026, 3, 9),
        document="示〔2026〕1号",
        by=item_checker(),
        at=datetime(2026, 3, 6, 1, tzinfo=UTC),
    )
    assert opendata.edition(on=DAY).mark == before.mark
    after = opendata.edition(on=date(2026, 3, 9))
    assert after.mark != before.mark
    assert (before.count, after.count) == (3, 2)


@pytest.mark.usefixtures("three")
def test_whole_definitions_leave_with_version_and_day_and_can_be_read_again():
    found = list(opendata.definitions(on=DAY))

    assert [one["slug"] for one in found] == ["a", "b", "c"]
    for one in found:
        assert one["version"] == 1
        plain = {key: value for key, value in one.items() if key != "version"}
        assert parse_item(plain).slug == one["slug"]


def test_an_empty_catalogue_is_an_edition_too(db: None):
    assert opendata.edition(on=DAY).count == 0
    assert opendata.edition(on=DAY).changed_at is None
    assert list(opendata.definitions(on=DAY)) == []
