"""States and steps of a dual notice (双告知), and which permits a business scope needs.

Source:
    上海市优化营商环境条例 第十七条 (证照分离, 双告知); the two notices of 2015 (申请人承诺,
    推送审批部门, 查询认领). Periods are choices of the district, in its pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term


class NoticeKind(Term):
    """What a department is told (告知事由).

    Source:
        上海市优化营商环境条例 第十七条 (registration and permit departments tell each other).
    """

    NEED = "need", "经营范围需要许可"
    NAME = "name", "名称变更"
    ADDRESS = "address", "住所或者经营场所变更"
    SCOPE = "scope", "经营范围变更"
    ENDED = "ended", "注销登记"
    PERMIT_ENDED = "permit_ended", "许可失效"


class NoticeState(Term):
    """Where a notice stands (告知状态)."""

    PUSHED = "pushed", "已推送"
    CLAIMED = "claimed", "已认领"
    RETURNED = "returned", "已退回"
    REASSIGNED = "reassigned", "已改派"
    FOLLOWING = "following", "跟进中"
    CLOSED_PERMIT = "closed_permit", "已取得许可"
    CLOSED_NO_NEED = "closed_no_need", "无需许可"
    CLOSED_NOT_OPERATING = "closed_not_operating", "未开展经营"
    TO_INSPECTION = "to_inspection", "转检查"
    CLOSED_INSPECTED = "closed_inspected", "检查已办结"
    CLOSED_NOTED = "closed_noted", "已登记知悉"
    CLOSED_ENDED = "closed_ended", "不再需要办理"
    PERMIT_ENDED = "permit_ended", "许可已失效"


class NoticeStep(Term):
    """An act on a notice (告知动作)."""

    PUSH = "push", "推送"
    CLAIM = "claim", "认领"
    RETURN = "return", "退回"
    REASSIGN = "reassign", "改派"
    FOLLOW = "follow", "跟进"
    NO_NEED = "no_need", "认定无需许可"
    NOT_OPERATING = "not_operating", "认定未开展经营"
    INSPECT = "inspect", "转检查"
    PERMIT = "permit", "取得许可"
    NOTE = "note", "登记知悉"
    PERMIT_END = "permit_end", "反馈许可失效"
    INSPECTED = "inspected", "反馈检查结果"
    REFUSED = "refused", "反馈不予许可"
    END = "end", "了结"


S = NoticeState

ASKED = frozenset({S.PUSHED, S.REASSIGNED})
"""Waits for a department to claim or return it."""

HELD = frozenset({S.CLAIMED, S.FOLLOWING})
"""A department follows the firm."""

OPEN = ASKED | HELD | {S.RETURNED}
"""Something is left to do."""

STEPS: Mapping[NoticeStep, tuple[frozenset[NoticeState], NoticeState]] = {
    NoticeStep.PUSH: (frozenset(), S.PUSHED),
    NoticeStep.CLAIM: (ASKED, S.CLAIMED),
    NoticeStep.RETURN: (ASKED, S.RETURNED),
    NoticeStep.REASSIGN: (frozenset({S.RETURNED}), S.REASSIGNED),
    NoticeStep.FOLLOW: (HELD, S.FOLLOWING),
    NoticeStep.NO_NEED: (HELD, S.CLOSED_NO_NEED),
    NoticeStep.NOT_OPERATING: (HELD, S.CLOSED_NOT_OPERATING),
    NoticeStep.INSPECT: (HELD, S.TO_INSPECTION),
    NoticeStep.PERMIT: (OPEN, S.CLOSED_PERMIT),
    NoticeStep.NOTE: (ASKED | HELD, S.CLOSED_NOTED),
    NoticeStep.PERMIT_END: (HELD | {S.CLOSED_PERMIT}, S.PERMIT_ENDED),
    NoticeStep.INSPECTED: (frozenset({S.TO_INSPECTION}), S.CLOSED_INSPECTED),
    NoticeStep.REFUSED: (ASKED | HELD, S.FOLLOWING),
    NoticeStep.END: (OPEN, S.CLOSED_ENDED),
}
"""Step -> (states it may start from, state it leads to)."""

_NEWS = frozenset(
    {
        NoticeStep.PUSH,
        NoticeStep.CLAIM,
        NoticeStep.RETURN,
        NoticeStep.REASSIGN,
        NoticeStep.FOLLOW,
        NoticeStep.NOT_OPERATING,
        NoticeStep.INSPECT,
        NoticeStep.INSPECTED,
        NoticeStep.NOTE,
        NoticeStep.END,
    }
)

STEPS_OF: Mapping[NoticeKind, frozenset[NoticeStep]] = {
    NoticeKind.NEED: frozenset(NoticeStep) - {NoticeStep.NOTE},
    NoticeKind.NAME: _NEWS,
    NoticeKind.ADDRESS: _NEWS,
    NoticeKind.SCOPE: _NEWS,
    NoticeKind.ENDED: _NEWS - {NoticeStep.NOT_OPERATING, NoticeStep.END},
    NoticeKind.PERMIT_ENDED: _NEWS,
}
"""What is told -> the steps that make sense about it; news needs no permit, only to be noted."""


class NoticeStepRefusedError(RefusedError):
    """The notice is not in a state from which the step may be taken."""

    code = "registration.step_refused"


def after(step: NoticeStep, state: NoticeState, kind: NoticeKind = NoticeKind.NEED) -> NoticeState:
    """Return the state that `step` leads to from `state`.

    Raises:
        NoticeStepRefusedError: it does not start there, or not for what is told.
    """
    if step not in STEPS_OF[kind]:
        allowed = "、".join(
            f"“{one.label}”"
            for one in NoticeStep
            if one in STEPS_OF[kind] and state in STEPS[one][0]
        )
        raise NoticeStepRefusedError(
            f"这是“{kind.label}”的告知，不能{step.label}；"
            + (f"现在可以{allowed}。" if allowed else "现在没有需要办理的。")
        )
    starts, end = STEPS[step]
    if state not in starts:
        allowed = "、".join(f"“{one.label}”" for one in NoticeState if one in starts)
        raise NoticeStepRefusedError(
            f"该告知现为“{state.label}”，不能{step.label}；只有{allowed}的可以，请刷新后查看。"
        )
    return end


class Stage(Term):
    """Whether a permit is needed before registration or after it (前置、后置).

    Source:
        市场主体登记管理条例 第十四条 (pre-approved entries are registered with their approval).
    """

    POST = "post", "登记后办理（后置）"
    PRE = "pre", "登记前取得（前置）"


@dataclass(frozen=True, kw_only=True)
class ScopeRule:
    """Words of a business scope that need a permit, and whose it is.

    Attributes:
        keywords: Words that name the business; each may stand in a phrase of a scope.
        stage: Whether the permit comes before registration or after it.
        source: What it rests on.
        effective_on: First day; None: always.
        ended_on: Day from which it holds no more; None: it holds on.
    """

    keywords: tuple[str, ...]
    item: str
    item_name: str
    department: str
    stage: Stage = Stage.POST
    source: str = ""
    effective_on: date | None = None
    ended_on: date | None = None

    def holds(self, on: date) -> bool:
        """Tell whether the rule is in force on a day."""
        return (self.effective_on is None or self.effective_on <= on) and (
            self.ended_on is None or on < self.ended_on
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The keywords as a scope is read: one kind of brackets, no spaces."""
        same = str.maketrans({"(": "（", ")": "）"})
        return tuple("".join(one.translate(same).split()) for one in self.keywords)


