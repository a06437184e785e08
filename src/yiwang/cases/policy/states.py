"""The states of a case and the one table of steps between them.

Source:
    行政许可法 第三十二条 (receipt, correction, acceptance), 第三十四条 (on the spot, review),
    第三十六条 (interested persons), 第三十八条 (decision), 第四十二条 (extension), 第四十四条
    (delivery), 第四十五条 (special procedures), 第四十六条至第四十八条 (hearing), 第八条、
    第六十九条、第七十条 (the end of what was granted).
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
    SPECIAL = "special", "特别程序"
    HEARING = "hearing", "听证"
    DECISION_PENDING = "decision_pending", "待决定"
    APPROVED = "approved", "准予"
    REJECTED = "rejected", "不予"
    DELIVERING = "delivering", "送达中"
    CLOSED = "closed", "办结"
    WITHDRAWN = "withdrawn", "申请人撤回"
    TERMINATED = "terminated", "终止办理"
    REVOKED = "revoked", "已撤销"
    RETRACTED = "retracted", "已撤回许可"
    DEREGISTERED = "deregistered", "已注销"


class Step(Term):
    """An act that moves a case (办理动作)."""

    RECEIVE = "receive", "收件"
    ASK_CORRECTION = "ask_correction", "一次性告知补正"
    FILE_CORRECTION = "file_correction", "提交补正"
    ASK_ON_SPOT = "ask_on_spot", "请当场更正"
    FIX_ON_SPOT = "fix_on_spot", "当场更正"
    ACCEPT = "accept", "受理"
    PROPOSE_DECLINE = "propose_decline", "提请不予受理"
    DECLINE = "decline", "不予受理"
    NO_NEED = "no_need", "告知依法不需许可"
    ASSIGN = "assign", "分派"
    START_REVIEW = "start_review", "开始审查"
    CHECK_SITE = "check_site", "现场核查"
    SEND_OFFICERS = "send_officers", "指派检验检测人员"
    START_SPECIAL = "start_special", "启动特别程序"
    END_SPECIAL = "end_special", "结束特别程序"
    NOTIFY_HEARING = "notify_hearing", "告知听证权利"
    REQUEST_HEARING = "request_hearing", "要求听证"
    SET_HEARING = "set_hearing", "通知举行听证"
    END_HEARING = "end_hearing", "听证结束"
    ASK_EXTENSION = "ask_extension", "报请延长期限"
    EXTEND = "extend", "批准延长期限"
    DECLINE_EXTENSION = "decline_extension", "不批准延长期限"
    ASK_DEPARTMENT = "ask_department", "征求部门意见"
    DEPARTMENT_OPINION = "department_opinion", "反馈部门意见"
    TELL_INTERESTED = "tell_interested", "告知利害关系人"
    NOTE_VIEWS = "note_views", "陈述意见"
    PROPOSE = "propose", "提出审查意见"
    SEND_BACK = "send_back", "退回复审"
    GRANT = "grant", "准予"
    REFUSE = "refuse", "不予"
    GRANT_ON_SPOT = "grant_on_spot", "当场准予"
    REFUSE_ON_SPOT = "refuse_on_spot", "当场不予"
    GRANT_ON_COMMITMENT = "grant_on_commitment", "告知承诺准予"
    GRANT_AUTOMATIC = "grant_automatic", "自动准予"
    DEEM_RENEWED = "deem_renewed", "视为准予延续"
    SEND = "send", "寄送"
    NOTE_RETURN = "note_return", "邮件退回"
    CLOSE = "close", "送达办结"
    WITHDRAW = "withdraw", "撤回申请"
    WITHDRAW_MATERIAL = "withdraw_material", "撤回材料"
    CHANGE_CONTACT = "change_contact", "变更联系方式"
    TERMINATE = "terminate", "终止办理"
    FIX_DOCUMENT = "fix_document", "更正文书"
    PROPOSE_END = "propose_end", "提出撤销、撤回或者注销"
    STATE_VIEWS = "state_views", "陈述申辩"
    DECLINE_END = "decline_end", "不予撤销、撤回或者注销"
    REVOKE = "revoke", "撤销"
    RETRACT = "retract", "撤回许可"
    DEREGISTER = "deregister", "注销"


class Desk(Term):
    """Which department of a case must have given the post."""

    WINDOW = "window", "收件窗口或主管部门"
    ACCEPTOR = "acceptor", "受理的窗口或部门"
    DELIVERER = "deliverer", "发放结果的窗口或部门"
    DECIDER = "decider", "审批部门"
    ASKED = "asked", "被征求意见的部门"


class Way(Term):
    """How a decision comes about without a proposal by a reviewer (决定方式)."""

    ON_SPOT = "on_spot", "当场决定"
    COMMITMENT = "commitment", "告知承诺"
    AUTOMATIC = "automatic", "无人干预自动办理"
    DEEMED = "deemed", "视为准予延续"


S = CaseState

STOPPED = frozenset({S.SPECIAL, S.HEARING})
"""The limit for the decision does not run. 行政许可法 第四十五条."""

OPEN = frozenset({S.RECEIVED, S.CORRECTION, S.ACCEPTED, S.REVIEWING, S.DECISION_PENDING}) | STOPPED
"""No decision yet; the applicant may withdraw, all of it or a material."""

RUNNING = OPEN | {S.APPROVED, S.REJECTED, S.DELIVERING}
"""Somebody still has something to do, delivery included."""

FINISHED = frozenset(CaseState) - RUNNING
"""Nothing is left to do; of a closed case the result may still be ended later."""

ENDED = frozenset({S.REVOKED, S.RETRACTED, S.DEREGISTERED})
"""What had been granted holds no longer. 行政许可法 第八条、第六十九条、第七十条."""

DECIDED = frozenset({S.APPROVED, S.REJECTED, S.DELIVERING, S.CLOSED}) | ENDED
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
        way: Only by this way of deciding; None: the ordinary way. On the spot is for items whose
            result is given at once (即办件), on commitment for items that allow it (告知承诺), and
            automatic is for a named job whose rule set granted.
    """

    starts: frozenset[CaseState]
    end: CaseState | None
    permission: Permission | None
    desk: Desk = Desk.WINDOW
    by_applicant: bool = False
    by_clock: bool = False
    way: Way | None = None


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


