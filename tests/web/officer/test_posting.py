"""The paper result by post, on the desk of who delivers."""

from __future__ import annotations

import pytest

from tests.factories import cases, posting
from tests.factories.desk import signed_in
from tests.factories.posting import PLACE
from tests.web.officer.test_pages import words
from yiwang.audit.models import AuditEvent
from yiwang.cases import services
from yiwang.cases.models import Case, Posting

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def number(desk: None) -> str:
    """A decided case whose applicant wants the paper."""
    posting.publish()
    found = posting.online().number
    services.ask_posting(number=found, by=cases.FIRM, at=cases.FRIDAY, **PLACE)
    posting.grant(found)
    return found


@pytest.mark.req("CASE-04")
def test_the_list_leads_to_the_label_whose_look_leaves_a_trace_and_to_the_parcel(number: str):
    clerk = signed_in("clerk")
    assert f"/desk/cases/{number}/posting/" in clerk.get("/desk/postings/").content.decode()

    page = words(clerk.get(f"/desk/cases/{number}/posting/"))
    assert "王经办" in page
    assert "装入邮件 " in page
    assert "决定书" in page
    assert "收件凭证" not in page
    assert (
        f"/desk/cases/{number}/licence/"
        in clerk.get(f"/desk/cases/{number}/posting/").content.decode()
    )
    assert "13900005678" in page
    assert "示例路9号201室" in page
    look = AuditEvent.objects.filter(act="audit.read", target=cases.FIRM_REF).order_by("-id")[0]
    assert "收件地址" in str(look.detail)

    sent = {"version": _version(number), "carrier": "", "tracking_number": "77"}
    done = words(clerk.post(f"/desk/cases/{number}/posting/", sent, follow=True))
    assert "已登记寄出" in done
    assert "没有等待寄出的结果" in done
    assert (Posting.objects.get().carrier, Posting.objects.get().tracking_number) == ("EMS", "77")

    again = clerk.post(f"/desk/cases/{number}/posting/", sent)
    assert again.status_code == 422
    assert "已经寄出，请刷新后查看" in words(again)
    assert "退回日期" not in words(again)

    after = words(clerk.get(f"/desk/cases/{number}/posting/"))
    assert "13900005678" not in after
    listed = clerk.get("/desk/postings/?tab=sent").content.decode()
    assert f"/desk/cases/{number}/posting/" in listed
    assert "EMS 77" in listed
    back = {"version": _version(number), "returned_on": "2026-03-06", "reason": "查无此人"}
    done = words(clerk.post(f"/desk/cases/{number}/posting/", back, follow=True))
    assert "已登记退回" in done
    assert "没有寄出的结果" in words(clerk.get("/desk/postings/?tab=sent"))
    assert Posting.objects.get().return_reason == "查无此人"


def _version(number: str) -> str:
    return str(Case.objects.get(number=number).version)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"tracking_number": ""}, "请填写邮件号码"),
        ({"tracking_number": "7" * 41}, "最多 40 个字，请删减。"),
        ({"tracking_number": "77", "version": "1"}, "请刷新后再办"),
        ({"tracking_number": "77", "version": "x"}, "页面不完整"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(number, sent, sentence):
    page = signed_in("clerk").post(
        f"/desk/cases/{number}/posting/", {"version": _version(number), "carrier": "EMS"} | sent
    )

    assert page.status_code == 422
    assert sentence in words(page)
    assert Posting.objects.get().sent_on is None


def test_who_does_not_deliver_sees_no_label_and_no_list(number: str):
    for login in ("reviewer", "approver"):
        client = signed_in(login)
        assert client.get("/desk/postings/").status_code == 403
        assert client.get(f"/desk/cases/{number}/posting/").status_code == 403
    odd = signed_in("clerk").get("/desk/postings/?after=x")
    assert odd.status_code == 422
    assert "翻页参数不正确" in words(odd)


def test_a_parcel_of_a_case_that_ended_without_a_result_is_not_waited_for(desk: None):
    posting.publish()
    gone = posting.online().number
    services.ask_posting(number=gone, by=cases.FIRM, at=cases.FRIDAY, **PLACE)
    services.withdraw_case(number=gone, reason="不办了", by=cases.FIRM, at=cases.FRIDAY)

    page = words(signed_in("clerk").get(f"/desk/cases/{gone}/posting/"))

    assert "不再邮寄" in page
    assert "没有可以邮寄的结果，不会寄出邮件" in page
    assert "作出决定后才能邮寄" not in page
    assert "登记寄出" not in page
