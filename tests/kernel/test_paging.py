"""Keys of pages: what a page gave is read, anything else is one sentence."""

from __future__ import annotations

import datetime as dt

import pytest

from yiwang.kernel import paging

MOMENT = dt.datetime(2026, 3, 9, 9, 0, tzinfo=dt.UTC)


def test_a_key_that_a_page_gave_is_read():
    assert paging.row_number("17") == 17
    assert paging.row_number("9" * 18) == 10**18 - 1
    assert paging.day_and_row("2026-03-09_17") == (MOMENT.date(), 17)
    assert paging.day_and_row("2026-03-09.17", between=".") == (MOMENT.date(), 17)
    assert paging.moment_and_row(f"{MOMENT.isoformat()}_17") == (MOMENT, 17)
    assert paging.moment_of(MOMENT.isoformat()) == MOMENT


@pytest.mark.parametrize("key", ["", "x", "-1", " 1", "1.0", "１", "²", "9" * 19, "9" * 5000])
def test_what_is_no_number_of_a_row_is_refused_in_one_sentence(key: str):
    for read, text in (
        (paging.row_number, key),
        (paging.day_and_row, f"2026-03-09_{key}"),
        (paging.moment_and_row, f"{MOMENT.isoformat()}_{key}"),
    ):
        with pytest.raises(paging.PageKeyRefusedError) as refused:
            read(text)
        assert refused.value.message == "翻页参数不正确，请从列表第一页重新打开。"
        assert refused.value.code == "kernel.page_key_refused"


def test_a_list_begins_without_a_key_and_with_no_other():
    assert [paging.row_or_first(key) for key in ("17", "", None)] == [17, None, None]
    for key in ("x", "9" * 19):
        with pytest.raises(paging.PageKeyRefusedError):
            paging.row_or_first(key)


@pytest.mark.parametrize("day", ["", "2026-02-30", "yesterday", "2026-03-09_2026-03-09"])
def test_what_is_no_day_is_refused(day: str):
    with pytest.raises(paging.PageKeyRefusedError):
        paging.day_and_row(f"{day}_17")


@pytest.mark.parametrize("moment", ["", "2026-03-09T09:00:00", "2026-03-09", "soon"])
def test_a_moment_without_its_offset_is_refused(moment: str):
    with pytest.raises(paging.PageKeyRefusedError):
        paging.moment_and_row(f"{moment}_17")
    with pytest.raises(paging.PageKeyRefusedError):
        paging.moment_of(moment)
