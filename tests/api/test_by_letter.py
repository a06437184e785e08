"""Applications by letter, as other systems enter them."""

from __future__ import annotations

import pytest

from tests.factories import cases

GOT = cases.FRIDAY.date()


def body(**letter):
    return {
        "item": cases.RESTAURANT,
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS),
        "letter": letter,
    }


def test_a_system_at_a_window_enters_a_letter_and_reads_it_back(callers):
    clerk = callers("clerk")

    made = clerk.post("/cases", body(received_on=f"{GOT}", mail_number="XA123"), key="k1")

    assert made.status_code == 201, made.content
    case = clerk.get(f"/cases/{made.json()['number']}").json()
    assert (case["channel"], case["mail_number"]) == ("letter", "XA123")
    assert case["received_on"] == f"{GOT}"


@pytest.mark.parametrize(
    ("letter", "sentence"),
    [
        ({"received_on": "2099-01-01"}, "信函收到日期不能晚于今天"),
        ({"received_on": "2001-01-01"}, "信函收到日期不能早于90天前"),
        ({"received_on": f"{GOT}", "mail_number": "邮件"}, "邮件号应为"),
        ({"received_on": "yesterday"}, ""),
        ({"mail_number": "XA123"}, ""),
        ({"received_on": f"{GOT}", "stamp": "red"}, ""),
    ],
)
def test_a_letter_that_cannot_be_is_refused(callers, letter, sentence):
    refused = callers("clerk").post("/cases", body(**letter), key="k1")

    assert refused.status_code == 422
    assert sentence in refused.json()["message"]
