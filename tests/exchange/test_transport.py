"""A call to a real socket: slow, gone, chatty or leading elsewhere, it ends in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from yiwang.exchange import transport

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Let somebody answer one connection after the other on a port of their own."""
    opened: list[socket.socket] = []

    def started(answer: Callable[[socket.socket], None]) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)

        def run() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                with one:
                    try:
                        one.recv(65_536)
                        answer(one)
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/cases"

    yield started
    for one in opened:
        one.close()


def said(words: bytes) -> Callable[[socket.socket], None]:
    return lambda one: one.sendall(words)


def post(address: str, seconds: float = 5) -> transport.Sent:
    return transport.post(address, b"{}", {"x": "y"}, timeout_seconds=seconds)


def test_what_was_kept_is_delivered(serve: Serve):
    address = serve(said(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"))

    assert post(address) == transport.Sent(delivered=True)


@pytest.mark.parametrize(
    ("status", "final"), [(422, True), (404, True), (503, False), (401, False)]
)
def test_some_answers_are_worth_another_try_and_some_are_not(serve: Serve, status, final):
    head = f"HTTP/1.1 {status} No\r\ncontent-length: 6\r\n\r\n".encode()
    sent = post(serve(said(head + "缺项".encode())))

    assert (sent.delivered, sent.final, sent.why) == (False, final, f"对方系统应答{status}：缺项")


def test_nobody_is_led_elsewhere(serve: Serve):
    came: list[bytes] = []
    elsewhere = serve(lambda one: came.append(b"x"))
    address = serve(
        said(f"HTTP/1.1 307 Go\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n".encode())
    )

    assert post(address).why == "对方系统应答307：没有说明"
    assert came == []


def trickle(one: socket.socket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        one.sendall(b"x: y\r\n")
        time.sleep(0.05)


def endless(one: socket.socket) -> None:
    one.sendall(b"HTTP/1.1 500 No\r\n\r\n")
    while True:
        one.sendall(b"1234567890" * 1_000)


@pytest.mark.parametrize("answer", [lambda one: time.sleep(3), trickle])
def test_who_does_not_answer_in_time_is_left(serve: Serve, answer):
    began = time.monotonic()
    sent = post(serve(answer), seconds=0.5)

    assert sent.why == "对方系统在0.5秒内没有应答。"
    assert time.monotonic() - began < 2.5


def test_an_endless_answer_is_read_a_little_and_long_numbers_in_it_are_not_kept(serve: Serve):
    sent = post(serve(endless))

    assert sent.delivered is False
    assert len(sent.why) < 300
    assert "1234567890" not in sent.why


def test_nobody_there_is_said_plainly():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert post(f"http://127.0.0.1:{port}/").why == "连不上对方系统（ConnectionRefusedError）。"
    assert "连不上对方系统" in post("http://no-such-host.invalid/").why


def test_what_is_no_http_breaks_nothing(serve: Serve):
    assert "连不上对方系统" in post(serve(said(b"\x00\xff\x00 SSH-2.0\r\n\r\n"))).why
    assert "连不上对方系统" in post(serve(lambda one: None)).why
