"""Wiring."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases from receipt to closure (办件)."""

    name = "yiwang.cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for what is done after an act, guard publication, check texts."""
        from yiwang.audit.events import ReadAlarmRaised
        from yiwang.cases import packs
        from yiwang.cases.events import ReplayAsked
        from yiwang.cases.handlers import (
            on_holidays_loaded,
            on_read_alarm_raised,
            on_replay_asked,
        )
        from yiwang.cases.policy import material_kinds, reminding
        from yiwang.cases.services.assessing import require_assessment
        from yiwang.cases.services.replaying import require_replay
        from yiwang.catalogue.services import gates
        from yiwang.content import registry
        from yiwang.content.events import HolidaysLoaded
        from yiwang.kernel.events import subscribe

        subscribe(ReplayAsked, on_replay_asked)
        subscribe(HolidaysLoaded, on_holidays_loaded)
        subscribe(ReadAlarmRaised, on_read_alarm_raised)
        gates.register(require_replay)
        gates.register_live(require_assessment)
        registry.register(packs.SECTION, packs.ASSESSMENTS)
        registry.check_whole(packs.assessed)
        registry.check_texts(material_kinds.PREFIX, material_kinds.problems)
        registry.check_texts(reminding.PREFIX, reminding.problems)
