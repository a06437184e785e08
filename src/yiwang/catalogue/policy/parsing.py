"""Turns plain values (YAML, JSON) into an `ItemVersion` and back, and says where a value is wrong.

The format is that of `docs/reference/item-format.md`; the same reader serves packs and the frozen
definitions in the database.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import EnumMeta
from functools import cache
from typing import Any

from yiwang.catalogue.policy.items import EnglishText, Given, ItemVersion, Op, Option, When
from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import RuleSet
from yiwang.rules.policy.plain import RuleFormatError, rules_from_plain, rules_to_plain

NOT_IN_FILES = frozenset({"version"})
"""Fields of `ItemVersion` that the platform gives and a file may not."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong with a definition.

    Attributes:
        place: Path of the value, such as `materials[2].source`.
        message: What is wrong.
        remedy: What would put it right.
        rule: Name of the publication check that failed; empty for the format itself.
    """

    place: str
    message: str
    remedy: str
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.place}：{self.message}{self.remedy}"


class ItemFormatError(ValueError):
    """A definition cannot be read; `problems` says where and how to mend each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("；".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def parse_item(definition: object, *, version: int = 0) -> ItemVersion:
    """Return the item version that `definition` describes.

    Args:
        definition: Plain mappings, lists and scalars, as YAML or JSON gives them.
        version: Number of the version; not part of the definition.

    Raises:
        ItemFormatError: with every problem found, not only the first.
    """
    problems: list[Problem] = []
    value = _read(ItemVersion, definition, "", problems, given={"version": version})
    if problems or not isinstance(value, ItemVersion):
        raise ItemFormatError(problems)
    return value


def to_plain(version: ItemVersion) -> dict[str, Any]:
    """Return the definition of `version` as JSON-ready values; `parse_item` reads it back."""
    plain = _fields(version)
    return {key: value for key, value in plain.items() if key not in NOT_IN_FILES}


def _fields(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    return {
        name: _plain(inner)
        for name, default in _defaults(kind)
        if (inner := getattr(value, name)) != default
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Term):
        return value.value
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, RuleSet):
        return rules_to_plain(value)
    return _fields(value)


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(kind))


Converter = Callable[[object, str, list[Problem]], Any]
"""Turns a plain value at a place into what a field holds, or notes what is wrong with it.

A catalogue is read field by field some hundred thousand times, so what a type asks for is worked
out once per type.
"""


@cache
def _converters(kind: Any) -> Mapping[str, Converter]:
    hints = typing.get_type_hints(kind)
    return {field.name: _converter(hints[field.name]) for field in dataclasses.fields(kind)}


def _read(
    kind: Any,
    value: object,
    place: str,
    problems: list[Problem],
    *,
    given: Mapping[str, Any] | None = None,
) -> Any:
    if not isinstance(value, Mapping):
        _wrong(problems, place or "（文件）", "应为“键: 值”的结构。", "请按事项格式逐项填写。")
        return None
    converters = _converters(kind)
    kept: dict[str, Any] = dict(given or {})
    for key in value:
        if key not in converters or (given and key in given):
            known = [name for name in converters if not given or name not in given]
            _wrong(problems, _join(place, str(key)), "不认识这个键。", _nearest(str(key), known))
    before = f"{place}." if place else ""
    for name, default in _defaults(kind):
        if name in kept:
            continue
        if name in value:
            kept[name] = converters[name](value[name], before + name, problems)
        elif default is dataclasses.MISSING:
            _wrong(
                problems,
                before + name,
                "没有填写。",
                "请补上；确实没有内容的，写空字符串或空列表。",
            )
            kept[name] = None
    return kind(**kept)


@cache
def _converter(hint: Any) -> Converter:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _sequence(typing.get_args(hint)[0])
    if origin in (types.UnionType, typing.Union):
        return _union(typing.get_args(hint))
    if hint is RuleSet:
        return _rules
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return lambda value, place, problems: _read(hint, value, place, problems)
    if isinstance(hint, EnumMeta):
        return _term(hint)
    return _date if hint is date else _scalar(hint)


