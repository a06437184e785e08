"""A table from terms to the documents they stand in: built once, read many times.

Terms are kept as 64-bit hashes in order, so that the whole table is a handful of arrays that
several processes can map from one file. An impact says how much one term in one document adds to
the document's score; it is one byte and a scale for each term.

Source:
    Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009
    (`K1`, `B` are the values of the first experiments there); Anh and Moffat, impacts in place
    of frequencies, 2005.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75

STEPS = 255
"""Steps of an impact, from nothing to the term's greatest."""

COMMON_SHARE = 0.5
"""A term in more than this share of the documents tells nothing; a large table leaves it out."""

LARGE = 5_000
"""Documents from which common terms are left out."""

Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Postings:
    """Terms, where each begins, the documents and impacts; `documents` counts the documents.

    Attributes:
        mean_length: Terms in a document on average.
        terms: Hashes in ascending order.
        starts: Where the postings of each term begin; one more than terms.
        holders: Numbers of the documents.
        impacts: Steps of `scales` of the term.
        weights: What a term adds at most; unknown terms of a query count as `unseen`.
    """

    terms: NDArray[np.uint64]
    starts: NDArray[np.int64]
    holders: NDArray[np.int32]
    impacts: NDArray[np.uint8]
    scales: NDArray[np.float32]
    weights: NDArray[np.float32]
    documents: int
    unseen: float
    mean_length: float

    def scores(self, query: Mapping[str, float]) -> tuple[Scores, float]:
        """Return the score of each document, and the most that any could reach."""
        found = np.zeros(self.documents, np.float32)
        most = 0.0
        for place, weight in self.places(query):
            if place < 0:
                most += weight * self.unseen
                continue
            most += weight * float(self.weights[place])
            first, last = int(self.starts[place]), int(self.starts[place + 1])
            found[self.holders[first:last]] += self.impacts[first:last] * np.float32(
                weight * float(self.scales[place])
            )
        return found, most

    def places(self, query: Mapping[str, float]) -> list[tuple[int, float]]:
        """Return the place of each term with its weight; -1 for a term that is nowhere."""
        if not query or not len(self.terms):
            return [(-1, weight) for weight in query.values()]
        hashes = np.array([hashed(term) for term in query], np.uint64)
        at = np.minimum(np.searchsorted(self.terms, hashes), len(self.terms) - 1)
        known = self.terms[at] == hashes
        return [
            (int(place) if is_known else -1, weight)
            for place, is_known, weight in zip(at, known, query.values(), strict=True)
        ]

    def spread(self, place: int) -> int:
        """Return in how many documents the term at `place` stands."""
        return int(self.starts[place + 1] - self.starts[place])


def hashed(term: str) -> int:
    """Return the 64 bits a term is known by."""
    return int.from_bytes(
        blake2b(term.encode("utf-8", "replace"), digest_size=8).digest(), "little"
    )


def by_frequency(
    documents: Iterable[Mapping[str, float]], *, like: Postings | None = None
) -> Postings:
    """Build a table whose impacts are those of BM25; each document is its terms, counted.

    Args:
        documents: The terms of each document with their counts.
        like: A table whose rarities and mean length are taken, so that the scores of a few new
            documents compare with those of the many in it.
    """
    gathered = _Gathered(documents)
    if like is None or not like.documents:
        spread = gathered.spread
        rarity = np.log(1 + (gathered.count - spread + 0.5) / (spread + 0.5))
        unseen = float(np.log(1 + (gathered.count + 0.5) / 0.5) * (K1 + 1))
        mean = float(gathered.length.mean()) if gathered.count else 1.0
    else:
        unseen, mean = like.unseen, like.mean_length
        rarity = gathered.known(like, like.weights, unseen) / (K1 + 1)
    norm = K1 * (1 - B + B * gathered.length / (mean or 1.0))
    tf = gathered.value
    impact = rarity[gathered.term] * tf * (K1 + 1) / (tf + norm[gathered.holder])
    return gathered.packed(impact, rarity * (K1 + 1), unseen=unseen, mean=mean)


