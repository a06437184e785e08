"""How the words and the meaning of a text are weighed against each other.

The score of a candidate is its share of the best lexical score plus `MEANING` times its cosine.
The constants are the same for items, passages and articles; `docs/algorithms/search.md` says on
what they were chosen and what other values give.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

CANDIDATES = 200
"""Documents that the words put forward and the meaning orders."""

MANY_CANDIDATES = 800
"""The same of a large collection: citizens and laws have few words in common."""

MEANING = 16.0
"""Weight of the cosine; cosines of this model lie between 0.7 and 0.95."""


NEAR = 0.885
"""Cosine from which an item is shown whatever its words."""

COVERED, FEW_LETTERS = 0.2, 0.02
"""Share of the words, or of the letters, from which it is shown although its meaning is far."""


def fused(lexical: NDArray[Any], cosines: NDArray[Any] | None) -> NDArray[np.float32]:
    """Return the score of each candidate, its best word score first.

    A candidate without a vector counts as near as the middle of those that have one.
    """
    best = float(lexical.max()) if len(lexical) else 0.0
    share = (lexical / best if best > 0 else lexical).astype(np.float32)
    if cosines is None or np.isnan(cosines).all():
        return share
    middle = float(np.nanmedian(cosines))
    return (share + MEANING * np.where(np.isnan(cosines), middle, cosines)).astype(np.float32)


def worth_showing(*, coverage: float, cosine: float | None, in_letters: bool) -> bool:
    """Tell whether an item has anything to do with what was asked.

    Args:
        coverage: Share of what the question's words could score that the item reaches.
        cosine: How near the item is; None without the model.
        in_letters: The question is in letters: its pinyin means nothing to the model.
    """
    if cosine is None or cosine >= NEAR:
        return cosine is not None or coverage > 0
    return coverage >= (FEW_LETTERS if in_letters else COVERED)


def confidence(*, coverage: float, cosine: float | None) -> float:
    """Return from 0 to 1 how likely a passage answers a question.

    Logistic regressions on the questions of `bench.search`, which prints them anew.

    Args:
        coverage: Share of what the question's words could score that the passage reaches.
        cosine: How near the passage is to the question; None without the model.
    """
    if cosine is None:
        told = -3.7 + 10.4 * coverage
    else:
        told = -44.7 + 47.1 * cosine + 4.1 * coverage
    return 1 / (1 + math.exp(-told))
