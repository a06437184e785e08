"""How to make files: honest ones, hostile ones, and uploads of them."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from io import BytesIO
from typing import Any

import pikepdf
import pyvips
from django.utils import timezone
from pikepdf import Array, Dictionary, Name, Stream, String

from yiwang.documents import services
from yiwang.documents.queries import UploadView

NOON = dt.datetime(2026, 3, 9, 12, 0, tzinfo=timezone.get_default_timezone())


def pdf(*, pages: int = 1, content: bytes = b"", password: str = "", **catalogue: Any) -> bytes:
    """Return a PDF of `pages` pages with a grey square on each."""
    with pikepdf.new() as made:
        for _ in range(pages):
            page = made.add_blank_page(page_size=(595, 842))
            page.Contents = Stream(made, content or b"0.5 g 100 100 200 200 re f")
            page.Resources = Dictionary()
        for key, value in catalogue.items():
            made.Root[f"/{key}"] = value
        file = BytesIO()
        locked = pikepdf.Encryption(user=password, owner=password) if password else False
        made.save(file, encryption=locked, deterministic_id=not password)
    return file.getvalue()


def hostile_pdf() -> bytes:
    """Return a PDF that runs, launches, fetches and carries things."""
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(595, 842))
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert('EVIL-SCRIPT')"))
        launch = Dictionary(S=Name.Launch, F=String("EVIL-PROGRAM.exe"))
        picture = Stream(made, b"0 g 0 0 1 1 re f")
        picture.stream_dict = Dictionary(
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 1, 1]),
            Metadata=Stream(made, b"EVIL-METADATA"),
            PieceInfo=Dictionary(Hidden=String("EVIL-PIECE")),
        )
        page.Contents = Stream(made, b"0.5 g 100 100 200 200 re f /P Do")
        page.Resources = Dictionary(XObject=Dictionary(P=picture))
        page.obj.AA = Dictionary(O=script)
        page.obj.Annots = made.make_indirect(
            Array(
                [
                    made.make_indirect(
                        Dictionary(
                            Type=Name.Annot,
                            Subtype=Name.Link,
                            Rect=Array([0, 0, 100, 100]),
                            A=launch,
                        )
                    )
                ]
            )
        )
        made.Root.OpenAction = script
        made.Root.AcroForm = Dictionary(XFA=Stream(made, b"EVIL-XFA"), Fields=Array())
        made.attachments["evil.exe"] = b"MZ EVIL-ATTACHMENT"
        made.docinfo["/Title"] = "EVIL-TITLE"
        file = BytesIO()
        made.save(file, compress_streams=False)
    return file.getvalue()


def jpeg(width: int = 60, height: int = 40, **options: Any) -> bytes:
    """Return a grey JPEG."""
    picture = pyvips.Image.black(width, height, bands=3) + 127
    return bytes(picture.cast("uchar").jpegsave_buffer(**options))


def png(width: int = 60, height: int = 40) -> bytes:
    """Return a grey PNG."""
    picture = pyvips.Image.black(width, height, bands=3) + 127
    return bytes(picture.cast("uchar").pngsave_buffer())


def png_that_says(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims another size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000))
        + chunk(b"IEND", b"")
    )


def accept(content: bytes, name: str = "材料.pdf", **changes: Any) -> UploadView:
    """Hand in a file by the ordinary act."""
    arguments: dict[str, Any] = {
        "file": BytesIO(content),
        "name": name,
        "size": len(content),
        "by": "person:00000000000000000000000000000001",
        "at": NOON,
    }
    return services.accept_upload(**(arguments | changes))
