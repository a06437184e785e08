"""Values as the trail keeps them: plain, exact, and without personal numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

CITIZEN_ID = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
"""The form of a citizen number (公民身份号码) inside a text; whether it is one is checked apart."""


def moment(at: datetime) -> str:
    """Return `at` in UTC with microseconds, the one form that is hashed.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("at must be aware")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text(value: str) -> str:
    """Return `value` as the database and UTF-8 can keep it: no NUL, no lone surrogate."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def plain(value: Any) -> Any:
    """Return `value` as JSON that comes back from the database exactly as it went in.

    Dates become ISO text, decimals text, closed lists their stored value, sets sorted lists.

    Raises:
        TypeError: it is a float (write it as text with its unit) or nothing that JSON knows.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return text(value)
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {text(str(key)): plain(inner) for key, inner in value.items()}
        case Set():
            return [plain(inner) for inner in sorted(value)]
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [plain(inner) for inner in value]
    raise TypeError(f"the trail keeps no {type(value).__name__}")


def content(
    *,
    at: datetime,
    actor: str,
    on_behalf_of: str,
    act: str,
    target: str,
    department: str,
    purpose: str,
    ip: str,
    detail: Mapping[str, Any],
    nonce: str,
    device: str = "",
    posts: str = "",
    result: str = "",
) -> dict[str, Any]:
    """Return what of an event is hashed: everything that the event says, and its nonce.

    `device`, `posts` and `result` came later: where they are empty they are left out, so that
    rows written before hash as they did, and nobody can fill in or blank them unseen.
    """
    later = {"device": text(device), "posts": text(posts), "result": text(result)}
    return {
        "at": moment(at),
        "actor": text(actor),
        "on_behalf_of": text(on_behalf_of),
        "act": text(act),
        "target": text(target),
        "department": text(department),
        "purpose": text(purpose),
        "ip": text(ip),
        "detail": plain(detail),
        "nonce": nonce,
    } | {key: value for key, value in later.items() if value}


def holds_number(value: Any, *, is_number: Callable[[str], bool]) -> bool:
    """Tell whether a citizen number stands somewhere in `value`.

    Args:
        value: Plain, as from `plain`.
        is_number: Tells a real number from eighteen digits of another kind.
    """
    if isinstance(value, str):
        return any(is_number(found.upper()) for found in CITIZEN_ID.findall(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return holds_number(str(value), is_number=is_number)
    if isinstance(value, Mapping):
        return any(
            holds_number(part, is_number=is_number) for pair in value.items() for part in pair
        )
    if isinstance(value, list):
        return any(holds_number(part, is_number=is_number) for part in value)
    return False
