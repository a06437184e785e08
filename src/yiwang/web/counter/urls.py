"""Addresses of the counter pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = []
