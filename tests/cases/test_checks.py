"""Checks of registers: ours answer, others may be slow, down or wrong, and none of it is raised."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.factories import automatic, cases, registers
from yiwang.cases.policy.checks import (
    LICENCES,
    OUTSIDE,
    OWN,
    SOCIAL_INSURANCE,
    Asking,
    CheckAnswer,
    CheckDown,
    Trouble,
)
from yiwang.cases.services import checks
from yiwang.cases.services.checks import OutsideCheck, circuit_of, years_between
from yiwang.rules.policy.sources import CHECK_FIELDS, CHECK_NAMES

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Department:
    """Another department's system on a port of this machine."""

    def __init__(self) -> None:
        self.answer: Answer = honest
        self.seconds = 0.0
        self.asked: list[dict[str, Any]] = []
        department = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                department.asked.append(sent)
                status, body = department.answer(sent)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if department.seconds:  # drips, so that each read alone is quick
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(department.seconds / len(body))
                else:
                    self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ask"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def told(sent: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = {name: sent[name] for name in ("check", "version", "request", "number")} | {
        "fields": {"insured": True, "contributing": True, "insured_since": "2020-01-01"},
        "source": "市社保系统",
    }
    return answer | changes


def honest(sent: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps(told(sent)).encode()


@pytest.fixture
def department() -> Iterator[Department]:
    department = Department()
    circuit_of(SOCIAL_INSURANCE.name).note(failed=False, now=0)
    circuit_of(SOCIAL_INSURANCE.name).open_until = 0
    yield department
    department.server.shutdown()
    department.server.server_close()


def asking(**changes: Any) -> Asking:
    arguments: dict[str, Any] = {
        "case_number": "1",
        "item_slug": "senior",
        "applicant_ref": "person:" + "0" * 32,
        "applicant_name": "王示范",
        "number": registers.ZHANG,
        "on": dt.date(2026, 3, 8),
        "at": automatic.SUNDAY_NIGHT,
        "answers": {"kind": "first"},
    }
    return Asking(**(arguments | changes))


def check(department: Department, **changes: Any) -> OutsideCheck:
    return OutsideCheck(
        **({"declared": SOCIAL_INSURANCE, "url": department.url, "seconds": 0.5} | changes)
    )


def test_another_department_answers_with_typed_fields(department):
    answer = check(department).ask(asking())

    assert isinstance(answer, CheckAnswer)
    assert answer.fields["insured"] is True
    assert answer.fields["insured_since"] == dt.date(2020, 1, 1)
    assert answer.source == "市社保系统"
    assert department.asked[0]["number"] == registers.ZHANG


def test_a_slow_answer_is_cut_off_however_slowly_it_drips(department):
    department.seconds = 5.0
    began = time.monotonic()

    answer = check(department).ask(asking())

    assert isinstance(answer, CheckDown)
    assert answer.trouble is Trouble.SLOW
    assert time.monotonic() - began < 2


def test_a_system_that_is_down_is_not_asked_for_a_minute(department):
    clock = [1000.0]
    gone = check(department, url="http://127.0.0.1:9/", now=lambda: clock[0])
    answers = [gone.ask(asking()) for _time in range(3)]
    back = check(department, now=lambda: clock[0])

    left_alone = back.ask(asking())
    clock[0] += 61
    again = back.ask(asking())

    assert {one.trouble for one in answers} == {Trouble.DOWN}
    assert isinstance(left_alone, CheckDown)
    assert "暂停询问" in left_alone.message
    assert isinstance(again, CheckAnswer)
    assert len(department.asked) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "310114199001010017"}, "另一个人"),
        ({"request": "of yesterday"}, "这一次询问"),
        ({"check": "marriage_archive"}, "所问的核验"),
        ({"version": "2"}, "所问的核验"),
        ({"fields": ["insured"]}, "格式"),
        ({"fields": {"insured": "yes"}}, "不是是否"),
        ({"fields": {"insured_since": "yesterday"}}, "不是日期"),
        ({"fields": {"criminal": True}}, "没有约定"),
        ({"fields": {"insured": False, "contributing": True}}, "自相矛盾"),
    ],
)
def test_an_answer_that_cannot_be_right_is_not_believed(department, changes, words):
    department.answer = lambda sent: (200, json.dumps(told(sent, **changes)).encode())

    answer = check(department).ask(asking())

    assert isinstance(answer, CheckDown)
    assert answer.trouble is Trouble.WRONG
    assert words in answer.message
    assert registers.ZHANG not in answer.message


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (200, b"<html>", Trouble.WRONG),
        (200, b"x" * 100_000, Trouble.WRONG),
        (302, b"", Trouble.WRONG),
        (404, b"", Trouble.WRONG),
        (503, b"", Trouble.DOWN),
    ],
)
def test_what_is_no_answer_is_named_so(department, status, body, trouble):
    department.answer = lambda _sent: (status, body)

    answer = check(department).ask(asking())

    assert isinstance(answer, CheckDown)
    assert answer.trouble is trouble


def test_a_system_without_an_address_is_down():
    _version, answer = checks.ask("marriage_archive", asking())

    assert isinstance(answer, CheckDown)
    assert answer.trouble is Trouble.DOWN


def test_a_check_that_nobody_knows_is_down():
    _version, answer = checks.ask("horoscope", asking())

    assert isinstance(answer, CheckDown)


def test_our_registers_answer_about_a_person(district):
    person = automatic.elder()

    _version, answer = checks.ask("population", asking(applicant_ref=person.ref))

    assert isinstance(answer, CheckAnswer)
    assert answer.fields == {
        "age": 76,
        "hukou_in_city": True,
        "hukou_in_district": True,
        "gender": person.gender.value,
        "answers_agree": True,
    }


def test_our_registers_answer_about_a_firm(district):
    _version, answer = checks.ask("entity", asking(applicant_ref=cases.FIRM_REF))

    assert isinstance(answer, CheckAnswer)
    assert answer.fields["open"] is True
    assert answer.fields["in_district"] is True


def test_whoever_is_in_no_register_has_no_record(district):
    _version, answer = checks.ask("population", asking())

    assert isinstance(answer, CheckDown)
    assert answer.trouble is Trouble.UNKNOWN


def test_earlier_cases_and_the_record_are_looked_up(easy_district):
    first = cases.receive()

    _version, earlier = checks.ask(
        "earlier_cases",
        asking(applicant_ref=cases.FIRM_REF, item_slug=cases.RESTAURANT, case_number="other"),
    )
    _version, record = checks.ask("trust_record", asking(applicant_ref=cases.FIRM_REF))

    assert first.number
    assert earlier.fields["running_same_item"] is True
    assert earlier.fields["granted_same_item"] is False
    assert record.fields == {"clear": True}


def test_every_check_promises_what_rules_may_name():
    promised = {
        name: {field.name: (field.label, field.kind) for field in declared.fields.values()}
        for name, declared in {**OWN, **OUTSIDE}.items()
    }

    assert promised == {name: dict(fields) for name, fields in CHECK_FIELDS.items()}
    assert set(CHECK_NAMES) == {*promised, LICENCES}


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("1961-03-08", "2026-03-08", 65),
        ("1961-03-09", "2026-03-08", 64),
        ("1960-02-29", "2025-02-28", 64),
        ("1960-02-29", "2025-03-01", 65),
        ("1960-02-29", "2024-02-29", 64),
    ],
)
def test_a_year_is_completed_on_its_day(born, on, years):
    assert years_between(dt.date.fromisoformat(born), dt.date.fromisoformat(on)) == years
