"""Wiring."""

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.ratings"
    default_auto_field = "django.db.models.BigAutoField"
