"""Phrases written a hundred times a day; ours, to be chosen or typed over."""

from __future__ import annotations

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
