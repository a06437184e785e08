"""The packs that ship with the program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from yiwang.config import env
from yiwang.content import queries, services
from yiwang.content.policy import districts, holidays
from yiwang.content.policy.folders import find
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar

PACKS = env.ROOT / "packs"

WORKDAYS_PER_YEAR = {
    2016: 250,
    2017: 249,
    2018: 250,
    2019: 250,
    2020: 249,
    2021: 250,
    2022: 249,
    2023: 249,
    2024: 251,
    2025: 248,
    2026: 248,
}


def section(name: str, *packs: str) -> list[Any]:
    found = find(root=PACKS, names=packs)
    assert found.errors == []
    return [file for folder in found.folders for file in folder.files if file.section == name]


@pytest.fixture(scope="module")
def national_calendar() -> WorkdayCalendar:
    notices = []
    for file in section("holidays", "national"):
        notice, errors = holidays.parse(file)
        assert errors == []
        assert notice is not None
        notices.append(notice)
    return holidays.calendar(notices)


def test_the_calendar_covers_2004_to_2026(national_calendar: WorkdayCalendar):
    assert national_calendar.first == dt.date(2004, 1, 1)
    assert national_calendar.last == dt.date(2026, 12, 31)


@pytest.mark.parametrize(("year", "workdays"), WORKDAYS_PER_YEAR.items())
def test_each_year_has_the_working_days_that_are_published(
    year: int, workdays: int, national_calendar: WorkdayCalendar
):
    days = (dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(366))

    counted = sum(national_calendar.is_workday(day) for day in days if day.year == year)

    assert counted == workdays


@pytest.mark.parametrize(
    ("day", "works"),
    [
        pytest.param("2006-12-31", True, id="Sunday worked for New Year 2007, by its notice"),
        pytest.param("2018-12-29", True, id="Saturday worked for New Year 2019"),
        pytest.param("2018-12-31", False, id="Monday off for New Year 2019"),
        pytest.param("2015-09-03", False, id="one-off victory day"),
        pytest.param("2015-09-06", True, id="Sunday worked for it"),
        pytest.param("2019-05-02", False, id="added by a later notice"),
        pytest.param("2019-05-05", True, id="Sunday worked for that"),
        pytest.param("2020-01-31", False, id="holiday lengthened by a later notice"),
        pytest.param("2020-02-01", False, id="day worked in exchange, taken back"),
        pytest.param("2020-02-03", True, id="first day after"),
        pytest.param("2026-02-14", True, id="Saturday worked before the Spring Festival"),
        pytest.param("2026-02-23", False, id="ninth day of the Spring Festival"),
        pytest.param("2026-09-20", True, id="Sunday worked before the National Day"),
    ],
)
def test_days_that_calendars_get_wrong(day: str, works: bool, national_calendar: WorkdayCalendar):
    assert national_calendar.is_workday(dt.date.fromisoformat(day)) is works


def test_the_first_day_past_the_calendar_names_the_notice_to_load(
    national_calendar: WorkdayCalendar,
):
    with pytest.raises(CalendarGapError, match="只到2026年12月31日.*请装入.*2027年部分节假日"):
        national_calendar.add_workdays(dt.date(2026, 12, 31), 1)


@pytest.mark.parametrize("pack", ["jiading", "example"])
def test_each_district_reads(pack: str):
    (file,) = section("district", pack)

    district, errors = districts.parse(file)

    assert errors == []
    assert district is not None
    assert district.pack == pack


def test_jiading_has_twelve_town_units():
    (file,) = section("district", "jiading")

    district, _ = districts.parse(file)

    assert district is not None
    assert len(district.town_units) == 12
    found = district.town("nanxiang")
    assert found is not None
    assert found.name == "南翔镇"
    assert found == district.town("310114102")
    assert district.town("pudong") is None
    assert district.unverified


@pytest.mark.django_db
def test_national_and_example_load_and_load_again_without_change(
    load: Callable[..., services.PackReport],
):
    first = load("example", root=PACKS)
    second = load("example", root=PACKS)

    assert first.errors == []
    assert first.loaded == ["national", "example"]
    assert second.diff == []
    assert second.loaded == []
    assert queries.district("example").letters == "EX"
    assert queries.workday_calendar().last == dt.date(2026, 12, 31)
