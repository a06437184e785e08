"""Answers from the index and from what was published since it was made.

Each process maps the file once and looks at each question whether there is another. What the file
does not know yet is indexed in memory; that is quick for a few versions and is given up for many.
Whatever is found is only a candidate: the caller asks the database whether it is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from django.db import connection

from yiwang.catalogue.models import Item, ItemVersionRow
from yiwang.catalogue.policy.search_terms import query_terms
from yiwang.catalogue.policy.text_terms import question_terms
from yiwang.catalogue.searching import index_file, vectors
from yiwang.catalogue.searching.building import (
    ARTICLES,
    HANDLED,
    ITEMS,
    LISTED,
    PASSAGES,
    index_path,
    items_collection,
    parsed,
    passages_collection,
)
from yiwang.catalogue.searching.collections import Collection, Found, find
from yiwang.catalogue.searching.learning import adaptation

DELTA_MOST = 200
"""Versions and listed items indexed in memory; when more are new, the tables are asked instead."""

LOOK_BACK = 1_000
"""Numbers of versions looked at again: rows may be committed in another order than numbered."""

KEPT_QUESTIONS = 500
"""Vectors of questions that a process keeps: a page asks the same one of several collections."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One opened index file."""

    collections: Mapping[str, Collection]
    versions: frozenset[int]
    last_version: int
    last_item: int
    laws: tuple[int, ...]


NOTHING = Snapshot(collections={}, versions=frozenset(), last_version=0, last_item=0, laws=())


@dataclass(frozen=True, kw_only=True)
class _Since:
    """What came after the index was made.

    Attributes:
        first: Key of an item that the index holds as only listed -> key of a version it has now.
    """

    collections: Mapping[str, Collection]
    first: Mapping[tuple[int, ...], tuple[int, ...]]


_Stamp = tuple[int, int, int, str]
_Fresh = tuple[tuple[int, ...], tuple[int, ...]]

_lock = Lock()
_opened: tuple[_Stamp | None, Snapshot] = (None, NOTHING)
_delta: tuple[Snapshot, _Fresh, _Since] | None = None
_asked: dict[str, Any] = {}


def snapshot() -> Snapshot:
    """Return the index as the file has it now; an empty one when there is none to read."""
    global _opened
    path = index_path()
    stamp = _stamp(path)
    if stamp == _opened[0]:
        return _opened[1]
    with _lock:
        if stamp == _opened[0]:
            return _opened[1]
        opened = NOTHING
        if stamp is not None:
            try:
                opened = _open(path)
            except (OSError, index_file.IndexFileError, KeyError, ValueError, TypeError) as error:
                log.error("catalogue.search_index_unreadable", path=str(path), error=str(error))
        _opened = (stamp, opened)
        return opened


def fresh(known: Snapshot, on: date) -> _Fresh:
    """Return versions not over on `on`, and listed items, that the index does not know.

    One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _FRESH,
            {
                "versions": max(0, known.last_version - LOOK_BACK),
                "items": known.last_item,
                "on": on,
            },
        )
        rows = cursor.fetchall()
    versions = tuple(pk for is_version, pk in rows if is_version and pk not in known.versions)
    return versions, tuple(pk for is_version, pk in rows if not is_version)


_FRESH = """
select true, id from catalogue_itemversionrow
 where id > %(versions)s and state <> 'draft'
   and (until is null or until > greatest(effective_on, %(on)s))
union all
select false, id from catalogue_item
 where id > %(items)s and id not in (select item_id from catalogue_itemversionrow)
 order by 1, 2
"""


def find_items(text: str, *, on: date, limit: int) -> list[Found] | None:
    """Find items by name, aliases, sounds and meaning; None: ask the tables instead."""
    return _find(ITEMS, text, query_terms(text), on=on, limit=limit)


def find_passages(text: str, *, on: date, limit: int) -> list[Found] | None:
    """Find passages of guides; None: ask the tables instead."""
    return _find(PASSAGES, text, question_terms(text), on=on, limit=limit)


def find_articles(text: str, *, limit: int) -> list[Found] | None:
    """Find articles of laws; None: there is no index of them."""
    known = snapshot()
    terms = question_terms(text)
    if ARTICLES not in known.collections:
        return None
    if not terms:
        return []
    asked, learned = _vector(text), adaptation()
    if asked is not None and learned is not None:
        asked = learned.of(asked)
    return find([known.collections[ARTICLES]], terms, asked, limit=limit)


def _find(
    name: str, text: str, terms: Mapping[str, float], *, on: date, limit: int
) -> list[Found] | None:
    if not terms:
        return []
    known = snapshot()
    news = fresh(known, on)
    if len(news[0]) + len(news[1]) > DELTA_MOST:
        return None
    parts = [known.collections[name]] if name in known.collections else []
    if not any(news):
        return find(parts, terms, _vector(text), limit=limit)
    since = _since(known, news)
    found = find([*parts, since.collections[name]], terms, _vector(text), limit=limit)
    if name != ITEMS or not since.first:
        return found
    first = since.first
    return [replace(one, key=first[one.key]) if one.key in first else one for one in found]


def _since(known: Snapshot, news: _Fresh) -> _Since:
    """Return what is new, made once for each state of the tables."""
    global _delta
    kept = _delta
    if kept is not None and kept[0] is known and kept[1] == news:
        return kept[2]
    rows = ItemVersionRow.objects.filter(pk__in=news[0])
    versions = parsed(rows) if news[0] else []
    listed = (
        list(Item.objects.filter(pk__in=news[1]).order_by("pk").values_list("pk", "name"))
        if news[1]
        else []
    )
    made = _Since(
        collections={
            ITEMS: items_collection(versions, listed, like=known.collections.get(ITEMS)),
            PASSAGES: passages_collection(versions, like=known.collections.get(PASSAGES)),
        },
        first={(LISTED, item): (HANDLED, pk) for item, pk in rows.values_list("item_id", "pk")}
        if news[0]
        else {},
    )
    _delta = (known, news, made)
    return made


def _vector(text: str) -> Any:
    """Return the vector of a question, kept for the next collection that is asked."""
    if text not in _asked:
        made = vectors.question(text)
        with _lock:
            while len(_asked) >= KEPT_QUESTIONS:
                _asked.pop(next(iter(_asked)), None)
            _asked[text] = made
        return made
    return _asked.get(text)


def _open(path: Path) -> Snapshot:
    file = index_file.read(path)
    versions = frozenset(int(pk) for pk in file.made_from["versions"])
    return Snapshot(
        collections={
            name: Collection.from_arrays(name, file.arrays) for name in (ITEMS, PASSAGES, ARTICLES)
        },
        versions=versions,
        last_version=max(versions, default=0),
        last_item=int(file.made_from["last_item"]),
        laws=tuple(int(one) for one in file.made_from["laws"]),
    )


def _stamp(path: Path) -> _Stamp | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ino, seen.st_size, str(path)
