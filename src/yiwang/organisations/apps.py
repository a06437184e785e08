"""Wiring."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.organisations"
    default_auto_field = "django.db.models.BigAutoField"
