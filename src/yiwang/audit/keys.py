"""The key that signs checkpoints: a file that only the program may read.

`KEYS_DIR/trail/` holds `signing.pem` (0600) and one `<key id>.pub` for every key that ever
signed, so that old checkpoints stay provable after a change of key. Copy the `.pub` files to
whoever is to check the trail.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from yiwang.audit.policy import notes

OWNER_ONLY = 0o600


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The private key and its public half."""

    private: Ed25519PrivateKey
    public: bytes


def origin() -> str:
    """Return the name of this log as it stands in every checkpoint."""
    return f"yiwang-trail/{settings.DISTRICT}"


def signing_key() -> SigningKey:
    """Return the key that signs; made on first use.

    Raises:
        ValueError: the file holds something else.
    """
    path = _folder() / "signing.pem"
    if not path.exists():
        _write_once(path, _new_key())
    private = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{path} 不是 Ed25519 私钥，请恢复备份的密钥文件。")
    public = _raw(private.public_key())
    known = _folder() / f"{notes.key_id(origin(), public)}.pub"
    if not known.exists():
        _write_once(known, public.hex().encode())
    return SigningKey(private=private, public=public)


def sign_checkpoint(*, size: int, root: bytes) -> str:
    """Return the signed note for a tree."""
    key = signing_key()
    return notes.signed(
        origin=origin(), size=size, root=root, public_key=key.public, signer=key.private
    )


def is_signed(note: notes.Note) -> bool:
    """Tell whether one of the log's keys signed `note`; an unknown key did not."""
    path = _folder() / f"{note.key_id}.pub"
    if note.origin != origin() or not path.exists():
        return False
    public = bytes.fromhex(path.read_text().strip())
    if notes.key_id(note.origin, public) != note.key_id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(note.signature, note.text.encode())
    except InvalidSignature:
        return False
    return True


def _folder() -> Path:
    return Path(settings.KEYS_DIR) / "trail"


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; of several processes the first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
