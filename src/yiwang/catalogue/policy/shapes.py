"""What kind of value each field of an item holds, read from the dataclasses themselves.

The editor makes its forms from this, and the comparison of two versions walks by it, so that a
field that is added to `ItemVersion` is editable and comparable without a line of code.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import EnumMeta
from functools import cache
from typing import Any

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import RuleSet


class Shape(Term):
    """Kind of a field's value."""

    TEXT = "text", "文字"
    TEXTS = "texts", "多条文字"
    WHOLE = "whole", "整数"
    DECIMAL = "decimal", "数字"
    YES_NO = "yes_no", "是否"
    DAY = "day", "日期"
    TERM = "term", "单选"
    TERMS = "terms", "多选"
    ANSWER = "answer", "回答"
    PART = "part", "一组"
    ROWS = "rows", "多行"
    RULES = "rules", "决策表"


@dataclass(frozen=True, kw_only=True)
class FieldShape:
    """One field of one of the classes of an item.

    Attributes:
        owner: The class it belongs to.
        of: The term, or the class of the part or of the rows; None for plain values.
        optional: Whether the value may be missing altogether (`X | None`).
        default: Value of a field that a file leaves out; MISSING: the file must write it.
    """

    owner: type
    name: str
    shape: Shape
    of: type | None = None
    optional: bool = False
    default: Any = dataclasses.MISSING

    @property
    def key(self) -> str:
        """`Class.field`, by which labels are found."""
        return f"{self.owner.__name__}.{self.name}"


_PLAIN: Mapping[Any, Shape] = {
    str: Shape.TEXT,
    int: Shape.WHOLE,
    float: Shape.DECIMAL,
    bool: Shape.YES_NO,
    date: Shape.DAY,
}


@cache
def shapes(owner: type) -> tuple[FieldShape, ...]:
    """Return the fields of `owner`, one of the classes of an item, in their order."""
    hints = typing.get_type_hints(owner)
    return tuple(
        _shape(owner, field.name, hints[field.name], field.default)
        for field in dataclasses.fields(owner)
    )


def shape_of(owner: type, name: str) -> FieldShape:
    """Return one field of `owner`.

    Raises:
        LookupError: it has no such field.
    """
    for one in shapes(owner):
        if one.name == name:
            return one
    raise LookupError(f"{owner.__name__} has no field {name}")


@cache
def classes(owner: type = ItemVersion) -> tuple[type, ...]:
    """Return `owner` and every class that its fields hold, each once."""
    found = [owner]
    for one in shapes(owner):
        if one.shape in {Shape.PART, Shape.ROWS} and one.of is not None:
            found += [inner for inner in classes(one.of) if inner not in found]
    return tuple(dict.fromkeys(found))


def _shape(owner: type, name: str, hint: Any, default: Any) -> FieldShape:
    def made(shape: Shape, of: type | None = None, *, optional: bool = False) -> FieldShape:
        return FieldShape(
            owner=owner, name=name, shape=shape, of=of, optional=optional, default=default
        )

    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [one for one in arguments if one is not types.NoneType]
        if len(rest) > 1:
            return made(Shape.ANSWER)
        inner = _shape(owner, name, rest[0], default)
        return dataclasses.replace(inner, optional=types.NoneType in arguments)
    if typing.get_origin(hint) is tuple:
        kind = arguments[0]
        if kind is str:
            return made(Shape.TEXTS)
        return made(Shape.TERMS if isinstance(kind, EnumMeta) else Shape.ROWS, kind)
    if isinstance(hint, EnumMeta):
        return made(Shape.TERM, hint)
    if hint is RuleSet:
        return made(Shape.RULES)
    if dataclasses.is_dataclass(hint):
        return made(Shape.PART, typing.cast("type", hint))
    return made(_PLAIN[hint])
