"""Events: what happened below, for packages above to act on.

A service calls `publish` inside its transaction. The transport decides how the event travels:
`config` installs one that writes a job in the same transaction (an outbox), so that an event
is lost or sent exactly as the act is undone or kept. Handlers are idempotent. What one act
publishes `together` travels as one parcel, because a job costs as much as what it carries.
"""

from __future__ import annotations

import contextlib
import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; subclasses are frozen, keyword-only and hold plain values.

    Fields may be `str`, `int`, `bool`, `date`, `datetime` or one of these or None.
    """

    name: ClassVar[str] = ""
    """Stable name, `<package>.<what>`; required in each subclass."""


E = TypeVar("E", bound=Event)
Transport = Callable[..., None]
"""Called with the events of a parcel, in the order in which they were published."""

Wish = Callable[[Any], bool]

_types: dict[str, type[Event]] = {}
_handlers: dict[str, list[tuple[Callable[[Any], None], Wish | None]]] = {}


def subscribe(
    event_type: type[E],
    handler: Callable[[E], None],
    *,
    wanted: Callable[[E], bool] | None = None,
) -> None:
    """Have `handler` called for each event of `event_type`; a second call changes nothing.

    Args:
        event_type: What to wait for.
        handler: What to call; idempotent.
        wanted: Says cheaply, at publishing, whether the event matters to `handler`; an event that
            matters to nobody does not travel. None: each does. `handler` must cope with events
            that do not matter to it.
    """
    if not event_type.name:
        raise ValueError(f"{event_type.__qualname__} has no name")
    known = _types.setdefault(event_type.name, event_type)
    if known is not event_type:
        raise ValueError(f"two events are named {event_type.name}")
    handlers = _handlers.setdefault(event_type.name, [])
    if handler not in [known for known, _ in handlers]:
        handlers.append((handler, wanted))


def deliver(*parcel: Event) -> None:
    """Call every handler of each event, in the order in which they subscribed."""
    for event in parcel:
        for handler, _ in _handlers.get(event.name, ()):
            handler(event)


_transport: list[Transport] = [deliver]
_gathered: ContextVar[list[Event] | None] = ContextVar("gathered", default=None)


def set_transport(transport: Transport) -> None:
    """Say how published events travel; called once at start-up."""
    _transport[0] = transport


def publish(event: Event) -> None:
    """Hand `event` to the transport; to be called inside the transaction of the act."""
    if not any(wish is None or wish(event) for _, wish in _handlers.get(event.name, ())):
        return
    gathered = _gathered.get()
    if gathered is None:
        _transport[0](event)
    else:
        gathered.append(event)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Let what is published inside travel as one parcel, handed over when the block ends.

    To be used inside the transaction of the act; after an error nothing is handed over. A block
    inside another one adds to its parcel.
    """
    if _gathered.get() is not None:
        yield
        return
    parcel: list[Event] = []
    before = _gathered.set(parcel)
    try:
        yield
    finally:
        _gathered.reset(before)
    if parcel:
        _transport[0](*parcel)


def to_plain(event: Event) -> dict[str, Any]:
    """Return the fields of `event` as JSON-ready values."""
    return {
        field.name: value.isoformat() if isinstance(value, date) else value
        for field in dataclasses.fields(event)
        for value in [getattr(event, field.name)]
    }


def from_plain(name: str, fields: Mapping[str, Any]) -> Event:
    """Rebuild the event `name` from what `to_plain` gave.

    Raises:
        LookupError: nobody subscribed to an event of that name.
    """
    event_type = _types.get(name)
    if event_type is None:
        raise LookupError(f"unknown event {name}")
    hints = typing.get_type_hints(event_type)
    return event_type(**{key: _restore(hints[key], value) for key, value in fields.items()})


def _restore(hint: Any, value: Any) -> Any:
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is not None and datetime in members:
        return datetime.fromisoformat(value)
    if value is not None and date in members:
        return date.fromisoformat(value)
    return value
