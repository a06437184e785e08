"""Phrases written a hundred times a day; ours, to be chosen or typed over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from yiwang.content import queries as content

CLAUSE_CHARS = 80
"""Longest clause of a standard that becomes a phrase."""

_CLAUSES = re.compile(r"[；;。\n]+")

Choices = Sequence[tuple[str, Sequence[tuple[str, str]]]]

DEFECTS: tuple[str, ...] = (
    "未提交",
    "内容不完整，有缺页",
    "未签字或者未盖章",
    "不清晰，无法辨认",
    "已超过有效期",
    "与申请表填写的内容不一致",
    "不是规定的格式文本",
    "复印件未注明与原件一致",
)
"""What can be wrong with a material; the first is the one of a missing material."""

OPINIONS: tuple[str, ...] = (
    "申请材料齐全、真实，符合法定条件，建议准予。",
    "经核查，经营场所与申报内容一致，符合法定条件，建议准予。",
    "经审查，不符合法定条件，建议不予。",
)
"""Opinions of a review."""

REASONS: tuple[str, ...] = (
    "不符合法定条件、标准",
    "申请材料与实际情况不符",
)
"""Reasons of a refusal."""


def of_standard(standard: str) -> list[str]:
    """Return one phrase per clause of an acceptance standard, so that nobody types it."""
    clauses = (clause.strip() for clause in _CLAUSES.split(standard))
    return [f"不符合受理标准：{clause[:CLAUSE_CHARS]}" for clause in clauses if clause]


def of_department(code: str) -> list[str]:
    """Return the department's own phrases: the texts `phrases.<code>.…` of the packs, by key."""
    found: Mapping[str, object] = content.texts_under(f"phrases.{code}")
    return [str(getattr(found[key], "text", "")) for key in sorted(found)]


def defects(standard: str, own: Sequence[str]) -> Choices:
    """Return what can be wrong with a material, grouped: its standard, the department's, ours."""
    groups = (
        (_("受理标准"), of_standard(standard)),
        (_("本部门常用"), list(own)),
        (_("通用"), list(DEFECTS)),
    )
    return [(name, [(one, one) for one in phrases]) for name, phrases in groups if phrases]
