"""Items sunk to towns, as other systems read them and take cases in."""

from __future__ import annotations

import pytest

from tests.api.conftest import Caller, token
from tests.factories import cases, towns
from tests.factories.towns import sink
from yiwang.catalogue.policy.towns import InNameOf, TownMode
from yiwang.organisations.permissions import Post


@pytest.fixture
def town(callers) -> Caller:
    towns.make()
    return Caller(token("townclerk", posts={"nanxiang-centre": Post.COUNTER_CLERK}))


def body(**changes):
    return {
        "item": cases.RESTAURANT,
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS),
    } | changes


def test_anybody_reads_the_windows_of_an_item_and_the_items_of_a_window(callers, town):
    sink(TownMode.FORWARDED)
    sink(TownMode.DIRECT, centre="nanxiang-centre", in_name_of=InNameOf.TOWN)
    caller = callers("nobody")

    windows = caller.get(f"/items/{cases.RESTAURANT}/town-windows").json()
    items = caller.get("/town-centres/nanxiang-centre/items").json()

    assert {(one["centre"], one["mode"], one["name_of"]) for one in windows} == {
        ("anting-centre", "forwarded", ""),
        ("nanxiang-centre", "direct", "nanxiang"),
    }
    assert [(one["item"], one["document"], one["until"]) for one in items] == [
        (cases.RESTAURANT, "示例府办〔2026〕1号", None)
    ]
    for path in (
        "/items/nothing/town-windows",
        "/town-centres/market/items",
        "/town-centres/moon/items",
    ):
        assert caller.get(path).status_code == 404, path
    assert caller.get("/town-centres/Mond!/items").status_code == 422


def test_a_system_at_a_towns_window_takes_a_case_in_and_reads_its_mode(callers, town):
    sink(TownMode.FORWARDED)

    made = town.post("/cases", body(collect="here"), key="k1")

    assert made.status_code == 201, made.content
    case = made.json()
    assert case["town_mode"] == "forwarded"
    assert case["collect_at"] == "nanxiang-centre"
    assert case["acceptor"] == "market"
    refused = town.post(f"/cases/{case['number']}/acceptance")
    assert refused.status_code == 403
    assert "收受分离" in refused.json()["message"]
    assert callers("reviewer").post(f"/cases/{case['number']}/acceptance").status_code == 200


def test_what_was_not_sunk_and_a_place_that_is_not_offered_are_refused(callers, town):
    sink(TownMode.DIRECT, centre="anting-centre")

    refused = town.post("/cases", body(), key="k1")
    assert refused.status_code == 422
    assert refused.json()["code"] == "cases.not_at_this_window"
    assert "示例区安亭镇受理中心" in refused.json()["message"]
    assert town.post("/cases", body(collect="moon"), key="k2").status_code == 422
    elsewhere = callers("clerk").post("/cases", body(collect="here"), key="k3")
    assert elsewhere.status_code == 422
    assert "只有街镇窗口收的件可以选择领取结果的地点" in elsewhere.json()["message"]
