from __future__ import annotations

import hashlib

import pytest

from yiwang.audit.policy import merkle

LARGEST = 70
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(LARGEST)]


def tree_hash(leaves):
    """The definition of RFC 6962 2.1, word for word, to hold the program against."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    both = b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])
    return hashlib.sha256(both).digest()


def span(lo, hi):
    return tree_hash(LEAVES[lo:hi])


ROOTS = [tree_hash(LEAVES[:size]) for size in range(LARGEST + 1)]


def test_root_is_that_of_the_vectors_of_certificate_transparency():
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]

    root = merkle.root_of([merkle.leaf_hash(bytes.fromhex(text)) for text in inputs])

    assert root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_range_follows_the_definition_for_every_size():
    assert [merkle.root_of(LEAVES[:size]) for size in range(LARGEST + 1)] == ROOTS


def test_range_goes_on_from_its_perfect_subtrees():
    for size in range(1, LARGEST):
        hashes = [
            span(index << height, (index + 1) << height)
            for height, index in merkle.perfect_spans(size)
        ]
        edge = merkle.Range(size, hashes)
        assert edge.root() == ROOTS[size]
        edge.add(LEAVES[size])
        assert edge.root() == ROOTS[size + 1]


def test_range_names_each_subtree_it_completes():
    tree = merkle.Range()

    done = [node for leaf in LEAVES[:8] for node in tree.add(leaf)]

    assert [(height, index) for height, index, _ in done] == [
        (1, 0),
        (1, 1),
        (2, 0),
        (1, 2),
        (1, 3),
        (2, 1),
        (3, 0),
    ]
    assert all(
        value == span(index << height, (index + 1) << height) for height, index, value in done
    )


def test_range_refuses_a_wrong_number_of_subtrees():
    with pytest.raises(ValueError, match="2 perfect subtrees"):
        merkle.Range(3, [LEAVES[0]])


def test_every_leaf_of_every_tree_is_proved_and_no_other_leaf_is():
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = merkle.inclusion_path(index, size, span)
            proof = {"index": index, "size": size, "path": path, "root": ROOTS[size]}
            assert merkle.includes(leaf=LEAVES[index], **proof)
            assert not merkle.includes(leaf=LEAVES[(index + 1) % LARGEST], **proof)
            assert not merkle.includes(leaf=LEAVES[index], **(proof | {"root": ROOTS[size - 1]}))
            assert not merkle.includes(leaf=LEAVES[index], **(proof | {"path": [*path, ROOTS[1]]}))
            assert not path or not merkle.includes(
                leaf=LEAVES[index], **(proof | {"path": path[:-1]})
            )


def test_every_tree_is_proved_to_begin_every_larger_one_and_no_other_tree_is():
    for size in range(1, LARGEST + 1):
        for old in range(1, size + 1):
            path = merkle.consistency_path(old, size, span)
            proof = {"old": old, "size": size, "root": ROOTS[size], "path": path}
            assert merkle.is_consistent(old_root=ROOTS[old], **proof)
            assert not merkle.is_consistent(old_root=ROOTS[old - 1], **proof)
            assert not merkle.is_consistent(old_root=ROOTS[old], **(proof | {"root": ROOTS[0]}))
            assert not merkle.is_consistent(
                old_root=ROOTS[old], **(proof | {"path": [*path, ROOTS[1]]})
            )
            assert not path or not merkle.is_consistent(
                old_root=ROOTS[old], **(proof | {"path": path[:-1]})
            )


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_inclusion_needs_a_leaf_of_the_tree(index, size):
    with pytest.raises(ValueError, match="outside the tree"):
        merkle.inclusion_path(index, size, span)

    assert not merkle.includes(leaf=LEAVES[0], index=index, size=size, path=[], root=ROOTS[1])


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3)])
def test_consistency_needs_an_older_tree(old, size):
    with pytest.raises(ValueError, match="old <= size"):
        merkle.consistency_path(old, size, span)

    assert not merkle.is_consistent(
        old=old, old_root=ROOTS[old], size=size, root=ROOTS[size], path=[]
    )


def test_no_path_proves_that_a_smaller_tree_grew():
    assert not merkle.is_consistent(old=3, old_root=ROOTS[3], size=5, root=ROOTS[5], path=[])
