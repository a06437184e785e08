"""Making the search index anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from yiwang.catalogue import queries
from yiwang.catalogue.searching import building, engine, learning

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
    lacking = state.meaning and state.not_encoded
    if state.built and not state.new and not state.laws_changed and not lacking:
        return None
    return build_search_index(on=on, encode=ENCODED_AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class ArticleQuestion:
    """A citizen's question and the articles that answer it.

    Attributes:
        articles: Law, date of the text and number of each.
    """

    question: str
    articles: tuple[tuple[str, str, str], ...]


def train_article_search(*, questions: Sequence[ArticleQuestion], path: Path) -> int:
    """Learn from `questions` how citizens ask for articles, keep it at `path`, say from how many.

    The index must have been built with vectors. Changes no table.

    Raises:
        LookupError: there is no index of articles.
        ValueError: none of the questions can be learned from.
    """
    known = engine.snapshot().collections.get(building.ARTICLES)
    if known is None:
        raise LookupError("there is no index of articles")
    numbers = queries.article_numbers({one for asked in questions for one in asked.articles})
    wanted = {
        asked.question: {numbers[one] for one in asked.articles if one in numbers}
        for asked in questions
    }
    found, count = learning.learn(known, wanted)
    learning.save(found, path)
    return count
