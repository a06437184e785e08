"""Wiring."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.cases"
    default_auto_field = "django.db.models.BigAutoField"
