"""Wiring."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Start-up of the package."""

    name = "yiwang.catalogue"
    default_auto_field = "django.db.models.BigAutoField"
