"""Addresses of the accounts pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.accounts import own, provider, signing_in

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", own.Home.as_view(), name="home"),
    path("login/", signing_in.Login.as_view(), name="login"),
    path("login/code/", signing_in.Code.as_view(), name="code"),
    path("login/phone/", signing_in.Bind.as_view(), name="bind"),
    path("logout/", signing_in.Logout.as_view(), name="logout"),
    path("password/", own.Password.as_view(), name="password"),
    path("prove/", provider.Prove.as_view(), name="prove"),
    path("sessions/", own.Sessions.as_view(), name="sessions"),
]
