"""The part of a text that shows why it was found."""

from __future__ import annotations

from collections.abc import Collection

SNIPPET = 120
"""Characters shown of a text."""


def snippet(text: str, terms: Collection[str], length: int = SNIPPET) -> str:
    """Return the stretch of `text` in which most pairs of characters of `terms` stand.

    A stretch that begins or ends inside the text has an ellipsis there.
    """
    if len(text) <= length:
        return text
    hits = [text[at : at + 2] in terms for at in range(len(text))]
    inside = sum(hits[:length])
    best, first, last = inside, 0, 0
    for at in range(1, len(text) - length + 1):
        inside += hits[at + length - 1] - hits[at - 1]
        if inside > best:
            best, first, last = inside, at, at
        elif inside == best and last == at - 1:
            last = at
    start = (first + last) // 2
    end = start + length
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
