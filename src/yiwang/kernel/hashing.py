"""Hashes and the one way to write a value as bytes before hashing it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from cryptography.hazmat.primitives import hashes

LARGEST_EXACT = 2**53 - 1
"""Largest whole number that every reader of JSON keeps exactly. RFC 8785 第3.2.2.3 / RFC 7493."""


def sm3(data: bytes) -> str:
    """Return the SM3 hash of `data` in lower-case hexadecimal (GB/T 32905-2016)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def sha256(data: bytes) -> str:
    """Return the SHA-256 hash of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return `value` in the one JSON form that has one spelling (RFC 8785).

    Keys are sorted by UTF-16 code unit, nothing is indented, numbers are written as
    ECMAScript writes them, text is UTF-8.

    Args:
        value: None, bool, int, float, str, or lists, tuples and mappings of these.

    Raises:
        TypeError: something else is inside; turn dates into text first.
        ValueError: a number or a text that JSON cannot carry exactly.
    """
    parts: list[str] = []
    _write(value, parts)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise ValueError("text holds half of a surrogate pair") from error


def _write(value: Any, parts: list[str]) -> None:
    if value is None:
        parts.append("null")
    elif value is True or value is False:
        parts.append("true" if value else "false")
    elif isinstance(value, str):
        parts.append(encode_basestring(str(value)))
    elif isinstance(value, int):
        parts.append(_whole(value))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _write_mapping(value, parts)
    elif isinstance(value, list | tuple):
        parts.append("[")
        for index, member in enumerate(value):
            if index:
                parts.append(",")
            _write(member, parts)
        parts.append("]")
    else:
        raise TypeError(f"{type(value).__name__} has no canonical JSON form")


def _write_mapping(value: Mapping[Any, Any], parts: list[str]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise TypeError("keys of a JSON object are text")
    parts.append("{")
    keys = sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
    for index, key in enumerate(keys):
        if index:
            parts.append(",")
        parts.append(encode_basestring(str(key)))
        parts.append(":")
        _write(value[key], parts)
    parts.append("}")


def _whole(value: int) -> str:
    if abs(value) > LARGEST_EXACT:
        raise ValueError("whole numbers beyond 2^53 - 1 lose digits in JSON; write them as text")
    return str(int(value))


def _number(value: float) -> str:
    """Write a float as ECMAScript's Number::toString does."""
    if not isfinite(value):
        raise ValueError("JSON has no infinity and no NaN")
    if value == 0:
        return "0"
    shortest = Decimal(repr(abs(value))).normalize()
    text = "".join(map(str, shortest.as_tuple().digits))
    point = shortest.adjusted() + 1  # the decimal point stands after this many digits
    if len(text) <= point <= 21:
        shown = text + "0" * (point - len(text))
    elif 0 < point <= 21:
        shown = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        shown = "0." + "0" * -point + text
    else:
        mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
        shown = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{shown}" if value < 0 else shown
