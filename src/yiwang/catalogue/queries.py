"""Questions about items and about the law they stand on.

A version never changes, so each process parses a definition once and keeps it.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from yiwang.catalogue.models import ItemChange, ItemVersionRow
from yiwang.catalogue.models import LawArticle as LawArticleRow
from yiwang.catalogue.policy.items import Audience, Basis, ItemState, ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.catalogue.policy.search_terms import query_terms

KEPT_VERSIONS = 4_000
"""Parsed versions that a process keeps; more than a district has in force."""

BEST_SHARE = 0.3
"""A search result is shown when its score is at least this share of the best one."""

COMMON_ITEMS = 300
"""A term that leads to more items tells little; it counts only when there is no other."""

_Key = tuple[int, str]
_parsed: OrderedDict[_Key, ItemVersion] = OrderedDict()
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


def items(
    *, on: date, audience: Audience | None = None, field: str | None = None
) -> list[ItemVersion]:
    """List the versions in force on `on`, by field and name."""
    rows = _for_audience(_in_force(on), audience)
    if field is not None:
        rows = rows.filter(field=field)
    return _versions(rows.order_by("field", "name", "item_id"))


def unpublished_slugs() -> frozenset[str]:
    """Return the items whose granted decisions are not published; one query.

    An item of which any version, past or coming, says so is kept back whole.
    """
    rows = ItemVersionRow.objects.filter(definition__public=False)
    return frozenset(rows.values_list("item__slug", flat=True))


def search(
    text: str, *, on: date, audience: Audience | None = None, limit: int = 20
) -> list[ItemVersion]:
    """Find items in force on `on` by name, citizens' words, pinyin or initials, best first.

    One query for the order and one for definitions not yet parsed. A typing mistake lowers the
    score and does not hide the item.
    """
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


def law_article(law: str, article: str, version: str = "") -> LawArticle | None:
    """Return the text of `article`, of the newest text of `law` unless `version` names a date.

    `article` may be followed by a paragraph, as in 第三十三条第一款; the article is found by its
    first part. None where the corpus is not loaded or has no such article.
    """
    return law_articles([Basis(law=law, article=article, version=version)])[0]


def law_articles(basis: Sequence[Basis]) -> list[LawArticle | None]:
    """Return the article that each row of `basis` cites, in its order; one query for all."""
    wanted = Q(pk__in=[])
    for one in basis:
        cited = Q(law__name=one.law, article=_number(one.article))
        wanted |= cited & Q(law__version=one.version) if one.version else cited
    texts: dict[tuple[str, str, str], LawArticle] = {}
    rows = LawArticleRow.objects.filter(wanted).select_related("law").order_by("law__version")
    for row in rows:
        found = LawArticle(
            law=row.law.name, article=row.article, text=row.text, date=row.law.version
        )
        texts[row.law.name, row.article, row.law.version] = found
        texts[row.law.name, row.article, ""] = found
    return [texts.get((one.law, _number(one.article), one.version)) for one in basis]


def _number(article: str) -> str:
    """Return the number of the article alone: 第三十五条之一 of 第三十五条之一第二款."""
    number, mark, tail = article.partition("条")
    return number + mark + (tail[:2] if tail.startswith("之") else "")


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
    heads = list(rows.values_list("pk", "digest"))
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
