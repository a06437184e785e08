"""Wiring."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.organisations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read departments from packs."""
        from yiwang.content import registry
        from yiwang.organisations import packs

        registry.register("departments", packs.DEPARTMENTS)
