"""From a citizen's question to the language of laws: a small change of the question's vector.

The vector `q` of a question becomes `q + q @ left @ right`, of rank `RANK`. It is learned from
questions whose articles are known, so that among the candidates of each question the right ones
come first (softmax over the candidates, AdaGrad), and is used for articles alone.

Source:
    Duchi, Hazan and Singer, Adaptive Subgradient Methods, 2011 (the step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.catalogue.policy.fusion import MEANING

RANK = 8
ROUNDS = 2
STEP = 0.0002
SHARPNESS = 40.0
"""How sharply a candidate that is a little nearer is preferred while learning."""

SHRINKING = 1e-3

Vector = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One question with its candidates.

    Attributes:
        asked: Vector of the question.
        candidates: Vectors of the candidates, one row each.
        words: Share of the best word score of each candidate.
        right: Which of them answer it.
    """

    asked: Vector
    candidates: Vector
    words: Vector
    right: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """What was learned: two thin matrices."""

    left: Vector
    right: Vector

    def of(self, asked: Vector) -> Vector:
        """Return the vector to search articles with."""
        changed: Vector = asked + (asked @ self.left) @ self.right
        return changed


def learned(examples: Sequence[Example], *, seed: int = 0) -> Adaptation:
    """Learn from `examples`; the same examples and seed give the same result.

    Raises:
        ValueError: no example has a right candidate.
    """
    usable = [one for one in examples if one.right.any()]
    if not usable:
        raise ValueError("no example has a right candidate")
    size = len(usable[0].asked)
    change: Vector = np.zeros((size, size), np.float32)
    seen: Vector = np.full((size, size), 1e-6, np.float32)
    chance = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        for at in chance.permutation(len(usable)):
            one = usable[at]
            asked: Vector = one.asked + one.asked @ change
            told = SHARPNESS * (one.candidates @ asked + one.words / MEANING)
            share = np.exp(told - told.max())
            share /= share.sum()
            wanted = one.right / one.right.sum()
            pull = (share - wanted) @ one.candidates
            slope: Vector = (SHARPNESS * np.outer(one.asked, pull) + SHRINKING * change).astype(
                np.float32
            )
            seen += slope * slope
            change -= np.float32(STEP) * slope / np.sqrt(seen)
    left, strength, right = np.linalg.svd(change)
    return Adaptation(
        left=(left[:, :RANK] * strength[:RANK]).astype(np.float32),
        right=right[:RANK].astype(np.float32),
    )