REVIEWED = _from(S.ACCEPTED, S.REVIEWING)
"""Accepted, and not yet proposed to the decider."""

STEPS: Mapping[Step, Move] = {
    Step.RECEIVE: Move(
        starts=frozenset(),
        end=S.RECEIVED,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.ASK_CORRECTION: Move(
        starts=_from(S.RECEIVED),
        end=S.CORRECTION,
        permission=Permission.CASE_ACCEPT,
        desk=Desk.ACCEPTOR,
    ),
    Step.FILE_CORRECTION: Move(
        starts=_from(S.CORRECTION),
        end=S.RECEIVED,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.ASK_ON_SPOT: Move(starts=_from(S.RECEIVED), end=None, permission=Permission.CASE_ACCEPT),
    Step.FIX_ON_SPOT: Move(
        starts=_from(S.RECEIVED),
        end=None,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.ACCEPT: Move(
        starts=_from(S.RECEIVED),
        end=S.ACCEPTED,
        permission=Permission.CASE_ACCEPT,
        desk=Desk.ACCEPTOR,
        by_clock=True,
    ),
    Step.PROPOSE_DECLINE: Move(
        starts=_from(S.RECEIVED),
        end=None,
        permission=Permission.CASE_ACCEPT,
        desk=Desk.ACCEPTOR,
    ),
    Step.DECLINE: Move(
        starts=_from(S.RECEIVED),
        end=S.NOT_ACCEPTED,
        permission=Permission.CASE_DECLINE,
        desk=Desk.DECIDER,
    ),
    Step.NO_NEED: Move(
        starts=_from(S.RECEIVED),
        end=S.NO_NEED,
        permission=Permission.CASE_DECLINE,
        desk=Desk.DECIDER,
    ),
    Step.ASSIGN: Move(
        starts=OPEN - {S.CORRECTION},
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
    Step.CHECK_SITE: Move(
        starts=REVIEWED,
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.SEND_OFFICERS: Move(
        starts=REVIEWED | {S.SPECIAL},
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.START_SPECIAL: Move(
        starts=REVIEWED,
        end=S.SPECIAL,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.END_SPECIAL: Move(
        starts=_from(S.SPECIAL),
        end=S.REVIEWING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.NOTIFY_HEARING: Move(
        starts=REVIEWED,
        end=S.HEARING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.REQUEST_HEARING: Move(
        starts=_from(S.HEARING),
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
        by_applicant=True,
    ),
    Step.SET_HEARING: Move(
        starts=_from(S.HEARING),
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.END_HEARING: Move(
        starts=_from(S.HEARING),
        end=S.REVIEWING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
        by_clock=True,
    ),
    Step.ASK_EXTENSION: Move(
        starts=REVIEWED | {S.DECISION_PENDING},
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.EXTEND: Move(
        starts=REVIEWED | {S.DECISION_PENDING},
        end=None,
        permission=Permission.CASE_EXTEND,
        desk=Desk.DECIDER,
    ),
    Step.DECLINE_EXTENSION: Move(
        starts=REVIEWED | {S.DECISION_PENDING},
        end=None,
        permission=Permission.CASE_EXTEND,
        desk=Desk.DECIDER,
    ),
    Step.ASK_DEPARTMENT: Move(
        starts=REVIEWED,
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.DEPARTMENT_OPINION: Move(
        starts=REVIEWED | STOPPED,
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.ASKED,
        by_clock=True,
    ),
    Step.TELL_INTERESTED: Move(
        starts=REVIEWED,
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.NOTE_VIEWS: Move(
        starts=REVIEWED | STOPPED | {S.DECISION_PENDING},
        end=None,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
        by_applicant=True,
    ),
    Step.PROPOSE: Move(
        starts=_from(S.ACCEPTED, S.REVIEWING),
        end=S.DECISION_PENDING,
        permission=Permission.CASE_REVIEW,
        desk=Desk.DECIDER,
    ),
    Step.SEND_BACK: Move(
        starts=_from(S.DECISION_PENDING),
        end=S.REVIEWING,
        permission=Permission.CASE_DECIDE,
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
        way=Way.ON_SPOT,
    ),
    Step.REFUSE_ON_SPOT: Move(
        starts=_from(S.ACCEPTED),
        end=S.REJECTED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        way=Way.ON_SPOT,
    ),
    Step.GRANT_ON_COMMITMENT: Move(
        starts=_from(S.ACCEPTED),
        end=S.APPROVED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        way=Way.COMMITMENT,
    ),
    Step.GRANT_AUTOMATIC: Move(
        starts=_from(S.ACCEPTED),
        end=S.APPROVED,
        permission=None,
        desk=Desk.DECIDER,
        by_clock=True,
        way=Way.AUTOMATIC,
    ),
    Step.DEEM_RENEWED: Move(
        starts=REVIEWED | STOPPED | {S.DECISION_PENDING},
        end=S.APPROVED,
        permission=None,
        desk=Desk.DECIDER,
        by_clock=True,
        way=Way.DEEMED,
    ),
    Step.SEND: Move(
        starts=_from(S.APPROVED, S.REJECTED, S.DELIVERING),
        end=S.DELIVERING,
        permission=Permission.CASE_DELIVER,
        desk=Desk.DELIVERER,
    ),
    Step.NOTE_RETURN: Move(
        starts=_from(S.DELIVERING),
        end=None,
        permission=Permission.CASE_DELIVER,
        desk=Desk.DELIVERER,
    ),
    Step.CLOSE: Move(
        starts=_from(S.APPROVED, S.REJECTED, S.DELIVERING),
        end=S.CLOSED,
        permission=Permission.CASE_DELIVER,
        desk=Desk.DELIVERER,
        by_clock=True,
    ),
    Step.WITHDRAW: Move(
        starts=OPEN,
        end=S.WITHDRAWN,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.WITHDRAW_MATERIAL: Move(
        starts=OPEN,
        end=None,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.CHANGE_CONTACT: Move(
        starts=OPEN,
        end=None,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.TERMINATE: Move(
        starts=OPEN,
        end=S.TERMINATED,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
        by_clock=True,
    ),
    Step.FIX_DOCUMENT: Move(
        starts=frozenset(CaseState),
        end=None,
        permission=Permission.CASE_DECIDE,
        desk=Desk.DECIDER,
    ),
    Step.PROPOSE_END: Move(
        starts=_from(S.CLOSED),
        end=None,
        permission=Permission.CASE_END_PROPOSE,
        desk=Desk.DECIDER,
        by_clock=True,
    ),
    Step.STATE_VIEWS: Move(
        starts=_from(S.CLOSED),
        end=None,
        permission=Permission.CASE_RECEIVE,
        by_applicant=True,
    ),
    Step.DECLINE_END: Move(
        starts=_from(S.CLOSED),
        end=None,
        permission=Permission.CASE_END,
        desk=Desk.DECIDER,
    ),
    Step.REVOKE: Move(
        starts=_from(S.CLOSED),
        end=S.REVOKED,
        permission=Permission.CASE_END,
        desk=Desk.DECIDER,
    ),
    Step.RETRACT: Move(
        starts=_from(S.CLOSED),
        end=S.RETRACTED,
        permission=Permission.CASE_END,
        desk=Desk.DECIDER,
    ),
    Step.DEREGISTER: Move(
        starts=_from(S.CLOSED),
        end=S.DEREGISTERED,
        permission=Permission.CASE_END,
        desk=Desk.DECIDER,
        by_clock=True,
    ),
}
"""Step -> where it may start, where it leads, who may take it."""


INTERNAL = frozenset(
    {
        Step.ASK_DEPARTMENT,
        Step.DEPARTMENT_OPINION,
        Step.ASK_EXTENSION,
        Step.DECLINE_EXTENSION,
        Step.TELL_INTERESTED,
        Step.NOTE_VIEWS,
        Step.SEND_BACK,
    }
)
"""Steps inside the authority: an applicant reads that they were taken, not in what words."""


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
    if move.way is Way.ON_SPOT and not immediate:
        raise StepRefusedError("本事项不是即办件，须先由审查人员提出审查意见，再作决定。")
    return state if move.end is None else move.end


def pairs() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return every change of state the table allows: from, to, and the only ways it may go.

    No ways: the change is open to the ordinary way. The database holds the same list as a
    trigger, generated from here.
    """
    found: dict[tuple[str, str], set[Way | None]] = {}
    for move in STEPS.values():
        for start in move.starts:
            if move.end is not None:
                found.setdefault((start.value, move.end.value), set()).add(move.way)
    return tuple(
        sorted(
            (start, end, () if None in ways else tuple(sorted(way.value for way in ways if way)))
            for (start, end), ways in found.items()
        )
    )


def triples() -> tuple[tuple[str, str, str], ...]:
    """Return every step with each state it may start from and where it leads from there.

    The database holds the same list as a trigger on the events, generated from here.
    """
    found = {
        (step.value, start.value, (move.end or start).value)
        for step, move in STEPS.items()
        for start in move.starts
    }
    return tuple(sorted(found | {(Step.RECEIVE.value, "", CaseState.RECEIVED.value)}))
