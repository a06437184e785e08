"""The folder of a department that exchanges files, from the department's side."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from tests.factories import cases
from tests.factories.exchange import Side
from yiwang.exchange import queries, services
from yiwang.exchange.services import outbox_folder


def put(root: Path, side: Side, name: str, message: dict[str, Any], **changes: Any) -> None:
    """Put a signed message into the folder, as a department does."""
    raw = json.dumps(message).encode()
    manifest = outbox_folder.signed_manifest(
        file=f"{name}.json",
        raw=raw,
        message_id=message.get("id", "message-0"),
        key=changes.pop("key", side.key),
        at=changes.pop("at", cases.FRIDAY),
    )
    (root / "incoming" / f"{name}.json").write_bytes(raw)
    (root / "incoming" / f"{name}.manifest.json").write_text(json.dumps(manifest | changes))


def scan(side: Side, at: dt.datetime = cases.FRIDAY) -> int:
    """Have the platform read the folder."""
    return services.scan_folder(
        partner=queries.partner(side.partner.code), calendar=cases.CALENDAR, at=at
    )


def reasons(root: Path) -> list[str]:
    """Return why messages were set apart."""
    return [path.read_text().strip() for path in sorted((root / "rejected").glob("*.reason.txt"))]


def answer(root: Path, message_id: str) -> dict[str, Any]:
    """Return what the platform answered."""
    told: dict[str, Any] = json.loads((root / "outgoing" / f"answer-{message_id}.json").read_text())
    return told
