"""States of a supervised subject."""

from yiwang.kernel.terms import Term


class SubjectState(Term):
    """Whether a subject stands on the department's list (监管对象状态)."""

    LISTED = "listed", "在册"
    REMOVED = "removed", "已移出"


class CommitmentStanding(Term):
    """How a commitment stands under which a licence was given (告知承诺情况)."""

    FIRST = "first", "首次告知承诺，待核查"
    COMMITTED = "committed", "告知承诺，待核查"
    ORDERED = "ordered", "责令改正中"
    KEPT = "kept", "承诺已履行"
    BROKEN = "broken", "未履行承诺"
    REOPENED = "reopened", "没有撤销，重新核查"


IN_ORDER = (
    CommitmentStanding.FIRST,
    CommitmentStanding.COMMITTED,
    CommitmentStanding.ORDERED,
    CommitmentStanding.BROKEN,
    CommitmentStanding.REOPENED,
    CommitmentStanding.KEPT,
)
"""What follows what, where all is told of one day; nothing follows a commitment that was kept."""


def supersedes(new: CommitmentStanding, old: CommitmentStanding | None) -> bool:
    """Tell whether news of one day replaces what is known of that day; jobs may come late."""
    rank = [None, *IN_ORDER]
    return rank.index(new) > rank.index(old)
