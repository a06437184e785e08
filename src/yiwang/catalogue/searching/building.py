"""What is indexed of the tables, and how the file is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Q
from numpy.typing import NDArray

from yiwang.catalogue.models import Item, ItemVersionRow, LawArticle
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.catalogue.policy.passages import Passage, passages
from yiwang.catalogue.policy.postings import by_frequency, by_weight
from yiwang.catalogue.policy.search_terms import index_terms, name_terms
from yiwang.catalogue.policy.text_terms import pieces, text_terms
from yiwang.catalogue.searching import index_file
from yiwang.catalogue.searching.collections import Collection
from yiwang.catalogue.searching.vectors import Kept

ITEMS, PASSAGES, ARTICLES = "items", "passages", "articles"

HANDLED, LISTED = 1, 2
"""First number of the key of an item: its second is the version's, or the item's own."""

DATA = Path(__file__).resolve().parents[1] / "data"

BETWEEN = "\x1f"
"""Between part, heading and text of a passage as the index keeps it."""

_CHAPTER = re.compile(r"第[一二三四五六七八九十百零]+[编章节分]+\s*")

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What building did.

    Attributes:
        missing: Texts that have no vector yet.
    """

    items: int
    passages: int
    articles: int
    missing: int
    size: int


def index_path() -> Path:
    """Return where the index lies."""
    return Path(settings.SEARCH_DIR) / "index.bin"


def vectors_path() -> Path:
    """Return where vectors of texts are kept from one build to the next."""
    return Path(settings.SEARCH_DIR) / "vectors.npz"


def versions_to_find(on: date) -> Any:
    """Return the versions that are in force on `on` or will be."""
    return ItemVersionRow.objects.exclude(state="draft").filter(
        Q(until__isnull=True) | Q(until__gt=on)
    )


def listed_to_find() -> Any:
    """Return the items that have no version."""
    return Item.objects.filter(versions__isnull=True)


def law_mark() -> list[int]:
    """Return numbers that change when the corpus of laws does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(max(id), 0), coalesce(sum(hashtext(text)::bigint), 0)"
            "  from catalogue_lawarticle"
        )
        return [int(number) for number in cursor.fetchone()]


def items_collection(
    versions: Sequence[tuple[int, ItemVersion]],
    listed: Sequence[tuple[int, str]],
    *,
    like: Collection | None = None,
) -> Collection:
    """Return the collection of items: those with a version, then those only listed."""
    terms = [index_terms(version) for _, version in versions]
    terms += [name_terms(name) for _, name in listed]
    keys: list[tuple[int, ...]] = [(HANDLED, pk) for pk, _ in versions]
    keys += [(LISTED, pk) for pk, _ in listed]
    return Collection.of(by_weight(terms, like=like.postings if like else None), keys)


def passages_collection(
    versions: Sequence[tuple[int, ItemVersion]], *, like: Collection | None = None
) -> Collection:
    """Return the collection of passages of guides."""
    keys: list[tuple[int, ...]] = []
    shown: list[str] = []

    def documents() -> Iterator[dict[str, float]]:
        for pk, version in versions:
            for number, passage in enumerate(passages(version)):
                keys.append((pk, number))
                shown.append(BETWEEN.join((passage.part, passage.heading, passage.text)))
                yield text_terms(passage_text(version, passage))

    postings = by_frequency(documents(), like=like.postings if like else None)
    return Collection.of(postings, keys, shown)


def item_texts(version: ItemVersion) -> list[str]:
    """Return what an item's meaning is taken from: each name people have for it, one by one."""
    english = [version.english.name] if version.english else []
    return [version.name, *version.aliases, version.summary, *english]


def passage_text(version: ItemVersion, passage: Passage) -> str:
    """Return a passage with the item it belongs to and the question it answers."""
    return f"{version.name} {passage.heading} {passage.text}"


