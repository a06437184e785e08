"""Events travel as jobs, and one that fails holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from yiwang.config import outbox
from yiwang.config.working import worker_app
from yiwang.kernel import events

NAME = outbox.deliver_events.name


@dataclass(frozen=True, kw_only=True)
class Rung(events.Event):
    """Somebody rang a bell."""

    name: ClassVar[str] = "test.rung"
    bell: str
    on: dt.date


@pytest.fixture(autouse=True)
def undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_types", {})
    monkeypatch.setattr(events, "_handlers", {})


def test_an_event_that_fails_holds_up_no_other_and_is_tried_again():
    heard: list[str] = []

    def listen(event: Rung) -> None:
        if event.bell == "cracked":
            raise RuntimeError("no sound")
        heard.append(event.bell)

    events.subscribe(Rung, listen)
    parcel = [
        (Rung.name, events.to_plain(Rung(bell=bell, on=dt.date(2026, 3, 6))))
        for bell in ("first", "cracked", "last")
    ]

    with pytest.raises(RuntimeError, match="no sound"):
        outbox.deliver_events(parcel)

    assert heard == ["first", "last"]
    assert outbox.deliver_events.retry_strategy is not None


@pytest.mark.req("NFR-05")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "undone"])
def test_what_a_job_publishes_is_kept_or_lost_with_its_act(kept: bool):
    """A job runs as in a worker, whose app is open."""
    events.subscribe(Rung, lambda event: None)
    seen: list[int] = []
    before = _waiting()

    def act() -> None:
        with contextlib.suppress(RuntimeError), transaction.atomic():
            outbox.write_job(Rung(bell="door", on=dt.date(2026, 3, 6)))
            seen.append(_waiting(outside=True))
            if not kept:
                raise RuntimeError("undone")
        connection.close()

    async def working() -> None:
        with worker_app() as worker:
            async with worker.open_async():
                await sync_to_async(act, thread_sensitive=False)()

    asyncio.run(working())

    assert seen == [before]  # nobody can act on it before it is kept
    assert _waiting() == before + kept


def _waiting(*, outside: bool = False) -> int:
    """Count the jobs that carry events; `outside`: as another connection sees them."""
    asked = connection.copy() if outside else connection
    with asked.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [NAME])
        (count,) = cursor.fetchone()
    if outside:
        asked.close()
    return int(count)
