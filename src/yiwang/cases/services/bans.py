"""Bans on applying again (不得再次申请): decided by a person, checked at receipt, lifted."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Ban, Message
from yiwang.cases.policy.bans import BAN_ARTICLE, BanKind, ban_until, ban_words
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.queries import CaseNotFoundError, may_read
from yiwang.cases.queries.bans import banned, was_refused, was_revoked_for_fraud
from yiwang.cases.services.steps import locked, version_of, written
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, require


class BanRefusedError(RefusedError):
    """The ban cannot be decided or lifted like that."""

    code = "cases.ban_refused"


class BannedError(RefusedError):
    """The applicant may not apply for the item for a time."""

    code = "cases.banned"


def require_unbanned(item: ItemVersion, applicant_ref: str, *, on: date) -> None:
    """Stop who may not apply for the item on that day.

    Only items that touch safety or health ask the database: the law bans for no others.

    Raises:
        BannedError: says why and until when.

    Source:
        行政许可法 第七十八条, 第七十九条.
    """
    if words := banned(item, applicant_ref, on=on):
        raise BannedError(words)


@transaction.atomic
def impose_ban(*, number: str, kind: BanKind, facts: str, by: Actor, at: datetime) -> date:
    """Warn an applicant and bar them from the same item for a time (不得再次申请).

    Args:
        number: The case that was refused for false material, or revoked for fraud.
        kind: Which of the two.
        facts: What was found, as the applicant reads it.
        by: May end licences in the deciding department.
        at: Moment of the decision; the period runs from that day.

    Returns:
        First day on which the item may be applied for again.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        BanRefusedError: the law bans nobody there, or the applicant is banned already.
        TextRefusedError: no facts.

    Source:
        行政许可法 第七十八条, 第七十九条.
    """
    case = locked(number)
    if not may_read(case, by):
        raise CaseNotFoundError
    require(by, Permission.CASE_END, department=case.deciding_department)
    item = version_of(case)
    if not item.direct_safety:
        raise BanRefusedError(
            f"“{item.name}”没有标明直接关系公共安全、人身健康、生命财产安全，"
            "依法不能限制再次申请；确属此类事项的，请先在事项中写明。"
        )
    if kind is BanKind.FALSE_MATERIAL and not was_refused(case):
        raise BanRefusedError("须先对本次申请作出不予受理或者不予许可的决定，再限制再次申请。")
    if kind is BanKind.FRAUD and not was_revoked_for_fraud(case):
        raise BanRefusedError("须先以欺骗、贿赂等不正当手段取得为由撤销许可，再限制再次申请。")
    if Ban.objects.filter(case=case).exists():
        raise BanRefusedError("本办件已经作出限制再次申请的决定，请刷新后查看。")
    today = day_of(at)
    row = Ban.objects.create(
        case=case,
        applicant_ref=case.applicant_ref,
        applicant_name=case.applicant_name,
        item_slug=case.item_slug,
        item_name=case.item_name,
        department_code=case.deciding_department,
        kind=kind.value,
        facts=written(facts, "查明的事实"),
        basis=BAN_ARTICLE[kind],
        from_on=today,
        until_on=ban_until(kind, from_on=today),
        decided_by=by.ref,
        decided_by_name=by.name or by.ref,
        decided_at=at,
    )
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"警告和限制再次申请（{case.query_code}）",
        body="本机关对您给予警告。"
        + ban_words(kind=kind, item_name=case.item_name, until_on=row.until_on)
        + f"查明的事实：{row.facts}",
        at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.impose_ban",
        target=f"case:{case.number}",
        detail={"kind": kind.value, "until": row.until_on.isoformat()},
        department=case.deciding_department,
        ip=by.ip,
    )
    return row.until_on


@transaction.atomic
def lift_ban(*, number: str, reason: str, by: Actor, at: datetime) -> None:
    """Lift a ban on review (解除限制); by another person than decided it.

    Raises:
        CaseNotFoundError: no ban of that case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        BanRefusedError: lifted already, or by who decided it.
        TextRefusedError: no reason.
    """
    row = (
        Ban.objects.select_for_update(of=("self",))
        .select_related("case")
        .filter(case__number=number)
        .first()
    )
    if row is None or not may_read(row.case, by):
        raise CaseNotFoundError
    require(by, Permission.CASE_END, department=row.department_code)
    if row.lifted_on is not None:
        raise BanRefusedError(f"这项限制已于{chinese_day(row.lifted_on)}解除。")
    if row.decided_by == by.ref:
        raise BanRefusedError("这项限制由您决定，请由本部门其他审批人员复核后解除。")
    row.lifted_on, row.lifted_by = day_of(at), by.ref
    row.lift_reason = written(reason, "解除的理由")
    row.save(update_fields=["lifted_on", "lifted_by", "lift_reason"])
    Message.objects.create(
        to_ref=row.applicant_ref,
        case=row.case,
        title=f"限制已解除（{row.case.query_code}）",
        body=f"经复核，您可以再次申请“{row.item_name}”。理由：{row.lift_reason}",
        at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.lift_ban",
        target=f"case:{number}",
        detail={"reason": row.lift_reason},
        department=row.department_code,
        ip=by.ip,
    )
