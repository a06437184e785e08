"""The paper result by post, asked for at the window by whoever stands there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import HttpResponse

from tests.factories import cases, posting
from tests.factories.desk import signed_in
from tests.factories.posting import PLACE
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case, Posting, WindowVisit
from yiwang.cases.policy.mailed import ENTRY_DAYS
from yiwang.cases.queries import CaseView
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

HEAD = {"relation": "legal_rep", "agent_name": "示例负责人", "identified": "on"}


@pytest.fixture
def case(desk: None) -> CaseView:
    """A case of the window whose result may be posted."""
    posting.publish()
    return cases.receive(item_slug=posting.POSTED)


def at(case: CaseView, page: str = "posting/") -> str:
    return f"/counter/cases/{case.number}/{page}"


def send(case: CaseView, who: str = "clerk", **sent: Any) -> HttpResponse:
    version = Case.objects.get(number=case.number).version
    answer: HttpResponse = signed_in(who).post(at(case), {"version": version} | sent)
    return answer


@pytest.mark.req("CASE-04", "CASE-05")
def test_from_the_case_to_the_wish_and_back(case: CaseView):
    clerk = signed_in("clerk")
    shown = clerk.get(at(case, ""))
    assert f'href="{at(case)}"' in shown.content.decode()

    done = send(case, **PLACE, **HEAD)
    assert done.headers["Location"] == at(case, "")
    page = words(clerk.get(at(case, "")))
    assert "待寄出：王经办" in page
    assert "13900005678" not in page
    assert PLACE["address"] not in page
    assert "要求邮寄结果：示例负责人（法定代表人或者负责人）" in page
    (trace,) = trail(act="cases.ask_posting")
    assert (trace.actor, trace.on_behalf_of) == ("user:clerk", cases.FIRM_REF)
    assert Posting.objects.get().phone == "13900005678"

    form = clerk.get(at(case)).content.decode()
    assert "更改收件地址" in form
    assert "13900005678" not in form
    back = send(case, take_back="1", **HEAD)
    assert back.headers["Location"] == at(case, "")
    assert Posting.objects.get().taken_back_at is not None
    acts = WindowVisit.objects.order_by("id").values_list("act", flat=True)
    assert list(acts) == ["ask_posting", "take_posting_back"]


@pytest.mark.req("CASE-05")
def test_nothing_that_is_registered_is_typed_and_it_is_shown_masked(case: CaseView):
    page = words(signed_in("clerk").get(at(case)))
    assert "留空的，按已登记的填写：上海示例餐饮管理有限公司" in page

    assert send(case, **HEAD).status_code == 302
    assert Posting.objects.get().phone == "02100000001"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"identified": ""}, "请核对来人的身份证件"),
        ({"relation": "receiver"}, "请选择来人与申请人的关系"),
        ({"phone": "123"}, "收件电话应为11位手机号"),
        ({"address": "路"}, "请填写完整的收件地址"),
        ({"version": "x"}, "页面不完整，请刷新后再办"),
        ({"version": "99"}, "请刷新后再办"),
        ({"take_back": "1"}, "没有等待寄出的邮寄要求"),
    ],
)
def test_what_cannot_be_is_said_and_kept(case: CaseView, sent: dict[str, str], sentence: str):
    answer = send(case, **(PLACE | HEAD | sent))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert PLACE["to_name"] in answer.content.decode()
    assert not Posting.objects.exists()
    assert not WindowVisit.objects.exists()


def test_a_result_that_is_not_posted_and_a_case_that_is_over_say_so(case: CaseView):
    kept = cases.receive()
    assert at(kept) not in signed_in("clerk").get(at(kept, "")).content.decode()
    assert "本事项的结果不能邮寄" in words(signed_in("clerk").get(at(kept)))
    assert send(kept, **PLACE, **HEAD).status_code == 422

    services.withdraw_case(number=case.number, reason="不办了", by=cases.FIRM, at=cases.FRIDAY)
    assert at(case) not in signed_in("clerk").get(at(case, "")).content.decode()
    assert "不会寄出邮件" in words(signed_in("clerk").get(at(case)))
    assert send(case, **PLACE, **HEAD).status_code == 422
    assert not Posting.objects.exists()


def test_another_department_and_who_takes_nothing_in_cannot(case: CaseView):
    for who in ("stranger", "reviewer"):
        assert signed_in(who).get(at(case)).status_code == 403
        assert send(case, who, **PLACE, **HEAD).status_code == 403
    assert not Posting.objects.exists()


def test_the_window_reads_until_when_a_letter_got_in_time_is_entered(
    case: CaseView, monkeypatch: pytest.MonkeyPatch
):
    told = services.ask_correction(
        number=case.number,
        lines=[services.CorrectionLine(material_id="", what="补充门牌", why="地址不完整")],
        by=cases.CLERK,
        at=cases.FRIDAY,
    ).due_on
    assert told is not None
    sentence = f"按期收到的信函最迟 {told + dt.timedelta(days=ENTRY_DAYS)} 登记"
    assert sentence not in words(signed_in("clerk").get(at(case, "")))

    after = dt.datetime.combine(told + dt.timedelta(days=1), dt.time(9), tzinfo=cases.ZONE)
    monkeypatch.setattr(Page, "at", after)
    monkeypatch.setattr(Page, "today", after.date())

    assert sentence in words(signed_in("clerk").get(at(case, "")))
