"""One collection of the index: the words of its documents, their keys, and their vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.catalogue.policy.fusion import CANDIDATES, fused
from yiwang.catalogue.policy.postings import Postings, best
from yiwang.catalogue.searching.vectors import Vectors, cosines, nothing

Keys = NDArray[np.int64]
"""One row for each document: the numbers by which the database knows it."""

_PARTS = ("terms", "starts", "holders", "impacts", "scales", "weights")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One document found.

    Attributes:
        coverage: Share of what the words of the question could score at most.
        cosine: How near its meaning is; None where it is not known.
    """

    key: tuple[int, ...]
    score: float
    coverage: float
    cosine: float | None


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Documents of one kind."""

    postings: Postings
    keys: Keys
    vectors: Vectors

    @classmethod
    def of(cls, postings: Postings, keys: list[tuple[int, ...]]) -> Collection:
        """Return a collection without vectors."""
        width = len(keys[0]) if keys else 1
        return cls(
            postings=postings,
            keys=np.array(keys, np.int64).reshape(-1, width),
            vectors=nothing(len(keys)),
        )

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return what the file keeps of it."""
        kept: dict[str, NDArray[Any]] = {
            f"{name}.{part}": getattr(self.postings, part) for part in _PARTS
        }
        numbers = [self.postings.documents, self.postings.unseen, self.postings.mean_length]
        rows, scales = self.vectors
        return kept | {
            f"{name}.numbers": np.array(numbers, np.float32),
            f"{name}.keys": self.keys,
            f"{name}.vectors": rows,
            f"{name}.vector_scales": scales,
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, NDArray[Any]]) -> Collection:
        """Return a collection over mapped arrays.

        Raises:
            KeyError: the file has no such collection.
        """
        documents, unseen, mean_length = (float(one) for one in arrays[f"{name}.numbers"])
        return cls(
            postings=Postings(
                **{part: arrays[f"{name}.{part}"] for part in _PARTS},
                documents=int(documents),
                unseen=unseen,
                mean_length=mean_length,
            ),
            keys=arrays[f"{name}.keys"],
            vectors=(arrays[f"{name}.vectors"], arrays[f"{name}.vector_scales"]),
        )


def find(
    parts: list[Collection],
    terms: Mapping[str, float],
    asked: NDArray[np.float32] | None,
    *,
    limit: int,
) -> list[Found]:
    """Return the best documents of all `parts` together, best first.

    Args:
        parts: The collection of the file, and what came since.
        terms: The terms of the question with their weights.
        asked: The vector of the question; None without the model.
        limit: How many are returned at most.
    """
    keys: list[Keys] = []
    lexical: list[NDArray[np.float32]] = []
    near: list[NDArray[Any]] = []
    most = 0.0
    for part in parts:
        scores, could = part.postings.scores(terms)
        most = most or could
        rows = best(scores, CANDIDATES)
        keys.append(part.keys[rows])
        lexical.append(scores[rows])
        near.append(
            np.full(len(rows), np.nan) if asked is None else cosines(part.vectors, rows, asked)
        )
    words = np.concatenate(lexical) if lexical else np.zeros(0, np.float32)
    meanings = np.concatenate(near) if near else np.zeros(0)
    every = [tuple(int(one) for one in row) for block in keys for row in block]
    scores = fused(words, meanings)
    order = np.argsort(-scores, kind="stable")[:limit]
    return [
        Found(
            key=every[at],
            score=float(scores[at]),
            coverage=min(1.0, float(words[at]) / most) if most else 0.0,
            cosine=None if np.isnan(meanings[at]) else float(meanings[at]),
        )
        for at in order
    ]
