"""Draws the first page of a PDF; runs in a process of its own (`apart`)."""

from __future__ import annotations

from io import BytesIO

PREVIEW_SIDE = 900
"""Longest side of a preview, in pixels."""


def draw(content: bytes) -> bytes:
    """Return a PNG of the first page of a PDF."""
    import pypdfium2 as pdfium  # type: ignore[import-untyped]

    with pdfium.PdfDocument(content) as document:
        page = document[0]
        scale = PREVIEW_SIDE / max(*page.get_size(), 1.0)
        picture = page.render(scale=scale).to_pil()
        page.close()
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
