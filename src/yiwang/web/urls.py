"""Addresses of the pages, one file per audience."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("yiwang.web.public.urls")),
    path("", include("yiwang.web.citizen.urls")),
    path("accounts/", include("yiwang.web.accounts.urls")),
    path("accounts/oidc/", include("yiwang.web.accounts.provider_urls")),
    path("counter/", include("yiwang.web.counter.urls")),
    path("desk/", include("yiwang.web.officer.urls")),
]
