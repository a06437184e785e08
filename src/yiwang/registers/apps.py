"""Wiring."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.registers"
    default_auto_field = "django.db.models.BigAutoField"
