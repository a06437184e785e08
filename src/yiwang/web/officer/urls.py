"""Addresses of the officer pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.officer import ratings, subjects, trail

app_name = "officer"
urlpatterns: list[URLPattern | URLResolver] = [
    path("subjects/", subjects.Subjects.as_view(), name="subjects"),
    path("ratings/", ratings.BadRatings.as_view(), name="ratings"),
    path("ratings/<slug:number>/", ratings.BadRating.as_view(), name="rating"),
    path("trail/", trail.Trail.as_view(), name="trail"),
    path("trail/export/", trail.TrailExport.as_view(), name="trail_export"),
]
