"""Sending files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from urllib.parse import quote

from django.http import HttpResponse

BOM = "\ufeff"
"""First character of a CSV file, by which spreadsheet programs read it as UTF-8."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that spreadsheet programs take for a formula."""


def csv_line(cells: Iterable[str]) -> str:
    """Return one line of CSV; a cell that a spreadsheet would run is made plain text."""
    line = StringIO()
    csv.writer(line).writerow(
        f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in cells
    )
    return line.getvalue()


def pdf(content: bytes, *, name: str) -> HttpResponse:
    """Answer with a PDF that browsers save under `name`; nobody keeps a copy on the way."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
