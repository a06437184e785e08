"""The meaning of texts as vectors, where the optional model is installed.

The model's weights come in a package, so nothing is fetched from anywhere (`searching.model`). A
vector is kept as 384 signed bytes and a scale. Texts that were encoded once are kept beside the
index by the hash of their words: a new build encodes only what is new.

Source:
    Wang et al., Multilingual E5 Text Embeddings, 2024: queries and passages are told apart by a
    word put before them.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from yiwang.catalogue.searching.model import Model, shipped

SIZE = 384

MAX_CHARACTERS = 240
"""A text is encoded by its beginning; a question is never longer."""

SAVED_EVERY = 2_000
"""Texts encoded between two savings, so that a build that is stopped goes on where it was."""

MAX_QUESTION = 64
"""Characters of a question that are encoded: the time grows with each of them."""

Vectors = tuple[NDArray[np.int8], NDArray[np.float32]]
"""Rows of signed bytes and the scale of each row; a scale of 0 says: not encoded."""


@cache
def encoder() -> Model | None:
    """Return the model, or None where it is not installed or does not run here."""
    weights = shipped()
    if weights is None:
        return None
    try:
        return Model(weights)
    except (ImportError, OSError, RuntimeError):
        return None


def installed() -> bool:
    """Tell whether the model is installed, without loading it."""
    return shipped() is not None and importlib.util.find_spec("onnxruntime") is not None


def question(text: str) -> NDArray[np.float32] | None:
    """Return the vector of a question; None without the model."""
    model = encoder()
    if model is None:
        return None
    return model.query(text[:MAX_QUESTION])


def nothing(count: int) -> Vectors:
    """Return `count` rows that are not encoded."""
    return np.zeros((count, SIZE), np.int8), np.zeros(count, np.float32)


def packed(vector: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int8], float]:
    """Return a vector as signed bytes and their scale."""
    scale = float(np.abs(vector).max()) / 127 or 1.0
    return np.rint(vector / scale).astype(np.int8), scale


class Kept:
    """Vectors of texts encoded before, by the hash of the text."""

    def __init__(self, path: Path, seeds: Sequence[Path] = ()) -> None:
        """Read what is kept at `path` and in `seeds`; what cannot be read counts as nothing."""
        self.path = path
        self.known: dict[int, tuple[NDArray[np.int8], float]] = {}
        self.fresh = 0
        for source in (*seeds, path):
            self._read(source)

    def encode(
        self,
        texts: Sequence[str],
        *,
        at_most: int,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> tuple[Vectors, int]:
        """Return the vector of each text and how many are still missing.

        Args:
            texts: What to encode.
            at_most: How many may be encoded anew; the rest stays without a vector.
            progress: Called with how many of the missing ones are done.
        """
        keys = [_key(text) for text in texts]
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self.known
        }
        model = encoder() if missing and at_most else None
        if model is not None:
            wanted = list(missing.items())[:at_most]
            for done, (key, text) in enumerate(wanted):
                self.known[key] = packed(model.passage(text[:MAX_CHARACTERS]))
                self.fresh += 1
                if self.fresh % SAVED_EVERY == 0:
                    self.save()
                progress(done + 1, len(wanted))
        rows, scales = nothing(len(texts))
        for at, key in enumerate(keys):
            if key in self.known:
                rows[at], scales[at] = self.known[key]
        return (rows, scales), sum(key not in self.known for key in missing)

    def save(self) -> None:
        """Write what is known to its file, in one move."""
        if not self.fresh:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **packed_arrays(self.known))
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _read(self, path: Path) -> None:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                keys = stored["keys"]
                if "levels" in stored:
                    rows, scales = _from_levels(stored["levels"], stored["steps"], stored["middle"])
                else:
                    rows, scales = stored["rows"], stored["scales"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return
        if rows.shape != (len(keys), SIZE) or scales.shape != (len(keys),):
            return
        self.known.update(
            (int(key), (row, float(scale)))
            for key, row, scale in zip(keys, rows, scales, strict=True)
        )


def packed_arrays(
    known: dict[int, tuple[NDArray[np.int8], float]],
) -> dict[str, NDArray[Any]]:
    """Return what `Kept` reads: keys, rows and scales."""
    return {
        "keys": np.fromiter(known, np.uint64, len(known)),
        "rows": np.array([row for row, _ in known.values()], np.int8).reshape(-1, SIZE),
        "scales": np.array([scale for _, scale in known.values()], np.float32),
    }


def in_levels(
    known: dict[int, tuple[NDArray[np.int8], float]], levels: int = 3
) -> dict[str, NDArray[Any]]:
    """Return vectors for shipping: each number as one of 2 `levels` + 1 steps around its middle.

    Packed, they take an eighth of the space; what that costs is in `docs/algorithms/search.md`.
    """
    kept = packed_arrays(known)
    full = kept["rows"].astype(np.float32) * kept["scales"][:, None]
    middle = full.mean(axis=0)
    steps = 2.2 * full.std(axis=0) / levels
    near = np.clip(np.rint((full - middle) / np.maximum(steps, 1e-9)), -levels, levels)
    return {
        "keys": kept["keys"],
        "levels": near.astype(np.int8),
        "steps": steps.astype(np.float32),
        "middle": middle.astype(np.float32),
    }


def _from_levels(
    levels: NDArray[np.int8], steps: NDArray[np.float32], middle: NDArray[np.float32]
) -> Vectors:
    full = levels.astype(np.float32) * steps + middle
    scales = np.abs(full).max(axis=1) / 127
    return np.rint(full / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _key(text: str) -> int:
    words = text[:MAX_CHARACTERS].encode("utf-8", "replace")
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "little")
