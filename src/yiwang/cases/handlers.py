"""What this package does about events: rules are tried on past cases after the act."""

from __future__ import annotations

from yiwang.cases.events import ReplayAsked
from yiwang.cases.services.automatic import SYSTEM
from yiwang.cases.services.replaying import run_replay


def on_replay_asked(event: ReplayAsked) -> None:
    """Try them; a run that died is taken up where it stopped."""
    run_replay(replay_id=event.replay_id, by=SYSTEM, at=event.asked_at)
