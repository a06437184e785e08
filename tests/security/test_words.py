"""Words of strangers are shown as words: no markup, no template, no formula."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import desk, signed_in
from yiwang.cases import services
from yiwang.cases.services import CorrectionLine
from yiwang.documents.policy.files import clean_name
from yiwang.web.downloads import csv_line, pdf

__all__ = ["desk"]

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}{% now 'Y' %}"


def harmless(text: str) -> bool:
    return "<script>alert" not in text and "<img src=x" not in text and "{{ 7|add:7 }}" in text


@pytest.fixture
def number(desk: None) -> str:
    return cases.receive(answers={**cases.ANSWERS, "address": EVIL}).number


@pytest.mark.parametrize(
    ("login", "part"),
    [("clerk", ""), ("clerk", "accept/"), ("reviewer", "")],
)
def test_answers_are_shown_to_staff_as_words(number: str, login: str, part: str):
    text = signed_in(login).get(f"/desk/cases/{number}/{part}").content.decode()

    assert harmless(text)


def test_reasons_are_shown_as_words_on_second_pages_and_time_lines(desk):
    case = cases.receive()
    client = signed_in("clerk")
    sent = {
        "version": case.version,
        "kind": "decline",
        "reason": EVIL,
        "article": "某法第一条",
        "elsewhere": EVIL,
    }

    second = client.post(f"/desk/cases/{case.number}/decline/", sent).content.decode()
    assert harmless(second)
    services.decline_case(
        number=case.number, reason=EVIL, article="某法第一条", by=cases.REVIEWER, at=cases.FRIDAY
    )
    assert harmless(client.get(f"/desk/cases/{case.number}/").content.decode())


def test_what_an_official_writes_is_shown_to_the_applicant_as_words(desk):
    from tests.factories.portal import signed_in as applicant
    from yiwang.organisations import services as organisations
    from yiwang.organisations.permissions import Actor

    organisations.create_applicant_account(
        login="firm",
        password="Correct-Horse-7",
        phone="",
        subject_ref=cases.FIRM_REF,
        name="某店",
        by=Actor(ref="job:setup"),
        at=cases.FRIDAY,
    )
    case = cases.receive()
    services.ask_correction(
        number=case.number,
        lines=[CorrectionLine(material_id="", what=EVIL, why=EVIL, example=EVIL)],
        by=cases.CLERK,
        at=cases.FRIDAY,
    )

    text = applicant("firm").get(f"/cases/{case.number}/correct/").content.decode()

    assert harmless(text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_an_export_is_a_formula(start: str):
    line = csv_line([f"{start}HYPERLINK(1)"])

    assert line.lstrip('"').startswith("'")


def test_a_file_name_adds_no_header():
    name = 'a";\r\nSet-Cookie: x=1.pdf'

    answer = pdf(b"", name=name)

    assert "\n" not in answer["Content-Disposition"]
    assert '"' not in answer["Content-Disposition"]
    assert clean_name("../../etc/passwd\x00\u202e.pdf") == "passwd.pdf"
