"""The same checks over columns of a million values at once.

Each function says True exactly where the scalar check says ok. Import this module only where
columns are checked: it loads numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.kernel.identifiers.checksums import MOD_11_2_CHARACTERS, MOD_11_2_WEIGHTS

CHUNK = 65_536
"""Values worked on at a time; keeps the tables inside the processor's cache."""

INVALID = 255


def check_usccs(values: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell for each value whether `uscc.check` says ok.

    Example:
        `check_usccs(["91350100M000100Y43", "91350100M000100Y4Z"])` is [True, False].
    """
    return _in_chunks(values, _usccs)


def check_citizen_ids(values: Sequence[str], *, on: date) -> npt.NDArray[np.bool_]:
    """Tell for each value whether `citizen_id.check` says ok on the day `on`."""
    today = on.year * 10_000 + on.month * 100 + on.day
    oldest = on.year - citizen_id.OLDEST_YEARS
    return _in_chunks(values, lambda rows: _citizen_ids(rows, today=today, oldest_year=oldest))


def _in_chunks(
    values: Sequence[str],
    check: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.bool_]],
) -> npt.NDArray[np.bool_]:
    """Check the values of the right length, as rows of bytes; all others are wrong."""
    answer = np.zeros(len(values), dtype=np.bool_)
    for start in range(0, len(values), CHUNK):
        chunk = values[start : start + CHUNK]
        fits = np.fromiter(map(len, chunk), dtype=np.int64, count=len(chunk)) == uscc.LENGTH
        joined = "".join(chunk if fits.all() else (v for v in chunk if len(v) == uscc.LENGTH))
        rows = np.frombuffer(joined.encode("ascii", "replace"), dtype=np.uint8)
        answer[start : start + len(chunk)][fits] = check(rows.reshape(-1, uscc.LENGTH))
    return answer


def _table(alphabet: str) -> npt.NDArray[np.uint8]:
    """Return byte -> value of the character, INVALID for all others."""
    table = np.full(256, INVALID, dtype=np.uint8)
    table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet))
    return table


_USCC = _table(uscc.ALPHABET)
_USCC_WEIGHTS = np.array(uscc.WEIGHTS, dtype=np.float32)
_ORGANISATION = _table(uscc.ORGANISATION_ALPHABET)
_ORGANISATION_WEIGHTS = np.array(uscc.ORGANISATION_WEIGHTS, dtype=np.float32)
_ORGANISATION_CHECKS = np.frombuffer(b"0123456789X", dtype=np.uint8)
_ZERO, _NINE, _X, _SMALL_X = (ord(character) for character in "09Xx")
_CITIZEN_WEIGHTS = np.array(MOD_11_2_WEIGHTS, dtype=np.float32)
_CITIZEN_CHECKS = np.frombuffer(MOD_11_2_CHARACTERS.encode(), dtype=np.uint8)
_PROVINCES = np.zeros(100, dtype=np.bool_)
_PROVINCES[[int(code) for code in citizen_id.PROVINCES]] = True
_PROVINCES[10 * int(citizen_id.FOREIGNER) :] = True
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)


def _sums(rows: npt.NDArray[np.uint8], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Return the weighted sums; exact, as they stay far below 2^24."""
    product: npt.NDArray[np.float32] = rows.astype(np.float32) @ weights
    return product.astype(np.int32)


def _usccs(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    values = _USCC[rows]
    right: npt.NDArray[np.bool_] = np.logical_and.reduce(values < INVALID, axis=1)
    division = rows[:, 2:8]
    right &= ((division >= _ZERO) & (division <= _NINE)).all(axis=1)
    right &= -_sums(values[:, :17], _USCC_WEIGHTS) % 31 == values[:, 17]
    sums = _sums(_ORGANISATION[rows[:, 8:16]], _ORGANISATION_WEIGHTS)
    right &= _ORGANISATION_CHECKS[-sums % 11] == rows[:, 16]
    return right


def _citizen_ids(
    rows: npt.NDArray[np.uint8], *, today: int, oldest_year: int
) -> npt.NDArray[np.bool_]:
    digits = rows[:, :17] - np.uint8(_ZERO)  # what lies below zero wraps round to above nine
    right: npt.NDArray[np.bool_] = np.logical_and.reduce(digits <= 9, axis=1)
    right &= _real_dates(digits, today=today, oldest_year=oldest_year)
    province = np.where(right, digits[:, 0] * np.uint8(10) + digits[:, 1], 0)
    right &= _PROVINCES[province]
    last = np.where(rows[:, 17] == _SMALL_X, _X, rows[:, 17])
    right &= _CITIZEN_CHECKS[_sums(digits, _CITIZEN_WEIGHTS) % 11] == last
    return right


def _real_dates(
    digits: npt.NDArray[np.uint8], *, today: int, oldest_year: int
) -> npt.NDArray[np.bool_]:
    year = _sums(digits[:, 6:10], np.array([1000, 100, 10, 1], dtype=np.float32))
    month = digits[:, 10].astype(np.int32) * 10 + digits[:, 11]
    day = digits[:, 12].astype(np.int32) * 10 + digits[:, 13]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    known = (month >= 1) & (month <= 12)
    longest = _MONTH_DAYS[np.where(known, month, 0)] + (leap & (month == 2))
    real: npt.NDArray[np.bool_] = known & (day >= 1) & (day <= longest)
    real &= (year >= max(oldest_year, 1)) & (year * 10_000 + month * 100 + day <= today)
    return real
