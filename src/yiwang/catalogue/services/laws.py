"""Loading the corpus of laws."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection, transaction

from yiwang.audit import services as audit

ARTICLES_A_BATCH = 5_000
"""Rows of the corpus copied at a time; progress is told after each batch."""


@dataclass(frozen=True, kw_only=True)
class Article:
    """One row of the corpus of laws as it comes in."""

    law: str
    version: str
    category: str
    chapter: str
    article: str
    text: str


@dataclass(frozen=True, kw_only=True)
class LawsLoaded:
    """What loading the corpus did."""

    laws: int
    articles: int
    added: int
    changed: int

    def __str__(self) -> str:
        return (
            f"法规 {self.laws} 部、条文 {self.articles} 条"
            f"（新增 {self.added} 条，更正 {self.changed} 条）"
        )


@transaction.atomic
def load_laws(
    *,
    articles: Iterable[Article],
    by: str,
    at: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> LawsLoaded:
    """Load a corpus of article texts; loading the same again changes nothing.

    Texts of other dates are kept: a law is known by name and date. An article whose text differs
    from the stored one of the same law, date and number is replaced.

    Args:
        articles: The corpus, in any order; of two rows with the same law, date and number the
            first counts.
        by: Who loads, for the trail.
        at: Moment of loading.
        progress: Called with the number of rows read so far.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LAWS_STAGE)
        rows = iter(articles)
        read = 0
        columns = "law, version, category, chapter, article, text"
        with cursor.copy(f"copy catalogue_laws_stage ({columns}) from stdin") as copy:
            while batch := list(islice(rows, ARTICLES_A_BATCH)):
                for row in batch:
                    copy.write_row(
                        (row.law, row.version, row.category, row.chapter, row.article, row.text)
                    )
                read += len(batch)
                progress(read)
        cursor.execute(_LAWS_MERGE_LAWS)
        cursor.execute(_LAWS_MERGE_ARTICLES)
        added, changed = cursor.fetchone()
        cursor.execute("select count(distinct (law, version)), count(*) from catalogue_laws_stage")
        laws, _ = cursor.fetchone()
        cursor.execute("drop table catalogue_laws_stage")
    loaded = LawsLoaded(laws=laws, articles=read, added=added, changed=changed)
    audit.record(
        at=at,
        actor=by,
        act="catalogue.load_laws",
        target="laws:corpus",
        detail=dataclasses.asdict(loaded),
    )
    return loaded


_LAWS_STAGE = """
create temporary table catalogue_laws_stage (
    n bigint generated always as identity,
    law text, version text, category text, chapter text, article text, text text
) on commit drop
"""

_LAWS_MERGE_LAWS = """
insert into catalogue_law (name, version, category)
select distinct on (law, version) law, version, category
  from catalogue_laws_stage order by law, version, n
on conflict (name, version) do nothing
"""

_LAWS_MERGE_ARTICLES = """
with merged as (
    insert into catalogue_lawarticle as stored (law_id, article, chapter, text)
    select distinct on (l.id, s.article) l.id, s.article, s.chapter, s.text
      from catalogue_laws_stage s
      join catalogue_law l on l.name = s.law and l.version = s.version
     order by l.id, s.article, s.n
    on conflict (law_id, article) do update
       set chapter = excluded.chapter, text = excluded.text
     where (stored.chapter, stored.text) <> (excluded.chapter, excluded.text)
    returning (xmax = 0) as is_new
)
select count(*) filter (where is_new), count(*) filter (where not is_new) from merged
"""
