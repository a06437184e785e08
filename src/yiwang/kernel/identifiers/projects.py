"""Unified code of investment projects (投资项目统一代码), GB/T 40058-2021."""

from __future__ import annotations

from yiwang.kernel.identifiers.checked import DIGITS, Checked, only, refused
from yiwang.kernel.identifiers.checksums import mod_11_10

SEGMENT_LENGTHS = (4, 6, 2, 2, 6)
"""Time, region, central guiding department, project type, five random digits and check."""

OLD_YEARS = range(2015, 2021)
"""Years written in full, before the scheme of 2020-11-01."""

FIRST_SHORT_YEAR = 20
"""First year written as YYMM, two digits."""


def generate(*, month: str, region: str, department: str, kind: str, random: str) -> str:
    """Build a code with its check digit.

    Args:
        month: Four digits, YYMM.
        region: Division code of six digits.
        department: Two digits, `04` for 发展改革.
        kind: Two digits, `01` for 基本建设.
        random: Five digits.

    Example:
        `2601`, `310114`, `04`, `01`, `12345` give `2601-310114-04-01-123458`.
    """
    stem = month + region + department + kind + random
    value = "-".join((month, region, department, kind, random + mod_11_10(stem)))
    answer = check(value)
    if not answer.ok:
        raise ValueError(answer.message)
    return value


def check(value: str) -> Checked:
    """Check a project code, in both forms of its first segment.

    Reasons, in order: `segments`, `characters`, `month`. A check digit that does not fit is a
    warning only: the rule was confirmed on one published code.
    """
    segments = value.split("-")
    if tuple(map(len, segments)) != SEGMENT_LENGTHS:
        return refused(
            value,
            "segments",
            "投资项目统一代码应为24位，形如“2601-310114-04-01-123458”，请连同连字符完整输入。",
        )
    digits = "".join(segments)
    if not only(digits, DIGITS):
        return refused(value, "characters", "投资项目统一代码除连字符外应全部为数字，请核对。")
    form = _time_form(segments[0])
    if not form:
        return refused(
            value,
            "month",
            f"投资项目统一代码第一段“{segments[0]}”应为两位年份加两位月份（如2601），"
            "或2015至2020之间的年份，请核对。",
        )
    parts = {
        "time": segments[0],
        "time_form": form,
        "region": segments[1],
        "department": segments[2],
        "kind": segments[3],
        "random": segments[4][:5],
        "check": segments[4][5],
    }
    warning = ""
    if mod_11_10(digits[:-1]) != digits[-1]:
        warning = "投资项目统一代码的末位校验不符，请对照赋码通知核对后再提交。"
    return Checked(value=value, ok=True, parts=parts, warning=warning)


def _time_form(segment: str) -> str:
    """Return `year` or `month`; the value decides, as 2015 could not be YYMM."""
    if int(segment[:2]) >= FIRST_SHORT_YEAR and 1 <= int(segment[2:]) <= 12:
        return "month"
    return "year" if int(segment) in OLD_YEARS else ""
