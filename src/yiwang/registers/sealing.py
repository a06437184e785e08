"""The configured keys, handed to the pure functions of `policy.field_crypto`."""

from __future__ import annotations

import uuid

from django.conf import settings

from yiwang.registers.policy import field_crypto
from yiwang.registers.policy.field_crypto import FieldKeys

NUMBER = "id_number"
PHONE = "phone"


def keys() -> FieldKeys:
    """Return the field keys of the settings, newest first."""
    return field_crypto.field_keys(settings.FIELD_KEYS)


def context(person_id: uuid.UUID, field: str) -> str:
    """Return what binds a sealed value to its person and column."""
    return f"person:{person_id.hex}/{field}"


def seal(value: str, *, person_id: uuid.UUID, field: str) -> bytes:
    """Encrypt `value` for the column `field` of the person."""
    return field_crypto.encrypt(value, keys=keys(), context=context(person_id, field))


def unseal(stored: bytes | memoryview, *, person_id: uuid.UUID, field: str) -> str:
    """Decrypt what `seal` made.

    Raises:
        FieldCryptoError: unknown key, changed bytes, or the value of another record.
    """
    return field_crypto.decrypt(bytes(stored), keys=keys(), context=context(person_id, field))


def index(value: str, *, field: str) -> bytes:
    """Return the blind index under which `value` is found in the column `field`."""
    key = field_crypto.index_key(settings.INDEX_KEY)
    return field_crypto.blind_index(value, key=key, field=field)
