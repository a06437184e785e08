"""We know that article texts are loaded once, kept by date, and found by citation."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories.catalogue import an_item, pack_items, publish
from yiwang.audit import queries as audit
from yiwang.catalogue import basis, laws_reader, queries, services
from yiwang.catalogue.models import Law, LawArticle
from yiwang.catalogue.policy.items import Basis
from yiwang.catalogue.services import Article, laws

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)

CITED = re.compile(
    r"([^；、\s]+)\s((?:第[〇零一二三四五六七八九十百]+条(?:之[一二三四五六七八九十])?\S*?、?)+)"
)


def article(**changes: str) -> Article:
    fields = {
        "law": "食品安全法",
        "version": "2021-04-29",
        "category": "行政法",
        "chapter": "第四章",
        "article": "第三十五条",
        "text": "国家对食品生产经营实行许可制度。",
    }
    return Article(**(fields | changes))


def load(*articles: Article) -> services.LawsLoaded:
    return services.load_laws(articles=articles, by="job:test", at=AT)


@pytest.mark.django_db
def test_an_article_is_found_by_law_and_number() -> None:
    load(article())

    found = queries.law_article("食品安全法", "第三十五条")

    assert found == queries.LawArticle(
        law="食品安全法",
        article="第三十五条",
        text="国家对食品生产经营实行许可制度。",
        date="2021-04-29",
    )


@pytest.mark.django_db
def test_a_citation_of_a_paragraph_leads_to_its_article() -> None:
    load(article(), article(article="第三十五条之一", text="之一。"))

    whole = queries.law_article("食品安全法", "第三十五条第一款第二项")
    inserted = queries.law_article("食品安全法", "第三十五条之一第二款")

    assert whole is not None
    assert whole.article == "第三十五条"
    assert inserted is not None
    assert inserted.text == "之一。"


@pytest.mark.django_db
def test_all_citations_of_an_item_are_looked_up_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    load(article(), article(version="2028-01-01", text="新文本。"), article(article="第三十六条"))
    basis = [
        Basis(law="食品安全法", article="第三十六条", version="2021-04-29"),
        Basis(law="没有的法", article="第一条"),
        Basis(law="食品安全法", article="第三十五条第一款", version="2021-04-29"),
        Basis(law="食品安全法", article="第三十五条"),
        Basis(law="食品安全法", article="", note="整份文件"),
    ]

    with django_assert_num_queries(1):
        found = queries.law_articles(basis)

    assert [one and (one.article, one.date) for one in found] == [
        ("第三十六条", "2021-04-29"),
        None,
        ("第三十五条", "2021-04-29"),
        ("第三十五条", "2028-01-01"),
        None,
    ]
    assert queries.law_articles([]) == []


@pytest.mark.django_db
def test_texts_of_other_dates_are_kept_and_the_newest_is_the_default() -> None:
    load(article())
    load(article(version="2028-01-01", text="新文本。"))

    newest = queries.law_article("食品安全法", "第三十五条")
    older = queries.law_article("食品安全法", "第三十五条", "2021-04-29")

    assert newest is not None
    assert older is not None
    assert (newest.text, newest.date) == ("新文本。", "2028-01-01")
    assert older.text == "国家对食品生产经营实行许可制度。"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("law", "number", "version"),
    [
        ("食品安全法", "第三十六条", ""),
        ("食品安全法", "第三十五条", "1999-01-01"),
        ("没有的法", "第三十五条", ""),
        ("食品安全法", "", ""),
        ("食品安全法", "35", ""),
    ],
)
def test_a_citation_that_leads_nowhere_has_no_article(law: str, number: str, version: str) -> None:
    load(article())

    assert queries.law_article(law, number, version) is None


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_a_corrected_text_replaces_the_old() -> None:
    first = load(article(), article(article="第三十六条"))
    again = load(article(), article(article="第三十六条"))
    mended = load(article(text="更正后的文本。"))

    assert (first.laws, first.articles, first.added, first.changed) == (1, 2, 2, 0)
    assert (again.added, again.changed) == (0, 0)
    assert str(mended) == "法规 1 部、条文 1 条（新增 0 条，更正 1 条）"
    assert (mended.added, mended.changed) == (0, 1)
    assert Law.objects.count() == 1
    assert LawArticle.objects.count() == 2


@pytest.mark.django_db
def test_of_two_rows_with_one_number_the_first_counts() -> None:
    load(article(), article(text="同一条的另一行。", category="经济法"))

    found = queries.law_article("食品安全法", "第三十五条")

    assert found is not None
    assert found.text == "国家对食品生产经营实行许可制度。"


@pytest.mark.django_db
def test_progress_is_told_and_the_act_is_on_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "ARTICLES_A_BATCH", 2)
    told: list[int] = []

    services.load_laws(
        articles=[article(article=f"第{n}条") for n in "一二三四五"],
        by="job:test",
        at=AT,
        progress=told.append,
    )

    assert told == [2, 4, 5]
    assert [row.act for row in audit.trail(target="laws:corpus")] == ["catalogue.load_laws"]


def write(path: Path, columns: tuple[str, ...] = laws_reader.COLUMNS, **changes: str) -> Path:
    values = {
        "law": "食品安全法",
        "date": "2021-04-29",
        "category": "行政法",
        "chapter": "第四章",
        "article": "第三十五条",
        "text": "国家对食品生产经营实行许可制度。",
    } | changes
    table = pyarrow.table({name: [values[name]] for name in columns})
    pyarrow.parquet.write_table(table, path)
    return path


def test_the_corpus_is_read_from_the_file_or_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "articles.parquet")

    assert list(laws_reader.read_articles(tmp_path)) == [article()]
    assert list(laws_reader.read_articles(tmp_path / "articles.parquet")) == [article()]


def test_the_parts_of_the_civil_code_are_one_law(tmp_path: Path) -> None:
    write(tmp_path / "articles.parquet", law="总则编", category="民法典", chapter="第二章", date="")

    (read,) = laws_reader.read_articles(tmp_path)

    assert (read.law, read.chapter) == ("民法典", "总则编 第二章")


def test_a_corpus_that_cannot_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 not really")
    short = write(tmp_path / "short.parquet", ("law", "article"))

    with pytest.raises(laws_reader.CorpusRefusedError, match="不存在；请给出 articles.parquet"):
        laws_reader.read_articles(tmp_path)
    with pytest.raises(laws_reader.CorpusRefusedError, match="可能没有下载完整"):
        laws_reader.read_articles(damaged)
    with pytest.raises(laws_reader.CorpusRefusedError, match="缺少列 date"):
        laws_reader.read_articles(short)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(laws_reader.CorpusRefusedError, match="uv sync --extra laws"):
        laws_reader.read_articles(tmp_path)


@pytest.mark.corpus
@pytest.mark.django_db
def test_every_citation_of_the_pack_leads_to_an_article() -> None:
    services.load_laws(
        articles=laws_reader.read_articles(Path(os.environ["YIWANG_LAWS"])),
        by="job:test",
        at=AT,
    )
    cited = {
        (basis.law, basis.article, basis.version)
        for version in pack_items()
        for basis in version.basis
    }
    spoken = {
        (law, number, "")
        for version in pack_items()
        for text in (
            version.supervision.basis,
            *(material.basis for material in version.materials),
        )
        for law, numbers in CITED.findall(text)
        for number in numbers.split("、")
        if number.startswith("第") and "条" in number
    }

    lost = [one for one in sorted(cited | spoken) if queries.law_article(*one) is None]

    assert lost == []
    assert len(cited) > 40
    assert len(spoken) > 40


NEWER = article(version="2027-01-01", text="实行许可制度，另有规定的除外。")
CITES = [{"law": "食品安全法", "article": "第三十五条第一款", "version": "2021-04-29"}]


@pytest.mark.django_db
def test_an_item_that_cites_an_older_text_is_listed_when_a_newer_one_is_loaded() -> None:
    load(article())
    publish(basis=CITES)
    assert basis.outdated(on=AT.date()) == []

    load(NEWER)

    (row,) = basis.outdated(on=AT.date())
    assert (row.slug, row.cited, row.newest) == ("stall-permit", "2021-04-29", "2027-01-01")
    assert row.changed
    assert row.text == "实行许可制度，另有规定的除外。"
    assert basis.outdated(on=AT.date(), departments=["health"]) == []


@pytest.mark.django_db
def test_an_article_that_reads_the_same_in_the_newer_text_says_so() -> None:
    load(article(), article(version="2027-01-01"))
    publish(basis=CITES)

    assert [row.changed for row in basis.outdated(on=AT.date())] == [False]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"law": "食品安全管理法"}, "法规库里没有《食品安全管理法》"),
        ({"version": "1999-01-01"}, "没有《食品安全法》1999-01-01的文本"),
        ({"article": "第九百条"}, "2021-04-29的文本里没有第九百条"),
    ],
)
def test_a_basis_that_does_not_exist_is_named(changes: dict[str, str], words: str) -> None:
    load(article())

    found = basis.unresolved([an_item(basis=[CITES[0] | changes])])

    (problem,) = found["stall-permit"]
    assert words in problem.message
    assert problem.remedy


@pytest.mark.django_db
def test_a_basis_that_exists_or_is_a_whole_document_passes(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    load(article())
    whole = {"law": "本市文件", "article": "", "note": "沪府发〔2020〕1号"}

    with django_assert_num_queries(3):
        assert basis.unresolved([an_item(basis=[*CITES, whole])]) == {}


@pytest.mark.django_db
def test_without_a_corpus_nothing_is_known_and_nothing_refused() -> None:
    assert basis.unresolved([an_item()]) == {}
