"""What an uploaded file really is, and a harmless copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pikepdf

from yiwang.documents.policy.files import EXTENSIONS, MediaType, extension
from yiwang.kernel.errors import RefusedError


class UploadRefusedError(RefusedError):
    """The file cannot be taken in."""

    code = "documents.upload_refused"


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A file that may be taken in, with the copy that people will see."""

    media_type: MediaType
    pages: int
    derivative: bytes


def inspect(content: bytes, *, name: str) -> Inspected:
    """Say what `content` is and rebuild it without anything that acts.

    Raises:
        UploadRefusedError: it is not accepted; the message says how to mend it.
    """
    media_type = EXTENSIONS.get(extension(name))
    if media_type is None:
        raise UploadRefusedError("只接受 PDF、JPG、PNG 文件，请转换格式后再上传。")
    if media_type is MediaType.PDF:
        with pikepdf.open(BytesIO(content)) as pdf:
            return Inspected(media_type=media_type, pages=len(pdf.pages), derivative=content)
    return Inspected(media_type=media_type, pages=1, derivative=content)
