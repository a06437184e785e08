"""Writing a message into the folder of a department that exchanges files."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings

from yiwang.documents import queries as documents
from yiwang.documents.queries import UploadView
from yiwang.exchange import body
from yiwang.exchange.policy import signatures
from yiwang.exchange.transport import Sent
from yiwang.kernel.hashing import sha256

OUTGOING, INCOMING, DONE, REJECTED, MATERIALS = (
    "outgoing",
    "incoming",
    "done",
    "rejected",
    "materials",
)
MANIFEST = ".manifest.json"


def folder(code: str) -> Path:
    """Return the folder of a system, with what is in it made."""
    root = Path(settings.EXCHANGE_DIR) / code
    for name in (OUTGOING, INCOMING, DONE, REJECTED, f"{OUTGOING}/{MATERIALS}"):
        (root / name).mkdir(parents=True, exist_ok=True, mode=0o750)
    return root


def put(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all."""
    fresh = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def signed_manifest(
    *, file: str, raw: bytes, message_id: str, key: signatures.Key, at: datetime
) -> dict[str, object]:
    """Return the manifest of a file: what it is, how large, and the signature over it."""
    headers = {
        "content-digest": signatures.content_digest(raw),
        "idempotency-key": message_id,
        "file-name": file,
    }
    signed = signatures.sign(
        signatures.Message(headers=headers),
        key,
        created=at,
        nonce=secrets.token_hex(16),
        components=signatures.FILE_COMPONENTS,
    )
    return headers | signed | {"size": len(raw)}


def write(
    code: str,
    *,
    name: str,
    message_id: str,
    raw: bytes,
    uploads: Iterable[UploadView],
    key: signatures.Key,
    at: datetime,
) -> Sent:
    """Write materials, message and last the manifest, which says that all is there."""
    try:
        out = folder(code) / OUTGOING
        listed = []
        for one in uploads:
            file = out / MATERIALS / body.file_name(one)
            data = documents.open_derivative(one.ref)
            if not file.exists():
                put(file, data)
            listed.append(
                {"name": f"{MATERIALS}/{file.name}", "size": len(data), "sha256": sha256(data)}
            )
        put(out / f"{name}.json", raw)
        manifest = signed_manifest(
            file=f"{name}.json", raw=raw, message_id=message_id, key=key, at=at
        )
        put(
            out / f"{name}{MANIFEST}",
            json.dumps(manifest | {"materials": listed}, ensure_ascii=False).encode(),
        )
    except OSError as error:
        return Sent(delivered=False, why=f"写不进交换文件夹（{type(error).__name__}）。")
    return Sent(delivered=True)
