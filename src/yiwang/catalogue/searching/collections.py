"""One collection of the index: the words of its documents, their keys, and their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.catalogue.policy.fusion import CANDIDATES, MANY_CANDIDATES, fused
from yiwang.catalogue.policy.postings import Postings, best
from yiwang.catalogue.searching.vectors import SIZE, Vectors, nothing

Keys = NDArray[np.int64]
"""One row for each document: the numbers by which the database knows it."""

SMALL = 10_000
"""Up to so many documents, those nearest in meaning are candidates too, whatever their words."""

NEAREST = 50
"""How many of them."""

_PARTS = ("terms", "starts", "holders", "impacts", "scales", "weights")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One document found.

    Attributes:
        coverage: Share of what the words of the question could score that the document reaches.
        cosine: How near its meaning is; None where it is not known.
        text: What the index keeps of the document to be shown; mostly nothing.
    """

    key: tuple[int, ...]
    score: float
    coverage: float
    cosine: float | None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Documents of one kind.

    Attributes:
        views: Where the vectors of each document begin; one more than documents. A document has
            one vector for each of its texts, such as the name and the aliases of an item.
        shown, shown_starts: Texts kept to be shown, in UTF-8 one after the other, and where each
            begins; empty where the tables are asked for the text.
    """

    postings: Postings
    keys: Keys
    vectors: Vectors
    views: NDArray[np.int32]
    shown: NDArray[np.uint8]
    shown_starts: NDArray[np.int64]

    @classmethod
    def of(
        cls, postings: Postings, keys: Sequence[tuple[int, ...]], shown: Sequence[str] = ()
    ) -> Collection:
        """Return a collection without vectors; `shown` has a text for each key, or none at all."""
        width = len(keys[0]) if keys else 1
        kept = [text.encode("utf-8", "replace") for text in shown]
        return cls(
            postings=postings,
            keys=np.array(keys, np.int64).reshape(-1, width),
            vectors=nothing(0),
            views=np.zeros(len(keys) + 1, np.int32),
            shown=np.frombuffer(b"".join(kept), np.uint8),
            shown_starts=np.cumsum([0, *map(len, kept)], dtype=np.int64),
        )

    def with_vectors(self, vectors: Vectors, counts: Sequence[int]) -> Collection:
        """Return the same documents with `counts` vectors each, in order."""
        views = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        return replace(self, vectors=vectors, views=views)

    def text(self, document: int) -> str:
        """Return the text kept of a document; empty where none is."""
        if document + 1 >= len(self.shown_starts):
            return ""
        first, last = int(self.shown_starts[document]), int(self.shown_starts[document + 1])
        return self.shown[first:last].tobytes().decode("utf-8")

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
            f"{name}.views": self.views,
            f"{name}.shown": self.shown,
            f"{name}.shown_starts": self.shown_starts,
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
            views=arrays[f"{name}.views"],
            shown=arrays[f"{name}.shown"],
            shown_starts=arrays[f"{name}.shown_starts"],
        )

    @cached_property
    def middles(self) -> NDArray[np.float32]:
        """The middle of the vectors of each document, for a first look; of small ones only."""
        rows, scales = self.vectors
        sums = np.zeros((len(self.keys) + 1, SIZE), np.float32)
        owners = np.repeat(np.arange(len(self.keys)), np.diff(self.views))
        np.add.at(sums, owners, rows.astype(np.float32) * scales[:, None])
        lengths = np.linalg.norm(sums[:-1], axis=1, keepdims=True)
        middles: NDArray[np.float32] = sums[:-1] / np.maximum(lengths, 1e-9)
        return middles

    def candidates(
        self, scores: NDArray[np.float32], asked: NDArray[np.float32] | None
    ) -> NDArray[np.int64]:
        """Return the documents best by words, and of a small collection those near in meaning."""
        if asked is None or not len(self.vectors[0]):
            return best(scores, CANDIDATES)
        if len(self.keys) > SMALL:
            return best(scores, MANY_CANDIDATES)
        chosen = best(scores, CANDIDATES)
        near = best(self.middles @ asked, NEAREST)
        return np.concatenate((chosen, near[~np.isin(near, chosen)]))

    def cosines(
        self, documents: NDArray[np.int64], asked: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return how near each of `documents` is: the nearest of its vectors; NaN without one."""
        first, last = self.views[documents], self.views[documents + 1]
        counts = last - first
        found = np.full(len(documents), np.nan, np.float32)
        if not counts.any():
            return found
        owners = np.repeat(np.arange(len(documents)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = first[owners] + within
        data, scales = self.vectors
        near = (data[rows].astype(np.float32) @ asked) * scales[rows]
        found[counts > 0] = -np.inf
        np.maximum.at(found, owners, np.where(scales[rows] > 0, near, -np.inf))
        found[np.isneginf(found)] = np.nan
        return found


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
    every: list[tuple[Collection, int]] = []
    lexical: list[NDArray[np.float32]] = []
    near: list[NDArray[np.float32]] = []
    most = 0.0
    for part in parts:
        scores, could = part.postings.scores(terms)
        most = max(most, could)
        rows = part.candidates(scores, asked)
        every.extend((part, row) for row in rows.tolist())
        lexical.append(scores[rows])
        near.append(
            np.full(len(rows), np.nan, np.float32) if asked is None else part.cosines(rows, asked)
        )
    words = np.concatenate(lexical) if lexical else np.zeros(0, np.float32)
    meanings = np.concatenate(near) if near else np.zeros(0, np.float32)
    scores = fused(words, meanings)
    order = np.argsort(-scores, kind="stable")[:limit]
    found = []
    for at in order.tolist():
        part, row = every[at]
        found.append(
            Found(
                key=tuple(part.keys[row].tolist()),
                score=float(scores[at]),
                coverage=min(1.0, float(words[at]) / most) if most else 0.0,
                cosine=None if np.isnan(meanings[at]) else float(meanings[at]),
                text=part.text(row),
            )
        )
    return found
