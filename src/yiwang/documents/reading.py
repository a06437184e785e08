"""What a PDF says about itself."""

from __future__ import annotations

from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader

KEYWORDS_MAX_LENGTH = 200


def embedded_identifier(pdf: bytes) -> str:
    """Return the keywords of a PDF, where our documents carry their identifier.

    Empty where there are none or the file is not a PDF; raises on nothing.
    """
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)  # bounds what it unpacks
        keywords = str(reader.trailer["/Info"].get("/Keywords", ""))
    except Exception:  # noqa: BLE001 - a stranger's file; not readable is an answer
        return ""
    return keywords.strip()[:KEYWORDS_MAX_LENGTH]
