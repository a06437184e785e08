"""The check after a decision on commitment (事后核查): pass, order to correct, or revocation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CheckReopened, CommitmentChecked
from yiwang.cases.models import Case, Message
from yiwang.cases.models.commitments import (
    CorrectionReport,
    PostCheck,
    PostCheckResult,
    ReportReply,
)
from yiwang.cases.policy import letters
from yiwang.cases.policy.commitments import (
    OPEN_CHECKS,
    CheckOutcome,
    CheckState,
    RecordKind,
    correct_due_on,
    post_check_due_on,
)
from yiwang.cases.policy.deadlines import day_of, months_after
from yiwang.cases.policy.terms import ClockKind, DocumentKind
from yiwang.cases.queries import CaseNotFoundError
from yiwang.cases.services import clocks, kept, records
from yiwang.cases.services.drafting import check_uploads
from yiwang.cases.services.steps import heading, issue, version_of, written
from yiwang.catalogue.policy.items import CheckMethod, ItemVersion
from yiwang.documents import services as documents
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, require

FILES_MAX = 30
REPORTS_MAX = 10
"""Reports of one order; more say nothing new, and the check waits."""

AFTER = {
    CheckOutcome.PASS: CheckState.PASSED,
    CheckOutcome.CORRECT: CheckState.ORDERED,
    CheckOutcome.REVOKE: CheckState.FAILED,
}
"""What was found -> where the check stands then."""


class CheckRefusedError(RefusedError):
    """The result of a check, or a report on it, cannot be recorded like that."""

    code = "cases.check_refused"


@dataclass(frozen=True, kw_only=True)
class OpenedCheck:
    """A check that was opened, and whether it is the first commitment of its holder."""

    first: bool
    due_on: date


def open_check(case: Case, item: ItemVersion, *, at: datetime) -> OpenedCheck:
    """Open the check of a case that was just granted.

    Raises:
        ValueError: the item is not handled on commitment.
    """
    terms = item.commitment_terms
    if terms is None:
        raise ValueError(f"item {item.slug} is not handled on commitment")
    decided_on = day_of(at)
    due_on = post_check_due_on(decided_on=decided_on, months=terms.check_months)
    first = not PostCheck.objects.filter(applicant_ref=case.applicant_ref).exists()
    PostCheck.objects.create(
        case=case,
        case_number=case.number,
        item_name=case.item_name,
        applicant_ref=case.applicant_ref,
        applicant_name=case.applicant_name,
        department_code=item.supervision.department,
        deciding_department=case.deciding_department,
        method=terms.check_method.value,
        first=first,
        state=CheckState.PENDING.value,
        decided_on=decided_on,
        check_due_on=due_on,
        due_on=due_on,
    )
    clocks.start(case, ClockKind.POST_CHECK, starts_on=decided_on, due_on=due_on)
    return OpenedCheck(first=first, due_on=due_on)


@transaction.atomic
def record_check(
    *,
    number: str,
    outcome: CheckOutcome,
    method: CheckMethod,
    facts: str,
    by: Actor,
    at: datetime,
    conditions: Collection[str] = (),
    upload_refs: Sequence[str] = (),
    second_officer: str = "",
) -> CheckState:
    """Record what a check found (记录核查结果) and do what follows.

    An order to correct is given once; after it the commitment is kept, or the case goes on to
    revocation, which another person decides.

    Args:
        number: Case number.
        outcome: Kept, to be corrected, or to be revoked.
        method: How it was checked.
        facts: What was found, as the holder will read it.
        by: Checks commitments in the supervising department.
        at: Moment of the record.
        conditions: Ids of the conditions that are not met; required unless the outcome is a pass.
        upload_refs: Photos and papers.
        second_officer: Name of the second officer; required on site.

    Returns:
        Where the check stands now.

    Raises:
        CaseNotFoundError: no such check.
        PermissionRefusedError: `by` does not check in the supervising department.
        CheckRefusedError: finished already, ordered before, no condition named or one that was
            never told, no second officer on site, too many files.
        TextRefusedError: no facts.
        DraftRefusedError: a file is not theirs.

    Source:
        上海市优化营商环境条例 第二十七条; 行政许可法 第三十四条第三款 (two officers).
    """
    row = PostCheck.objects.select_for_update().filter(case_number=number).first()
    if row is None:
        raise CaseNotFoundError
    require(by, Permission.COMMITMENT_CHECK, department=row.department_code)
    state = CheckState(row.state)
    if state not in OPEN_CHECKS:
        raise CheckRefusedError(f"核查已经结束，结果是“{state.label}”，不用再办。")
    if outcome is CheckOutcome.CORRECT and state is CheckState.ORDERED:
        raise CheckRefusedError("已经责令改正过一次；改正合格的请通过，仍不合格的请提请撤销。")
    facts = written(facts, "查明的事实")
    if method is CheckMethod.SITE and not second_officer.strip():
        raise CheckRefusedError("现场核查应当有两名以上人员，请填写另一名核查人员的姓名。")
    if len(upload_refs) > FILES_MAX:
        raise CheckRefusedError(f"照片和文件最多{FILES_MAX}个，请只保留能说明问题的。")
    with scope.everything():  # the supervising department need not see the case itself
        case = Case.objects.select_for_update().get(pk=row.case_id)
        item = version_of(case)
        told = {one.id: one.text for one in item.commitment_conditions}
        if set(conditions) - set(told):
            raise CheckRefusedError("有一个条件不在告知的条件之中，请从清单中选择。")
        if (outcome is CheckOutcome.PASS) == bool(conditions):
            raise CheckRefusedError("承诺已履行的，不用选择条件；没有履行的，请选择是哪几个条件。")
        check_uploads(list(upload_refs), by=by)
        today = day_of(at)
        correct_by = _correct_by(item, outcome, today)
        PostCheckResult.objects.create(
            post_check=row,
            outcome=outcome.value,
            method=method.value,
            facts=facts,
            conditions=[one for one in told if one in conditions],
            upload_refs=list(upload_refs),
            correct_due_on=correct_by,
            second_officer=second_officer.strip(),
            by=by.ref,
            by_name=by.name or by.ref,
            at=at,
        )
        for ref in upload_refs:
            documents.mark_used(ref=ref, used_by=f"case:{number}")
        row.state = AFTER[outcome].value
        row.checked_on = row.checked_on or today
        row.due_on = correct_by or row.due_on
        row.closed_on = today if outcome is not CheckOutcome.CORRECT else None
        row.save(update_fields=["state", "checked_on", "due_on", "closed_on"])
        clocks.meet(case, ClockKind.POST_CHECK, on=today)
        corrected_on = row.reported_on if outcome is CheckOutcome.PASS else None
        clocks.meet(case, ClockKind.COMMITMENT_CORRECTION, on=corrected_on or today)
        unmet = [told[one] for one in told if one in conditions]
        _tell(case, item, outcome, facts=facts, unmet=unmet, due_on=correct_by, by=by, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.record_check",
        target=f"case:{number}",
        detail={"outcome": outcome, "conditions": sorted(conditions), "files": len(upload_refs)},
        department=row.department_code,
        ip=by.ip,
    )
    events.publish(
        CommitmentChecked(
            number=number,
            item_slug=item.slug,
            holder_ref=row.applicant_ref,
            supervising_department=row.department_code,
            outcome=outcome.value,
            found_on=today,
            due_on=correct_by,
        )
    )
    return AFTER[outcome]


@transaction.atomic
def report_correction(
    *, number: str, text: str, by: Actor, at: datetime, upload_refs: Sequence[str] = ()
) -> None:
    """Say what was corrected after an order (报告改正情况); the checker looks at it again.

    A report ends nothing: whether the commitment is kept now is found by a check.

    Args:
        number: Case number.
        text: What was corrected, in the holder's words.
        by: Acts for the holder.
        at: Moment of the report; after the last day too, while nobody checked again.
        upload_refs: Photos and papers.

    Raises:
        CaseNotFoundError: no such check of theirs.
        CheckRefusedError: nothing was ordered, or reported too often, or too many files.
        TextRefusedError: nothing is said.
        DraftRefusedError: a file is not theirs.

    Source:
        上海市优化营商环境条例 第二十七条 (order to correct within a time).
    """
    row = PostCheck.objects.select_for_update().filter(case_number=number).first()
    if row is None or not by.acts_for(row.applicant_ref):
        raise CaseNotFoundError
    if row.state != CheckState.ORDERED:
        raise CheckRefusedError("现在没有需要报告的改正，请查看办件中的核查状态。")
    if CorrectionReport.objects.filter(post_check=row).count() >= REPORTS_MAX:
        raise CheckRefusedError(
            f"已经报告过{REPORTS_MAX}次，请等待核查人员核查，或者拨打服务热线。"
        )
    if len(upload_refs) > FILES_MAX:
        raise CheckRefusedError(f"照片和文件最多{FILES_MAX}个，请只保留能说明问题的。")
    words = written(text, "改正情况")
    check_uploads(list(upload_refs), by=by)
    CorrectionReport.objects.create(
        post_check=row,
        text=words,
        upload_refs=list(upload_refs),
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
    )
    for ref in upload_refs:
        documents.mark_used(ref=ref, used_by=f"case:{number}")
    row.reported_on = day_of(at)
    row.save(update_fields=["reported_on"])
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.report_correction",
        target=f"case:{number}",
        detail={"files": len(upload_refs)},
        department=row.department_code,
        ip=by.ip,
        on_behalf_of=row.applicant_ref,
    )


@transaction.atomic
def decline_report(*, number: str, reason: str, by: Actor, at: datetime) -> None:
    """Answer the last report that it is not enough yet (答复改正报告).

    The order and its last day stay as they are; the holder reads why and may report again. What is
    enough is recorded as a check that passed.

    Args:
        number: Case number.
        reason: What is still to be corrected, as the holder will read it.
        by: Checks commitments in the supervising department.
        at: Moment of the answer.

    Raises:
        CaseNotFoundError: no such check.
        PermissionRefusedError: `by` does not check in the supervising department.
        CheckRefusedError: no report waits for an answer.
        TextRefusedError: no reason.
    """
    row = PostCheck.objects.select_for_update().filter(case_number=number).first()
    if row is None:
        raise CaseNotFoundError
    require(by, Permission.COMMITMENT_CHECK, department=row.department_code)
    report = CorrectionReport.objects.filter(post_check=row, reply=None).last()
    if row.state != CheckState.ORDERED or row.reported_on is None or report is None:
        raise CheckRefusedError("没有等待答复的改正报告，请刷新页面查看现在的情况。")
    words = written(reason, "还要改正的内容")
    ReportReply.objects.create(
        report=report, text=words, by=by.ref, by_name=by.name or by.ref, at=at
    )
    row.reported_on = None
    row.save(update_fields=["reported_on"])
    with scope.everything():  # the supervising department need not see the case itself
        case = Case.objects.get(pk=row.case_id)
    Message.objects.create(
        to_ref=row.applicant_ref,
        case=case,
        title=f"改正报告的答复（{case.query_code}）",
        body=f"您报告的改正还不到位：{words} 请继续改正后再次报告，"
        f"改正期限仍是{letters.chinese_day(row.due_on)}。",
        at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.decline_report",
        target=f"case:{number}",
        department=row.department_code,
        ip=by.ip,
    )


def _correct_by(item: ItemVersion, outcome: CheckOutcome, today: date) -> date | None:
    if outcome is not CheckOutcome.CORRECT or item.commitment_terms is None:
        return None
    return correct_due_on(ordered_on=today, days=item.commitment_terms.correction_days)


def _tell(
    case: Case,
    item: ItemVersion,
    outcome: CheckOutcome,
    *,
    facts: str,
    unmet: Sequence[str],
    due_on: date | None,
    by: Actor,
    at: datetime,
) -> None:
    """Tell the holder: the order as a letter, the rest as a message."""
    if due_on is None:
        words = (
            "经核查，您已经履行承诺。"
            if outcome is CheckOutcome.PASS
            else f"经核查，您没有履行承诺：{facts} 本机关将依法办理撤销，您可以陈述、申辩。"
        )
        Message.objects.create(
            to_ref=case.applicant_ref,
            case=case,
            title=f"告知承诺核查结果（{case.query_code}）",
            body=words,
            at=at,
        )
        return
    clocks.start(case, ClockKind.COMMITMENT_CORRECTION, starts_on=day_of(at), due_on=due_on)
    seal = kept.department(item.supervision.department)
    issue(
        case,
        DocumentKind.ORDER_TO_CORRECT,
        body=letters.order_to_correct(
            heading(case, item, seal.name),
            facts_found=facts,
            conditions=unmet,
            due_on=due_on,
            consequences=item.commitment_terms.consequences if item.commitment_terms else (),
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"核查发现承诺没有履行，请于{letters.chinese_day(due_on)}前改正，详见文书。",
    )


@transaction.atomic
def close_revoked(*, number: str, reason: str, broken: bool, by: Actor, at: datetime) -> bool:
    """Do what follows when a licence given on commitment was revoked (撤销之后).

    The check is closed. Where the commitment was false or not kept the record says so, which bars
    from commitment for the time that the district has set. The second time changes nothing.

    Args:
        number: Case number.
        reason: Facts of the revocation, as they stand in its letter.
        broken: Whether the commitment was false or not kept.
        by: Who revoked, or the job that carries the news.
        at: Moment of the revocation.

    Returns:
        Whether the case was one on commitment.

    Source:
        上海市优化营商环境条例 第二十七条 (recorded in the credit platform).
    """
    row = PostCheck.objects.select_for_update().filter(case_number=number).first()
    if row is None:
        return False
    today = day_of(at)
    unfound = CheckState(row.state) in OPEN_CHECKS
    row.state = CheckState.REVOKED.value
    row.checked_on, row.closed_on = row.checked_on or today, row.closed_on or today
    row.save(update_fields=["state", "checked_on", "closed_on"])
    if not broken:
        return True
    if unfound:  # no check had told of it
        with scope.everything():
            slug = Case.objects.only("item_slug").get(pk=row.case_id).item_slug
        events.publish(
            CommitmentChecked(
                number=number,
                item_slug=slug,
                holder_ref=row.applicant_ref,
                supervising_department=row.department_code,
                outcome=CheckOutcome.REVOKE.value,
                found_on=today,
            )
        )
    rules = kept.trust_rules()
    records.enter(
        applicant_ref=row.applicant_ref,
        kind=RecordKind.BROKEN_COMMITMENT,
        reason=f"“{row.item_name}”以告知承诺方式取得后被撤销：{reason.strip()}",
        basis=rules.source or "上海市优化营商环境条例 第二十七条",
        department=row.department_code,
        until_on=months_after(today, rules.commitment_ban_months),
        case_number=number,
        by=by,
        at=at,
    )
    return True


@transaction.atomic
def reopen_check(*, number: str, at: datetime) -> bool:
    """Open a check again because its proposal to revoke was declined; tell whether there was one.

    Args:
        number: Case number.
        at: Moment of the decision.
    """
    row = PostCheck.objects.select_for_update().filter(case_number=number).first()
    if row is None or row.state != CheckState.FAILED:
        return False
    row.state, row.closed_on = CheckState.PENDING.value, None
    row.due_on = max(row.due_on, day_of(at))
    row.save(update_fields=["state", "closed_on", "due_on"])
    events.publish(CheckReopened(number=number, reopened_on=day_of(at), due_on=row.due_on))
    return True
