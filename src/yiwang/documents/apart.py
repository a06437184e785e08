"""Asking a process of its own, because what reads is given what strangers send."""

from __future__ import annotations

import subprocess
import sys

import structlog

log = structlog.get_logger()


def ask(module: str, *words: str, content: bytes, seconds: float) -> bytes | None:
    """Return what `python -m module *words` writes, given `content`; None if it fails.

    Args:
        module: What reads; it bounds its own memory and time.
        words: Its arguments.
        content: What it is given.
        seconds: How long it may take.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            input=content,
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning(
            "documents.not_read", module=module, size=len(content), error=type(error).__name__
        )
        return None
    return done.stdout
