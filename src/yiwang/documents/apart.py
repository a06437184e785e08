"""Reading what strangers send in a process of its own, with bounded memory and time.

Each file gets a fresh process, so that nothing of one applicant's paper stays for the next. They
are forked off one that has loaded what reads: starting anew for each file took a second of a
clerk's time. What comes back is bytes and never unpickled, because what reads may be taken over.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Timer

import structlog

log = structlog.get_logger()

MEMORY_BYTES = 2_000_000_000
ANSWER_MAX_BYTES = 50_000_000

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [__name__, "yiwang.documents.seeing", "yiwang.documents.drawing", "pypdfium2"]
)


def ask(
    read: Callable[..., bytes],
    *words: str,
    content: bytes,
    cpu_seconds: int,
    seconds: float,
) -> bytes | None:
    """Return what `read(content, *words)` returns; None if it fails or needs too much.

    Args:
        read: A function of a module; what it raises is a failure.
        words: What it is told beside the file.
        content: The file.
        cpu_seconds: Processor time that it may use.
        seconds: How long it may take.
    """
    receiver, sender = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(
        target=_answer, args=(sender, read, content, words, cpu_seconds), daemon=True
    )
    with receiver:
        process.start()
        sender.close()
        stop = Timer(seconds, process.kill)
        stop.start()
        try:
            return receiver.recv_bytes(ANSWER_MAX_BYTES)
        except (EOFError, OSError) as error:
            log.warning(
                "documents.not_read",
                reader=read.__module__,
                size=len(content),
                error=type(error).__name__,
            )
            return None
        finally:
            stop.cancel()
            process.kill()
            process.join()


def _answer(
    sender: Connection,
    read: Callable[..., bytes],
    content: bytes,
    words: tuple[str, ...],
    cpu_seconds: int,
) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(Exception):  # no answer says it
        sender.send_bytes(read(content, *words))
