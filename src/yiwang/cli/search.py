"""`yiwang search`: the index behind the search box."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from time import perf_counter

import click

from yiwang.cli.output import day_of, now


@click.group()
def search() -> None:
    """Build the search index, and say what it lacks."""


@search.command()
@click.option("--vectors/--no-vectors", default=True, help="以文义检索（须装 meaning 组件）。")
def build(vectors: bool) -> None:
    """Build the index of items, passages of guides and articles of laws.

    It is a cache of the database: serving processes take the new file over by themselves, and the
    worker builds it anew every five minutes when something was published. With the optional model
    each text is encoded once; texts of laws take about an hour of one core for 75,000 articles and
    are kept for the next build. A build that is stopped goes on where it was.

    Exit status 0: built.
    """
    from rich.console import Console

    from yiwang.catalogue import services

    words = {
        "versions": "读取事项",
        "items": "事项",
        "passages": "指南段落",
        "articles": "法条",
        "vectors": "计算文义",
    }
    begun = perf_counter()
    with Console(stderr=True).status("建立检索索引…") as status:

        def progress(what: str, done: int, of: int) -> None:
            whole = f" / {of}" if of else ""
            status.update(f"建立检索索引…{words[what]} {done}{whole}")

        built = services.build_search_index(
            on=day_of(now()), encode=sys.maxsize if vectors else 0, progress=progress
        )
    click.echo(f"已建立：{built}，用时 {perf_counter() - begun:.1f} 秒")
    if built.missing:
        click.echo(
            f"还有 {built.missing} 段没有文义向量，按文字检索；"
            "装上 meaning 组件后再运行一次，就按文字和文义检索。"
        )


@search.command()
def status() -> None:
    """Say what the index holds and what it lacks.

    Exit status 0: up to date. 1: it is missing, or something is not in it yet.
    """
    from yiwang.catalogue import queries

    state = queries.search_index_state(on=day_of(now()))
    if not state.built:
        click.echo("没有可用的索引，检索改查数据库。请运行 yiwang search build。")
    else:
        click.echo(
            f"事项 {state.items} 项、指南段落 {state.passages} 段、法条 {state.articles} 条，"
            f"{state.encoded} 段文字有文义向量，{state.not_encoded} 段没有。"
        )
    if state.new:
        click.echo(f"新发布 {state.new} 项，尚未编入索引（已经能检索到）。")
    if state.laws_changed:
        click.echo("法条有变化，尚未编入索引。请运行 yiwang search build。")
    if not state.meaning:
        click.echo("没有装 meaning 组件，只按文字检索。")
    if not state.built or state.new or state.laws_changed:
        raise SystemExit(1)


@search.command()
@click.argument("laws", type=click.Path(exists=True, path_type=Path))
@click.argument("queries", type=click.Path(exists=True, path_type=Path))
@click.argument("qrels", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=None, help="写到哪个文件。")
def train(laws: Path, queries: Path, qrels: Path, out: Path | None) -> None:
    """Learn from questions with known articles how citizens ask for articles.

    LAWS is the corpus with a column art_id, QUERIES has the columns query_id and query, QRELS
    query_id and art_id. The corpus must be loaded and the index built with vectors.

    Exit status 0: learned. 1: there is no index, or nothing to learn from.
    """
    from yiwang.catalogue import services
    from yiwang.catalogue.laws_reader import read_article_keys
    from yiwang.catalogue.searching.learning import LEARNED

    keys = read_article_keys(laws)
    right: dict[str, list[tuple[str, str, str]]] = {}
    with qrels.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            right.setdefault(row["query_id"], []).append(keys[row["art_id"]])
    with queries.open(encoding="utf-8") as file:
        questions = [
            services.ArticleQuestion(
                question=row["query"], articles=tuple(right.get(row["query_id"], ()))
            )
            for row in csv.DictReader(file)
        ]
    try:
        count = services.train_article_search(questions=questions, path=out or LEARNED)
    except (LookupError, ValueError) as error:
        click.echo(
            "没有可以学习的内容：请先装入法条（yiwang laws load），"
            "装上 meaning 组件，再运行 yiwang search build。",
            err=True,
        )
        raise SystemExit(1) from error
    click.echo(f"已从 {count} 个问题学习，写入 {out or LEARNED}")
