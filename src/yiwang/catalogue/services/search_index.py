"""Making the search index anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from yiwang.catalogue import queries
from yiwang.catalogue.searching import building

ENCODED_AT_ONCE = 2_000
"""Texts given vectors by one run of the worker: some minutes of one core."""


@dataclass(frozen=True, kw_only=True)
class IndexBuilt:
    """What building the index did.

    Attributes:
        missing: Texts that have no vector yet.
        size: Bytes of the file.
    """

    items: int
    passages: int
    articles: int
    missing: int
    size: int

    def __str__(self) -> str:
        return (
            f"事项 {self.items} 项、指南段落 {self.passages} 段、法条 {self.articles} 条，"
            f"索引 {self.size / 1e6:.1f} MB"
        )


def build_search_index(
    *,
    on: date,
    encode: int,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> IndexBuilt:
    """Make the search index from the tables and put it in place; changes no table.

    Processes that serve find the new file by themselves. Two builds at once do no harm: the last
    one stays.

    Args:
        on: Day of the build: versions that are over are left out.
        encode: How many texts may be given vectors, where the optional model is installed.
        progress: Told what is being done, how much of it is done, and of how much.
    """
    built = building.build(on=on, encode=encode, progress=progress)
    return IndexBuilt(
        items=built.items,
        passages=built.passages,
        articles=built.articles,
        missing=built.missing,
        size=built.size,
    )


def refresh_search_index(*, on: date) -> IndexBuilt | None:
    """Make the index anew where something is new; None where there is nothing to do."""
    state = queries.search_index_state(on=on)
    texts = state.items + state.passages + state.articles
    lacking = state.meaning and state.encoded < texts
    if state.built and not state.new and not state.laws_changed and not lacking:
        return None
    return build_search_index(on=on, encode=ENCODED_AT_ONCE)
