"""Reading hashes of the sealed tree without reading the whole tree."""

from __future__ import annotations

from yiwang.audit.models import AuditLeaf, AuditNode
from yiwang.audit.policy import merkle

TILE_HEIGHT = 8
"""Inner hashes are kept at every eighth level: a subtree costs at most 2**8 rows."""


class MissingHashError(LookupError):
    """A leaf or node that must be there is not."""


def subtree(height: int, index: int) -> bytes:
    """Return the hash of the perfect subtree of 2**height leaves at `index`.

    Raises:
        MissingHashError: rows are missing below it.
    """
    base = height - height % TILE_HEIGHT
    width = 1 << (height - base)
    first = index * width
    rows = (
        AuditNode.objects.filter(height=base, index__gte=first, index__lt=first + width)
        if base
        else AuditLeaf.objects.filter(index__gte=first, index__lt=first + width)
    )
    hashes = [bytes(value) for value in rows.order_by("index").values_list("hash", flat=True)]
    if len(hashes) != width:
        raise MissingHashError(f"subtree {height}/{index} is incomplete")
    return merkle.root_of(hashes)


def span(lo: int, hi: int) -> bytes:
    """Return the tree hash of the leaves `lo` to `hi`, exclusive; `lo` aligned as in a proof."""
    size = hi - lo
    if size & (size - 1) == 0:
        return subtree(size.bit_length() - 1, lo // size)
    middle = lo + merkle.split(size)
    return merkle.node_hash(span(lo, middle), span(middle, hi))


def edge(size: int) -> merkle.Range:
    """Return the right edge of the tree of the first `size` leaves."""
    return merkle.Range(
        size, [subtree(height, index) for height, index in merkle.perfect_spans(size)]
    )
