"""Number of a food business licence (食品经营许可证编号)."""

from __future__ import annotations

from yiwang.kernel.identifiers.checked import DIGITS, Checked, only, refused
from yiwang.kernel.identifiers.checksums import mod_11_10

PREFIX = "JY"
LENGTH = 16
KINDS = {"1": "食品销售", "2": "餐饮服务", "3": "单位食堂"}
"""Third character: the kind of business (主体业态)."""


def generate(*, kind: str, division: str, serial: int) -> str:
    """Build a licence number: JY, kind, division, six digits, check digit.

    Args:
        kind: A key of KINDS.
        division: Division code of six digits.
        serial: 0..999999, counted per division by the issuing body.

    Raises:
        ValueError: a part is out of bounds.

    Example:
        Kind `1`, division `310114`, serial 1.
    """
    if kind not in KINDS or len(division) != 6 or not only(division, DIGITS):
        raise ValueError("needs a kind of 1..3 and a division of 6 digits")
    if not 0 <= serial <= 999_999:
        raise ValueError("the serial lies in 0..999999")
    digits = f"{kind}{division}{serial:06d}"
    return PREFIX + digits + mod_11_10(digits)


def check(value: str) -> Checked:
    """Check the number of a food business licence.

    Reasons, in order: `length`, `characters`, `kind`, `check_character`.
    """
    if len(value) != LENGTH:
        return refused(
            value,
            "length",
            f"食品经营许可证编号应为{LENGTH}位，现为{len(value)}位，请对照许可证核对。",
        )
    if not value.startswith(PREFIX) or not only(value[2:], DIGITS):
        return refused(
            value, "characters", "食品经营许可证编号应以JY开头，其后14位为数字，请对照许可证核对。"
        )
    if value[2] not in KINDS:
        return refused(
            value,
            "kind",
            "食品经营许可证编号第3位应为1（食品销售）、2（餐饮服务）或3（单位食堂）。",
        )
    parts = {
        "kind": value[2],
        "division": value[3:9],
        "serial": value[9:15],
        "check": value[15],
    }
    if mod_11_10(value[2:15]) != value[15]:
        return refused(
            value,
            "check_character",
            "食品经营许可证编号的校验码不符，请对照许可证逐位核对。",
            parts=parts,
        )
    return Checked(value=value, ok=True, parts=parts)
