"""Questions about items and about the law they stand on.

A version never changes, so each process parses a definition once and keeps it.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from yiwang.catalogue.models import Item, ItemChange, ItemVersionRow, Law
from yiwang.catalogue.models import LawArticle as LawArticleRow
from yiwang.catalogue.policy import search_terms
from yiwang.catalogue.policy.citations import COUNTRY, article_number, short_title
from yiwang.catalogue.policy.fusion import CANDIDATES, confidence, worth_showing
from yiwang.catalogue.policy.items import Audience, Basis, ItemState, ItemType, ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.catalogue.policy.passages import Passage, passages
from yiwang.catalogue.policy.search_terms import query_terms
from yiwang.catalogue.policy.snippets import snippet
from yiwang.catalogue.policy.text_terms import question_terms, text_terms
from yiwang.catalogue.searching import engine, vectors
from yiwang.catalogue.searching.building import (
    ARTICLES,
    BETWEEN,
    HANDLED,
    ITEMS,
    LISTED,
    PASSAGES,
    law_mark,
)
from yiwang.catalogue.searching.collections import Found

KEPT_VERSIONS = 4_000
"""Parsed versions that a process keeps; more than a district has in force."""

BEST_SHARE = 0.3
"""A search result is shown when its score is at least this share of the best one."""

FAR_BEHIND = 0.8
"""With the index, a result is shown when its score is at most this much below the best one's."""

PASSAGES_LOOKED_AT = 3
"""Passages looked at for each one wanted, because some belong to items no longer in force."""

ANSWERED = 0.5
"""Score from which a passage may be shown as the answer; see `docs/algorithms/search.md`."""

COMMON_ITEMS = 300
"""A term that leads to more items tells little; it counts only when there is no other."""

_Key = tuple[int, str]
_parsed: OrderedDict[_Key, ItemVersion] = OrderedDict()
_heads: OrderedDict[_Key, ItemHead] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, kw_only=True)
class LawArticle:
    """One article of one dated text of a law (法条).

    Attributes:
        date: Date of the text, ISO; empty where the corpus gives none.
    """

    law: str
    article: str
    text: str
    date: str


@dataclass(frozen=True, kw_only=True)
class LatestDefinition:
    """The newest version of an item as it is stored, for comparison with a pack.

    Attributes:
        withdrawn: Suspended or cancelled.
    """

    name: str
    pack: str
    version: int
    definition: Mapping[str, Any]
    withdrawn: bool


@dataclass(frozen=True, kw_only=True)
class ItemChangeView:
    """One entry in the history of an item, newest first in lists."""

    version: int
    act: str
    at: datetime
    by: str
    lines: tuple[str, ...]
    document: str


@dataclass(frozen=True, kw_only=True)
class ItemHead:
    """What orders and counts need of a version in force, without the whole of it.

    Attributes:
        common: Shown first as long as nobody has asked for more of another (常办).
        licence_type: Key of the licence type issued on grant; empty: none.
    """

    slug: str
    audiences: frozenset[str]
    common: bool
    licence_type: str


@dataclass(frozen=True, kw_only=True)
class ItemHit:
    """One item found, whether handled here or only listed.

    Attributes:
        department: Code of the department.
        has_guide: A version is in force; otherwise only name and department are known.
    """

    slug: str
    name: str
    department: str
    has_guide: bool


@dataclass(frozen=True, kw_only=True)
class ArticleHit:
    """One article of a law found by words.

    Attributes:
        date: Date of the text, ISO; empty where the corpus gives none.
        score: 0 to 1, how likely the article answers what was asked.
        snippet: The part of the text where most of the words stand.
    """

    law: str
    article: str
    date: str
    text: str
    score: float
    snippet: str


@dataclass(frozen=True, kw_only=True)
class SearchIndexState:
    """What the search index has and what it lacks.

    Attributes:
        built: Whether there is an index that can be read.
        items, passages, articles: What it holds.
        encoded, not_encoded: How many of their texts have a vector, and how many have none.
        new: Versions and listed items published since.
        laws_changed: The corpus of laws is another than when it was made.
        meaning: The optional model is installed.
    """

    built: bool
    items: int
    passages: int
    articles: int
    encoded: int
    not_encoded: int
    new: int
    laws_changed: bool
    meaning: bool


