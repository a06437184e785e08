"""We know that the index is a cache: built, replaced, damaged or missing, the search goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from tests.factories.catalogue import item_checker, publish
from yiwang.catalogue import queries, services
from yiwang.catalogue.models import Item
from yiwang.catalogue.policy.adaptation import Adaptation, Example, learned
from yiwang.catalogue.policy.fusion import confidence, fused, worth_showing
from yiwang.catalogue.policy.postings import best, by_frequency, by_weight
from yiwang.catalogue.policy.snippets import SNIPPET, snippet
from yiwang.catalogue.policy.text_terms import pieces, question_terms, text_terms
from yiwang.catalogue.searching import engine, index_file, learning, vectors
from yiwang.catalogue.searching.building import index_path
from yiwang.catalogue.searching.collections import Collection
from yiwang.catalogue.services import Article
from yiwang.cli.search import search

pytestmark = pytest.mark.thorough

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)

BAD = [
    pytest.param("", id="nothing"),
    pytest.param("   ", id="spaces"),
    pytest.param("，。！？…", id="punctuation"),
    pytest.param("😀🎉", id="emoji"),
    pytest.param("\x00", id="NUL"),
    pytest.param("开饭店\x00", id="words and NUL"),
    pytest.param("%_\\'; drop table", id="signs of SQL"),
    pytest.param("许可" * 5_000, id="ten thousand characters"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("a" * 10_000, id="ten thousand letters"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.SEARCH_DIR = tmp_path
    return tmp_path


def build() -> None:
    services.build_search_index(on=TODAY, encode=0)


def load(*articles: tuple[str, str, str, str]) -> None:
    services.load_laws(
        articles=[
            Article(law=law, version=day, category="行政法", chapter="", article=number, text=text)
            for law, day, number, text in articles
        ],
        by="system:operator",
        at=AT,
    )


LAWS = (
    ("食品安全法", "2021-04-29", "第三十五条", "国家对食品生产经营实行许可制度。"),
    ("食品安全法", "2015-04-24", "第三十五条", "国家对食品生产经营实行许可制度。旧文。"),
    ("道路交通安全法", "2021-04-29", "第八条", "国家对机动车实行登记制度。"),
)


@pytest.mark.django_db
def test_items_are_found_the_same_with_the_index_and_without(jiading_items: None) -> None:
    words = ("开饭店", "spjyxk", "老年卡", "laonianka", "装电梯", "猎头")
    before = [queries.search(word, on=TODAY)[0].slug for word in words]

    build()

    assert engine.snapshot() is not engine.NOTHING
    assert [queries.search(word, on=TODAY)[0].slug for word in words] == before


@pytest.mark.django_db
def test_what_is_published_after_the_build_is_found_at_once() -> None:
    publish()
    build()
    publish(slug="kite-permit", name="放风筝许可（示例）", aliases=["放风筝"])

    assert [one.slug for one in queries.search("放风筝", on=TODAY)][:1] == ["kite-permit"]
    assert queries.search_passages("放风筝许可要什么材料", on=TODAY)[0].slug == "kite-permit"


@pytest.mark.django_db
def test_a_new_version_takes_the_place_of_the_indexed_one() -> None:
    publish()
    build()
    publish(aliases=["练摊"])

    assert [one.version for one in queries.search("练摊", on=TODAY)] == [2]
    assert [one.version for one in queries.search("摆摊许可", on=TODAY)] == [2]


@pytest.fixture
def meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model be there: what is about stalls is near every question, the rest is far."""

    class Stalls:
        def passage(self, text: str) -> np.ndarray:
            near = np.zeros(vectors.SIZE, np.float32)
            near[:2] = (0.95, 0.31) if "摆" in text else (0.71, 0.71)
            return near

    asked = np.zeros(vectors.SIZE, np.float32)
    asked[0] = 1
    monkeypatch.setattr(engine, "_asked", {})
    monkeypatch.setattr(vectors, "encoder", lambda: Stalls())
    monkeypatch.setattr(vectors, "question", lambda text: asked)
    for number in range(1, 6):
        code = f"11310114XXXX01011H431013100{number}000"
        publish(
            slug=f"other-{number}",
            name=f"放风筝许可{number}（示例）",
            aliases=["放风筝"],
            summary="放风筝要取得的许可。",
            task_code=code,
            handling_code=f"{code}01",
        )


