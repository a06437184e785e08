"""The file of one case as an official reads it: facts, answers masked, materials, letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yiwang.cases.policy.answers import is_hidden, mask, plain_answers
from yiwang.cases.policy.prechecks import Finding, doubts
from yiwang.cases.policy.states import STOPPED, CaseState, Step
from yiwang.cases.policy.terms import FileStanding, MaterialState
from yiwang.cases.queries import CasePage, CaseView, DocumentView, MaterialView, TimelineRow
from yiwang.cases.queries.prechecks import findings_of
from yiwang.cases.queries.visiting import WithdrawnView, contact_of, withdrawn_of
from yiwang.catalogue.policy.items import Channel, ItemVersion, Question, asked
from yiwang.catalogue.policy.towns import TownMode
from yiwang.documents import queries as documents
from yiwang.documents.policy.files import MediaType
from yiwang.documents.queries import UploadView
from yiwang.kernel.masking import mask_words
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers
from yiwang.registers.queries import PERSONAL, Prefilled
from yiwang.web.forms import in_words
from yiwang.web.scans import waiting

REGISTER_LABELS: Mapping[str, str] = {
    "person.name": "姓名",
    "person.gender": "性别",
    "person.born_on": "出生日期",
    "person.id_number": "公民身份号码",
    "person.phone": "手机号码",
    "person.hukou": "户籍地",
    "person.address": "住址",
    "entity.name": "名称",
    "entity.uscc": "统一社会信用代码",
    "entity.kind": "主体类型",
    "entity.status": "登记状态",
    "entity.legal_representative": "法定代表人",
    "entity.address": "住所",
    "entity.established_on": "成立日期",
    "entity.phone": "联系电话",
}
"""Register fields an official sees, in this order; the others are codes for programs."""

CONTACTS = {"contact.phone": "联系电话", "contact.address": "送达地址"}
"""Contacts that are shown masked and can be shown whole."""

ALL_ANSWERS = "application.answers"
"""Key under which all that is hidden in the application is shown at once; no question has it."""

ALL_REGISTERED = "register.answers"
"""Key under which all that is hidden of what the registers hold is shown at once."""

COLOURS: Mapping[MaterialState, str] = {
    MaterialState.WAIVED: "success",
    MaterialState.FILED: "accent",
    MaterialState.TOLERATED: "warning",
    MaterialState.PROMISED: "warning",
    MaterialState.MISSING: "danger",
    MaterialState.WITHDRAWN: "danger",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One fact; `reveal` is the address of the page that shows it whole."""

    label: str
    value: str
    source: str = ""
    note: str = ""
    reveal: str = ""


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """One file of a material."""

    upload: UploadView
    href: str
    preview: str
    findings: Sequence[Finding] = field(default_factory=tuple)
    corrected_on: date | None = None

    @property
    def doubts(self) -> Sequence[Finding]:
        """What a program noticed and somebody should look at."""
        return doubts(self.findings)

    @property
    def waiting(self) -> bool:
        """Whether its words are still being read."""
        return waiting(self.findings)


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What the applicant took back; kept on record, and not used for the decision."""

    at: datetime
    reason: str
    files: Sequence[FileLine] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class MaterialLine:
    """One material with its files and what it is checked against.

    Attributes:
        taken: In which form it was taken in, as the receipt says; empty: not said.
        files: What the case rests on.
        replaced: What a correction replaced; kept on record.
    """

    id: str
    name: str
    state: MaterialState
    colour: str
    source: str
    standard: str
    due: str
    checked: bool
    taken: str = ""
    files: Sequence[FileLine] = field(default_factory=tuple)
    replaced: Sequence[FileLine] = field(default_factory=tuple)
    withdrawn: Sequence[TakenBack] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One line of the time line."""

    at: datetime
    title: str
    who: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One of the five steps."""

    name: str
    state: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One letter with the address of its file."""

    document: DocumentView
    href: str


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What the registers hold about the applicant, and where it comes from."""

    lines: Sequence[Line] = field(default_factory=tuple)
    source: str = ""


def registered(page: CasePage) -> Registered:
    """Return what the registers hold about the applicant, numbers masked."""
    held = _held(page)
    return Registered(
        lines=[
            Line(
                label=label,
                value=_masked(key, held[key]),
                reveal=_reveal(page.case.number, key) if key in PERSONAL else "",
            )
            for key, label in REGISTER_LABELS.items()
            if key in held
        ],
        source="；".join(
            sorted({f"{one.source_label} {one.as_of:%Y-%m-%d}" for one in held.values()})
        ),
    )


def hidden_registered(page: CasePage) -> Sequence[str]:
    """Return the keys of what `registered` masks, in its order."""
    held = _held(page)
    return [key for key in REGISTER_LABELS if key in PERSONAL and key in held]


def _held(page: CasePage) -> Mapping[str, Prefilled]:
    try:
        return registers.prefill(page.case.applicant_ref)
    except LookupError:
        return {}


def answers(page: CasePage, item: ItemVersion) -> Sequence[Line]:
    """Return the answers of the application in the order asked, personal ones masked."""
    return [
        Line(
            label=question.label,
            value=mask(question, words) if hidden else words,
            source=_("登记信息") if question.prefill else "",
            reveal=_reveal(page.case.number, question.id) if hidden else "",
        )
        for question, words, hidden in _answered(page, item)
    ]


def hidden_answers(page: CasePage, item: ItemVersion) -> Mapping[str, Line]:
    """Return what `answers` masks, whole, by question; whoever shows it writes the look down."""
    return {
        question.id: Line(label=question.label, value=words)
        for question, words, hidden in _answered(page, item)
        if hidden
    }


def _answered(page: CasePage, item: ItemVersion) -> Iterator[tuple[Question, str, bool]]:
    """Yield each answered question in the order asked, its answer in words, and if it is hidden."""
    given = plain_answers(page.answers)
    for question in asked(item, given):
        if given.get(question.id) is not None:
            words = in_words(question, given[question.id])
            yield question, words, is_hidden(question) and "*" not in words


def withdrawn(page: CasePage, by: Actor) -> Sequence[WithdrawnView]:
    """Return what the applicant took back; no query where nothing was."""
    if not any(one.step is Step.WITHDRAW_MATERIAL for one in page.events):
        return ()
    return withdrawn_of(page.case.number, by=by)


def contact(page: CasePage, by: Actor) -> Sequence[Line]:
    """Return how the applicant is reached since they changed it; no query where they did not."""
    if not any(one.step is Step.CHANGE_CONTACT for one in page.events):
        return ()
    held = contact_of(page.case.number, by=by)
    if held is None:
        return ()
    source = _("申请人变更 %(day)s") % {"day": f"{timezone.localdate(held.at):%Y-%m-%d}"}
    rows = (
        ("", _("联系人"), held.contact_name),
        ("contact.phone", CONTACTS["contact.phone"], held.phone),
        ("contact.address", CONTACTS["contact.address"], held.address),
    )
    return [
        Line(
            label=label,
            value=value,
            source=source,
            reveal=_reveal(page.case.number, key) if key else "",
        )
        for key, label, value in rows
        if value
    ]


def materials(page: CasePage, item: ItemVersion, *, by: Actor) -> Sequence[MaterialLine]:
    """Return the materials with their files; two queries for all files."""
    back = withdrawn(page, by)
    refs = [ref for one in page.materials for ref in one.upload_refs]
    refs += [ref for row in back for ref in row.upload_refs]
    found = documents.uploads(refs)
    noticed = findings_of(refs)
    standards = {material.id: material.accept_standard for material in item.materials}

    def lines(material_id: str, refs: Sequence[str], on: date | None = None) -> list[FileLine]:
        return [
            _file(
                page.case.number, found[ref], noticed.get((ref, material_id), ()), corrected_on=on
            )
            for ref in refs
            if ref in found
        ]

    def standing(one: MaterialView, wanted: FileStanding) -> list[FileLine]:
        refs = dict.fromkeys(file.ref for file in one.files if file.standing is wanted)
        on = page.case.corrected_on if wanted is FileStanding.CORRECTED else None
        return lines(one.material_id, list(refs), on)

    return [
        MaterialLine(
            id=one.material_id,
            name=one.name,
            state=one.state,
            colour=COLOURS[one.state],
            source=one.source,
            standard=standards.get(one.material_id, ""),
            due=f"{one.due_on:%Y-%m-%d}" if one.due_on else "",
            checked=one.checked_at is not None,
            taken=_(one.taken_as.label) if one.taken_as else "",
            files=[
                *standing(one, FileStanding.CORRECTED),
                *standing(one, FileStanding.AS_FILED),
            ],
            replaced=standing(one, FileStanding.REPLACED),
            withdrawn=[
                TakenBack(
                    at=row.at, reason=row.reason, files=lines(row.material_id, row.upload_refs)
                )
                for row in back
                if row.material_id == one.material_id
            ],
        )
        for one in page.materials
    ]


def letters(page: CasePage) -> Sequence[Letter]:
    """Return the letters of the case."""
    return [
        Letter(document=one, href=reverse("officer:document", args=[page.case.number, one.id]))
        for one in page.documents
    ]


def timeline(page: CasePage, units: Mapping[str, str]) -> Sequence[Happened]:
    """Return what happened, the newest first."""
    return [
        Happened(
            at=one.at,
            title=_(one.step.label),
            who=_who(one, units),
            text=" ".join(part for part in (one.reason, one.basis) if part),
        )
        for one in reversed(page.events)
    ]


STAGES: Sequence[tuple[str, frozenset[CaseState]]] = (
    ("申请", frozenset()),
    ("受理", frozenset({CaseState.RECEIVED, CaseState.CORRECTION})),
    ("审查", frozenset({CaseState.ACCEPTED, CaseState.REVIEWING}) | STOPPED),
    ("决定", frozenset({CaseState.DECISION_PENDING})),
    ("送达", frozenset({CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING})),
)
"""The five steps and the states in which each is the current one."""


def sent_back_because(page: CasePage) -> str:
    """Return why the decider sent the proposal back, until there is a new one; empty: it stands."""
    if not page.case.sent_back:
        return ""
    return next(one.reason for one in reversed(page.events) if one.step is Step.SEND_BACK)


def track(page: CasePage) -> Sequence[Stage]:
    """Return the five steps with their state; after an early end the rest stays open."""
    case = page.case
    days = (
        case.received_on,
        case.accepted_on,
        None,
        timezone.localdate(case.decided_at) if case.decided_at else None,
        timezone.localdate(case.closed_at) if case.closed_at and case.decided_at else None,
    )
    now = next((place for place, (_n, states) in enumerate(STAGES) if case.state in states), None)
    stages = []
    for place, (name, _states) in enumerate(STAGES):
        reached = place < now if now is not None else _passed(place, page)
        state = "current" if place == now else "done" if reached else "todo"
        day = days[place]
        stages.append(
            Stage(name=_(name), state=state, note=f"{day:%m-%d}" if day and reached else "")
        )
    return stages


def _passed(place: int, page: CasePage) -> bool:
    case = page.case
    return (
        True,
        case.accepted_on is not None,
        bool(case.reviewed_by),
        case.decided_at is not None,
        case.decided_at is not None,
    )[place]


def _who(row: TimelineRow, units: Mapping[str, str]) -> str:
    if not row.department:
        return row.actor_name
    return f"{units.get(row.department, row.department)} {row.actor_name}"


def _masked(key: str, held: Prefilled) -> str:
    return mask_words(held.value) if key in PERSONAL and not held.masked else held.value


def _reveal(number: str, key: str) -> str:
    return reverse("officer:reveal", args=[number, key])


def _file(
    number: str, upload: UploadView, noticed: Sequence[Finding], *, corrected_on: date | None
) -> FileLine:
    key = upload.ref.removeprefix("upload:")
    pictured = upload.media_type is not MediaType.PDF or upload.has_preview
    return FileLine(
        upload=upload,
        href=reverse("officer:file", args=[number, key]),
        preview=reverse("officer:preview", args=[number, key]) if pictured else "",
        findings=noticed,
        corrected_on=corrected_on,
    )


def by_letter(case: CaseView) -> str:
    """Return how the application came, where it came by post."""
    number = case.mail_number
    return _("邮寄信函（邮件号 %(number)s）") % {"number": number} if number else _("邮寄信函")


def head(page: CasePage, units: Mapping[str, str]) -> dict[str, Any]:
    """Return the facts at the top of every page of a case."""
    case = page.case
    rows = [
        (_("申请人"), case.applicant_name),
        (_("收件"), f"{case.received_on:%Y-%m-%d}"),
    ]
    if case.channel is Channel.LETTER:
        rows.append((_("收件方式"), by_letter(case)))
        if not page.declared:
            rows.append((_("声明"), _("信中没有申请人签字的声明")))
    if case.promised_on:
        rows.append((_("承诺办结"), f"{case.promised_on:%Y-%m-%d}"))
    if case.statutory_on:
        rows.append((_("法定办结"), f"{case.statutory_on:%Y-%m-%d}"))
    if not case.accepted_on and not case.finished:
        rows.append((_("受理期限"), f"{case.notice_due_on:%Y-%m-%d}"))
    if case.town_mode:
        window = units.get(case.intake_department, case.intake_department)
        rows.append((_("街镇窗口"), f"{window}{_('收件')} · {_(case.town_mode.label)}"))
        acceptor = case.intake_department if case.town_mode is TownMode.DIRECT else case.acceptor
        if not case.accepted_on and not case.finished:
            rows.append((_("由谁受理"), units.get(acceptor, acceptor)))
    rows.append((_("审批部门"), units.get(case.deciding_department, case.deciding_department)))
    if case.collect_at:
        rows.append((_("领取结果"), units.get(case.collect_at, case.collect_at)))
    if case.assigned_to:
        names = organisations.names_of([case.assigned_to])
        rows.append((_("承办人"), names.get(case.assigned_to, case.assigned_to)))
    gone = [one.name for one in page.materials if one.state is MaterialState.WITHDRAWN]
    return {
        "facts": rows,
        "taken_back": [] if case.closed_at else gone,
        "sent_back_because": sent_back_because(page),
    }
