"""PDF from templates: one compiler per template, the same bytes from the same words."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pylopdf_fonts_zh_cn
import typst
from django.conf import settings

from yiwang.documents.codes import qr_svg
from yiwang.kernel.errors import RefusedError

if TYPE_CHECKING:
    from typst import PDFStandard

TEMPLATES = Path(__file__).parent / "templates"

STANDARDS: list[PDFStandard] = ["a-2a", "ua-1"]
"""PDF/A-2a for the archive and PDF/UA-1 for screen readers.

A standard is always asked for: only then does a character that no font has stop the document
instead of being printed as a box.
"""


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


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a template prints: words it must be given and words it may be given."""

    needs: frozenset[str]
    takes: frozenset[str] = field(default=frozenset())


WORDS: Mapping[str, Words] = {
    "licence": Words(
        needs=frozenset({"name", "number", "identifier", "issuer", "issued_on", "token", "fields"}),
        takes=frozenset({"number_label", "qr", "qr_alt", "demo"}),
    ),
    "notice": Words(
        needs=frozenset({"issuer", "number", "title", "recipient", "paragraphs", "date"}),
        takes=frozenset(
            {"subtitle", "rows", "remedy", "contact", "query_code", "qr", "qr_alt", "demo"}
        ),
    ),
    "receipt": Words(
        needs=frozenset({"title", "issuer", "number", "rows", "date"}),
        takes=frozenset(
            {
                "subtitle",
                "recipient",
                "query_code",
                "materials",
                "paragraphs",
                "remedy",
                "notes",
                "large",
                "qr",
                "qr_alt",
                "demo",
            }
        ),
    ),
    "guide": Words(
        needs=frozenset({"title", "subtitle", "issuer", "facts", "parts"}),
        takes=frozenset({"summary", "notes", "qr", "qr_alt", "demo"}),
    ),
    "seal": Words(needs=frozenset({"name", "note"})),
}
"""Template -> its words.

Texts are plain text. `subtitle` names the item; `query_code` is printed beside `qr`.
`fields` and `rows` are lists of `[label, text]`; `paragraphs` and `notes`
lists of texts; `facts` a list of `[label, text]`; `parts` a list of
`{title, paragraphs, head, rows, widths}`; `materials` a list of `{name, copies, note}`; `qr` is the
text of the code; `demo` false leaves the demonstration mark out;
`large` true prints in 16 points and more.
"""

_MISSING = re.compile(r"the text `\"(.+?)\"` could not be displayed")
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")


def render(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF that `template` makes of `data`.

    Args:
        template: `guide`, `licence`, `notice` or `receipt`.
        data: Its words (see `WORDS`); text in it is printed as it stands, never read as markup.
        at: Moment written into the file; equal `data` and `at` give equal bytes.

    Raises:
        GlyphMissingError: the message names the characters.
        LookupError: there is no such template.
        ValueError: a word is missing or not known.
    """
    return render_for_seal(template, data, at=at).pdf


def render_for_seal(template: str, data: Mapping[str, Any], *, at: datetime) -> Rendered:
    """Return the PDF that `template` makes of `data`, and where its seal goes.

    Raises and arguments as for `render`.
    """
    words = _words(template, data)
    if words.get("qr"):
        words["qr"] = qr_svg(words["qr"])
    press = _press(template, settings.FONTS_DIR)
    with press.lock:
        pdf = press.compile(words, at=at, standards=[] if template == "seal" else STANDARDS)
        places = json.loads(press.compiler.query("<seal>", field="value"))
    return Rendered(pdf=pdf, seal_place=_place(places[-1]) if places else None)


def _words(template: str, data: Mapping[str, Any]) -> dict[str, Any]:
    known = WORDS.get(template)
    if known is None:
        raise LookupError(f"no template {template!r}")
    if missing := sorted(known.needs - data.keys()):
        raise ValueError(f"{template} needs {', '.join(missing)}")
    if unknown := sorted(data.keys() - known.needs - known.takes):
        raise ValueError(f"{template} does not print {', '.join(unknown)}")
    return dict(data)


def _place(found: Mapping[str, float]) -> SealPlace:
    return SealPlace(
        page=int(found["page"]),
        left=found["x"],
        bottom=found["height"] - found["y"] - found["side"],
        side=found["side"],
    )


class _Press:
    """One template with its compiler, which one thread uses at a time."""

    def __init__(self, template: str, fonts: typst.Fonts) -> None:
        self.lock = threading.Lock()
        self.compiler = typst.Compiler(
            str(TEMPLATES / f"{template}.typ"), root=str(TEMPLATES), font_paths=fonts
        )

    def compile(
        self, words: Mapping[str, Any], *, at: datetime, standards: list[PDFStandard]
    ) -> bytes:
        try:
            made = self.compiler.compile(
                format="pdf",
                sys_inputs={"data": json.dumps(words, ensure_ascii=False)},
                pdf_standards=standards,
                timestamp=int(at.timestamp()),
            )
        except typst.TypstError as error:
            signs = [_plain(sign) for sign in _MISSING.findall(error.diagnostic)]
            if not signs:
                raise
            raise GlyphMissingError(
                f"字库中没有{''.join(f'“{sign}”' for sign in dict.fromkeys(signs))}，无法印制；"
                f"请系统管理员把含有该字的字体文件放入 {settings.FONTS_DIR} 并重启服务后重试。"
            ) from error
        if not isinstance(made, bytes):
            raise TypeError("a PDF is one piece of bytes")
        return made


@cache
def _press(template: str, extra_fonts: Path) -> _Press:
    return _Press(template, _fonts(extra_fonts))


@cache
def _fonts(extra_fonts: Path) -> typst.Fonts:
    """Return the fonts of the wheel and of the operator, read once per process."""
    folders = [Path(pylopdf_fonts_zh_cn.__file__).parent]
    if extra_fonts.is_dir():
        folders.append(extra_fonts)
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in folders],
    )


def _plain(sign: str) -> str:
    """Return what the diagnostic spells with escapes as a person can read it."""
    return _ESCAPED.sub(lambda match: f"U+{int(match.group(1), 16):04X}", sign)
