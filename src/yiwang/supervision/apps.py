"""Wiring."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.supervision"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the packages below."""
        from yiwang.cases.events import (
            CaseEnded,
            CaseGranted,
            CheckReopened,
            CommitmentChecked,
            CommittedGrant,
        )
        from yiwang.kernel.events import subscribe
        from yiwang.licences.events import LicenceStateChanged
        from yiwang.supervision.handlers import (
            on_case_ended,
            on_case_granted,
            on_check_reopened,
            on_commitment_checked,
            on_committed_grant,
            on_licence_state_changed,
        )

        subscribe(CaseGranted, on_case_granted)
        subscribe(CommittedGrant, on_committed_grant)
        subscribe(CommitmentChecked, on_commitment_checked)
        subscribe(CheckReopened, on_check_reopened)
        subscribe(CaseEnded, on_case_ended)
        subscribe(LicenceStateChanged, on_licence_state_changed)
