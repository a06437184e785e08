"""The short code printed on a receipt, with which anybody finds their case (查询码)."""

from __future__ import annotations

from datetime import date

from yiwang.kernel.identifiers.checked import DIGITS, LETTERS, Checked, only, refused
from yiwang.kernel.identifiers.checksums import ALPHABET_36, mod_37_36

LENGTH = 12
PREFIX_LENGTH = 2
SERIALS = 36**3
"""How many codes one day and prefix have."""


def generate(*, prefix: str, received_on: date, serial: int) -> str:
    """Build the code of a case: district letters, day, three characters, check.

    Args:
        prefix: Two capital letters of the district, `JD` for Jiading.
        received_on: Day of receipt.
        serial: 0..SERIALS - 1; need not follow the order of receipt.

    Raises:
        ValueError: the prefix or the serial is out of bounds.
    """
    if len(prefix) != PREFIX_LENGTH or not only(prefix, LETTERS):
        raise ValueError("the prefix is two capital letters")
    if not 0 <= serial < SERIALS:
        raise ValueError(f"the serial lies in 0..{SERIALS - 1}")
    high, low = divmod(serial, 36 * 36)
    middle, low = divmod(low, 36)
    tail = ALPHABET_36[high] + ALPHABET_36[middle] + ALPHABET_36[low]
    stem = f"{prefix}{received_on:%y%m%d}{tail}"
    return stem + mod_37_36(stem)


def check(value: str) -> Checked:
    """Check a query code.

    Reasons, in order: `length`, `characters`, `date`, `check_character`.
    """
    if len(value) != LENGTH:
        return refused(
            value,
            "length",
            f"查询码应为{LENGTH}位，现为{len(value)}位，请对照收件凭证输入，不含空格。",
        )
    if (
        not only(value[:PREFIX_LENGTH], LETTERS)
        or not only(value[2:8], DIGITS)
        or not only(value[8:], DIGITS | LETTERS)
    ):
        return refused(
            value,
            "characters",
            "查询码应为2位字母、6位数字日期和4位数字或大写字母，请对照收件凭证输入。",
        )
    try:
        received_on = date(2000 + int(value[2:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return refused(value, "date", f"查询码中的日期“{value[2:8]}”不存在，请对照收件凭证核对。")
    if mod_37_36(value[:-1]) != value[-1]:
        return refused(
            value, "check_character", "查询码有一位输错，请对照收件凭证逐位核对，注意0和O、1和I。"
        )
    parts = {
        "prefix": value[:2],
        "received_on": received_on.isoformat(),
        "serial": value[8:11],
        "check": value[11],
    }
    return Checked(value=value, ok=True, parts=parts)
