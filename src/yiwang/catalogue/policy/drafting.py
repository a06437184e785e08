"""How the next version of an item comes about: one table of steps, four eyes at each.

The department writes, its head answers for the content, the legal officer for the basis, the
service centre for the guide; each of the four is another person (四眼原则).

Source:
    行政许可法 第三十条 (what is displayed is binding); the order of steps is the platform's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term


class DraftState(Term):
    """Where a draft stands (事项草稿状态)."""

    WRITING = "writing", "编写中"
    DEPARTMENT = "department", "部门审核"
    LEGAL = "legal", "法制审核"
    CENTRE = "centre", "中心审核"
    PUBLISHED = "published", "已发布"
    DISCARDED = "discarded", "已作废"


class DraftStep(Term):
    """An act that moves a draft."""

    BEGIN = "begin", "建立草稿"
    SAVE = "save", "保存"
    SUBMIT = "submit", "送审"
    APPROVE_DEPARTMENT = "approve_dept", "部门审核通过"
    APPROVE_LEGAL = "approve_legal", "法制审核通过"
    PUBLISH = "publish", "中心审核通过并发布"
    RETURN = "return", "退回修改"
    DISCARD = "discard", "作废"


OPEN_DRAFTS = frozenset(
    {DraftState.WRITING, DraftState.DEPARTMENT, DraftState.LEGAL, DraftState.CENTRE}
)

IN_REVIEW = OPEN_DRAFTS - {DraftState.WRITING}

STEPS: Mapping[DraftStep, tuple[frozenset[DraftState], DraftState]] = {
    DraftStep.SAVE: (frozenset({DraftState.WRITING}), DraftState.WRITING),
    DraftStep.SUBMIT: (frozenset({DraftState.WRITING}), DraftState.DEPARTMENT),
    DraftStep.APPROVE_DEPARTMENT: (frozenset({DraftState.DEPARTMENT}), DraftState.LEGAL),
    DraftStep.APPROVE_LEGAL: (frozenset({DraftState.LEGAL}), DraftState.CENTRE),
    DraftStep.PUBLISH: (frozenset({DraftState.CENTRE}), DraftState.PUBLISHED),
    DraftStep.RETURN: (IN_REVIEW, DraftState.WRITING),
    DraftStep.DISCARD: (frozenset({DraftState.WRITING}), DraftState.DISCARDED),
}
"""Step -> (states it may start from, state it leads to)."""

APPROVALS = (DraftStep.APPROVE_DEPARTMENT, DraftStep.APPROVE_LEGAL, DraftStep.PUBLISH)
"""The approvals in their order."""


class DraftStepRefusedError(RefusedError):
    """The draft cannot take the step from where it stands, or not by this person."""

    code = "catalogue.draft_step_refused"


def after(step: DraftStep, state: DraftState) -> DraftState:
    """Return the state that `step` leads to from `state`.

    Raises:
        DraftStepRefusedError: `step` does not start from `state`.
    """
    starts, end = STEPS[step]
    if state not in starts:
        raise DraftStepRefusedError(
            f"这份草稿的状态是“{state.label}”，不能{step.label}；请刷新页面，按现在的状态办理。"
        )
    return end


def refuse_same_person(
    step: DraftStep, *, by: str, earlier: Sequence[tuple[DraftStep, str]]
) -> None:
    """Stop an approval by somebody who wrote, submitted or approved the same text already.

    Args:
        step: The approval.
        by: Ref of who approves.
        earlier: Steps of the draft and who took them, oldest first; only those since the draft
            was last returned count for approvals, every writer counts.

    Raises:
        DraftStepRefusedError: the same person.
    """
    since = list(earlier)
    for index in range(len(since) - 1, -1, -1):
        if since[index][0] is DraftStep.RETURN:
            approvals = since[index + 1 :]
            break
    else:
        approvals = since
    writers = {
        who for one, who in since if one in {DraftStep.BEGIN, DraftStep.SAVE, DraftStep.SUBMIT}
    }
    approvers = {who for one, who in approvals if one in APPROVALS}
    if by in writers:
        raise DraftStepRefusedError(
            f"您编写过这份草稿，不能再由您{step.label}；请由另一名有权限的人办理。"
        )
    if by in approvers:
        raise DraftStepRefusedError(
            f"您已经审核过这份草稿的前一环节，不能再由您{step.label}；请由另一名有权限的人办理。"
        )
