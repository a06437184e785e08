"""Addresses below `/api/v1`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI

from yiwang.api import (
    applicants,
    catalogue,
    commitments,
    errors,
    gateway,
    items,
    notices,
    portal,
    procedure,
    public,
    staff,
)
from yiwang.api.context import Token

api = NinjaAPI(
    title="Yiwang",
    version="1",
    description="The acts and questions of a district's service platform (政务服务接口).",
    auth=Token(),
    urls_namespace="api",
    docs_url=None,
    openapi_extra={"webhooks": gateway.WEBHOOKS},
)
errors.install(api)
gateway.install(api)
api.add_router("", public.router)
api.add_router("", catalogue.router)
api.add_router("", applicants.router)
api.add_router("", notices.router)
api.add_router("", portal.open_router)
api.add_router("", portal.router)
api.add_router("", staff.router)
api.add_router("", procedure.router)
api.add_router("", commitments.router)
api.add_router("", items.router)
api.add_router("", gateway.router)

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
