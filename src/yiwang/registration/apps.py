"""Wiring."""

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.registration"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read rules from packs and listen to cases, licences and inspections."""
        from yiwang.cases.events import CancellationGranted, CaseEnded, CaseGranted, CaseRefused
        from yiwang.cases.services import briefing
        from yiwang.content import registry
        from yiwang.kernel.events import subscribe
        from yiwang.licences.events import LicenceStateChanged
        from yiwang.registration import packs
        from yiwang.registration.handlers import (
            on_cancellation_granted,
            on_case_ended,
            on_case_granted,
            on_case_refused,
            on_inspection_closed,
            on_licence_state_changed,
        )
        from yiwang.registration.telling import TELLER
        from yiwang.supervision.events import InspectionClosed

        briefing.register(TELLER)
        registry.register("registration", packs.REGISTRATION)
        subscribe(CaseGranted, on_case_granted)
        subscribe(CaseRefused, on_case_refused)
        subscribe(CancellationGranted, on_cancellation_granted)
        subscribe(CaseEnded, on_case_ended)
        subscribe(LicenceStateChanged, on_licence_state_changed)
        subscribe(InspectionClosed, on_inspection_closed)
