"""The section `holidays`."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.content.conftest import NOTICE
from yiwang.content.policy import holidays
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.content.policy.reading import read
from yiwang.kernel.workdays import CalendarGapError


def notice_file(text: str, *, name: str = "2026") -> PackFile:
    answer = read(text.encode())
    return PackFile(
        pack="national",
        section="holidays",
        name=name,
        path=f"packs/national/holidays/{name}.yaml",
        content=answer.content,
        lines=answer.lines,
    )


def parsed(text: str, *, name: str = "2026") -> holidays.Notice:
    notice, errors = holidays.parse(notice_file(text, name=name))
    assert errors == []
    assert notice is not None
    return notice


def notice_of(year: int, *, supplement: bool = False, first: str = "", worked: str = "") -> str:
    return (
        f"year: {year}\ntitle: {year}年通知\nsource: 试验\n"
        + ("supplement: true\n" if supplement else "")
        + f"festivals:\n  - name: 节日\n    first: {first or f'{year}-01-01'}\n"
        + (f"    worked: [{worked}]\n" if worked else "")
    )


def test_a_notice_holds_every_day_of_its_ranges():
    notice = parsed(NOTICE)

    assert [(day.day.day, day.kind.value) for day in notice.days] == [
        (1, "holiday"),
        (2, "holiday"),
        (3, "holiday"),
        (4, "workday"),
    ]
    assert notice.days[0].festival == "元旦"


def test_a_notice_takes_effect_when_issued_else_on_its_first_day():
    assert parsed(NOTICE).effective_on == dt.date(2026, 1, 1)
    assert parsed(NOTICE + "issued_on: 2025-11-04\n").effective_on == dt.date(2025, 11, 4)


def test_days_of_the_december_before_belong_to_the_notice():
    notice = parsed(notice_of(2026, first="2025-12-31", worked="2025-12-28"))

    assert notice.days[0].day == dt.date(2025, 12, 28)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        pytest.param("2026-01-03", "2025-12-30", "last", "早于 first", id="ends before start"),
        pytest.param("2026-01-03", "2026-03-01", "last", "超过 15 天", id="two months off"),
        pytest.param("2026-01-04", "2026-01-05", "worked[0]", "不是周六或周日", id="Monday"),
        pytest.param(
            "2026-01-04", "2026-01-03", "worked[0]", "已经列在“元旦”", id="off and worked"
        ),
        pytest.param("2026-01-04", "2027-01-03", "worked[0]", "不在 2026 年", id="year after"),
        pytest.param("2026-01-04", "2025-11-30", "worked[0]", "上年12月", id="November before"),
        pytest.param("year: 2026", "year: 26", "year", "超出范围", id="short year"),
        pytest.param("year: 2026", "year: 二〇二六", "year", "应为整数", id="year in words"),
        pytest.param("title:", "titel:", "titel", "不认识这个键", id="misspelt key"),
        pytest.param("name: 元旦", "name: ''", "name", "不能为空", id="no name"),
        pytest.param("first: 2026-01-01", "first: 元旦", "first", "应为日期", id="no date"),
    ],
)
def test_a_bad_notice_is_refused_with_its_place(old: str, new: str, place: str, words: str):
    notice, errors = holidays.parse(notice_file(NOTICE.replace(old, new)))

    assert notice is None
    assert any(error.place.endswith(place) and words in error.message for error in errors), errors
    assert all(error.line for error in errors)


def test_overlapping_festivals_are_refused_and_named():
    text = NOTICE + "  - name: 春节\n    first: 2026-01-03\n    last: 2026-01-03\n"

    _, errors = holidays.parse(notice_file(text))

    assert str(errors[0]) == (
        "packs/national/holidays/2026.yaml:10: festivals[1].first\n"
        "  2026-01-03 已经列在“元旦”（放假）之下。\n"
        "  同一天在一份通知里只能写一次，请核对。"
    )


def test_a_notice_without_days_is_refused():
    _, errors = holidays.parse(notice_file("year: 2026\ntitle: 甲\nsource: 乙\nfestivals: []\n"))

    assert "没有列出任何日期" in errors[0].message


def check(*texts: str, loaded: tuple[int, ...] = ()) -> list[PackError]:
    pairs = []
    for index, text in enumerate(texts):
        name = f"file{index}"
        pairs.append((notice_file(text, name=name), parsed(text, name=name)))
    return holidays.check_years(pairs, loaded_years=loaded)


def test_years_in_a_row_and_supplements_to_them_are_right():
    assert check(notice_of(2025), notice_of(2026), notice_of(2026, supplement=True)) == []
    assert check(notice_of(2027), loaded=(2025, 2026)) == []


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        pytest.param(
            [notice_of(2025), notice_of(2025)], "已由 packs/national/holidays/file0", id="twice"
        ),
        pytest.param([notice_of(2024), notice_of(2026)], "2025 年没有通知", id="a year missing"),
        pytest.param(
            [notice_of(2025), notice_of(2026, supplement=True)],
            "没有该年的年度通知",
            id="supplement to nothing",
        ),
    ],
)
def test_years_that_do_not_fit_are_refused(texts: list[str], words: str):
    (error,) = check(*texts)

    assert words in error.message


def test_the_later_notice_holds_where_two_arrange_a_day():
    yearly = parsed(notice_of(2026, first="2026-05-01", worked="2026-05-09"), name="2026")
    later = parsed(
        notice_of(2026, supplement=True, first="2026-05-09") + "issued_on: 2026-05-02\n",
        name="2026-more",
    )

    assert holidays.calendar([later, yearly]).is_workday(dt.date(2026, 5, 9)) is False
    assert holidays.calendar([yearly]).is_workday(dt.date(2026, 5, 9)) is True


def test_the_calendar_begins_after_the_last_gap():
    notices = [parsed(notice_of(year), name=str(year)) for year in (2020, 2022, 2023)]

    calendar = holidays.calendar(notices)

    assert (calendar.first, calendar.last) == (dt.date(2022, 1, 1), dt.date(2023, 12, 31))


def test_no_notice_is_a_refusal_that_says_what_to_load():
    with pytest.raises(CalendarGapError, match="请先装入全国内容包"):
        holidays.calendar([])
