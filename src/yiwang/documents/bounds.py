"""Bounds of a process that reads what strangers send."""

from __future__ import annotations

import resource

MEMORY_BYTES = 2_000_000_000


def bound(*, cpu_seconds: int, memory_bytes: int = MEMORY_BYTES) -> None:
    """Let this process use so much and no more, and leave no core file."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