@dataclass(frozen=True, kw_only=True)
class PassageHit:
    """One passage of a guide found by words.

    Attributes:
        slug, name: The item the passage belongs to.
        part: Part of the guide, as in `policy.passages.Passage`.
        heading: The question the passage answers, or the title of the part.
        score: 0 to 1, how likely the passage answers what was asked.
    """

    slug: str
    name: str
    part: str
    heading: str
    text: str
    score: float


def item(slug: str, *, on: date) -> ItemVersion:
    """Return the version of item `slug` that is in force on `on`.

    Raises:
        LookupError: no such item, or none in force that day.
    """
    found = _versions(_in_force(on).filter(item__slug=slug))
    if not found:
        raise LookupError(f"no version of item {slug} is in force on {on}")
    return found[0]


def item_version(slug: str, version: int) -> ItemVersion:
    """Return version `version` of item `slug`, in force or not.

    Raises:
        LookupError: no such version.
    """
    found = _versions(ItemVersionRow.objects.filter(item__slug=slug, version=version))
    if not found:
        raise LookupError(f"item {slug} has no version {version}")
    return found[0]


def published_versions(slug: str) -> list[ItemVersion]:
    """Return all published versions of item `slug`, past, in force and coming, oldest first."""
    rows = ItemVersionRow.objects.filter(item__slug=slug).exclude(state="draft")
    return _versions(rows.order_by("version"))


def items(
    *, on: date, audience: Audience | None = None, field: str | None = None
) -> list[ItemVersion]:
    """List the versions in force on `on`, by field and name."""
    rows = _for_audience(_in_force(on), audience)
    if field is not None:
        rows = rows.filter(field=field)
    return _versions(rows.order_by("field", "name", "item_id"))


def items_named(slugs: Sequence[str], *, on: date) -> list[ItemVersion]:
    """Return the versions in force on `on` of the items `slugs`; those without are left out."""
    return _versions(_in_force(on).filter(item__slug__in=slugs)) if slugs else []


def item_heads(*, on: date) -> list[ItemHead]:
    """List what is in force on `on`, by field and name, without reading whole definitions.

    One query, two where a version is new to the process.
    """
    rows = _in_force(on).order_by("field", "name", "item_id")
    keys: list[_Key] = list(rows.values_list("pk", "digest"))
    with _lock:
        known = {key: _heads[key] for key in keys if key in _heads}
    missing = [pk for pk, digest in keys if (pk, digest) not in known]
    if missing:
        fresh = {
            (pk, digest): ItemHead(
                slug=slug,
                audiences=frozenset(audiences),
                common=bool(common),
                licence_type=licence_type or "",
            )
            for pk, digest, slug, audiences, common, licence_type in (
                ItemVersionRow.objects.filter(pk__in=missing).values_list(
                    "pk",
                    "digest",
                    "item__slug",
                    "audiences",
                    "definition__common",
                    "definition__result__licence_type",
                )
            )
        }
        known |= fresh
        with _lock:
            _heads.update(fresh)
            while len(_heads) > KEPT_VERSIONS:
                _heads.popitem(last=False)
    return [known[key] for key in keys]


def item_names(
    *,
    on: date,
    departments: Collection[str] | None,
    limit: int,
    types: Collection[ItemType] | None = None,
    audience: Audience | None = None,
) -> list[tuple[str, str]]:
    """List slug and name of what is in force on `on`, by name; one query.

    Args:
        on: Day asked about.
        departments: Keep the items that these carry out; None: all.
        limit: Longest list.
        types: Keep the items of these types; None: all.
        audience: Keep the items for it; None: for everybody.
    """
    rows = _in_force(on)
    if types is not None:
        rows = rows.filter(item_type__in=sorted(one.value for one in types))
    if audience is not None:
        rows = rows.filter(audiences__contains=[audience.value])
    if departments is not None:
        rows = rows.filter(department__in=sorted(departments))
    return list(rows.order_by("name", "pk").values_list("item__slug", "name")[:limit])


def marks_in_force(*, on: date) -> tuple[tuple[int, str], ...]:
    """Return what tells the versions in force on `on` apart from those of any other day."""
    return tuple(_in_force(on).order_by("pk").values_list("pk", "digest"))


