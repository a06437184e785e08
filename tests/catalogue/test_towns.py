"""Items sunk to the centres of towns: what a pack may say, and what holds on which day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases, towns
from tests.factories.towns import line, sink
from yiwang.audit.queries import trail
from yiwang.catalogue import towns as arrangements
from yiwang.catalogue.models import TownItem
from yiwang.catalogue.policy.reports import FigureKey
from yiwang.catalogue.policy.towns import InNameOf, TownMode, at_centre, begins_at, parse
from yiwang.catalogue.reports import item_report
from yiwang.content.policy.packs import Change, PackFile
from yiwang.organisations.models import Department

DIRECT, FORWARDED = TownMode.DIRECT, TownMode.FORWARDED
MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))


def row(**changes: Any) -> dict[str, Any]:
    return {
        "item": cases.RESTAURANT,
        "mode": "direct",
        "document": "示例府办〔2026〕1号",
        "from": MARCH,
    } | changes


def file(*rows: Any, name: str = "town_items", **changes: Any) -> PackFile:
    return PackFile(
        pack="test",
        section="town_items",
        name=name,
        path=f"packs/test/{name}.yaml",
        content={"source": "虚构", "town_items": list(rows)} | changes,
    )


@pytest.fixture
def two_towns(easy_district: None) -> None:
    towns.make()


def load(*files: PackFile) -> None:
    assert arrangements.TOWN_ITEMS.check(files) == []
    arrangements.TOWN_ITEMS.apply(files, by="system:test", at=cases.FRIDAY)


def modes(on: dt.date) -> dict[str, TownMode]:
    return {one.centre: one.mode for one in arrangements.windows_of(cases.RESTAURANT, on=on)}


def test_what_is_written_for_a_centre_goes_before_what_is_written_for_all():
    lines = [line(FORWARDED), line(DIRECT, centre="nanxiang-centre", first=APRIL, until=MAY)]

    for day, mode in ((MARCH, FORWARDED), (APRIL, DIRECT), (MAY, FORWARDED)):
        found = at_centre(lines, "nanxiang-centre", on=day)
        assert found is not None
        assert found.mode is mode
    assert at_centre(lines, "anting-centre", on=APRIL) == lines[0]
    assert at_centre(lines, "nanxiang-centre", on=dt.date(2025, 12, 31)) is None


def test_the_first_day_to_come_is_known():
    lines = [line(first=APRIL, until=MAY), line(centre="anting-centre", first=MAY)]

    assert begins_at(lines, "nanxiang-centre", after=MARCH) == APRIL
    assert begins_at(lines, "nanxiang-centre", after=APRIL) is None
    assert begins_at(lines, "anting-centre", after=APRIL) == MAY


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (row(mode="both"), "为 “both”，不在可选值之中。"),
        (row(item="Food!"), "为“Food!”，不是事项标识。"),
        (row(document=""), "不能为空。"),
        (row(document=None), "没有填写。"),
        (
            row(mode="forwarded", in_name_of="town"),
            "收受分离的由主管部门受理，不能以街镇名义受理。",
        ),
        (row(until=MARCH), "为 2026-03-01，不晚于 from。"),
        ({"from": "三月"} | {k: v for k, v in row().items() if k != "from"}, "应为日期"),
        (row(centres=[]), "没有写任何一个受理中心。"),
        (row(centres=["nanxiang-centre", "nanxiang-centre"]), "有一个受理中心写了两次。"),
        (row(centres="nanxiang-centre"), "应为列表"),
        (row(window="A01"), "window"),
        ("nanxiang", "应为“键: 值”的形式。"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(written, sentence):
    found, errors = parse(file(written))

    assert found == []
    assert sentence in " ".join(f"{one.place}{one.message}" for one in errors), errors
    assert all(one.remedy.endswith("。") for one in errors)


@pytest.mark.usefixtures("two_towns")
@pytest.mark.parametrize(
    ("rows", "place", "sentence"),
    [
        ([row(item="circus")], "town_items[0].item", "没有事项“circus”。"),
        (
            [row(centres=["moon-centre"])],
            "town_items[0].centres",
            "“moon-centre”不是社区事务受理服务中心的代号。",
        ),
        (
            [row(centres=["market"])],
            "town_items[0].centres",
            "“market”不是社区事务受理服务中心的代号。",
        ),
        ([row(), row()], "town_items[1]", "自 2026-03-01 起写了两次。"),
        (
            [row(), row(mode="forwarded", **{"from": APRIL})],
            "town_items[1]",
            "自 2026-04-01 起与自 2026-03-01 起的安排重叠。",
        ),
    ],
)
def test_rows_that_do_not_fit_the_district_or_each_other_say_why(rows, place, sentence):
    errors = arrangements.TOWN_ITEMS.check([file(*rows)])

    assert [one.place for one in errors] == [place]
    assert sentence in errors[0].message
    assert errors[0].remedy.endswith("。")


@pytest.mark.usefixtures("two_towns")
def test_a_centre_without_a_town_accepts_in_no_towns_name():
    Department.objects.filter(code="anting-centre").update(town="")

    (error,) = arrangements.TOWN_ITEMS.check([file(row(in_name_of="town"))])

    assert error.message == "“anting-centre”没有写所属街镇，不能以街镇名义受理。"
    assert "town" in error.remedy
    only = file(row(in_name_of="town", centres=["nanxiang-centre"]))
    assert arrangements.TOWN_ITEMS.check([only]) == []


@pytest.mark.usefixtures("two_towns")
def test_what_overlaps_with_what_is_loaded_is_refused_until_that_ends():
    load(file(row()))
    later = row(mode="forwarded", **{"from": APRIL})

    (error,) = arrangements.TOWN_ITEMS.check([file(later)])
    assert "重叠" in error.message

    load(file(row(until=APRIL), later))
    assert modes(MARCH)["nanxiang-centre"] is DIRECT
    assert modes(APRIL)["nanxiang-centre"] is FORWARDED


@pytest.mark.usefixtures("two_towns")
def test_loading_again_changes_nothing_and_a_change_keeps_the_old_in_the_trail():
    load(file(row(centres=["nanxiang-centre", "anting-centre"])))
    assert arrangements.TOWN_ITEMS.diff([file(row(centres=["nanxiang-centre"]))]) == []

    changed = file(row(centres=["nanxiang-centre"], document="示例府办〔2026〕2号", until=MAY))
    (difference,) = arrangements.TOWN_ITEMS.diff([changed])
    assert difference.change is Change.CHANGE
    load(changed)

    newest = trail(act="catalogue.save_town_item")[0]
    assert newest.target == f"item:{cases.RESTAURANT}"
    assert newest.detail["before"]["document"] == "示例府办〔2026〕1号"
    assert newest.detail["after"]["valid_until"] == "2026-05-01"
    assert modes(MARCH) == {"nanxiang-centre": DIRECT, "anting-centre": DIRECT}
    assert modes(MAY) == {"anting-centre": DIRECT}


@pytest.mark.usefixtures("two_towns")
def test_before_the_first_day_and_from_the_end_on_it_is_done_at_no_town():
    sink(first=APRIL, until=MAY)

    assert modes(dt.date(2026, 3, 31)) == {}
    assert set(modes(APRIL)) == {"nanxiang-centre", "anting-centre"}
    assert modes(MAY) == {}


@pytest.mark.usefixtures("two_towns")
def test_a_hall_of_the_district_does_everything_and_a_towns_what_was_sunk():
    assert arrangements.done_at(cases.RESTAURANT, "anting-centre", on=MARCH)  # nothing laid down

    sink(centre="nanxiang-centre")

    assert arrangements.done_at(cases.RESTAURANT, "nanxiang-centre", on=MARCH)
    assert not arrangements.done_at(cases.RESTAURANT, "anting-centre", on=MARCH)
    assert arrangements.done_at(cases.RESTAURANT, "centre", on=MARCH)


@pytest.mark.usefixtures("two_towns")
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("catalogue_townitem_terms_known", {"mode": "half"}),
        (
            "catalogue_townitem_forwarded_is_accepted_by_the_department",
            {"mode": "forwarded", "in_name_of": "town"},
        ),
        ("catalogue_townitem_has_document", {"document": ""}),
        ("catalogue_townitem_ends_after_it_begins", {"valid_until": dt.date(2026, 1, 1)}),
    ],
)
def test_the_database_keeps_what_must_hold(name, changes):
    sink()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        TownItem.objects.update(**changes)


@pytest.mark.usefixtures("two_towns")
def test_the_database_knows_one_mode_of_a_centre_a_day():
    sink()
    with (
        pytest.raises(IntegrityError, match="catalogue_townitem_one_mode_at_a_time"),
        transaction.atomic(),
    ):
        sink(FORWARDED, first=APRIL)
    with pytest.raises(IntegrityError, match="begins_once|one_mode"), transaction.atomic():
        TownItem.objects.create(
            item=cases.RESTAURANT,
            centre="",
            mode="direct",
            in_name_of="department",
            document="x",
            valid_from=towns.SPRING,
            valid_until=APRIL,
        )


@pytest.mark.usefixtures("two_towns")
def test_the_figures_of_the_catalogue_count_what_towns_do_by_mode():
    sink(FORWARDED, first=MARCH)
    sink(DIRECT, centre="nanxiang-centre", first=MARCH)

    report = item_report(on=MARCH)

    figures = {
        key: report.figure(key)
        for key in (FigureKey.TOWN_ANY, FigureKey.TOWN_DIRECT, FigureKey.TOWN_FORWARDED)
    }
    assert [one.numerator for one in figures.values()] == [1, 1, 1]
    assert {one.denominator for one in figures.values()} == {2}
    (counted,) = figures[FigureKey.TOWN_ANY].lines
    assert counted.note == "1个街镇直接受理，1个街镇收受分离"
    assert item_report(on=dt.date(2026, 2, 28)).figure(FigureKey.TOWN_ANY).numerator == 0


@pytest.mark.usefixtures("jiading_pack")
def test_the_pack_of_jiading_has_both_modes_and_one_that_changes_on_a_date():
    before, after = dt.date(2027, 2, 28), dt.date(2027, 3, 1)

    for day, mode in ((before, FORWARDED), (after, DIRECT)):
        windows = arrangements.windows_of("medical-reimbursement", on=day)
        assert len(windows) == 12
        assert {one.mode for one in windows} == {mode}
    relief = arrangements.windows_of("minimum-living", on=before)
    assert {(one.mode, one.in_name_of) for one in relief} == {(DIRECT, InNameOf.TOWN)}
    assert "nanxiang" in {one.name_of for one in relief}
    trial = arrangements.windows_of("veteran-card", on=dt.date(2026, 6, 1))
    assert [one.centre for one in trial] == ["nanxiang-centre", "anting-centre"]
