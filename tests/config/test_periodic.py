"""Jobs by the clock run as often as they mean to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from croniter import croniter
from procrastinate.contrib.django import app

OFTEN = {
    "yiwang.cases.tell_of_events": 15,
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
