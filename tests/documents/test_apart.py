"""We know that what reads a stranger's file is bounded and tells nothing but bytes."""

from __future__ import annotations

import os
import time

import pytest

from yiwang.documents.apart import ask

pytestmark = pytest.mark.thorough


def echo(content: bytes, *words: str) -> bytes:
    return content + "".join(words).encode()


def number(content: bytes) -> bytes:
    return str(os.getpid()).encode()


def fail(content: bytes) -> bytes:
    raise ValueError("unreadable")


def sleep(content: bytes) -> bytes:
    time.sleep(60)
    return b""


def burn(content: bytes) -> bytes:
    while True:
        pass


def swell(content: bytes) -> bytes:
    return bytes(bytearray(4_000_000_000))[:1]


def test_what_is_read_comes_back_whole():
    content = os.urandom(3_000_000)

    assert ask(echo, "a", "b", content=content, cpu_seconds=5, seconds=20) == content + b"ab"


def test_each_file_has_a_process_of_its_own():
    found = {ask(number, content=b"", cpu_seconds=5, seconds=20) for _ in range(3)}

    assert len(found) == 3
    assert str(os.getpid()).encode() not in found
    assert None not in found


@pytest.mark.parametrize(
    ("read", "cpu_seconds", "seconds"),
    [(fail, 5, 20), (sleep, 5, 1), (burn, 1, 20), (swell, 5, 20)],
)
def test_what_fails_or_needs_too_much_says_nothing(read, cpu_seconds: int, seconds: float):
    assert ask(read, content=b"x", cpu_seconds=cpu_seconds, seconds=seconds) is None
