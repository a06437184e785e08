"""Closed lists of the registers."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.terms import Term


class Gender(Term):
    """Gender as on the identity card (GB/T 2261.1, values 1 and 2)."""

    MALE = "male", "男"
    FEMALE = "female", "女"


class EntityKind(Term):
    """Kind of body, as told by the first two characters of the USCC (机构类别)."""

    ENTERPRISE = "enterprise", "企业"
    INDIVIDUAL = "individual", "个体工商户"
    COOPERATIVE = "cooperative", "农民专业合作社"
    AUTHORITY = "authority", "机关"
    INSTITUTION = "institution", "事业单位"
    SOCIAL = "social", "社会团体"
    PRIVATE_NONPROFIT = "private_nonprofit", "民办非企业单位"
    FOUNDATION = "foundation", "基金会"
    COLLECTIVE = "collective", "农村集体经济组织"
    OTHER = "other", "其他"


class EntityStatus(Term):
    """Whether a legal entity is alive (登记状态)."""

    ACTIVE = "active", "存续"
    REVOKED = "revoked", "吊销"
    CANCELLED = "cancelled", "注销"
    MOVED = "moved", "迁出"


KINDS: Mapping[str, EntityKind] = {
    "11": EntityKind.AUTHORITY,
    "12": EntityKind.INSTITUTION,
    "13": EntityKind.SOCIAL,
    "51": EntityKind.SOCIAL,
    "52": EntityKind.PRIVATE_NONPROFIT,
    "53": EntityKind.FOUNDATION,
    "91": EntityKind.ENTERPRISE,
    "92": EntityKind.INDIVIDUAL,
    "93": EntityKind.COOPERATIVE,
    "N1": EntityKind.COLLECTIVE,
    "N2": EntityKind.COLLECTIVE,
    "N3": EntityKind.COLLECTIVE,
}
"""First two characters of a USCC -> kind of body; all others are `other`.

Source: GB 32100-2015, table of registering departments and kinds of body.
"""


def kind_of(uscc: str) -> EntityKind:
    """Return the kind of body that `uscc` names in its first two characters."""
    return KINDS.get(uscc[:2], EntityKind.OTHER)
