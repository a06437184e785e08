"""Wiring."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.supervision"
    default_auto_field = "django.db.models.BigAutoField"
