"""States and results of an inspection task (检查任务).

Source:
    上海市优化营商环境条例 第六十一条 (supervision by object and measure). The days to do it are a
    choice of the district, in the pack that asks for it.
"""

from __future__ import annotations

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term


class InspectionState(Term):
    """Where an inspection task stands (检查任务状态)."""

    OPEN = "open", "待接收"
    TAKEN = "taken", "检查中"
    CLOSED = "closed", "已办结"


class InspectionResult(Term):
    """What an inspection found (检查结果)."""

    CLEAN = "clean", "未发现问题"
    CORRECT = "correct", "责令改正"
    PENALTY = "penalty", "移送立案查处"
    ABSENT = "absent", "通过登记的住所无法联系"
    STOPPED = "stopped", "已不再经营"


LEFT = frozenset({InspectionState.OPEN, InspectionState.TAKEN})
"""Something is left to do."""


class InspectionRefusedError(RefusedError):
    """The task cannot be handled like that."""

    code = "supervision.inspection_refused"


def refuse_unless(state: InspectionState, *allowed: InspectionState) -> None:
    """Refuse an act on a task that stands elsewhere.

    Raises:
        InspectionRefusedError: `state` is none of `allowed`.
    """
    if state not in allowed:
        words = "、".join(f"“{one.label}”" for one in allowed)
        raise InspectionRefusedError(
            f"该检查任务现为“{state.label}”，只有{words}的可以这样办理，请刷新后查看。"
        )
