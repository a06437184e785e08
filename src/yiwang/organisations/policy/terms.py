"""Closed lists of the organisations package."""

from __future__ import annotations

from yiwang.kernel.terms import Term


class DepartmentKind(Term):
    """What a unit is."""

    DEPARTMENT = "department", "区级部门"
    TOWN = "town", "街镇"
    CENTRE = "centre", "区行政服务中心"
    COMMUNITY_CENTRE = "community_centre", "社区事务受理服务中心"


class UserKind(Term):
    """Whose account it is."""

    STAFF = "staff", "工作人员"
    PERSON = "person", "自然人"
    ENTITY = "entity", "法人"


class AuthorisationKind(Term):
    """On what ground somebody applies for somebody else."""

    LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
    AGENT = "agent", "授权代理人"
