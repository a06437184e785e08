"""Wiring."""

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.licences"
    default_auto_field = "django.db.models.BigAutoField"
