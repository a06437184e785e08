"""Looking at what was handed in. Nothing that is found here refuses a file."""

from __future__ import annotations

import json
from typing import Any

from yiwang.documents.apart import ask
from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.looks import Look
from yiwang.documents.seeing import written

CPU_SECONDS = 15
WALL_SECONDS = 30


def look(content: bytes, media_type: MediaType) -> Look:
    """Return what is seen in `content`; a file that cannot be looked at says so."""
    seen = ask(
        written,
        media_type.value,
        content=content,
        cpu_seconds=CPU_SECONDS,
        seconds=WALL_SECONDS,
    )
    return Look(failed=True) if seen is None else from_plain(json.loads(seen))


def from_plain(plain: dict[str, Any]) -> Look:
    """Return the look that was written as plain values."""
    return Look(**{**plain, "signers": tuple(plain.get("signers", ()))})
