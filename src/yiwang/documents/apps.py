"""Wiring."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.documents"
    default_auto_field = "django.db.models.BigAutoField"
