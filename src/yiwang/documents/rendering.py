"""PDF from templates: one compiler per template, the same bytes from the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import segno

from yiwang.kernel.errors import RefusedError

TEMPLATES = Path(__file__).parent / "templates"
STANDARDS = ["a-2a", "ua-1"]
"""PDF/A-2a for the archive and PDF/UA-1 for screen readers."""


class GlyphMissingError(RefusedError):
    """A character cannot be printed because no font has it."""

    code = "documents.glyph_missing"


@dataclass(frozen=True, kw_only=True)
class SealPlace:
    """Where the seal goes: a square on a page, in points from the page's lower left corner.

    `page` counts from 0.
    """

    page: int
    left: float
    bottom: float
    side: float


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A document, and where its seal goes; None where it has no place for one."""

    pdf: bytes
    seal_place: SealPlace | None


def render(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF that `template` makes of `data`.

    Args:
        template: Name in the folder of templates, without its ending: `licence`, `notice`,
            `receipt`.
        data: Plain values; text in it is printed as it stands, never read as markup.
        at: Moment written into the file; equal `data` and `at` give equal bytes.

    Raises:
        GlyphMissingError: the message names the character.
        LookupError: there is no such template.
    """
    return render_for_seal(template, data, at=at).pdf


def render_for_seal(template: str, data: Mapping[str, Any], *, at: datetime) -> Rendered:
    """Return the PDF that `template` makes of `data`, and where its seal goes.

    Raises and arguments as for `render`.
    """
    raise NotImplementedError


def qr_svg(text: str) -> str:
    """Return a QR code of `text` as SVG, error correction M."""
    return str(segno.make(text, error="m", micro=False).svg_inline(border=0, scale=4))
