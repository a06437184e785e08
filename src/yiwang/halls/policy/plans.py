"""What a hall is: zones, windows, hours, rules of the queue and of appointments (大厅)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from yiwang.halls.policy.terms import Priority


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Opening hours on some days of the week, 1 is Monday; `until` is exclusive."""

    days: tuple[int, ...]
    since: time
    until: time


@dataclass(frozen=True, kw_only=True)
class Booking:
    """How appointments are given in a zone.

    Attributes:
        slot_minutes: Length of a slot.
        windows: Windows that serve appointments.
        per_window: Appointments of one window in one slot.
        days_ahead: Furthest day, counted from today.
        cancel_minutes: Until how long before the slot it may be cancelled.
        early_minutes: How long before the slot one may check in.
        late_minutes: How long after its beginning one may still check in.
    """

    slot_minutes: int
    windows: tuple[str, ...]
    per_window: int
    days_ahead: int
    cancel_minutes: int = 60
    early_minutes: int = 30
    late_minutes: int = 15


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A part of the hall with windows that do the same (功能区).

    Attributes:
        letter: First letter of its tickets and windows.
        departments: Departments whose items are done here; empty: those of all others.
    """

    code: str
    name: str
    letter: str
    windows: tuple[str, ...]
    departments: tuple[str, ...] = ()
    booking: Booking | None = None


@dataclass(frozen=True, kw_only=True)
class Standard:
    """One standard that a hall is checked against (标准化检查项)."""

    code: str
    text: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A published number about the hall, with its source; not reckoned."""

    label: str
    value: str
    source: str


@dataclass(frozen=True, kw_only=True)
class HallPlan:
    """One hall as a pack describes it.

    Attributes:
        department: Unit whose clerks sit at its windows.
        hours_note: What a reader must know about the hours, such as that they are not confirmed.
        priorities: Who is served before others.
        in_a_row: Most of them called one after another while somebody else waits.
        priority_source: Where the rule comes from.
    """

    code: str
    name: str
    department: str
    address: str
    phone: str
    hours: tuple[Hours, ...]
    hours_note: str
    zones: tuple[Zone, ...]
    priorities: tuple[Priority, ...]
    in_a_row: int
    priority_source: str
    standards: tuple[Standard, ...] = ()
    facts: tuple[Fact, ...] = ()
    source: str = ""
    note: str = ""

    def zone(self, code: str) -> Zone:
        """Return the zone `code`.

        Raises:
            LookupError: there is none.
        """
        for zone in self.zones:
            if zone.code == code:
                return zone
        raise LookupError(f"no zone {code[:40]!r}")

    def zone_of_window(self, window: str) -> Zone | None:
        """Return the zone in which `window` is, or None."""
        return next((zone for zone in self.zones if window in zone.windows), None)

    def zone_for(self, department: str) -> Zone:
        """Return the zone for items of `department`: the one that names it, else the general."""
        for zone in self.zones:
            if department in zone.departments:
                return zone
        return next((zone for zone in self.zones if not zone.departments), self.zones[0])

    def is_open(self, at: datetime, *, workday: bool) -> bool:
        """Tell whether the hall is open at `at`, a local moment.

        Args:
            at: The moment, in the time of the place.
            workday: Whether that day is worked.
        """
        return any(span.since <= at.time() < span.until for span in self.hours_on(at, workday))

    def hours_on(self, day: date, workday: bool) -> list[Hours]:
        """Return the hours of `day`: a weekday off has none, a weekend worked has Monday's."""
        weekday = day.isoweekday()
        if weekday <= FRIDAY and not workday:
            return []
        if weekday > FRIDAY and workday and not self._on(weekday):
            weekday = 1
        return self._on(weekday)

    def _on(self, weekday: int) -> list[Hours]:
        return [span for span in self.hours if weekday in span.days]


