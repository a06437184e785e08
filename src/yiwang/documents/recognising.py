"""Reading pages that have no text layer: scans and photos.

Done by a process of its own with bounded memory and time, which loads the model once, when the
first page comes, and ends with the file: nothing of one applicant's paper stays for the next.
What reads is optional (`make reading`); without it a reading says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import structlog

from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.readings import (
    Line,
    Page,
    Reading,
    ReadingState,
    Seal,
    page_from_plain,
    tilt,
)

ENGINE = "rapidocr-3.10.0/PP-OCRv6-small"
"""What reads; a file is read again when this changes."""

PAGES_READ = 5
SIDE = 2_000
"""Longest side, in pixels, of the picture that is read."""

FOUND_SIDE = 1_280
"""Longest side, in pixels, on which lines are found; they are then read off the larger picture."""

CPU_SECONDS = 60
WALL_SECONDS = 120
MEMORY_BYTES = 4_000_000_000
LINES_MAX = 400
LINE_CHARACTERS = 300
SEALS_MAX = 4
THREADS = 1

UNSURE_BELOW = 0.8
"""Mean confidence below which the page is tried the other way up."""

RING_SIDE = 64
"""Height, in pixels, of the strip into which the writing around a seal is unrolled."""

Pixels = npt.NDArray[np.uint8]

log = structlog.get_logger()


class Recogniser(Protocol):
    """What finds lines in a picture, and reads one line."""

    def lines(self, pixels: Pixels) -> tuple[Line, ...]:
        """Return the lines of a page."""

    def strip(self, pixels: Pixels) -> tuple[str, float]:
        """Return the text of a picture that is one line, and how sure it is."""


def available() -> bool:
    """Tell whether what reads is installed here."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime", "cv2"))


def read(content: bytes, media_type: MediaType) -> Reading:
    """Return what is read off `content`; what cannot be read within the bounds says so."""
    if not available():
        return Reading(state=ReadingState.MISSING)
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "yiwang.documents.recognising", media_type.value),
                *(str(CPU_SECONDS), str(MEMORY_BYTES)),
            ],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=True,
            env={**os.environ, "OMP_NUM_THREADS": str(THREADS)},
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning("documents.reading_failed", size=len(content), error=type(error).__name__)
        pages = written(error.stdout or b"")
        state = ReadingState.READ if pages else ReadingState.FAILED
        return Reading(state=state, pages=pages, engine=ENGINE, whole=False)
    return Reading(state=ReadingState.READ, pages=written(done.stdout), engine=ENGINE)


def written_as(page: Page) -> bytes:
    """Return a page as the reading process writes it: one line."""
    return json.dumps(asdict(page)).encode() + b"\n"


def written(output: bytes) -> tuple[Page, ...]:
    """Return the pages that were written whole before the process ended."""
    return tuple(
        page_from_plain(json.loads(line))
        for line in output.splitlines(keepends=True)
        if line.endswith(b"\n")
    )


def read_pages(
    content: bytes, media_type: MediaType, recogniser: Recogniser | None = None
) -> Iterator[Page]:
    """Yield what is read off each page, in this process."""
    reader = recogniser or model()
    for pixels in _pictures(content, media_type):
        yield read_page(pixels, reader)


def read_page(pixels: Pixels, reader: Recogniser) -> Page:
    """Return what is read off one picture, set upright first where it lies or stands on its head.

    Args:
        pixels: Red, green, blue.
        reader: What finds and reads lines.
    """
    turned, lines = 0, reader.lines(pixels)
    if lines and sum(_lies(line) for line in lines) * 2 > len(lines):
        turned, lines = 1, reader.lines(_turned(pixels, 1))
    if lines and _sureness(lines) < UNSURE_BELOW:
        other = (turned + 2) % 4
        again = reader.lines(_turned(pixels, other))
        if _weight(again) > _weight(lines):
            turned, lines = other, again
    upright = _turned(pixels, turned)
    return Page(
        width=int(upright.shape[1]),
        height=int(upright.shape[0]),
        lines=lines[:LINES_MAX],
        seals=_seals(upright, reader),
        turned=turned,
        tilt=tilt([_slope(line) for line in lines if len(line.text) >= 4]),
    )


def _turned(pixels: Pixels, quarters: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, -quarters)) if quarters else pixels


def _lies(line: Line) -> bool:
    """Tell whether a line runs from top to bottom."""
    xs, ys = zip(*line.box, strict=True)
    return (max(ys) - min(ys)) > 1.5 * (max(xs) - min(xs))


def _slope(line: Line) -> float:
    (x, y), (to_x, to_y) = line.box[0], line.box[1]
    return float(np.degrees(np.arctan2(to_y - y, max(to_x - x, 1e-6))))


def _weight(lines: tuple[Line, ...]) -> float:
    return sum(len(line.text) * line.confidence**2 for line in lines)


def _sureness(lines: tuple[Line, ...]) -> float:
    count = sum(len(line.text) for line in lines)
    return sum(len(line.text) * line.confidence for line in lines) / count if count else 0.0


