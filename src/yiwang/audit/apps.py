"""Wiring."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.audit"
    default_auto_field = "django.db.models.BigAutoField"
