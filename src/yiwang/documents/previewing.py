"""A picture of a document's first page, drawn by a process of its own.

The drawing program reads what strangers send; it gets bounded memory and time, and nothing but
the bytes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from io import BytesIO

import structlog

from yiwang.documents.policy.files import MediaType

PREVIEW_SIDE = 900
"""Longest side of a preview, in pixels."""

CPU_SECONDS = 20
WALL_SECONDS = 60
MEMORY_BYTES = 2_000_000_000

log = structlog.get_logger()


def first_page(content: bytes, media_type: MediaType) -> bytes | None:
    """Return a PNG of the first page of a PDF; None for a picture, which shows itself.

    None as well where the page cannot be drawn within the bounds: the document is still there.
    """
    if media_type is not MediaType.PDF:
        return None
    try:
        done = subprocess.run(
            [sys.executable, "-m", "yiwang.documents.previewing"],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning("documents.preview_failed", size=len(content), error=type(error).__name__)
        return None
    return done.stdout or None


def draw(content: bytes) -> bytes:
    """Return a PNG of the first page of a PDF."""
    import pypdfium2 as pdfium  # type: ignore[import-untyped]  # loaded in the child only

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
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
