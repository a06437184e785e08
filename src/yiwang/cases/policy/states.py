"""The states of a case and the one table of steps between them.

Source:
    行政许可法 第三十二条 (receipt, correction, acceptance), 第三十四条 (on the spot, review),
    第三十八条 (decision), 第四十四条 (delivery).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import Permission


class CaseState(Term):
    """Where a case stands between receipt and closure (办件状态)."""

    RECEIVED = "received", "已收件"
    CORRECTION = "correction", "补正中"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    NO_NEED = "no_need", "依法不需许可"
    ACCEPTED = "accepted", "已受理"
    REVIEWING = "reviewing", "审查中"
    DECISION_PENDING = "decision_pending", "待决定"
    APPROVED = "approved", "准予"
    REJECTED = "rejected", "不予"
    CLOSED = "closed", "办结"
    WITHDRAWN = "withdrawn", "申请人撤回"
    TERMINATED = "terminated", "终止办理"


class Step(Term):
    """An act that moves a case (办理动作)."""

    RECEIVE = "receive", "收件"
    ASK_CORRECTION = "ask_correction", "一次性告知补正"
    FILE_CORRECTION = "file_correction", "提交补正"
    ACCEPT = "accept", "受理"
    DECLINE = "decline", "不予受理"
    NO_NEED = "no_need", "告知依法不需许可"
    ASSIGN = "assign", "分派"
    START_REVIEW = "start_review", "开始审查"
    PROPOSE = "propose", "提出审查意见"
    GRANT = "grant", "准予"
    REFUSE = "refuse", "不予"
    GRANT_ON_SPOT = "grant_on_spot", "当场准予"
    REFUSE_ON_SPOT = "refuse_on_spot", "当场不予"
    CLOSE = "close", "送达办结"
    WITHDRAW = "withdraw", "撤回申请"
    TERMINATE = "terminate", "终止办理"


class Desk(Term):
    """Which department of a case must have given the post."""

    WINDOW = "window", "收件窗口或主管部门"
    DECIDER = "decider", "审批部门"


S = CaseState

OPEN = frozenset({S.RECEIVED, S.CORRECTION, S.ACCEPTED, S.REVIEWING, S.DECISION_PENDING})
"""No decision yet; the applicant may withdraw."""

RUNNING = OPEN | {S.APPROVED, S.REJECTED}
"""Somebody still has something to do, delivery included."""

FINISHED = frozenset(CaseState) - RUNNING
"""Nothing follows."""

DECIDED = frozenset({S.APPROVED, S.REJECTED, S.CLOSED})
"""A decision was made."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """One line of the table of steps.

    Attributes:
        starts: States it may start from; empty for the birth of a case.
        end: State it leads to; None: the state stays.
        permission: What a post must allow; None: not for staff.
        desk: Where that post must be held.
        by_applicant: The applicant, or who may act for them, may do it.
        by_clock: A named job may do it when a clock has run out.
        on_spot: Only where the result is given at once (即办件).
    """

    starts: frozenset[CaseState]
    end: CaseState | None
    permission: Permission | None
    desk: Desk = Desk.WINDOW
    by_applicant: bool = False
    by_clock: bool = False
    on_spot: bool = False


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


STEPS: Mapping[Step, Move] = {
    Step.RECEIVE: Move(
        starts=frozenset(),
        end=S.RECEIVED,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.ASK_CORRECTION: Move(
        starts=_from(S.RECEIVED), end=S.CORRECTION, permission=Permission.CASE_ACCEPT
    ),
    Step.FILE_CORRECTION: Move(
        starts=_from(S.CORRECTION),
        end=S.RECEIVED,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.ACCEPT: Move(
        starts=_from(S.RECEIVED),
        end=S.ACCEPTED,
        permission=Permission.CASE_ACCEPT,
        by_clock=True,
    ),
    Step.DECLINE: Move(
        starts=_from(S.RECEIVED), end=S.NOT_ACCEPTED, permission=Permission.CASE_ACCEPT
    ),
    Step.NO_NEED: Move(starts=_from(S.RECEIVED), end=S.NO_NEED, permission=Permission.CASE_ACCEPT),
    Step.ASSIGN: Move(
        starts=_from(S.RECEIVED, S.ACCEPTED, S.REVIEWING, S.DECISION_PENDING),
        end=None,
        permission=Permission.CASE_ASSIGN,
        desk=Desk.DECIDER,
    ),
    Step.START_REVIEW: Move(
        starts=_from(S.ACCEPTED),
        end=S.REVIEWING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.PROPOSE: Move(
        starts=_from(S.ACCEPTED, S.REVIEWING),
        end=S.DECISION_PENDING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.GRANT: Move(
        starts=_from(S.DECISION_PENDING),
        end=S.APPROVED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
    ),
    Step.REFUSE: Move(
        starts=_from(S.DECISION_PENDING),
        end=S.REJECTED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
    ),
    Step.GRANT_ON_SPOT: Move(
        starts=_from(S.ACCEPTED),
        end=S.APPROVED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        on_spot=True,
    ),
    Step.REFUSE_ON_SPOT: Move(
        starts=_from(S.ACCEPTED),
        end=S.REJECTED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        on_spot=True,
    ),
    Step.CLOSE: Move(
        starts=_from(S.APPROVED, S.REJECTED),
        end=S.CLOSED,
        permission=Permission.CASE_DELIVER,
        by_clock=True,
    ),
    Step.WITHDRAW: Move(starts=OPEN, end=S.WITHDRAWN, permission=None, by_applicant=True),
    Step.TERMINATE: Move(
        starts=OPEN,
        end=S.TERMINATED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        by_clock=True,
    ),
}
"""Step -> where it may start, where it leads, who may take it."""


class StepRefusedError(RefusedError):
    """The case is not in a state from which the step may be taken."""

    code = "cases.step_refused"


def after(step: Step, state: CaseState, *, immediate: bool = False) -> CaseState:
    """Return the state that `step` leads to from `state`.

    Args:
        step: The act.
        state: Where the case stands.
        immediate: The item gives its result at once (即办件).

    Raises:
        StepRefusedError: `step` does not start from `state`.
    """
    move = STEPS[step]
    if state not in move.starts:
        starts = "、".join(f"“{one.label}”" for one in CaseState if one in move.starts)
        raise StepRefusedError(
            f"办件现为“{state.label}”，不能{step.label}；只有{starts}的办件可以，请刷新后查看。"
        )
    if move.on_spot and not immediate:
        raise StepRefusedError("本事项不是即办件，须先由审查人员提出审查意见，再作决定。")
    return state if move.end is None else move.end


def pairs() -> tuple[tuple[str, str, bool], ...]:
    """Return every change of state the table allows: from, to, only for immediate items.

    The database holds the same list as a trigger, generated from here.
    """
    found: dict[tuple[str, str], bool] = {}
    for move in STEPS.values():
        for start in move.starts:
            if move.end is not None:
                key = (start.value, move.end.value)
                found[key] = found.get(key, True) and move.on_spot
    return tuple(sorted((start, end, on_spot) for (start, end), on_spot in found.items()))
