"""Receipt (收件): from the portal or at a counter, on one record, once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from yiwang.cases.events import CaseSubmitted
from yiwang.cases.models import Case, CaseMaterial, Draft
from yiwang.cases.policy import letters, mailed, towns
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.policy.commitments import SignedBy
from yiwang.cases.policy.deadlines import PLACE, day_of, notice_due_on
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DocumentKind, MaterialState, PaperForm
from yiwang.cases.policy.towns import CollectAt
from yiwang.cases.queries import CaseView, case_view, dialled
from yiwang.cases.services import kept, waiting
from yiwang.cases.services.application import (
    PROMISED_INSTEAD,
    Application,
    checked_answers,
    handed_in,
    material_rows,
    registered_of,
    registered_value,
    require_complete,
    with_known,
)
from yiwang.cases.services.asking_renewal import note_request
from yiwang.cases.services.bans import require_unbanned
from yiwang.cases.services.briefing import briefing_for, require_confirmed
from yiwang.cases.services.drafting import audience_of, check_eligible, check_uploads, locked_draft
from yiwang.cases.services.signing import (
    NOTHING_SIGNED,
    SignedAtWindow,
    check_certificates,
    confirm_briefing,
    promise_certificates,
    promise_materials,
    require_signable,
    sign_at_window,
    signed_for,
    tie,
)
from yiwang.cases.services.steps import Capacity, draw_case_number, heading, issue, write_down_birth
from yiwang.cases.services.submitted_once import (
    SubmissionRefusedError,
    checked_form,
    checked_key,
    one_case_a_key,
    submitted_before,
)
from yiwang.cases.services.windows import window_of
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import (
    Answer,
    Audience,
    Channel,
    ItemVersion,
    QuestionKind,
    ReformMode,
    asked,
)
from yiwang.documents import services as documents
from yiwang.kernel import events
from yiwang.kernel.identifiers import query_code
from yiwang.kernel.masking import mask_number, mask_phone
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor
from yiwang.registers.services import prefill_in_full

CONTACT_PURPOSE = "办件联系和进度查询"
"""Why a registered telephone is read whole at receipt; the applicant finds it in their trace."""


@one_case_a_key()
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
    registered = registered_of(draft.applicant_ref)
    uploads: dict[str, list[str]] = {}
    for upload in draft.uploads.order_by("id"):
        uploads.setdefault(upload.material_id, []).append(upload.upload_ref)
    answers = with_known(item, plain_answers(draft.answers), registered)
    signed = signed_for(draft, item, answers, at=at)
    case = _receive(
        Application(
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
            key=checked_key(idempotency_key),
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
    key = checked_key(idempotency_key)
    if (known := submitted_before(by, key, item_slug, applicant_ref, answers)) is not None:
        return known
    try:
        with one_case_a_key():
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
        known = submitted_before(by, key, item_slug, applicant_ref, answers)
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
    acting, town_window = window_of(item, by=by, on=day_of(at))
    if collect is not None and town_window is None:
        raise SubmissionRefusedError("只有街镇窗口收的件可以选择领取结果的地点，请不要填写。")
    check_eligible(item, applicant_ref)
    if Channel.COUNTER not in item.channels:
        raise SubmissionRefusedError("本事项只在网上受理，请协助申请人在自助终端或者手机上办理。")
    require_unbanned(item, applicant_ref, on=day_of(at))
    plain = checked_form(answers)
    unknown = {*uploads, *paper} - {material.id for material in item.materials}
    if unknown:
        raise SubmissionRefusedError("有文件不对应本事项的任何材料，请在材料清单中逐项上传。")
    refs = [ref for listed in uploads.values() for ref in listed]
    check_uploads(refs, by=by)
    registered = registered_of(applicant_ref)
    plain = with_known(item, plain, registered)
    require_signable(item, plain, applicant_ref, signed=signed, at=at)
    signed_how = SignedBy.LETTER if letter else SignedBy.WINDOW
    case = _receive(
        Application(
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
    application: Application,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    signed_how: SignedBy,
) -> Case:
    item, today = application.item, day_of(at)
    received_on = application.received_on(today)
    check_certificates(item, application.certified, application.applicant_ref, on=today)
    answers = checked_answers(application, today)
    phone, answers = _reachable(application, answers, by=by, at=at)
    materials = material_rows(application, answers, calendar=calendar, today=today)
    require_complete(application, answers, materials, today)
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
        town=application.town or registered_value(application, "entity.town"),
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
            materials=handed_in(application, materials),
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


def _collected_at(application: Application, deciding: str) -> str:
    """Return the unit at which the result is collected; empty: the applicant chose none."""
    if application.collect is None:
        return ""
    here = application.collect is CollectAt.HERE
    return application.intake_department if here else deciding


def _handled(application: Application, acceptor: str, collect_at: str) -> list[str]:
    """Return what the receipt of a town's window says of who accepts and where to collect."""
    if application.town_window is None:
        return []
    window = application.town_window.centre_name
    lines = [towns.receipt_line(application.town_window.mode, window=window, acceptor=acceptor)]
    if collect_at:
        lines.append(towns.collect_line(kept.department(collect_at).name))
    return lines


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


def _applicant_name(application: Application) -> str:
    return registered_value(application, f"{audience_of(application.applicant_ref).value}.name")


def _applicant_number(application: Application) -> str:
    if audience_of(application.applicant_ref) is Audience.ENTITY:
        return registered_value(application, "entity.uscc")
    number = registered_value(application, "person.id_number")
    return number if "*" in number else mask_number(number)


def _reachable(
    application: Application, answers: Mapping[str, Answer], *, by: Actor, at: datetime
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


def window_department(item: ItemVersion, *, by: Actor, on: date) -> str:
    """Return the code of the unit at whose window `by` takes an item in.

    Raises:
        PermissionRefusedError, NotHereError: as `require_taken_in`.
    """
    return window_of(item, by=by, on=on)[0].department


def _tie(draft: Draft, case: Case) -> None:
    draft.submitted_case = case
    draft.save(update_fields=["submitted_case"])
