"""Wiring."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Start-up of the pages."""

    name = "yiwang.web"
