"""Merkle tree hashes and proofs of RFC 6962."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
"""Leaf and node are hashed apart, or a node could pass for a leaf. Source: RFC 6962 2.1."""

Span = Callable[[int, int], bytes]
"""Gives the tree hash of the leaves `lo` (inclusive) to `hi` (exclusive)."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(LEAF_PREFIX + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two smaller than `size`; `size` > 1."""
    return 1 << ((size - 1).bit_length() - 1)


class Range:
    """The right edge of a growing tree: its perfect subtrees from left to right.

    Holds at most one hash per bit of the size, so a tree of any size is followed in bounded
    memory.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")
        self.size = size
        self.hashes = list(hashes)

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append one leaf hash; return the subtrees it completed as (height, index, hash)."""
        done = []
        index, height, value = self.size, 0, leaf
        while index & 1:
            value = node_hash(self.hashes.pop(), value)
            index >>= 1
            height += 1
            done.append((height, index, value))
        self.hashes.append(value)
        self.size += 1
        return done

    def root(self) -> bytes:
        """Return the hash of the whole tree; that of the empty tree is SHA-256 of nothing."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        value = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            value = node_hash(left, value)
        return value


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the tree hash of a list of leaf hashes."""
    tree = Range()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def perfect_spans(size: int) -> list[tuple[int, int]]:
    """Return the perfect subtrees of a tree of `size` leaves as (height, index)."""
    spans, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            spans.append((height, start >> height))
            start += 1 << height
    return spans


def inclusion_path(index: int, size: int, span: Span) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of the first `size` leaves.

    Raises:
        ValueError: `index` is outside the tree.

    Source:
        RFC 6962 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("index outside the tree")

    def path(lo: int, hi: int) -> list[bytes]:
        if hi - lo == 1:
            return []
        middle = lo + split(hi - lo)
        if index < middle:
            return [*path(lo, middle), span(middle, hi)]
        return [*path(middle, hi), span(lo, middle)]

    return path(0, size)


def consistency_path(old: int, size: int, span: Span) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is a prefix of that of `size` leaves.

    Raises:
        ValueError: not 0 < old <= size.

    Source:
        RFC 6962 2.1.2.
    """
    if not 0 < old <= size:
        raise ValueError("not 0 < old <= size")

    def path(lo: int, hi: int, *, whole: bool) -> list[bytes]:
        if hi == old:
            return [] if whole else [span(lo, hi)]
        middle = lo + split(hi - lo)
        if old <= middle:
            return [*path(lo, middle, whole=whole), span(middle, hi)]
        return [*path(middle, hi, whole=False), span(lo, middle)]

    return path(0, size, whole=True)


def includes(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `path` proves that `leaf` stands at `index` under `root`.

    Source:
        RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(step, value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            value = node_hash(value, step)
        node >>= 1
        last >>= 1
    return last == 0 and value == root


def is_consistent(
    *, old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether `path` proves that the tree of `old` leaves grew into that of `size`.

    Source:
        RFC 9162 2.1.4.2.
    """
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == root
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first = node_hash(step, first)
            second = node_hash(step, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, step)
        node >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == root
