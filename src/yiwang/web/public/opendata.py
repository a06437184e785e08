"""The catalogue for programs and spreadsheets: what there is, what it means, and the files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import EnumMeta
from functools import cached_property
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yiwang.catalogue import opendata, towns
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.exports import COLUMNS, Names, csv_lines
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import FieldShape, Shape, classes, shapes
from yiwang.catalogue.towns import TownWindow
from yiwang.content import queries as content
from yiwang.kernel.hashing import canonical_json, sha256
from yiwang.organisations import queries as organisations
from yiwang.web.officer.items.words import ROW_WORDS, words_of
from yiwang.web.views import Page

LICENCE = "opendata.licence"
"""Key of the text on what may be done with the data."""

FORM = "1"
"""Version of the form of the files; goes up when a column or a key changes its meaning."""


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One field of the whole data.

    Attributes:
        kind: What sort of value it holds.
        part: Name of the class that its value or its rows have; empty: a plain value.
        values: The values of a closed list with their labels.
        required: Always there; others are left out where they hold their default.
    """

    name: str
    label: object
    kind: Shape
    part: str
    values: str
    required: bool


def dictionary() -> list[tuple[str, object, list[FieldRow]]]:
    """Return every class of an item with its fields, read from the classes themselves."""
    return [
        (owner.__name__, ROW_WORDS.get(owner.__name__, ""), [_field(one) for one in shapes(owner)])
        for owner in classes(ItemVersion)
    ]


def _field(one: FieldShape) -> FieldRow:
    of: Any = one.of
    listed = isinstance(of, EnumMeta)
    return FieldRow(
        name=one.name,
        label=words_of(one).label,
        kind=one.shape,
        part="" if of is None or listed else of.__name__,
        values="，".join(f"{member.value}（{_(member.label)}）" for member in of) if listed else "",
        required=one.default is dataclasses.MISSING,
    )


class OpenData(Page):
    """What data there is, in which files, with which fields and on which terms (开放数据)."""

    template_name = "public/opendata.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        edition = opendata.edition(on=self.today)
        terms = content.text(LICENCE)
        english = get_language() == "en"
        return self.render(
            {
                "on": self.today,
                "count": edition.count,
                "changed_on": _day(edition.changed_at),
                "columns": COLUMNS,
                "dictionary": dictionary(),
                "terms": ((english and terms.text_en) or terms.text) if terms else "",
                "terms_source": terms.source if terms else "",
            }
        )


class Download(Page):
    """One file of the whole catalogue; whoever holds the same edition gets no second copy."""

    content_type = ""
    name = ""

    @cached_property
    def names(self) -> dict[str, str]:
        """Code of a department -> its name."""
        return {unit.code: unit.name for unit in organisations.departments()}

    @property
    def town_words(self) -> dict[str, list[str]]:
        """Slug -> each window of a town with its mode, in words."""
        return {
            slug: [f"{one.centre_name}（{one.mode.label}）" for one in ones]
            for slug, ones in self.windows.items()
        }

    @cached_property
    def windows(self) -> dict[str, list[TownWindow]]:
        """Slug -> the windows of towns that do the item today."""
        return towns.windows_by_item(None, on=self.today)

    @cached_property
    def terms(self) -> str:
        """What may be done with the data."""
        found = content.text(LICENCE)
        return found.text if found else ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the file piece by piece, or say that it has not changed."""
        edition = opendata.edition(on=self.today)
        told = [FORM, self.name, edition.mark, self.names, self.terms, self.town_words]
        etag = quote_etag(sha256(canonical_json(told))[:32])
        response = get_conditional_response(request, etag=etag) or self.whole(edition)
        response["ETag"] = etag
        response["Cache-Control"] = "no-cache"
        return response  # type: ignore[return-value]  # streamed answers have the same headers

    def whole(self, edition: opendata.Edition) -> HttpResponseBase:
        """Return the whole file."""
        response = StreamingHttpResponse(self.pieces(edition), content_type=self.content_type)
        response["Content-Disposition"] = f'attachment; filename="{self.name}"'
        return response

    def pieces(self, edition: opendata.Edition) -> Iterator[bytes]:
        """Yield the file."""
        raise NotImplementedError


class ItemsCsv(Download):
    """The table of items for spreadsheets (事项清单)."""

    content_type = "text/csv; charset=utf-8"
    name = "items.csv"

    def pieces(self, edition: opendata.Edition) -> Iterator[bytes]:
        """Yield the lines; cells that a spreadsheet might run are defused."""
        items = catalogue.items(on=edition.on)
        for line in csv_lines(items, Names(departments=self.names, towns=self.town_words)):
            yield line.encode()


class ItemsJson(Download):
    """Every version in force with all its fields (事项全量数据)."""

    content_type = "application/json"
    name = "items.json"

    def pieces(self, edition: opendata.Edition) -> Iterator[bytes]:
        """Yield the head, then item after item; only a few are in memory."""
        head = {
            "on": edition.on,
            "changed_at": edition.changed_at,
            "count": edition.count,
            "licence": self.terms,
            "departments": self.names,
            "town_windows": {
                slug: [dataclasses.asdict(one) for one in ones]
                for slug, ones in self.windows.items()
            },
        }
        yield orjson.dumps(head)[:-1] + b',"items":['
        for place, one in enumerate(opendata.definitions(on=edition.on)):
            yield (b",\n" if place else b"\n") + orjson.dumps(one)
        yield b"\n]}\n"


def _day(at: datetime | None) -> date | None:
    return localtime(at).date() if at else None
