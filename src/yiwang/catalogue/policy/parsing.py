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
    return {
        field.name: _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if getattr(value, field.name) != field.default
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Term) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(
    kind: type,
    value: object,
    place: str,
    problems: list[Problem],
    *,
    given: Mapping[str, Any] | None = None,
) -> Any:
    if not isinstance(value, Mapping):
        _wrong(problems, place or "（文件）", "应为“键: 值”的结构。", "请按事项格式逐项填写。")
        return None
    fields = {field.name: field for field in dataclasses.fields(kind)}
    kept: dict[str, Any] = dict(given or {})
    known = [name for name in fields if name not in kept]
    for key in value:
        if key not in known:
            _wrong(problems, _join(place, str(key)), "不认识这个键。", _nearest(str(key), known))
    for name in known:
        inner = _join(place, name)
        field = fields[name]
        if name in value:
            kept[name] = _convert(_hints(kind)[name], value[name], inner, problems)
        elif field.default is dataclasses.MISSING:
            _wrong(problems, inner, "没有填写。", "请补上；确实没有内容的，写空字符串或空列表。")
            kept[name] = None
    return kind(**kept)


def _convert(hint: Any, value: object, place: str, problems: list[Problem]) -> Any:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _sequence(typing.get_args(hint)[0], value, place, problems)
    if origin in (types.UnionType, typing.Union):
        return _union(typing.get_args(hint), value, place, problems)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _read(hint, value, place, problems)
    if isinstance(hint, EnumMeta):
        return _term(hint, value, place, problems)
    return _scalar(hint, value, place, problems)


def _sequence(inner: Any, value: object, place: str, problems: list[Problem]) -> tuple[Any, ...]:
    short = _SHORTHANDS.get(inner)
    if short is not None and isinstance(value, Mapping):
        value = short(value)
    if not isinstance(value, list | tuple):
        _wrong(problems, place, "应为列表。", "每项一行，以“- ”开头；没有内容写 []。")
        return ()
    return tuple(
        _convert(inner, one, f"{place}[{index}]", problems) for index, one in enumerate(value)
    )


def _union(kinds: tuple[Any, ...], value: object, place: str, problems: list[Problem]) -> Any:
    if value is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        if isinstance(kind, EnumMeta) or dataclasses.is_dataclass(kind):
            return _convert(kind, value, place, problems)
    if isinstance(value, list | tuple) and any(typing.get_origin(one) is tuple for one in kinds):
        return _sequence(str, value, place, problems)
    if isinstance(value, bool) and bool in kinds:
        return value
    for kind in (str, int, float):
        if kind in kinds and isinstance(value, kind) and not isinstance(value, bool):
            return value
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    _wrong(problems, place, f"“{value}”的类型不对。", "请填写文字、数字、true/false 或文字列表。")
    return None


def _term(kind: Any, value: object, place: str, problems: list[Problem]) -> Any:
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    choices = "、".join(f"{member.value}（{member.label}）" for member in kind)
    _wrong(problems, place, f"“{value}”不是可选的值。", f"请从这些值中选一个：{choices}。")
    return None


def _scalar(kind: Any, value: object, place: str, problems: list[Problem]) -> Any:
    if kind is str and isinstance(value, str):
        return value.strip()
    if kind is str and isinstance(value, date):
        return value.isoformat()
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is date:
        return _date(value, place, problems)
    _wrong(problems, place, f"“{value}”的类型不对。", _REMEDIES[kind])
    return None


_REMEDIES: Mapping[type, str] = {
    str: "请填写文字；数字、日期和 yes/no 样的文字请加英文双引号。",
    bool: "请填写 true 或 false。",
    int: "请填写整数。",
    float: "请填写数字。",
}


def _date(value: object, place: str, problems: list[Problem]) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    _wrong(problems, place, f"“{value}”不是日期。", "请按 2026-01-31 的样式填写。")
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
