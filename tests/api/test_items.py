"""Versions and drafts of items through the API."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.api.conftest import Caller, token
from tests.api.test_calls import problem
from tests.factories import cases
from yiwang.catalogue import services
from yiwang.organisations.permissions import Actor, Post

OWNER = Actor(ref="user:owner", posts={"market": frozenset({Post.ITEM_OWNER})}, name="冯编写")


@pytest.fixture
def keepers(callers, monkeypatch):
    posts = {
        "owner": Post.ITEM_OWNER,
        "legal": Post.LEGAL_OFFICER,
        "checker": Post.ITEM_CHECKER,
    }
    made = {login: Caller(token(login, posts={"market": post})) for login, post in posts.items()}
    return made | {"head": callers("head"), "nobody": callers("nobody"), "clerk": callers("clerk")}


def begun() -> int:
    at = cases.FRIDAY
    draft = services.begin_draft(slug=cases.RESTAURANT, by=OWNER, at=at)
    definition = cases.without_materials(summary="开饭店之前办。")
    services.save_draft(draft=draft, definition=definition, revision=1, by=OWNER, at=at)
    return draft


def test_everybody_reads_the_versions_of_an_item(keepers):
    (first,) = keepers["nobody"].get("/items/restaurant/versions").json()

    assert (first["version"], first["state"], first["in_force"]) == (1, "published", True)
    assert dt.date.fromisoformat(first["effective_on"]) == dt.date(2026, 1, 1)
    assert "published_by" not in first
    problem(keepers["nobody"].get("/items/nothing/versions"), 404, "api.not_found")


def test_a_draft_is_listed_submitted_and_approved_by_four(keepers):
    draft = begun()
    path = f"/item-drafts/{draft}"

    assert [row["id"] for row in keepers["owner"].get("/item-drafts").json()["rows"]] == [draft]
    assert keepers["head"].get("/item-drafts", mine=True).json()["rows"] == []
    sent = keepers["owner"].post(f"{path}/submission", {"revision": 2})
    assert sent.json()["state"] == "department"
    for who, state in (("head", "legal"), ("legal", "centre"), ("checker", "published")):
        answer = keepers[who].post(f"{path}/approval", {"revision": 2, "comment": "同意"})
        assert answer.json()["state"] == state, answer.content.decode()

    versions = keepers["nobody"].get("/items/restaurant/versions").json()
    assert [one["version"] for one in versions] == [2, 1]


def test_refusals_have_the_right_status(keepers):
    path = f"/item-drafts/{begun()}"

    problem(keepers["nobody"].get("/item-drafts"), 401, "api.unknown_token")
    problem(
        keepers["clerk"].post(f"{path}/submission", {"revision": 2}),
        403,
        "organisations.permission_refused",
    )
    problem(
        keepers["head"].post(f"{path}/approval", {"revision": 2}),
        409,
        "catalogue.draft_step_refused",
    )
    problem(
        keepers["owner"].post(f"{path}/submission", {"revision": 1}),
        422,
        "catalogue.draft_refused",
    )
    problem(keepers["owner"].post(f"{path}/submission", {"odd": 1}), 422, "api.invalid")
    problem(
        keepers["owner"].post("/item-drafts/999/submission", {"revision": 1}), 404, "api.not_found"
    )
