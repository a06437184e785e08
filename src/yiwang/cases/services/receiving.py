"""Receipt (收件): from the portal or at a counter, on one record, once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CaseSubmitted
from yiwang.cases.models import Case, CaseMaterial, Draft
from yiwang.cases.policy import letters, mailed, towns
from yiwang.cases.policy.answers import kept_answers, plain_answers, problems
from yiwang.cases.policy.commitments import SignedBy, tolerable
from yiwang.cases.policy.deadlines import PLACE, day_of, notice_due_on
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DocumentKind, MaterialState, PaperForm
from yiwang.cases.policy.towns import CollectAt
from yiwang.cases.policy.visiting import usual_form
from yiwang.cases.queries import CaseView, case_view, dialled
from yiwang.cases.queries.commitments import tolerance_barred
from yiwang.cases.services import kept, waiting
from yiwang.cases.services.asking_renewal import note_request
from yiwang.cases.services.bans import require_unbanned
from yiwang.cases.services.briefing import briefing_for, require_confirmed
from yiwang.cases.services.drafting import (
    DraftRefusedError,
    audience_of,
    check_eligible,
    check_uploads,
    locked_draft,
)
from yiwang.cases.services.signing import (
    NOTHING_SIGNED,
    SignedAtWindow,
    check_certificates,
    confirm_briefing,
    last_day,
    promise_certificates,
    promise_materials,
    require_signable,
    sign_at_window,
    signed_for,
    tie,
)
from yiwang.cases.services.steps import Capacity, draw_case_number, heading, issue, write_down_birth
from yiwang.cases.services.visiting import form_words
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns as catalogue_towns
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    Channel,
    ItemVersion,
    Material,
    OnCommitment,
    QuestionKind,
    ReformMode,
    WaiveBy,
    asked,
    needed,
)
from yiwang.catalogue.towns import TownWindow
from yiwang.documents import services as documents
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import query_code
from yiwang.kernel.masking import mask_number, mask_phone
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.organisations.policy.terms import DepartmentKind
from yiwang.organisations.queries import DepartmentView
from yiwang.registers import queries as registers
from yiwang.registers.queries import Prefilled
from yiwang.registers.services import prefill_in_full

KEY_LENGTH = 80

CONTACT_PURPOSE = "办件联系和进度查询"
"""Why a registered telephone is read whole at receipt; the applicant finds it in their trace."""

COMPREHENSIVE = frozenset(
    {DepartmentKind.CENTRE, DepartmentKind.COMMUNITY_CENTRE, DepartmentKind.TOWN}
)
"""Units whose windows take in the items of every department (综合窗口)."""


OF_TOWNS = frozenset({DepartmentKind.COMMUNITY_CENTRE, DepartmentKind.TOWN})
"""Units whose windows take in what was sunk to them (事项下沉)."""

PLACES_NAMED = 3
"""Other centres that a refusal names at most."""


class NotHereError(RefusedError):
    """The item is not done at this window of a town today."""

    code = "cases.not_at_this_window"


class IncompleteError(RefusedError):
    """Answers or materials are missing or wrong; all of them are named at once.

    Attributes:
        problems: Question or material id to the sentence about it, in the order asked.
    """

    code = "cases.incomplete"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(f"还有{len(problems)}处需要补充或改正：{' '.join(problems.values())}")
        self.problems = dict(problems)


class SubmissionRefusedError(RefusedError):
    """The application cannot be taken in like that."""

    code = "cases.submission_refused"


KEY_USED = "这个提交编号已用于另一份申请，请刷新表单后重新提交。"

PROMISED_INSTEAD = "证明事项告知承诺书"
COMMITTED_INSTEAD = "告知承诺书"
"""Sources of a material in whose place a written promise stands."""

ON_PAPER = "窗口收取纸质材料"
IN_THE_LETTER = "信函所附纸质材料"
"""Sources of a material that was not uploaded."""


@dataclass(frozen=True, kw_only=True)
class _Application:
    """What both doors bring in."""

    item: ItemVersion
    applicant_ref: str
    registered: Mapping[str, Prefilled]
    answers: dict[str, Answer]
    uploads: Mapping[str, Sequence[str]]
    channel: Channel
    intake_department: str
    window: str
    phone: str
    town: str
    key: str
    declaration: str
    acting: Capacity
    complete: bool
    paper: Mapping[str, PaperForm | None] = field(default_factory=dict)
    committed: bool = False
    tolerated: bool = False
    certified: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    by_person: bool = False
    briefed: str = ""
    town_window: TownWindow | None = None
    collect: CollectAt | None = None
    letter: Mailed | None = None

    def received_on(self, today: date) -> date:
        """Return the day of receipt: of a letter, the day on which it was got."""
        return self.letter.received_on if self.letter else today


@contextmanager
def _one_case_a_key() -> Iterator[None]:
    """Take in at most one case under a key, in one transaction.

    Raises:
        SubmissionRefusedError: the key belongs to another case.
    """
    try:
        with transaction.atomic(), audit.together():
            yield
    except IntegrityError as error:
        if "cases_case_once_per_submission" not in str(error):
            raise
        raise SubmissionRefusedError(KEY_USED) from None


@_one_case_a_key()
def submit_case(
    *,
    draft_id: int,
    declaration_accepted: bool,
    idempotency_key: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    tolerance_signed: bool = False,
    certificates: Mapping[str, str] | None = None,
    signed_how: SignedBy = SignedBy.ACCOUNT,
    by_person: bool = False,
    briefed: str = "",
) -> CaseView:
    """Submit a draft through the portal (网上提交); the second time gives the same case.

    A draft for which a letter of commitment was signed goes the way of notice and commitment.

    Args:
        draft_id: The draft.
        declaration_accepted: Whether the applicant declared that all is true.
        idempotency_key: Names this submission; sent again when the answer was lost.
        calendar: Covers the five days in which the applicant must hear from the department.
        by: Acts for the applicant.
        at: Moment in which the application entered the system.
        tolerance_signed: Whether the promise to file missing tolerable materials was signed.
        certificates: Id of each certificate that a promise replaces, and what is stated for it.
        signed_how: How whoever signed that had proved who they are.
        by_person: The applicant wants a person to decide, although rules might.
        briefed: Digest of what the applicant was told and confirmed, where something is told
            before (`services.briefing_of`); empty: nothing was confirmed.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        NotBriefedError: what they are to be told was not confirmed, or changed since.
        CommitmentRefusedError: what was signed is not what would be signed now, or a certificate
            may not be replaced.
        IncompleteError: answers or materials are missing or wrong; all are named.
        SubmissionRefusedError: no declaration, expired, not offered online, no key, or the key
            was used for another draft.
        NotEligibleError: the item is not for this kind of applicant.
        CalendarGapError: the calendar ends before the date to be computed.

    Source:
        行政许可法 第二十九条 (electronic application), 第三十一条 (truth is the applicant's);
        电子签名法 第十一条 (time of receipt).
    """
    draft = locked_draft(draft_id, by=by)
    if draft.submitted_case is not None:
        return case_view(draft.submitted_case)
    if not declaration_accepted:
        raise SubmissionRefusedError("请先阅读并勾选申请人声明，再提交申请。")
    if draft.expires_on < day_of(at):
        raise SubmissionRefusedError("这份草稿已过保留期限，请重新填写申请。")
    item = kept.item_version(draft.item_slug, draft.item_version)
    _require_offered(item, draft.applicant_ref, on=day_of(at))
    check_eligible(item, draft.applicant_ref)
    if Channel.PORTAL not in item.channels:
        raise SubmissionRefusedError("本事项不在网上受理，请携带材料到服务窗口办理。")
    require_unbanned(item, draft.applicant_ref, on=day_of(at))
    registered = _registered(draft.applicant_ref)
    uploads: dict[str, list[str]] = {}
    for upload in draft.uploads.order_by("id"):
        uploads.setdefault(upload.material_id, []).append(upload.upload_ref)
    answers = _with_known(item, plain_answers(draft.answers), registered)
    signed = signed_for(draft, item, answers, at=at)
    case = _receive(
        _Application(
            item=item,
            applicant_ref=draft.applicant_ref,
            registered=registered,
            answers=answers,
            uploads=uploads,
            channel=Channel.PORTAL,
            intake_department=kept.portal_window(on=day_of(at)),
            window="",
            phone="",
            town="",
            key=_key(idempotency_key),
            declaration=item.declaration,
            acting=Capacity(),
            complete=True,
            committed=signed is not None,
            tolerated=tolerance_signed,
            certified=certificates or {},
            by_person=by_person,
            briefed=briefed,
        ),
        calendar=calendar,
        by=by,
        at=at,
        signed_how=signed_how,
    )
    if signed is not None:
        tie(signed, case, item, by=by, at=at)
    _tie(draft, case)
    return case_view(case)


def receive_at_counter(
    *,
    item_slug: str,
    applicant_ref: str,
    answers: Mapping[str, object],
    uploads: Mapping[str, Sequence[str]],
    window: str,
    idempotency_key: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    phone: str = "",
    town: str = "",
    paper: Collection[str] | Mapping[str, PaperForm | None] = (),
    signed: SignedAtWindow = NOTHING_SIGNED,
    by_person: bool = False,
    collect: CollectAt | None = None,
    letter: Mailed | None = None,
) -> CaseView:
    """Take in an application at a counter (窗口收件); the second time gives the same case.

    A letter is entered here too (信函申请): its days count from the day on which it was got, and
    nobody signs before the clerk; what has to be signed lay in it as paper.

    Missing materials do not stop the receipt: nobody is turned away, and what is missing is told
    once, afterwards. Answers must be there, the clerk asks for them.

    Args:
        item_slug: The item.
        applicant_ref: Who applies.
        answers: Question id to answer.
        uploads: Material id to the refs of scanned files.
        window: Label of the window, printed on the receipt.
        idempotency_key: Names this submission; sent again when the answer was lost.
        calendar: Covers the five days of the notice.
        by: Holds a post at a comprehensive window or in the item's department.
        at: Moment of receipt.
        phone: Where the applicant can be reached; empty: as registered, or none.
        town: Code of the town the case belongs to; empty: as registered.
        paper: Ids of materials taken in on paper, scanned as well or not, with the form in which
            each was taken; without one, as the item usually wants it.
        signed: What the applicant signed at the window: the letter of commitment, the promise to
            file missing tolerable materials.
        by_person: The applicant wants a person to decide, although rules might.
        collect: Where the applicant at a town's window collects the result; None: at either.
        letter: The letter that brought the application; None: somebody stands at the window.

    Raises:
        PermissionRefusedError: `by` may not receive this item's cases.
        NotHereError: the item is not done at this window of a town today; says where it is.
        IncompleteError: answers are missing or wrong; all are named.
        SubmissionRefusedError: not offered at counters, key missing or used for something else,
            the day or the number of the letter cannot be.
        NotEligibleError: the item is not for this kind of applicant.
        NotBriefedError: what the applicant is to be told was not confirmed, or changed since.
        CommitmentRefusedError: the item or the record does not allow a commitment, or a condition
            was not confirmed.
        CalendarGapError: the calendar ends before the date to be computed.
        LookupError: no such item in force, or no such applicant registered.

    Source:
        行政许可法 第二十九条 (letters), 第三十二条; 上海市优化营商环境条例 第二十五条 (no refusal
        to take in).
    """
    key = _key(idempotency_key)
    if (known := _submitted(by, key, item_slug, applicant_ref, answers)) is not None:
        return known
    try:
        with _one_case_a_key():
            return _receive_at_counter(
                item=kept.item(item_slug, on=day_of(at)),
                applicant_ref=applicant_ref,
                answers=answers,
                uploads=uploads,
                window=window,
                key=key,
                calendar=calendar,
                by=by,
                at=at,
                phone=phone,
                town=town,
                paper=paper if isinstance(paper, Mapping) else dict.fromkeys(paper),
                signed=signed,
                by_person=by_person,
                collect=collect,
                letter=letter,
            )
    except SubmissionRefusedError:
        known = _submitted(by, key, item_slug, applicant_ref, answers)
        if known is None:
            raise
        return known


def _receive_at_counter(
    *,
    item: ItemVersion,
    applicant_ref: str,
    answers: Mapping[str, object],
    uploads: Mapping[str, Sequence[str]],
    window: str,
    key: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    phone: str,
    town: str,
    paper: Mapping[str, PaperForm | None],
    signed: SignedAtWindow,
    by_person: bool,
    collect: CollectAt | None,
    letter: Mailed | None,
) -> CaseView:
    if letter is not None and (wrong := mailed.problem(letter, today=day_of(at))):
        raise SubmissionRefusedError(wrong)
    acting, town_window = _window_of(item, by=by, on=day_of(at))
    if collect is not None and town_window is None:
        raise SubmissionRefusedError("只有街镇窗口收的件可以选择领取结果的地点，请不要填写。")
    check_eligible(item, applicant_ref)
    if Channel.COUNTER not in item.channels:
        raise SubmissionRefusedError("本事项只在网上受理，请协助申请人在自助终端或者手机上办理。")
    require_unbanned(item, applicant_ref, on=day_of(at))
    plain = _plain(answers)
    unknown = {*uploads, *paper} - {material.id for material in item.materials}
    if unknown:
        raise SubmissionRefusedError("有文件不对应本事项的任何材料，请在材料清单中逐项上传。")
    refs = [ref for listed in uploads.values() for ref in listed]
    check_uploads(refs, by=by)
    registered = _registered(applicant_ref)
    plain = _with_known(item, plain, registered)
    require_signable(item, plain, applicant_ref, signed=signed, at=at)
    signed_how = SignedBy.LETTER if letter else SignedBy.WINDOW
    case = _receive(
        _Application(
            item=item,
            applicant_ref=applicant_ref,
            registered=registered,
            answers=plain,
            uploads=uploads,
            channel=Channel.LETTER if letter else Channel.COUNTER,
            intake_department=acting.department,
            window="" if letter else window.strip()[:40],
            phone=phone.strip(),
            town=town,
            key=key,
            declaration=item.declaration if letter is None or letter.declared else "",
            acting=acting,
            complete=False,
            paper=paper,
            committed=signed.told is not None,
            tolerated=signed.tolerance,
            certified=signed.certificates,
            agent=signed.agent,
            by_person=by_person,
            briefed=signed.briefed,
            town_window=town_window,
            collect=collect,
            letter=letter,
        ),
        calendar=calendar,
        by=by,
        at=at,
        signed_how=signed_how,
    )
    if signed.told is not None:
        sign_at_window(case, item, plain, signed=signed, signed_how=signed_how, by=by, at=at)
    return case_view(case)


def _receive(
    application: _Application,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    signed_how: SignedBy,
) -> Case:
    item, today = application.item, day_of(at)
    received_on = application.received_on(today)
    check_certificates(item, application.certified, application.applicant_ref, on=today)
    answers = _checked_answers(application, today)
    phone, answers = _reachable(application, answers, by=by, at=at)
    materials = _materials(application, answers, calendar=calendar, today=today)
    _check_complete(application, answers, materials, today)
    briefing = briefing_for(item, answers, applicant_name=_applicant_name(application), on=today)
    posted = briefing is not None and application.letter is not None and not application.briefed
    if not posted:
        require_confirmed(briefing, application.briefed)
    notice_on = notice_due_on(received_on=received_on, calendar=calendar)
    deciding = kept.deciding_department(item.department, on=today)
    town_window = application.town_window
    acceptor = kept.department((town_window and town_window.name_of) or deciding)
    collect_at = _collected_at(application, deciding)
    number, code = _numbers(item.handling_for(answers), today)
    case = Case.objects.create(
        number=number,
        query_code=code,
        item_slug=item.slug,
        item_version=item.version,
        item_name=item.name,
        immediate=item.limit.promised_workdays == 0,
        must_check_site=item.must_check_site(answers),
        department_code=item.department,
        deciding_department=deciding,
        intake_department=application.intake_department,
        window=application.window,
        town=application.town or _value(application, "entity.town"),
        town_mode=town_window.mode.value if town_window else "",
        accepting_department=town_window.name_of if town_window else "",
        collect_at=collect_at,
        channel=application.channel.value,
        mail_number=application.letter.plain_number if application.letter else "",
        applicant_ref=application.applicant_ref,
        applicant_kind=audience_of(application.applicant_ref).value,
        applicant_name=_applicant_name(application),
        applicant_number_masked=_applicant_number(application),
        phone_masked=mask_phone(dialled(phone)),
        submitted_by=by.ref,
        idempotency_key=application.key,
        state=CaseState.RECEIVED.value,
        touched_by=by.name or by.ref,
        touched_at=at,
        received_at=at,
        received_on=received_on,
        due_on=notice_on,
        notice_due_on=notice_on,
    )
    for material in materials:
        material.case = case
    CaseMaterial.objects.bulk_create(materials)
    waiting.expect(case, item, by_person=application.by_person, unsigned=posted, at=at)
    for refs in application.uploads.values():
        for ref in refs:
            documents.mark_used(ref=ref, used_by=f"case:{number}")
    write_down_birth(
        case,
        answers=answers,
        declaration=application.declaration,
        acting=application.acting,
        by=by,
        at=at,
        came=application.letter.came if application.letter else "",
    )
    issue(
        case,
        DocumentKind.RECEIPT,
        body=letters.receipt(
            heading(case, item, acceptor.name),
            received=f"{at.astimezone(PLACE):%Y-%m-%d %H:%M}",
            taken_by=by.name if application.acting.post else "一网通办平台",
            window=application.window,
            letter=application.letter,
            materials=_handed_in(application, materials),
            handled=_handled(application, acceptor.name, collect_at),
        ),
        item=item,
        seal=acceptor,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请已收到，查询码{code}。",
    )
    note_request(case, item, answers, calendar=calendar, at=at)
    tolerated = [one for one in materials if one.state == MaterialState.TOLERATED]
    if tolerated:
        promise_materials(
            case,
            item,
            tolerated,
            signed_how=signed_how,
            agent=application.agent,
            by=by,
            at=at,
        )
    certified = [one for one in materials if one.source == PROMISED_INSTEAD]
    if certified:
        promise_certificates(
            case,
            item,
            {one.material_id: application.certified[one.material_id] for one in certified},
            signed_how=signed_how,
            agent=application.agent,
            by=by,
            at=at,
        )
    if briefing is not None:
        confirm_briefing(
            case,
            item,
            briefing,
            answers,
            signed_how=None if posted else signed_how,
            agent=application.agent,
            by=by,
            at=at,
        )
    events.publish(
        CaseSubmitted(
            number=number,
            item_slug=item.slug,
            applicant_ref=application.applicant_ref,
            received_on=received_on,
            deciding_department=case.deciding_department,
        )
    )
    return case


def _collected_at(application: _Application, deciding: str) -> str:
    """Return the unit at which the result is collected; empty: the applicant chose none."""
    if application.collect is None:
        return ""
    here = application.collect is CollectAt.HERE
    return application.intake_department if here else deciding


def _handled(application: _Application, acceptor: str, collect_at: str) -> list[str]:
    """Return what the receipt of a town's window says of who accepts and where to collect."""
    if application.town_window is None:
        return []
    window = application.town_window.centre_name
    lines = [towns.receipt_line(application.town_window.mode, window=window, acceptor=acceptor)]
    if collect_at:
        lines.append(towns.collect_line(kept.department(collect_at).name))
    return lines


def _checked_answers(application: _Application, today: date) -> dict[str, Answer]:
    registered = {prefilled.value for prefilled in application.registered.values()}
    found = {
        problem.question_id: problem.message
        for problem in problems(
            application.item, application.answers, today=today, registered=registered
        )
    }
    if found and not application.complete:
        raise IncompleteError(found)
    return kept_answers(application.item, application.answers)


def _check_complete(
    application: _Application,
    answers: Mapping[str, Answer],
    materials: Sequence[CaseMaterial],
    today: date,
) -> None:
    """Name everything that is missing, answers and materials together, at once."""
    if not application.complete:
        return
    registered = {prefilled.value for prefilled in application.registered.values()}
    found = {
        problem.question_id: problem.message
        for problem in problems(
            application.item, application.answers, today=today, registered=registered
        )
    }
    for material in materials:
        if material.state == MaterialState.MISSING:
            found[material.material_id] = f"请上传“{material.name}”。"
    if found:
        raise IncompleteError(found)


def _handed_in(application: _Application, rows: Sequence[CaseMaterial]) -> list[str]:
    """Name each material as the receipt does: how it stands, and in which form it was taken.

    Source:
        行政许可法 第三十二条第二款 (written proof of what was handed in).
    """
    copies = {one.id: one.copies for one in application.item.materials}
    scanned = "电子文件" if application.channel is Channel.PORTAL else "电子扫描件"
    lines = []
    for row in rows:
        words = [MaterialState(row.state).label]
        if row.taken_as:
            words.append(
                form_words(
                    row.taken_as,
                    len(row.upload_refs),
                    copies=copies[row.material_id],
                    scanned=scanned,
                )
            )
        elif row.source:
            words.append(row.source)
        lines.append(f"{row.name}（{'，'.join(words)}）")
    return lines


def _materials(
    application: _Application,
    answers: Mapping[str, Answer],
    *,
    calendar: WorkdayCalendar,
    today: date,
) -> list[CaseMaterial]:
    """Say how each material stands; of a letter the days to file run from when it was got.

    Where the last day was over before a letter was entered, nothing is left to promise: the
    material is missing and told with the others, once.
    """
    item, received_on = application.item, application.received_on(today)
    rows = [_material(application, material, today=today) for material in needed(item, answers)]
    by_id = {material.id: material for material in item.materials}
    missing = [one for one in rows if one.state == MaterialState.MISSING]
    tolerable_ones = [one for one in missing if tolerable(item, by_id[one.material_id])]
    if application.tolerated and tolerable_ones:
        reason = tolerance_barred(application.applicant_ref, on=today)
        if reason:
            raise SubmissionRefusedError(f"不能容缺受理：{reason}")
        for row in tolerable_ones:
            due_on = last_day(
                item, by_id[row.material_id], received_on=received_on, calendar=calendar
            )
            if due_on >= today:
                row.state, row.due_on = MaterialState.TOLERATED.value, due_on
    return rows


def _material(application: _Application, material: Material, *, today: date) -> CaseMaterial:
    """Say how one material stands: waived, filed, replaced by a commitment, to come, or missing.

    Source:
        上海市优化营商环境条例 第二十四条、第二十七条, 两个免于提交.
    """
    row = CaseMaterial(material_id=material.id, name=material.name)
    refs = list(application.uploads.get(material.id, ()))
    source = _waived_by(application, material, today)
    on_paper = material.id in application.paper
    if refs:
        row.state, row.upload_refs, row.source = MaterialState.FILED.value, refs, "申请人提交"
        row.taken_as = PaperForm.ELECTRONIC.value
    elif source:
        row.state, row.source = MaterialState.WAIVED.value, source
    elif on_paper:
        row.state = MaterialState.FILED.value
        row.source = IN_THE_LETTER if application.letter else ON_PAPER
    elif application.committed and material.on_commitment is OnCommitment.REPLACED:
        row.state, row.source = MaterialState.WAIVED.value, COMMITTED_INSTEAD
    elif application.committed and material.on_commitment is OnCommitment.LATER:
        row.state, row.source = MaterialState.PROMISED.value, COMMITTED_INSTEAD
    elif material.id in application.certified:
        row.state, row.source = MaterialState.WAIVED.value, PROMISED_INSTEAD
    else:
        row.state = MaterialState.MISSING.value
    if on_paper and row.state == MaterialState.FILED.value:
        form = application.paper[material.id] or usual_form(material.form)
        row.taken_as = form.value
    return row


def _waived_by(application: _Application, material: Material, today: date) -> str:
    """Return the source that makes the material unnecessary; empty: it must be handed in."""
    if material.waive_by is WaiveBy.GENERATED:
        return WaiveBy.GENERATED.label
    if material.waive_by is WaiveBy.REGISTER:
        held = application.registered.get(material.waive_ref)
        return held.source_label if held else ""
    if material.waive_by is WaiveBy.LICENCE and licences.has_valid(
        application.applicant_ref, material.waive_ref, on=today
    ):
        return WaiveBy.LICENCE.label
    return ""


def _with_known(
    item: ItemVersion, answers: Mapping[str, Answer], registered: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Add what the registers answer to questions that are asked and were left open.

    Whoever applies need not send what is known, through whichever door.
    """
    known = {
        question.id: registered[question.prefill].value
        for question in asked(item, answers)
        if question.prefill in registered and answers.get(question.id) in (None, "")
    }
    return {**answers, **known}


def _require_offered(item: ItemVersion, applicant_ref: str, *, on: date) -> None:
    """Stop a draft whose item was suspended or cancelled since; the draft is kept."""
    try:
        today = catalogue.item(item.slug, on=on)
    except LookupError:
        raise SubmissionRefusedError(
            f"“{item.name}”已经停办，现在不能提交；填写的内容还保留在草稿里，"
            "恢复办理后可以接着提交，其他办法请到服务窗口询问。"
        ) from None
    if today.reform_mode is ReformMode.CANCEL:
        check_eligible(today, applicant_ref)


def _registered(applicant_ref: str) -> Mapping[str, Prefilled]:
    return registers.prefill(applicant_ref)


def _value(application: _Application, key: str) -> str:
    held = application.registered.get(key)
    return held.value if held else ""


def _applicant_name(application: _Application) -> str:
    return _value(application, f"{audience_of(application.applicant_ref).value}.name")


def _applicant_number(application: _Application) -> str:
    if audience_of(application.applicant_ref) is Audience.ENTITY:
        return _value(application, "entity.uscc")
    number = _value(application, "person.id_number")
    return number if "*" in number else mask_number(number)


def _reachable(
    application: _Application, answers: Mapping[str, Answer], *, by: Actor, at: datetime
) -> tuple[str, dict[str, Answer]]:
    """Return the telephone of the case, and the answers with registered telephones whole.

    A form shows a registered telephone masked. Whoever leaves it as it is must still be reached
    by it and find the case with it, so it is read from the register here, with a trace.
    """
    key = f"{audience_of(application.applicant_ref).value}.phone"
    held = application.registered.get(key)
    registered = held.value if held else ""
    written = {
        question.id: value
        for question in asked(application.item, answers)
        if question.kind is QuestionKind.PHONE
        and isinstance(value := answers.get(question.id), str)
    }
    phone = application.phone or next(iter(written.values()), registered)
    if not (held and held.masked and registered in {phone, *written.values()}):
        return phone, dict(answers)
    whole = prefill_in_full(
        ref=application.applicant_ref,
        purpose=CONTACT_PURPOSE,
        by=by,
        at=at,
        department=application.acting.department,
    )[key].value
    left = {name: whole for name, value in written.items() if value == registered}
    return whole if phone == registered else phone, {**answers, **left}


def _numbers(body: str, today: date) -> tuple[str, str]:
    """Draw case number and query code for a handling code (办件编号、查询码)."""
    day = f"{today:%y%m%d}"
    serial, place = draw_case_number(body, day)
    code = query_code.generate(
        prefix=kept.district_letters(), received_on=today, serial=_scattered(place)
    )
    return f"{body}{day}{serial:06d}", code


def _scattered(place: int) -> int:
    """Return another number of the same range, one to one, so that codes are no series."""
    return place * 26_227 % query_code.SERIALS


def _key(idempotency_key: str) -> str:
    key = idempotency_key.strip()
    if not key or len(key) > KEY_LENGTH or not key.isprintable():
        raise SubmissionRefusedError(
            f"提交编号应为1至{KEY_LENGTH}个可见字符，请刷新表单后重新提交。"
        )
    return key


def _submitted(
    by: Actor, key: str, item_slug: str, applicant_ref: str, answers: Mapping[str, object]
) -> CaseView | None:
    known = Case.objects.filter(submitted_by=by.ref, idempotency_key=key)
    if not known.exists():  # as nearly always: cheaper than to ask for the whole case
        return None
    row = known.select_related("answer").get()
    same = row.item_slug == item_slug and row.applicant_ref == applicant_ref
    if not (same and _answered_alike(row, answers)):
        raise SubmissionRefusedError(KEY_USED)
    return case_view(row)


def _answered_alike(row: Case, answers: Mapping[str, object]) -> bool:
    """Tell whether nothing else was answered; a masked number stands for the whole one."""
    kept_then = plain_answers(row.answer.answers)
    return all(
        value is None or "*" in str(value) or kept_then.get(name, value) == value
        for name, value in _plain(answers).items()
    )


def _plain(answers: Mapping[str, object]) -> dict[str, Answer]:
    try:
        return plain_answers(answers)
    except ValueError as error:
        raise DraftRefusedError("填写的内容格式不正确，请刷新表单后重新填写。") from error


def require_taken_in(item: ItemVersion, *, by: Actor, on: date) -> TownWindow | None:
    """Return in which mode the window of `by` takes an item in; None: no window of a town.

    Raises:
        PermissionRefusedError: `by` may receive this item's cases at no window.
        NotHereError: only at a window of a town at which the item is not done that day.
    """
    return _window_of(item, by=by, on=on)[1]


def window_department(item: ItemVersion, *, by: Actor, on: date) -> str:
    """Return the code of the unit at whose window `by` takes an item in.

    Raises:
        PermissionRefusedError, NotHereError: as `require_taken_in`.
    """
    return _window_of(item, by=by, on=on)[0].department


def not_taken_in(slugs: Collection[str], *, by: Actor, on: date) -> frozenset[str]:
    """Return which of the items no window of `by` takes in that day, for lists to choose from."""
    held = [kept.department(code) for code in sorted(by.departments(Permission.CASE_RECEIVE))]
    towns_only = bool(held) and all(unit.kind in OF_TOWNS for unit in held)
    if not towns_only or not kept.towns_laid_down():
        return frozenset()
    centres = {_centre_of(unit, on=on).code for unit in held}
    windows = catalogue_towns.windows_by_item(slugs, on=on)
    return frozenset(
        slug for slug in slugs if not any(one.centre in centres for one in windows.get(slug, ()))
    )


def _window_of(item: ItemVersion, *, by: Actor, on: date) -> tuple[Capacity, TownWindow | None]:
    """Return at which window `by` takes the item in: their department's, or a comprehensive one.

    A window of a town takes in what was sunk to its centre, as soon as the district has said
    what was. How it is handled from there on is the mode of that day.

    Raises:
        PermissionRefusedError: at none.
        NotHereError: only at a window of a town at which the item is not done that day.
    """
    held = by.departments(Permission.CASE_RECEIVE)
    if item.department in held:
        return Capacity(post="counter_clerk", department=item.department), None
    units = [unit for code in sorted(held) if (unit := kept.department(code)).kind in COMPREHENSIVE]
    for unit in units:
        here = Capacity(post="counter_clerk", department=unit.code)
        if unit.kind not in OF_TOWNS or not kept.towns_laid_down():
            return here, None
        centre = _centre_of(unit, on=on)
        for window in kept.town_windows(item.slug, on=on):
            if window.centre == centre.code:
                return here, window
    if units:
        raise NotHereError(_not_here(item, _centre_of(units[0], on=on), on=on))
    raise PermissionRefusedError(
        "您的窗口不收本部门以外的事项，请引导申请人到综合窗口，或联系本部门负责人。"
    )


def _centre_of(unit: DepartmentView, *, on: date) -> DepartmentView:
    """Return the community centre of a unit: itself, or the centre of the town."""
    if unit.kind is not DepartmentKind.TOWN:
        return unit
    return next((one for one in kept.town_centres(on=on) if one.town == unit.code), unit)


def _not_here(item: ItemVersion, centre: DepartmentView, *, on: date) -> str:
    """Return the sentence with which a window of a town leads to where an item is done."""
    district = kept.portal_window(on=on)
    places = [kept.department(district).name] if district and item.in_hall else []
    elsewhere = [one.centre_name for one in kept.town_windows(item.slug, on=on)]
    places += elsewhere[:PLACES_NAMED]
    if not places:
        places = [kept.department(kept.deciding_department(item.department, on=on)).name]
    return towns.not_here(
        item.name,
        window=centre.name,
        places=places,
        online=Channel.PORTAL in item.channels,
        coming=catalogue_towns.coming_to(item.slug, centre.code, after=on),
    )


def _tie(draft: Draft, case: Case) -> None:
    draft.submitted_case = case
    draft.save(update_fields=["submitted_case"])
