"""What an uploaded file really is, and a harmless copy of it.

Nothing is believed: the extension, the content as libmagic sees it and the container as read here
must agree; sizes are read from headers before anything is unpacked; the copy is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pylibmagic  # noqa: F401 - puts libmagic where the next import finds it

import magic  # isort: skip

from yiwang.documents import pdf_rebuilding, picture_rebuilding
from yiwang.documents.policy.files import EXTENSIONS, MediaType, extension
from yiwang.documents.refusals import UploadRefusedError

__all__ = ["Inspected", "UploadRefusedError", "inspect"]

SNIFFED_BYTES = 1_000_000
"""How much of a file libmagic looks at."""

HEIC = "苹果手机的 HEIC 照片不能受理，请在“设置-相机-格式”中选“兼容性最佳”后重拍，或者上传截图。"

REMEDIES: Mapping[str, str] = {
    ".heic": HEIC,
    ".heif": HEIC,
    ".doc": "请把文档另存为 PDF 后再上传。",
    ".docx": "请把文档另存为 PDF 后再上传。",
    ".wps": "请把文档另存为 PDF 后再上传。",
    ".ofd": "请把文档另存为 PDF 后再上传。",
    ".xls": "请把表格另存为 PDF 后再上传。",
    ".xlsx": "请把表格另存为 PDF 后再上传。",
    ".zip": "不接受压缩包，请解压后逐个上传。",
    ".rar": "不接受压缩包，请解压后逐个上传。",
    ".7z": "不接受压缩包，请解压后逐个上传。",
    ".svg": "请把图片另存为 PNG 或 JPG 后再上传。",
    ".html": "请把网页打印为 PDF 后再上传。",
    ".htm": "请把网页打印为 PDF 后再上传。",
}
"""Extension -> what to do instead."""

ELSE = "只接受 PDF、JPG、PNG 文件，请转换格式后再上传。"


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A file that may be taken in, with the copy that people will see."""

    media_type: MediaType
    pages: int
    derivative: bytes


def inspect(content: bytes, *, name: str) -> Inspected:
    """Say what `content` is and rebuild it without anything that acts.

    Args:
        content: The whole file.
        name: Its name; the extension counts.

    Raises:
        UploadRefusedError: it is not accepted; the message says how to mend it.
    """
    if not content:
        raise UploadRefusedError("文件是空的，请重新选择文件后上传。")
    ending = extension(name)
    expected = EXTENSIONS.get(ending)
    if expected is None:
        raise UploadRefusedError(REMEDIES.get(ending, ELSE))
    found = _sniff(content)
    if found != expected.value:
        raise UploadRefusedError(
            f"文件名以“{ending}”结尾，内容却不是{expected.label}；"
            "请打开原文件，另存为 PDF、JPG 或 PNG 后再上传，不要只改文件名。"
        )
    pages, derivative = _REBUILD[expected](content)
    return Inspected(media_type=expected, pages=pages, derivative=derivative)


def _picture(rebuild: Callable[[bytes], bytes]) -> Callable[[bytes], tuple[int, bytes]]:
    return lambda content: (1, rebuild(content))


_REBUILD: Mapping[MediaType, Callable[[bytes], tuple[int, bytes]]] = {
    MediaType.PDF: pdf_rebuilding.rebuild,
    MediaType.JPEG: _picture(picture_rebuilding.rebuild_jpeg),
    MediaType.PNG: _picture(picture_rebuilding.rebuild_png),
}


@cache
def _magic() -> Any:
    return magic.Magic(mime=True)


def _sniff(content: bytes) -> str:
    """Return the media type by content."""
    return str(_magic().from_buffer(content[:SNIFFED_BYTES]))
