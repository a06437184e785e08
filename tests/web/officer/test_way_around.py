"""How staff find their way: the folded navigation, entries that lead somewhere, the way back."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.factories import cases, halls
from tests.factories.desk import signed_in
from yiwang.audit import services as audit

pytestmark = pytest.mark.usefixtures("desk")


def html(answer):
    return answer.content.decode()


def test_on_a_phone_the_navigation_opens_under_the_name_of_the_page():
    page = html(signed_in("head").get("/desk/letters/"))

    fold = page[page.index('<details class="yw-nav__fold">') : page.index("</details>")]
    assert "<summary>栏目：<strong>文书台账</strong></summary>" in fold
    assert page.index("</details>") < page.index('href="/desk/letters/" aria-current="page"')


def test_the_portal_keeps_its_six_entries_open():
    assert "yw-nav__fold" not in html(signed_in("head").get("/items/"))


def test_the_hall_is_offered_to_those_who_have_one():
    assert 'href="/desk/hall/"' not in html(signed_in("clerk").get("/desk/"))
    halls.open_hall()

    assert 'href="/desk/hall/"' in html(signed_in("clerk").get("/desk/"))
    assert 'href="/desk/hall/"' in html(signed_in("leader").get("/desk/"))
    assert 'href="/desk/hall/"' not in html(signed_in("head").get("/desk/"))


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [("reviewer", "/counter/", 403), ("reviewer", "/desk/nothing/", 404), ("auditor", "/me/", 403)],
)
def test_whoever_works_here_is_led_back_to_the_desk(login: str, path: str, status: int):
    client = signed_in(login)

    answer = client.get(path)

    assert answer.status_code == status
    assert 'href="/accounts/login/">回到工作平台</a>' in html(answer)
    assert client.get("/accounts/login/")["Location"].startswith("/desk/")


def test_the_account_leads_back_to_the_desk():
    assert "回到工作平台" in html(signed_in("auditor").get("/accounts/"))


def test_nobody_becomes_liaison_by_pressing_at_once():
    cases.receive()
    client = signed_in("head")

    answer = client.post("/desk/agency/liaisons/", {"person": ""})

    assert answer.status_code == 422
    assert '<a class="ds-link" href="#id_person">请选择联络员。</a>' in html(answer)


def test_the_trail_opens_whatever_an_act_calls_its_details():
    with transaction.atomic():
        audit.record(
            at=cases.FRIDAY,
            actor="system:packs",
            act="registration.load",
            target="rules:registration",
            detail={"items": 7, "keys": ["a"], "values": 2},
        )

    answer = signed_in("auditor").get("/desk/trail/")

    assert answer.status_code == 200
    assert "<dt>items</dt><dd>7</dd>" in html(answer)


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("reviewer", "/desk/letters/?last_on=9999-12-31"),
        ("reviewer", "/desk/automatic/?day=9999-12-31"),
        ("auditor", "/desk/trail/?until=9999-12-31"),
    ],
)
def test_the_last_day_of_all_is_a_day_like_any_other(login: str, path: str):
    assert signed_in(login).get(path).status_code == 200
