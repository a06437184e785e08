"""Phrases that no rule places, on the desk, by the API and at the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from click.testing import CliRunner

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.factories.registration import prepare
from tests.registration.test_placing import ODD, granted
from tests.web.officer.test_pages import words
from yiwang.cli.scope import scope
from yiwang.content import queries as content
from yiwang.kernel import events
from yiwang.registration.models import ScopePhrase

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture(autouse=True)
def _registered(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    prepare()
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    before = events._transport[0]
    events.set_transport(events.deliver)
    granted()
    yield
    events.set_transport(before)


def where() -> str:
    return f"/desk/scope-phrases/{ScopePhrase.objects.get().pk}/"


@pytest.mark.req("REG-05")
def test_the_list_leads_to_the_phrase_which_is_placed_and_stands_among_the_placed():
    head = signed_in("head")
    assert "/desk/scope-phrases/" in head.get("/desk/dual-notices/").content.decode()
    listed = head.get("/desk/scope-phrases/?text=无人船").content.decode()
    assert where() in listed

    page = words(head.get(where()))
    assert ODD in page
    assert "不需要许可" in page
    done = words(head.post(where(), {"item": cases.RESTAURANT, "note": ""}, follow=True))
    assert "已确认，已告诉企业" in done
    assert "没有等待确认的用语" in done
    placed = words(head.get("/desk/scope-phrases/?placed=1"))
    assert "需要许可" in placed
    assert "餐饮服务许可" in words(head.get(where()))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"item": ""}, "请选择需要哪项许可"),
        ({"item": "no-such"}, "没有这个正在实施的许可事项"),
        ({"item": "none", "note": ""}, "请写明为什么不需要许可"),
        ({"item": "none", "note": "长" * 501}, "说明最多500个字"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_placed(sent: dict[str, str], sentence: str):
    page = signed_in("head").post(where(), sent)

    assert page.status_code == 422
    assert sentence in words(page)
    assert ScopePhrase.objects.get().state == "waiting"


def test_others_read_nothing_and_odd_addresses_are_refused():
    assert signed_in("clerk").get("/desk/scope-phrases/").status_code == 403
    assert signed_in("clerk").get(where()).status_code == 403
    head = signed_in("head")
    assert head.get("/desk/scope-phrases/?after=x").status_code == 422
    assert head.get("/desk/scope-phrases/999999/").status_code == 403


def test_the_operator_counts_them_without_a_name():
    shown = CliRunner().invoke(scope, ["unplaced"])
    assert (shown.exit_code, shown.output) == (1, f"1\t{ODD}\n")
    as_json = orjson.loads(CliRunner().invoke(scope, ["unplaced", "--json"]).output)
    assert as_json == [{"phrase": ODD, "businesses": 1}]
    ScopePhrase.objects.update(state="no_need", note="x", placed_by="x", placed_at=cases.FRIDAY)
    assert CliRunner().invoke(scope, ["unplaced"]).exit_code == 0
