"""Signed checkpoints as notes of C2SP signed-note and tlog-checkpoint (Ed25519).

A note is text that anyone may keep: the name of the log, its size, its root, and a signature
line. Whoever holds an old one can hold the log to it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Protocol

ED25519 = b"\x01"
SIGNATURE_MARK = "— "
KEY_ID_BYTES = 4


class Signer(Protocol):
    """A private key that signs."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature over `data`."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a checkpoint says.

    Attributes:
        origin: Name of the log.
        size: Number of leaves.
        root: Tree hash over them.
        key_id: Which key signed, as hex.
        signature: Over `text`.
        text: The signed part.
    """

    origin: str
    size: int
    root: bytes
    key_id: str
    signature: bytes
    text: str


def key_id(origin: str, public_key: bytes) -> str:
    """Return the short name of a key as hex."""
    digest = hashlib.sha256(origin.encode() + b"\n" + ED25519 + public_key).digest()
    return digest[:KEY_ID_BYTES].hex()


def body(*, origin: str, size: int, root: bytes) -> str:
    """Return the text of a checkpoint that is signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(*, origin: str, size: int, root: bytes, public_key: bytes, signer: Signer) -> str:
    """Return a whole signed note."""
    text = body(origin=origin, size=size, root=root)
    mark = bytes.fromhex(key_id(origin, public_key)) + signer.sign(text.encode())
    return f"{text}\n{SIGNATURE_MARK}{origin} {base64.b64encode(mark).decode()}\n"


def parse(note: str) -> Note:
    """Read a signed note back.

    Raises:
        ValueError: it is not a checkpoint with one signature of its own log.
    """
    text, gap, marks = note.partition("\n\n")
    lines = text.split("\n")
    mark = marks.removesuffix("\n")
    if not gap or len(lines) < 3 or not mark.startswith(SIGNATURE_MARK) or "\n" in mark:
        raise ValueError("not a signed checkpoint")
    name, _, encoded = mark.removeprefix(SIGNATURE_MARK).rpartition(" ")
    try:
        root = base64.b64decode(lines[2], validate=True)
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if name != lines[0] or not lines[1].isdecimal() or len(blob) <= KEY_ID_BYTES:
        raise ValueError("not a signed checkpoint")
    return Note(
        origin=name,
        size=int(lines[1]),
        root=root,
        key_id=blob[:KEY_ID_BYTES].hex(),
        signature=blob[KEY_ID_BYTES:],
        text=text + "\n",
    )
