"""Wiring."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the sections `catalogue` and `scenes` of the packs."""
        from yiwang.catalogue import packs, scenes
        from yiwang.content import registry

        registry.register(packs.SECTION, packs.CATALOGUE)
        registry.register(scenes.SECTION, scenes.SCENES)
