"""Sort keys by pinyin: the database has no Chinese collation, so the key is stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pypinyin import lazy_pinyin

from yiwang.registers.policy.records import PINYIN_MAX

SURNAMES: Mapping[str, str] = {
    "单": "shan",
    "曾": "zeng",
    "仇": "qiu",
    "解": "xie",
    "区": "ou",
    "查": "zha",
    "任": "ren",
    "盖": "ge",
    "朴": "piao",
    "冼": "xian",
    "缪": "miao",
    "尉迟": "yu chi",
}
"""Surnames that are read differently from the character's common reading."""


@lru_cache(maxsize=20_000)
def reading(word: str) -> str:
    """Return the syllables of `word`, separated by blanks, in small letters."""
    return " ".join(lazy_pinyin(word)).lower()


def name_key(name: str) -> str:
    """Return the sort key of a person's name.

    Example:
        `单雄信` sorts as `shan xiong xin`.
    """
    for length in (2, 1):
        if (surname := SURNAMES.get(name[:length])) and len(name) > length:
            return f"{surname} {_fresh(name[length:])}"[:PINYIN_MAX]
    return _fresh(name)[:PINYIN_MAX]


def entity_key(name: str) -> str:
    """Return the sort key of the name of a legal entity."""
    return _fresh(name)[:PINYIN_MAX]


def _fresh(text: str) -> str:
    return " ".join(lazy_pinyin(text)).lower()
