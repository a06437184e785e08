"""What happened to a case, for packages above to act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from yiwang.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class CaseSubmitted(Event):
    """An application was received (收件)."""

    name: ClassVar[str] = "cases.submitted"

    number: str
    item_slug: str
    applicant_ref: str
    received_on: date
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseAccepted(Event):
    """An application was accepted (受理), by a person or because the law deems it so."""

    name: ClassVar[str] = "cases.accepted"

    number: str
    item_slug: str
    applicant_ref: str
    accepted_on: date
    deemed: bool
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseCorrected(Event):
    """The applicant filed the correction (提交补正)."""

    name: ClassVar[str] = "cases.corrected"

    number: str
    item_slug: str
    corrected_on: date
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class HearingAsked(Event):
    """The applicant asked for the hearing (要求听证)."""

    name: ClassVar[str] = "cases.hearing_asked"

    number: str
    item_slug: str
    requested_on: date
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class ExtensionDecided(Event):
    """More days were approved or declined (批准延长期限、不批准延长期限)."""

    name: ClassVar[str] = "cases.extension_decided"

    number: str
    item_slug: str
    approved: bool
    decided_at: datetime
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseGranted(Event):
    """What was applied for was granted (准予).

    Attributes:
        granted_at: Moment of the decision; None in news sent before it was told.
    """

    name: ClassVar[str] = "cases.granted"

    number: str
    item_slug: str
    item_name: str
    holder_ref: str
    holder_name: str
    supervising_department: str
    licence_identifier: str
    granted_on: date
    granted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CancellationGranted(Event):
    """Somebody was deregistered at their own wish (准予注销); nothing new is held."""

    name: ClassVar[str] = "cases.cancellation_granted"

    number: str
    item_slug: str
    item_name: str
    holder_ref: str
    holder_name: str
    granted_at: datetime


@dataclass(frozen=True, kw_only=True)
class CommittedGrant(Event):
    """Something was granted on commitment (告知承诺); who commits first is checked sooner.

    Attributes:
        check_due_on: Last day of the check afterwards.
    """

    name: ClassVar[str] = "cases.committed_grant"

    number: str
    item_slug: str
    holder_ref: str
    supervising_department: str
    first: bool
    granted_on: date
    check_due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CommitmentChecked(Event):
    """What a check of a commitment found: kept, to be corrected, to be revoked (事后核查).

    Attributes:
        due_on: Last day to correct what was ordered; None: nothing was.
    """

    name: ClassVar[str] = "cases.commitment_checked"

    number: str
    item_slug: str
    holder_ref: str
    supervising_department: str
    outcome: str
    found_on: date
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class CheckReopened(Event):
    """Nothing was revoked, so a commitment is to be checked again (重新核查)."""

    name: ClassVar[str] = "cases.check_reopened"

    number: str
    reopened_on: date
    due_on: date


@dataclass(frozen=True, kw_only=True)
class CaseRefused(Event):
    """What was applied for was refused (不予)."""

    name: ClassVar[str] = "cases.refused"

    number: str
    item_slug: str
    applicant_ref: str
    refused_on: date


@dataclass(frozen=True, kw_only=True)
class CaseClosed(Event):
    """The result was delivered and the case is closed (办结)."""

    name: ClassVar[str] = "cases.closed"

    number: str
    query_code: str
    item_slug: str
    item_name: str
    department_code: str
    applicant_ref: str
    closed_on: date
    deciding_department: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseEnded(Event):
    """What had been granted was revoked, retracted or deregistered (撤销、撤回、注销)."""

    name: ClassVar[str] = "cases.ended"

    number: str
    item_slug: str
    holder_ref: str
    kind: str
    ground: str
    licence_identifier: str
    reason: str
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReplayAsked(Event):
    """A rule set is to be tried on past cases (规则回放)."""

    name: ClassVar[str] = "cases.replay_asked"

    replay_id: int
    asked_at: datetime
