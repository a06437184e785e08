"""How early whoever holds a case is reminded of a clock that ends (期限临近提醒)."""

from __future__ import annotations

PREFIX = "clocks"
"""First part of the keys of these texts of the packs."""

KEY = "clocks.remind_workdays"

DEFAULT_WORKDAYS = 2
"""Where no pack says it. Our own choice."""

MOST_WORKDAYS = 20


def remind_workdays(text: str | None) -> int:
    """Return the working days before the last day that a text of the packs says; 0: never."""
    plain = (text or "").strip()
    return int(plain) if not problems(KEY, plain) else DEFAULT_WORKDAYS


def problems(key: str, text: str) -> list[str]:
    """Return what is wrong with a text of these keys."""
    if key != KEY:
        return [f"没有“{key[:40]}”这个设置，可用：{KEY}。"]
    plain = text.strip()
    if plain.isascii() and plain.isdecimal() and int(plain) <= MOST_WORKDAYS:
        return []
    return [f"提前提醒的工作日数应为0至{MOST_WORKDAYS}，现为“{plain[:20]}”。"]
