"""Addresses of the identity provider's sign-in, under the names that allauth looks up."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.accounts import provider

urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:provider_id>/login/", provider.start, name="openid_connect_login"),
    path("<slug:provider_id>/login/callback/", provider.come_back, name="openid_connect_callback"),
]
