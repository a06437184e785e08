"""Closed lists whose members hold a stored value and the official label."""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A closed list whose members hold a stored value and the official label.

    The stored value is lower-case English and never shown; `label` is the wording of
    the law or of the form, and never compared.
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Term:
        """Build a member from `(value, label)`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
