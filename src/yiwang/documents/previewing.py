"""A picture of a document's first page."""

from __future__ import annotations

from yiwang.documents.apart import ask
from yiwang.documents.drawing import draw
from yiwang.documents.policy.files import MediaType

CPU_SECONDS = 20
WALL_SECONDS = 60


def first_page(content: bytes, media_type: MediaType) -> bytes | None:
    """Return a PNG of the first page of a PDF; None for a picture, which shows itself.

    None as well where the page cannot be drawn within the bounds: the document is still there.
    """
    if media_type is not MediaType.PDF:
        return None
    return ask(draw, content=content, cpu_seconds=CPU_SECONDS, seconds=WALL_SECONDS) or None
