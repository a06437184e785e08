"""Checks on site by two officers, and officers sent to inspect, test or quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.models import Case, OfficersSent, SiteCheck
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import INSPECTIONS, OFFICERS_SENT
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import ClockKind, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import clocks, kept
from yiwang.cases.services.outside import OUTSIDE
from yiwang.cases.services.procedure import ProcedureRefusedError, line
from yiwang.cases.services.steps import (
    begin,
    heading,
    issue,
    move,
    require_holder,
    version_of,
    written,
)
from yiwang.kernel.clocks import StopReason
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission


@transaction.atomic
def record_site_check(
    *,
    number: str,
    second_officer: str,
    checked_on: date,
    place: str,
    found: str,
    by: Actor,
    at: datetime,
    witness: str = "",
    second_name: str = "",
    version: int | None = None,
) -> CaseView:
    """Write down what two officers found on the spot (现场核查).

    Args:
        number: Case number.
        second_officer: Ref of the other officer.
        checked_on: Day of the check, between acceptance and today.
        place: Where.
        found: What was found.
        by: Who records it and was there.
        at: Moment of recording.
        witness: Who was there for the applicant.
        second_name: Name of an officer whom only the department's own system knows; empty: staff
            here.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: one officer only, or a day that cannot be.
        TextRefusedError: nothing was found.

    Source:
        行政许可法 第三十四条第三款.
    """
    case, acting = begin(number, Step.CHECK_SITE, by=by, version=version)
    require_holder(case, by)
    if second_officer == by.ref:
        raise ProcedureRefusedError("现场核查须由两名以上工作人员进行，请选择另一名核查人员。")
    second = _second_officer(case, second_officer, second_name, by=by, at=at)
    if not (case.accepted_on and case.accepted_on <= checked_on <= day_of(at)):
        raise ProcedureRefusedError("核查日期须在受理之后、今天之前，请核对后再提交。")
    text = written(found, "核查情况")
    where = line(place, "核查地点")
    present = line(witness, "在场的申请人一方", needed=False)
    names = [by.name or by.ref, second]
    serial = SiteCheck.objects.filter(case=case).count() + 1
    SiteCheck.objects.create(
        case=case,
        serial=serial,
        checked_on=checked_on,
        place=where,
        found=text,
        first_officer=by.ref,
        second_officer=second_officer,
        names=names,
        witness=present,
        by=by.ref,
        at=at,
    )
    item, department = version_of(case), kept.department(case.deciding_department)
    issue(
        case,
        DocumentKind.SITE_CHECK_RECORD,
        subject=str(serial),
        body=letters.site_check_record(
            heading(case, item, department.name),
            checked_on=checked_on,
            place=where,
            officers=names,
            found=text,
            witness=present,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"工作人员已就您的“{item.name}”申请作现场核查，笔录在办件文书中。",
    )
    move(
        case,
        Step.CHECK_SITE,
        acting=acting,
        by=by,
        at=at,
        reason=f"{checked_on:%Y-%m-%d} {where}",
        basis="行政许可法 第三十四条第三款",
    )
    return case_view(case)


@transaction.atomic
def send_officers(
    *,
    number: str,
    kind: StopReason,
    officers: Sequence[str],
    sent_on: date,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Write down who was sent to inspect, test or quarantine (指派检验检测人员).

    It meets the clock of five working days from acceptance; whoever is sent later is written down
    as well.

    Args:
        number: Case number.
        kind: What they were sent for: inspection, testing or quarantine.
        officers: Their names, two at least, each another person.
        sent_on: Day on which they were sent, between acceptance and today.
        by: Who handles the case.
        at: Moment of recording.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: neither under review nor stopped for a special procedure.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: fewer than two officers, sent for something else, or on a day that
            cannot be.
        TextRefusedError: a name is too long.

    Source:
        行政许可法 第五十五条第二款.
    """
    case, acting = begin(number, Step.SEND_OFFICERS, by=by, version=version)
    require_holder(case, by)
    if kind not in INSPECTIONS:
        raise ProcedureRefusedError("指派人员的用途须是检验、检测或者检疫，请从所列用途中选择。")
    stripped = [" ".join(name.split()) for name in officers]
    names = list(dict.fromkeys(line(name, "指派人员姓名") for name in stripped if name))
    if len(names) < OFFICERS_SENT:
        raise ProcedureRefusedError("检验、检测、检疫须指派两名以上工作人员，请写明每个人的姓名。")
    if not (case.accepted_on and case.accepted_on <= sent_on <= day_of(at)):
        raise ProcedureRefusedError("指派日期须在受理之后、今天之前，请核对后再提交。")
    OfficersSent.objects.create(
        case=case,
        serial=OfficersSent.objects.filter(case=case).count() + 1,
        kind=kind.value,
        sent_on=sent_on,
        names=names,
        by=by.ref,
        at=at,
    )
    clocks.meet(case, ClockKind.INSPECTION_START, on=sent_on)
    move(
        case,
        Step.SEND_OFFICERS,
        acting=acting,
        by=by,
        at=at,
        reason=f"{sent_on:%Y-%m-%d} {kind.label}：{'、'.join(names)}",
        basis="行政许可法 第五十五条第二款",
    )
    return case_view(case)


def _second_officer(case: Case, officer: str, name: str, *, by: Actor, at: datetime) -> str:
    """Return the name of the other officer: staff here, or of the system in which `by` works."""
    colleague = officer.rpartition(":")[0] == by.ref.rpartition(":")[0]
    if name and by.ref.startswith(OUTSIDE) and colleague:
        return line(name, "另一名核查人员")
    others = {
        f"user:{one.login}": one.name
        for one in organisations.staff_with(
            Permission.CASE_REVIEW, department=case.deciding_department, at=at
        )
    }
    if officer not in others:
        raise ProcedureRefusedError("另一名核查人员须是本部门的审查人员，请从名单中选择。")
    return others[officer]


def require_site_check(case: Case) -> None:
    """Stop a grant, and the proposal of one, before two officers were on the spot.

    Raises:
        ProcedureRefusedError: the item asks for the check and none is on record.

    Source:
        行政许可法 第三十四条第三款.
    """
    if case.must_check_site and not SiteCheck.objects.filter(case=case).exists():
        raise ProcedureRefusedError(
            "本事项准予前必须由两名以上工作人员现场核查，还没有核查记录，请先核查并记录。"
        )
