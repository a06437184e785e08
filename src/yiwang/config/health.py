"""Addresses for those who watch the machines: alive, ready, and figures for Prometheus."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

REQUESTS = Counter("yiwang_requests_total", "Requests answered.", ["view", "method", "status"])
SECONDS = Histogram("yiwang_request_seconds", "Seconds from request to answer.", ["view"])


def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process can answer at all."""
    return HttpResponse("alive\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, its tables are current and packs are loaded.

    Otherwise 503; the body names what is missing, without details of the machine.
    """
    checks = {"database": False, "migrations": False, "packs": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        executor = MigrationExecutor(connection)
        checks["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        if checks["migrations"]:
            from yiwang.content import queries as content

            checks["packs"] = settings.DISTRICT in {pack.name for pack in content.loaded_packs()}
    except DatabaseError:
        pass  # the answer says which check failed
    good = all(checks.values())
    return JsonResponse(checks | {"ready": good}, status=200 if good else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures of all web processes of this machine, and of the shared queues.

    Open to this machine only; a collector elsewhere reaches it through the proxy's rules.
    """
    if request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("REMOTE_ADDR") not in {
        "127.0.0.1",
        "::1",
        "",
        None,
    }:
        return HttpResponse(
            "仅限本机访问。\n", status=403, content_type="text/plain; charset=utf-8"
        )
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    _measure_queues(registry)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _measure_queues(registry: CollectorRegistry) -> None:
    jobs = Gauge("yiwang_jobs", "Jobs by queue and state.", ["queue", "status"], registry=registry)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue_name, status, count(*) FROM procrastinate_jobs "
            "WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2"
        )
        for queue, status, count in cursor.fetchall():
            jobs.labels(queue, status).set(count)


class Measure:
    """Middleware that counts and times requests by view name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then count."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.view_name if match else "") or "unnamed"
        REQUESTS.labels(view, request.method or "", str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


urlpatterns = [
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
]
