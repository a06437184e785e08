"""We know that people find what they came for: in a scene, in the box, and within three clicks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import cases
from tests.factories.portal import begun, closed, signed_in, submitted
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Channel
from yiwang.licences.models import Licence
from yiwang.web import context
from yiwang.web.citizen import popularity
from yiwang.web.views import Page

pytestmark = pytest.mark.thorough

MOST_USED = 30
CLICKS = 3
LINK = re.compile(r'<a[^>]+href="(/[^"#]*)"')


@pytest.fixture
def district(jiading_pack: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    context.forget()
    popularity.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("district")
@pytest.mark.req("PORTAL-02")
def test_the_most_used_items_begin_within_three_clicks_of_the_home_page():
    client = Client()
    on = cases.FRIDAY.date()
    online = {one.slug for one in catalogue.items(on=on) if Channel.PORTAL in one.channels}
    heads = [one for one in catalogue.item_heads(on=on) if one.slug in online]
    wanted = {
        f"/items/{one.slug}/apply/" for one in popularity.ordered(heads, counts={})[:MOST_USED]
    }
    reached, pages = set(), {"/"}
    for _click in range(CLICKS):
        links = {link for page in pages for link in LINK.findall(words(client.get(page)))}
        reached |= links
        pages = {link for link in links if link.startswith(("/items/", "/scenes/", "/?"))}
        pages = {link for link in pages if not link.endswith((".pdf", "/apply/"))}

    assert len(wanted) == MOST_USED
    assert wanted - reached == set()


@pytest.mark.usefixtures("district")
@pytest.mark.req("ITEM-07")
def test_a_scene_shows_its_steps_with_the_facts_of_each_item():
    client = Client()
    home = words(client.get("/"))
    (scene, *_others) = re.findall(r'href="(/scenes/[a-z0-9-]+/)"', home)

    page = words(client.get(scene))

    assert "<h2>1. " in page
    assert "承诺时限" in page
    assert scene in words(client.get("/scenes/"))
    assert client.get("/scenes/nothing/").status_code == 404


@pytest.mark.usefixtures("district")
def test_a_scene_is_found_by_its_words_and_by_its_items():
    page = words(Client().get("/search/", {"q": "开饭店"}))

    assert "相关场景" in page


@pytest.mark.usefixtures("district")
def test_a_place_is_found_with_what_it_offers():
    page = words(Client().get("/search/", {"q": "行政服务中心"}))

    assert "嘉定区行政服务中心" in page
    assert re.search(r"可办 \d+ 项", page)


@pytest.mark.usefixtures("district")
def test_nothing_found_offers_people():
    page = words(Client().get("/search/", {"q": "火星移民"}))

    assert "没有找到相符的事项" in page
    assert 'href="/help/"' in page


@pytest.mark.usefixtures("district")
@pytest.mark.parametrize("text", ["", "   ", "？！。", "%_\\", "😀", "a" * 10_000, "'; drop table"])
def test_the_box_takes_whatever_is_typed(text: str):
    assert Client().get("/search/", {"q": text}).status_code == 200


@pytest.mark.usefixtures("district")
def test_home_and_scene_ask_the_database_a_few_times(
    django_assert_max_num_queries: DjangoAssertNumQueries,
):
    client = Client()
    scene = re.findall(r'href="(/scenes/[a-z0-9-]+/)"', words(client.get("/")))[0]

    with django_assert_max_num_queries(8):
        client.get("/")
    with django_assert_max_num_queries(7):
        client.get(scene)


@pytest.mark.usefixtures("portal")
def test_the_number_of_ones_own_case_leads_to_it():
    client = signed_in()
    address = submitted(client)
    number = address.split("/")[2]

    assert client.get("/search/", {"q": number})["Location"] == address


@pytest.mark.usefixtures("portal")
def test_a_strangers_number_finds_nothing_and_shows_the_way_to_ask():
    number = submitted(signed_in()).split("/")[2]

    for client in (Client(), signed_in("zhang")):
        page = words(client.get("/search/", {"q": number}))
        assert "这像是办件编号或者查询码" in page
        assert 'href="/track/"' in page
        assert f"/cases/{number}/" not in page


@pytest.mark.usefixtures("portal")
def test_the_personal_order_is_off_until_it_is_switched_on():
    client = signed_in()
    begun(client)

    before = words(client.get("/"))
    client.post("/preferences/personal/", {"on": "yes", "next": "/"})
    after = words(client.get("/"))
    client.post("/preferences/personal/", {"on": "no", "next": "/"})

    assert "您有一份没有提交的申请" not in before
    assert "您有一份没有提交的申请" in after
    assert "您有一份没有提交的申请" not in words(client.get("/"))


@pytest.mark.usefixtures("portal")
@pytest.mark.req("ITEM-08")
def test_a_licence_that_ends_soon_brings_its_item_to_the_front_with_the_reason():
    closed()
    Licence.objects.update(valid_until=cases.FRIDAY.date() + timedelta(days=30))
    client = signed_in()
    client.post("/preferences/personal/", {"on": "yes", "next": "/"})

    page = words(client.get("/"))

    assert "到期" in page
    assert page.index("到期") < page.index("查询与核验")


@pytest.mark.usefixtures("portal")
def test_a_visitor_has_no_personal_order():
    assert Client().post("/preferences/personal/", {"on": "yes"}).status_code == 302
    assert "按我的情况排列" not in words(Client().get("/"))
