"""Signing: the letter of commitment (告知承诺书), the promise of what is missing (容缺)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseMaterial, Draft
from yiwang.cases.models.commitments import (
    CertificateCommitment,
    Commitment,
    ToleranceCommitment,
)
from yiwang.cases.policy import letters
from yiwang.cases.policy.answers import kept_answers, plain_answers
from yiwang.cases.policy.commitments import (
    NOT_SIGNED,
    ON_PAPER,
    SignedBy,
    certifiable,
    certificate_paragraphs,
    commitment_paragraphs,
    digests,
    tolerance_due_on,
    tolerance_paragraphs,
)
from yiwang.cases.policy.deadlines import PLACE, day_of
from yiwang.cases.policy.terms import ClockKind, DocumentKind
from yiwang.cases.queries.commitments import (
    CommitmentView,
    commitment_barred,
    commitment_view,
)
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.briefing import Briefing, SignedText, keep_confirmed
from yiwang.cases.services.drafting import locked_draft, require_unsubmitted
from yiwang.cases.services.steps import heading, issue
from yiwang.catalogue.policy.items import (
    Answer,
    CommitmentTerms,
    ItemVersion,
    Material,
    commitment_open,
)
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

STATEMENT_MAX = 500
"""Longest statement in the place of one certificate, in characters."""


class CommitmentRefusedError(RefusedError):
    """The way of notice and commitment is not open like that."""

    code = "cases.commitment_refused"


@transaction.atomic
def sign_commitment(
    *,
    draft_id: int,
    confirmed: Collection[str],
    accepted: bool,
    signed_how: SignedBy,
    by: Actor,
    at: datetime,
) -> CommitmentView:
    """Sign the letter of commitment of a draft (签署告知承诺书); the last signature counts.

    Args:
        draft_id: The draft.
        confirmed: Ids of the conditions that were confirmed, one by one.
        accepted: Whether the letter as a whole was agreed to.
        signed_how: How `by` had proved who they are.
        by: Acts for the applicant; as an agent where they are not the applicant.
        at: Moment of the signature.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        DraftRefusedError: submitted already.
        CommitmentRefusedError: the item or the record does not allow it, a condition was not
            confirmed, or the letter was not agreed to.

    Source:
        上海市优化营商环境条例 第二十七条; 电子签名法 第十三条 (what ties a text to its signer).
    """
    draft = locked_draft(draft_id, by=by)
    require_unsubmitted(draft)
    item = kept.item_version(draft.item_slug, draft.item_version)
    answers = _answers(item, draft.answers)
    _require_told(item, answers, draft.applicant_ref, confirmed=confirmed, accepted=accepted, at=at)
    text = _letter(item, answers, draft.applicant_ref)
    Commitment.objects.filter(draft=draft, case=None).delete()
    row = Commitment.objects.create(
        draft=draft,
        **text,
        signed_by=by.ref,
        signed_by_name=by.name or by.ref,
        agent=is_agent(draft.applicant_ref, by),
        signed_how=signed_how.value,
        signed_at=at,
    )
    _trace(draft, "cases.sign_commitment", row.sha256, by=by, at=at)
    return commitment_view(row)


@dataclass(frozen=True, kw_only=True)
class SignedAtWindow:
    """What was signed on paper before a clerk (窗口签署).

    Attributes:
        told: Ids of the conditions that the clerk read out and the applicant confirmed; None: the
            ordinary way.
        tolerance: Whether the promise to file what is missing was signed.
        certificates: Id of each certificate that a signed promise replaces, and what was stated.
        agent: Name of the agent who signed for the applicant; empty: they signed themselves.
        briefed: Digest of what the clerk read out that the applicant is told before they hand in,
            such as the permits that a scope of business needs; empty: nothing was confirmed.
    """

    told: Collection[str] | None = None
    tolerance: bool = False
    certificates: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    briefed: str = ""

    def hand(self, applicant_name: str) -> str:
        """Return the name that stands under the letters."""
        return self.agent or applicant_name


NOTHING_SIGNED = SignedAtWindow()


@transaction.atomic
def drop_commitment(*, draft_id: int, by: Actor, at: datetime) -> None:
    """Take the commitment back before submission: the application goes the ordinary way.

    Raises:
        CaseNotFoundError: no such draft of theirs.
        DraftRefusedError: submitted already.
    """
    draft = locked_draft(draft_id, by=by)
    require_unsubmitted(draft)
    row = Commitment.objects.filter(draft=draft, case=None).first()
    if row is not None:
        _trace(draft, "cases.drop_commitment", row.sha256, by=by, at=at)
        row.delete()


# What follows is shared with receipt and acceptance.


def require_signable(
    item: ItemVersion,
    answers: Mapping[str, Answer],
    applicant_ref: str,
    *,
    signed: SignedAtWindow,
    at: datetime,
) -> None:
    """Refuse a letter signed at a window that the item or the applicant's record does not allow.

    Raises:
        CommitmentRefusedError: not allowed, or a condition was not confirmed.
    """
    if signed.told is not None:
        kept_ones = kept_answers(item, dict(answers))
        _require_told(item, kept_ones, applicant_ref, confirmed=signed.told, accepted=True, at=at)


def sign_at_window(
    case: Case,
    item: ItemVersion,
    answers: Mapping[str, Answer],
    *,
    signed: SignedAtWindow,
    signed_how: SignedBy,
    by: Actor,
    at: datetime,
) -> None:
    """Keep the letter of commitment that was signed on paper, and seal a copy of it.

    It was signed before `by`, or lay signed in the letter that brought the application.
    """
    row = Commitment.objects.create(
        case=case,
        **_letter(item, kept_answers(item, dict(answers)), case.applicant_ref),
        signed_by=case.applicant_ref,
        signed_by_name=signed.hand(case.applicant_name),
        agent=bool(signed.agent),
        signed_how=signed_how.value,
        signed_at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.sign_commitment",
        target=f"case:{case.number}",
        department=case.intake_department,
        detail={"item": item.slug, "sha256": row.sha256},
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
    message = f"您已签署“{item.name}”的告知承诺书，可以在办件中下载。"
    _put_on_case(row, DocumentKind.COMMITMENT_LETTER, case, item, message=message, by=by, at=at)


def signed_for(
    draft: Draft, item: ItemVersion, answers: Mapping[str, Answer], *, at: datetime
) -> Commitment | None:
    """Return the letter under which a draft is submitted, or None: it goes the ordinary way.

    Raises:
        CommitmentRefusedError: what was signed is not what would be signed now.
    """
    if item.commitment_terms is None:
        return None
    row = Commitment.objects.filter(draft=draft, case=None).first()
    if row is None:
        return None
    plain = kept_answers(item, dict(answers))
    _require_open(item, plain, draft.applicant_ref, at)
    now = commitment_paragraphs(item, applicant_name=_name(draft.applicant_ref), answers=plain)
    if digests("\n".join(now)).sha256 != row.sha256:
        raise CommitmentRefusedError(
            "签署承诺书以后申请内容有了变化，承诺的内容随之不同，请重新阅读并签署承诺书。"
        )
    return row


def tie(row: Commitment, case: Case, item: ItemVersion, *, by: Actor, at: datetime) -> None:
    """Put a signed letter on the case, with a sealed copy among its documents."""
    row.case = case
    row.save(update_fields=["case"])
    message = f"您已签署“{item.name}”的告知承诺书，可以在办件中下载。"
    _put_on_case(row, DocumentKind.COMMITMENT_LETTER, case, item, message=message, by=by, at=at)


def _put_on_case(
    row: Commitment | ToleranceCommitment | CertificateCommitment | SignedText,
    kind: DocumentKind,
    case: Case,
    item: ItemVersion,
    *,
    message: str,
    by: Actor,
    at: datetime,
) -> None:
    """Issue a sealed copy of a signed letter among the documents of its case."""
    department = kept.department(case.deciding_department)
    issue(
        case,
        kind,
        body=letters.signed_letter(
            heading(case, item, department.name),
            paragraphs=row.paragraphs,
            signature=signature(row.signed_by_name, row.agent, row.signed_how, row.signed_at),
            sha256=row.sha256,
            sm3=row.sm3,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=message,
    )


def _signed(
    case: Case,
    paragraphs: list[str],
    *,
    signed_how: SignedBy | None,
    agent: str,
    by: Actor,
    at: datetime,
) -> dict[str, Any]:
    """Return what a row keeps of a letter and of its signature, on paper or online."""
    hashes = digests("\n".join(paragraphs))
    letter = {
        "applicant_ref": case.applicant_ref,
        "paragraphs": paragraphs,
        "sha256": hashes.sha256,
        "sm3": hashes.sm3,
        "signed_at": at,
    }
    if signed_how is None:
        return letter | {
            "signed_by": "",
            "signed_by_name": "",
            "agent": False,
            "signed_how": NOT_SIGNED,
        }
    on_paper = signed_how in ON_PAPER
    return letter | {
        "signed_by": case.applicant_ref if on_paper else by.ref,
        "signed_by_name": (agent or case.applicant_name) if on_paper else by.name or by.ref,
        "agent": bool(agent) if on_paper else is_agent(case.applicant_ref, by),
        "signed_how": signed_how.value,
    }


def committed(case: Case, item: ItemVersion) -> bool:
    """Tell whether a case goes the way of notice and commitment; costs nothing for other items."""
    return item.commitment_terms is not None and Commitment.objects.filter(case=case).exists()


def signature(name: str, agent: bool, how: str, at: datetime) -> str:
    """Return who signed, when and how known, as the letter prints it."""
    if how == NOT_SIGNED:
        return "申请人尚未签署，随收件凭证邮寄申请人"
    who = f"{name}（代理人）" if agent else name
    return f"{who}，{at.astimezone(PLACE):%Y-%m-%d %H:%M:%S}，{SignedBy(how).label}"


def is_agent(applicant_ref: str, by: Actor) -> bool:
    """Tell whether `by` signs for somebody else: the account is not the applicant's own."""
    return organisations.own_subject(by.ref) not in {"", applicant_ref}