@dataclass(frozen=True, kw_only=True)
class ChangeRule:
    """A registration item whose grant changes what is registered, as its answers say.

    Attributes:
        question: Question that holds what is changed.
        options: Answers that mean this change.
        text: Question that holds what it becomes.
        renames: `text` is nothing but the new name of the firm itself, so its lines bear it.
    """

    item: str
    question: str
    kind: NoticeKind
    options: tuple[str, ...]
    text: str
    renames: bool = False


@dataclass(frozen=True, kw_only=True)
class ExitRule:
    """A registration item whose grant ends a business; without a question each grant does.

    Attributes:
        part: Questions that tell one part of a firm (分支机构) from another; empty: the firm
            itself ends.
    """

    item: str
    question: str = ""
    options: tuple[str, ...] = ()
    part: tuple[str, ...] = ()


LATE_AFTER_MINUTES = 24 * 60
"""News that took longer is late, where the pack says nothing: it arrives within a day.

Source:
    上海市优化营商环境条例 第十七条 (registrar and departments tell each other at once).
"""

CHANGES = (NoticeKind.NAME, NoticeKind.ADDRESS, NoticeKind.SCOPE)
"""What a change of registration may be about."""


@dataclass(frozen=True, kw_only=True)
class NoticeRules:
    """How a district runs the two notices.

    Attributes:
        registrar: Department that registers businesses.
        centre: Department to which what nobody claims is escalated.
        items: Slugs of the registration items whose grant starts notices.
        scope_questions: Questions of those items that hold the business scope.
        claim_workdays: Working days to claim or return; reminded after, escalated after twice.
        follow_workdays: Working days to the next report of a department.
        inspect_workdays: Working days for an inspection that a report asks for.
        rules: In the order of the file.
        changes: Registered changes that supervisors are told of.
        exits: What ends a business.
        late_after_minutes: News that took longer from the act to the list is late.
        source: What the periods and words rest on.
        general: Phrases of a scope that need no permit, word for word.
        name_questions: Questions that hold the name of the business.
    """

    registrar: str
    centre: str
    items: tuple[str, ...]
    scope_questions: tuple[str, ...]
    claim_workdays: int
    follow_workdays: int
    rules: tuple[ScopeRule, ...]
    source: str
    inspect_workdays: int
    changes: tuple[ChangeRule, ...] = ()
    exits: tuple[ExitRule, ...] = ()
    late_after_minutes: int = LATE_AFTER_MINUTES
    general: tuple[str, ...] = ()
    name_questions: tuple[str, ...] = ()


