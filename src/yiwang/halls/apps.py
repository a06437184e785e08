"""Wiring."""

from django.apps import AppConfig


class HallsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.halls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read halls from packs."""
        from yiwang.content import registry
        from yiwang.halls import packs

        registry.register("halls", packs.HALLS)
