"""Feeds of registrations and permits to supervisors: count, delay, late, failed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.registration.test_news import NEWS, registration
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services as acts
from yiwang.cases.policy.terms import Outcome
from yiwang.content import queries as content
from yiwang.kernel import events
from yiwang.registration import services
from yiwang.registration.models import DualNotice
from yiwang.supervision.models import SupervisedSubject
from yiwang.web.officer.feeds import took

AT = cases.FRIDAY


@pytest.fixture(autouse=True)
def _feeds(desk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    services.save_rules(NEWS, by="system:test", at=AT)
    cases.publish(registration())
    monkeypatch.setattr(content, "workday_calendar", lambda: cases.CALENDAR)
    before = events._transport[0]
    events.set_transport(events.deliver)
    yield
    events.set_transport(before)


def registered(scope: str) -> str:
    case = cases.receive(
        item_slug=NEWS.items[0],
        answers={"request_kind": "new", "new_scope": scope},
        read_out=True,
    )
    acts.accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    acts.decide(
        number=case.number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=AT,
    )
    return case.number


def arrives_after(model, minutes: int, **which) -> None:
    assert model.objects.filter(**which).update(arrived_at=AT + dt.timedelta(minutes=minutes))


@pytest.mark.req("REG-03")
def test_the_page_counts_the_feeds_with_their_delay_and_says_what_is_late():
    for minutes, scope in ((1, "餐饮服务"), (30 * 60, "道路货物运输")):
        number = registered(scope)
        assert DualNotice.objects.get(source_case=number).happened_at == AT
        arrives_after(DualNotice, minutes, source_case=number)
        arrives_after(SupervisedSubject, 2, case_number=number)
    assert cases.decided().licence_identifier
    arrives_after(SupervisedSubject, 4, item_slug=cases.RESTAURANT)

    registrar = words(signed_in("stranger").get("/desk/feeds/"))
    assert "经营范围需要许可 2 15 小时" in registrar
    assert "1 天 6 小时 1 " in registrar
    assert "超过 1 天算迟到" in registrar
    assert "道路货物运输经营许可" in registrar
    assert "所有信息都已送到" in registrar
    supervisor = words(signed_in("supervisor").get("/desk/feeds/"))
    assert "准予后列入监管名单 3 2 分 3 分 4 分 0" in supervisor
    assert "经营范围需要许可 1 1 分" in supervisor
    assert "没有送到的信息" not in supervisor

    sent = signed_in("supervisor").get("/desk/feeds/export/?first=2026-03-01&last=2026-03-31")
    assert sent["Content-Type"].startswith("text/csv")
    lines = b"".join(sent.streaming_content).decode().splitlines()
    assert "准予后列入监管名单,3,0,120.0,228.0,240.0" in lines
    assert trail(act="registration.export_feeds")


@pytest.mark.req("REG-03")
def test_the_registrar_sees_what_did_not_arrive():
    parcel = [["cases.granted", {"number": "JD-LOST-1"}], ["cases.closed", {"number": "x"}]]
    with connection.cursor() as cursor:
        for status, attempts in (("failed", 8), ("todo", 2), ("todo", 0)):
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)"
                " VALUES ('default', 'yiwang.deliver_events', %s, %s, %s)",
                [json.dumps({"parcel": parcel}), status, attempts],
            )

    shown = words(signed_in("stranger").get("/desk/feeds/"))

    assert shown.count("JD-LOST-1") == 2
    assert "已停止重试" in shown
    assert "正在重试" in shown
    assert "JD-LOST-1" not in words(signed_in("supervisor").get("/desk/feeds/"))


def test_a_period_that_runs_backwards_is_asked_for_again():
    page = signed_in("head").get("/desk/feeds/?first=2026-03-09&last=2026-03-01")
    assert (page.status_code, "截止日期早于起始日期" in words(page)) == (422, True)
    late = signed_in("head").get("/desk/feeds/export/?last=9999-12-31")
    assert (late.status_code, "2000年至2100年" in words(late)) == (422, True)
    assert signed_in("head").get("/desk/feeds/?first=x").status_code == 422
    assert signed_in("head").get("/desk/feeds/?last=0001-01-02").status_code == 422
    assert signed_in("clerk").get("/desk/feeds/").status_code == 403


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        (None, "—"),
        (dt.timedelta(seconds=-3), "0 秒"),
        (dt.timedelta(seconds=59), "59 秒"),
        (dt.timedelta(minutes=59), "59 分"),
        (dt.timedelta(hours=1), "1 小时"),
        (dt.timedelta(hours=2, minutes=5), "2 小时 5 分"),
        (dt.timedelta(days=1), "1 天"),
        (dt.timedelta(days=3, hours=4), "3 天 4 小时"),
    ],
)
def test_a_delay_is_said_in_words(delay, said):
    assert took(delay) == said