@cache
def _sequence(inner: Any) -> Converter:
    short = _SHORTHANDS.get(inner)
    convert = _converter(inner)

    def read(value: object, place: str, problems: list[Problem]) -> tuple[Any, ...]:
        if short is not None and isinstance(value, Mapping):
            value = short(value)
        if not isinstance(value, list | tuple):
            _wrong(problems, place, "应为列表。", "每项一行，以“- ”开头；没有内容写 []。")
            return ()
        return tuple(
            [convert(one, f"{place}[{index}]", problems) for index, one in enumerate(value)]
        )

    return read


def _union(kinds: tuple[Any, ...]) -> Converter:
    shaped: list[Any] = [
        kind
        for kind in kinds
        if isinstance(kind, EnumMeta) or dataclasses.is_dataclass(kind) or kind is date
    ]
    made: Converter | None = _converter(shaped[0]) if shaped else None
    several = any(typing.get_origin(one) is tuple for one in kinds)
    plain = tuple(kind for kind in (str, int, float) if kind in kinds)

    def read(value: object, place: str, problems: list[Problem]) -> Any:
        if value is None and types.NoneType in kinds:
            return None
        if made is not None:
            return made(value, place, problems)
        if several and isinstance(value, list | tuple):
            return _sequence(str)(value, place, problems)
        if isinstance(value, bool):
            if bool in kinds:
                return value
        elif isinstance(value, plain):
            return value
        elif float in kinds and isinstance(value, int):
            return float(value)
        _wrong(
            problems, place, f"“{value}”的类型不对。", "请填写文字、数字、true/false 或文字列表。"
        )
        return None

    return read


def _term(kind: Any) -> Converter:
    members = {member.value: member for member in kind}

    def read(value: object, place: str, problems: list[Problem]) -> Any:
        found = members.get(value) if isinstance(value, str) else None
        if found is None:
            choices = "、".join(f"{member.value}（{member.label}）" for member in kind)
            _wrong(problems, place, f"“{value}”不是可选的值。", f"请从这些值中选一个：{choices}。")
        return found

    return read


def _scalar(kind: Any) -> Converter:
    def read(value: object, place: str, problems: list[Problem]) -> Any:
        if kind is str:
            if isinstance(value, str):
                return value.strip()
            if isinstance(value, date):
                return value.isoformat()
        elif isinstance(value, bool):
            if kind is bool:
                return value
        elif kind is int and isinstance(value, int):
            return value
        elif kind is float and isinstance(value, int | float):
            return float(value)
        _wrong(problems, place, f"“{value}”的类型不对。", _REMEDIES[kind])
        return None

    return read


_REMEDIES: Mapping[type, str] = {
    str: "请填写文字；数字、日期和 yes/no 样的文字请加英文双引号。",
    bool: "请填写 true 或 false。",
    int: "请填写整数。",
    float: "请填写数字。",
}


def _date(value: object, place: str, problems: list[Problem]) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    _wrong(problems, place, f"“{value}”不是日期。", "请按 2026-01-31 的样式填写。")
    return None


def _rules(value: object, place: str, problems: list[Problem]) -> RuleSet | None:
    """Read a decision table, which has a shorter form of its own."""
    try:
        return rules_from_plain(value, place=place)
    except RuleFormatError as error:
        for one in error.problems:
            _wrong(problems, one.place, one.message, one.remedy)
        return None


def _options(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [{"value": key, "label": label} for key, label in value.items()]


def _conditions(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for question, wanted in value.items():
        if isinstance(wanted, Mapping):
            found += [{"question": question, "op": op, "value": one} for op, one in wanted.items()]
        else:
            op = Op.IN if isinstance(wanted, list) else Op.EQ
            found.append({"question": question, "op": op.value, "value": wanted})
    return found


def _givens(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [{"question": question, "value": answer} for question, answer in value.items()]


def _english(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [{"at": place, "text": text} for place, text in value.items()]


_SHORTHANDS: Mapping[Any, Callable[[Mapping[Any, Any]], list[dict[str, Any]]]] = {
    Option: _options,
    When: _conditions,
    Given: _givens,
    EnglishText: _english,
}
"""`options: {a: 甲}` and `when: {question: value}` stand for the lists they abbreviate."""


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _nearest(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"是否为 {close[0]}？" if close else f"可用的键：{'、'.join(sorted(known))}。"


def _wrong(problems: list[Problem], place: str, message: str, remedy: str) -> None:
    problems.append(Problem(place=place, message=message, remedy=remedy))
