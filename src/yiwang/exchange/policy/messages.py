"""The messages of both directions, with their published JSON Schema."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from yiwang.cases.policy.procedure import (
    LONGEST_EXTENSION_WORKDAYS,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
)
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import (
    DeliveryChannel,
    FileStanding,
    MaterialState,
    Outcome,
    Relation,
)
from yiwang.exchange.policy.terms import PushKind
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.errors import RefusedError

LARGEST_BYTES = 1_000_000
"""Largest message from a department; materials never travel inside."""


class MessageRefusedError(RefusedError):
    """The message is not what the schema says."""

    code = "exchange.message_refused"


def _plain(text: str) -> str:
    if any(char == "\x00" or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise ValueError("文字中有不能保存的字符")
    return text


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{1,45}$")]
Text = Annotated[str, StringConstraints(max_length=2_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,20}$")]
Line = Annotated[str, StringConstraints(max_length=200)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC)),
]


class Shape(BaseModel):
    """A message takes the fields it names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for one in value.values():
                for text in one if isinstance(one, list) else (one,):
                    if isinstance(text, str):
                        _plain(text)
        return value


class Person(Shape):
    """Who acted in the department: its own staff number and the name that documents show."""

    id: Code
    name: Name

    def same_as(self, other: Person) -> bool:
        """Tell whether both are one person, by number or by name."""
        return _folded(self.id) == _folded(other.id) or self.is_named(other.name)

    def is_named(self, name: str) -> bool:
        """Tell whether the person bears that name, however it is spaced."""
        return _folded(self.name) == _folded(name)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace(" ", "")


class _Return(Shape):
    id: Id = Field(description="Stable; a repeat with the same body gets the same answer.")
    case: Number = Field(description="Case number, as pushed.")
    sequence: int = Field(ge=1, le=1_000_000, description="1, 2, 3 … per case, without gaps.")


class Acknowledge(_Return):
    """The case has arrived (签收)."""

    kind: Literal["acknowledge"]
    their_number: Annotated[str, StringConstraints(max_length=60)] = Field(
        default="", description="Number of the case in the department's own system."
    )


class Accept(_Return):
    """The application is accepted (受理)."""

    kind: Literal["accept"]
    person: Person


class CorrectionLine(Shape):
    """One thing to complete."""

    material: Annotated[str, StringConstraints(max_length=80)] = ""
    what: Text
    why: Text
    example: Text = ""


class AskCorrection(_Return):
    """Everything that is missing, once (一次性告知补正)."""

    kind: Literal["correction"]
    person: Person
    lines: Annotated[tuple[CorrectionLine, ...], Field(min_length=1, max_length=60)]


class Decline(_Return):
    """The application is not accepted (不予受理).

    Where the article says that this authority is not competent, `elsewhere` names who is.
    """

    kind: Literal["decline"]
    person: Person
    reason: Text
    article: Text
    no_need: bool = False
    elsewhere: Line = ""


class Review(_Return):
    """The review has begun (开始审查)."""

    kind: Literal["review"]
    person: Person


class SpecialStart(_Return):
    """A special procedure begins; the clock stops with its notice (特别程序)."""

    kind: Literal["special_start"]
    person: Person
    procedure: StopReason | None = Field(
        default=None, description="A kind of Art. 45; null: `declared` names a step of the item."
    )
    declared: Annotated[str, StringConstraints(max_length=80)] = Field(
        default="", description="Name of the special step that the item version declares."
    )
    workdays: Annotated[int, Field(ge=1, le=366)] | None = Field(
        default=None, description="How long it takes; null: as the item version declares."
    )
    reason: Text
    channel: DeliveryChannel = Field(
        default=DeliveryChannel.IN_APP, description="How the notice reached the applicant."
    )
    delivered: Line = Field(default="", description="What the record of its delivery says.")


class SpecialEnd(_Return):
    """The special procedure has ended."""

    kind: Literal["special_end"]
    person: Person
    result: Text = Field(description="What came out: the report, the opinion of the experts.")
    result_ref: Annotated[str, StringConstraints(max_length=80)] = ""


class HearingNotify(_Return):
    """The right to a hearing was told, or one is held of one's own motion; the clock stops."""

    kind: Literal["hearing_notify"]
    person: Person
    reason: Text
    origin: HearingOrigin = HearingOrigin.RIGHT
    channel: DeliveryChannel = Field(
        default=DeliveryChannel.IN_APP, description="How the letter reached the applicant."
    )
    delivered: Line = Field(default="", description="What the record of its delivery says.")


class HearingRequest(_Return):
    """A hearing was asked for at the department, on paper (要求听证)."""

    kind: Literal["hearing_request"]
    person: Person = Field(description="Who wrote the request down.")
    text: Text


