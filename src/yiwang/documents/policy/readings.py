"""What was read off pages without a text layer: lines, how sure, how the page lies, its seals.

Nothing here decides anything, and nothing is loaded: the reading itself is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import cos, radians, sin
from statistics import median
from typing import Any

from yiwang.kernel.terms import Term

SURE_FROM = 0.85
"""Confidence from which a line counts as read, 0..1; measured in docs/algorithms/reading.md."""

EDGE_SHARE = 0.006
"""Share of a side within which a line touches the edge of the picture."""

TEXT_MAX = 20_000

Point = tuple[float, float]


class ReadingState(Term):
    """Whether a file could be read."""

    READ = "read", "已识别"
    FAILED = "failed", "识别失败"
    MISSING = "missing", "没有安装识别程序"
    WAITING = "waiting", "等待识别"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text: its box from the top left corner clockwise, and how sure it is, 0..1."""

    box: tuple[Point, Point, Point, Point]
    text: str
    confidence: float

    def middle(self, slope: float = 0.0) -> Point:
        """Return the middle of the line, on a page that is set straight by `slope` degrees."""
        x, y = sum(x for x, _y in self.box) / 4, sum(y for _x, y in self.box) / 4
        turn = radians(slope)
        return x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)

    @property
    def height(self) -> float:
        """Return how high the line is."""
        (x, y), (to_x, to_y) = self.box[0], self.box[3]
        return float(((x - to_x) ** 2 + (y - to_y) ** 2) ** 0.5)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A round mark: whether it is red, and what is written around it; empty: not readable."""

    red: bool
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What was read off one page.

    Attributes:
        turned: Quarter turns clockwise by which the page was set upright.
        tilt: Degrees by which its lines slope.
    """

    width: int
    height: int
    lines: tuple[Line, ...] = ()
    seals: tuple[Seal, ...] = ()
    turned: int = 0
    tilt: float = 0.0

    @property
    def touching(self) -> int:
        """Return how many lines run into the edge of the picture, as of a page cut off."""
        wide, high = self.width * EDGE_SHARE, self.height * EDGE_SHARE
        return sum(
            any(
                x <= wide or y <= high or x >= self.width - wide or y >= self.height - high
                for x, y in line.box
            )
            for line in self.lines
        )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read off a file.

    Attributes:
        engine: Name and version of what read it; empty: nobody did.
        whole: Whether all pages that are read at all were read within the bounds.
    """

    state: ReadingState
    pages: tuple[Page, ...] = ()
    engine: str = ""
    whole: bool = True

    @property
    def text(self) -> str:
        """Return the text, row by row."""
        return "\n".join(row for page in self.pages for row in rows(page.lines, page.tilt))[
            :TEXT_MAX
        ]

    @property
    def sure_share(self) -> float:
        """Return the share of characters that were read with confidence, 0..1."""
        lines = [line for page in self.pages for line in page.lines]
        all_of_them = sum(len(line.text) for line in lines)
        sure = sum(len(line.text) for line in lines if line.confidence >= SURE_FROM)
        return sure / all_of_them if all_of_them else 0.0

    @property
    def seals(self) -> tuple[Seal, ...]:
        """Return the seals of all pages."""
        return tuple(seal for page in self.pages for seal in page.seals)


def rows(lines: Sequence[Line], slope: float = 0.0) -> list[str]:
    """Return the text of lines from top to bottom; what stands side by side is one row.

    Args:
        lines: The lines of one page.
        slope: Degrees by which they slope.
    """
    grouped: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.middle(slope)[1]):
        last = grouped[-1][-1] if grouped else None
        apart = line.middle(slope)[1] - last.middle(slope)[1] if last else 0.0
        if last and apart < 0.5 * min(line.height, last.height):
            grouped[-1].append(line)
        else:
            grouped.append([line])
    return [
        " ".join(one.text for one in sorted(row, key=lambda one: one.middle(slope)[0]))
        for row in grouped
    ]


def tilt(slopes: Sequence[float]) -> float:
    """Return the middle slope, in degrees; 0 without any."""
    return round(median(slopes), 1) if slopes else 0.0


def to_plain(reading: Reading) -> dict[str, Any]:
    """Return `reading` as plain values."""
    return {**asdict(reading), "state": reading.state.value}


def from_plain(plain: dict[str, Any]) -> Reading:
    """Return the reading that was written as plain values."""
    return Reading(
        state=ReadingState(plain["state"]),
        engine=plain["engine"],
        whole=plain["whole"],
        pages=tuple(page_from_plain(page) for page in plain["pages"]),
    )


def page_from_plain(plain: dict[str, Any]) -> Page:
    """Return the page that was written as plain values."""
    return Page(
        **{
            **plain,
            "lines": tuple(
                Line(box=_box(line["box"]), text=line["text"], confidence=float(line["confidence"]))
                for line in plain["lines"]
            ),
            "seals": tuple(Seal(**seal) for seal in plain["seals"]),
        }
    )


def _box(corners: Sequence[Sequence[float]]) -> tuple[Point, Point, Point, Point]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in corners)
    return first, second, third, fourth
