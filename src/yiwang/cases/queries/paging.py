"""Pages of lists: how long they are, and the keys at which they go on."""

from __future__ import annotations

PAGE_LIMIT = 100
"""Most lines of one page of a list."""


def page_size(limit: int) -> int:
    """Return how many lines a page has: `limit`, at most PAGE_LIMIT.

    Raises:
        ValueError: `limit` is below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    return min(limit, PAGE_LIMIT)
