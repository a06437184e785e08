"""Wiring."""

from django.apps import AppConfig


class ConsultationsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.consultations"
    default_auto_field = "django.db.models.BigAutoField"
