"""Wiring."""

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.registration"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read rules from packs and listen to cases."""
        from yiwang.cases.events import CaseGranted
        from yiwang.content import registry
        from yiwang.kernel.events import subscribe
        from yiwang.registration import packs
        from yiwang.registration.handlers import on_case_granted

        registry.register("registration", packs.REGISTRATION)
        subscribe(CaseGranted, on_case_granted)
