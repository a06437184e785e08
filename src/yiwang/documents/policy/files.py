"""Kinds of file an applicant may hand in, their limits and their states."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.kernel.terms import Term


class MediaType(Term):
    """The kinds of file that are accepted; nothing else is."""

    PDF = "application/pdf", "PDF 文件"
    JPEG = "image/jpeg", "JPG 图片"
    PNG = "image/png", "PNG 图片"


class ScanState(Term):
    """What the virus scanner said (病毒扫描)."""

    NOT_SCANNED = "not_scanned", "未扫描"
    PASSED = "passed", "通过"
    BLOCKED = "blocked", "拦截"


class UploadState(Term):
    """Whether an uploaded file belongs to something yet, or no longer has its content."""

    UNUSED = "unused", "未使用"
    USED = "used", "已提交"
    DESTROYED = "destroyed", "已销毁"


EXTENSIONS: Mapping[str, MediaType] = {
    ".pdf": MediaType.PDF,
    ".jpg": MediaType.JPEG,
    ".jpeg": MediaType.JPEG,
    ".png": MediaType.PNG,
}
"""Lower-case extension -> the content it must have."""

UNUSED_UPLOAD_DAYS = 30
"""Days after which an uploaded file that belongs to no case is deleted.

Source:
    Retention of uploaded but unused files: our own rule, stated to the applicant.
"""

UNUSED_MAX_BYTES = 2_000_000_000
"""Most that one account may keep in files that belong to nothing yet: no disk is filled so."""

PICTURE_MAX_PIXELS = 60_000_000
"""Largest picture, width x height; a phone's 48-megapixel photograph passes."""

PICTURE_MAX_SIDE = 20_000
"""Longest side of a picture, in pixels."""

DERIVATIVE_MAX_SIDE = 3_000
"""Longest side of the picture that is shown, in pixels: an A4 page at 250 dpi."""

PDF_MAX_PAGES = 300
"""Most pages of one PDF."""

PDF_MAX_EXPANDED_BYTES = 400_000_000
"""Most bytes that the compressed streams of one PDF may unpack to."""

NAME_MAX_LENGTH = 120
"""Longest file name that is kept, in characters."""


@dataclass(frozen=True, kw_only=True)
class Dimensions:
    """Width and height of a picture in pixels, as its header says."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Return width x height."""
        return self.width * self.height


_UNSAFE = re.compile(r'[\\/:*?"<>|]')


def clean_name(name: str) -> str:
    """Return `name` as it may be shown and offered for download.

    Folders, control characters, direction marks and characters that some system refuses in
    a file name are dropped; the extension is kept; the whole is at most NAME_MAX_LENGTH.

    Example:
        `C:/我的文件/营业  执照?.pdf` gives `营业 执照.pdf`.
    """
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    text = " ".join(_UNSAFE.sub(" ", text).split()).strip(". ")
    stem, dot, extension = text.rpartition(".")
    if not dot:
        stem, extension = text, ""
    tail = f".{extension}"[:10] if extension else ""
    return (stem[: NAME_MAX_LENGTH - len(tail)] or "未命名") + tail


def extension(name: str) -> str:
    """Return the extension of `name` with its dot, in lower case; empty when it has none."""
    _, dot, tail = name.rpartition(".")
    return f".{tail.lower()}" if dot else ""
