from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

import pytest

from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term


class Colour(Term):
    """Colours."""

    RED = "red", "红"
    BLUE = "blue", "蓝"


def test_a_term_is_its_stored_value_and_knows_its_label():
    assert Colour.RED == "red"
    assert Colour("blue") is Colour.BLUE
    assert Colour.BLUE.label == "蓝"
    assert f"{Colour.RED}" == "red"


def test_a_value_outside_the_list_is_a_mistake():
    with pytest.raises(ValueError, match="green"):
        Colour("green")


def test_a_refusal_carries_its_sentence():
    refusal = RefusedError("请填写理由。")

    assert refusal.message == str(refusal) == "请填写理由。"
    assert refusal.code == "refused"


@dataclass(frozen=True, kw_only=True)
class Painted(events.Event):
    """A wall was painted."""

    name: ClassVar[str] = "test.painted"

    wall: str
    on: dt.date
    at: dt.datetime | None = None
    coats: int = 1
    dry: bool = False


@dataclass(frozen=True, kw_only=True)
class Nameless(events.Event):
    """Has no name."""


@pytest.fixture(autouse=True)
def _own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_types", {})
    monkeypatch.setattr(events, "_handlers", {})
    monkeypatch.setattr(events, "_transport", [events.deliver])


def test_an_event_reaches_each_handler_once_and_in_order():
    heard: list[str] = []

    def first(event: Painted) -> None:
        heard.append(f"first {event.wall}")

    def second(event: Painted) -> None:
        heard.append(f"second {event.wall}")

    events.subscribe(Painted, first)
    events.subscribe(Painted, second)
    events.subscribe(Painted, first)
    events.publish(Painted(wall="north", on=dt.date(2026, 3, 6)))

    assert heard == ["first north", "second north"]


def test_an_event_nobody_waits_for_is_not_transported():
    carried: list[events.Event] = []
    events.set_transport(carried.append)

    events.publish(Painted(wall="north", on=dt.date(2026, 3, 6)))

    assert carried == []


def test_what_is_published_together_travels_as_one_parcel():
    events.subscribe(Painted, lambda event: None)
    parcels: list[tuple[events.Event, ...]] = []
    events.set_transport(lambda *parcel: parcels.append(parcel))
    north, south = (Painted(wall=wall, on=dt.date(2026, 3, 6)) for wall in ("north", "south"))

    with events.together():
        events.publish(north)
        with events.together():
            events.publish(south)
        assert parcels == []
    events.publish(north)

    assert parcels == [(north, south), (north,)]


def test_nothing_of_a_parcel_travels_when_the_act_fails():
    events.subscribe(Painted, lambda event: None)
    parcels: list[tuple[events.Event, ...]] = []
    events.set_transport(lambda *parcel: parcels.append(parcel))
    event = Painted(wall="north", on=dt.date(2026, 3, 6))

    def fail() -> None:
        with events.together():
            events.publish(event)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    events.publish(event)

    assert parcels == [(event,)]


def test_an_event_survives_the_journey_as_plain_values():
    events.subscribe(Painted, lambda event: None)
    event = Painted(
        wall="north",
        on=dt.date(2026, 3, 6),
        at=dt.datetime(2026, 3, 6, 9, 0, tzinfo=dt.UTC),
        coats=2,
        dry=True,
    )

    plain = events.to_plain(event)

    assert plain["on"] == "2026-03-06"
    assert events.from_plain("test.painted", plain) == event


def test_an_event_with_an_empty_moment_survives_too():
    events.subscribe(Painted, lambda event: None)
    event = Painted(wall="north", on=dt.date(2026, 3, 6))

    assert events.from_plain("test.painted", events.to_plain(event)) == event


def test_an_unknown_event_is_a_mistake():
    with pytest.raises(LookupError, match=r"test\.unknown"):
        events.from_plain("test.unknown", {})


def test_an_event_without_a_name_is_a_mistake():
    with pytest.raises(ValueError, match="has no name"):
        events.subscribe(Nameless, lambda event: None)


def test_two_events_of_one_name_are_a_mistake():
    @dataclass(frozen=True, kw_only=True)
    class Repainted(events.Event):
        """Takes the name of another."""

        name: ClassVar[str] = "test.painted"

    events.subscribe(Painted, lambda event: None)
    with pytest.raises(ValueError, match=r"two events are named test\.painted"):
        events.subscribe(Repainted, lambda event: None)
