"""Draws the first page of a PDF; run as a process of its own (`previewing`)."""

from __future__ import annotations

import sys
from io import BytesIO

from yiwang.documents.bounds import bound

PREVIEW_SIDE = 900
"""Longest side of a preview, in pixels."""

CPU_SECONDS = 20


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


def main() -> None:
    """Read a PDF from standard input and write its first page to standard output."""
    bound(cpu_seconds=CPU_SECONDS)
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
