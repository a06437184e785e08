"""Wiring."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases from receipt to closure (办件)."""

    name = "yiwang.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for what is done after an act, and guard the publication of rules."""
        from yiwang.cases.events import ReplayAsked
        from yiwang.cases.handlers import on_replay_asked
        from yiwang.cases.services.replaying import require_replay
        from yiwang.catalogue.services import gates
        from yiwang.kernel.events import subscribe

        subscribe(ReplayAsked, on_replay_asked)
        gates.register(require_replay)
