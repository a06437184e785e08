"""What the gateway does about events from below; each handler may be called again."""

from __future__ import annotations

from yiwang.cases.events import (
    CaseAccepted,
    CaseClosed,
    CaseCorrected,
    CaseSubmitted,
    ExtensionDecided,
    HearingAsked,
)
from yiwang.exchange import services
from yiwang.exchange.policy.terms import PushKind


def on_case_submitted(event: CaseSubmitted) -> None:
    """Have the department's system told of a case that was received."""
    services.queue_push(number=event.number, kind=PushKind.RECEIVED)


def on_case_accepted(event: CaseAccepted) -> None:
    """Have it told that the case was accepted."""
    services.queue_push(number=event.number, kind=PushKind.ACCEPTED)


def on_case_corrected(event: CaseCorrected) -> None:
    """Have it told that the applicant filed the correction."""
    services.queue_push(number=event.number, kind=PushKind.CORRECTED)


def on_hearing_asked(event: HearingAsked) -> None:
    """Have it told that the applicant wants the hearing."""
    services.queue_push(number=event.number, kind=PushKind.HEARING_ASKED)


def on_extension_decided(event: ExtensionDecided) -> None:
    """Have it told whether more days were approved; a second request may follow a decline."""
    services.queue_push(number=event.number, kind=PushKind.EXTENSION, moment=event.decided_at)


def on_case_closed(event: CaseClosed) -> None:
    """Have it told that nothing follows: decided, withdrawn or ended."""
    services.queue_push(number=event.number, kind=PushKind.CLOSED)
