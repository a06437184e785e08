"""How running text is cut for search: characters and pairs of characters, words of other scripts.

Chinese is found by pairs as well as by words of a dictionary (measured in `bench/search.py`), and
pairs know no dictionary that misses the words of a trade.
"""

from __future__ import annotations

import re
import unicodedata

MAX_QUESTION = 300
"""A longer question is cut; it costs time and says nothing more."""

PIECE = 180
"""Characters of a piece whose meaning is taken at once."""

MOST_PIECES = 4
"""Pieces of a long text whose meaning is taken; what follows is found by its words."""

_ENDS = re.compile(r"(?<=[。！？；\n])")

_PARTS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")


def text_terms(text: str) -> dict[str, float]:
    """Return the terms of `text` with how often they stand there."""
    counts: dict[str, float] = {}
    for part in _PARTS.findall(unicodedata.normalize("NFKC", text).lower()):
        if part[0] < "\x80":
            counts[part] = counts.get(part, 0) + 1
            continue
        before = ""
        for character in part:
            counts[character] = counts.get(character, 0) + 1
            if before:
                pair = before + character
                counts[pair] = counts.get(pair, 0) + 1
            before = character
    return counts


def question_terms(text: str) -> dict[str, float]:
    """Return the terms of a question; empty for one without words."""
    return text_terms(text[:MAX_QUESTION])


def pieces(text: str) -> list[str]:
    """Return a text in pieces of about `PIECE` characters, cut at the ends of sentences."""
    found: list[str] = []
    gathered = ""
    for sentence in _ENDS.split(text):
        rest = sentence
        if gathered and len(gathered) + len(rest) > PIECE:
            found.append(gathered)
            gathered = ""
        while len(rest) > PIECE * 3 // 2:
            found.append(rest[:PIECE])
            rest = rest[PIECE:]
        gathered += rest
    if gathered.strip():
        found.append(gathered)
    return found[:MOST_PIECES]
