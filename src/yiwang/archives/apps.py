"""Wiring."""

from django.apps import AppConfig


class ArchivesConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.archives"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have periods checked when packs are loaded."""
        from yiwang.archives.policy.retention import problems
        from yiwang.content import registry

        registry.check_texts("archives", problems)
