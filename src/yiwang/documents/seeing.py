"""What is seen in a file: its text, its sharpness, a seal on it, signatures in it.

Runs in a process of its own (`apart`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from io import BytesIO
from typing import Any, cast

from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.looks import (
    BLANK_BELOW,
    MEASURED_SIDE,
    Look,
    Pixels,
    grey,
    has_seal,
    sharpness,
)

PAGES_READ = 5
TEXT_MAX = 20_000
SIGNERS_MAX = 8
DRAWN_SIDE = 1_000

SIGNED = b"/ByteRange"
"""Stands in every signed file, outside whatever is packed: it says which bytes were signed."""


def see(content: bytes, media_type: MediaType) -> Look:
    """Look at `content` in this process."""
    try:
        if media_type is MediaType.PDF:
            return _see_pdf(content)
        return _see_picture(content)
    except Exception:  # noqa: BLE001 - a stranger's file; not readable is an answer
        return Look(failed=True)


def _see_picture(content: bytes) -> Look:
    import pyvips

    whole = pyvips.Image.new_from_buffer(content, "", access="sequential")
    width, height = whole.width, whole.height
    small = whole.thumbnail_image(MEASURED_SIDE, height=MEASURED_SIDE, size="down")
    pixels = _plain_pixels(small.colourspace("srgb"))
    brightness = grey(pixels)
    return Look(
        width=width,
        height=height,
        sharpness=round(sharpness(brightness), 1),
        brightness=round(float(brightness.mean()), 1),
        blank=bool(brightness.std() < BLANK_BELOW),
        seal=has_seal(pixels),
    )


def _plain_pixels(picture: Any) -> Pixels:
    flat = picture.flatten(background=255) if picture.hasalpha() else picture
    return cast("Pixels", flat.cast("uchar").numpy())


def _see_pdf(content: bytes) -> Look:
    import pypdfium2 as pdfium  # type: ignore[import-untyped]

    with pdfium.PdfDocument(content) as document:
        document.init_forms()  # seals stand in form fields
        texts = []
        for place in range(min(len(document), PAGES_READ)):
            page = document[place]
            texts.append(page.get_textpage().get_text_range())
            page.close()
        page = document[0]
        scale = DRAWN_SIDE / max(*page.get_size(), 1.0)
        drawn = page.render(scale=scale, rev_byteorder=True, may_draw_forms=True)
        pixels = drawn.to_numpy()[:, :, :3].copy()
        page.close()
    brightness = grey(pixels)
    return Look(
        text="\n".join(texts)[:TEXT_MAX],
        brightness=round(float(brightness.mean()), 1),
        blank=bool(brightness.std() < BLANK_BELOW),
        seal=has_seal(pixels),
        signers=_signers(content),
    )


def _signers(content: bytes) -> tuple[str, ...]:
    if SIGNED not in content:
        return ()
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        found = PdfFileReader(BytesIO(content), strict=False).embedded_signatures
        return tuple(
            str(one.signer_cert.subject.native.get("common_name", ""))[:100]
            for one in found[:SIGNERS_MAX]
            if one.signer_cert is not None
        )
    except Exception:  # noqa: BLE001 - a stranger's file; no signature that can be read
        return ()


def written(content: bytes, media_type: str) -> bytes:
    """Return what is seen as `looking` reads it."""
    return json.dumps(asdict(see(content, MediaType(media_type)))).encode()
