"""Encrypts secrets that the program must read back, with the installation's field keys."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

LABEL = b"yiwang.organisations.secret_box:"
"""Keeps these keys apart from others derived from the same field keys."""


def lock(text: str) -> str:
    """Return `text` encrypted with the newest key."""
    return _box().encrypt(text.encode()).decode()


def unlock(locked: str) -> str:
    """Return what `lock` was given, also under an older key.

    Raises:
        cryptography.fernet.InvalidToken: no key fits.
    """
    return _box().decrypt(locked.encode()).decode()


def _box() -> MultiFernet:
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(LABEL + key.encode()).digest()))
        for key in settings.FIELD_KEYS
    )
