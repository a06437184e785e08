"""Tables of drafts, cases, their files, letters, deliveries and messages."""

from __future__ import annotations

from yiwang.cases.models.asking import CaseAsked
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.models.assisting import CaseAssistance
from yiwang.cases.models.automatic import (
    AutoReview,
    AutoRun,
    AutoSwitch,
    AutoWaiting,
    Replay,
    ReplayDifference,
)
from yiwang.cases.models.bans import Ban
from yiwang.cases.models.case import Case, CaseQuerySet, Serial
from yiwang.cases.models.clocks import CaseClock, ClockReminder
from yiwang.cases.models.commitments import (
    ApplicantRecord,
    Commitment,
    PostCheck,
    PostCheckResult,
    ToleranceCommitment,
)
from yiwang.cases.models.correcting import Correction, CorrectionItem
from yiwang.cases.models.declining import DeclineProposal, TurnedAway
from yiwang.cases.models.delivering import Dispatch, LetterReading
from yiwang.cases.models.drafts import Draft, DraftUpload
from yiwang.cases.models.ending import EndProposal
from yiwang.cases.models.files import CaseAnswer, CaseEvent, CaseMaterial
from yiwang.cases.models.guards import BY_CLOCK
from yiwang.cases.models.interested import InterestedPerson, PartyViews
from yiwang.cases.models.letters import CaseDocument, Delivery, Message
from yiwang.cases.models.measures import CaseMeasure
from yiwang.cases.models.on_spot import SpotFix
from yiwang.cases.models.posting import Posting
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.models.procedure import (
    DepartmentInquiry,
    Extension,
    Hearing,
    OfficersSent,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.models.renewing import Renewal
from yiwang.cases.models.reviewing import Opinion
from yiwang.cases.models.sending_back import SentBack
from yiwang.cases.models.terminating import Termination
from yiwang.cases.models.visiting import ContactChange, MaterialWithdrawal, WindowVisit

__all__ = [
    "BY_CLOCK",
    "ApplicantRecord",
    "AutoReview",
    "AutoRun",
    "AutoSwitch",
    "AutoWaiting",
    "Ban",
    "Case",
    "CaseAnswer",
    "CaseAsked",
    "CaseAssistance",
    "CaseClock",
    "CaseDocument",
    "CaseEvent",
    "CaseMaterial",
    "CaseMeasure",
    "CaseQuerySet",
    "ClockReminder",
    "Commitment",
    "ContactChange",
    "Correction",
    "CorrectionItem",
    "DeclineProposal",
    "Delivery",
    "DepartmentInquiry",
    "Dispatch",
    "Draft",
    "DraftUpload",
    "EndProposal",
    "Extension",
    "Hearing",
    "ImpactAssessment",
    "InterestedPerson",
    "LetterReading",
    "MaterialWithdrawal",
    "Message",
    "OfficersSent",
    "Opinion",
    "PartyViews",
    "PostCheck",
    "PostCheckResult",
    "Posting",
    "Renewal",
    "Replay",
    "ReplayDifference",
    "SentBack",
    "Serial",
    "SiteCheck",
    "SpecialProcedure",
    "SpotFix",
    "Termination",
    "ToleranceCommitment",
    "TurnedAway",
    "UploadCheck",
    "WindowVisit",
]
