"""Guessing is slow: from many addresses, in many spellings, many at once, by page and by API."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.kernel.addresses import client_address
from yiwang.organisations.limits import Bound, TooManyTriesError, count_try, network_of

AT = dt.datetime(2026, 3, 6, 2, 0, tzinfo=dt.UTC)


def count(who: str = "x", *, at: dt.datetime = AT, most: int = 3, seconds: int = 600) -> None:
    count_try(what="test", who=who, bound=Bound(most=most, seconds=seconds), at=at)


@pytest.mark.django_db
def test_one_more_than_allowed_is_refused_and_the_next_window_begins_anew():
    for _ in range(3):
        count()

    with pytest.raises(TooManyTriesError, match="请过10分钟再试"):
        count()
    count("another")
    count(at=AT + dt.timedelta(seconds=600))


@pytest.mark.django_db
def test_a_long_bound_says_hours():
    count(most=1, seconds=86_400)

    with pytest.raises(TooManyTriesError, match="请过24小时再试"):
        count(most=1, seconds=86_400)


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_counted_each():
    def one(_number: int) -> bool:
        try:
            count("together", most=5)
        except TooManyTriesError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(one, range(24)))

    assert passed == 5


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_one_household_is_one_asker(address: str, counted: str):
    assert network_of(address) == counted


def test_only_our_own_proxy_is_believed():
    spoofed = "1.1.1.1, 198.51.100.7"

    assert client_address(remote="10.0.0.1", forwarded=spoofed, behind_proxy=False) == "10.0.0.1"
    assert client_address(remote="10.0.0.1", forwarded=spoofed, behind_proxy=True) == "198.51.100.7"
    assert client_address(remote="10.0.0.1", forwarded="", behind_proxy=True) == "10.0.0.1"
    assert len(client_address(remote="x", forwarded="9" * 500, behind_proxy=True)) == 45


def ask_api(code: str, phone: str, **more: str) -> int:
    answer = Client().post(
        "/api/v1/track",
        {"query_code": code, "phone": phone},
        content_type="application/json",
        **more,  # type: ignore[arg-type]
    )
    return answer.status_code


@pytest.fixture
def case(db: None, monkeypatch: pytest.MonkeyPatch):
    cases.district(items=False)
    cases.publish(cases.without_materials())
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)
    return cases.receive()


def test_a_forged_forwarding_header_does_not_make_another_asker(case):
    answers = [ask_api(f"JD{n}", "1234", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}") for n in range(31)]

    assert answers == [404] * 30 + [429]


def test_four_digits_of_one_code_cannot_be_tried_by_the_api(case):
    answers = [ask_api(case.query_code, f"{n:04d}", REMOTE_ADDR=f"10.0.0.{n}") for n in range(6)]

    assert answers[:5].count(429) == 0
    assert answers[5] == 429


def test_blanks_and_small_letters_make_no_other_code(case):
    code = case.query_code
    spellings = [code, code.lower(), f" {code}", f"{code[:4]} {code[4:]}", f"{code}  ", code]
    answers = [
        Client()
        .post("/track/", {"query_code": text, "phone": "0000"}, REMOTE_ADDR=f"10.0.0.{n}")
        .status_code
        for n, text in enumerate(spellings)
    ]

    assert answers[5] == 429
    assert 429 not in answers[:5]


def test_tracking_tells_nothing_that_anybody_wrote(db):
    cases.district(items=False)
    cases.publish(cases.without_materials())
    case = cases.hearing()
    services.request_hearing(
        number=case.number,
        text="我患有慢性病，不能按期整改",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )

    found = queries.track(query_code=case.query_code, phone="1234", at=cases.FRIDAY)

    assert found.events[-1].step.value == "request_hearing"
    assert "慢性病" not in repr(found)
    assert {one.reason for one in found.events} == {""}


def test_tracking_names_nobody(case):
    code, tail = case.query_code, case.phone_masked[-4:]
    answer = Client().post(
        "/api/v1/track",
        {"query_code": code, "phone": tail},
        content_type="application/json",
    )

    assert answer.status_code == 200
    body = answer.json()
    assert {(one["actor"], one["actor_name"]) for one in body["events"]} == {("", "")}
    assert "user:" not in answer.content.decode()


def test_a_refused_body_gets_the_headers_of_every_answer(db, settings):
    answer = Client().post("/track/", b"x", content_type="text/plain", CONTENT_LENGTH="2000000000")

    assert answer.status_code == 413
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_counters_are_not_pushed_out_by_a_few_hundred_others():
    from yiwang.config import settings as configured

    assert configured.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 10_000
