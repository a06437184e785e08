"""The description of the interface, and calls made at random from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Caller
from yiwang.api.urls import api

EXAMPLES_PER_CALL = 6


def test_the_description_is_openapi_3_1_and_names_every_call_and_its_errors():
    description = api.get_openapi_schema(path_prefix="/api/v1/")

    assert description["openapi"].startswith("3.1")
    for path, calls in description["paths"].items():
        for method, call in calls.items():
            where = f"{method} {path}"
            assert call["operationId"], where
            assert call["summary"], where
            codes = {int(code) for code in call["responses"]}
            assert {401, 403, 404, 409, 422, 429} <= codes, where


def test_the_description_says_what_days_a_light_counts():
    schemas = api.get_openapi_schema(path_prefix="/api/v1/")["components"]["schemas"]

    assert {"days_left", "unit"} <= set(schemas["LightAnswer"]["required"])
    assert schemas["DayUnit"]["enum"] == ["workday", "calendar_day"]


SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/v1/"))


@pytest.fixture
def bearer(
    callers: Callable[[str], Caller], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Return the headers of a clerk, so that calls get past the door."""
    request_started.disconnect(close_old_connections)  # they would close the test's connection
    request_finished.disconnect(close_old_connections)
    monkeypatch.setattr("yiwang.organisations.limits._count", lambda key, bound: 1)
    yield callers("clerk").headers
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES_PER_CALL,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_no_call_made_from_the_description_breaks_the_program(case, bearer):
    response = case.call(app=get_wsgi_application(), headers=bearer)

    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