def changed(
    rules: NoticeRules, item: str, chosen: Mapping[str, frozenset[str]]
) -> tuple[ChangeRule, ...]:
    """Return the rules of changes that the answers of a granted case meet."""
    return tuple(
        rule
        for rule in rules.changes
        if rule.item == item and chosen.get(rule.question, frozenset()) & set(rule.options)
    )


def ends(rules: NoticeRules, item: str, chosen: Mapping[str, frozenset[str]]) -> ExitRule | None:
    """Return the rule by which the grant of `item` with these answers ends something."""
    for rule in rules.exits:
        if rule.item == item and (
            not rule.question or chosen.get(rule.question, frozenset()) & set(rule.options)
        ):
            return rule
    return None


def same_part(ended: str, answers: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the cases about the part of a firm that the case `ended` ends, itself included.

    A branch has no code yet when it is set up, and its name may change later: cases belong
    together that share either, directly or through another.

    Args:
        ended: Number of the case that ends it.
        answers: Case number -> answers to the questions that tell parts apart.
    """
    found, known = {ended}, set(answers.get(ended, {}).items())
    while (
        more := {number for number, given in answers.items() if known & set(given.items())} - found
    ):
        found |= more
        known |= {pair for number in more for pair in answers[number].items()}
    return tuple(sorted(found))


def asked_questions(rules: NoticeRules, item: str) -> frozenset[str]:
    """Return the questions that decide what the grant of `item` changes or ends."""
    changing = {rule.question for rule in rules.changes if rule.item == item}
    ending = {rule.question for rule in rules.exits if rule.item == item}
    return frozenset(changing | ending) - {""}


def items_of(rules: NoticeRules) -> frozenset[str]:
    """Return the items whose grant closes a notice."""
    return frozenset(rule.item for rule in rules.rules)
