"""The definition of a type of licence, as packs give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.licences.policy.numbers import CheckAlgorithm, NumberPart, NumberRule, SerialScope
from yiwang.licences.policy.states import HolderKind


@dataclass(frozen=True, kw_only=True)
class FieldDefinition:
    """One field printed on the licence, in the order of printing.

    Attributes:
        label: As printed.
        required: A licence cannot be issued without it.
        personal: Hidden from the public.
    """

    label: str
    required: bool = False
    personal: bool = False


@dataclass(frozen=True, kw_only=True)
class TypeDefinition:
    """One type of licence (证照类型).

    Attributes:
        code: USCC of the body that defined the type, and three digits.
        slug: Short name in lower-case English; may stand for the code.
        defined_by: Name of that body.
        department: Code of the department that issues it.
        valid_months: Validity from issue; 0: without end.
        copies: Names of the copies (正本, 副本).
        basis: Law and article the licence stands on.
        source: Where the facts come from.
        effective_on: Day from which the definition holds.
    """

    code: str
    slug: str
    name: str
    holder: HolderKind
    defined_by: str
    department: str
    valid_months: int
    copies: tuple[str, ...]
    basis: str
    number: NumberRule
    source: str
    effective_on: date
    fields: tuple[FieldDefinition, ...] = field(default=())

    @property
    def personal_labels(self) -> frozenset[str]:
        """Return the labels of fields that the public does not see."""
        return frozenset(one.label for one in self.fields if one.personal)


def to_plain(definition: TypeDefinition) -> dict[str, Any]:
    """Return `definition` as JSON-ready values; `from_plain` reads them back."""
    number = definition.number
    return {
        "code": definition.code,
        "slug": definition.slug,
        "name": definition.name,
        "holder": definition.holder.value,
        "defined_by": definition.defined_by,
        "department": definition.department,
        "valid_months": definition.valid_months,
        "copies": list(definition.copies),
        "basis": definition.basis,
        "number": {
            "pattern": number.pattern,
            "scope": number.scope.value,
            "check": number.check.value,
            "parts": {
                name: {
                    "field": part.field,
                    "values": dict(part.values),
                    "otherwise": part.otherwise,
                }
                for name, part in number.parts.items()
            },
            "source": number.source,
        },
        "source": definition.source,
        "effective_on": definition.effective_on.isoformat(),
        "fields": [
            {"label": one.label, "required": one.required, "personal": one.personal}
            for one in definition.fields
        ],
    }


def from_plain(plain: Mapping[str, Any]) -> TypeDefinition:
    """Return the definition that `to_plain` gave."""
    number = plain["number"]
    return TypeDefinition(
        code=plain["code"],
        slug=plain["slug"],
        name=plain["name"],
        holder=HolderKind(plain["holder"]),
        defined_by=plain["defined_by"],
        department=plain["department"],
        valid_months=plain["valid_months"],
        copies=tuple(plain["copies"]),
        basis=plain["basis"],
        number=NumberRule(
            pattern=number["pattern"],
            scope=SerialScope(number["scope"]),
            check=CheckAlgorithm(number["check"]),
            parts={name: NumberPart(**part) for name, part in number["parts"].items()},
            source=number["source"],
        ),
        source=plain["source"],
        effective_on=date.fromisoformat(plain["effective_on"]),
        fields=tuple(FieldDefinition(**one) for one in plain["fields"]),
    )
