"""What supervision does about events from below; each handler may be called again."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

from yiwang.cases.events import CaseGranted
from yiwang.licences.events import LicenceStateChanged
from yiwang.licences.policy.states import LicenceState
from yiwang.supervision import services

JOB = "job:double-notice"
"""Who acts in the trail: the notice to the supervising department (双告知)."""


def on_case_granted(event: CaseGranted) -> None:
    """Put the new licence holder on the supervising department's list (双告知)."""
    services.add_subject(
        subject_ref=event.holder_ref,
        name=event.holder_name,
        item_slug=event.item_slug,
        item_name=event.item_name,
        department=event.supervising_department,
        case_number=event.number,
        licence_identifier=event.licence_identifier,
        listed_on=event.granted_on,
        by=JOB,
        at=_start_of(event.granted_on),
    )


def _start_of(day: date) -> datetime:
    """Return the first moment of `day`; events carry days and handlers read no clock."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


ENDED = frozenset(
    {
        LicenceState.CANCELLED.value,
        LicenceState.REVOKED.value,
        LicenceState.WITHDRAWN.value,
        LicenceState.FORFEITED.value,
    }
)
"""States after which nobody is a holder any more; a replaced licence has a successor."""


def on_licence_state_changed(event: LicenceStateChanged) -> None:
    """Take the holder of an ended licence off the list."""
    if event.state not in ENDED:
        return
    label = LicenceState(event.state).label
    services.remove_subject(
        licence_identifier=event.identifier,
        reason=f"证照{label}：{event.reason}" if event.reason else f"证照{label}",
        removed_on=timezone.localdate(event.changed_at),
        by=JOB,
        at=event.changed_at,
    )
