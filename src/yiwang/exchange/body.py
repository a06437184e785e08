"""The case as a message: every answer, every material, and of the applicant no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing

from yiwang.cases import queries as cases
from yiwang.cases.policy.procedure import needs_inspection
from yiwang.cases.policy.terms import FileStanding
from yiwang.cases.queries import CasePage
from yiwang.cases.queries.procedure import (
    extension_of,
    hearing_of,
    officers_clock,
    site_checked_on,
)
from yiwang.cases.services import answer_text
from yiwang.catalogue import queries as catalogue
from yiwang.documents import queries as documents
from yiwang.documents.policy.files import MediaType
from yiwang.documents.queries import UploadView
from yiwang.exchange.policy import messages
from yiwang.exchange.policy.terms import PushKind
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Post
from yiwang.registers import services as registers

LINK_LIFE = timedelta(hours=1)
"""How long a link to a material opens; a fresh one comes with the case, asked for again."""

SALT = "yiwang.exchange.file"
GATEWAY = "system:gateway"

SUFFIXES = {MediaType.PDF: ".pdf", MediaType.JPEG: ".jpg", MediaType.PNG: ".png"}

FileOf = Callable[[UploadView], messages.File]


class LinkRefusedError(RefusedError):
    """The link to a material is forged or too old."""

    code = "exchange.link_refused"


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a link to a material opens."""

    partner: int
    case_number: str
    upload: str


def reader(department: str) -> Actor:
    """Return who reads a case to push it: the gateway, with a reviewer's eyes in one department."""
    return Actor(ref=GATEWAY, name="部门系统对接", posts={department: frozenset({Post.REVIEWER})})


def make_link(link: Link, *, until: datetime) -> str:
    """Return the address of a material for whoever holds it until then."""
    token = signing.Signer(salt=SALT).sign_object(
        [link.partner, link.case_number, link.upload, int(until.timestamp())], compress=False
    )
    return f"{settings.BASE_URL}/api/v1/gateway/files/{token.replace(':', '~')}"


def read_link(token: str, *, at: datetime) -> Link:
    """Return what the link with `token` opens.

    Raises:
        LinkRefusedError: forged, or too old.
    """
    try:
        partner, number, upload, until = signing.Signer(salt=SALT).unsign_object(
            token.replace("~", ":")
        )
    except (signing.BadSignature, ValueError, TypeError):
        raise LinkRefusedError("材料链接不正确，请使用推送报文中的链接。") from None
    if at.timestamp() > until:
        raise LinkRefusedError("材料链接已过期，请重新查询办件取得新的链接。")
    return Link(partner=partner, case_number=number, upload=upload)


def file_by_link(*, partner: int, case_number: str, at: datetime) -> FileOf:
    """Return how a file is named when it is fetched over HTTP."""
    until = at + LINK_LIFE

    def described(one: UploadView) -> messages.File:
        link = Link(partner=partner, case_number=case_number, upload=one.ref)
        return messages.File(
            name=one.name,
            media_type=one.media_type.value,
            size=one.derivative_size,
            sha256=one.derivative_sha256,
            url=make_link(link, until=until),
            url_expires_at=until,
        )

    return described


def file_name(one: UploadView) -> str:
    """Return the name of a file in a folder: its digest, nothing that somebody typed."""
    return f"{one.derivative_sha256}{SUFFIXES.get(one.media_type, '.bin')}"


def file_in_folder(one: UploadView) -> messages.File:
    """Return how a file is named that lies in the folder beside the message."""
    return messages.File(
        name=file_name(one),
        media_type=one.media_type.value,
        size=one.derivative_size,
        sha256=one.derivative_sha256,
    )


def uploads_of(page: CasePage) -> dict[str, UploadView]:
    """Return the files of a case by ref."""
    refs = [ref for one in page.materials for ref in one.upload_refs]
    for line in page.correction.lines if page.correction else ():
        refs += line.upload_refs
    return documents.uploads(list(dict.fromkeys(refs)))


def page_of(case_number: str, department: str) -> CasePage:
    """Return the whole file of a case as the gateway reads it.

    Raises:
        CaseNotFoundError: the department does not decide it any more.
    """
    return cases.case_page(case_number, by=reader(department))


