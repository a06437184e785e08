"""The file that holds the index: a few arrays behind a header, mapped and not read.

Layout: eight bytes that name the format, eight bytes length of the header, the header as JSON
(what the file was made from, and where each array lies), then the arrays, each at a multiple of
64 bytes. The file is written beside its place and moved there whole, so that a reader sees the old
file or the new one; a reader that has the old one mapped keeps it until it looks again.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = b"YWSRCH01"
"""Changes whenever arrays or terms change their meaning; a file of another format is not read."""

ALIGNED = 64

KINDS = frozenset({"uint64", "int64", "int32", "int8", "uint8", "float32"})


class IndexFileError(Exception):
    """The file is no index of this format, or is damaged."""


@dataclass(frozen=True, kw_only=True)
class IndexFile:
    """What an index file holds.

    Attributes:
        made_from: What the maker wrote about the state of the database.
        arrays: Mapped arrays by name; they must not be written to.
    """

    made_from: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def write(path: Path, *, made_from: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> int:
    """Write an index to `path` in one move and return its size in bytes."""
    places: dict[str, Any] = {}
    at, check = 0, 0
    for name, values in arrays.items():
        places[name] = [str(values.dtype), list(values.shape), at]
        at += -(-values.nbytes // ALIGNED) * ALIGNED
        check = _checked(values, check)
    header = json.dumps(
        {"made_from": made_from, "arrays": places, "size": at, "check": check},
        ensure_ascii=False,
    ).encode()
    start = -(-(16 + len(header)) // ALIGNED) * ALIGNED
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(FORMAT + len(header).to_bytes(8, "little") + header)
            for array, (_, _, offset) in zip(arrays.values(), places.values(), strict=True):
                file.seek(start + offset)
                np.ascontiguousarray(array).tofile(file)
            file.truncate(start + at)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return start + at


def read(path: Path) -> IndexFile:
    """Map the index at `path`.

    Raises:
        FileNotFoundError: there is none.
        IndexFileError: it is of another format, cut short or damaged.
    """
    with path.open("rb") as file:
        head = file.read(16)
        if head[:8] != FORMAT:
            raise IndexFileError(f"{path} is no index of this format")
        length = int.from_bytes(head[8:], "little")
        size = os.fstat(file.fileno()).st_size
        if length > size:
            raise IndexFileError(f"{path} is cut short")
        try:
            header = json.loads(file.read(length))
            start = -(-(16 + length) // ALIGNED) * ALIGNED
            if start + header["size"] != size:
                raise IndexFileError(f"{path} is cut short")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            arrays = {
                name: _array(mapped, kind, shape, start + offset)
                for name, (kind, shape, offset) in header["arrays"].items()
            }
            check = 0
            for values in arrays.values():
                check = _checked(values, check)
        except (ValueError, KeyError, TypeError) as error:
            raise IndexFileError(f"{path} is damaged") from error
    if check != header["check"]:
        raise IndexFileError(f"{path} is damaged")
    return IndexFile(made_from=header["made_from"], arrays=arrays)


def _array(mapped: mmap.mmap, kind: str, shape: list[int], offset: int) -> NDArray[Any]:
    if kind not in KINDS:
        raise ValueError(kind)
    count = int(np.prod(shape))
    return np.frombuffer(mapped, np.dtype(kind), count, offset).reshape(shape)


def _checked(values: NDArray[Any], before: int) -> int:
    return (
        zlib.crc32(np.ascontiguousarray(values).data.cast("B"), before) if values.size else before
    )
