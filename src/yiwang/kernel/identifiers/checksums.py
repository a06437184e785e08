"""Check characters of ISO 7064, as used by several codes."""

from __future__ import annotations

ALPHABET_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Alphabet of MOD 37,36; the value of a character is its place."""

MOD_11_2_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
MOD_11_2_CHARACTERS = "10X98765432"
"""Remainder -> check character. GB 11643-1999."""

_VALUES_36 = {character: value for value, character in enumerate(ALPHABET_36)}


def mod_37_36(text: str) -> str:
    """Return the check character of `text` by ISO 7064 MOD 37,36.

    Raises:
        KeyError: a character is neither a digit nor a capital letter.
    """
    product = 36
    for character in text:
        product = (product + _VALUES_36[character]) % 36 or 36
        product = product * 2 % 37
    return ALPHABET_36[(37 - product) % 36]


def mod_11_10(digits: str) -> str:
    """Return the check digit of `digits` by ISO 7064 MOD 11,10."""
    product = 10
    for digit in digits:
        product = (product + int(digit)) % 10 or 10
        product = product * 2 % 11
    return str((11 - product) % 10)


def mod_11_2(digits: str) -> str:
    """Return the check character of 17 digits by ISO 7064 MOD 11-2."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, MOD_11_2_WEIGHTS, strict=True))
    return MOD_11_2_CHARACTERS[total % 11]
