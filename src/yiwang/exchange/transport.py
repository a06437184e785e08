"""One call to a department's system: bounded in time and size, never led elsewhere."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWER_BYTES = 64_000
DETAIL_CHARS = 200

FINAL = frozenset({400, 404, 405, 409, 410, 413, 415, 422})
"""Answers that a second try would not change: a person must look."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of a call.

    Attributes:
        delivered: The system took the message.
        why: One sentence when it did not.
        final: Trying again would not help.
    """

    delivered: bool
    why: str = ""
    final: bool = False


def post(address: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float) -> Sent:
    """Send `body` to `address` and wait for the answer, `timeout_seconds` in all at most."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    caller: http.client.HTTPConnection
    if parts.scheme == "https":
        caller = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_seconds, context=ssl.create_default_context()
        )
    else:
        caller = http.client.HTTPConnection(host, parts.port, timeout=timeout_seconds)
    late = threading.Event()
    alarm = threading.Timer(timeout_seconds, _hang_up, [caller, late])
    alarm.daemon = True
    alarm.start()
    try:
        caller.request("POST", parts.path or "/", body=body, headers=dict(headers))
        answer = caller.getresponse()
        said = answer.read(ANSWER_BYTES)
    except TimeoutError:
        return Sent(delivered=False, why=f"对方系统在{timeout_seconds:g}秒内没有应答。")
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            return Sent(delivered=False, why=f"对方系统在{timeout_seconds:g}秒内没有应答。")
        return Sent(delivered=False, why=f"连不上对方系统（{type(error).__name__}）。")
    finally:
        alarm.cancel()
        caller.close()
    if late.is_set():  # cut off in the middle, an answer looks like a short one
        return Sent(delivered=False, why=f"对方系统在{timeout_seconds:g}秒内没有应答。")
    if 200 <= answer.status < 300:
        return Sent(delivered=True)
    return Sent(
        delivered=False,
        why=f"对方系统应答{answer.status}：{_plain(said)}",
        final=answer.status in FINAL,
    )


def _hang_up(caller: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    sock = caller.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _plain(said: bytes) -> str:
    """Return a little of an answer that may be shown: no long numbers, no control characters."""
    text = said.decode("utf-8", "replace")
    text = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    text = re.sub(r"\d{9,17}[\dXx]", "…", text).strip()
    return text[:DETAIL_CHARS] or "没有说明"