def case_body(
    page: CasePage, department: str, *, file_of: FileOf, at: datetime
) -> messages.CaseBody:
    """Return the case as it is told to a department's system.

    The number of the applicant is read in full, which stands in the trail with its purpose. Left
    out: the query code, which is the applicant's secret, the window, and whatever the registers
    know besides.
    """
    case = page.case
    item = catalogue.item_version(case.item_slug, case.item_version)
    questions = {question.id: question for question in item.questions()}
    held = registers.prefill_in_full(
        ref=case.applicant_ref,
        purpose=f"向办理部门推送办件{case.number}",
        by=reader(department),
        at=at,
        department=department,
    )
    number = held.get("person.id_number") or held.get("entity.uscc")
    found = uploads_of(page)
    sent_by, sent_on = officers_clock(case.number) if needs_inspection(item) else (None, None)

    def files(refs: Iterable[tuple[str, FileStanding]]) -> tuple[messages.File, ...]:
        return tuple(
            file_of(found[ref]).model_copy(update={"standing": standing})
            for ref, standing in refs
            if ref in found
        )

    return messages.CaseBody(
        number=case.number,
        item=messages.Item(
            slug=case.item_slug,
            version=case.item_version,
            name=case.item_name,
            task_code=item.task_code,
        ),
        state=case.state,
        state_label=case.state.label,
        channel=case.channel.value,
        department=case.department_code,
        deciding_department=case.deciding_department,
        applicant=messages.Applicant(
            kind=case.applicant_kind.value,
            name=case.applicant_name,
            number=number.value if number else "",
        ),
        received_at=case.received_at,
        received_on=case.received_on,
        notice_due_on=case.notice_due_on,
        corrected_on=case.corrected_on,
        accepted_on=case.accepted_on,
        promised_on=case.promised_on,
        statutory_on=case.statutory_on,
        closed_at=case.closed_at,
        outcome=case.outcome,
        answers=tuple(
            messages.Answer(
                id=key,
                label=questions[key].label if key in questions else key,
                value=value,
                text=answer_text(questions[key], value) if key in questions else str(value),
            )
            for key, value in page.answers.items()
        ),
        materials=tuple(
            messages.Material(
                id=one.material_id,
                name=one.name,
                state=one.state,
                source=one.source,
                files=files((file.ref, file.standing) for file in one.files),
            )
            for one in page.materials
        ),
        correction=tuple(
            messages.CorrectionAnswer(
                material=line.material_id,
                what=line.what,
                why=line.why,
                answer=line.answer,
                files=files((ref, FileStanding.CORRECTED) for ref in line.upload_refs),
            )
            for line in (page.correction.lines if page.correction else ())
        ),
        hearing=_hearing(case.number),
        extension=_extension(case.number),
        extended_on=case.extended_on,
        must_check_site=case.must_check_site,
        site_checked_on=site_checked_on(case.number) if case.must_check_site else None,
        officers_due_on=sent_by,
        officers_sent_on=sent_on,
    )


def _hearing(number: str) -> messages.HearingState | None:
    found = hearing_of(number)
    if found is None:
        return None
    return messages.HearingState(
        origin=found.origin,
        told_on=found.told_on,
        request_due_on=found.request_due_on,
        requested_on=found.requested_on,
        request_text=found.request_text,
        hold_due_on=found.hold_due_on,
        held_at=found.held_at,
        place=found.place,
        chair=found.chair_name,
        ended_on=found.ended_on,
        end=found.end,
    )


def _extension(number: str) -> messages.ExtensionState | None:
    found = extension_of(number)
    if found is None:
        return None
    return messages.ExtensionState(
        workdays=found.workdays,
        reason=found.reason,
        asked_at=found.asked_at,
        approved=found.approved,
        decided_by=found.decided_by_name,
        decided_at=found.decided_at,
        note=found.note,
    )


def push_bytes(
    *,
    message_id: str,
    kind: PushKind,
    sequence: int,
    next_sequence: int,
    created_at: datetime,
    case: messages.CaseBody,
) -> bytes:
    """Return a whole message as it is sent."""
    return (
        messages.Push(
            version="yiwang.gateway/1",
            id=message_id,
            kind=kind,
            sequence=sequence,
            next_sequence=next_sequence,
            created_at=created_at,
            case=case,
        )
        .model_dump_json()
        .encode()
    )
