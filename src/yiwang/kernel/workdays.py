"""Working days: Monday to Friday, less public holidays, plus days worked in exchange (工作日)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date

from yiwang.kernel.errors import RefusedError

SATURDAY = 5
"""`date.weekday()` of the first day of the weekend."""


class CalendarGapError(RefusedError):
    """The count leaves the years for which holiday notices are loaded."""

    code = "kernel.calendar_gap"


@dataclass(frozen=True, kw_only=True)
class WorkdayCalendar:
    """The working days of a closed span of days (工作日历).

    A day that stands in both sets is a holiday. All working days are counted once, when the
    calendar is made; a question afterwards is a search in a sorted row.

    Attributes:
        first: First day covered.
        last: Last day covered, inclusive.
        holidays: Days off by a holiday notice (放假调休).
        workdays: Weekend days worked in exchange (调休上班).

    Source:
        行政许可法 第八十二条 (working days, public holidays not included);
        全国年节及纪念日放假办法 and the yearly notices of the State Council.
    """

    first: date
    last: date
    holidays: frozenset[date]
    workdays: frozenset[date]
    _ordinals: array[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("last lies before first")
        off = {day.toordinal() for day in self.holidays}
        worked = {day.toordinal() for day in self.workdays}
        ordinals = array(
            "l",
            (
                ordinal
                for ordinal in range(self.first.toordinal(), self.last.toordinal() + 1)
                if ordinal not in off and ((ordinal - 1) % 7 < SATURDAY or ordinal in worked)
            ),
        )
        object.__setattr__(self, "_ordinals", ordinals)

    def is_workday(self, day: date) -> bool:
        """Tell whether `day` is a working day.

        Raises:
            CalendarGapError: `day` is not covered.
        """
        ordinal = self._covered(day)
        place = bisect_left(self._ordinals, ordinal)
        return place < len(self._ordinals) and self._ordinals[place] == ordinal

    def add_workdays(self, day: date, n: int) -> date:
        """Return the n-th working day after `day`; before it when `n` is negative.

        `day` itself is never counted; `n` = 0 gives `day`.

        Raises:
            CalendarGapError: `day` or the result is not covered.

        Source:
            民法典 第二百零一条第一款 (the first day is not counted).

        Example:
            The third working day after Friday 2026-03-06 is Wednesday 2026-03-11.
        """
        ordinal = self._covered(day)
        if n == 0:
            return day
        if n > 0:
            place = bisect_right(self._ordinals, ordinal) + n - 1
        else:
            place = bisect_left(self._ordinals, ordinal) + n
        if place < 0:
            raise self._gap_before()
        if place >= len(self._ordinals):
            raise self._gap_after()
        return date.fromordinal(self._ordinals[place])

    def workdays_between(self, start: date, end: date) -> int:
        """Count the working days in (`start`, `end`]; negative when `end` lies before `start`.

        Raises:
            CalendarGapError: one of the two is not covered.
        """
        after = bisect_right(self._ordinals, self._covered(end))
        return after - bisect_right(self._ordinals, self._covered(start))

    def _covered(self, day: date) -> int:
        if day < self.first:
            raise self._gap_before()
        if day > self.last:
            raise self._gap_after()
        return day.toordinal()

    def _gap_before(self) -> CalendarGapError:
        return CalendarGapError(
            f"工作日历自{_chinese(self.first)}起，更早的日期无法推算，"
            f"请装入国务院办公厅关于{self.first.year - 1}年部分节假日安排的通知。"
        )

    def _gap_after(self) -> CalendarGapError:
        return CalendarGapError(
            f"工作日历只到{_chinese(self.last)}，其后的日期无法推算，"
            f"请装入国务院办公厅关于{self.last.year + 1}年部分节假日安排的通知。"
        )


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
