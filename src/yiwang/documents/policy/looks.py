"""What a picture of a page measures: size, sharpness, light, and whether a red seal is on it.

Nothing here decides anything. The thresholds were measured on drawn pages and pictures of them
(clean scan 2,400 and more, usable photo about 200, blurred 3); a district may find others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

MEASURED_SIDE = 1_600
"""Longest side, in pixels, on which sharpness is measured."""

LEAST_SIDE = 600
"""Shorter side, in pixels, below which small print cannot be read."""

BLURRED_BELOW = 50.0
"""Variance of the Laplacian, on a grey scale of 0..255."""

DARK_BELOW = 60.0
"""Mean brightness, 0..255."""

BLANK_BELOW = 2.0
"""Standard deviation of the brightness; an empty page has hardly any."""

SEAL_SIDE = 320
"""Longest side, in pixels, on which a seal is looked for."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a program sees in a file; None and empty mean that it cannot be told.

    Attributes:
        text: Text layer of the first pages; empty for pictures, whose letters nobody reads here.
        width: Pixels; 0 for a PDF, which has no fixed size.
        sharpness: Variance of the Laplacian; None for a PDF.
        brightness: Mean, 0..255.
        blank: The first page shows nothing.
        seal: A round red mark was found on the first page.
        signers: Names in the certificates of signatures embedded in a PDF; not verified.
        failed: The file could not be looked at within the bounds.
    """

    text: str = ""
    width: int = 0
    height: int = 0
    sharpness: float | None = None
    brightness: float | None = None
    blank: bool = False
    seal: bool = False
    signers: tuple[str, ...] = ()
    failed: bool = False


def grey(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Return the brightness of each pixel, 0..255."""
    if pixels.ndim == 2:
        return pixels.astype(np.float64)
    if pixels.shape[2] < 3:
        return pixels[:, :, 0].astype(np.float64)
    weights = np.array([0.299, 0.587, 0.114])
    return cast("npt.NDArray[np.float64]", pixels[:, :, :3].astype(np.float64) @ weights)


def sharpness(brightness: npt.NDArray[np.float64]) -> float:
    """Return the variance of the Laplacian: large where edges are sharp.

    Source: the usual measure of focus (J. L. Pech-Pacheco and others, 2000).
    """
    if min(brightness.shape) < 3:
        return 0.0
    inner = brightness[1:-1, 1:-1]
    laplacian = (
        brightness[:-2, 1:-1]
        + brightness[2:, 1:-1]
        + brightness[1:-1, :-2]
        + brightness[1:-1, 2:]
        - 4 * inner
    )
    return float(laplacian.var())


def has_seal(pixels: Pixels) -> bool:
    """Tell whether a round red mark as large as a seal is on the page.

    A mark counts when its red pixels, joined over small gaps, fill a box that is about square,
    between a twentieth and a half of the page wide, and lie mostly on a ring or all over the disc.
    """
    if pixels.ndim != 3 or pixels.shape[2] < 3:
        return False
    red = _red(_shrunk(pixels))
    if not red.any():
        return False
    joined = _grown(_grown(red))
    longest = max(red.shape)
    return any(
        _is_round(red[top:bottom, left:right], longest)
        for top, bottom, left, right in _boxes(joined)
    )


def _shrunk(pixels: Pixels) -> npt.NDArray[np.int16]:
    step = max(1, -(-max(pixels.shape[:2]) // SEAL_SIDE))
    high, wide = (pixels.shape[0] // step) * step, (pixels.shape[1] // step) * step
    if not high or not wide:
        return pixels[:, :, :3].astype(np.int16)
    blocks = pixels[:high, :wide, :3].reshape(high // step, step, wide // step, step, 3)
    return cast("npt.NDArray[np.int16]", blocks.mean(axis=(1, 3)).astype(np.int16))


def _red(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    red, green, blue = pixels[:, :, 0], pixels[:, :, 1], pixels[:, :, 2]
    return (red > 110) & (red - green > 45) & (red - blue > 30)


def _grown(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= grown[:, :-1].copy()
    grown[:, :-1] |= grown[:, 1:].copy()
    return grown


def _boxes(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Return the box of each connected area, as rows and columns; ends are exclusive."""
    left_over = mask.copy()
    boxes = []
    for start in np.argwhere(mask):
        row, column = int(start[0]), int(start[1])
        if not left_over[row, column]:
            continue
        left_over[row, column] = False
        stack, rows, columns = [(row, column)], [row], [column]
        while stack:
            at_row, at_column = stack.pop()
            for near_row in range(max(at_row - 1, 0), min(at_row + 2, mask.shape[0])):
                for near in range(max(at_column - 1, 0), min(at_column + 2, mask.shape[1])):
                    if left_over[near_row, near]:
                        left_over[near_row, near] = False
                        stack.append((near_row, near))
                        rows.append(near_row)
                        columns.append(near)
        boxes.append((min(rows), max(rows) + 1, min(columns), max(columns) + 1))
    return boxes


def _is_round(box: npt.NDArray[np.bool_], longest: int) -> bool:
    high, wide = box.shape
    if not longest / 20 <= max(high, wide) <= longest / 2 or not 0.7 <= high / wide <= 1.43:
        return False
    rows, columns = np.nonzero(box)
    if rows.size < 12:
        return False
    centre_row, centre_column = (high - 1) / 2, (wide - 1) / 2
    radius = np.hypot(
        (rows - centre_row) / max(centre_row, 1), (columns - centre_column) / max(centre_column, 1)
    )
    corners = float((radius > 1.12).mean())
    around = _quarters(rows - centre_row, columns - centre_column, radius)
    return corners < 0.05 and around and float((radius > 0.7).mean()) > 0.3


def _quarters(rows: Any, columns: Any, radius: Any) -> bool:
    """Tell whether the outer ring is there in every eighth of the circle."""
    outer = radius > 0.7
    angles = np.arctan2(rows[outer], columns[outer])
    eighths = np.floor((angles + np.pi) / (np.pi / 4)).astype(int) % 8
    return len(set(eighths.tolist())) >= 7
