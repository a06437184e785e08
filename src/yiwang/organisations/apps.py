"""Wiring."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.organisations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read departments from packs, check the numbers of the watch over reads."""
        from yiwang.audit.policy import alarms
        from yiwang.content import registry
        from yiwang.organisations import packs

        registry.register("departments", packs.DEPARTMENTS)
        registry.check_texts(alarms.PREFIX, alarms.problems)