def unpublished_slugs() -> frozenset[str]:
    """Return the items whose granted decisions are not published; one query.

    An item of which any version, past or coming, says so is kept back whole.
    """
    rows = ItemVersionRow.objects.filter(definition__public=False)
    return frozenset(rows.values_list("item__slug", flat=True))


def search(
    text: str, *, on: date, audience: Audience | None = None, limit: int = 20
) -> list[ItemVersion]:
    """Find items in force on `on` by name, citizens' words, pinyin, initials or meaning.

    The best comes first. At most three queries. A typing mistake lowers the score and does not
    hide the item. Nothing for a text without words.
    """
    found = engine.find_items(text, on=on, limit=CANDIDATES)
    if found is None:
        return _search_in_tables(text, on=on, audience=audience, limit=limit)
    kept = _shown(text, found)
    place = {one.key[1]: index for index, one in enumerate(kept) if one.key[0] == HANDLED}
    if not place:
        return []
    rows = _for_audience(_instead_of(place, on), audience)
    held = sorted(
        rows.values_list("item__versions", "pk", "digest"), key=lambda head: place[head[0]]
    )
    heads = list({(pk, digest): None for _, pk, digest in held})
    return [version for _, version in _keyed_as(heads[:limit])]


def _instead_of(indexed: Collection[int], on: date) -> QuerySet[ItemVersionRow]:
    """Return what is in force of the items of which `indexed` are versions (`item__versions`).

    A version published since is found by the one that the index still holds, and has no vector
    until the index is made anew; nothing stands for an item that was withdrawn.
    """
    return _in_force(on).filter(item__versions__in=list(indexed))


def _shown(text: str, found: Sequence[Found]) -> list[Found]:
    """Leave out what has nothing to do with the text, and what is far behind the best."""
    if not found:
        return []
    least = found[0].score - FAR_BEHIND
    letters = text.isascii()
    return [
        one
        for one in found
        if one.score >= least
        and worth_showing(coverage=one.coverage, cosine=one.cosine, in_letters=letters)
    ]


def _search_in_tables(
    text: str, *, on: date, audience: Audience | None, limit: int
) -> list[ItemVersion]:
    """Find items without the index: slower, and by words and sounds only."""
    terms = query_terms(text)
    if not terms:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SEARCH,
            {
                "terms": list(terms),
                "weights": list(terms.values()),
                "on": on,
                "audience": audience.value if audience else None,
                "limit": limit,
                "common": COMMON_ITEMS,
            },
        )
        scored = cursor.fetchall()
    if not scored:
        return []
    best = scored[0][1]
    keys = [key for key, score in scored if score >= best * BEST_SHARE]
    place = {key: index for index, key in enumerate(keys)}
    found = _keyed(ItemVersionRow.objects.filter(pk__in=keys))
    return [version for _, version in sorted(found, key=lambda pair: place[pair[0]])]


_SEARCH = """
with hits as (
    select s.item_version_id, s.weight * q.weight as weight, s.spread
      from unnest(%(terms)s::text[], %(weights)s::float8[]) as q(term, weight)
     cross join lateral (
           select item_version_id, weight, count(*) over () as spread
             from (select item_version_id, weight from catalogue_searchterm
                    where term = q.term limit %(common)s + 1) first_hits
           ) s
), telling as (
    select item_version_id, sum(weight / (1 + ln(spread))) as score
      from hits
     where spread <= %(common)s or not exists (select from hits where spread <= %(common)s)
     group by item_version_id
)
select v.id, t.score
  from telling t
  join catalogue_itemversionrow v on v.id = t.item_version_id
 where v.state <> 'draft' and v.effective_on <= %(on)s
   and (v.until is null or v.until > %(on)s)
   and (%(audience)s::text is null or %(audience)s = any(v.audiences))
 order by t.score desc, length(v.name), v.name collate "C"
 limit %(limit)s
"""


def search_listed(text: str, *, limit: int = 20) -> list[ItemHit]:
    """Find items that are only listed, by their names, best first; at most two queries."""
    found = engine.find_items(text, on=date.max, limit=CANDIDATES)
    if found is None:
        return _listed_in_table(text, limit=limit)
    place = {one.key[1]: at for at, one in enumerate(_shown(text, found)) if one.key[0] == LISTED}
    return [hit for _, hit in sorted(_listed(place).items())][:limit]