def by_weight(
    documents: Iterable[Mapping[str, float]], *, like: Postings | None = None
) -> Postings:
    """Build a table whose impacts are the weights given, smaller the more documents share a term.

    Args:
        documents: The terms of each document with their weights.
        like: A table whose spreads count as well.
    """
    gathered = _Gathered(documents)
    spread = gathered.spread.astype(np.float64)
    if like is not None and like.documents:
        spread += gathered.known(like, np.diff(like.starts), 0)
    impact = gathered.value / (1 + np.log(np.maximum(spread, 1)))[gathered.term]
    weights = np.zeros(len(spread))
    np.maximum.at(weights, gathered.term, impact)
    most = float(gathered.value.max()) if len(gathered.value) else 0.0
    return gathered.packed(impact, weights, unseen=most if like is None else like.unseen, mean=1.0)


class _Gathered:
    """The postings of documents in plain arrays: millions of them in a few bytes each."""

    def __init__(self, documents: Iterable[Mapping[str, float]]) -> None:
        vocabulary: dict[str, int] = {}
        terms, values, sizes, lengths = array("i"), array("f"), array("i"), array("d")
        for document in documents:
            terms.extend([vocabulary.setdefault(term, len(vocabulary)) for term in document])
            values.extend(document.values())
            sizes.append(len(document))
            lengths.append(sum(document.values()))
        self.count = len(sizes)
        self.hashes = np.fromiter(map(hashed, vocabulary), np.uint64, len(vocabulary))
        self.term = np.array(terms, np.int32)
        self.value = np.array(values, np.float32)
        self.holder = np.repeat(np.arange(self.count, dtype=np.int32), np.array(sizes, np.int32))
        self.length = np.array(lengths, np.float64)
        self.spread = np.bincount(self.term, minlength=len(vocabulary))

    def known(self, like: Postings, values: NDArray[Any], otherwise: float) -> NDArray[Any]:
        """Return what `like` has in `values` for each term, `otherwise` for those it lacks."""
        at = np.minimum(np.searchsorted(like.terms, self.hashes), len(like.terms) - 1)
        return np.where(like.terms[at] == self.hashes, values[at], otherwise).astype(np.float64)

    def packed(
        self, impact: NDArray[Any], weights: NDArray[Any], *, unseen: float, mean: float
    ) -> Postings:
        order = np.argsort(self.hashes, kind="stable")
        if self.count > LARGE:
            order = order[self.spread[order] <= COMMON_SHARE * self.count]
        rank = np.full(len(self.hashes), -1, np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        place = rank[self.term]
        kept = np.flatnonzero(place >= 0)
        kept = kept[np.argsort(place[kept], kind="stable")]
        place, impact = place[kept], impact[kept]
        scales = np.zeros(len(order), np.float64)
        np.maximum.at(scales, place, impact)
        scales = np.maximum(scales, 1e-9) / STEPS
        return Postings(
            terms=self.hashes[order],
            starts=np.concatenate(([0], np.cumsum(self.spread[order]))).astype(np.int64),
            holders=self.holder[kept],
            impacts=np.rint(impact / scales[place]).astype(np.uint8),
            scales=scales.astype(np.float32),
            weights=weights[order].astype(np.float32),
            documents=self.count,
            unseen=unseen,
            mean_length=mean,
        )


def best(scores: Scores, count: int) -> NDArray[np.int64]:
    """Return the numbers of the `count` best documents above nothing, best first."""
    if len(scores) > count:
        chosen = np.argpartition(-scores, count)[:count]
    else:
        chosen = np.arange(len(scores))
    chosen = chosen[scores[chosen] > 0]
    return chosen[np.lexsort((chosen, -scores[chosen]))]
