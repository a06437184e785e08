"""Reading YAML that a stranger may have written: bounded, without tags, aliases or surprises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

LARGEST_BYTES = 1_000_000
DEEPEST = 20
"""Bounds of one file. Our own choice: the largest file of the packs has a tenth of that."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NULLS = frozenset({"", "~", "null"})
_BOOLS = {"true": True, "false": False}


class UnreadableError(Exception):
    """A file cannot be read as a pack file.

    Attributes:
        message: What is wrong, in Chinese.
        remedy: What would put it right, in Chinese.
        place: Place inside the file.
        line: Line, from 1, or None.
    """

    def __init__(
        self, message: str, remedy: str, *, place: str = "", line: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.place = place
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a file says, and on which line each place stands."""

    content: Any
    lines: dict[str, int] = field(default_factory=dict)


def read(data: bytes) -> Read:
    """Read one YAML document.

    Plain scalars become None (`null`, `~`, nothing), booleans (`true`, `false` only), whole
    numbers and decimals without leading zeros, and dates (`2026-01-31`); all else is text, as
    is everything in quotes. So `no`, `012` and `12:30` stay what they look like.

    Raises:
        UnreadableError: too large, not UTF-8, not YAML, nested too deep, more than one
            document, an anchor, an alias, a tag, a key twice, a key that is not text, a date
            that does not exist.
    """
    if len(data) > LARGEST_BYTES:
        raise UnreadableError(
            f"文件有 {len(data)} 字节，超过上限 {LARGEST_BYTES} 字节。",
            "请拆成几个文件。",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            "文件不是 UTF-8 编码。",
            "请在编辑器中另存为 UTF-8 后重试。",
            line=data[: error.start].count(b"\n") + 1,
        ) from error
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.reader.ReaderError as error:
        raise UnreadableError(
            "文件中有 YAML 不允许的控制字符。",
            "请删去不可见字符后重试。",
            line=text[: error.position].count("\n") + 1
            if isinstance(error.position, int)
            else None,
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(
            f"不是正确的 YAML（{error.problem or error.context}）。",
            "请检查该行及上一行的缩进、冒号后的空格和引号是否成对。",
            line=mark.line + 1 if mark else None,
        ) from error
    except yaml.YAMLError as error:
        raise UnreadableError(
            "不是正确的 YAML，或含有不允许的控制字符。", "请删去不可见字符后重试。"
        ) from error


class _Builder:
    """Builds plain values from the events of the parser, refusing as soon as it can."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._lines: dict[str, int] = {}

    def document(self) -> Read:
        next(self._events)  # StreamStart
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise UnreadableError("文件是空的。", "请填写内容，或删去这个文件。")
        content = self._value(next(self._events), place="", depth=1)
        next(self._events)  # DocumentEnd
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise UnreadableError(
                "一个文件里有几份 YAML 文档。",
                "请删去“---”分隔，或拆成几个文件。",
                line=_line(event),
            )
        return Read(content=content, lines=self._lines)

    def _value(self, event: yaml.Event, *, place: str, depth: int) -> Any:
        line = _line(event)
        self._lines.setdefault(place, line)
        self._refuse_tricks(event, place=place, line=line)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, place=place, line=line)
        if depth > DEEPEST:
            raise UnreadableError(
                f"嵌套超过 {DEEPEST} 层。", "请减少层次。", place=place, line=line
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place=place, depth=depth)
        return self._mapping(place=place, depth=depth)

    def _refuse_tricks(self, event: yaml.Event, *, place: str, line: int) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableError(
                "使用了 YAML 的锚点或别名（& 或 *），内容包不允许。",
                "请把内容完整写出；以 & 或 * 开头的文字请加引号。",
                place=place,
                line=line,
            )
        tag = getattr(event, "tag", None)
        if tag:
            raise UnreadableError(
                f"使用了 YAML 标签“{tag}”，内容包不允许。",
                "请删去以 ! 开头的标签；以 ! 开头的文字请加引号。",
                place=place,
                line=line,
            )

    def _sequence(self, *, place: str, depth: int) -> list[Any]:
        members: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            members.append(self._value(event, place=f"{place}[{len(members)}]", depth=depth + 1))
        return members

    def _mapping(self, *, place: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            self._refuse_tricks(event, place=place, line=line)
            if not isinstance(event, yaml.ScalarEvent):
                raise UnreadableError(
                    "键不是文字。", "请把键写成一个词，不要写成列表或对象。", place=place, line=line
                )
            key = event.value
            inner = f"{place}.{key}" if place else key
            if key in members:
                raise UnreadableError(
                    f"“{key}”写了两次（前一次在第 {self._lines[inner]} 行）。",
                    "请删去其中一个。",
                    place=inner,
                    line=line,
                )
            self._lines[inner] = line
            members[key] = self._value(next(self._events), place=inner, depth=depth + 1)
        return members


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent, *, place: str, line: int) -> Any:
    text: str = event.value
    if event.style:  # quoted or block text
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise UnreadableError(
                f"日期“{text}”不存在。",
                "请写成“2026-01-31”的形式，并核对月份的天数。",
                place=place,
                line=line,
            ) from error
    return text
