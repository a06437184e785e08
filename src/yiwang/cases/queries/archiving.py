"""Everything a case left behind, for its archive package: rows of every table that names it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from yiwang.cases.models import Case, Draft, DraftUpload
from yiwang.cases.models.measures import CaseMeasure
from yiwang.cases.policy.states import FINISHED

WORKING_COPIES = (Draft, DraftUpload, CaseMeasure)
"""What was filled in on the way, and what is counted; what was handed in stands in the case."""


@dataclass(frozen=True, kw_only=True)
class FinishedCase:
    """A case that is to be archived."""

    id: int
    number: str
    version: int


def to_archive(moment: datetime, *, today: date, after: int, limit: int) -> list[FinishedCase]:
    """List cases to be archived with a key beyond `after`, by key; one query, by an index.

    Finished before `moment`, no longer open to evaluation on `today`, and not archived as they
    stand. For the job that archives: it asks for no permission.
    """
    rows = (
        Case.objects.filter(
            Q(evaluation_until=None) | Q(evaluation_until__lt=today),
            state__in=[state.value for state in FINISHED],
            closed_at__lt=moment,
            id__gt=after,
        )
        .exclude(archived_version=F("version"))
        .order_by("id")
    )
    return [
        FinishedCase(id=key, number=number, version=version)
        for key, number, version in rows.values_list("id", "number", "version")[:limit]
    ]


def tables_of(number: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table that belongs to a case, ready for JSON; a query per table.

    A table that comes later is found by itself. Sealed bytes are left out: they open nowhere else.
    For the job that archives: it asks for no permission.

    Raises:
        ObjectDoesNotExist: there is no such case.
    """
    case = Case.objects.get(number=number)
    found = {Case._meta.db_table: [_row(case)]}
    _collect(Case, [case.pk], found)
    return found


def _collect(
    model: type[models.Model], keys: list[Any], found: dict[str, list[dict[str, Any]]]
) -> None:
    for related, field in _pointing_at(model):
        table = related._meta.db_table
        if table in found or related in WORKING_COPIES:
            continue
        rows = list(related._default_manager.filter(**{f"{field}__in": keys}).order_by("pk"))
        if rows:
            found[table] = [_row(row) for row in rows]
            _collect(related, [row.pk for row in rows], found)


def _pointing_at(model: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    for relation in model._meta.related_objects:
        related = relation.field.model
        if related.__module__.startswith("yiwang.cases."):
            yield related, relation.field.name


def _row(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if not isinstance(field, models.BinaryField)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    return value
