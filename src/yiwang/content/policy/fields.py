"""Taking typed values out of a pack file, collecting every error on the way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from yiwang.content.policy.packs import PackError, PackFile

LONGEST_TEXT = 20_000
"""Characters of one text, if the caller names no bound. Our own choice."""


class Fields:
    """One mapping of a pack file, read key by key.

    Each method returns a value of the right type, or a harmless one together with an error in
    `errors`, so that one run finds all that is wrong. `done` refuses what nobody asked for.
    """

    def __init__(
        self, file: PackFile, errors: list[PackError], *, place: str = "", value: Any = None
    ) -> None:
        self.file = file
        self.errors = errors
        self.place = place
        self._asked: set[str] = set()
        given = file.content if value is None and not place else value
        self._value: dict[str, Any] = given if isinstance(given, dict) else {}
        if not isinstance(given, dict):
            self.refuse("", "应为“键: 值”的形式。", "请对照 docs/reference/pack-format.md 改写。")

    def at(self, name: str) -> str:
        """Return the place of `name` inside the file."""
        if not name:
            return self.place
        return f"{self.place}.{name}" if self.place else name

    def refuse(self, name: str, message: str, remedy: str) -> None:
        """Add an error at `name`; at the mapping itself when `name` is empty."""
        self.errors.append(self.file.error(self.at(name), message, remedy))

    def has(self, name: str) -> bool:
        """Tell whether `name` is written and not null."""
        self._asked.add(name)
        return self._value.get(name) is not None

    def text(
        self, name: str, *, required: bool = True, longest: int = LONGEST_TEXT, default: str = ""
    ) -> str:
        """Return a text; white space around it is dropped.

        Numbers and dates are not taken for text: a code of digits stands in quotes.
        """
        value = self._take(name, required=required)
        if value is None:
            return default
        if not isinstance(value, str):
            self.refuse(name, f"应为文字，现为 {shown(value)}。", "请给它加上引号。")
            return default
        answer = value.strip()
        if required and not answer:
            self.refuse(name, "不能为空。", "请填写。")
        if len(answer) > longest:
            self.refuse(
                name, f"有 {len(answer)} 个字，超过上限 {longest} 个字。", "请缩短，或拆开来写。"
            )
            return default
        return answer

    def day(self, name: str, *, required: bool = True) -> date | None:
        """Return a date."""
        value = self._take(name, required=required)
        if value is None:
            return None
        if not isinstance(value, date):
            self.refuse(
                name, f"应为日期，现为 {shown(value)}。", "请写成“2026-01-31”的形式，不加引号。"
            )
            return None
        return value

    def whole(
        self, name: str, *, least: int, most: int, required: bool = True, default: int = 0
    ) -> int:
        """Return a whole number in `least`..`most`."""
        value = self._take(name, required=required)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(
                name,
                f"应为整数，现为 {shown(value)}。",
                f"请填写 {least} 至 {most} 的整数，不加引号。",
            )
            return default
        if not least <= value <= most:
            self.refuse(name, f"为 {value}，超出范围。", f"请填写 {least} 至 {most} 的整数。")
            return default
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return `true` or `false`."""
        value = self._take(name, required=False)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(name, f"应为 true 或 false，现为 {shown(value)}。", "请改写，不加引号。")
            return default
        return value

    def choice(
        self, name: str, options: Collection[str], *, required: bool = True, default: str = ""
    ) -> str:
        """Return one of `options`."""
        value = self._take(name, required=required)
        if value is None:
            return default
        if not isinstance(value, str) or value not in options:
            self.refuse(
                name,
                f"为 {shown(value)}，不在可选值之中。",
                f"请改为下列之一：{'、'.join(sorted(options))}。",
            )
            return default
        return value

    def texts(self, name: str, *, required: bool = True) -> list[str]:
        """Return a list of texts, none of them empty."""
        return [
            member
            for index, member in enumerate(self._list(name, required=required))
            if self._is(name, index, member, isinstance(member, str) and member.strip(), "文字")
        ]

    def days(self, name: str, *, required: bool = True) -> list[date]:
        """Return a list of dates."""
        return [
            member
            for index, member in enumerate(self._list(name, required=required))
            if self._is(name, index, member, isinstance(member, date), "日期")
        ]

    def rows(self, name: str, *, required: bool = True) -> list[Fields]:
        """Return a list of mappings, each to be read like this one."""
        return [
            Fields(
                self.file,
                self.errors,
                place=f"{self.at(name)}[{index}]",
                value=member if member is not None else "",
            )
            for index, member in enumerate(self._list(name, required=required))
        ]

    def inner(self, name: str, *, required: bool = True) -> Fields | None:
        """Return the mapping at `name`, or None when it is not written."""
        value = self._take(name, required=required)
        if value is None:
            return None
        return Fields(self.file, self.errors, place=self.at(name), value=value)

    def done(self) -> None:
        """Refuse every key that was not asked for."""
        known = "、".join(sorted(self._asked))
        for name in self._value:
            if name not in self._asked:
                self.refuse(name, "不认识这个键。", f"请核对拼写；这里可以写：{known}。")

    def _take(self, name: str, *, required: bool) -> Any:
        self._asked.add(name)
        value = self._value.get(name)
        if value is None and required:
            self.refuse(name, "没有填写。", f"请补上“{name}”。")
        return value

    def _list(self, name: str, *, required: bool) -> list[Any]:
        value = self._take(name, required=required)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(name, f"应为列表，现为 {shown(value)}。", "请每行以“- ”开头逐条列出。")
            return []
        return value

    def _is(self, name: str, index: int, member: Any, right: object, kind: str) -> bool:
        if not right:
            self.refuse(
                f"{name}[{index}]",
                f"应为{kind}，现为 {shown(member)}。",
                "请改写；文字加引号，日期写成“2026-01-31”且不加引号。",
            )
        return bool(right)


def shown(value: Any) -> str:
    """Return a value as an error message shows it, in one short line."""
    if value is None:
        return "空"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "对象" if isinstance(value, dict) else "列表"
    text = str(value).replace("\n", " ")
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"
