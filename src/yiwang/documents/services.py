"""Acts on uploaded files: taking them in, tying them to a record, forgetting them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from yiwang.documents import inspecting, previewing, recognising, store
from yiwang.documents.inspecting import UploadRefusedError
from yiwang.documents.models import FileReading, Upload
from yiwang.documents.policy.files import (
    UNUSED_MAX_BYTES,
    ScanState,
    UploadState,
    clean_name,
)
from yiwang.documents.policy.readings import Reading, ReadingState, to_plain
from yiwang.documents.queries import UploadView, key_of, reading_of, upload, view

__all__ = [
    "UploadRefusedError",
    "UploadView",
    "accept_upload",
    "destroy_upload",
    "mark_used",
    "purge_unused_uploads",
    "read_upload",
    "record_scan",
]

CHUNK_BYTES = 256 * 1024


def accept_upload(*, file: BinaryIO, name: str, size: int, by: str, at: datetime) -> UploadView:
    """Take in a file that an applicant hands in, if it is what it says and harmless.

    The content, the extension and the container must agree. The original is kept as it came
    and never served; what people see is rebuilt: a PDF without scripts, actions and embedded
    files, a picture encoded anew without its hidden data.

    Args:
        file: The bytes, read once from where it stands, never beyond the limit.
        name: File name as the browser gave it.
        size: Size the sender declares; a false one changes nothing.
        by: Ref of the person or user who hands it in.
        at: Moment of arrival.

    Raises:
        UploadRefusedError: the message says what is wrong and how to mend it.
    """
    _require_room(by)
    content = _read(file, size=size)
    shown = clean_name(name)
    found = inspecting.inspect(content, name=shown)
    preview = previewing.first_page(found.derivative, found.media_type)
    with transaction.atomic():
        original = store.put(content, found.media_type.value, kept=False)
        derivative = store.put(found.derivative, found.media_type.value, kept=False)
        preview_ref = store.put(preview, "image/png", kept=False) if preview else None
        row = Upload.objects.create(
            owner_ref=by,
            name=shown,
            media_type=found.media_type.value,
            pages=found.pages,
            original_id=original.sha256,
            derivative_id=derivative.sha256,
            preview_id=preview_ref.sha256 if preview_ref else None,
            uploaded_at=at,
        )
    return view(row)


def _require_room(owner: str) -> None:
    held = Upload.objects.unused().filter(owner_ref=owner).aggregate(bytes=Sum("original__size"))
    if (held["bytes"] or 0) >= UNUSED_MAX_BYTES:
        raise UploadRefusedError(
            f"您已上传而未提交的文件超过 {UNUSED_MAX_BYTES // 1_000_000_000} GB，"
            "请先提交或者移除后再上传。"
        )


def _read(file: BinaryIO, *, size: int) -> bytes:
    limit = settings.MAX_UPLOAD_BYTES
    if size > limit:
        raise _too_large(limit)
    content = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        content += chunk
        if len(content) > limit:
            raise _too_large(limit)
    return bytes(content)


def _too_large(limit: int) -> UploadRefusedError:
    return UploadRefusedError(f"文件超过 {limit // 1_000_000} MB，请压缩或分成几个文件后再上传。")


@transaction.atomic
def mark_used(*, ref: str, used_by: str) -> UploadView:
    """Tie the uploaded file `ref` to a record, for good; a second call changes nothing.

    Args:
        ref: `upload:<uuid hex>`.
        used_by: Ref of the record, for example `case:<number>`.

    Raises:
        LookupError: there is no such upload.
        UploadRefusedError: it belongs to another record.
    """
    row = _locked(ref)
    if row.used_by == used_by:
        return view(row)
    if row.state != UploadState.UNUSED:
        raise UploadRefusedError("该文件已用于另一办件，请重新上传一次。")
    row.state = UploadState.USED.value
    row.used_by = used_by
    row.save(update_fields=["state", "used_by"])
    for sha256 in sorted(_contents(row)):
        store.keep(sha256)
    return view(row)


@transaction.atomic
def destroy_upload(*, ref: str, used_by: str) -> UploadView:
    """Delete the content of the uploaded file `ref` for good; its name and its hashes stay.

    Content that another upload, a letter or a licence has too stays in the store, for them. A
    second call changes nothing; where the first was killed on the way, it does the rest.

    Args:
        ref: `upload:<uuid hex>`.
        used_by: Ref of the record that it belongs to and is destroyed with.

    Raises:
        LookupError: there is no such upload of that record.
    """
    row = _locked(ref)
    if not used_by or row.used_by != used_by:
        raise LookupError(f"no upload {ref[:60]!r} of {used_by[:60]!r}")
    if row.state != UploadState.DESTROYED:
        row.state = UploadState.DESTROYED.value
        row.save(update_fields=["state"])
    for sha256 in sorted(_contents(row)):
        store.destroy(sha256)
    return upload(ref)


def _contents(row: Upload) -> frozenset[str]:
    return frozenset(filter(None, (row.original_id, row.derivative_id, row.preview_id)))


@transaction.atomic
def record_scan(*, ref: str, passed: bool) -> UploadView:
    """Write down what a virus scanner said about the uploaded file `ref`.

    Raises:
        LookupError: there is no such upload.
    """
    row = _locked(ref)
    row.scan = (ScanState.PASSED if passed else ScanState.BLOCKED).value
    row.save(update_fields=["scan"])
    return view(row)


def read_upload(*, ref: str, at: datetime) -> Reading:
    """Read the uploaded file `ref` off its pages, once for equal files; takes seconds.

    Raises:
        LookupError: there is no such upload.
    """
    found = upload(ref)
    sha256 = found.derivative_sha256
    known = reading_of(sha256)
    if known.state is not ReadingState.WAITING:
        return known
    made = recognising.read(store.open(sha256), found.media_type)
    if made.state is not ReadingState.MISSING:
        _keep_reading(sha256, made, at=at)
    return made


@transaction.atomic
def _keep_reading(sha256: str, made: Reading, *, at: datetime) -> None:
    """Keep what was read, unless the file is gone or somebody kept it meanwhile."""
    store.hold(sha256)
    if not Upload.objects.filter(derivative_id=sha256, derivative__erased=False).exists():
        return
    plain = {"file": sha256, "engine": recognising.ENGINE, "reading": to_plain(made)}
    text = store.put(json.dumps(plain, ensure_ascii=False).encode(), "application/json", kept=False)
    before = FileReading.objects.filter(file_id=sha256).first()
    FileReading.objects.update_or_create(
        file_id=sha256,
        defaults={"text_id": text.sha256, "engine": recognising.ENGINE, "read_at": at},
    )
    if before is not None and before.text_id != text.sha256:
        store.drop(before.text_id)


def _locked(ref: str) -> Upload:
    key = key_of(ref)
    row = (
        Upload.objects.select_for_update(of=("self",))
        .select_related("original", "derivative")
        .filter(key=key)
        .first()
        if key
        else None
    )
    if row is None:
        raise LookupError(f"no upload {ref[:60]!r}")
    return row


def purge_unused_uploads(*, at: datetime, limit: int = 1_000) -> int:
    """Delete uploads that belonged to nothing for too long, with their files.

    Returns:
        How many uploads were deleted; at most `limit`.
    """
    keys = list(Upload.objects.forgotten(at).order_by("pk").values_list("pk", flat=True)[:limit])
    return sum(_purge(key, at) for key in keys)


@transaction.atomic
def _purge(key: int, at: datetime) -> int:
    row = Upload.objects.select_for_update(skip_locked=True).forgotten(at).filter(pk=key).first()
    if row is None:
        return 0
    hashes = _contents(row)
    row.delete()
    for sha256 in sorted(hashes):
        store.drop(sha256)
    return 1