class HearingSet(_Return):
    """Time, place and chair were set; the platform sends the letter and the announcement."""

    kind: Literal["hearing_set"]
    person: Person
    chair: Person = Field(description="Nobody who reviewed the application.")
    held_at: Moment
    place: Line
    public: bool = True
    closed_ground: ClosedGround | None = Field(
        default=None, description="What it touches that the law keeps closed; not public."
    )
    closed_because: Line = Field(default="", description="Why; kept on the desk.")
    moved_because: Line = Field(
        default="", description="Why what was told is changed; empty: told for the first time."
    )

    @model_validator(mode="after")
    def _chair_did_not_review(self) -> HearingSet:
        if self.person.same_as(self.chair):
            raise ValueError("听证主持人不能是审查本申请的人，请另选主持人后重发")
        return self


class HearingEnded(_Return):
    """The hearing was held, given up in writing, or not asked for in time."""

    kind: Literal["hearing_end"]
    person: Person
    end: HearingEnd
    record: Annotated[str, StringConstraints(max_length=20_000)] = Field(
        default="", description="The record of a hearing that was held, or how it was given up."
    )
    signed_by: Annotated[tuple[Name, ...], Field(max_length=40)] = ()


class ExtensionAsk(_Return):
    """The reviewer asks the head for more days (报请延长期限)."""

    kind: Literal["extension_ask"]
    person: Person
    reason: Text
    workdays: Annotated[int, Field(ge=1, le=max(LONGEST_EXTENSION_WORKDAYS.values()))] | None = (
        Field(default=None, description="null: as many as the law allows.")
    )


class ExtensionDecide(_Return):
    """The head of the department declined more days (不批准延长期限).

    Approved they are on the platform only, by the head signed in there; for joint handling by a
    leader of the district. What came of it arrives as `case.extension`.
    """

    kind: Literal["extension_decide"]
    head: Person
    approve: bool = Field(
        default=True, description="true is refused: only the head on the platform approves."
    )
    note: Text = Field(default="", description="Required to decline.")


class SiteChecked(_Return):
    """What two officers found on the spot (现场核查).

    Where `must_check_site` of the case is true, nothing is granted before it was told.
    """

    kind: Literal["site_check"]
    person: Person = Field(description="One of the two officers.")
    second: Person = Field(description="The other officer.")
    checked_on: Day = Field(description="Between acceptance and today.")
    place: Line
    found: Text
    witness: Line = Field(default="", description="Who was there for the applicant.")

    @model_validator(mode="after")
    def _two_officers(self) -> SiteChecked:
        if self.person.same_as(self.second):
            raise ValueError("现场核查须由两名以上工作人员进行，请填写另一名核查人员后重发")
        return self


class OfficersSent(_Return):
    """Who was sent to inspect, test or quarantine (指派检验检测人员).

    It meets the clock of five working days; the letter of the special procedure sends nobody.
    """

    kind: Literal["officers_sent"]
    person: Person
    procedure: StopReason = Field(description="`inspection`, `testing` or `quarantine`.")
    officers: Annotated[tuple[Name, ...], Field(max_length=20)] = Field(
        description="Two or more, by name."
    )
    sent_on: Day = Field(description="Between acceptance and today.")


class Dispatched(_Return):
    """The result was sent by post or courier (邮寄送达)."""

    kind: Literal["dispatch"]
    person: Person
    carrier: Line
    tracking_number: Line
    to_name: Line = Field(default="", description="Empty: the applicant.")


class Delivered(_Return):
    """The result was delivered: how, when, and who took it (送达)."""

    kind: Literal["delivery"]
    person: Person
    channel: DeliveryChannel = Field(
        description="`print`: at a window; `post`: what `dispatch` told has arrived."
    )
    delivered_on: Day
    recipient: Line = Field(description="Who took it; the receipt of delivery names them.")
    relation: Relation = Relation.SELF
    result: Text = Field(default="", description="What the record says; not with `post`.")


class CameBack(_Return):
    """What was sent by post came back (退回)."""

    kind: Literal["delivery_return"]
    person: Person
    returned_on: Day
    reason: Text


class Opinion(_Return):
    """What the reviewer proposes (审查意见)."""

    kind: Literal["opinion"]
    reviewer: Person
    outcome: Outcome
    text: Text


class Result(_Return):
    """The decision (审批结果): by somebody else than the reviewer.

    Where no opinion was sent before, `opinion` says what the reviewer found. `unmet` are the
    published conditions of the item that a refusal rests on, 1 the first.
    """

    kind: Literal["result"]
    reviewer: Person
    decider: Person
    outcome: Outcome
    reason: Text = ""
    article: Text = ""
    unmet: list[Annotated[int, Field(ge=1, le=100)]] = Field(default=[], max_length=100)
    opinion: Text = ""

    @model_validator(mode="after")
    def _two_people(self) -> Result:
        if self.reviewer.same_as(self.decider):
            raise ValueError("审查人和决定人不能是同一人，请由另一人决定后重发")
        return self


