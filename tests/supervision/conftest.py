"""Events arrive at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from yiwang.kernel import events


@pytest.fixture(autouse=True)
def _events_arrive_at_once() -> Iterator[None]:
    before = events._transport[0]
    events.set_transport(events.deliver)
    yield
    events.set_transport(before)
