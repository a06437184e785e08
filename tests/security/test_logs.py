"""Logs of failures hold no personal data."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.db import IntegrityError

from tests.factories import cases
from yiwang.audit import queries as trail
from yiwang.cases import services
from yiwang.config import logs


@pytest.fixture
def _own_logs() -> Iterator[None]:
    """Give the loggers of other tests back the settings that they have kept."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_own_logs")
def test_the_row_that_the_database_quotes_is_not_logged():
    stream = io.StringIO()
    line = logs.configuration("json")["formatters"]["line"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line.pop("()")(**line))
    try:
        raise IntegrityError(
            'new row violates check constraint "x"\nDETAIL:  Failing row contains (1, 张三, 138).\n'
        )
    except IntegrityError:
        record = logging.LogRecord(
            "yiwang", logging.ERROR, __file__, 1, "failed", (), __import__("sys").exc_info()
        )
    handler.emit(record)

    words = json.loads(stream.getvalue())["exception"]
    assert "violates check constraint" in words
    assert "DETAIL: …" in words
    assert "张三" not in words


@pytest.mark.django_db
def test_files_put_to_a_draft_and_taken_away_leave_a_trail():
    cases.district()
    draft = cases.draft()
    ref = cases.upload()
    words = {"draft_id": draft.id, "upload_ref": ref, "by": cases.FIRM, "at": cases.FRIDAY}
    services.attach(material_id="layout", **words)
    services.detach(**words)

    rows = trail.trail(target=f"draft:{draft.id}")

    assert [row.act for row in rows[:2]] == ["cases.detach", "cases.attach"]
    assert rows[0].detail == {"file": ref}
