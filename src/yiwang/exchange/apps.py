"""Wiring."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what happens to cases of departments with a system of their own."""
        from yiwang.cases.events import (
            CaseAccepted,
            CaseClosed,
            CaseCorrected,
            CaseSubmitted,
            ExtensionDecided,
            HearingAsked,
        )
        from yiwang.exchange import handlers
        from yiwang.exchange.queries import is_wanted
        from yiwang.kernel.events import subscribe

        subscribe(CaseSubmitted, handlers.on_case_submitted, wanted=is_wanted)
        subscribe(CaseAccepted, handlers.on_case_accepted, wanted=is_wanted)
        subscribe(CaseCorrected, handlers.on_case_corrected, wanted=is_wanted)
        subscribe(HearingAsked, handlers.on_hearing_asked, wanted=is_wanted)
        subscribe(ExtensionDecided, handlers.on_extension_decided, wanted=is_wanted)
        subscribe(CaseClosed, handlers.on_case_closed, wanted=is_wanted)