def encode() -> None:
    services.build_search_index(on=TODAY, encode=10_000)


def asked_and_answered(question: str) -> list[tuple[str, str]]:
    hits = queries.search_passages(question, on=TODAY, limit=3)
    return [(hit.heading, hit.text) for hit in hits if hit.slug == "stall-permit"]


@pytest.mark.django_db
@pytest.mark.usefixtures("meaning")
def test_a_new_version_is_found_at_once_by_the_meaning_that_the_index_has() -> None:
    publish()
    encode()
    publish(faq=[{"question": "摆摊要钱吗？", "answer": "要。"}])

    for found in (queries.search("在路边卖东西", on=TODAY), queries.search("摆摊", on=TODAY)):
        assert [(one.slug, one.version) for one in found][:1] == [("stall-permit", 2)]
    hits = [one.slug for one in queries.search_items("在路边卖东西", on=TODAY)]
    assert hits[0] == "stall-permit"
    assert hits.count("stall-permit") == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("meaning")
def test_an_item_only_listed_is_found_at_once_with_its_first_guide() -> None:
    Item.objects.create(
        slug="stall-permit",
        pack="test",
        name="摆摊许可（示例）",
        item_type="licence",
        department="market",
    )
    encode()
    publish()

    assert queries.search("在路边卖东西", on=TODAY)[0].slug == "stall-permit"
    assert queries.search_listed("在路边卖东西") == []


@pytest.mark.django_db
@pytest.mark.usefixtures("meaning")
def test_a_passage_says_at_once_what_the_new_version_says() -> None:
    faq = [
        {"question": "摆摊要钱吗？", "answer": "不要。"},
        {"question": "摆摊要多久？", "answer": "很久。"},
        {"question": "摆到几点？", "answer": "十点。"},
    ]
    publish(faq=faq)
    encode()
    publish(faq=[faq[0] | {"answer": "每天十元。"}, faq[2]])

    found = asked_and_answered("摆摊要钱吗")
    assert found[0] == ("摆摊要钱吗？", "每天十元。")
    assert len(set(found)) == len(found)
    assert ("摆到几点？", "十点。") in asked_and_answered("摆到几点")
    for question in ("摆摊要钱吗", "摆摊要多久"):
        assert not {"不要。", "很久。"} & {text for _, text in asked_and_answered(question)}


@pytest.mark.django_db
@pytest.mark.usefixtures("meaning")
def test_a_version_to_come_is_not_shown_before_its_day() -> None:
    publish(faq=[{"question": "摆摊要钱吗？", "answer": "不要。"}])
    publish(faq=[{"question": "摆摊要钱吗？", "answer": "要。"}], effective_on="2026-03-03")
    for _ in range(2):
        assert [one.version for one in queries.search("摆摊", on=TODAY)][:1] == [1]
        assert asked_and_answered("摆摊要钱吗")[0] == ("摆摊要钱吗？", "不要。")
        encode()


@pytest.mark.django_db
def test_a_later_build_is_taken_over_without_a_restart() -> None:
    publish()
    build()
    first = engine.snapshot()
    publish(slug="kite-permit", name="放风筝许可（示例）", aliases=["放风筝"])
    build()

    assert engine.snapshot() is not first
    assert engine.fresh(engine.snapshot(), TODAY) == ((), ())


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"no index", b"YWSRCH01" + b"\xff" * 40])
def test_a_file_that_is_no_index_does_not_stop_the_search(content: bytes) -> None:
    publish()
    index_path().write_bytes(content)

    assert engine.snapshot() is engine.NOTHING
    assert queries.search("摆摊", on=TODAY)[0].slug == "stall-permit"


