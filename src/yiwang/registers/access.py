"""Who may read and write the registers."""

from __future__ import annotations

from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError, require

PROGRAMS = ("job:", "system:")
"""Beginnings of the refs of named programs: loads from other registers, set-up."""


def require_somewhere(by: Actor, permission: Permission, *, department: str = "") -> None:
    """Stop unless `by` holds `permission`: in `department` when one is named, else anywhere.

    Raises:
        PermissionRefusedError: `by` does not.
    """
    if department:
        require(by, permission, department=department)
    elif not by.may_somewhere(permission):
        raise PermissionRefusedError(
            f"您的岗位没有“{permission.label}”的权限，如确需办理，请联系本部门负责人。"
        )


def require_writer(by: Actor) -> None:
    """Stop unless `by` may write records: a named program, or staff that receive cases.

    Raises:
        PermissionRefusedError: `by` may not.
    """
    if not by.ref.startswith(PROGRAMS):
        require_somewhere(by, Permission.CASE_RECEIVE)
