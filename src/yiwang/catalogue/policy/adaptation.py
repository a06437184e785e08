"""From a citizen's question to the language of laws: a small change of the question's vector.

The vector `q` of a question becomes `q + q @ change`. The change is learned from questions whose
articles are known, so that among the candidates of each question the right ones come first
(softmax over the candidates, Adam), and is used for articles alone.

Source:
    Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015 (the step and its constants).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.catalogue.policy.fusion import MEANING

ROUNDS = 20
BATCH = 64
STEP = 0.001
MOMENTUM, SPREAD, TINY = 0.9, 0.999, 1e-8
SHARPNESS = 120.0
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
    """What was learned: one square matrix."""

    change: Vector

    def of(self, asked: Vector) -> Vector:
        """Return the vector to search articles with."""
        changed: Vector = asked + asked @ self.change
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
    drift, spread = np.zeros_like(change), np.zeros_like(change)
    chance = np.random.default_rng(seed)
    steps = 0
    for _ in range(ROUNDS):
        order = chance.permutation(len(usable))
        for part in np.array_split(order, max(1, len(order) // BATCH)):
            slope = _slope([usable[at] for at in part], change)
            steps += 1
            drift = MOMENTUM * drift + (1 - MOMENTUM) * slope
            spread = SPREAD * spread + (1 - SPREAD) * slope * slope
            evened = np.sqrt(spread / (1 - SPREAD**steps)) + TINY
            change -= np.float32(STEP) * (drift / (1 - MOMENTUM**steps)) / evened
    return Adaptation(change=change)


def _slope(examples: Sequence[Example], change: Vector) -> Vector:
    asked = np.stack([one.asked for one in examples])
    pulls = np.stack([_pull(one, one.asked + one.asked @ change) for one in examples])
    slope: Vector = SHARPNESS * asked.T @ pulls / len(examples) + SHRINKING * change
    return slope.astype(np.float32)


def _pull(example: Example, asked: Vector) -> Vector:
    """Return where the candidates pull the vector that is searched with, away from the right."""
    told = SHARPNESS * (example.candidates @ asked + example.words / MEANING)
    share = np.exp(told - told.max())
    share /= share.sum()
    pull: Vector = (share - example.right / example.right.sum()) @ example.candidates
    return pull
