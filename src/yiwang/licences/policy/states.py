"""States of a licence and the acts that move it: one table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term


class HolderKind(Term):
    """Who may hold a licence (持证主体类别)."""

    PERSON = "person", "自然人"
    ENTITY = "entity", "法人及其他组织"
    ANY = "any", "自然人或法人"


class LicenceState(Term):
    """Where a licence stands (证照状态).

    Source:
        行政许可法 第六十九条 (撤销)、第七十条 (注销)、第八条 (撤回); 行政处罚法 第九条
        (暂扣、吊销).
    """

    VALID = "valid", "有效"
    SUSPENDED = "suspended", "暂扣"
    EXPIRED = "expired", "已过有效期"
    CANCELLED = "cancelled", "已注销"
    REVOKED = "revoked", "已撤销"
    WITHDRAWN = "withdrawn", "已撤回"
    FORFEITED = "forfeited", "已吊销"
    REPLACED = "replaced", "已被新版本替代"


class LicenceStep(Term):
    """An act that moves a licence."""

    SUSPEND = "suspend", "暂扣"
    RESUME = "resume", "恢复"
    CANCEL = "cancel", "注销"
    REVOKE = "revoke", "撤销"
    WITHDRAW = "withdraw", "撤回"
    FORFEIT = "forfeit", "吊销"
    REPLACE = "replace", "换发"


LIVE = frozenset({LicenceState.VALID, LicenceState.SUSPENDED})
"""States in which a licence number is taken: at most one such version per number."""

_VALID = frozenset({LicenceState.VALID})

STEPS: Mapping[LicenceStep, tuple[frozenset[LicenceState], LicenceState]] = {
    LicenceStep.SUSPEND: (_VALID, LicenceState.SUSPENDED),
    LicenceStep.RESUME: (frozenset({LicenceState.SUSPENDED}), LicenceState.VALID),
    LicenceStep.CANCEL: (LIVE, LicenceState.CANCELLED),
    LicenceStep.REVOKE: (LIVE, LicenceState.REVOKED),
    LicenceStep.WITHDRAW: (LIVE, LicenceState.WITHDRAWN),
    LicenceStep.FORFEIT: (LIVE, LicenceState.FORFEITED),
    LicenceStep.REPLACE: (_VALID, LicenceState.REPLACED),
}
"""Step -> (states it may start from, state it leads to)."""


class LicenceStepRefusedError(RefusedError):
    """The licence is not in a state from which the act may start."""

    code = "licences.step_refused"


def after(step: LicenceStep, state: LicenceState) -> LicenceState:
    """Return the state that `step` leads to from `state`.

    Raises:
        LicenceStepRefusedError: `step` does not start from `state`.
    """
    starts, end = STEPS[step]
    if state not in starts:
        allowed = "、".join(s.label for s in LicenceState if s in starts)
        raise LicenceStepRefusedError(
            f"该证照{state.label}，不能{step.label}；只有状态为“{allowed}”的证照可以{step.label}。"
        )
    return end


def state_on(state: LicenceState, *, valid_until: date | None, day: date) -> LicenceState:
    """Return the state on `day`: a live licence has expired from `valid_until` on.

    Args:
        state: As stored.
        valid_until: First day on which it is no longer valid; None: without end.
        day: The day asked about.
    """
    if state in LIVE and valid_until is not None and day >= valid_until:
        return LicenceState.EXPIRED
    return state