@pytest.mark.django_db
def test_a_damaged_index_is_not_believed() -> None:
    publish()
    build()
    whole = bytearray(index_path().read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    whole[len(whole) // 2 + 1] ^= 0xFF
    index_path().write_bytes(whole)

    with pytest.raises(index_file.IndexFileError, match="damaged"):
        index_file.read(index_path())
    assert queries.search("摆摊", on=TODAY)[0].slug == "stall-permit"


@pytest.mark.django_db
def test_an_index_of_another_format_is_not_read() -> None:
    publish()
    build()
    whole = index_path().read_bytes()
    index_path().write_bytes(b"YWSRCH00" + whole[8:])

    assert engine.snapshot() is engine.NOTHING
    assert queries.search("摆摊", on=TODAY)[0].slug == "stall-permit"


@pytest.mark.django_db
def test_a_cut_index_is_not_read() -> None:
    publish()
    build()
    index_path().write_bytes(index_path().read_bytes()[:-64])

    with pytest.raises(index_file.IndexFileError, match="cut short"):
        index_file.read(index_path())


@pytest.mark.django_db
def test_when_much_is_new_the_tables_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "DELTA_MOST", 0)
    publish()

    assert engine.find_items("摆摊", on=TODAY, limit=5) is None
    assert queries.search("摆摊", on=TODAY)[0].slug == "stall-permit"
    assert queries.search_items("摆摊", on=TODAY)[0].slug == "stall-permit"
    assert queries.search_passages("摆摊许可要不要钱", on=TODAY)[0].slug == "stall-permit"


@pytest.mark.django_db
@pytest.mark.parametrize("indexed", [True, False])
def test_an_item_withdrawn_is_not_found(indexed: bool) -> None:
    publish()
    if indexed:
        build()
    services.cancel_item(
        slug="stall-permit", from_on=TODAY, document="示例〔2026〕1号", by=item_checker(), at=AT
    )

    assert queries.search("摆摊", on=TODAY) == []
    assert queries.search_items("摆摊", on=TODAY) == []
    assert queries.search_passages("摆摊许可要不要钱", on=TODAY) == []


@pytest.mark.django_db
@pytest.mark.parametrize("indexed", [True, False])
def test_items_only_listed_are_found_beside_those_with_a_guide(indexed: bool) -> None:
    publish()
    Item.objects.create(
        slug="listed-1", pack="other", name="临时摆摊备案", item_type="licence", department="urban"
    )
    if indexed:
        build()

    hits = queries.search_items("临时摆摊", on=TODAY)

    assert (hits[0].slug, hits[0].has_guide) == ("listed-1", False)
    assert ("stall-permit", True) in [(hit.slug, hit.has_guide) for hit in hits]
    assert [hit.slug for hit in queries.search_listed("临时摆摊")] == ["listed-1"]


@pytest.mark.django_db
def test_a_question_finds_the_article_of_the_newest_text() -> None:
    load(*LAWS)
    build()

    hits = queries.search_articles("卖食品要许可吗")

    assert (hits[0].law, hits[0].date, hits[0].article) == (
        "食品安全法",
        "2021-04-29",
        "第三十五条",
    )
    assert all(hit.date != "2015-04-24" for hit in hits)


@pytest.mark.django_db
def test_without_an_index_articles_are_found_by_their_words() -> None:
    load(*LAWS)

    assert queries.search_articles("机动车登记")[0].law == "道路交通安全法"


@pytest.mark.django_db
def test_the_worker_builds_only_what_is_out_of_date() -> None:
    publish()

    assert services.refresh_search_index(on=TODAY) is not None
    assert services.refresh_search_index(on=TODAY) is None
    load(*LAWS)
    assert services.refresh_search_index(on=TODAY) is not None


@pytest.mark.django_db
def test_no_search_asks_more_than_three_times(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    publish()
    load(*LAWS)
    build()
    publish(slug="kite-permit", name="放风筝许可（示例）", aliases=["放风筝"])
    publish(aliases=["练摊"])
    queries.search("许可", on=TODAY)

    for act in (
        lambda: queries.search("许可", on=TODAY),
        lambda: queries.search_items("许可", on=TODAY),
        lambda: queries.search_passages("许可要多久", on=TODAY),
        lambda: queries.search_articles("许可"),
        lambda: queries.search_listed("许可"),
    ):
        with django_assert_max_num_queries(3):
            act()


@pytest.mark.django_db
@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("indexed", [True, False])
def test_bad_texts_are_answered(text: str, indexed: bool) -> None:
    publish()
    load(*LAWS)
    if indexed:
        build()

    assert len(queries.search(text, on=TODAY)) <= 1
    assert len(queries.search_items(text, on=TODAY)) <= 1
    assert len(queries.search_articles(text)) <= 2
    assert all(0 <= hit.score <= 1 for hit in queries.search_passages(text, on=TODAY))


@given(st.text(max_size=400))
def test_any_text_is_cut_into_terms(text: str) -> None:
    assert all(count >= 1 for count in text_terms(text).values())
    assert "\x00" not in "".join(question_terms(text))


def test_the_rarer_term_counts_more() -> None:
    table = by_frequency(text_terms(text) for text in ("食品 许可", "药品 许可", "药品"))

    scores, most = table.scores({"食品": 1, "许可": 1})

    assert list(best(scores, 3)) == [0, 1]
    assert scores[0] <= most


def test_documents_that_came_later_are_scored_like_those_in_the_table() -> None:
    texts = [f"事项{number}" for number in range(50)] + ["食品经营许可"]
    table = by_frequency(text_terms(text) for text in texts)
    later = by_frequency([text_terms("食品经营许可")], like=table)

    old, _ = table.scores(text_terms("食品许可"))
    new, _ = later.scores(text_terms("食品许可"))

    assert new[0] == pytest.approx(old[50], rel=0.02)


def test_a_weight_is_shared_by_those_who_have_the_term() -> None:
    alone, _ = by_weight([{"a": 8}]).scores({"a": 1})
    shared, _ = by_weight([{"a": 8}, {"a": 8}]).scores({"a": 1})

    assert alone[0] > shared[0] > 0


def test_meaning_decides_where_words_are_even() -> None:
    even = np.array([2.0, 2.0, 1.9], np.float32)

    assert fused(even, np.array([0.80, 0.86, np.nan])).argmax() == 1
    assert fused(even, np.array([np.nan] * 3)).argmin() == 2


def test_a_likelihood_lies_between_nothing_and_one() -> None:
    assert 0 < confidence(coverage=0, cosine=None) < confidence(coverage=1, cosine=None) < 1
    assert 0 < confidence(coverage=0.2, cosine=0.75) < confidence(coverage=0.2, cosine=0.9) < 1


def test_a_vector_is_kept_in_signed_bytes() -> None:
    vector = np.linspace(-0.1, 0.1, vectors.SIZE).astype(np.float32)
    vector /= np.linalg.norm(vector)
    row, scale = vectors.packed(vector)
    table = by_frequency([{"a": 1}, {"b": 1}])
    stored = (np.array([-row, row]), np.array([scale, scale], np.float32))
    part = Collection.of(table, [(1,), (2,)]).with_vectors(stored, [2, 0])

    near = part.cosines(np.array([0, 1]), vector)

    assert near[0] == pytest.approx(1, abs=0.01)
    assert np.isnan(near[1])


def test_vectors_are_kept_from_one_build_to_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "encoder", lambda: _Model())
    kept = vectors.Kept(folder / "vectors.npz")
    _, missing = kept.encode(["甲", "乙", "丙"], at_most=2)
    kept.save()

    monkeypatch.setattr(vectors, "encoder", lambda: None)
    (_, scales), still = vectors.Kept(folder / "vectors.npz").encode(["甲", "乙", "丙"], at_most=9)

    assert (missing, still) == (1, 1)
    assert list(scales > 0) == [True, True, False]


def test_kept_vectors_that_cannot_be_read_count_as_none(folder: Path) -> None:
    (folder / "vectors.npz").write_bytes(b"PK\x03\x04 broken")

    assert vectors.Kept(folder / "vectors.npz").known == {}


def test_a_snippet_shows_where_the_words_stand() -> None:
    text = "甲" * 300 + "食品经营许可" + "乙" * 300

    shown = snippet(text, question_terms("食品许可"))

    assert "食品经营许可" in shown
    assert len(shown) == SNIPPET + 2
    assert snippet("短文", {}) == "短文"


class _Model:
    def passage(self, text: str) -> np.ndarray:
        return np.full(vectors.SIZE, 1 / vectors.SIZE**0.5, np.float32)


def test_what_is_learned_leads_to_the_right_article() -> None:
    chance = np.random.default_rng(3)
    hidden = chance.normal(size=(4, vectors.SIZE)).astype(np.float32)
    hidden /= np.linalg.norm(hidden, axis=1, keepdims=True)

    def example(kind: int) -> Example:
        asked = hidden[kind] + 0.02 * chance.normal(size=vectors.SIZE).astype(np.float32)
        candidates = np.vstack([hidden[3 - kind], hidden[kind]]).astype(np.float32)
        return Example(
            asked=asked.astype(np.float32),
            candidates=candidates,
            words=np.zeros(2, np.float32),
            right=np.array([True, False]),
        )

    examples = [example(kind) for kind in (0, 1) for _ in range(100)]
    found = learned(examples)
    probe = example(0)
    gain = probe.candidates @ (found.of(probe.asked) - probe.asked)

    assert gain[0] > gain[1]
    assert np.array_equal(learned(examples).change, found.change)


def test_nothing_is_learned_from_questions_without_an_answer() -> None:
    with pytest.raises(ValueError, match="no example"):
        learned([])


def test_what_was_learned_is_kept_and_a_broken_file_counts_as_nothing(tmp_path: Path) -> None:
    found = Adaptation(change=np.ones((vectors.SIZE, vectors.SIZE), np.float32))
    learning.save(found, tmp_path / "learned.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04")
    learning.save(Adaptation(change=found.change[:3]), tmp_path / "other.npz")

    kept = learning.adaptation(tmp_path / "learned.npz")
    assert kept is not None
    assert np.array_equal(kept.change, found.change)
    assert learning.adaptation(tmp_path / "broken.npz") is None
    assert learning.adaptation(tmp_path / "other.npz") is None
    assert learning.adaptation(tmp_path / "absent.npz") is None


def test_vectors_shipped_in_few_levels_stay_near(folder: Path) -> None:
    chance = np.random.default_rng(5)
    full = chance.normal(size=(50, vectors.SIZE)).astype(np.float32)
    full /= np.linalg.norm(full, axis=1, keepdims=True)
    known = {number: vectors.packed(row) for number, row in enumerate(full)}
    with (folder / "seed.npz").open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **vectors.in_levels(known))

    read = vectors.Kept(folder / "absent.npz", [folder / "seed.npz"]).known

    near = [
        float(full[number] @ (row.astype(np.float32) * scale))
        for number, (row, scale) in read.items()
    ]
    assert len(near) == 50
    assert min(near) > 0.9