def last_day(
    item: ItemVersion, material: Material, *, received_on: date, calendar: WorkdayCalendar
) -> date:
    """Return the last day to file a tolerated material, by the item or else the district."""
    return tolerance_due_on(
        received_on=received_on,
        material_days=material.tolerance_days,
        default_days=kept.trust_rules().tolerance_workdays,
        promised_workdays=item.limit.promised_workdays,
        issue_first=item.tolerance_issue_first,
        calendar=calendar,
    )


def promise_materials(
    case: Case,
    item: ItemVersion,
    rows: Sequence[CaseMaterial],
    *,
    signed_how: SignedBy,
    by: Actor,
    at: datetime,
    agent: str = "",
) -> None:
    """Keep the promise to file `rows`, start their clocks, and put the letter on the case (容缺).

    At a window the applicant, or their `agent`, signs on paper before the clerk; online whoever
    acts for them signs.
    """
    lines = [(one.name, one.due_on) for one in rows if one.due_on is not None]
    paragraphs = tolerance_paragraphs(item, applicant_name=case.applicant_name, lines=lines)
    row = ToleranceCommitment.objects.create(
        case=case,
        materials=[one.material_id for one in rows],
        due_on=max(due_on for _name, due_on in lines),
        **_signed(case, paragraphs, signed_how=signed_how, agent=agent, by=by, at=at),
    )
    for one in rows:
        if one.due_on is not None:
            clocks.start(
                case,
                ClockKind.TOLERANCE,
                subject=one.material_id,
                starts_on=case.received_on,
                due_on=one.due_on,
            )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.sign_tolerance",
        target=f"case:{case.number}",
        detail={"materials": row.materials, "sha256": row.sha256},
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
    message = f"您承诺在{letters.chinese_day(row.due_on)}前补齐容缺的材料，请在办件中提交。"
    _put_on_case(row, DocumentKind.TOLERANCE_COMMITMENT, case, item, message=message, by=by, at=at)