def _listed(place: Mapping[int, int]) -> dict[int, ItemHit]:
    """Return place -> item for items that are still only listed."""
    if not place:
        return {}
    rows = Item.objects.filter(pk__in=place, versions__isnull=True)
    return {
        place[pk]: ItemHit(slug=slug, name=name, department=department, has_guide=False)
        for pk, slug, name, department in rows.values_list("pk", "slug", "name", "department")
    }


def _listed_in_table(text: str, *, limit: int) -> list[ItemHit]:
    pairs = [term[1:] for term in query_terms(text) if term[0] == "2"]
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH_LISTED, {"pairs": pairs, "limit": limit})
        rows = cursor.fetchall()
    return [
        ItemHit(slug=slug, name=name, department=department, has_guide=False)
        for slug, name, department in rows
    ]


_SEARCH_LISTED = """
select i.slug, i.name, i.department
  from catalogue_item i
 cross join lateral (
       select count(*) as hits from unnest(%(pairs)s::text[]) as q(pair)
        where strpos(i.name, q.pair) > 0) h
 where h.hits * 2 >= cardinality(%(pairs)s::text[])
   and not exists (select from catalogue_itemversionrow v where v.item_id = i.id)
 order by h.hits desc, length(i.name), i.name collate "C"
 limit %(limit)s
"""


def search_items(
    text: str, *, on: date, audience: Audience | None = None, limit: int = 20
) -> list[ItemHit]:
    """Find items, those with a guide and those only listed, best first; at most three queries.

    Items that are only listed do not say for whom they are: a wish for an audience leaves them out.
    """
    found = engine.find_items(text, on=on, limit=CANDIDATES)
    if found is None:
        handled = _search_in_tables(text, on=on, audience=audience, limit=limit)
        hits = [_hit(one.slug, one.name, one.department) for one in handled]
        if audience is None and len(hits) < limit:
            hits += _listed_in_table(text, limit=limit - len(hits))
        return hits
    kept = _shown(text, found)
    place = {one.key: at for at, one in enumerate(kept)}
    versions = {pk: at for (kind, pk), at in place.items() if kind == HANDLED}
    rows = _for_audience(_instead_of(versions, on), audience)
    ordered = {
        versions[indexed]: _hit(slug, name, department)
        for indexed, slug, name, department in rows.values_list(
            "item__versions", "item__slug", "name", "department"
        )
    }
    if audience is None:
        ordered |= _listed({pk: at for (kind, pk), at in place.items() if kind == LISTED})
    found_once: dict[str, ItemHit] = {}
    for _, hit in sorted(ordered.items()):
        found_once.setdefault(hit.slug, hit)
    return list(found_once.values())[:limit]


def _hit(slug: str, name: str, department: str) -> ItemHit:
    return ItemHit(slug=slug, name=name, department=department, has_guide=True)


def search_articles(text: str, *, limit: int = 10) -> list[ArticleHit]:
    """Find articles of laws by the words and the meaning of a question, best first; one query.

    Of a law with several dated texts only the newest is searched. Without an index the table is
    read through, which takes a second or so for a large corpus.
    """
    found = engine.find_articles(text, limit=limit)
    terms = question_terms(text)
    if found is None:
        return _articles_in_table(text, limit=limit)
    wanted = {one.key[0]: one for one in found}
    rows = LawArticleRow.objects.filter(pk__in=wanted).select_related("law") if wanted else []
    hits = {
        row.pk: ArticleHit(
            law=row.law.name,
            article=row.article,
            date=row.law.version,
            text=row.text,
            score=confidence(coverage=wanted[row.pk].coverage, cosine=wanted[row.pk].cosine),
            snippet=snippet(row.text, terms),
        )
        for row in rows
    }
    return [hits[pk] for pk in wanted if pk in hits]


def _articles_in_table(text: str, *, limit: int) -> list[ArticleHit]:
    pairs = [term[1:] for term in query_terms(text) if term[0] == "2"]
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SEARCH_ARTICLES, {"pairs": pairs, "limit": limit})
        rows = cursor.fetchall()
    terms = question_terms(text)
    return [
        ArticleHit(
            law=law,
            article=article,
            date=version,
            text=words,
            score=confidence(coverage=hits / len(pairs), cosine=None),
            snippet=snippet(words, terms),
        )
        for law, article, version, words, hits in rows
    ]


