"""How the number printed on a licence is made (证照编号规则)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from yiwang.kernel.identifiers.checksums import mod_11_10
from yiwang.kernel.terms import Term


class CheckAlgorithm(Term):
    """How the check digit of a number is computed."""

    NONE = "none", "无校验位"
    MOD_11_10 = "mod_11_10", "GB/T 17710 MOD 11,10"


class SerialScope(Term):
    """Within what serial numbers count up."""

    TYPE = "type", "按类型连续编号"
    YEAR = "year", "按年度编号"


@dataclass(frozen=True, kw_only=True)
class NumberPart:
    """A part of a number that follows from a field of the licence.

    Attributes:
        field: Label of the field.
        values: Text of the field -> characters in the number.
        otherwise: Characters for any other text.
    """

    field: str
    values: Mapping[str, str]
    otherwise: str


@dataclass(frozen=True, kw_only=True)
class NumberRule:
    """A number as a pattern with places.

    Attributes:
        pattern: Literal text with `{year}`, `{division}`, `{serial:N}` (N digits), `{check}`
            and the names of `parts` in braces.
        scope: Within what the serial counts.
        check: Algorithm of `{check}`, over the digits before it.
        parts: Parts that follow from fields.
        source: Where the rule stands, or that it is ours.
    """

    pattern: str
    scope: SerialScope
    check: CheckAlgorithm = CheckAlgorithm.NONE
    parts: Mapping[str, NumberPart] = field(default_factory=dict)
    source: str = ""


PLACE = re.compile(r"\{([a-z_]+)(?::(\d{1,2}))?\}")
NAMED = frozenset({"year", "division", "serial", "check"})


def scope_key(rule: NumberRule, *, type_code: str, on: date) -> str:
    """Return the name of the counter that numbers of `type_code` made on `on` draw from."""
    return f"{type_code}:{on.year}" if rule.scope is SerialScope.YEAR else type_code


def compose(
    rule: NumberRule,
    *,
    serial: int,
    on: date,
    division: str,
    fields: Mapping[str, str],
) -> str:
    """Return the number with the serial `serial`.

    Args:
        rule: How it is made.
        serial: 1 or more; must fit the places the pattern gives it.
        on: Day of issue.
        division: Six-digit code of the district.
        fields: What stands on the licence, by label.

    Raises:
        ValueError: the serial no longer fits, or the pattern names an unknown part.
    """

    def fill(match: re.Match[str]) -> str:
        name, width = match.group(1), match.group(2)
        if name == "year":
            return f"{on.year:04d}"
        if name == "division":
            return division
        if name == "serial":
            text = f"{serial:0{int(width or 1)}d}"
            if width and len(text) > int(width):
                raise ValueError(f"serial {serial} no longer fits {width} digits")
            return text
        if name == "check":
            return "{check}"
        part = rule.parts[name]
        return part.values.get(fields.get(part.field, ""), part.otherwise)

    number = PLACE.sub(fill, rule.pattern)
    if "{check}" in number:
        before = "".join(c for c in number.split("{check}")[0] if c.isdecimal() and c.isascii())
        number = number.replace("{check}", mod_11_10(before))
    return number