FRIDAY = 5


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A stretch of time that may be booked."""

    starts_at: datetime
    ends_at: datetime
    left: int


def slots_of(
    plan: HallPlan,
    zone: Zone,
    day: date,
    *,
    workday: bool,
    taken: Mapping[datetime, int],
    at: datetime,
    zone_info: Any,
) -> list[Slot]:
    """Return the slots of a zone on a day that are not over, full ones with nothing left.

    Args:
        plan: The hall.
        zone: The zone.
        day: The day.
        workday: Whether it is worked.
        taken: Beginning of a slot -> appointments in it.
        at: Moment of asking; slots that began are left out.
        zone_info: Time zone of the place.
    """
    booking = zone.booking
    if booking is None or not booking.windows:
        return []
    capacity = len(booking.windows) * booking.per_window
    length = timedelta(minutes=booking.slot_minutes)
    slots = []
    for span in plan.hours_on(day, workday):
        begin = datetime.combine(day, span.since, tzinfo=zone_info)
        last = datetime.combine(day, span.until, tzinfo=zone_info)
        while begin + length <= last:
            if begin > at:
                slots.append(
                    Slot(
                        starts_at=begin,
                        ends_at=begin + length,
                        left=max(capacity - taken.get(begin, 0), 0),
                    )
                )
            begin += length
    return slots


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A ticket that waits, as the rule of the queue sees it.

    Attributes:
        first: Goes before others: a priority, a transfer, an appointment whose time has come.
    """

    id: int
    taken_at: datetime
    first: bool


def next_ticket(waiting: Iterable[Waiting], *, run: int, in_a_row: int) -> Waiting | None:
    """Return whose turn it is; None: nobody waits.

    Those who go first are called in the order of arrival, but not more than `in_a_row` of them
    one after another while somebody else waits.

    Args:
        waiting: Tickets that wait.
        run: How many that go first were called one after another so far.
        in_a_row: The bound.
    """
    ordered = sorted(waiting, key=lambda one: (one.taken_at, one.id))
    first = next((one for one in ordered if one.first), None)
    other = next((one for one in ordered if not one.first), None)
    if first is None or (other is not None and run >= in_a_row):
        return other
    return first


def to_plain(plan: HallPlan) -> dict[str, Any]:
    """Return `plan` as JSON-ready values."""
    plain = asdict(plan)
    for span in plain["hours"]:
        span["since"], span["until"] = f"{span['since']:%H:%M}", f"{span['until']:%H:%M}"
    plain["priorities"] = [one.value for one in plan.priorities]
    return plain


def from_plain(plain: Mapping[str, Any]) -> HallPlan:
    """Return the hall that `to_plain` wrote."""
    return HallPlan(
        **{
            **plain,
            "hours": tuple(
                Hours(
                    days=tuple(span["days"]),
                    since=time.fromisoformat(span["since"]),
                    until=time.fromisoformat(span["until"]),
                )
                for span in plain["hours"]
            ),
            "zones": tuple(_zone(one) for one in plain["zones"]),
            "priorities": tuple(Priority(one) for one in plain["priorities"]),
            "standards": tuple(Standard(**one) for one in plain["standards"]),
            "facts": tuple(Fact(**one) for one in plain["facts"]),
        }
    )


def _zone(plain: Mapping[str, Any]) -> Zone:
    booking = plain.get("booking")
    return Zone(
        **{
            **plain,
            "windows": tuple(plain["windows"]),
            "departments": tuple(plain["departments"]),
            "booking": Booking(**{**booking, "windows": tuple(booking["windows"])})
            if booking
            else None,
        }
    )


@dataclass(frozen=True, kw_only=True)
class Percentiles:
    """Waiting times in minutes; None where nobody was called."""

    called: int = 0
    p50: float | None = None
    p90: float | None = None


def numbered(letter: str, count: int) -> tuple[str, ...]:
    """Return `count` window labels, from A01 on."""
    return tuple(f"{letter}{place:02d}" for place in range(1, count + 1))


def repeated(values: Sequence[str]) -> list[str]:
    """Return what stands twice in `values`."""
    seen: set[str] = set()
    twice = []
    for value in values:
        if value in seen:
            twice.append(value)
        seen.add(value)
    return twice
