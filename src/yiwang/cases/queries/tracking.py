"""Where a case stands, for whoever has its query code."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.deadlines import case_light
from yiwang.cases.policy.states import ENDED, CaseState
from yiwang.cases.policy.terms import INTERNAL_LETTERS, MaterialState, Outcome
from yiwang.cases.queries.parcels import ParcelBack, came_back
from yiwang.cases.queries.reading import CaseNotFoundError
from yiwang.cases.queries.views import DocumentView, TimelineRow, document_view, events_of
from yiwang.catalogue.policy.items import Channel
from yiwang.kernel.clocks import LightAnswer
from yiwang.kernel.masking import mask_phone
from yiwang.kernel.workdays import WorkdayCalendar

PHONE_TAIL = 4
"""Last characters of the telephone or certificate number that a person tracking must know."""


class TrackRefusedError(CaseNotFoundError):
    """Query code and telephone do not name a case together."""

    code = "cases.track_refused"

    def __init__(self) -> None:
        super().__init__()
        self.message = "查询码与手机号（或证件号码后四位）不符，请按收件凭证核对后再查。"
        self.args = (self.message,)


@dataclass(frozen=True, kw_only=True)
class TrackView:
    """What whoever holds query code and telephone may see: no name, no answers."""

    number: str
    query_code: str
    item_slug: str
    item_name: str
    department_code: str
    state: CaseState
    channel: Channel
    mail_number: str
    received_at: datetime
    received_on: date
    due_on: date | None
    promised_on: date | None
    statutory_on: date | None
    closed_at: datetime | None
    evaluation_until: date | None
    events: tuple[TimelineRow, ...]
    needs_correction_by: date | None
    materials_to_come: int
    """How many materials were promised and are still to be handed in (容缺)."""
    parcel_back: ParcelBack | None
    """The result that was sent and came back; null: none waits for the applicant."""

    def light(self, *, today: date, calendar: WorkdayCalendar) -> LightAnswer:
        """Return the light of the clock that runs now; grey while the limit does not run."""
        return case_light(state=self.state, due_on=self.due_on, today=today, calendar=calendar)


def track(*, query_code: str, phone: str, at: datetime) -> TrackView:
    """Return where a case stands to whoever knows its query code and the applicant's number.

    Three queries, two more once it is decided. The page limits how often it may be asked.

    Args:
        query_code: As printed on the receipt; case and blanks do not matter.
        phone: The whole telephone number or its last four digits; where the applicant gave none,
            the last four characters of the certificate number.
        at: Moment of asking.

    Raises:
        TrackRefusedError: they do not name a case together.
    """
    row = Case.objects.filter(query_code="".join(query_code.upper().split())).first()
    if row is None or not _knows(row, "".join(phone.split()).upper()):
        raise TrackRefusedError
    correcting = row.state == CaseState.CORRECTION
    return TrackView(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_name=row.item_name,
        department_code=row.department_code,
        state=CaseState(row.state),
        channel=Channel(row.channel),
        mail_number=row.mail_number,
        received_at=row.received_at,
        received_on=row.received_on,
        due_on=row.due_on,
        promised_on=row.promised_on,
        statutory_on=row.statutory_on,
        closed_at=row.closed_at,
        evaluation_until=row.evaluation_until,
        events=tuple(_nameless(one) for one in events_of(row)),
        needs_correction_by=row.due_on if correcting else None,
        materials_to_come=row.materials.filter(state__in=_TO_COME).count() if _waits(row) else 0,
        parcel_back=came_back([row.number]).get(row.number) if row.decided_at else None,
    )


_TO_COME = (MaterialState.TOLERATED.value, MaterialState.PROMISED.value)


def _waits(row: Case) -> bool:
    """Tell whether what was promised may still come: before the decision, or after a grant."""
    if row.decided_at is None:
        return row.closed_at is None
    return row.outcome == Outcome.GRANT and CaseState(row.state) not in ENDED


def letters_of_code(query_code: str) -> tuple[DocumentView, ...]:
    """Return the letters of a case, the newest first, for whoever proved to know it; one query.

    Letters for the file only are none of them. It asks for no permission: its callers have checked
    the proof.
    """
    rows = CaseDocument.objects.filter(case__query_code=query_code).exclude(
        kind__in=sorted(kind.value for kind in INTERNAL_LETTERS)
    )
    return tuple(document_view(row, ()) for row in rows.order_by("-pk"))


def query_codes(numbers: Iterable[str]) -> dict[str, str]:
    """Return the query code of each case named by its number; one query.

    For lists that name cases without showing them: it asks for no permission.
    """
    return dict(Case.objects.filter(number__in=set(numbers)).values_list("number", "query_code"))


def number_of(query_code: str) -> str:
    """Return the number of the case with a query code, or nothing; one query."""
    row = Case.objects.filter(query_code=query_code.upper()).only("number").first()
    return row.number if row else ""


# What follows is shared with the services of this package.


def dialled(phone: str) -> str:
    """Return the digits of a telephone as it is dialled here, without the code of the country.

    Example:
        `139 0000 1234` and `+86 139-0000-1234` are one number.
    """
    plain = "".join(unicodedata.normalize("NFKC", phone).split()).removeprefix("+86")
    return re.sub(r"[^0-9]", "", plain)


def _knows(row: Case, word: str) -> bool:
    if len(word) < PHONE_TAIL:
        return False
    if not row.phone_masked:
        return _same(word[-PHONE_TAIL:], row.applicant_number_masked[-PHONE_TAIL:])
    if len(word) == PHONE_TAIL:
        return _same(word, row.phone_masked[-PHONE_TAIL:])
    return _same(mask_phone(dialled(word)), row.phone_masked)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _nameless(event: TimelineRow) -> TimelineRow:
    """Return the step without who took it and what they wrote.

    That the program took it is no secret, and neither are its words.
    """
    if event.actor.startswith(("job:", "system:")):
        return replace(event, actor_name="")
    return replace(event, actor="", actor_name="", reason="")
