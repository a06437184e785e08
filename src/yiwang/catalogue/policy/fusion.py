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

MEANING = 16.0
"""Weight of the cosine; cosines of this model lie between 0.7 and 0.95."""


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


def confidence(*, coverage: float, cosine: float | None) -> float:
    """Return from 0 to 1 how likely a passage answers a question.

    Args:
        coverage: Share of what the question's words could score that the passage reaches.
        cosine: How near the passage is to the question; None without the model.
    """
    if cosine is None:
        told = -3.0 + 8.0 * coverage
    else:
        told = -36.0 + 40.0 * cosine + 4.0 * coverage
    return 1 / (1 + math.exp(-told))
