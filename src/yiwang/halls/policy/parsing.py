"""Reading the section `halls` of a pack: a list of halls per file."""

from __future__ import annotations

import re
from datetime import time

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.halls.policy.plans import (
    Booking,
    Fact,
    HallPlan,
    Hours,
    Standard,
    Zone,
    numbered,
    repeated,
)
from yiwang.halls.policy.terms import Priority

CODE = re.compile(r"[a-z][a-z0-9-]{0,38}")
LETTER = re.compile(r"[A-Z]")
WINDOWS_MAX = 200
SLOT_MAX_MINUTES = 240


def parse(file: PackFile) -> tuple[list[HallPlan], list[PackError]]:
    """Read one file of the section; what is wrong is left out and named in the errors."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    source = fields.text("source", longest=500)
    note = fields.text("note", required=False, longest=500)
    found = [_hall(row, source, note) for row in fields.rows("halls")]
    fields.done()
    return [one for one in found if one is not None], errors


def _hall(row: Fields, source: str, note: str) -> HallPlan | None:
    before = len(row.errors)
    code = row.text("code", longest=40)
    if code and not CODE.fullmatch(code):
        row.refuse("code", f"为“{code}”，不是大厅代号。", "请用小写字母开头的英文代号。")
    zones = [_zone(one) for one in row.rows("zones")]
    known = [zone for zone in zones if zone is not None]
    if twice := repeated([zone.code for zone in known]) or repeated(
        [zone.letter for zone in known]
    ):
        row.refuse("zones", f"“{twice[0]}”写了两次。", "每个区的代号和字母各不相同。")
    priority = row.inner("priority")
    plan = HallPlan(
        code=code,
        name=row.text("name", longest=120),
        department=row.text("department", longest=40),
        address=row.text("address", required=False, longest=200),
        phone=row.text("phone", required=False, longest=40),
        hours=tuple(one for one in map(_hours, row.rows("hours")) if one is not None),
        hours_note=row.text("hours_note", required=False, longest=200),
        zones=tuple(known),
        priorities=_priorities(priority) if priority else (),
        in_a_row=priority.whole("in_a_row", least=1, most=20) if priority else 1,
        priority_source=priority.text("source", longest=300) if priority else "",
        standards=tuple(_standard(one) for one in row.rows("standards", required=False)),
        facts=tuple(_fact(one) for one in row.rows("facts", required=False)),
        source=source,
        note=note,
    )
    if priority:
        priority.done()
    row.done()
    if not plan.zones and len(row.errors) == before:
        row.refuse("zones", "没有写任何一个区。", "请至少写一个区。")
    return plan if len(row.errors) == before else None


def _priorities(row: Fields) -> tuple[Priority, ...]:
    known = {one.value for one in Priority} - {Priority.NONE.value}
    found = row.texts("kinds")
    for index, one in enumerate(found):
        if one not in known:
            row.refuse(
                f"kinds[{index}]",
                f"为“{one}”，不在可选值之中。",
                f"请改为下列之一：{'、'.join(sorted(known))}。",
            )
    return tuple(Priority(one) for one in found if one in known)


def _hours(row: Fields) -> Hours | None:
    first = row.whole("from_day", least=1, most=7)
    last = row.whole("to_day", least=1, most=7)
    since, until = _time(row, "from"), _time(row, "to")
    row.done()
    if since is None or until is None or not first or not last:
        return None
    if until <= since or last < first:
        row.refuse("to", "不晚于开始。", "请写晚于开始的时间，星期从小到大写。")
        return None
    return Hours(days=tuple(range(first, last + 1)), since=since, until=until)


def _time(row: Fields, name: str) -> time | None:
    text = row.text(name, longest=5)
    if len(text) == len("09:00"):
        try:
            return time.fromisoformat(text)
        except ValueError:
            pass
    row.refuse(name, "不是时间。", "请写成“09:00”的形式，加引号。")
    return None


def _zone(row: Fields) -> Zone | None:
    before = len(row.errors)
    code = row.text("code", longest=40)
    name = row.text("name", longest=60)
    letter = row.text("letter", longest=1)
    if letter and not LETTER.fullmatch(letter):
        row.refuse("letter", f"为“{letter}”，不是字母。", "请写一个大写字母，号码以它开头。")
    windows = numbered(letter, row.whole("windows", least=1, most=WINDOWS_MAX))
    departments = tuple(row.texts("departments", required=False))
    inner = row.inner("booking", required=False)
    booking = _booking(inner, windows) if inner else None
    row.done()
    if len(row.errors) > before:
        return None
    return Zone(
        code=code,
        name=name,
        letter=letter,
        windows=windows,
        departments=departments,
        booking=booking,
    )


def _booking(row: Fields, windows: tuple[str, ...]) -> Booking:
    count = row.whole("windows", least=1, most=WINDOWS_MAX)
    if count > len(windows):
        row.refuse("windows", f"为 {count}，多于本区窗口数。", "请写不多于本区窗口数的整数。")
    booking = Booking(
        slot_minutes=row.whole("slot_minutes", least=5, most=SLOT_MAX_MINUTES),
        windows=windows[:count],
        per_window=row.whole("per_window", least=1, most=50),
        days_ahead=row.whole("days_ahead", least=1, most=60),
        cancel_minutes=row.whole(
            "cancel_minutes", required=False, least=0, most=10_000, default=60
        ),
        early_minutes=row.whole("early_minutes", required=False, least=0, most=240, default=30),
        late_minutes=row.whole("late_minutes", required=False, least=0, most=240, default=15),
    )
    row.done()
    return booking


def _standard(row: Fields) -> Standard:
    found = Standard(
        code=row.text("code", longest=40),
        text=row.text("text", longest=300),
        source=row.text("source", longest=200),
    )
    row.done()
    return found


def _fact(row: Fields) -> Fact:
    found = Fact(
        label=row.text("label", longest=60),
        value=row.text("value", longest=60),
        source=row.text("source", longest=200),
    )
    row.done()
    return found
