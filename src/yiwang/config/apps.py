"""Start-up: how events travel."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Start-up of the whole."""

    name = "yiwang.config"

    def ready(self) -> None:
        """Install what the settings name: how events travel, from when clocks are amber."""
        from django.conf import settings

        from yiwang.config import gateway as _gateway  # noqa: F401 - registers its jobs
        from yiwang.config import outbox
        from yiwang.kernel import clocks, events

        events.set_transport(outbox.TRANSPORTS[settings.EVENTS])
        clocks.set_amber_days(settings.AMBER_DAYS)
