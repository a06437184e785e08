"""When reads of sensitive data ask for a look by the auditor (查看告警).

Three questions: did one person read very much, outside working hours, or did very many read about
the same object. The numbers come from the packs; 0 switches a question off.

Source:
    个人信息保护法 第五十一条 (measures against unauthorised access); GB/T 22239-2019 第8.1.4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from yiwang.kernel.terms import Term

PREFIX = "alarms"
"""First part of the keys of these texts of the packs."""

MOST = 10_000
LONGEST_MINUTES = 24 * 60


class AlarmKind(Term):
    """What was out of the ordinary (告警种类)."""

    MASS = "mass", "短时间大量查看"
    OFF_HOURS = "off_hours", "非工作时间查看"
    SAME_OBJECT = "same_object", "多人查看同一对象"


@dataclass(frozen=True, kw_only=True)
class AlarmRules:
    """The numbers; the defaults are our own choice and hold where no pack says otherwise.

    Attributes:
        mass_minutes: Length of the stretch in which one person's reads are counted.
        mass_most: More reads in it raise an alarm; 0: never.
        off_from: Reads before that time of day are outside working hours.
        off_to: Reads from that time of day on are too; so are all of days off.
        off_most: More of them by one person on a day raise an alarm; 0: never.
        same_most: More persons who read about one object on a day raise one; 0: never.
    """

    mass_minutes: int = 60
    mass_most: int = 100
    off_from: time = time(7)
    off_to: time = time(20)
    off_most: int = 5
    same_most: int = 5


@dataclass(frozen=True, kw_only=True)
class Read:
    """One read of sensitive data."""

    id: int
    at: datetime
    actor: str
    target: str


KEYS = (
    *("alarms.mass_minutes", "alarms.mass_most", "alarms.off_from", "alarms.off_to"),
    *("alarms.off_most", "alarms.same_most"),
)


def rules(texts: Mapping[str, str]) -> AlarmRules:
    """Return the rules that texts of the packs say; what is missing or wrong is the default."""
    said = {
        key.removeprefix(f"{PREFIX}."): _value(key, text)
        for key, text in texts.items()
        if not problems(key, text)
    }
    return AlarmRules(**said)  # type: ignore[arg-type]  # the value fits its key


def problems(key: str, text: str) -> list[str]:
    """Return what is wrong with a text of these keys."""
    if key not in KEYS:
        return [f"没有“{key[:40]}”这个设置，可用：{'、'.join(KEYS)}。"]
    plain = text.strip()
    if key in {"alarms.off_from", "alarms.off_to"}:
        try:
            time.fromisoformat(plain)
        except ValueError:
            return [f"应为一天中的时刻，例如 07:00，现为“{plain[:20]}”。"]
        return []
    most = LONGEST_MINUTES if key == "alarms.mass_minutes" else MOST
    least = 1 if key == "alarms.mass_minutes" else 0
    if plain.isascii() and plain.isdecimal() and least <= int(plain) <= most:
        return []
    return [f"应为{least}至{most}的整数，现为“{plain[:20]}”。"]


def _value(key: str, text: str) -> int | time:
    plain = text.strip()
    return time.fromisoformat(plain) if ":" in plain else int(plain)


def in_words(kind: AlarmKind, rules: AlarmRules) -> str:
    """Return the rule that was broken in words, as it was on that day."""
    if kind is AlarmKind.MASS:
        return f"{rules.mass_minutes}分钟内超过{rules.mass_most}次"
    if kind is AlarmKind.OFF_HOURS:
        hours = f"{rules.off_from:%H:%M}以前、{rules.off_to:%H:%M}以后"
        return f"一天中{hours}和休息日超过{rules.off_most}次"
    return f"一天中超过{rules.same_most}人"


def mass(reads: Sequence[Read], *, day: date, zone: tzinfo, rules: AlarmRules) -> list[Read]:
    """Return the reads of one person in every stretch that ends on `day` and holds too many.

    Args:
        reads: Of one person, by moment, from one stretch before the day on.
        day: Calendar day in `zone`.
        zone: Where the day is reckoned.
        rules: The numbers.
    """
    if rules.mass_most == 0:
        return []
    length, first, flagged = timedelta(minutes=rules.mass_minutes), 0, 0
    found: list[Read] = []
    for place, read in enumerate(reads):
        while reads[first].at <= read.at - length:
            first += 1
        if place - first + 1 > rules.mass_most and read.at.astimezone(zone).date() == day:
            found += reads[max(first, flagged) : place + 1]
            flagged = place + 1
    return found


def off_hours(
    reads: Sequence[Read],
    *,
    zone: tzinfo,
    is_workday: Callable[[date], bool],
    rules: AlarmRules,
) -> list[Read]:
    """Return the reads of one person on one day outside working hours, where they are too many."""
    if rules.off_most == 0:
        return []
    found = []
    for read in reads:
        local = read.at.astimezone(zone)
        at_work = rules.off_from <= local.time() < rules.off_to
        if not at_work or not is_workday(local.date()):
            found.append(read)
    return found if len(found) > rules.off_most else []


def same_object(reads: Sequence[Read], *, rules: AlarmRules) -> list[Read]:
    """Return the reads about one object on one day, where too many persons made them."""
    if rules.same_most == 0:
        return []
    return list(reads) if len({read.actor for read in reads}) > rules.same_most else []
