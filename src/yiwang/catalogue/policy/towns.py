"""Items sunk to the centres of towns (事项下沉): in which mode, from when, by which document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.kernel.terms import Term

EVERY_CENTRE = ""
"""Instead of a centre: all centres of the district."""

_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


class TownMode(Term):
    """What the window of a town does with an application (街镇办理方式)."""

    DIRECT = "direct", "直接受理"
    FORWARDED = "forwarded", "收受分离"


class InNameOf(Term):
    """In whose name a town's window accepts, as the law of the item says (受理名义)."""

    DEPARTMENT = "department", "主管部门"
    TOWN = "town", "街镇"


@dataclass(frozen=True, kw_only=True)
class TownLine:
    """One arrangement as a pack writes it.

    Attributes:
        item: Slug.
        centre: Code of a community centre; EVERY_CENTRE: each of them.
        document: Number of the document that says so, or that the content is ours.
        valid_until: First day on which it no longer holds; None: no end is written.
    """

    item: str
    centre: str
    mode: TownMode
    in_name_of: InNameOf
    document: str
    note: str
    valid_from: date
    valid_until: date | None

    @property
    def key(self) -> tuple[str, str, date]:
        """What an arrangement is known by; the same key again changes it."""
        return self.item, self.centre, self.valid_from

    def holds_on(self, day: date) -> bool:
        """Tell whether it is in force that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


def at_centre(lines: Iterable[TownLine], centre: str, *, on: date) -> TownLine | None:
    """Return which arrangement of one item holds at a centre that day; None: it is not done there.

    What is written for the centre goes before what is written for all.
    """
    found = [one for one in lines if one.holds_on(on) and one.centre in (centre, EVERY_CENTRE)]
    return max(found, key=lambda one: (one.centre != EVERY_CENTRE, one.valid_from), default=None)


def begins_at(lines: Iterable[TownLine], centre: str, *, after: date) -> date | None:
    """Return the first day after `after` from which the item is done at the centre, if any."""
    days = [
        one.valid_from
        for one in lines
        if one.valid_from > after and one.centre in (centre, EVERY_CENTRE)
    ]
    return min(days, default=None)


def overlapping(lines: Iterable[TownLine]) -> list[tuple[TownLine, TownLine]]:
    """Return pairs of arrangements of one item at one centre of which both hold on some day."""
    pairs = []
    last: TownLine | None = None
    for one in sorted(lines, key=lambda one: one.key):
        same = last is not None and (last.item, last.centre) == (one.item, one.centre)
        if last is not None and same and (last.valid_until or date.max) > one.valid_from:
            pairs.append((last, one))
        last = one
    return pairs


def parse(file: PackFile) -> tuple[list[tuple[str, TownLine]], list[PackError]]:
    """Return the arrangements in `file` with their places, and what is wrong with the others."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    fields.text("source", longest=500)
    fields.text("note", required=False, longest=500)
    found: list[tuple[str, TownLine]] = []
    for row in fields.rows("town_items"):
        found += [(row.place, one) for one in _lines(row)]
    fields.done()
    return found, errors


def _lines(row: Fields) -> Sequence[TownLine]:
    before = len(row.errors)
    item = row.text("item", longest=80)
    if item and not _SLUG.fullmatch(item):
        row.refuse("item", f"为“{item}”，不是事项标识。", "请填写事项文件中的 slug。")
    centres = row.texts("centres", required=False) if row.has("centres") else [EVERY_CENTRE]
    if not centres:
        row.refuse(
            "centres", "没有写任何一个受理中心。", "请写受理中心的代号；全部中心的删去这一行。"
        )
    if len(set(centres)) < len(centres):
        row.refuse("centres", "有一个受理中心写了两次。", "请删去一处。")
    mode = row.choice("mode", [one.value for one in TownMode])
    name = row.choice(
        "in_name_of",
        [one.value for one in InNameOf],
        required=False,
        default=InNameOf.DEPARTMENT.value,
    )
    if (mode, name) == (TownMode.FORWARDED.value, InNameOf.TOWN.value):
        row.refuse(
            "in_name_of",
            "收受分离的由主管部门受理，不能以街镇名义受理。",
            "请删去这一行，或者把 mode 改为 direct。",
        )
    document = row.text("document", longest=200)
    note = row.text("note", required=False, longest=300)
    first = row.day("from")
    until = row.day("until", required=False)
    if first is not None and until is not None and until <= first:
        row.refuse(
            "until", f"为 {until}，不晚于 from。", "请写不再这样办的第一天，或者删去这一行。"
        )
    row.done()
    if len(row.errors) > before or first is None:
        return []
    return [
        TownLine(
            item=item,
            centre=centre,
            mode=TownMode(mode),
            in_name_of=InNameOf(name),
            document=document,
            note=note,
            valid_from=first,
            valid_until=until,
        )
        for centre in centres
    ]
