"""Addresses of the whole."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("yiwang.config.health")),
    path("api/v1/", include("yiwang.api.urls")),
    path("", include("yiwang.web.urls")),
]

handler400 = "yiwang.web.public.site.bad_request"
handler403 = "yiwang.web.public.site.forbidden"
handler404 = "yiwang.web.public.site.not_found"
handler500 = "yiwang.web.public.site.failed"
