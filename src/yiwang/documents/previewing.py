"""A picture of a document's first page."""

from __future__ import annotations

from io import BytesIO

import pypdfium2 as pdfium

from yiwang.documents.policy.files import MediaType

PREVIEW_SIDE = 900
"""Longest side of a preview, in pixels."""


def first_page(content: bytes, media_type: MediaType) -> bytes | None:
    """Return a PNG of the first page of a PDF; None for a picture, which shows itself."""
    if media_type is not MediaType.PDF:
        return None
    document = pdfium.PdfDocument(content)
    try:
        page = document[0]
        scale = PREVIEW_SIDE / max(*page.get_size(), 1.0)
        picture = page.render(scale=scale).to_pil()
    finally:
        document.close()
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
