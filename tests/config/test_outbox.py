"""Events travel as jobs, and one that fails holds up no other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

import pytest

from yiwang.config import outbox
from yiwang.kernel import events


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
