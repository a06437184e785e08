"""Pictures encoded anew: what is not a pixel does not survive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyvips

from yiwang.documents.policy.files import (
    DERIVATIVE_MAX_SIDE,
    PICTURE_MAX_PIXELS,
    PICTURE_MAX_SIDE,
    Dimensions,
)
from yiwang.documents.refusals import UploadRefusedError

pyvips.block_untrusted_set(True)
pyvips.cache_set_max(0)  # nothing of one applicant's picture stays for the next

JPEG_QUALITY = 88
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that begin a frame and tell its size."""
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG markers without a length."""

DAMAGED = "图片不完整或已损坏，请重新拍照或重新导出后上传。"


def rebuild_jpeg(content: bytes) -> bytes:
    """Return a JPEG of the same picture, turned upright, without metadata and tail.

    Raises:
        UploadRefusedError: it is no JPEG, too large, or damaged.
    """
    _check(jpeg_dimensions(content))
    picture = _shown(pyvips.Image.jpegload_buffer, content, autorotate=True)
    return bytes(picture.jpegsave_buffer(Q=JPEG_QUALITY, keep="none"))


def rebuild_png(content: bytes) -> bytes:
    """Return a PNG of the same picture without metadata and tail.

    Raises:
        UploadRefusedError: it is no PNG, too large, or damaged.
    """
    _check(png_dimensions(content))
    picture = _shown(pyvips.Image.pngload_buffer, content)
    return bytes(picture.pngsave_buffer(keep="none"))


def jpeg_dimensions(content: bytes) -> Dimensions | None:
    """Return the size in the first frame header of a JPEG, or None without one."""
    if content[:3] != b"\xff\xd8\xff":
        return None
    place = 2
    while place + 9 < len(content):
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _BARE:
            place += 2
        elif marker in _FRAMES:
            return Dimensions(
                height=int.from_bytes(content[place + 5 : place + 7], "big"),
                width=int.from_bytes(content[place + 7 : place + 9], "big"),
            )
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


def png_dimensions(content: bytes) -> Dimensions | None:
    """Return the size in the header of a PNG, or None without one."""
    if content[:8] != PNG_SIGNATURE or content[12:16] != b"IHDR" or len(content) < 33:
        return None
    return Dimensions(
        width=int.from_bytes(content[16:20], "big"), height=int.from_bytes(content[20:24], "big")
    )


def _check(found: Dimensions | None) -> None:
    if found is None or not found.pixels:
        raise UploadRefusedError(DAMAGED)
    if found.pixels > PICTURE_MAX_PIXELS or max(found.width, found.height) > PICTURE_MAX_SIDE:
        raise UploadRefusedError(
            f"图片有 {found.width}×{found.height} 像素，"
            f"超过上限 {PICTURE_MAX_PIXELS // 10_000} 万像素，"
            "请缩小后再上传。"
        )


def _shown(load: Callable[..., Any], content: bytes, **options: Any) -> Any:
    """Return the picture in sRGB, not larger than is shown; a damaged one is refused."""
    try:
        picture = load(content, access="sequential", fail_on="truncated", **options)
        smaller = picture.thumbnail_image(
            DERIVATIVE_MAX_SIDE, height=DERIVATIVE_MAX_SIDE, size="down"
        )
        return smaller.colourspace("srgb").copy_memory()
    except pyvips.Error as error:
        raise UploadRefusedError(DAMAGED) from error
