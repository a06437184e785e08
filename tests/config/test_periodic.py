"""Jobs by the clock run as often as they mean to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from asgiref.sync import async_to_sync
from croniter import croniter
from procrastinate.contrib.django import app

OFTEN = {
    "yiwang.cases.tell_of_events": 5,
    "yiwang.notices.send_due": 5,
    "yiwang.exchange.dispatch": 10,
    "yiwang.exchange.scan": 20,
    "yiwang.requeue_stalled": 20,
}
"""Task -> seconds between two runs."""


@pytest.mark.parametrize("name", OFTEN)
def test_a_job_that_runs_every_few_seconds_does(name):
    (cron,) = {
        one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task.name == name
    }
    times = croniter(cron, 1_772_758_800, ret_type=float)
    moments = [times.get_next() for _ in range(20)]

    assert {later - earlier for earlier, later in pairwise(moments)} == {OFTEN[name]}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["yiwang.cases.tell_of_events", "yiwang.notices.send_due"])
def test_a_run_that_lasts_holds_up_the_next(name):
    """The next run is queued as soon as one begins; no second worker may begin it."""
    queue = "held-up"
    app.configure_task(name, queue=queue).defer(timestamp=1)
    taken = sync_fetch(queue)
    assert taken == name
    app.configure_task(name, queue=queue).defer(timestamp=2)

    assert sync_fetch(queue) is None


def sync_fetch(queue: str) -> str | None:
    """Take the next job of a queue as a worker would; return the name of its task."""
    job = async_to_sync(app.job_manager.fetch_job)(queues=[queue], worker_id=None)
    return job.task_name if job else None
