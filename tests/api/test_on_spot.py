"""Calls by which an error is put right on the spot, and a proposal goes back."""

from __future__ import annotations

from typing import Any

from tests.factories import cases
from yiwang.cases.models import SentBack, SpotFix


def test_asked_fixed_and_sent_back(callers: Any):
    number = cases.receive().number
    path = f"/cases/{number}"
    fix = {"question": "address", "value": "示例路12号"}
    assert callers("firm").post(f"{path}/on-spot-fixes", fix).status_code == 422
    for sent in ({}, fix | {"material": "layout"}, {"material": "layout"}):
        assert callers("firm").post(f"{path}/on-spot-fixes", sent).status_code == 422
    asked = callers("clerk").post(f"{path}/on-spot-requests", {"what": "门牌有误"})
    assert asked.status_code == 200, asked.content
    done = callers("firm").post(f"{path}/on-spot-fixes", fix)
    assert done.status_code == 200, done.content
    assert SpotFix.objects.count() == 1

    other = cases.reviewed().number
    back = callers("approver").post(f"/cases/{other}/sent-back", {"reason": "请补记"})
    assert (back.status_code, back.json()["state"]) == (200, "reviewing"), back.content
    assert callers("reviewer").post(f"/cases/{other}/sent-back", {"reason": "x"}).status_code == 403
    assert SentBack.objects.count() == 1
