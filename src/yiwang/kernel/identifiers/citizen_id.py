"""Citizen identity number and its relatives (公民身份号码), GB 11643-1999."""

from __future__ import annotations

from datetime import date

from yiwang.kernel.identifiers.checked import DIGITS, Checked, only, refused
from yiwang.kernel.identifiers.checksums import mod_11_2
from yiwang.kernel.sentences import Sentence

LENGTH = 18
OLD_LENGTH = 15
"""Length of numbers given out before 1999-10-01."""

OLDEST_YEARS = 150
"""Age above which a number is held to be mistyped. Our own choice."""

PROVINCES = frozenset(
    str(code)
    for row in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82, 83),
    )
    for code in row
)
"""First two digits of divisions, GB/T 2260, with 81, 82 and 83 for residence permits of
residents of Hong Kong, Macao and Taiwan. Withdrawn counties stay valid: only these two digits
are looked at."""

KINDS = {"81": "hong_kong", "82": "macao", "83": "taiwan"}
FOREIGNER = "9"
"""First digit of the foreigner's permanent residence card (2023)."""


def check_character(first_17: str) -> str:
    """Return the eighteenth character for the first seventeen digits.

    Example:
        `11010519491231002` gives `X`.
    """
    return mod_11_2(first_17)


def generate(*, division: str, born_on: date, sequence: int) -> str:
    """Build a number with the right check character; for invented persons.

    Args:
        division: Six digits.
        born_on: Date of birth.
        sequence: 0..999, odd for men, even for women.
    """
    if len(division) != 6 or not only(division, DIGITS) or not 0 <= sequence <= 999:
        raise ValueError("needs a division of 6 digits and a sequence of 0..999")
    stem = f"{division}{born_on:%Y%m%d}{sequence:03d}"
    return stem + mod_11_2(stem)


def from_15(value: str) -> str:
    """Return the eighteen-character form of an old fifteen-digit number; for archives only.

    Raises:
        ValueError: `value` is not fifteen digits.
    """
    if len(value) != OLD_LENGTH or not only(value, DIGITS):
        raise ValueError("an old number has 15 digits")
    stem = value[:6] + "19" + value[6:]
    return stem + mod_11_2(stem)


def check(value: str, *, on: date, archive: bool = False) -> Checked:
    """Check a citizen identity number; a final small x is taken as X.

    Reasons, in order: `length`, `characters`, `date`, `future`, `age`, `division`,
    `check_character`. Parts: `kind` (resident, hong_kong, macao, taiwan, foreigner),
    `division` or `province` and `nationality`, `born_on` (ISO), `gender` (male, female),
    `sequence`, `check`.

    Args:
        value: The number.
        on: Day of the check: nobody is born later.
        archive: Whether fifteen digits are accepted; the answer then carries the long form.
    """
    if archive and len(value) == OLD_LENGTH and only(value, DIGITS):
        value = from_15(value)
    if len(value) != LENGTH:
        return refused(
            value,
            "length",
            Sentence("公民身份号码应为18位，现为%(length)s位，请对照证件核对。", length=len(value)),
        )
    if value[17] == "x":
        value = value[:17] + "X"
    if not only(value[:17], DIGITS) or not (value[17] in DIGITS or value[17] == "X"):
        return refused(
            value,
            "characters",
            Sentence("公民身份号码前17位应为数字，末位为数字或X，请对照证件核对。"),
        )
    problem = _date_problem(value[6:14], on=on)
    if problem is not None:
        return refused(value, *problem)
    if value[0] != FOREIGNER and value[:2] not in PROVINCES:
        return refused(
            value,
            "division",
            Sentence(
                "公民身份号码开头的“%(begin)s”不是省级行政区划代码，请对照证件核对。",
                begin=value[:2],
            ),
        )
    parts = _parts(value)
    if mod_11_2(value[:17]) != value[17]:
        return refused(
            value,
            "check_character",
            Sentence("公民身份号码的校验码不符，通常是某一位输错，请对照证件逐位核对。"),
            parts=parts,
        )
    return Checked(value=value, ok=True, parts=parts)


def _date_problem(digits: str, *, on: date) -> tuple[str, str] | None:
    try:
        born_on = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return "date", Sentence(
            "公民身份号码中的出生日期“%(day)s”不存在，请对照证件核对。", day=digits
        )
    if born_on > on:
        return "future", Sentence(
            "公民身份号码中的出生日期“%(day)s”晚于今天，请对照证件核对。", day=digits
        )
    if on.year - born_on.year > OLDEST_YEARS:
        return (
            "age",
            Sentence(
                "公民身份号码中的出生日期“%(day)s”距今超过%(years)s年，请对照证件核对。",
                day=digits,
                years=OLDEST_YEARS,
            ),
        )
    return None


def _parts(value: str) -> dict[str, str]:
    parts = {
        "born_on": f"{value[6:10]}-{value[10:12]}-{value[12:14]}",
        "sequence": value[14:17],
        "gender": "male" if int(value[16]) % 2 else "female",
        "check": value[17],
    }
    if value[0] == FOREIGNER:
        return parts | {
            "kind": "foreigner",
            "province": value[1:3],
            "nationality": value[3:6],
        }
    return parts | {"kind": KINDS.get(value[:2], "resident"), "division": value[:6]}
