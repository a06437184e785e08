"""Addresses of the whole."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from yiwang.api.errors import unknown_address

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("yiwang.config.health")),
    path("api/v1/", include("yiwang.api.urls")),
    re_path(r"^api/", unknown_address, name="unknown-call"),
    path("", include("yiwang.web.urls")),
]

handler400 = "yiwang.web.public.site.bad_request"
handler403 = "yiwang.web.public.site.forbidden"
handler404 = "yiwang.web.public.site.not_found"
handler500 = "yiwang.web.public.site.failed"
