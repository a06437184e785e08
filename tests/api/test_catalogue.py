"""The catalogue as programs without a token read it."""

from __future__ import annotations

import pytest

from tests.factories import cases
from yiwang.catalogue.policy.reports import FigureKey


def test_items_are_listed_with_filters_and_paged(callers):
    caller = callers("nobody")
    every = caller.get("/catalogue/items").json()

    assert every["total"] == len(every["rows"])
    assert every["after"] is None
    assert [row["slug"] for row in every["rows"]] == sorted(row["slug"] for row in every["rows"])
    row = every["rows"][0]
    assert row["department_name"]
    assert row["basic_code"] == row["task_code"][19:31]

    first = caller.get("/catalogue/items", limit=1).json()
    second = caller.get("/catalogue/items", limit=1, after=first["after"]).json()
    assert [first["rows"][0], second["rows"][0]] == every["rows"][:2]
    for wish in ({"audience": "person"}, {"item_type": "benefit"}, {"department": "civil"}):
        narrowed = caller.get("/catalogue/items", **wish).json()
        assert narrowed["total"] < every["total"] or narrowed["rows"] == every["rows"]
    assert caller.get("/catalogue/items", changed_since="2027-01-01").json()["rows"] == []


@pytest.mark.parametrize(
    "wish",
    [
        {"limit": 101},
        {"limit": 0},
        {"audience": "everybody"},
        {"item_type": "许可"},
        {"changed_since": "yesterday"},
    ],
)
def test_a_wish_that_cannot_be_is_refused_in_words(callers, wish):
    answer = callers("nobody").get("/catalogue/items", **wish)

    assert answer.status_code == 422
    assert answer.json()["code"] == "api.invalid"


def test_an_unchanged_page_is_not_sent_twice(callers):
    caller = callers("nobody")
    first = caller.get("/catalogue/items")

    caller.headers = {"If-None-Match": first["ETag"]}
    again = caller.get("/catalogue/items")
    other = caller.get("/catalogue/items", limit=1)

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert other.status_code == 200
    cases.publish(cases.restaurant(slug="another", name="另一个许可"))
    assert caller.get("/catalogue/items").status_code == 200


def test_figures_leave_with_definition_share_and_items(callers):
    caller = callers("nobody")
    found = caller.get("/catalogue/reports").json()

    figures = {one["key"]: one for group in found["groups"] for one in group["figures"]}
    assert set(figures) == set(FigureKey)
    assert all(group["definition"] and group["source"] for group in found["groups"])
    for key in ("items", "compression", "visits_none", "cancelled"):
        behind = caller.get(f"/catalogue/reports/{key}").json()
        assert behind["total"] == figures[key]["items"] == len(behind["rows"])
        assert sum(row["numerator"] for row in behind["rows"]) == figures[key]["numerator"]
    assert figures["cancelled"]["share"] is None
    assert caller.get("/catalogue/reports/nothing").status_code == 422


@pytest.mark.parametrize(
    ("path", "budget"),
    [("/catalogue/items", 5), ("/catalogue/reports", 6), ("/catalogue/reports/items", 5)],
)
def test_calls_about_the_catalogue_ask_the_database_no_more_than_this(
    callers, path, budget, django_assert_max_num_queries
):
    caller = callers("nobody")
    caller.get(path)
    with django_assert_max_num_queries(budget):
        answer = caller.get(path)

    assert answer.status_code == 200
    assert len(answer.content) < 60_000
