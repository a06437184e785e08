"""The answer of every check."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

DIGITS = frozenset("0123456789")
"""The ASCII digits; `str.isdigit` also says yes to digits of other scripts."""

LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Whether a code is well formed, and if not, why and what would put it right.

    Attributes:
        value: The code in the spelling to be stored.
        ok: Whether the code passed every check.
        reason: Empty when ok, else the name of the first check that failed.
        message: Empty when ok, else one Chinese sentence with the remedy.
        parts: Named parts of the code; filled as soon as its form is right.
        confirmable: The form is right but the check failed, and codes like this were really
            issued: a reviewer may confirm it with a reason and evidence.
        warning: A Chinese sentence where a rule is not certain enough to refuse by.
    """

    value: str
    ok: bool
    reason: str = ""
    message: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    confirmable: bool = False
    warning: str = ""


def refused(
    value: str,
    reason: str,
    message: str,
    *,
    parts: Mapping[str, str] | None = None,
    confirmable: bool = False,
) -> Checked:
    """Return the answer “no”, with its reason and its remedy."""
    return Checked(
        value=value,
        ok=False,
        reason=reason,
        message=message,
        parts=parts or {},
        confirmable=confirmable,
    )


def normalise(value: str) -> str:
    """Return what a person typed in the spelling that codes use.

    Full-width characters become half-width, white space is dropped, letters become capitals.
    The checks themselves are strict; forms and imports call this first.
    """
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def only(value: str, alphabet: frozenset[str]) -> bool:
    """Tell whether `value` is written in `alphabet` alone."""
    return alphabet.issuperset(value)
