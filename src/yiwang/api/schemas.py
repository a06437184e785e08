"""What calls take; what they give is the frozen data of the queries."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from yiwang.cases.policy.ending import NotEnded
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.terminating import TerminationGround
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, PaperForm, Relation, Tab
from yiwang.cases.policy.towns import CollectAt
from yiwang.cases.queries import PAGE_LIMIT, QueueRow
from yiwang.cases.services import Visitor
from yiwang.catalogue.policy.items import Audience


def printable(text: str) -> str:
    """Return a text that can be kept."""
    if "\x00" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise ValueError("文字中有不能保存的字符")
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {printable(str(key)): _clean(one) for key, one in value.items()}
    return value


Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{1,45}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
Ref = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,12}:[A-Za-z0-9._@-]{1,50}$")]
Word = Annotated[str, StringConstraints(max_length=80), AfterValidator(printable)]
Text = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(printable)]
Answers = Annotated[dict[str, Any], AfterValidator(_clean)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[!-~]+$")]
Version = Annotated[int | None, Field(ge=1, le=2_000_000_000)]


class Body(Schema):
    """A body takes the fields it names and no others."""

    model_config = ConfigDict(extra="forbid")


Certificates = Annotated[
    dict[Word, Annotated[str, StringConstraints(max_length=500), AfterValidator(printable)]],
    Field(
        max_length=60,
        description="Certificates that a signed promise replaces: material id to what is stated.",
    ),
]


class LetterBody(Body):
    """The letter that brought an application (信函申请)."""

    received_on: date = Field(
        description="Day on which the authority got it; days count from it. Not in the future, at "
        "most 90 days back."
    )
    mail_number: Annotated[str, StringConstraints(max_length=60), AfterValidator(printable)] = (
        Field(default="", description="Number of the letter with the carrier; empty: none.")
    )
    declared: bool = Field(
        default=True,
        description="Whether the declaration lay in the letter, signed. Without one the letter is "
        "taken in all the same.",
    )

    def mailed(self) -> Mailed:
        """Return it as the service takes it."""
        return Mailed(received_on=self.received_on, number=self.mail_number, declared=self.declared)


class OpenCase(Body):
    """An application taken in at a counter."""

    item: Slug
    applicant: Ref = Field(description="`entity:<uscc>` or `person:<hex>`.")
    answers: Answers
    uploads: dict[Word, list[Ref]] = Field(
        default={}, description="Material id to refs of uploaded files."
    )
    window: Annotated[str, StringConstraints(max_length=40), AfterValidator(printable)] = ""
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9 -]{0,20}$")] = ""
    letter: LetterBody | None = Field(
        default=None,
        description="The letter that brought it; left out: somebody stands at the window. What is "
        "signed then lay signed in the letter.",
    )
    by_person: bool = Field(default=False, description="The applicant wants a person to decide.")
    collect: CollectAt | None = Field(
        default=None,
        description="Where the applicant at a town's window collects the result: `here` or at the "
        "`department`. Left out: at either. Refused at other windows.",
    )
    tolerance_signed: bool = Field(
        default=False,
        description="The applicant signed the promise to file missing tolerable materials.",
    )
    certificates: Certificates = {}
    permits_confirmed: str = Field(
        default="",
        max_length=64,
        description="`digest` of the list of permits (`/counter/permits`) that was read out and "
        "confirmed.",
    )
    commitment_confirmed: Annotated[list[Word], Field(max_length=60)] | None = Field(
        default=None,
        description="The applicant signed the letter of commitment: ids of the conditions that "
        "were read out and confirmed, all of them. Left out: the ordinary way.",
    )
    agent_name: Word = Field(
        default="", description="Who signed for the applicant; empty: they signed themselves."
    )


class Act(Body):
    """An act on the row version that the caller saw."""

    version: Version = Field(default=None, description="Refused with 409 when the case moved on.")


class Assign(Act):
    """Give a case to somebody, or take it."""

    to: Ref = Field(description="`user:<login>`.")


class CorrectionLineBody(Body):
    """One thing to complete."""

    material: Word = ""
    what: Text
    why: Text
    example: Text = ""


class AskCorrection(Act):
    """Tell everything that is missing, once."""

    lines: Annotated[list[CorrectionLineBody], Field(max_length=60)]


class FiledLineBody(Body):
    """What is filed for one line."""

    line: Annotated[int, Field(ge=1, le=2**62)]
    uploads: list[Ref] = []
    answer: Text = ""


class FileCorrection(Act):
    """File the correction."""

    lines: Annotated[list[FiledLineBody], Field(max_length=60)]
    letter: LetterBody | None = Field(
        default=None,
        description="The letter that a window got it by; days count from the day it was got.",
    )


class Decline(Act):
    """Refuse to accept."""

    reason: Text
    article: Text
    no_need: bool = False
    elsewhere: Word = ""


class Propose(Act):
    """Propose a decision."""

    outcome: Outcome
    opinion: Text


class Decide(Act):
    """Decide."""

    outcome: Outcome
    reason: Text = ""
    article: Text = ""
    unmet: list[Annotated[int, Field(ge=1, le=100)]] = Field(
        default=[],
        max_length=100,
        description="Of a refusal: published conditions of the item that are not met, 1 the first.",
    )


class Deliver(Act):
    """Hand over the result."""

    channel: DeliveryChannel
    result: Word = ""
    recipient: Word = Field(default="", description="Who took it; empty: the applicant.")
    relation: Relation = Relation.SELF
    on: date | None = Field(default=None, description="Day of handing over; null: today.")


class Send(Act):
    """Send the result by post or courier."""

    carrier: Word
    tracking_number: Word
    to_name: Word = Field(default="", description="Addressee; empty: the applicant.")


class Arrive(Act):
    """A parcel arrived."""

    arrived_on: date
    signed_by: Word
    relation: Relation = Relation.SELF


class Reason(Act):
    """An act that needs nothing but a reason."""

    reason: Text


class AtWindow(Body):
    """Who stands at the window for the applicant; the number of an agent is kept masked."""

    relation: Relation
    name: Word = Field(default="", description="Of an agent; others are known.")
    number: Word = Field(default="", description="Citizen number of an agent.")
    same_agent: bool = Field(default=False, description="The agent who handed the application in.")
    identified: bool = Field(
        default=False, description="The card was looked at, and of an agent the mandate."
    )
    window: Word = ""

    def visitor(self) -> Visitor:
        """Return it as the services take it."""
        return Visitor(**self.model_dump())


class Withdraw(Reason):
    """Withdraw an application."""

    at_window: AtWindow | None = Field(default=None, description="Of a window's call only.")


class WithdrawMaterial(Withdraw):
    """Take a material back."""

    material: Word


class AskOnSpot(Act):
    """What the applicant is asked to put right on the spot."""

    what: Text


class FixOnSpot(Act):
    """Put one answer, or one filed material, right on the spot; one of the two."""

    question: Word = ""
    value: Annotated[Any, AfterValidator(_clean)] = Field(
        default=None, description="The answer as it should read; null: left open."
    )
    material: Word = ""
    uploads: list[Ref] = Field(default=[], max_length=40, description="In place of its files.")
    paper: PaperForm | None = Field(default=None, description="Of a window's call only.")
    at_window: AtWindow | None = Field(default=None, description="Of a window's call only.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.question) is bool(self.material):
            raise ValueError("请写明更正哪一项：question 或者 material，只写一个。")
        return self


class ChangeContact(Act):
    """New contacts; what is left empty stays."""

    contact_name: Word = ""
    phone: Word = ""
    address: Word = ""
    at_window: AtWindow | None = Field(default=None, description="Of a window's call only.")


class AskPosting(Body):
    """Where the paper result goes; what is left empty is as said before or registered."""

    to_name: Word = ""
    phone: Word = ""
    address: Word = ""
    at_window: AtWindow | None = Field(default=None, description="Of a window's call only.")


class CancelPosting(Body):
    """Who asks at a window that nothing be posted."""

    at_window: AtWindow


class Terminate(Act):
    """On what ground a case ends without a decision; the letter names it."""

    ground: TerminationGround
    facts: Text
    happened_on: date
    article: Word = Field(default="", description="Only where `ground` is `other`.")


class Wish(Body):
    """A wish with its reason."""

    reason: Text


class ProposeEnd(Act):
    """Propose to revoke, retract or deregister what a case granted."""

    ground: Word = Field(description="Code of a ground of the law, such as `fraud`.")
    facts: Text
    evidence: Text
    compensation: Text = ""


class StateViews(Body):
    """What the holder says before a licence is ended."""

    text: Text


class DecideEnd(Act):
    """End what was granted, or say why not."""

    reason: Text
    public_interest: Text = ""
    not_ended: NotEnded | None = Field(default=None, description="Why nothing is ended.")


class SaveDraft(Body):
    """What was filled in so far."""

    item: Slug
    applicant: Ref
    answers: Answers


class Attach(Body):
    """Put an uploaded file beside a material."""

    material: Word
    upload: Ref


class Submit(Body):
    """Submit a draft."""

    declaration_accepted: bool
    by_person: bool = Field(
        default=False,
        description="Have a person decide where rules might (see `automatic` of the case).",
    )
    tolerance_signed: bool = Field(
        default=False,
        description="The promise to file missing tolerable materials was read and signed.",
    )
    certificates: Certificates = {}
    permits_confirmed: str = Field(
        default="",
        max_length=64,
        description="`digest` of the list of permits (`/drafts/{draft_id}/permits`) that was read "
        "and confirmed: no business in them before they are granted.",
    )


class Track(Body):
    """Where does my case stand?"""

    query_code: Word
    phone: Word


class PageWish(Schema):
    """Which page of a list."""

    after: Word | None = Field(default=None, description="`after` of the page before.")
    limit: int = Field(default=PAGE_LIMIT, ge=1, le=PAGE_LIMIT)


class QueueWish(PageWish):
    """Which cases of a work queue."""

    tab: Tab = Tab.MINE
    text: Word = Field(default="", description="Case number, query code, or part of a name.")


class ItemWish(Schema):
    """Which items."""

    text: Word = Field(default="", description="A citizen's words; empty: all items.")
    audience: Audience | None = None


class Question(Schema):
    """A question in one's own words."""

    q: str = Field(default="", description="The question, at most 200 characters.")


class CaseList(Schema):
    """One page of cases."""

    rows: list[QueueRow]
    after: str | None = Field(description="Hand it back for the next page; null: the last one.")


class DraftWish(Schema):
    """Which drafts of items."""

    mine: bool = Field(default=False, description="Only those that wait for the caller.")
    after: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,15}$")] = ""


class DraftAct(Body):
    """An act on the revision of a draft that the caller read."""

    revision: Annotated[int, Field(ge=1, le=2_000_000_000)]


class ApproveDraft(DraftAct):
    """An approval with an opinion."""

    comment: Annotated[str, StringConstraints(max_length=1_000), AfterValidator(printable)] = ""
