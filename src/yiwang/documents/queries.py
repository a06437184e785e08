"""Questions about uploaded files."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from yiwang.documents import recognising, store
from yiwang.documents.models import FileReading, Upload
from yiwang.documents.policy.files import MediaType, ScanState, UploadState
from yiwang.documents.policy.readings import Reading, ReadingState, from_plain
from yiwang.kernel.errors import RefusedError


@dataclass(frozen=True, kw_only=True)
class UploadView:
    """An uploaded file as other packages see it.

    Attributes:
        ref: `upload:<uuid hex>`.
        name: Cleaned name, safe to show.
        size: Bytes of the original.
        sha256: Of the original, as it came.
        sm3: Of the original, as it came.
        pages: Pages of a PDF; 1 for a picture.
        derivative_sha256: Of what people are shown.
        used_by: Ref of what it belongs to; empty: nothing yet.
        erased: No program has its content any more, here or under another name.
    """

    ref: str
    name: str
    media_type: MediaType
    size: int
    sha256: str
    sm3: str
    pages: int
    owner_ref: str
    derivative_sha256: str
    derivative_size: int
    has_preview: bool
    scan: ScanState
    state: UploadState
    used_by: str
    uploaded_at: datetime
    erased: bool

    @property
    def destroyed(self) -> bool:
        """Whether it was destroyed with the archive of what it belonged to."""
        return self.state is UploadState.DESTROYED


class UploadDestroyedError(RefusedError, LookupError):
    """The content was destroyed; name and hashes stay."""

    code = "documents.destroyed"

    def __init__(self) -> None:
        super().__init__(
            "这份文件已随归档包依法销毁，只保留文件名和摘要，如有疑问请联系归档部门的档案人员。"
        )


def upload(ref: str) -> UploadView:
    """Return the uploaded file `ref`; one query.

    Raises:
        LookupError: there is none.
    """
    return view(_row(ref))


def uploads(refs: list[str]) -> dict[str, UploadView]:
    """Return the uploaded files among `refs` by ref; one query."""
    keys = [key for key in map(key_of, refs) if key is not None]
    rows = Upload.objects.select_related("original", "derivative").filter(key__in=keys)
    return {row.ref: view(row) for row in rows}


def uploads_of(used_by: str) -> tuple[UploadView, ...]:
    """Return the uploaded files that belong to a record, destroyed ones too, the oldest first.

    Args:
        used_by: Ref of the record, for example `case:<number>`.
    """
    rows = Upload.objects.select_related("original", "derivative").filter(used_by=used_by)
    return tuple(view(row) for row in rows.exclude(used_by="").order_by("pk"))


def open_derivative(ref: str) -> bytes:
    """Return what people are shown of the uploaded file `ref`.

    Raises:
        UploadDestroyedError: it was destroyed.
        LookupError: there is none.
    """
    return store.open(_there(ref).derivative_id)


def open_original(ref: str) -> bytes:
    """Return the uploaded file `ref` as it came; for checks by programs, never to be served.

    Raises:
        UploadDestroyedError: it was destroyed.
        LookupError: there is none.
    """
    return store.open(_there(ref).original_id)


def open_preview(ref: str) -> bytes | None:
    """Return a PNG of the first page of the uploaded file `ref`, or None without one.

    Raises:
        UploadDestroyedError: it was destroyed.
        LookupError: there is no such upload.
    """
    preview = _there(ref).preview_id
    return store.open(preview) if preview else None


def reading(ref: str) -> Reading:
    """Return what was read off the uploaded file `ref`; waiting where nobody read it yet.

    Raises:
        LookupError: there is no such upload.
    """
    return reading_of(_row(ref).derivative_id)


def reading_of(sha256: str) -> Reading:
    """Return what was read off a stored file by what reads today."""
    kept = FileReading.objects.filter(file_id=sha256, engine=recognising.ENGINE).first()
    if kept is not None:
        return from_plain(json.loads(store.open(kept.text_id))["reading"])
    installed = recognising.available()
    return Reading(state=ReadingState.WAITING if installed else ReadingState.MISSING)


def view(row: Upload) -> UploadView:
    """Return `row` as other packages see it."""
    return UploadView(
        ref=row.ref,
        name=row.name,
        media_type=MediaType(row.media_type),
        size=row.original.size,
        sha256=row.original_id,
        sm3=row.original.sm3,
        pages=row.pages,
        owner_ref=row.owner_ref,
        derivative_sha256=row.derivative_id,
        derivative_size=row.derivative.size,
        has_preview=row.preview_id is not None,
        scan=ScanState(row.scan),
        state=UploadState(row.state),
        used_by=row.used_by,
        uploaded_at=row.uploaded_at,
        erased=row.original.erased,
    )


def _there(ref: str) -> Upload:
    row = _row(ref)
    if row.state == UploadState.DESTROYED:
        raise UploadDestroyedError
    return row


def _row(ref: str) -> Upload:
    key = key_of(ref)
    row = (
        Upload.objects.select_related("original", "derivative").filter(key=key).first()
        if key
        else None
    )
    if row is None:
        raise LookupError(f"no upload {ref[:60]!r}")
    return row


def key_of(ref: str) -> uuid.UUID | None:
    """Return the key in `upload:<uuid hex>`, or None where `ref` is something else."""
    prefix, _, digits = ref.partition(":")
    if prefix != "upload" or len(digits) != 32 or not digits.isalnum():
        return None
    try:
        return uuid.UUID(hex=digits)
    except ValueError:
        return None
