from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from yiwang.audit import queries, services

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


def record(**changes):
    arguments = {"at": NOON, "actor": "user:li", "act": "cases.accept", "target": "case:1"}
    services.record(**(arguments | changes))


@pytest.mark.django_db
def test_record_is_found_again():
    record(detail={"n": 1})

    (row,) = queries.trail(target="case:1")

    assert row.detail == {"n": 1}
