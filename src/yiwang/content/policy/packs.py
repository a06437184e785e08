"""The plain things that loading speaks of: files, errors, differences, manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.kernel.terms import Term


@dataclass(frozen=True, kw_only=True)
class PackError:
    """Why a pack does not load, where, and how to mend it.

    Attributes:
        file: Path as the person sees it, `packs/jiading/catalogue/food.yaml`.
        place: Place inside the file, `limits[0].promised_workdays`; empty for the whole file.
        message: What is wrong, in Chinese, read after the place.
        remedy: What would put it right, in Chinese.
        line: Line in the file, from 1; None where the file could not be read so far.
    """

    file: str
    place: str
    message: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        head = f"{where}: {self.place}" if self.place else f"{where}:"
        return f"{head}\n  {self.message}\n  {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class PackFile:
    """One file of a pack, read.

    Attributes:
        pack: Name of the pack.
        section: Folder of the file, or its own name when it stands beside `pack.yaml`.
        name: File name without `.yaml`.
        path: Path as the person sees it.
        content: What the file says: mappings, lists, text, whole numbers, floats, booleans,
            dates, None.
        lines: Place -> line; the place of the whole file is the empty text.
        sha256: Hash of the bytes.
        effective_on: Date of effect of the whole pack.
        rank: Place of the pack in the order of loading; later packs override earlier ones.
    """

    pack: str
    section: str
    name: str
    path: str
    content: Any
    lines: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""
    effective_on: date | None = None
    rank: int = 0

    def error(self, place: str, message: str, remedy: str) -> PackError:
        """Return an error at `place`, with its line or that of the nearest place around it."""
        around = place
        while around and around not in self.lines:
            around = around[: max(around.rfind("."), around.rfind("["), 0)]
        return PackError(
            file=self.path,
            place=place,
            message=message,
            remedy=remedy,
            line=self.lines.get(around),
        )


class Change(Term):
    """What loading does to one thing."""

    ADD = "add", "新增"
    CHANGE = "change", "变更"
    KEEP = "keep", "保留"


@dataclass(frozen=True, kw_only=True)
class DiffLine:
    """One line of what loading would change.

    Attributes:
        section: Section of the pack.
        change: Kind of change; KEEP is for things a pack no longer names: they stay loaded.
        what: The thing, in Chinese: `国务院办公厅关于2026年部分节假日安排的通知`.
        detail: What changes in it, if it can be said in a few words.
    """

    section: str
    change: Change
    what: str
    detail: str = ""

    def __str__(self) -> str:
        sign = {Change.ADD: "+", Change.CHANGE: "~", Change.KEEP: "="}[self.change]
        tail = f"：{self.detail}" if self.detail else ""
        return f"{sign} [{self.section}] {self.what}{tail}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `pack.yaml` says.

    Attributes:
        name: Name of the pack, the name of its folder.
        title: Chinese title.
        version: Version of the content, `2026.1`.
        effective_on: Day from which the content applies.
        source: Where the content comes from.
        requires: Packs that must be loaded before.
        note: Anything a reader should know; may be empty.
    """

    name: str
    title: str
    version: str
    effective_on: date
    source: str
    requires: tuple[str, ...] = ()
    note: str = ""


def in_order(manifests: Mapping[str, Manifest], names: Sequence[str]) -> list[str]:
    """Return `names` and all they require, each after what it requires.

    Raises:
        KeyError: a required pack is missing from `manifests`; the key is its name.
        ValueError: packs require each other in a circle.
    """
    done: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in open_:
            raise ValueError(" → ".join([*open_[open_.index(name) :], name]))
        open_.append(name)
        for required in manifests[name].requires:
            visit(required)
        open_.pop()
        done.append(name)

    for name in names:
        visit(name)
    return done
