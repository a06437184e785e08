"""What this package does about events: rules tried on past cases, clocks reckoned anew."""

from __future__ import annotations

import structlog

from yiwang.audit.events import ReadAlarmRaised
from yiwang.cases.events import ReplayAsked
from yiwang.cases.services.alarming import tell_auditors
from yiwang.cases.services.automatic import SYSTEM
from yiwang.cases.services.clocks import RECKONED_BY, recompute
from yiwang.cases.services.replaying import run_replay
from yiwang.content import queries as content
from yiwang.content.events import HolidaysLoaded
from yiwang.organisations import scope

log = structlog.get_logger()


def on_replay_asked(event: ReplayAsked) -> None:
    """Try them; a run that died is taken up where it stopped."""
    run_replay(replay_id=event.replay_id, by=SYSTEM, at=event.asked_at)


def on_read_alarm_raised(event: ReadAlarmRaised) -> None:
    """Leave a message for each auditor; a second time tells nobody again."""
    tell_auditors(alarm_id=event.alarm_id, at=event.raised_at)


def on_holidays_loaded(event: HolidaysLoaded) -> None:
    """Reckon every running clock anew; a second time changes nothing."""
    with scope.everything():
        done = recompute(calendar=content.workday_calendar(), by=RECKONED_BY, at=event.at)
    if done.changed or done.failed:
        log.warning("cases.clocks_recomputed", changed=done.changed, failed=done.failed)
