"""What a window turns away goes to a second person (提请不予受理、不予收件的核实)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case, DeclineProposal, Message, TurnedAway
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.declining import (
    OTHER_GROUND,
    UNNAMED,
    TurnedAwayVerdict,
    leaves_applicant_without_authority,
    rests_on_want_of_competence,
)
from yiwang.cases.policy.letters import chinese_day
from yiwang.cases.policy.states import Step
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import kept
from yiwang.cases.services.procedure import line
from yiwang.cases.services.steps import begin, move, written
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError


class DeclineRefusedError(RefusedError):
    """What a window turned away cannot be proposed, noted or answered like that."""

    code = "cases.decline_refused"


class TurnedAwayNotFoundError(LookupError):
    """There is no such note for these eyes."""


def require_authority(article: str, elsewhere: str) -> None:
    """Refuse a refusal that rests on want of competence and leaves the applicant without advice.

    Raises:
        DeclineRefusedError: nobody is named who is competent.
    """
    if leaves_applicant_without_authority(article, elsewhere):
        raise DeclineRefusedError(UNNAMED)


def require_ground_of_no_need(article: str) -> None:
    """Refuse to say that no permission is needed on the ground of want of competence.

    Raises:
        DeclineRefusedError: the article is that of want of competence.
    """
    if rests_on_want_of_competence(article):
        raise DeclineRefusedError(OTHER_GROUND)


@transaction.atomic
def propose_decline(
    *,
    number: str,
    reason: str,
    article: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    no_need: bool = False,
    elsewhere: str = "",
) -> CaseView:
    """Propose not to accept a case (提请不予受理); the deciding department answers.

    The five working days go on running: without an answer the case is deemed accepted.

    Args:
        number: Case number.
        reason: Facts and reason, as the applicant will read them.
        article: Law and article it rests on.
        by: Holds a post that accepts.
        at: Moment of proposing.
        version: Row version `by` saw.
        no_need: What is asked for needs no permission at all (依法不需许可).
        elsewhere: The authority that is competent; empty: none.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not accept in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        DeclineRefusedError: proposed already, or want of competence without a competent authority.
        TextRefusedError: reason or article missing or too long.

    Source:
        上海市优化营商环境条例 第二十五条; 行政许可法 第三十二条第一款.
    """
    case, acting = begin(number, Step.PROPOSE_DECLINE, by=by, version=version)
    if open_proposal(case) is not None:
        raise DeclineRefusedError("本办件已提请不予受理，正由审批部门核实，请等待核实结果。")
    reason = written(reason, "不予受理的理由")
    article = written(article, "法律依据")
    if not no_need:
        require_authority(article, elsewhere)
    else:
        require_ground_of_no_need(article)
    DeclineProposal.objects.create(
        case=case,
        after_correction=case.corrected_on is not None,
        no_need=no_need,
        reason=reason,
        article=article,
        elsewhere=elsewhere.strip(),
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
    )
    move(
        case,
        Step.PROPOSE_DECLINE,
        acting=acting,
        by=by,
        at=at,
        reason=reason,
        basis=article,
    )
    until = f"最迟{chinese_day(case.due_on)}答复，" if case.due_on else ""
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"申请正在核实（{case.query_code}）",
        body=f"窗口认为您的“{case.item_name}”申请不应受理，已提请审批部门核实。{until}"
        "逾期没有答复的，视为已经受理。",
        at=at,
    )
    return case_view(case)


def open_proposal(case: Case) -> DeclineProposal | None:
    """Return the proposal that still waits for an answer, if any."""
    return DeclineProposal.objects.filter(
        case=case, after_correction=case.corrected_on is not None
    ).first()


def refuse_proposer(case: Case, by: Actor) -> None:
    """Stop whoever proposed not to accept from deciding it.

    Raises:
        DeclineRefusedError: `by` proposed it.
    """
    proposal = open_proposal(case)
    if proposal is not None and proposal.by == by.ref:
        raise DeclineRefusedError(
            "不予受理由您提请，不能由同一人决定，请由审批部门的其他人员核实。"
        )


@transaction.atomic
def note_turned_away(*, item_slug: str, visitor: str, reason: str, by: Actor, at: datetime) -> int:
    """Note that somebody came and nothing was taken in (不予收件登记); return its key.

    Raises:
        PermissionRefusedError: `by` takes in nowhere.
        DeclineRefusedError: the item is not on offer today.
        ProcedureRefusedError: nobody is named.
        TextRefusedError: the reason is missing or too long.

    Source:
        上海市优化营商环境条例 第二十五条.
    """
    places = sorted(by.departments(Permission.CASE_RECEIVE))
    if not places:
        raise PermissionRefusedError("只有收件窗口的人员可以登记不予收件，请联系窗口负责人。")
    try:
        item = kept.item(item_slug, on=day_of(at))
    except LookupError as missing:
        raise DeclineRefusedError("请从事项清单中选择来人要办理的事项。") from missing
    row = TurnedAway.objects.create(
        department=places[0],
        deciding_department=kept.deciding_department(item.department, on=day_of(at)),
        item_slug=item.slug,
        item_name=item.name,
        visitor=line(visitor, "来人的姓名或者单位名称"),
        reason=written(reason, "未收件的理由"),
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.note_turned_away",
        target=f"turned_away:{row.pk}",
        detail={"item": item.slug},
        department=row.department,
        ip=by.ip,
    )
    return int(row.pk)


@transaction.atomic
def review_turned_away(
    *, key: int, verdict: TurnedAwayVerdict, note: str, by: Actor, at: datetime
) -> None:
    """Say whether it was right to take nothing in (核实); never by whoever turned away.

    Raises:
        TurnedAwayNotFoundError: no such note for these eyes.
        DeclineRefusedError: answered already, or `by` wrote the note.
        TextRefusedError: the note is missing or too long.

    Source:
        上海市优化营商环境条例 第二十五条.
    """
    row = TurnedAway.objects.select_for_update().filter(pk=key).first()
    if row is None or not by.may(Permission.CASE_DECLINE, department=row.deciding_department):
        raise TurnedAwayNotFoundError
    if row.verdict:
        raise DeclineRefusedError("这次不予收件已经核实过，请返回清单查看结论。")
    if row.by == by.ref:
        raise DeclineRefusedError("不予收件由您登记，不能由同一人核实，请由其他人员核实。")
    row.note = written(note, "核实情况")
    row.verdict = verdict.value
    row.reviewed_by, row.reviewed_by_name, row.reviewed_at = by.ref, by.name or by.ref, at
    row.save(update_fields=["note", "verdict", "reviewed_by", "reviewed_by_name", "reviewed_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.review_turned_away",
        target=f"turned_away:{row.pk}",
        detail={"verdict": verdict.value},
        department=row.deciding_department,
        ip=by.ip,
    )
