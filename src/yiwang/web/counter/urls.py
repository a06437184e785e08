"""Addresses of the counter pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.counter import (
    applicants,
    first_asked,
    intake,
    on_spot,
    queue,
    receipt,
    receiving,
    returning,
)

app_name = "counter"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", intake.Intake.as_view(), name="intake"),
    path("queue/", queue.Queue.as_view(), name="queue"),
    path("questions/", first_asked.FirstAsked.as_view(), name="first_asked"),
    path("questions/told/<int:number>/", first_asked.Told.as_view(), name="told"),
    path("questions/of/<str:ref>/", first_asked.FirstAsked.as_view(), name="first_asked_of"),
    path("register/", intake.Register.as_view(), name="register"),
    path("receipt/<str:number>/", receipt.Receipt.as_view(), name="receipt"),
    path("cases/<str:number>/", returning.Case.as_view(), name="case"),
    path("cases/<str:number>/correction/", returning.Correct.as_view(), name="correct"),
    path("cases/<str:number>/materials/", returning.Materials.as_view(), name="materials"),
    path("cases/<str:number>/withdrawal/", returning.Withdraw.as_view(), name="withdraw"),
    path(
        "cases/<str:number>/material-withdrawal/",
        returning.WithdrawMaterial.as_view(),
        name="withdraw_material",
    ),
    path("cases/<str:number>/on-spot/", on_spot.FixOnSpot.as_view(), name="fix_on_spot"),
    path(
        "cases/<str:number>/on-spot/answers/<str:question>/",
        on_spot.FixAnswer.as_view(),
        name="fix_answer",
    ),
    path(
        "cases/<str:number>/on-spot/materials/<str:material>/",
        on_spot.FixMaterial.as_view(),
        name="fix_material",
    ),
    path("cases/<str:number>/contact/", returning.Contact.as_view(), name="contact"),
    path("cases/<str:number>/posting/", returning.Posting.as_view(), name="posting"),
    path("cases/<str:number>/hand-over/", returning.HandOver.as_view(), name="hand_over"),
    path("cases/<str:number>/print/", returning.Print.as_view(), name="print"),
    path("<str:ref>/", applicants.Items.as_view(), name="items"),
    path("<str:ref>/<slug:slug>/", receiving.Receive.as_view(), name="receive"),
]
