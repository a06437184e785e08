"""Wiring."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have templates checked when packs are loaded."""
        from yiwang.content import registry
        from yiwang.notices.policy.templates import PREFIX, problems

        registry.check_texts(PREFIX, problems)
