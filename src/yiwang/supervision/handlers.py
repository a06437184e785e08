"""What supervision does about events from below; each handler may be called again."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

from yiwang.cases.events import (
    CaseEnded,
    CaseGranted,
    CheckReopened,
    CommitmentChecked,
    CommittedGrant,
)
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.policy.ending import EndKind
from yiwang.licences import queries as licences
from yiwang.licences.events import LicenceStateChanged
from yiwang.licences.policy.states import LicenceState
from yiwang.supervision import services
from yiwang.supervision.policy.subjects import CommitmentStanding

JOB = "job:double-notice"
"""Who acts in the trail: the notice to the supervising department (双告知)."""

CHECK_JOB = "job:commitment-check"
"""Who acts in the trail: the news of a commitment (告知承诺事后核查)."""


def on_case_granted(event: CaseGranted) -> None:
    """Put the new licence holder on the supervising department's list (双告知).

    Where the licence is the next version of another, its line takes the place of the older one.
    """
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
        granted_at=event.granted_at,
    )
    for identifier in licences.earlier_versions(event.licence_identifier):
        services.remove_subject(
            licence_identifier=identifier,
            reason="证照已换发新版本",
            removed_on=event.granted_on,
            by=JOB,
            at=_start_of(event.granted_on),
        )


def on_committed_grant(event: CommittedGrant) -> None:
    """Mark the new holder as one who was let in on a commitment, above all the first time."""
    services.note_commitment(
        case_number=event.number,
        standing=CommitmentStanding.FIRST if event.first else CommitmentStanding.COMMITTED,
        on=event.granted_on,
        due_on=event.check_due_on,
        by=CHECK_JOB,
        at=_start_of(event.granted_on),
    )


AFTER_CHECK = {
    CheckOutcome.PASS: CommitmentStanding.KEPT,
    CheckOutcome.CORRECT: CommitmentStanding.ORDERED,
    CheckOutcome.REVOKE: CommitmentStanding.BROKEN,
}


def on_commitment_checked(event: CommitmentChecked) -> None:
    """Say on the holder's line what the check of the commitment found."""
    services.note_commitment(
        case_number=event.number,
        standing=AFTER_CHECK[CheckOutcome(event.outcome)],
        on=event.found_on,
        due_on=event.due_on,
        by=CHECK_JOB,
        at=_start_of(event.found_on),
    )


def on_check_reopened(event: CheckReopened) -> None:
    """Say on the holder's line that nothing was revoked and the check is open again."""
    services.note_commitment(
        case_number=event.number,
        standing=CommitmentStanding.REOPENED,
        on=event.reopened_on,
        due_on=event.due_on,
        by=CHECK_JOB,
        at=_start_of(event.reopened_on),
    )


def on_case_ended(event: CaseEnded) -> None:
    """Take the holder of an ended decision without a licence off the list."""
    if event.licence_identifier:
        return  # the licence tells its own end
    label = EndKind(event.kind).label
    services.remove_subject(
        licence_identifier="",
        case_number=event.number,
        reason=f"许可被{label}：{event.reason}",
        removed_on=timezone.localdate(event.ended_at),
        by=JOB,
        at=event.ended_at,
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
    """Take the holder of an ended licence off the list, whichever version put them there."""
    if event.state not in ENDED:
        return
    label = LicenceState(event.state).label
    for identifier in licences.versions(event.identifier):
        services.remove_subject(
            licence_identifier=identifier,
            reason=f"证照{label}：{event.reason}" if event.reason else f"证照{label}",
            removed_on=timezone.localdate(event.changed_at),
            by=JOB,
            at=event.changed_at,
        )
