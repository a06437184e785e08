from __future__ import annotations

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.hashing import canonical_json, sha256, sm3


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_examples_of_the_standard(data: bytes, digest: str):
    assert sm3(data) == digest


def test_sha256_is_hexadecimal():
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}', id="sorted, tight"),
        pytest.param({"名": "嘉定"}, '{"名":"嘉定"}', id="Chinese stays Chinese"),
        pytest.param(
            '\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"', id="escapes"
        ),
        pytest.param({"\U0001f600": 1, "\ufb33": 2}, '{"😀":1,"\ufb33":2}', id="UTF-16 order"),
        pytest.param((1, 2), "[1,2]", id="tuple"),
        pytest.param({}, "{}", id="empty object"),
        pytest.param([], "[]", id="empty list"),
    ],
)
def test_canonical_json_has_one_spelling(value: object, text: str):
    assert canonical_json(value) == text.encode()


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # RFC 8785, appendix B
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_canonical_json_writes_numbers_as_the_rfc_lists_them(bits: str, text: str):
    import struct

    (value,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical_json(value) == text.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), "\ud800"])
def test_canonical_json_refuses_what_json_cannot_carry(value: object):
    with pytest.raises(ValueError, match="JSON|surrogate"):
        canonical_json([value])


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}, b"abc", {1, 2}])
def test_canonical_json_refuses_other_kinds(value: object):
    with pytest.raises(TypeError, match="JSON"):
        canonical_json(value)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_canonical_json_reads_back_as_it_was(value: object):
    assert json.loads(canonical_json(value), parse_int=float) == value


@given(st.dictionaries(st.text("abcdefg", max_size=5), st.integers(0, 9)))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, int]):
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)
