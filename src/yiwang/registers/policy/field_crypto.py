"""Encryption of single fields and the keyed index that finds them again.

A value is encrypted with AES-256-GCM under a key derived from a configured secret. What is
stored is `version (1) | key id (4) | nonce (12) | ciphertext and tag`. The key id names the key,
so keys can be rotated: the newest encrypts, all listed ones decrypt. The context (which column
of which record) is authenticated, so a value copied to another row does not decrypt there.

The blind index is an HMAC-SHA256 over the value: equal values meet, nothing else can be read.

Keys are arguments; nothing here reads a setting.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES
INDEX_BYTES = 32
MIN_SECRET_BYTES = 32
"""Shortest secret accepted, in bytes after decoding."""


class FieldCryptoError(ValueError):
    """A stored value cannot be read: unknown key, changed bytes, or moved from another record."""


@dataclass(frozen=True, kw_only=True, repr=False)
class FieldKeys:
    """Keys that encrypt fields, newest first; never printed.

    Attributes:
        ciphers: Key id -> cipher, newest first.
    """

    ciphers: tuple[tuple[bytes, AESGCM], ...]

    @property
    def newest(self) -> bytes:
        """Return the id of the key that encrypts."""
        return self.ciphers[0][0]

    def cipher(self, key_id: bytes) -> AESGCM | None:
        """Return the cipher of the key `key_id`, or None when it is not among the keys."""
        return next((cipher for known, cipher in self.ciphers if known == key_id), None)


def _secret_bytes(secret: str) -> bytes:
    text = secret.strip().replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise ValueError("字段密钥应为 base64 编码，请检查密钥设置。") from error
    if len(decoded) < MIN_SECRET_BYTES:
        raise ValueError(f"字段密钥至少 {MIN_SECRET_BYTES} 字节，请重新生成密钥。")
    return decoded


def _derive(secret: str, *, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"yiwang:" + purpose).derive(
        _secret_bytes(secret)
    )


@lru_cache(maxsize=16)
def _field_keys(secrets: tuple[str, ...]) -> FieldKeys:
    derived = [_derive(secret, purpose=b"field") for secret in secrets]
    return FieldKeys(
        ciphers=tuple(
            (hashlib.sha256(b"key-id:" + key).digest()[:KEY_ID_BYTES], AESGCM(key))
            for key in derived
        )
    )


def field_keys(secrets: Sequence[str]) -> FieldKeys:
    """Derive the field keys from `secrets` (base64, newest first).

    Raises:
        ValueError: no secret is given, or one is no base64 or shorter than 32 bytes.
    """
    if not secrets:
        raise ValueError("没有字段密钥，请设置至少一个。")
    return _field_keys(tuple(secrets))


@lru_cache(maxsize=16)
def index_key(secret: str) -> bytes:
    """Derive the key of the blind index from `secret` (base64).

    Raises:
        ValueError: `secret` is no base64 or shorter than 32 bytes.
    """
    return _derive(secret, purpose=b"blind-index")


def encrypt(value: str, *, keys: FieldKeys, context: str) -> bytes:
    """Encrypt `value` under the newest key; two calls never give the same bytes.

    Args:
        value: What is to be kept.
        keys: Newest first.
        context: Which column of which record, such as `person:<hex>/id_number`.
    """
    key_id, cipher = keys.ciphers[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, value.encode(), context.encode())
    return b"".join((VERSION, key_id, nonce, sealed))


def decrypt(stored: bytes, *, keys: FieldKeys, context: str) -> str:
    """Return what `encrypt` kept.

    Raises:
        FieldCryptoError: the key is not listed, the bytes were changed, or the value belongs
            to another record or column.
    """
    if len(stored) < HEADER_BYTES + TAG_BYTES or stored[:1] != VERSION:
        raise FieldCryptoError("存储的密文格式不对，请从备份核对该记录。")
    cipher = keys.cipher(key_id_of(stored))
    if cipher is None:
        raise FieldCryptoError("解密该字段的密钥不在密钥设置中，请把旧密钥加回列表末尾。")
    try:
        plain = cipher.decrypt(
            stored[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES],
            stored[HEADER_BYTES:],
            context.encode(),
        )
    except InvalidTag as error:
        raise FieldCryptoError("密文已被改动或不属于该记录，请从备份核对该记录。") from error
    return plain.decode()


def key_id_of(stored: bytes) -> bytes:
    """Return the id of the key that encrypted `stored`."""
    return stored[len(VERSION) : len(VERSION) + KEY_ID_BYTES]


def blind_index(value: str, *, key: bytes, field: str) -> bytes:
    """Return the 32 bytes under which `value` of the column `field` is found again.

    The name of the column is part of it: equal texts in two columns do not meet.
    """
    return hmac.digest(key, f"{field}\x00{value}".encode(), "sha256")
