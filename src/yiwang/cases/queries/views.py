"""Frozen views of cases, their materials, letters, steps and drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.cases.models import (
    Case,
    CaseDocument,
    CaseEvent,
    CaseMaterial,
    Correction,
    CorrectionItem,
    Delivery,
    Opinion,
)
from yiwang.cases.policy.correcting import ON_PAPER, standings
from yiwang.cases.policy.deadlines import case_light
from yiwang.cases.policy.states import FINISHED, OPEN, CaseState, Step, Way
from yiwang.cases.policy.terms import (
    INTERNAL_LETTERS,
    DeliveryChannel,
    DocumentKind,
    FileStanding,
    MaterialState,
    Outcome,
    PaperForm,
)
from yiwang.catalogue.policy.items import Audience, Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.clocks import LightAnswer
from yiwang.kernel.workdays import WorkdayCalendar


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """One case as every channel shows it; names as they were at receipt.

    Attributes:
        version: Row version; hand it back with an act so that two people do not act on one state.
        due_on: Day by which whoever holds the case must act; None when finished.
        intake_department: Department whose window took it in.
        town_mode: How the window of a town handles it; None: no window of a town took it in.
        acceptor: Unit in whose name it is accepted.
        collect_at: Unit at which the applicant chose to collect the result; empty: none chosen.
        phone_masked: Empty: the applicant gave no telephone.
        mail_number: Of the letter that brought the application; empty: none, or no letter.
        received_at: When it was entered.
        received_on: Day of receipt, from which days count; of a letter, when it was got.
    """

    number: str
    query_code: str
    item_slug: str
    item_version: int
    item_name: str
    immediate: bool
    must_check_site: bool
    department_code: str
    deciding_department: str
    intake_department: str
    window: str
    town: str
    town_mode: TownMode | None
    acceptor: str
    collect_at: str
    channel: Channel
    mail_number: str
    applicant_ref: str
    applicant_kind: Audience
    applicant_name: str
    applicant_number_masked: str
    phone_masked: str
    submitted_by: str
    state: CaseState
    version: int
    assigned_to: str
    touched_by: str
    touched_at: datetime
    received_at: datetime
    received_on: date
    due_on: date | None
    notice_due_on: date
    corrected_on: date | None
    accepted_on: date | None
    accepted_by: str
    deemed: bool
    statutory_on: date | None
    promised_on: date | None
    stopped_since: date | None
    extended_on: date | None
    asked_departments: tuple[str, ...]
    reviewed_by: str
    sent_back: bool
    outcome: Outcome | None
    way: Way | None
    decided_by: str
    decided_at: datetime | None
    licence_identifier: str
    delivery_due_on: date | None
    closed_at: datetime | None
    evaluation_until: date | None

    @property
    def open(self) -> bool:
        """Whether no decision was made yet and the applicant may withdraw."""
        return self.state in OPEN

    @property
    def finished(self) -> bool:
        """Whether nothing follows."""
        return self.state in FINISHED

    def light(self, *, today: date, calendar: WorkdayCalendar) -> LightAnswer:
        """Return the light of the clock that runs now; grey while the limit does not run."""
        return case_light(state=self.state, due_on=self.due_on, today=today, calendar=calendar)


@dataclass(frozen=True, kw_only=True)
class MaterialFile:
    """One file of a material, and whether a correction replaced it.

    Attributes:
        corrected_on: Day on which the correction came that brought it; None: it came otherwise.
    """

    ref: str
    standing: FileStanding
    corrected_on: date | None

    @property
    def in_force(self) -> bool:
        """Whether the case rests on it."""
        return self.standing is not FileStanding.REPLACED


@dataclass(frozen=True, kw_only=True)
class MaterialView:
    """One material of a case.

    Attributes:
        upload_refs: All that came for it, in order, and what a correction replaced.
        files: The same, with how each stands.
    """

    material_id: str
    name: str
    state: MaterialState
    upload_refs: tuple[str, ...]
    files: tuple[MaterialFile, ...]
    source: str
    taken_as: PaperForm | None
    due_on: date | None
    checked_by: str
    checked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CorrectionItemView:
    """One thing to complete."""

    id: int
    material_id: str
    what: str
    why: str
    example: str
    upload_refs: tuple[str, ...]
    answer: str


@dataclass(frozen=True, kw_only=True)
class CorrectionView:
    """The one request to complete the application."""

    asked_at: datetime
    due_on: date
    filed_at: datetime | None
    lines: tuple[CorrectionItemView, ...]


@dataclass(frozen=True, kw_only=True)
class OpinionView:
    """What the reviewer proposed."""

    outcome: Outcome
    text: str
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TimelineRow:
    """One step: who, from which post, when, from where to where, why."""

    step: Step
    from_state: CaseState | None
    to_state: CaseState
    at: datetime
    actor: str
    actor_name: str
    post: str
    department: str
    reason: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    """How and when something reached the applicant."""

    channel: DeliveryChannel
    at: datetime
    to_name: str
    result: str
    by: str
    document_id: int | None


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """One letter; `made` tells whether its sealed file exists already."""

    id: int
    kind: DocumentKind
    number: str
    title: str
    body: dict[str, object]
    seal_department: str
    issued_at: datetime
    file_sha256: str | None
    deliveries: tuple[DeliveryView, ...]

    @property
    def made(self) -> bool:
        """Whether the file was rendered and sealed."""
        return self.file_sha256 is not None

    @property
    def internal(self) -> bool:
        """Whether it is for the file alone."""
        return self.kind in INTERNAL_LETTERS


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """The whole file of one case.

    Attributes:
        declared: Whether the applicant declared that all is true; in a letter it may be missing.
    """

    case: CaseView
    declared: bool
    answers: dict[str, object]
    materials: tuple[MaterialView, ...]
    correction: CorrectionView | None
    opinion: OpinionView | None
    events: tuple[TimelineRow, ...]
    documents: tuple[DocumentView, ...]
    deliveries: tuple[DeliveryView, ...]
    steps: frozenset[Step]
    """Steps that the asking actor may take now."""


def case_view(row: Case) -> CaseView:
    """Return the frozen view of a row."""
    return CaseView(
        number=row.number,
        query_code=row.query_code,
        item_slug=row.item_slug,
        item_version=row.item_version,
        item_name=row.item_name,
        immediate=row.immediate,
        must_check_site=row.must_check_site,
        department_code=row.department_code,
        deciding_department=row.deciding_department,
        intake_department=row.intake_department,
        window=row.window,
        town=row.town,
        town_mode=TownMode(row.town_mode) if row.town_mode else None,
        acceptor=row.acceptor,
        collect_at=row.collect_at,
        channel=Channel(row.channel),
        mail_number=row.mail_number,
        applicant_ref=row.applicant_ref,
        applicant_kind=Audience(row.applicant_kind),
        applicant_name=row.applicant_name,
        applicant_number_masked=row.applicant_number_masked,
        phone_masked=row.phone_masked,
        submitted_by=row.submitted_by,
        state=CaseState(row.state),
        version=row.version,
        assigned_to=row.assigned_to,
        touched_by=row.touched_by,
        touched_at=row.touched_at,
        received_at=row.received_at,
        received_on=row.received_on,
        due_on=row.due_on,
        notice_due_on=row.notice_due_on,
        corrected_on=row.corrected_on,
        accepted_on=row.accepted_on,
        accepted_by=row.accepted_by,
        deemed=row.deemed,
        statutory_on=row.statutory_on,
        promised_on=row.promised_on,
        stopped_since=row.stopped_since,
        extended_on=row.extended_on,
        asked_departments=tuple(row.asked_departments),
        reviewed_by=row.reviewed_by,
        sent_back=row.sent_back,
        outcome=Outcome(row.outcome) if row.outcome else None,
        way=Way(row.way) if row.way else None,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        licence_identifier=row.licence_identifier,
        delivery_due_on=row.delivery_due_on,
        closed_at=row.closed_at,
        evaluation_until=row.evaluation_until,
    )


def material_view(
    row: CaseMaterial, *, correction: CorrectionView | None, corrected_on: date | None
) -> MaterialView:
    """Return the frozen view of a row.

    Args:
        row: The material.
        correction: What was asked for once in its case; None: nothing was.
        corrected_on: Day on which the correction came; None: it did not.
    """
    return MaterialView(
        material_id=row.material_id,
        name=row.name,
        state=MaterialState(row.state),
        upload_refs=tuple(row.upload_refs),
        files=material_files(row, correction=correction, corrected_on=corrected_on),
        source=row.source,
        taken_as=PaperForm(row.taken_as) if row.taken_as else None,
        due_on=row.due_on,
        checked_by=row.checked_by,
        checked_at=row.checked_at,
    )


def material_files(
    row: CaseMaterial, *, correction: CorrectionView | None, corrected_on: date | None
) -> tuple[MaterialFile, ...]:
    """Return the files of a material in the order in which they came, with how each stands."""
    lines = correction.lines if correction is not None and corrected_on is not None else ()
    asked = [line for line in lines if line.material_id == row.material_id]
    corrected = {ref for line in asked for ref in line.upload_refs}
    found = standings(
        row.upload_refs, corrected=corrected, on_paper=bool(asked) and row.source == ON_PAPER
    )
    return tuple(
        MaterialFile(
            ref=ref,
            standing=standing,
            corrected_on=corrected_on if standing is FileStanding.CORRECTED else None,
        )
        for ref, standing in zip(row.upload_refs, found, strict=True)
    )


def events_of(row: Case) -> tuple[TimelineRow, ...]:
    """Return the steps of a case, oldest first, for whoever may read all of them."""
    return tuple(
        TimelineRow(
            step=Step(one.step),
            from_state=CaseState(one.from_state) if one.from_state else None,
            to_state=CaseState(one.to_state),
            at=one.at,
            actor=one.actor,
            actor_name=one.actor_name,
            post=one.post,
            department=one.department,
            reason=one.reason,
            basis=one.basis,
        )
        for one in CaseEvent.objects.filter(case_id=row.pk).order_by("id")
    )


def correction_view(row: Case) -> CorrectionView | None:
    """Return what was asked for once (一次性补正), or None."""
    found: Correction | None = getattr(row, "correction", None)
    if found is None:
        return None
    return CorrectionView(
        asked_at=found.asked_at,
        due_on=found.due_on,
        filed_at=found.filed_at,
        lines=tuple(
            CorrectionItemView(
                id=one.pk,
                material_id=one.material_id,
                what=one.what,
                why=one.why,
                example=one.example,
                upload_refs=tuple(one.upload_refs),
                answer=one.answer,
            )
            for one in CorrectionItem.objects.filter(correction=found).order_by("id")
        ),
    )


def opinion_view(row: Case) -> OpinionView | None:
    """Return the newest opinion of the reviewer, or None."""
    if row.accepted_on is None:
        return None
    found = Opinion.objects.filter(case=row).order_by("-id").first()
    if found is None:
        return None
    return OpinionView(
        outcome=Outcome(found.outcome),
        text=found.text,
        by=found.by,
        by_name=found.by_name,
        at=found.at,
    )


def delivery_view(row: Delivery) -> DeliveryView:
    """Return the frozen view of a row."""
    return DeliveryView(
        channel=DeliveryChannel(row.channel),
        at=row.at,
        to_name=row.to_name,
        result=row.result,
        by=row.by,
        document_id=row.document_id,
    )


def document_view(row: CaseDocument, deliveries: Sequence[DeliveryView]) -> DocumentView:
    """Return the frozen view of a letter with those of `deliveries` that are its own."""
    return DocumentView(
        id=row.pk,
        kind=DocumentKind(row.kind),
        number=row.number,
        title=row.title,
        body=row.body,
        seal_department=row.seal_department,
        issued_at=row.issued_at,
        file_sha256=row.file_sha256,
        deliveries=tuple(one for one in deliveries if one.document_id == row.pk),
    )
