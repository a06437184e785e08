"""Wiring."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.content"
    default_auto_field = "django.db.models.BigAutoField"
