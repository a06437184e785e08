"""Who reads which section of a pack; packages register in their `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import Change, DiffLine, PackError, PackFile

__all__ = [
    "Change",
    "DiffLine",
    "Fields",
    "PackError",
    "PackFile",
    "SectionLoader",
    "check_texts",
    "check_whole",
    "loaders",
    "register",
    "text_problems",
    "whole_problems",
]


class SectionLoader(Protocol):
    """How one section of the packs is checked, compared and loaded.

    Each method receives all files of the section, of all packs being loaded, in the order in
    which packs require each other. Sections are worked through in the order of registration,
    each one applied before the next is checked, in one transaction: a check may ask the tables
    about the sections before it. A trial run is rolled back afterwards, so nothing that
    `apply` does may leave the database.
    """

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        """Return all that is wrong, or nothing."""
        ...

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        """Return what `apply` would change; nothing when all is loaded already."""
        ...

    def apply(self, files: Sequence[PackFile], *, by: str, at: datetime) -> None:
        """Load the section; called only when there is a difference. Old values are kept."""
        ...


_loaders: dict[str, SectionLoader] = {}


def register(section: str, loader: SectionLoader) -> None:
    """Have `loader` read the section; registering the same loader again changes nothing.

    Raises:
        ValueError: another loader reads the section already.
    """
    if _loaders.setdefault(section, loader) is not loader:
        raise ValueError(f"two loaders for the section {section}")


def loaders() -> Mapping[str, SectionLoader]:
    """Return section -> loader, in the order of registration."""
    return MappingProxyType(_loaders)


TextCheck = Callable[[str, str], list[str]]
"""Key and text -> what is wrong, one sentence each."""

_text_checks: dict[str, TextCheck] = {}


def check_texts(prefix: str, check: TextCheck) -> None:
    """Have the texts whose key begins with `prefix` and a dot checked when packs are loaded.

    Raises:
        ValueError: another check is responsible for them.
    """
    if _text_checks.setdefault(prefix, check) is not check:
        raise ValueError(f"two checks for texts under {prefix}")


def text_problems(key: str, text: str) -> list[str]:
    """Return what the package responsible for a text finds wrong with it."""
    check = _text_checks.get(key.partition(".")[0])
    return check(key, text) if check else []


Files = Mapping[str, Sequence[PackFile]]
"""Section -> all its files of the packs that are loaded."""

WholeCheck = Callable[[Files, datetime], list[PackError]]
"""What was loaded, and when -> what is wrong between sections."""

_whole_checks: list[WholeCheck] = []


def check_whole(check: WholeCheck) -> None:
    """Have `check` asked once every section is applied, before the loading is kept."""
    if check not in _whole_checks:
        _whole_checks.append(check)


def whole_problems(files: Files, *, at: datetime) -> list[PackError]:
    """Return what is wrong between sections that are sound each by itself."""
    return [error for check in _whole_checks for error in check(files, at)]