_SEARCH_ARTICLES = """
select l.name, a.article, l.version, a.text, h.hits
  from catalogue_lawarticle a
  join catalogue_law l on l.id = a.law_id
 cross join lateral (
       select count(*) as hits from unnest(%(pairs)s::text[]) as q(pair)
        where strpos(a.text, q.pair) > 0) h
 where h.hits > 0
 order by h.hits desc, length(a.text), a.id
 limit %(limit)s
"""


def search_passages(text: str, *, on: date, limit: int = 10) -> list[PassageHit]:
    """Find passages of the guides in force on `on` that answer `text`, best first.

    A passage of a version that was replaced stands for the one under the same heading of the
    version in force. At most three queries. A caller that must not answer wrongly shows a
    passage only when its score reaches `ANSWERED`.
    """
    found = engine.find_passages(text, on=on, limit=CANDIDATES)
    if found is None:
        return _passages_of_items(text, on=on, limit=limit)
    near = found[: limit * PASSAGES_LOOKED_AT]
    rows = _instead_of({one.key[0] for one in near}, on)
    known = {
        indexed: (pk, digest, slug, name)
        for indexed, pk, digest, slug, name in rows.values_list(
            "item__versions", "pk", "digest", "item__slug", "name"
        )
    }
    replaced = {(pk, digest) for indexed, (pk, digest, *_) in known.items() if indexed != pk}
    today = {
        (pk, passage.part, passage.heading): passage.text
        for pk, version in _keyed_as(sorted(replaced))
        for passage in passages(version)
    }
    hits: dict[tuple[int, str, str, str], PassageHit] = {}
    for one in near:
        if len(hits) == limit or one.key[0] not in known:
            continue
        pk, _digest, slug, name = known[one.key[0]]
        part, heading, words = one.text.split(BETWEEN, 2)
        if pk != one.key[0]:
            words = today.get((pk, part, heading), "")
        place = (pk, part, heading, words)
        if not words or place in hits:
            continue
        score = confidence(coverage=one.coverage, cosine=one.cosine)
        hits[place] = PassageHit(
            slug=slug, name=name, part=part, heading=heading, text=words, score=score
        )
    return list(hits.values())


def _passages_of_items(text: str, *, on: date, limit: int) -> list[PassageHit]:
    """Find passages without the index: those of the items found, by the words of the question."""
    asked = question_terms(text)
    hits = []
    for version in _search_in_tables(text, on=on, audience=None, limit=10) if asked else []:
        for passage in passages(version):
            words = text_terms(f"{version.name} {passage.heading} {passage.text}")
            coverage = sum(term in words for term in asked) / len(asked)
            score = confidence(coverage=coverage, cosine=None)
            hits.append(_passage_hit(version, passage, score))
    return sorted(hits, key=lambda hit: -hit.score)[:limit]


def _passage_hit(version: ItemVersion, passage: Passage, score: float) -> PassageHit:
    return PassageHit(
        slug=version.slug,
        name=version.name,
        part=passage.part,
        heading=passage.heading,
        text=passage.text,
        score=score,
    )


