"""Wiring."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """E-licences (电子证照)."""

    name = "yiwang.licences"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read the section of packs and listen for new licences."""
        from yiwang.content import registry
        from yiwang.kernel.events import subscribe
        from yiwang.licences.events import LicenceIssued
        from yiwang.licences.handlers import on_licence_issued
        from yiwang.licences.packs import LICENCE_TYPES

        registry.register("licences", LICENCE_TYPES)
        subscribe(LicenceIssued, on_licence_issued)