def _pictures(content: bytes, media_type: MediaType) -> Iterator[Pixels]:
    """Yield the first pages as pictures, none larger than is read."""
    if media_type is MediaType.PDF:
        import pypdfium2 as pdfium  # type: ignore[import-untyped]

        with pdfium.PdfDocument(content) as document:
            document.init_forms()
            for place in range(min(len(document), PAGES_READ)):
                page = document[place]
                scale = SIDE / max(*page.get_size(), 1.0)
                drawn = page.render(scale=scale, rev_byteorder=True, may_draw_forms=True)
                yield drawn.to_numpy()[:, :, :3].copy()
                page.close()
        return
    import pyvips

    whole = pyvips.Image.new_from_buffer(content, "", access="sequential")
    small = whole.thumbnail_image(SIDE, height=SIDE, size="down").colourspace("srgb")
    flat = small.flatten(background=255) if small.hasalpha() else small
    yield cast("Pixels", flat.cast("uchar").numpy())


def _seals(pixels: Pixels, reader: Recogniser) -> tuple[Seal, ...]:
    """Return the round marks on a page, red ones first, with the writing around them."""
    import cv2

    white = max(float(np.percentile(pixels, 95)), 1.0)  # the paper, however dark it was taken
    lit: Any = cv2.convertScaleAbs(pixels, alpha=255 / white)
    grey = cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY)
    light = lit.astype(np.int16)
    red, green, blue = light[:, :, 0], light[:, :, 1], light[:, :, 2]
    is_red = ((red > 110) & (red - green > 45) & (red - blue > 30)).astype(np.uint8)
    dark = ((grey < 140) & (is_red == 0)).astype(np.uint8)
    found = []
    for mask, coloured in ((is_red, True), (dark, False)):
        for x, y, radius in _circles(mask, outer_only=coloured):
            found.append(Seal(red=coloured, text=_around(mask, (x, y), radius, reader)))
    return tuple(found[:SEALS_MAX])


def _circles(mask: Pixels, *, outer_only: bool) -> list[tuple[float, float, float]]:
    """Return centre and radius of the marks that are as large and as round as a seal."""
    import cv2

    longest = max(mask.shape)
    marks: Any = mask
    if outer_only:
        marks = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    way = cv2.RETR_EXTERNAL if outer_only else cv2.RETR_LIST
    contours, _ = cv2.findContours(marks, way, cv2.CHAIN_APPROX_NONE)
    circles: list[tuple[float, float, float]] = []
    for contour in contours:
        hull = cv2.convexHull(contour)
        around, area = cv2.arcLength(hull, closed=True), cv2.contourArea(hull)
        if not around or 4 * np.pi * area / around**2 < 0.93:
            continue
        (x, y), radius = cv2.minEnclosingCircle(hull)
        if not longest / 40 <= radius <= longest / 5 or area < 0.8 * np.pi * radius**2:
            continue
        if not outer_only and cv2.contourArea(contour) < 0.9 * area:
            continue  # letters that happen to fill a round hull
        if all(np.hypot(x - at_x, y - at_y) > at_radius for at_x, at_y, at_radius in circles):
            circles.append((float(x), float(y), float(radius)))
    return circles


def _around(mask: Pixels, centre: tuple[float, float], radius: float, reader: Recogniser) -> str:
    """Return what is written around a seal: its ring is unrolled into a strip; empty: unsure."""
    import cv2

    length = int(RING_SIDE / 0.38 * 2 * np.pi * 0.75)
    ink = ((1 - mask) * 255).astype(np.uint8)
    rolled: Any = cv2.warpPolar(
        ink, (int(RING_SIDE / 0.38), length), centre, radius, cv2.WARP_POLAR_LINEAR
    )
    ring = np.rot90(rolled[:, int(rolled.shape[1] * 0.52) : int(rolled.shape[1] * 0.93)])
    strip = np.roll(ring, -length // 4, axis=1)  # begins at the foot of the seal
    strip = strip[:, int(length * 0.05) : int(length * 0.95)]
    shown = np.ascontiguousarray(np.repeat(strip[:, :, None], 3, axis=2))
    text, confidence = reader.strip(shown)
    return text if confidence >= 0.8 and len(text) >= 4 else ""


@cache
def model() -> Recogniser:
    """Return the model, loaded once in a process."""
    return _Rapid()


class _Rapid:
    """PP-OCR as RapidOCR ships it: everything stands in its wheel, nothing is fetched."""

    def __init__(self) -> None:
        import cv2
        from rapidocr import RapidOCR

        cv2.setNumThreads(THREADS)
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.limit_type": "max",
                "Det.limit_side_len": FOUND_SIDE,
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
                "EngineConfig.onnxruntime.inter_op_num_threads": THREADS,
            }
        )

    def lines(self, pixels: Pixels) -> tuple[Line, ...]:
        """Return the lines of a page."""
        found = self._engine(np.ascontiguousarray(pixels[:, :, ::-1]))
        if found.boxes is None or not found.txts:
            return ()
        return tuple(
            Line(
                box=_corners(box),
                text=str(text)[:LINE_CHARACTERS],
                confidence=round(float(score), 3),
            )
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        )

    def strip(self, pixels: Pixels) -> tuple[str, float]:
        """Return the text of a picture that is one line, and how sure it is."""
        found: Any = self._engine(pixels, use_det=False, use_rec=True)
        texts, scores = found.txts or ("",), found.scores or (0.0,)
        self._engine.use_det = True
        return str(texts[0])[:LINE_CHARACTERS], float(scores[0])


def _corners(box: Any) -> Any:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in box)


def main() -> None:
    """Read a file from standard input and write a page a line to standard output."""
    media_type, cpu_seconds, memory_bytes = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds)))
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for page in read_pages(sys.stdin.buffer.read(), MediaType(media_type)):
        sys.stdout.buffer.write(written_as(page))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
