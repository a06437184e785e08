"""The content-addressed store: a file is named by the SHA-256 of its bytes.

Two equal files are one file. A file appears whole or not at all: it is written beside its
place, flushed to the disk and then renamed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from yiwang.documents.models import FileReading, StoredFile, Upload
from yiwang.documents.policy.files import UploadState


@dataclass(frozen=True, kw_only=True)
class FileRef:
    """What is known about a stored file."""

    sha256: str
    size: int
    media_type: str
    sm3: str = ""


class Folder(Protocol):
    """Where the bytes are: a folder here, an object store elsewhere."""

    def write(self, sha256: str, data: bytes) -> None:
        """Keep `data` under `sha256`; does nothing when it is there already."""

    def read(self, sha256: str) -> bytes:
        """Return the bytes kept under `sha256`.

        Raises:
            LookupError: there are none.
        """

    def delete(self, sha256: str) -> None:
        """Forget `sha256`; does nothing when it is not there."""


class LocalFolder:
    """A folder of this machine, in shards `ab/cd/<sha256>`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Return where the file `sha256` is or would be."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise LookupError(f"not a SHA-256: {sha256[:80]!r}")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def write(self, sha256: str, data: bytes) -> None:
        """Keep `data` under `sha256`; does nothing when it is there already."""
        path = self.path(sha256)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def read(self, sha256: str) -> bytes:
        """Return the bytes kept under `sha256`.

        Raises:
            LookupError: there are none, or they are no longer what they were.
        """
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise LookupError(f"no stored file {sha256}") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LookupError(f"stored file {sha256} is damaged")
        return data

    def delete(self, sha256: str) -> None:
        """Forget `sha256`; does nothing when it is not there."""
        self.path(sha256).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _folder(root: Path) -> LocalFolder:
    return LocalFolder(root)


def folder() -> Folder:
    """Return the store that the settings name."""
    return _folder(settings.FILES_DIR)


def hold(sha256: str) -> None:
    """Keep others from storing or deleting the same content until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [sha256])


_NEW = (
    "INSERT INTO documents_storedfile (sha256, sm3, size, media_type, kept, made, erased)"
    " VALUES (%s, %s, %s, %s, %s, %s, false) ON CONFLICT (sha256) DO NOTHING"
)
"""Most files are new; nobody is asked first whether this one is."""


@transaction.atomic
def put(data: bytes, media_type: str, *, kept: bool = True) -> FileRef:
    """Store `data` and return what it is called.

    Args:
        data: The whole file.
        media_type: As the caller checked it.
        kept: False for what was not made here and may be deleted again when nobody uses it.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    sm3 = hashlib.new("sm3", data).hexdigest()
    hold(sha256)
    folder().write(sha256, data)
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [sha256, sm3, len(data), media_type, kept, kept])
        if cursor.rowcount:
            return FileRef(sha256=sha256, size=len(data), media_type=media_type, sm3=sm3)
    row = StoredFile.objects.get(sha256=sha256)
    if row.erased or (kept and not row.made):
        row.kept, row.made, row.erased = kept or row.kept, kept or row.made, False
        row.save(update_fields=["kept", "made", "erased"])
    return FileRef(sha256=sha256, size=row.size, media_type=row.media_type, sm3=sm3)


def open(sha256: str) -> bytes:
    """Return the stored file `sha256`, checked against its name.

    Raises:
        LookupError: there is none, or the disk damaged it.
    """
    return folder().read(sha256)


def keep(sha256: str) -> None:
    """Have the stored file `sha256` kept for good."""
    StoredFile.objects.filter(sha256=sha256, kept=False).update(kept=True)


@transaction.atomic
def drop(sha256: str) -> bool:
    """Delete the stored file `sha256` unless somebody needs it; tell whether it was deleted.

    Where uploads that were destroyed name it, its row stays, and with it the hashes.
    """
    hold(sha256)
    pointing = Upload.objects.filter(_pointed_at(sha256))
    if pointing.exclude(state=UploadState.DESTROYED.value).exists():
        return False
    row = StoredFile.objects.filter(sha256=sha256, kept=False).first()
    if row is None:
        return False
    read_off = FileReading.objects.filter(file_id=sha256)
    texts = list(read_off.values_list("text_id", flat=True))
    read_off.delete()
    if pointing.exists():
        row.erased = True
        row.save(update_fields=["erased"])
    else:
        row.delete()
    StoredFile.objects.filter(sha256__in=texts).delete()
    for one in (sha256, *texts):
        folder().delete(one)
    return True


@transaction.atomic
def destroy(sha256: str, *, made: bool = False) -> bool:
    """Delete a stored file that was kept for good; tell whether it was deleted.

    For destruction by an act that two people stand for; a file that an upload points at stays.

    Args:
        sha256: The file.
        made: It is one that was made here; else what was made here stays.
    """
    hold(sha256)
    if Upload.objects.used().filter(_pointed_at(sha256)).exists():
        return False
    rows = StoredFile.objects.filter(sha256=sha256, kept=True)
    (rows if made else rows.filter(made=False)).update(kept=False, made=False)
    return drop(sha256)


def _pointed_at(sha256: str) -> Q:
    return Q(original_id=sha256) | Q(derivative_id=sha256) | Q(preview_id=sha256)
