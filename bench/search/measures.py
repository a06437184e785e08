"""How good an order is, and the two baselines that ours is compared with."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

K1, B = 1.2, 0.75


def terms(text: str) -> list[str]:
    """Return the characters and the pairs of characters of `text`, white space left out."""
    plain = re.sub(r"\s+", "", text)
    return list(plain) + [plain[at : at + 2] for at in range(len(plain) - 1)]


class PlainBm25:
    """BM25 over characters and pairs, as anybody would write it down."""

    def __init__(self, texts: Iterable[str]) -> None:
        postings: dict[str, tuple[list[int], list[int]]] = {}
        lengths = []
        for number, text in enumerate(texts):
            counted = Counter(terms(text))
            lengths.append(sum(counted.values()))
            for term, count in counted.items():
                held, often = postings.setdefault(term, ([], []))
                held.append(number)
                often.append(count)
        self.size = len(lengths)
        norm = K1 * (1 - B + B * np.array(lengths) / np.mean(lengths))
        self.postings = {}
        for term, (held, often) in postings.items():
            at, tf = np.array(held), np.array(often, float)
            idf = math.log(1 + (self.size - len(held) + 0.5) / (len(held) + 0.5))
            self.postings[term] = (at, (idf * tf * (K1 + 1) / (tf + norm[at])).astype(np.float32))

    def order(self, question: str, limit: int) -> list[int]:
        """Return the numbers of the best texts."""
        scores = np.zeros(self.size, np.float32)
        for term, times in Counter(terms(question)).items():
            if term in self.postings:
                at, weights = self.postings[term]
                scores[at] += times * weights
        best = np.argpartition(-scores, min(limit, self.size - 1))[:limit]
        return best[np.argsort(-scores[best], kind="stable")].tolist()


def quality(found: Sequence[Sequence[str]], right: Sequence[Collection[str]]) -> dict[str, float]:
    """Return hit@1, MRR@10, nDCG@10 and recall@10 of the orders found."""
    hit, rank, gain, recall = [], [], [], []
    for order, wanted in zip(found, right, strict=True):
        hits = [one in wanted for one in order[:10]]
        first = next((at for at, is_hit in enumerate(hits) if is_hit), None)
        hit.append(first == 0)
        rank.append(0.0 if first is None else 1 / (first + 1))
        ideal = sum(1 / math.log2(at + 2) for at in range(min(len(wanted), 10)))
        gain.append(sum(1 / math.log2(at + 2) for at, is_hit in enumerate(hits) if is_hit) / ideal)
        recall.append(sum(hits) / len(wanted))
    return {
        "hit@1": float(np.mean(hit)),
        "MRR@10": float(np.mean(rank)),
        "nDCG@10": float(np.mean(gain)),
        "recall@10": float(np.mean(recall)),
        "questions": len(hit),
    }


def line(what: str, measured: Mapping[str, float]) -> str:
    """Return one line of a table."""
    shown = "  ".join(
        f"{name} {value:.3f}" for name, value in measured.items() if name != "questions"
    )
    return f"  {what:52} {shown}  ({measured['questions']:.0f})"


def folds(count: int, parts: int = 5) -> np.ndarray:
    """Return the part each question belongs to; always the same."""
    return np.random.default_rng(0).permutation(count) % parts


class PostgresFullText:
    """PostgreSQL's full text over words of jieba, any word of the question, ts_rank_cd.

    The rank is divided by 1 + the logarithm of the length: without that long texts win always.
    """

    def __init__(self, name: str, texts: Sequence[str]) -> None:
        from django.db import connection

        self.table = f"bench_{name}"
        with connection.cursor() as cursor:
            cursor.execute(f"drop table if exists {self.table}")
            cursor.execute(f"create table {self.table} (id int, words tsvector)")
            cursor.execute(f"create temporary table {self.table}_in (id int, words text)")
            with cursor.copy(f"copy {self.table}_in from stdin") as copy:
                for number, text in enumerate(texts):
                    copy.write_row((number, " ".join(_words(text))))
            cursor.execute(
                f"insert into {self.table} select id, to_tsvector('simple', words)"  # noqa: S608
                f" from {self.table}_in"
            )
            cursor.execute(f"create index on {self.table} using gin (words)")
            cursor.execute(f"drop table {self.table}_in")
            cursor.execute(f"analyze {self.table}")

    def order(self, question: str, limit: int) -> list[int]:
        """Return the numbers of the best texts."""
        from django.db import connection

        words = {f"'{word}'" for word in _words(question)}
        if not words:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                f"select id from {self.table}, to_tsquery('simple', %s) q"  # noqa: S608
                " where words @@ q"
                " order by ts_rank_cd(words, q, 1) desc, id limit %s",
                [" | ".join(sorted(words)), limit],
            )
            return [number for (number,) in cursor.fetchall()]


def _words(text: str) -> list[str]:
    from yiwang.catalogue.policy.search_terms import _cutter

    plain = re.sub(r"[\W_]+", " ", text)
    return [word for word in _cutter().cut_for_search(plain) if word.strip()]
