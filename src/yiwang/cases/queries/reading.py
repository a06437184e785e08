"""Who may read a case and its letters, and the answer when they may not."""

from __future__ import annotations

from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.policy.states import Desk
from yiwang.cases.policy.terms import INTERNAL_LETTERS
from yiwang.catalogue.policy.towns import TownMode
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError


class CaseNotFoundError(PermissionRefusedError):
    """No such case, or not for these eyes: one answer, so that numbers cannot be probed."""

    code = "cases.not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以查看的这个办件，请核对办件编号，或用办理该件的账号登录。")


class QueueRefusedError(PermissionRefusedError):
    """The actor has no post that sees cases."""

    code = "cases.queue_refused"


def departments_of(row: Case, desk: Desk) -> tuple[str, ...]:
    """Return the departments of a case at whose desk `desk` a post counts.

    Whose power was concentrated elsewhere before the case came in acts on it no more.

    Source:
        行政许可法 第二十五条; 街镇窗口的两种办理方式（直接受理、收受分离）.
    """
    if desk is Desk.DECIDER:
        return (row.deciding_department,)
    if desk is Desk.ASKED:
        return tuple(row.asked_departments)
    if desk is Desk.ACCEPTOR and row.town_mode == TownMode.DIRECT:
        return (row.intake_department,)
    if desk is Desk.ACCEPTOR and row.town_mode == TownMode.FORWARDED:
        return (row.deciding_department,)
    if desk is Desk.DELIVERER and row.collect_at == row.deciding_department:
        return (row.deciding_department,)
    return (row.deciding_department, row.intake_department)


def staff_may_read(row: Case, by: Actor) -> bool:
    """Tell whether a post of `by` shows them the case."""
    return any(
        by.may(Permission.CASE_READ, department=code)
        for code in (
            *departments_of(row, Desk.WINDOW),
            row.department_code,
            *row.asked_departments,
        )
    )


def may_read(row: Case, by: Actor) -> bool:
    """Tell whether `by` may see the case, as staff or as applicant."""
    return by.acts_for(row.applicant_ref) or staff_may_read(row, by)


def may_read_letter(row: CaseDocument, by: Actor) -> bool:
    """Tell whether `by` may see a letter: an internal one only as staff on somebody else's case."""
    if row.kind in INTERNAL_LETTERS:
        return staff_may_read(row.case, by) and not by.acts_for(row.case.applicant_ref)
    return may_read(row.case, by)
