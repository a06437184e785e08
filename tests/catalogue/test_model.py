"""The graph that a question runs through, against the same arithmetic written plainly."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest

from yiwang.catalogue.searching.model import Model, ModelFileError, read_weights

WIDTH, LAYERS, HEADS, INNER = 64, 2, 4, 128
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query:", "▁passage:", "敬", "老", "卡", "敬老卡"]
SCORES = [0.0, 0.0, 0.0, 0.0, -4.0, -2.0, -2.0, -6.0, -6.0, -6.0, -5.0]
FIRST, LAST, PAD, UNKNOWN = 0, 2, 1, 3


def blocks(matrix: np.ndarray) -> bytes:
    """Pack a matrix in four bits, 32 weights to a scale, and leave in it what was kept."""
    packed = b""
    for row in matrix:
        for start in range(0, len(row), 32):
            part = row[start : start + 32]
            scale = np.float16(np.abs(part).max() / 7)
            steps = np.clip(np.rint(part / np.float32(scale)), -8, 7)
            row[start : start + 32] = steps * np.float32(scale)
            bits = (steps + 8).astype(np.uint8)
            packed += scale.tobytes() + (bits[:16] | (bits[16:] << 4)).tobytes()
    return packed


def tensors() -> dict[str, np.ndarray]:
    """Return invented weights by the names of the file."""
    chance = np.random.default_rng(7)

    def some(*shape: int) -> np.ndarray:
        return chance.normal(0, 0.15, shape).astype(np.float32)

    made = {
        "emb.word": some(len(PIECES), WIDTH),
        "emb.pos": some(32, WIDTH),
        "emb.type": some(2, WIDTH),
        "emb.ln.w": 1 + some(WIDTH),
        "emb.ln.b": some(WIDTH),
    }
    for layer in range(LAYERS):
        for name, rows, columns in (
            *((part, WIDTH, WIDTH) for part in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            made[f"l{layer}.{name}.w"] = some(rows, columns)
            made[f"l{layer}.{name}.b"] = some(rows)
        for name in ("aln", "oln"):
            made[f"l{layer}.{name}.w"] = 1 + some(WIDTH)
            made[f"l{layer}.{name}.b"] = some(WIDTH)
    return made


def written(path: Path, made: dict[str, np.ndarray], *, version: int = 1) -> Path:
    """Write the file; matrices of `made` become what four bits keep of them."""
    words = "".join(PIECES).encode()
    ends = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<I", version)
    head += struct.pack(
        "<7ifi", WIDTH, LAYERS, HEADS, INNER, len(PIECES), 32, 2, 1e-12, 32
    ) + struct.pack("<5iQ", len(PIECES), FIRST, LAST, PAD, UNKNOWN, len(words))
    head += ends.tobytes() + np.array(SCORES, np.float32).tobytes() + words
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(made))
    body, entries = b"", []
    for name, value in made.items():
        four_bits = name == "emb.word" or (name.endswith(".w") and value.ndim == 2)
        packed = blocks(value) if four_bits else value.tobytes()
        entries.append((name, four_bits, value.size, len(body), len(packed)))
        body += packed
    start = len(head) + sum(2 + len(name) + 21 for name, *_ in entries)
    for name, four_bits, count, at, size in entries:
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", four_bits, count, start + at, size)
    path.write_bytes(head + body)
    return path


def plainly(ids: list[int], made: dict[str, np.ndarray]) -> np.ndarray:
    """The encoder of BERT, step by step, in full precision."""

    def normed(x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * made[f"{name}.w"] + made[f"{name}.b"]

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        return x @ made[f"{name}.w"].T + made[f"{name}.b"]

    def heads(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    x = normed(made["emb.word"][ids] + made["emb.pos"][: len(ids)] + made["emb.type"][0], "emb.ln")
    for layer in range(LAYERS):
        at = f"l{layer}."
        asked, keys, values = (heads(dense(x, at + part)) for part in "qkv")
        told = asked @ keys.transpose(0, 2, 1) / math.sqrt(WIDTH / HEADS)
        share = np.exp(told - told.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        seen = (share @ values).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        x = normed(x + dense(seen, at + "ao"), at + "aln")
        inner = dense(x, at + "fi")
        bent = 0.5 * inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = normed(x + dense(bent, at + "fo"), at + "oln")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


TEXTS = [
    ("敬老卡", "▁ 敬老卡"),
    ("老敬卡", "▁ 老 敬 卡"),
    ("  敬老卡", "▁ 敬老卡"),
    ("卡？", "▁ 卡 <unk>"),
    ("卡卡卡", "▁ 卡 卡 卡"),
]
"""Text and the pieces it falls into."""


@pytest.mark.parametrize(("text", "pieces"), TEXTS)
def test_a_question_becomes_the_vector_that_plain_arithmetic_gives(
    tmp_path: Path, text: str, pieces: str
) -> None:
    """Nearly: how exactly the library multiplies depends on the processor."""
    made = tensors()
    model = Model(written(tmp_path / "model.bin", made))
    vector = model.query(text)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def likeness(other: str) -> float:
        ids = [FIRST, *(PIECES.index(piece) for piece in ["▁query:", *other.split()]), LAST]
        return float(vector @ plainly(ids, made))

    assert likeness(pieces) > 0.975
    others = [likeness(other) for _text, other in TEXTS if other != pieces]
    assert likeness(pieces) > max(others) + 0.01


def test_a_question_and_a_passage_are_told_apart(tmp_path: Path) -> None:
    model = Model(written(tmp_path / "model.bin", tensors()))
    assert float(model.query("敬老卡") @ model.passage("敬老卡")) < 0.9999


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="version 1"):
        read_weights(written(tmp_path / "model.bin", tensors(), version=2))
    (tmp_path / "other.bin").write_bytes(b"GGUF" + bytes(400))
    with pytest.raises(ModelFileError, match=r"other\.bin"):
        read_weights(tmp_path / "other.bin")
