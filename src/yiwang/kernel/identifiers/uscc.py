"""Unified social credit identifier (统一社会信用代码), GB 32100-2015."""

from __future__ import annotations

from yiwang.kernel.identifiers.checked import DIGITS, LETTERS, Checked, only, refused
from yiwang.kernel.sentences import Sentence

LENGTH = 18

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters; I, O, S, V and Z are left out. The value of a character is its place."""

WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""Alphabet and weights of the organisation code (组织机构代码), GB 11714-1997."""

KINDS = {
    "1": "1239",
    "2": "19",
    "3": "12345679",
    "4": "19",
    "5": "1239",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}
"""Registering department -> kinds of body it registers.

Shown as a warning only: the list was not read in the standard itself.
"""

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_ORGANISATION_VALUES = {character: value for value, character in enumerate(ORGANISATION_ALPHABET)}
_CHARACTERS = frozenset(ALPHABET)


def check_character(first_17: str) -> str:
    """Return the eighteenth character for the first seventeen.

    Raises:
        KeyError: a character is outside ALPHABET.

    Source:
        GB 32100-2015: C18 = (31 - sum(Ci * Wi) mod 31) mod 31.

    Example:
        `91350100M000100Y4` gives `3`.
    """
    total = sum(
        _VALUES[character] * weight for character, weight in zip(first_17, WEIGHTS, strict=True)
    )
    return ALPHABET[-total % 31]


def organisation_check(first_8: str) -> str:
    """Return the ninth character of an organisation code for the first eight.

    Source:
        GB 11714-1997: 11 - sum(Ci * Wi) mod 11, with X for 10 and 0 for 11.

    Example:
        `M000100Y` gives `4`.
    """
    total = sum(
        _ORGANISATION_VALUES[character] * weight
        for character, weight in zip(first_8, ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def generate(*, department: str, kind: str, division: str, body: str) -> str:
    """Build a code with both check characters right.

    Args:
        department: Registering department, one character.
        kind: Kind of body, one character.
        division: Six digits.
        body: The first eight characters of the organisation code. Codes that cannot be
            mistaken for a real firm's begin with XXXX.

    Raises:
        ValueError: a part has the wrong length or a character outside the alphabet.
    """
    stem = f"{department}{kind}{division}{body}"
    if len(stem) != LENGTH - 2 or not only(stem, _CHARACTERS):
        raise ValueError("a USCC needs 1 + 1 + 6 + 8 characters of its alphabet")
    stem += organisation_check(body)
    return stem + check_character(stem)


def check(value: str) -> Checked:
    """Check a unified social credit identifier.

    Reasons, in order: `length`, `characters`, `division`, `check_character`,
    `organisation_check`. The last two are confirmable: codes of the pilot years exist that
    fail them.
    """
    if len(value) != LENGTH:
        return refused(
            value,
            "length",
            Sentence(
                "统一社会信用代码应为18位，现为%(length)s位，请对照营业执照核对。",
                length=len(value),
            ),
        )
    if not only(value, _CHARACTERS):
        wrong = next(character for character in value if character not in _CHARACTERS)
        return refused(
            value,
            "characters",
            Sentence(
                "统一社会信用代码由数字和大写字母组成，且不使用I、O、S、V、Z，请核对其中的“%(wrong)s”。",
                wrong=wrong,
            ),
        )
    if not only(value[2:8], DIGITS):
        return refused(
            value,
            "division",
            Sentence("统一社会信用代码第3至8位为登记机关行政区划码，应为6位数字，请核对。"),
        )
    parts = {
        "department": value[0],
        "kind": value[1],
        "division": value[2:8],
        "organisation": value[8:17],
        "check": value[17],
    }
    if check_character(value[:17]) != value[17]:
        return refused(
            value,
            "check_character",
            Sentence(
                "统一社会信用代码的校验码不符，请对照营业执照逐位核对；"
                "确为早期赋码的，可由审查人员注明理由和依据后确认。"
            ),
            parts=parts,
            confirmable=True,
        )
    if organisation_check(value[8:16]) != value[16]:
        return refused(
            value,
            "organisation_check",
            Sentence(
                "统一社会信用代码中的组织机构代码（第9至17位）校验不符，请逐位核对；"
                "确为早期赋码的，可由审查人员注明理由和依据后确认。"
            ),
            parts=parts,
            confirmable=True,
        )
    warning = ""
    if value[1] not in KINDS.get(value[0], ""):
        warning = "登记管理部门与机构类别的组合不常见，请留意。"
    return Checked(value=value, ok=True, parts=parts, warning=warning)


def check_organisation_code(value: str) -> Checked:
    """Check a nine-character organisation code (组织机构代码), with or without its hyphen."""
    plain = value.replace("-", "", 1) if value[8:9] == "-" else value
    if len(plain) != 9 or not only(plain, DIGITS | LETTERS):
        return refused(value, "length", "组织机构代码应为8位数字或大写字母加1位校验码，请核对。")
    if organisation_check(plain[:8]) != plain[8]:
        return refused(value, "check_character", "组织机构代码的校验码不符，请逐位核对。")
    return Checked(value=plain, ok=True, parts={"body": plain[:8], "check": plain[8]})
