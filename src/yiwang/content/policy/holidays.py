"""Holiday notices: what a file says, and the calendar that several of them make (节假日安排)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import SATURDAY, CalendarGapError, WorkdayCalendar

FIRST_YEAR = 1949
LAST_YEAR = 2200
"""Years in which a notice can lie; a guard against typing errors."""

LONGEST_FESTIVAL_DAYS = 15
"""Days of one festival above which the dates are held to be mistyped. Our own choice."""

DECEMBER = 12


class DayKind(Term):
    """What a notice makes of a day."""

    HOLIDAY = "holiday", "放假"
    WORKDAY = "workday", "调休上班"


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day that a notice arranges."""

    day: date
    kind: DayKind
    festival: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A notice as its file says it.

    Attributes:
        slug: Name of the file; a changed file is a new revision of the same notice.
        year: The year it arranges. Days of the December before may belong to it.
        supplement: It changes days of a year that another notice arranged.
        title: Official title.
        number: Official number; empty where not known for certain.
        issued_on: Day of issue; None where not known for certain.
        source: Where the facts come from.
        note: Remark for readers.
        days: The days, in order.
        sha256: Hash of the file.
    """

    slug: str
    year: int
    supplement: bool = False
    title: str
    number: str = ""
    issued_on: date | None = None
    source: str
    note: str = ""
    days: tuple[Day, ...]
    sha256: str = ""

    @property
    def effective_on(self) -> date:
        """The day from which calendars reckon with it: of issue, else the first day arranged."""
        return self.issued_on or min(day.day for day in self.days)


def parse(file: PackFile) -> tuple[Notice | None, list[PackError]]:
    """Return the notice that `file` holds, or what is wrong with it."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    year = fields.whole("year", least=FIRST_YEAR, most=LAST_YEAR)
    notice_fields = {
        "supplement": fields.flag("supplement"),
        "title": fields.text("title", longest=200),
        "number": fields.text("number", required=False, longest=60),
        "source": fields.text("source"),
        "note": fields.text("note", required=False),
    }
    issued_on = fields.day("issued_on", required=False)
    days: dict[date, Day] = {}
    for festival in fields.rows("festivals"):
        _read_festival(festival, year=year, days=days)
    fields.done()
    if not errors and not days:
        fields.refuse("festivals", "没有列出任何日期。", "请按通知逐个节日填写。")
    if errors:
        return None, errors
    notice = Notice(
        slug=file.name,
        year=year,
        supplement=bool(notice_fields["supplement"]),
        title=str(notice_fields["title"]),
        number=str(notice_fields["number"]),
        source=str(notice_fields["source"]),
        note=str(notice_fields["note"]),
        issued_on=issued_on,
        days=tuple(days[day] for day in sorted(days)),
        sha256=file.sha256,
    )
    return notice, []


def _read_festival(fields: Fields, *, year: int, days: dict[date, Day]) -> None:
    name = fields.text("name", longest=40)
    first = fields.day("first")
    last = fields.day("last", required=False) or first
    worked = fields.days("worked", required=False)
    fields.done()
    if first is None or last is None:
        return
    if last < first:
        fields.refuse("last", f"为 {last}，早于 first（{first}）。", "请核对放假的起止日期。")
        return
    if (last - first).days >= LONGEST_FESTIVAL_DAYS:
        fields.refuse(
            "last",
            f"距 first 超过 {LONGEST_FESTIVAL_DAYS} 天。",
            "请核对放假的起止日期；确有更长假期的，请分两条写。",
        )
        return
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        place = "first" if offset == 0 else "last"
        _add(fields, place, Day(day=day, kind=DayKind.HOLIDAY, festival=name), year, days)
    for index, day in enumerate(worked):
        place = f"worked[{index}]"
        if day.weekday() < SATURDAY:
            fields.refuse(
                place, f"{day} 不是周六或周日。", "调休上班只能在周末，请对照通知核对日期。"
            )
        else:
            _add(fields, place, Day(day=day, kind=DayKind.WORKDAY, festival=name), year, days)


def _add(fields: Fields, place: str, day: Day, year: int, days: dict[date, Day]) -> None:
    if day.day.year != year and (day.day.year, day.day.month) != (year - 1, DECEMBER):
        fields.refuse(
            place,
            f"{day.day} 不在 {year} 年（或上年12月）之内。",
            "请核对年份；别的年份写在别的文件里。",
        )
    elif day.day in days:
        fields.refuse(
            place,
            f"{day.day} 已经列在“{days[day.day].festival}”（{days[day.day].kind.label}）之下。",
            "同一天在一份通知里只能写一次，请核对。",
        )
    else:
        days[day.day] = day


def check_years(
    notices: Iterable[tuple[PackFile, Notice]], *, loaded_years: Iterable[int]
) -> list[PackError]:
    """Refuse two notices for one year, years without a notice, supplements to nothing.

    Args:
        notices: The notices of this loading with their files.
        loaded_years: Years that other loaded notices arrange.
    """
    errors: list[PackError] = []
    years = set(loaded_years)
    seen: dict[int, str] = {}
    notices = list(notices)
    for file, notice in notices:
        if notice.supplement:
            continue
        if notice.year in seen:
            errors.append(
                file.error(
                    "year",
                    f"{notice.year} 年已由 {seen[notice.year]} 安排。",
                    "一年只有一份年度通知；补充通知请加“supplement: true”。",
                )
            )
        seen[notice.year] = file.path
        years.add(notice.year)
    for file, notice in notices:
        if notice.supplement and notice.year not in years:
            errors.append(
                file.error(
                    "year",
                    f"补充了 {notice.year} 年，但没有该年的年度通知。",
                    "请先写年度通知的文件。",
                )
            )
        elif not notice.supplement and notice.year - 1 not in years and notice.year > min(years):
            errors.append(
                file.error(
                    "year",
                    f"{notice.year - 1} 年没有通知，日历会断开。",
                    f"请补上 {notice.year - 1} 年的文件。",
                )
            )
    return errors


def calendar(notices: Sequence[Notice]) -> WorkdayCalendar:
    """Return the calendar that the notices make together.

    It covers the unbroken run of years that ends with the latest one. Where notices differ on
    a day, the one of later effect holds.

    Raises:
        CalendarGapError: there is no notice at all.
    """
    years = {notice.year for notice in notices if not notice.supplement}
    if not years:
        raise CalendarGapError(
            "尚未装入任何节假日安排通知，无法推算工作日，请先装入全国内容包（packs/national）。"
        )
    last = max(years)
    first = next(year for year in range(last, 0, -1) if year - 1 not in years)
    kinds: dict[date, DayKind] = {}
    for notice in sorted(notices, key=lambda notice: (notice.effective_on, notice.slug)):
        kinds.update({day.day: day.kind for day in notice.days})
    return WorkdayCalendar(
        first=date(first, 1, 1),
        last=date(last, 12, 31),
        holidays=frozenset(day for day, kind in kinds.items() if kind is DayKind.HOLIDAY),
        workdays=frozenset(day for day, kind in kinds.items() if kind is DayKind.WORKDAY),
    )
