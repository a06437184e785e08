"""What this package does about events: the file of a licence is made after the act."""

from __future__ import annotations

from yiwang.licences import services
from yiwang.licences.events import LicenceIssued


def on_licence_issued(event: LicenceIssued) -> None:
    """Make and seal the file."""
    services.ensure_file(event.identifier, event.issued_at)