def article_numbers(wanted: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    """Return (law, date, article) -> number of the article in the index; one query."""
    rows = LawArticleRow.objects.filter(law__name__in={law for law, _, _ in wanted})
    known = rows.values_list("law__name", "law__version", "article", "pk")
    return {
        (law, day, article): pk for law, day, article, pk in known if (law, day, article) in wanted
    }


def warm_up() -> None:
    """Load what a search needs, so that the first is as quick as the next; asks no table."""
    search_terms.warm_up()
    engine.snapshot()
    vectors.question("食品经营许可")


def search_index_state(*, on: date) -> SearchIndexState:
    """Return what the search index has and what it lacks; three queries."""
    known = engine.snapshot()
    parts = known.collections
    counts = {name: len(part.keys) for name, part in parts.items()}
    versions, listed = engine.fresh(known, on)
    return SearchIndexState(
        built=known is not engine.NOTHING,
        items=counts.get(ITEMS, 0),
        passages=counts.get(PASSAGES, 0),
        articles=counts.get(ARTICLES, 0),
        encoded=sum(int((part.vectors[1] > 0).sum()) for part in parts.values()),
        not_encoded=sum(int((part.vectors[1] == 0).sum()) for part in parts.values()),
        new=len(versions) + len(listed),
        laws_changed=tuple(law_mark()) != (known.laws or (0, 0, 0)),
        meaning=vectors.installed(),
    )


def laws_known(titles: Collection[str]) -> frozenset[str]:
    """Return those short titles that are laws of the corpus; one query."""
    wanted = [name for title in titles for name in (title, COUNTRY + title)]
    if not wanted:
        return frozenset()
    found = Law.objects.filter(name__in=wanted).values_list("name", flat=True)
    return frozenset(short_title(name) for name in found)


def law_article(law: str, article: str, version: str = "") -> LawArticle | None:
    """Return the text of `article`, of the newest text of `law` unless `version` names a date.

    `article` may be followed by a paragraph, as in 第三十三条第一款; the article is found by its
    first part. None where the corpus is not loaded or has no such article.
    """
    return law_articles([Basis(law=law, article=article, version=version)])[0]


def law_articles(basis: Sequence[Basis]) -> list[LawArticle | None]:
    """Return the article that each row of `basis` cites, in its order; one query for all."""
    texts: dict[tuple[str, str, str], LawArticle] = {}
    rows = (
        LawArticleRow.objects.filter(
            law__name__in={one.law for one in basis},
            article__in={article_number(one.article) for one in basis},
        )
        .order_by("law__version")
        .values_list("law__name", "article", "text", "law__version")
    )
    for law, article, text, day in rows:
        found = LawArticle(law=law, article=article, text=text, date=day)
        texts[law, article, day] = found
        texts[law, article, ""] = found
    return [texts.get((one.law, article_number(one.article), one.version)) for one in basis]


def item_changes(slug: str, *, limit: int = 100) -> list[ItemChangeView]:
    """List what was done to item `slug`, newest first."""
    rows = ItemChange.objects.filter(item__slug=slug).order_by("-pk")[: min(limit, 100)]
    return [
        ItemChangeView(
            version=row.version,
            act=row.act,
            at=row.at,
            by=row.by,
            lines=tuple(row.lines),
            document=row.document,
        )
        for row in rows
    ]


def latest_definitions() -> dict[str, LatestDefinition]:
    """Return slug -> the newest version of each item, whatever its state."""
    rows = (
        ItemVersionRow.objects.order_by("item_id", "-version")
        .distinct("item_id")
        .select_related("item")
    )
    return {
        row.item.slug: LatestDefinition(
            name=row.name,
            pack=row.item.pack,
            version=row.version,
            definition=row.definition,
            withdrawn=row.state in {ItemState.SUSPENDED, ItemState.CANCELLED},
        )
        for row in rows
    }


def _in_force(on: date) -> QuerySet[ItemVersionRow]:
    return ItemVersionRow.objects.exclude(state="draft").filter(
        Q(until__isnull=True) | Q(until__gt=on), effective_on__lte=on
    )


def _for_audience(
    rows: QuerySet[ItemVersionRow], audience: Audience | None
) -> QuerySet[ItemVersionRow]:
    return rows if audience is None else rows.filter(audiences__contains=[audience.value])


def _versions(rows: QuerySet[ItemVersionRow]) -> list[ItemVersion]:
    return [version for _, version in _keyed(rows)]


def _keyed(rows: QuerySet[ItemVersionRow]) -> list[tuple[int, ItemVersion]]:
    return _keyed_as(list(rows.values_list("pk", "digest")))


def _keyed_as(heads: Sequence[_Key]) -> list[tuple[int, ItemVersion]]:
    """Return the versions of `heads` in their order; one query when some are not yet parsed."""
    with _lock:
        known = {key: _parsed[key] for key in heads if key in _parsed}
    fresh = _parse([key for key in heads if key not in known])
    with _lock:
        _parsed.update(fresh)
        while len(_parsed) > KEPT_VERSIONS:
            _parsed.popitem(last=False)
    known |= fresh
    return [(key[0], known[key]) for key in heads]


def _parse(keys: Sequence[_Key]) -> dict[_Key, ItemVersion]:
    if not keys:
        return {}
    rows = ItemVersionRow.objects.filter(pk__in=[pk for pk, _ in keys])
    return {
        (row.pk, row.digest): dataclasses.replace(
            parse_item(row.definition, version=row.version), effective_on=row.effective_on
        )
        for row in rows
    }
