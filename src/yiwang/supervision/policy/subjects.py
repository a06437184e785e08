"""States of a supervised subject."""

from yiwang.kernel.terms import Term


class SubjectState(Term):
    """Whether a subject stands on the department's list (监管对象状态)."""

    LISTED = "listed", "在册"
    REMOVED = "removed", "已移出"