def article_text(law: str, chapter: str, text: str) -> str:
    """Return an article with the law it stands in, or with the part of a code (合同编)."""
    part, _, _ = chapter.partition(" ")
    named = part if part.endswith("编") and not part.startswith("第") else law
    return f"{named} {text}"


def build(*, on: date, encode: int, progress: Progress = lambda what, done, of: None) -> Built:
    """Make the index of what is in force on `on` or will be, and put it in its place.

    Args:
        on: The day of the build.
        encode: How many texts may be given vectors anew; where the model is not installed, none.
        progress: Told how far it is.
    """
    mark = made_from(on)
    versions = parsed(versions_to_find(on), progress)
    listed = list(listed_to_find().order_by("pk").values_list("pk", "name"))
    items = items_collection(versions, listed)
    progress("items", len(items.keys), len(items.keys))
    guide = passages_collection(versions)
    progress("passages", len(guide.keys), len(guide.keys))
    laws, law_texts = _articles(progress)
    texts = [item_texts(version) for _, version in versions] + [[name] for _, name in listed]
    texts += [pieces(passage_text(v, passage)) for _, v in versions for passage in passages(v)]
    texts += [[text] for text in law_texts]
    kept = Kept(vectors_path(), sorted(DATA.glob("*-vectors.npz")))
    (rows, scales), missing = kept.encode(
        [text for one in texts for text in one],
        at_most=encode,
        progress=lambda done, of: progress("vectors", done, of),
    )
    kept.save()
    counts = [len(one) for one in texts]
    arrays: dict[str, NDArray[Any]] = {}
    at = row = 0
    for name, part in ((ITEMS, items), (PASSAGES, guide), (ARTICLES, laws)):
        own = counts[at : at + len(part.keys)]
        end = row + sum(own)
        arrays |= part.with_vectors((rows[row:end], scales[row:end]), own).arrays(name)
        at, row = at + len(own), end
    size = index_file.write(index_path(), made_from=mark, arrays=arrays)
    return Built(
        items=len(items.keys),
        passages=len(guide.keys),
        articles=len(laws.keys),
        missing=missing,
        size=size,
    )


def made_from(on: date) -> dict[str, Any]:
    """Return the state of the tables: which versions and listed items there are, and what laws."""
    last = Item.objects.aggregate(last=Max("pk"))["last"] or 0
    return {
        "versions": sorted(versions_to_find(on).values_list("pk", flat=True)),
        "last_item": last,
        "laws": law_mark(),
    }


def parsed(
    rows: Any, progress: Progress = lambda what, done, of: None
) -> list[tuple[int, ItemVersion]]:
    """Return the versions of `rows` with their numbers, in the order of the numbers."""
    count = rows.count()
    found = []
    for row in rows.order_by("pk").iterator(chunk_size=200):
        found.append((row.pk, parse_item(row.definition, version=row.version)))
        progress("versions", len(found), count)
    return found


def _articles(progress: Progress) -> tuple[Collection, list[str]]:
    """Return the articles of the newest text of each law, and what their meaning is taken from."""
    newest: dict[str, str] = {}
    rows = LawArticle.objects.select_related("law")
    for name, version in LawArticle.objects.values_list("law__name", "law__version").distinct():
        newest[name] = max(newest.get(name, ""), version)
    keys: list[tuple[int, ...]] = []
    texts: list[str] = []

    def documents(articles: Iterable[LawArticle]) -> Iterator[dict[str, float]]:
        for row in articles:
            if row.law.version != newest[row.law.name]:
                continue
            keys.append((row.pk,))
            texts.append(article_text(row.law.name, row.chapter, row.text))
            chapter = _CHAPTER.sub("", row.chapter)
            yield text_terms(f"{row.law.name} {row.article} {chapter} {row.text}")
            if len(keys) % 5_000 == 0:
                progress("articles", len(keys), 0)

    postings = by_frequency(documents(rows.order_by("pk").iterator(chunk_size=2_000)))
    progress("articles", len(keys), len(keys))
    return Collection.of(postings, keys), texts
