"""Finding reads that ask for a look, and closing what was found (查看告警)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from django.db import transaction

from yiwang.audit.events import ReadAlarmRaised
from yiwang.audit.models import READS, AlarmMark, AuditEvent, AuditLeaf, ReadAlarm
from yiwang.audit.policy import alarms
from yiwang.audit.policy.alarms import AlarmKind, AlarmRules, Read
from yiwang.audit.queries import AlarmView, alarm_view
from yiwang.audit.services.recording import record
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError

BATCH_LEAVES = 20_000
"""Leaves looked at in one transaction."""

BATCHES = 10
"""Batches of one run; what is left waits for the next."""

WORDS_MIN_CHARS = 4
WORDS_MAX_CHARS = 1_000


class AlarmRefusedError(RefusedError):
    """The alarm cannot be closed so."""

    code = "audit.alarm_refused"


def find_alarms(
    *,
    rules: AlarmRules,
    zone: tzinfo,
    is_workday: Callable[[date], bool],
    staff: Callable[[Collection[str]], Collection[str]],
    by: str,
    at: datetime,
) -> list[AlarmView]:
    """Look at what was sealed since the last run, and raise or widen alarms.

    Only the days of persons and objects that were read since are reckoned anew, so that a run
    costs what happened and not what the trail holds. An alarm that was closed stays closed;
    later reads of that day raise another once they are too many by themselves.

    Args:
        rules: The numbers of the packs.
        zone: Where days and hours are reckoned.
        is_workday: Whether people work on a day.
        staff: Which of some refs are accounts of staff; others look at what is their own.
        by: A named job.
        at: Moment of the run.

    Returns:
        Alarms that were raised, not those that were widened.
    """
    raised: list[AlarmView] = []
    for _batch in range(BATCHES):
        found = _batch_of(rules=rules, zone=zone, is_workday=is_workday, staff=staff, by=by, at=at)
        if found is None:
            break
        raised += found
    return raised


@transaction.atomic
def _batch_of(
    *,
    rules: AlarmRules,
    zone: tzinfo,
    is_workday: Callable[[date], bool],
    staff: Callable[[Collection[str]], Collection[str]],
    by: str,
    at: datetime,
) -> list[AlarmView] | None:
    """Look at one batch; None: nothing is new."""
    AlarmMark.objects.get_or_create(pk=1)
    mark = AlarmMark.objects.select_for_update().get(pk=1)
    size = (
        AuditLeaf.objects.filter(index__gte=mark.seen).order_by("-index").values_list("index")
    ).first()
    if size is None:
        return None
    end = min(size[0] + 1, mark.seen + BATCH_LEAVES)
    new = _reads(sealed__index__gte=mark.seen, sealed__index__lt=end)
    mark.seen = end
    mark.save(update_fields=["seen"])
    own = set(staff({read.actor for read in new}))
    new = [read for read in new if read.actor in own]
    raised = []
    for kind, subject, day in _keys(new, zone=zone):
        begin = datetime.combine(day, time.min, tzinfo=zone)
        ends = begin + timedelta(days=1)
        last = (
            ReadAlarm.objects.filter(kind=kind.value, subject=subject, day=day)
            .order_by("-id")
            .first()
        )
        if kind is AlarmKind.SAME_OBJECT:
            reads = _reads(target=subject, at__gte=begin, at__lt=ends)
            known = set(staff({read.actor for read in reads}))
            reads = [read for read in reads if read.actor in known]
        else:
            earlier = timedelta(minutes=rules.mass_minutes if kind is AlarmKind.MASS else 0)
            reads = _reads(actor=subject, at__gte=begin - earlier, at__lt=ends)
        if last is not None and last.closed_at is not None:
            reads = [read for read in reads if read.at > last.until]
            last = None
        if kind is AlarmKind.MASS:
            reads = alarms.mass(reads, day=day, zone=zone, rules=rules)
        elif kind is AlarmKind.OFF_HOURS:
            reads = alarms.off_hours(reads, zone=zone, is_workday=is_workday, rules=rules)
        else:
            reads = alarms.same_object(reads, rules=rules)
        if not reads:
            continue
        if last is not None:
            _widen(last, reads)
            continue
        row = ReadAlarm.objects.create(
            kind=kind.value,
            subject=subject,
            day=day,
            rule=alarms.in_words(kind, rules),
            since=reads[0].at,
            until=reads[-1].at,
            reads=len(reads),
            readers=sorted({read.actor for read in reads}),
            raised_at=at,
        )
        record(
            at=at,
            actor=by,
            act="audit.raise_alarm",
            target=f"alarm:{row.pk}",
            detail={"kind": kind, "subject": subject, "day": day, "reads": row.reads},
        )
        events.publish(ReadAlarmRaised(alarm_id=row.pk, raised_at=at))
        raised.append(alarm_view(row))
    return raised


def _widen(row: ReadAlarm, reads: Sequence[Read]) -> None:
    row.since, row.until = min(row.since, reads[0].at), max(row.until, reads[-1].at)
    row.reads = max(row.reads, len(reads))
    row.readers = sorted({*row.readers, *(read.actor for read in reads)})
    row.save(update_fields=["since", "until", "reads", "readers"])


def _reads(**wanted: object) -> list[Read]:
    return [
        Read(id=row[0], at=row[1], actor=row[2], target=row[3])
        for row in AuditEvent.objects.filter(act__in=READS, **wanted)
        .order_by("at", "id")
        .values_list("id", "at", "actor", "target")
    ]


def _keys(reads: Iterable[Read], *, zone: tzinfo) -> list[tuple[AlarmKind, str, date]]:
    """Return what is reckoned anew, in a fixed order."""
    found: set[tuple[AlarmKind, str, date]] = set()
    for read in reads:
        day = read.at.astimezone(zone).date()
        found.add((AlarmKind.MASS, read.actor, day))
        found.add((AlarmKind.OFF_HOURS, read.actor, day))
        if not read.target.endswith((":none", ":all")):
            found.add((AlarmKind.SAME_OBJECT, read.target, day))
    return sorted(found, key=lambda one: (one[2], one[0].value, one[1]))


@transaction.atomic
def close_alarm(*, alarm_id: int, words: str, by: str, at: datetime, ip: str = "") -> AlarmView:
    """Close an alarm with what was found; nobody whose reads it is about may.

    The caller has asked for the permission.

    Raises:
        LookupError: there is no such alarm.
        AlarmRefusedError: closed already, no words, or one's own reads.
    """
    row = ReadAlarm.objects.select_for_update().filter(pk=alarm_id).first()
    if row is None:
        raise LookupError(f"alarm:{alarm_id}")
    if row.closed_at is not None:
        raise AlarmRefusedError("这条告警已经处理过，请看处理情况。")
    if by in row.readers:
        raise AlarmRefusedError("这条告警涉及您本人的查看，请由其他审计人员处理。")
    text = words.strip()
    if not WORDS_MIN_CHARS <= len(text) <= WORDS_MAX_CHARS:
        raise AlarmRefusedError(
            f"请用{WORDS_MIN_CHARS}至{WORDS_MAX_CHARS}个字写明核实的情况和处理结果。"
        )
    row.closed_at, row.closed_by, row.words = at, by, text
    record(
        at=at,
        actor=by,
        act="audit.close_alarm",
        target=f"alarm:{row.pk}",
        detail={"kind": row.kind, "subject": row.subject, "words": text},
        ip=ip,
    )
    row.save(update_fields=["closed_at", "closed_by", "words"])
    return alarm_view(row)
