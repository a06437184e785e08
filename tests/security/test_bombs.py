"""Small files that unpack to gigabytes are refused in bounded memory and time."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib

import pytest

from yiwang.documents.pdf_limits import may_expand
from yiwang.documents.pdf_rebuilding import DAMAGED

pytestmark = pytest.mark.thorough


UNPACKED = 1_500_000_000
MEMORY_BYTES = 1_500_000_000

CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from yiwang.documents import pdf_rebuilding, reading
from yiwang.documents.refusals import UploadRefusedError
content = sys.stdin.buffer.read()
if {name!r} == "read":
    print(repr(reading.embedded_identifier(content)))
else:
    try:
        pdf_rebuilding.rebuild(content)
    except UploadRefusedError as refusal:
        print(refusal.message)
"""


def packed(size: int) -> bytes:
    engine = zlib.compressobj(9)
    part = b" " * 10_000_000
    return b"".join(engine.compress(part) for _ in range(size // len(part))) + engine.flush()


def with_tables(stream: bytes, *, is_table: bool) -> bytes:
    """Return a PDF whose table of objects, or whose packed objects, are `stream`."""
    out = b"%PDF-1.5\n"
    catalog = len(out)
    out += b"1 0 obj\n<</Type/Catalog/Pages 5 0 R>>\nendobj\n"
    place = len(out)
    if is_table:
        out += b"3 0 obj\n<</Type/XRef/Size 4/W[1 4 2]/Root 1 0 R/Filter/FlateDecode"
        return (
            out
            + b"/Length %d>>\nstream\n" % len(stream)
            + stream
            + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % place
        )
    out += b"4 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\n" % len(stream)
    out += b"stream\n" + stream + b"\nendstream\nendobj\n"
    table = len(out)
    rows = [(0, 0, 65535), (1, catalog, 0), (0, 0, 0), (0, 0, 0), (1, place, 0), (2, 4, 0)]
    words = zlib.compress(b"".join(struct.pack(">BIH", *row) for row in [*rows, (1, table, 0)]))
    out += b"6 0 obj\n<</Type/XRef/Size 7/W[1 4 2]/Root 1 0 R/Filter/FlateDecode"
    return (
        out
        + b"/Length %d>>\nstream\n" % len(words)
        + words
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % table
    )


@pytest.mark.parametrize("name", ["rebuild", "read"])
@pytest.mark.parametrize("is_table", [True, False], ids=["table", "objects"])
def test_a_bomb_in_the_structure_is_not_unpacked(name: str, is_table: bool):
    bomb = with_tables(packed(UNPACKED), is_table=is_table)

    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(limit=MEMORY_BYTES, name=name)],
        input=bomb,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert len(bomb) < 3_000_000
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.decode().strip() in {"''", DAMAGED}


@pytest.mark.parametrize(
    "words",
    [
        b"<</Filter/LZWDecode>>",
        b"<</Filter[/ASCII85Decode /LZW]>>",
        b"<</Filter/L#5aWDecode>>",
        b"<</Filter 9 0 R>>",
    ],
)
def test_packing_without_a_bound_is_not_opened(words: bytes):
    assert may_expand(words + b" " * 100_000, limit=100_000_000)
    assert not may_expand(words + b" " * 10_000, limit=100_000_000)


def test_usual_packing_is_opened():
    assert not may_expand(b"<</Filter/FlateDecode>>" + b" " * 10_000_000, limit=100_000_000)