def check_certificates(
    item: ItemVersion, statements: Mapping[str, str], applicant_ref: str, *, on: date
) -> None:
    """Refuse a promise in the place of certificates that is not open like that.

    Raises:
        CommitmentRefusedError: a material may not be replaced, the applicant's record bars it, or
            a statement is too long.
    """
    if not statements:
        return
    if set(statements) - {one.id for one in item.materials if certifiable(one)}:
        raise CommitmentRefusedError("有一项材料不能以书面承诺代替，请上传这项材料。")
    if reason := commitment_barred(applicant_ref, on=on):
        raise CommitmentRefusedError(f"不能以书面承诺代替证明：{reason}请提交证明材料。")
    if any(len(one) > STATEMENT_MAX for one in statements.values()):
        raise CommitmentRefusedError(f"每项承诺的说明最多{STATEMENT_MAX}个字，请删减。")


def promise_certificates(
    case: Case,
    item: ItemVersion,
    statements: Mapping[str, str],
    *,
    signed_how: SignedBy,
    by: Actor,
    at: datetime,
    agent: str = "",
) -> None:
    """Keep the promise that stands in the place of certificates, and put its letter on the case.

    Source:
        上海市优化营商环境条例 第二十九条.
    """
    paragraphs = certificate_paragraphs(
        item, applicant_name=case.applicant_name, statements=statements
    )
    row = CertificateCommitment.objects.create(
        case=case,
        materials=[one.id for one in item.materials if one.id in statements],
        **_signed(case, paragraphs, signed_how=signed_how, agent=agent, by=by, at=at),
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.sign_certificates",
        target=f"case:{case.number}",
        detail={"materials": row.materials, "sha256": row.sha256},
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
    message = f"您已书面承诺代替{len(row.materials)}项证明，承诺书可以在办件中下载。"
    _put_on_case(
        row, DocumentKind.CERTIFICATE_COMMITMENT, case, item, message=message, by=by, at=at
    )


def confirm_briefing(
    case: Case,
    item: ItemVersion,
    briefing: Briefing,
    answers: Mapping[str, Answer],
    *,
    signed_how: SignedBy | None,
    by: Actor,
    at: datetime,
    agent: str = "",
) -> None:
    """Keep what the applicant confirmed they were told, and put its letter on the case.

    With `signed_how` None nobody confirmed yet: the letter goes to the applicant by post, beside
    the receipt of their application by letter.
    """
    paragraphs = list(briefing.paragraphs)
    signed = SignedText(
        **_signed(case, paragraphs, signed_how=signed_how, agent=agent, by=by, at=at)
    )
    keep_confirmed(
        briefing,
        item=item,
        answers=answers,
        case_number=case.number,
        applicant_name=case.applicant_name,
        signed=signed,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.confirm_briefing" if signed_how else "cases.post_briefing",
        target=f"case:{case.number}",
        detail={"item": item.slug, "sha256": signed.sha256},
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
    message = (
        f"您已确认“{item.name}”的经营范围需要办理的许可，取得许可前不经营；"
        "告知承诺书可以在办件中下载。"
        if signed_how
        else f"“{item.name}”的经营范围需要办理的许可，已随收件凭证邮寄告知；取得许可前请不要经营。"
    )
    _put_on_case(signed, DocumentKind.PERMITS_TOLD, case, item, message=message, by=by, at=at)


def _require_told(
    item: ItemVersion,
    answers: Mapping[str, Answer],
    applicant_ref: str,
    *,
    confirmed: Collection[str],
    accepted: bool,
    at: datetime,
) -> None:
    _require_open(item, answers, applicant_ref, at)
    missing = [one.text for one in item.commitment_conditions if one.id not in confirmed]
    if missing:
        raise CommitmentRefusedError(
            f"还有{len(missing)}个条件没有确认：{' '.join(missing)}请逐条确认；"
            "做不到的请选择一般方式。"
        )
    if not accepted:
        raise CommitmentRefusedError("请阅读承诺书全文并勾选，再签署；不愿承诺的请选择一般方式。")


def _letter(item: ItemVersion, answers: dict[str, Answer], applicant_ref: str) -> dict[str, Any]:
    """Return what a letter of commitment says and about what, as its row keeps it."""
    paragraphs = commitment_paragraphs(item, applicant_name=_name(applicant_ref), answers=answers)
    hashes = digests("\n".join(paragraphs))
    return {
        "applicant_ref": applicant_ref,
        "item_slug": item.slug,
        "item_version": item.version,
        "paragraphs": paragraphs,
        "confirmed": [one.id for one in item.commitment_conditions],
        "publish": _terms(item).publish,
        "sha256": hashes.sha256,
        "sm3": hashes.sm3,
    }


def _require_open(
    item: ItemVersion, answers: Mapping[str, Answer], applicant_ref: str, at: datetime
) -> None:
    if not commitment_open(item, answers):
        raise CommitmentRefusedError("本事项或者您选择的情形不实行告知承诺，请按一般方式提交申请。")
    if reason := commitment_barred(applicant_ref, on=day_of(at)):
        raise CommitmentRefusedError(f"不能采用告知承诺：{reason}")


def _answers(item: ItemVersion, given: Mapping[str, object]) -> dict[str, Answer]:
    return kept_answers(item, plain_answers(given))


def _terms(item: ItemVersion) -> CommitmentTerms:
    if item.commitment_terms is None:
        raise ValueError(f"item {item.slug} is not handled on commitment")
    return item.commitment_terms


def _name(ref: str) -> str:
    held = registers.prefill(ref)
    found = held.get(f"{ref.partition(':')[0]}.name")
    return found.value if found else ref


def _trace(draft: Draft, act: str, digest: str, *, by: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=by.ref,
        act=act,
        target=f"draft:{draft.pk}",
        detail={"item": draft.item_slug, "sha256": digest},
        ip=by.ip,
        on_behalf_of=draft.applicant_ref,
    )
