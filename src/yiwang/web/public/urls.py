"""Addresses of the pages that need no account."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.public import (
    asking,
    decisions,
    halls,
    hearings,
    norms,
    opendata,
    reports,
    scopes,
    site,
    trail,
    verify,
)

app_name = "public"
urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences/size/", site.SetSize.as_view(), name="set_size"),
    path("preferences/language/", site.SetLanguage.as_view(), name="set_language"),
    path("preferences/session/", site.KeepSession.as_view(), name="keep_session"),
    path("manifest.webmanifest", site.Manifest.as_view(), name="manifest"),
    path("sw.js", site.ServiceWorker.as_view(), name="service_worker"),
    path("offline/", site.Offline.as_view(), name="offline"),
    path("accessibility/", site.Accessibility.as_view(), name="accessibility"),
    path("privacy/", site.Privacy.as_view(), name="privacy"),
    path("sitemap/", site.Sitemap.as_view(), name="sitemap"),
    path("halls/", halls.Halls.as_view(), name="halls"),
    path("halls/<slug:hall>/items/", halls.HallItems.as_view(), name="hall_items"),
    path("halls/<slug:hall>/display/", halls.Display.as_view(), name="hall_display"),
    path("halls/<slug:hall>/kiosk/<str:key>/", halls.Kiosk.as_view(), name="kiosk"),
    path(
        "halls/<slug:hall>/kiosk/<str:key>/items/", halls.KioskItems.as_view(), name="kiosk_items"
    ),
    path(
        "halls/<slug:hall>/kiosk/<str:key>/letters/",
        halls.KioskFind.as_view(),
        name="kiosk_find",
    ),
    path(
        "halls/<slug:hall>/kiosk/<str:key>/letters/<str:proof>/",
        halls.KioskLetters.as_view(),
        name="kiosk_letters",
    ),
    path(
        "halls/<slug:hall>/kiosk/<str:key>/<str:ticket>/",
        halls.KioskTicket.as_view(),
        name="kiosk_ticket",
    ),
    path("scope/", scopes.Scope.as_view(), name="scope"),
    path("decisions/", decisions.Decisions.as_view(), name="decisions"),
    path("norms/", norms.Norms.as_view(), name="norms"),
    path("norms/norms.csv", norms.NormsCsv.as_view(), name="norms_csv"),
    path("norms/<int:key>/", norms.Norm.as_view(), name="norm"),
    path("hearings/", hearings.Hearings.as_view(), name="hearings"),
    path("hearings/<int:key>/", hearings.Hearing.as_view(), name="hearing"),
    path("reports/asking/", asking.AskedAgain.as_view(), name="asked_again"),
    path("reports/items/", reports.ItemReports.as_view(), name="item_reports"),
    path("reports/items/<slug:figure>/", reports.ItemReport.as_view(), name="item_report"),
    path("opendata/", opendata.OpenData.as_view(), name="opendata"),
    path("opendata/items.csv", opendata.ItemsCsv.as_view(), name="items_csv"),
    path("opendata/items.json", opendata.ItemsJson.as_view(), name="items_json"),
    path("v/<str:token>", verify.VerifyToken.as_view(), name="verify_token"),
    path("V/<str:token>", verify.VerifyToken.as_view(), name="verify_token_capital"),
    path("verify/", verify.VerifyFile.as_view(), name="verify_file"),
    path("trail/checkpoint", trail.Checkpoint.as_view(), name="checkpoint"),
    path("_components", site.Components.as_view(), name="components"),
]