Return: TypeAlias = (
    Acknowledge
    | Accept
    | AskCorrection
    | Decline
    | Review
    | SpecialStart
    | SpecialEnd
    | HearingNotify
    | HearingRequest
    | HearingSet
    | HearingEnded
    | ExtensionAsk
    | ExtensionDecide
    | SiteChecked
    | OfficersSent
    | Opinion
    | Result
    | Dispatched
    | Delivered
    | CameBack
)

_RETURN: TypeAdapter[Return] = TypeAdapter(Annotated[Return, Field(discriminator="kind")])


def read(raw: bytes) -> Return:
    """Return the message that `raw` is.

    Raises:
        MessageRefusedError: too large, not JSON, or not as the schema says.
    """
    if len(raw) > LARGEST_BYTES:
        raise MessageRefusedError(
            f"报文超过{LARGEST_BYTES // 1_000_000}MB，材料请勿放在报文里，请精简后重发。"
        )
    try:
        return _RETURN.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "正文"
        said = first["msg"].removeprefix("Value error, ")
        raise MessageRefusedError(f"报文不符合接口说明：{place[:80]}（{said[:120]}）。") from None


class File(Shape):
    """A file of a material; fetched by its link, or found in the folder under `name`."""

    name: str
    media_type: str
    size: int
    sha256: str
    url: str = Field(default="", description="Valid until `url_expires_at`; empty: in the folder.")
    url_expires_at: datetime | None = None
    standing: FileStanding = Field(
        default=FileStanding.AS_FILED,
        description="`replaced`: a correction brought another in its place; it is kept.",
    )


class Material(Shape):
    """One material of the case."""

    id: str
    name: str
    state: MaterialState
    source: str
    files: tuple[File, ...]


class Answer(Shape):
    """One answer of the form, as stored and as people read it."""

    id: str
    label: str
    value: Any
    text: str


class CorrectionAnswer(Shape):
    """One line of the correction and what the applicant filed."""

    material: str
    what: str
    why: str
    answer: str
    files: tuple[File, ...]


class Applicant(Shape):
    """Who applies."""

    kind: str
    name: str
    number: str = Field(description="Citizen number or unified social credit code; may be empty.")


class HearingState(Shape):
    """The hearing of the case as it stands (听证)."""

    origin: HearingOrigin
    told_on: date
    request_due_on: date | None
    requested_on: date | None
    request_text: str
    hold_due_on: date | None
    held_at: datetime | None
    place: str
    chair: str
    ended_on: date | None
    end: HearingEnd | None


class ExtensionState(Shape):
    """The last request for more days as it stands (延长期限)."""

    workdays: int
    reason: str
    asked_at: datetime
    approved: bool | None = Field(description="null: the head has not decided yet.")
    decided_by: str
    decided_at: datetime | None
    note: str


class Item(Shape):
    """The item version that the case is pinned to."""

    slug: str
    version: int
    name: str
    task_code: str


class CaseBody(Shape):
    """The whole case, so that nothing is typed again."""

    number: str
    item: Item
    state: CaseState
    state_label: str
    channel: str
    department: str
    deciding_department: str
    applicant: Applicant
    received_at: datetime = Field(description="When it was entered.")
    received_on: date | None = Field(
        default=None,
        description="Day of receipt, from which days count; of a letter, the day it was got.",
    )
    notice_due_on: date
    corrected_on: date | None
    accepted_on: date | None
    promised_on: date | None
    statutory_on: date | None
    closed_at: datetime | None
    outcome: Outcome | None
    answers: tuple[Answer, ...]
    materials: tuple[Material, ...]
    correction: tuple[CorrectionAnswer, ...]
    hearing: HearingState | None = None
    extension: ExtensionState | None = None
    extended_on: date | None = None
    must_check_site: bool = Field(
        default=False, description="Two officers must have been on the spot before a grant."
    )
    site_checked_on: date | None = Field(
        default=None, description="The last check, where one must be."
    )
    officers_due_on: date | None = Field(
        default=None,
        description="Last day to send two officers to inspect, test or quarantine; null: no need.",
    )
    officers_sent_on: date | None = Field(
        default=None, description="When they were sent first, where they must be."
    )


class Push(Shape):
    """What the platform sends."""

    version: Literal["yiwang.gateway/1"]
    id: str
    kind: PushKind
    sequence: int = Field(description="1, 2, 3 … per case.")
    next_sequence: int = Field(description="The sequence that the platform expects next from you.")
    created_at: datetime
    case: CaseBody


class Told(Shape):
    """What became of a message of the department."""

    id: str
    case: str
    sequence: int
    state: str = Field(description="applied, held, refused, dead or given_up.")
    detail: str = ""
    next_sequence: int


class Trouble(Shape):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One Chinese sentence that says what would put it right.")
    code: str


def schemas() -> dict[str, Any]:
    """Return the JSON Schemas (2020-12) of both directions and of the answers."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "push": Push.model_json_schema(),
        "return": _RETURN.json_schema(),
        "told": Told.model_json_schema(),
        "problem": Trouble.model_json_schema(),
    }
