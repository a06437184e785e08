"""Addresses below `/api/v1`."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from yiwang.api import (
    agency,
    applicants,
    archives,
    automatic,
    catalogue,
    commitments,
    delivering,
    errors,
    gateway,
    items,
    norms,
    notices,
    own_tokens,
    portal,
    procedure,
    public,
    scopes,
    staff,
)
from yiwang.api.context import Token


class Api(NinjaAPI):
    """The calls, each described with the scope that a key of an applicant needs for it."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description in OpenAPI 3.1."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        found = super().get_openapi_schema(path_prefix=prefix, path_params=path_params)
        own_tokens.described(found["paths"], prefix=prefix)
        return found


api = Api(
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
api.add_router("", scopes.router)
api.add_router("", catalogue.router)
api.add_router("", norms.router)
api.add_router("", applicants.router)
api.add_router("", notices.router)
api.add_router("", portal.open_router)
api.add_router("", portal.router)
api.add_router("", staff.router)
api.add_router("", procedure.router)
api.add_router("", delivering.router)
api.add_router("", agency.router)
api.add_router("", commitments.router)
api.add_router("", automatic.router)
api.add_router("", items.router)
api.add_router("", archives.router)
api.add_router("", gateway.router)

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
