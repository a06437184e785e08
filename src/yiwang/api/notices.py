"""Calls about how an applicant is told: channels, quiet hours, proved addresses."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from yiwang.api.context import actor, answer, now
from yiwang.api.errors import COMMON
from yiwang.api.schemas import Body, Ref
from yiwang.notices import queries, services
from yiwang.notices.policy.sending import QuietHours
from yiwang.notices.policy.templates import NoticeChannel
from yiwang.notices.queries import ChoiceView

router = Router(tags=["applicants"])

Hour = Annotated[int, Field(ge=0, le=23)]
CHOICE = {200: ChoiceView, **COMMON}


class Quiet(Body):
    """Hours in which nothing is sent; the same hour twice: none."""

    from_hour: Hour
    until_hour: Hour


class SaveChoice(Body):
    """By what to be told, and when not; without hours the defaults hold."""

    subject: Ref
    channels: list[NoticeChannel]
    quiet: Quiet | None = None


class AskCode(Body):
    """An address to be proved."""

    subject: Ref
    channel: NoticeChannel
    address: Annotated[str, Field(min_length=1, max_length=140)]


class ConfirmContact(Body):
    """The code that came."""

    subject: Ref
    channel: NoticeChannel
    code: Annotated[str, Field(min_length=1, max_length=12)]


@router.get("/my/notices", response=CHOICE, operation_id="my_notices")
def my_notices(request: HttpRequest, subject: Annotated[Ref, Query()]) -> HttpResponse:
    """Return how a subject of the caller is told."""
    return _shown(request, subject)


@router.put("/my/notices", response=CHOICE, operation_id="save_my_notices")
def save_my_notices(request: HttpRequest, body: SaveChoice) -> HttpResponse:
    """Say by what to be told and when not; letters and messages in the portal always come."""
    quiet = body.quiet
    services.save_choice(
        subject_ref=body.subject,
        channels=frozenset(body.channels),
        quiet=QuietHours(from_hour=quiet.from_hour, until_hour=quiet.until_hour) if quiet else None,
        by=actor(request),
        at=now(),
    )
    return _shown(request, body.subject)


@router.post("/my/notices/codes", response=CHOICE, operation_id="ask_contact_code")
def ask_contact_code(request: HttpRequest, body: AskCode) -> HttpResponse:
    """Have a code sent to an address."""
    services.ask_code(
        subject_ref=body.subject,
        channel=body.channel,
        address=body.address,
        by=actor(request),
        at=now(),
    )
    return _shown(request, body.subject)


@router.post("/my/notices/contacts", response=CHOICE, operation_id="confirm_contact")
def confirm_contact(request: HttpRequest, body: ConfirmContact) -> HttpResponse:
    """Prove an address with the code that came."""
    services.confirm_contact(
        subject_ref=body.subject,
        channel=body.channel,
        code=body.code,
        by=actor(request),
        at=now(),
    )
    return _shown(request, body.subject)


def _shown(request: HttpRequest, ref: str) -> HttpResponse:
    view = queries.choices_of(ref, by=actor(request), at=now())
    return answer(
        {
            "subject_ref": view.subject_ref,
            "channels": sorted(view.channels),
            "offered": sorted(view.offered),
            "quiet": view.quiet,
            "contacts": view.contacts,
            "pending": view.pending,
        }
    )
