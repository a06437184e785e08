"""What a PDF says about itself."""

from __future__ import annotations

from io import BytesIO

import pikepdf

KEYWORDS_MAX_LENGTH = 200


def embedded_identifier(pdf: bytes) -> str:
    """Return the keywords of a PDF, where our documents carry their identifier.

    Empty where there are none or the file is not a PDF; raises on nothing.
    """
    try:
        with pikepdf.open(BytesIO(pdf)) as document:
            keywords = str(document.docinfo.get("/Keywords", ""))
    except Exception:  # noqa: BLE001 - a stranger's file; not readable is an answer
        return ""
    return keywords.strip()[:KEYWORDS_MAX_LENGTH]