def test_a_long_text_is_cut_at_the_ends_of_sentences() -> None:
    text = "一句话说完了。" * 60

    assert all(piece.endswith("。") for piece in pieces(text))
    assert len(pieces("字" * 5_000)) == 4
    assert pieces("") == []


@pytest.mark.parametrize(
    ("coverage", "cosine", "letters", "shown"),
    [
        (0.0, 0.9, False, True),
        (0.1, 0.86, False, False),
        (0.3, 0.8, False, True),
        (0.05, 0.8, True, True),
        (0.0, 0.8, True, False),
        (0.01, None, False, True),
        (0.0, None, False, False),
    ],
)
def test_what_has_nothing_to_do_with_the_question_is_not_shown(
    coverage: float, cosine: float | None, letters: bool, shown: bool
) -> None:
    assert worth_showing(coverage=coverage, cosine=cosine, in_letters=letters) is shown


@pytest.mark.django_db
def test_the_operator_builds_the_index_and_reads_what_it_lacks() -> None:
    publish()
    runner = CliRunner()

    before = runner.invoke(search, ["status"])
    done = runner.invoke(search, ["build", "--no-vectors"])
    after = runner.invoke(search, ["status"])

    assert before.exit_code == 1
    assert "yiwang search build" in before.output
    assert done.exit_code == 0
    assert "事项 1 项" in done.output
    assert after.exit_code == 0


@pytest.mark.django_db
def test_training_without_an_index_says_what_to_do_first(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        services.train_article_search(questions=[], path=tmp_path / "learned.npz")


@pytest.mark.django_db
def test_the_worker_goes_on_until_every_text_has_a_vector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    monkeypatch.setattr(vectors, "installed", lambda: True)
    monkeypatch.setattr(vectors, "encoder", lambda: _Model())
    monkeypatch.setattr("yiwang.catalogue.services.search_index.ENCODED_AT_ONCE", 3)

    runs = 0
    while services.refresh_search_index(on=TODAY) is not None:
        runs += 1

    assert runs > 1
    assert queries.search_index_state(on=TODAY).not_encoded == 0
