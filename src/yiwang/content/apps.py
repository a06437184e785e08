"""Wiring."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Content packs (内容包)."""

    name = "yiwang.content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the sections that belong to no other package."""
        from yiwang.content import packs, registry

        registry.register("holidays", packs.HOLIDAYS)
        registry.register("district", packs.DISTRICTS)
        registry.register("texts", packs.TEXTS)
