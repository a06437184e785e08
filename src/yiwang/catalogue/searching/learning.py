"""Learning how citizens ask for articles, and where what was learned is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from yiwang.catalogue.policy.adaptation import Adaptation, Example, learned
from yiwang.catalogue.policy.fusion import MANY_CANDIDATES, MEANING
from yiwang.catalogue.policy.postings import best
from yiwang.catalogue.policy.text_terms import question_terms
from yiwang.catalogue.searching import vectors
from yiwang.catalogue.searching.building import DATA
from yiwang.catalogue.searching.collections import Collection

LEARNED = DATA / "lay-to-law.npz"

HARDEST = 200
"""Candidates that are learned from: those that come first before anything is learned."""


@cache
def adaptation(path: Path = LEARNED) -> Adaptation | None:
    """Return what was learned; None where nothing was, or where it cannot be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            change = stored["change"].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    if change.shape != (vectors.SIZE, vectors.SIZE):
        return None
    return Adaptation(change=change)


def example(articles: Collection, question: str, right: Iterable[int]) -> Example | None:
    """Return a question as an example; None without a vector or without a right candidate.

    Args:
        articles: The collection of the index.
        question: As a citizen asks it.
        right: Numbers of the articles that answer it.
    """
    asked = vectors.question(question)
    if asked is None:
        return None
    scores, _ = articles.postings.scores(question_terms(question))
    rows = best(scores, MANY_CANDIDATES)
    wanted = np.isin(articles.keys[rows, 0], list(right))
    data, scales = articles.vectors
    at = articles.views[rows]
    known = scales[at] > 0
    rows, wanted, at = rows[known], wanted[known], at[known]
    if not wanted.any():
        return None
    near = data[at].astype(np.float32) * scales[at][:, None]
    words = scores[rows] / scores[rows].max()
    order = np.argsort(-(words / MEANING + near @ asked), kind="stable")
    kept = np.union1d(order[:HARDEST], np.flatnonzero(wanted)[:1])
    return Example(
        asked=asked, candidates=near[kept], words=words[kept].astype(np.float32), right=wanted[kept]
    )


def learn(articles: Collection, asked: Mapping[str, Iterable[int]]) -> tuple[Adaptation, int]:
    """Learn from questions and the numbers of the articles that answer them.

    Returns:
        What was learned, and from how many questions.

    Raises:
        ValueError: none of the questions can be learned from.
    """
    examples = [example(articles, question, right) for question, right in asked.items()]
    usable = [one for one in examples if one is not None]
    return learned(usable), len(usable)


def save(found: Adaptation, path: Path = LEARNED) -> None:
    """Keep what was learned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, change=found.change.astype(np.float16))
    adaptation.cache_clear()
