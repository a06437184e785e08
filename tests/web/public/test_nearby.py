"""Where an item is filed near home, in which mode: pages, paper, data, halls, terminals."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases, halls, towns
from tests.factories.organisations import applicant
from tests.factories.towns import sink
from tests.web.officer.test_pages import words
from tests.web.test_one_source import paper, squeezed
from yiwang.catalogue.policy.towns import TownMode
from yiwang.halls import services
from yiwang.halls.models import Hall
from yiwang.organisations.backend import BACKEND
from yiwang.web import context
from yiwang.web.public.halls import kiosk_key
from yiwang.web.views import Page

CENTRE = "nanxiang-centre"
GUIDE = f"/items/{cases.RESTAURANT}/"


@pytest.fixture
def client(easy_district: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Anybody, on the Friday, in a district with two towns and the hall of one."""
    towns.make()
    halls.open_hall(code=CENTRE, name="示例区南翔镇受理中心", department=CENTRE)
    cache.clear()
    context.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)
    return Client()


def test_the_guide_and_its_paper_name_the_windows_and_what_they_do(client):
    sink(TownMode.FORWARDED)
    sink(TownMode.DIRECT, centre=CENTRE)
    direct = "直接受理：窗口当场受理，材料齐全的当场拿到受理通知书：示例区南翔镇受理中心"
    forwarded = (
        "收受分离：窗口收下申请、当场出收件凭证，由示例区市场监管局受理和决定，"
        "结果可以在这里领：示例区安亭镇受理中心"
    )

    for address in (GUIDE, f"{GUIDE}checklist/"):
        page = squeezed(words(client.get(address)))
        for part in (*direct.split("："), *forwarded.split("：")):
            assert part in page, (address, part)
    for address in (f"{GUIDE}guide.pdf", f"{GUIDE}checklist.pdf"):
        printed = paper(client.get(address).content)
        assert squeezed(direct) in printed, address
        assert squeezed(forwarded) in printed, address


def test_the_guide_says_it_in_english(client):
    sink(TownMode.FORWARDED)
    client.post("/preferences/language/", {"language": "en", "next": "/"})

    page = words(client.get(GUIDE))

    assert "Taken in here, decided there" in page
    assert "The window takes your application in and gives you a receipt" in page


def test_a_guide_of_an_item_at_no_town_names_none(client):
    sink(TownMode.DIRECT, item=cases.CARD)

    assert "就近办" not in words(client.get(GUIDE))


def test_the_guide_follows_the_day(client, monkeypatch):
    monday = cases.FRIDAY + dt.timedelta(days=3)
    sink(TownMode.FORWARDED, until=monday.date())
    sink(TownMode.DIRECT, first=monday.date())
    assert "收受分离" in words(client.get(GUIDE))

    monkeypatch.setattr(Page, "at", monday)

    page = words(client.get(GUIDE))
    assert "直接受理" in page
    assert "收受分离" not in page


@pytest.mark.parametrize("language", ["", "en"])
def test_the_page_of_a_centre_lists_what_it_does_by_mode(client, language):
    sink(TownMode.DIRECT, centre=CENTRE)
    sink(TownMode.FORWARDED, item=cases.CARD)
    if language:
        client.post("/preferences/language/", {"language": language, "next": "/"})

    page = words(client.get(f"/halls/{CENTRE}/items/"))

    assert "餐饮服务许可（新办）" in page
    assert "老年优待确认" in page
    said = ("Handled where filed", "Taken in here") if language else ("直接受理", "收受分离")
    assert all(one in page for one in said)
    assert ("2 services near you" if language else "就近办的 2 个事项") in words(
        client.get("/halls/")
    )


def test_a_centre_that_does_nothing_says_whom_to_ask(client):
    assert "请拨打12345询问" in words(client.get(f"/halls/{CENTRE}/items/"))
    assert client.get("/halls/moon/items/").status_code == 404


def test_the_table_and_the_file_of_open_data_name_the_windows(client):
    sink(TownMode.FORWARDED, centre=CENTRE)

    def whole(name):
        return b"".join(client.get(f"/opendata/{name}").streaming_content).decode("utf-8-sig")

    rows = {row["标识"]: row for row in csv.DictReader(io.StringIO(whole("items.csv"), newline=""))}
    assert rows[cases.RESTAURANT]["就近办的街镇窗口"] == "示例区南翔镇受理中心（收受分离）"
    assert rows[cases.CARD]["就近办的街镇窗口"] == ""
    (window,) = json.loads(whole("items.json"))["town_windows"][cases.RESTAURANT]
    assert window["centre"] == CENTRE
    assert window["mode"] == "forwarded"
    assert window["document"] == "示例府办〔2026〕1号"


def test_whoever_holds_the_table_fetches_it_again_once_a_mode_changed(client):
    first = client.get("/opendata/items.csv").headers["ETag"]
    assert client.get("/opendata/items.csv", headers={"If-None-Match": first}).status_code == 304

    sink()

    assert client.get("/opendata/items.csv", headers={"If-None-Match": first}).status_code == 200


def test_a_terminal_of_a_centre_offers_what_was_sunk_to_it(client):
    cases.publish(cases.without_materials(self_terminal=True))
    address = f"/halls/{CENTRE}/kiosk/{kiosk_key(CENTRE)}/items/"
    assert "餐饮服务许可" in words(client.get(address))  # nothing laid down yet

    sink(item=cases.CARD)
    shown = words(client.get(address))
    assert "餐饮服务许可" not in shown
    assert "本机暂时没有可以自己办的事项，请取号到窗口办理。" in shown

    sink(centre=CENTRE)
    assert "餐饮服务许可" in words(client.get(address))


def test_a_day_without_a_free_time_offers_the_other_days_and_no_button(client, monkeypatch):
    cases.publish(cases.without_materials(bookable=True))
    sink(centre=CENTRE)
    client.force_login(applicant(at=cases.FRIDAY), backend=BACKEND)
    book = f"/halls/{CENTRE}/book/{cases.RESTAURANT}/"
    today = f"{book}?day={cases.FRIDAY.date().isoformat()}"
    assert "预约这个时间" in words(client.get(today))

    monkeypatch.setattr(Page, "at", cases.FRIDAY.replace(hour=16, minute=55))

    shown = words(client.get(today))
    assert "这一天已经约满，请选另一天，或者直接到大厅取号。" in shown
    assert "预约这个时间" not in shown
    assert "预约这个时间" in words(client.get(book))


def test_a_time_is_given_only_at_halls_that_do_the_item_on_that_day(client):
    cases.publish(cases.without_materials(bookable=True))
    monday = cases.FRIDAY.replace(hour=10) + dt.timedelta(days=3)
    sink(first=cases.FRIDAY.date(), until=monday.date())

    with pytest.raises(services.AppointmentRefusedError) as refused:
        services.book(
            hall=CENTRE,
            item_slug=cases.RESTAURANT,
            starts_at=monday,
            applicant_ref=cases.FIRM_REF,
            calendar=cases.CALENDAR,
            by=cases.FIRM,
            at=cases.FRIDAY,
        )

    assert refused.value.message == (
        "“餐饮服务许可（新办）”在这一天不在示例区南翔镇受理中心办理，请选择列出的其他大厅。"
    )
    assert "示例区南翔镇受理中心" in words(client.get(f"/halls/?item={cases.RESTAURANT}"))
    sunk_elsewhere = words(client.get(f"/halls/?item={cases.CARD}"))
    assert "示例区南翔镇受理中心" not in sunk_elsewhere
    assert Hall.objects.count() == 1
