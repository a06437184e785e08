"""Wiring."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the section `catalogue` of the packs."""
        from yiwang.catalogue.packs import CATALOGUE, SECTION
        from yiwang.content import registry

        registry.register(SECTION, CATALOGUE)
