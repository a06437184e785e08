"""Addresses of the counter pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.counter import intake, queue, receipt

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", intake.Intake.as_view(), name="intake"),
    path("queue/", queue.Queue.as_view(), name="queue"),
    path("register/", intake.Register.as_view(), name="register"),
    path("receipt/<str:number>/", receipt.Receipt.as_view(), name="receipt"),
    path("<str:ref>/", intake.Items.as_view(), name="items"),
    path("<str:ref>/<slug:slug>/", intake.Receive.as_view(), name="receive"),
]
