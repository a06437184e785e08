"""Bounds of qpdf, set once for the process before any stranger's PDF is opened.

A file of two megabytes may name streams that unpack to gigabytes, and the tables of a PDF are
unpacked while it is opened, before anything of it can be looked at.
"""

from __future__ import annotations

import re

import pikepdf

UNPACKED_MAX_BYTES = 100_000_000
"""Most that one stream may unpack to while a PDF is opened or rebuilt."""

FILTERS_MAX = 3
PROGRESSIVE_SCANS_MAX = 100

LZW_RATIO = 1_400
"""The most that one byte under LZW may become; qpdf has no bound for it."""

_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_LZW = re.compile(rb"/LZW(?:Decode)?(?![A-Za-z0-9])")
_INDIRECT_FILTER = re.compile(rb"/F(?:ilter)?[\x00\s]+\d+[\x00\s]+\d+[\x00\s]+R(?![A-Za-z0-9])")

pikepdf.settings.set_qpdf_limits(
    max_stream_filters=FILTERS_MAX,
    flate_max_memory=UNPACKED_MAX_BYTES,
    run_length_max_memory=UNPACKED_MAX_BYTES,
    png_max_memory=UNPACKED_MAX_BYTES,
    tiff_max_memory=UNPACKED_MAX_BYTES,
    dct_max_memory=UNPACKED_MAX_BYTES * 10,
    dct_max_progressive_scans=PROGRESSIVE_SCANS_MAX,
)


def may_expand(content: bytes, *, limit: int) -> bool:
    """Tell whether LZW, named or hidden behind a reference, could unpack to more than `limit`."""
    if len(content) * LZW_RATIO <= limit:
        return False
    plain = _ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), content)
    return bool(_LZW.search(plain) or _INDIRECT_FILTER.search(plain))
