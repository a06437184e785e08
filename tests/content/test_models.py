"""Every constraint, broken once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError

from tests.content.conftest import AT
from yiwang.content import models

pytestmark = pytest.mark.django_db

HASH = "0" * 64
DAY = dt.date(2026, 1, 1)


def pack(**changes: Any) -> models.LoadedPack:
    fields = {
        "name": "national",
        "title": "全国",
        "version": "1",
        "effective_on": DAY,
        "source": "试验",
        "sha256": HASH,
        "loaded_at": AT,
        "loaded_by": "user:operator",
    }
    return models.LoadedPack.objects.create(**(fields | changes))


def notice(**changes: Any) -> models.HolidayNotice:
    fields = {
        "slug": "2026",
        "revision": 1,
        "year": 2026,
        "title": "通知",
        "effective_on": DAY,
        "source": "试验",
        "sha256": HASH,
    }
    return models.HolidayNotice.objects.create(**(fields | changes))


def holiday(**changes: Any) -> models.HolidayDay:
    fields = {"day": DAY, "kind": "holiday", "festival": "元旦"}
    return models.HolidayDay.objects.create(**(fields | changes))


def district(**changes: Any) -> models.District:
    fields = {
        "pack": "example",
        "revision": 1,
        "code": "319901",
        "name": "示例区",
        "short_name": "示例",
        "name_en": "Example",
        "letters": "EX",
        "city_code": "319900",
        "city_name": "示例市",
        "site_name": "示例",
        "site_name_en": "Example",
        "organiser": "示例区人民政府",
        "hotline": "12345",
        "effective_on": DAY,
        "source": "虚构",
        "sha256": HASH,
    }
    return models.District.objects.create(**(fields | changes))


def town(**changes: Any) -> models.TownUnit:
    fields = {
        "position": 0,
        "code": "319901001",
        "slug": "hexin",
        "name": "河心街道",
        "kind": "street",
    }
    return models.TownUnit.objects.create(**(fields | changes))


def text(**changes: Any) -> models.Text:
    fields = {
        "pack": "national",
        "key": "a.b",
        "revision": 1,
        "text": "甲",
        "source": "试验",
        "effective_on": DAY,
    }
    return models.Text.objects.create(**(fields | changes))


@pytest.mark.parametrize(
    ("make", "changes", "constraint"),
    [
        (pack, {"sha256": "x"}, "content_loadedpack_sha256_is_a_hash"),
        (pack, {"loaded_by": ""}, "content_loadedpack_loaded_by_someone"),
        (notice, {"year": 26}, "content_holidaynotice_year_plausible"),
        (notice, {"title": ""}, "content_holidaynotice_has_title"),
        (district, {"code": "31990"}, "content_district_code_is_six_digits"),
        (district, {"letters": "ex"}, "content_district_letters_are_two_capitals"),
        (text, {"text": ""}, "content_text_not_empty"),
    ],
)
def test_a_row_that_breaks_its_sentence_is_refused(make: Any, changes: Any, constraint: str):
    with pytest.raises(IntegrityError, match=constraint):
        make(**changes)


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (notice, "content_holidaynotice_revision_once"),
        (district, "content_district_revision_once"),
        (text, "content_text_revision_once"),
    ],
)
def test_a_revision_is_numbered_once(make: Any, constraint: str):
    make()

    with pytest.raises(IntegrityError, match=constraint):
        make()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"kind": "half"}, "content_holidayday_kind_known"),
        (
            {"kind": "workday", "day": dt.date(2026, 1, 5)},
            "content_holidayday_worked_only_on_weekends",
        ),
    ],
)
def test_a_day_that_breaks_its_sentence_is_refused(changes: Any, constraint: str):
    with pytest.raises(IntegrityError, match=constraint):
        holiday(notice=notice(), **changes)


@pytest.mark.parametrize("day", [dt.date(2026, 1, 3), dt.date(2026, 1, 4)])
def test_saturdays_and_sundays_may_be_worked(day: dt.date):
    assert holiday(notice=notice(), kind="workday", day=day).pk


def test_a_day_stands_once_in_a_notice():
    same = notice()
    holiday(notice=same)

    with pytest.raises(IntegrityError, match="content_holidayday_once_in_a_notice"):
        holiday(notice=same)


def test_a_file_stands_once_in_a_loading():
    loading = pack()
    models.LoadedFile.objects.create(pack=loading, path="a", sha256=HASH)

    with pytest.raises(IntegrityError, match="content_loadedfile_once_in_a_loading"):
        models.LoadedFile.objects.create(pack=loading, path="a", sha256=HASH)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"code": "319901"}, "content_townunit_code_is_nine_digits"),
        ({"kind": "city"}, "content_townunit_kind_known"),
    ],
)
def test_a_town_that_breaks_its_sentence_is_refused(changes: Any, constraint: str):
    with pytest.raises(IntegrityError, match=constraint):
        town(district=district(), **changes)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"slug": "other"}, "content_townunit_code_once"),
        ({"code": "319901002"}, "content_townunit_slug_once"),
    ],
)
def test_a_town_has_code_and_slug_of_its_own(changes: Any, constraint: str):
    same = district()
    town(district=same)

    with pytest.raises(IntegrityError, match=constraint):
        town(district=same, **changes)


def test_rows_name_themselves():
    loading, arranged, place = pack(), notice(), district()

    assert str(loading) == "national 1"
    assert str(models.LoadedFile(pack=loading, path="a")) == "a"
    assert str(arranged) == "通知"
    assert str(holiday(notice=arranged)) == "2026-01-01 holiday"
    assert str(place) == "示例区"
    assert str(town(district=place)) == "河心街道"
    assert str(text()) == "a.b"
