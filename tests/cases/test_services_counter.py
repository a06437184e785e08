"""Receipt at a counter."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from tests.factories import cases
from yiwang.audit import queries as trail
from yiwang.cases import queries, services
from yiwang.cases.models import Case
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import MaterialState
from yiwang.kernel.identifiers import query_code
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.usefixtures("district")

AT = cases.FRIDAY


def test_nobody_is_turned_away_for_missing_materials():
    case = cases.receive()

    assert case.state is CaseState.RECEIVED
    states = {one.material_id: one.state for one in cases.page(case.number).materials}
    assert states["layout"] is MaterialState.MISSING


def test_numbers_name_body_and_day_and_count_per_day():
    first, second = cases.receive(), cases.receive()
    next_day = cases.receive(at=AT + dt.timedelta(days=3))

    body = "11310114XXXX01011H431013100100001"
    assert first.number == f"{body}260306000001"
    assert second.number == f"{body}260306000002"
    assert next_day.number == f"{body}260309000001"
    codes = {first.query_code, second.query_code, next_day.query_code}
    assert len(codes) == 3
    assert all(query_code.check(code).ok and code.startswith("JD2603") for code in codes)


def test_the_case_knows_the_applicant_from_the_register_with_numbers_hidden():
    person = cases.elder()
    case = cases.receive(item_slug=cases.CARD, applicant_ref=person, answers={})

    assert case.applicant_name == "沈示例"
    assert case.applicant_number_masked == "310***********0027"
    assert case.phone_masked == ""
    assert cases.receive(phone="13912345678").phone_masked == "139****5678"
    assert cases.receive().phone_masked == "139****1234", "the one written into the form"


def test_the_same_key_gives_the_same_case():
    first = cases.receive(idempotency_key="k")
    again = cases.receive(idempotency_key="k", window="B01")

    assert (first.number, again.window) == (again.number, "A03")
    with pytest.raises(services.SubmissionRefusedError, match="已用于另一份申请"):
        cases.receive(
            idempotency_key="k", item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}
        )
    assert Case.objects.count() == 1


def test_the_same_key_with_other_answers_is_not_taken_for_the_same_case():
    cases.receive(idempotency_key="k")

    with pytest.raises(services.SubmissionRefusedError, match="已用于另一份申请"):
        cases.receive(idempotency_key="k", answers=cases.ANSWERS | {"area_m2": 90})
    assert cases.receive(idempotency_key="k", answers={}).state is CaseState.RECEIVED


def test_a_window_of_a_department_takes_its_own_items_only():
    own = Actor(ref="user:m", name="m", posts={"market": frozenset({Post.COUNTER_CLERK})})

    assert cases.receive(by=own).intake_department == "market"
    for actor in (cases.STRANGER, cases.REVIEWER, cases.FIRM):
        with pytest.raises(PermissionRefusedError, match="您的窗口不收本部门以外的事项"):
            cases.receive(by=actor)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param(
            {"answers": {"kind": "catering"}},
            services.IncompleteError,
            "还有3处",
            id="answers missing",
        ),
        pytest.param(
            {"answers": {"kind": object()}},
            services.DraftRefusedError,
            "格式不正确",
            id="answers odd",
        ),
        pytest.param(
            {"uploads": {"castle": []}},
            services.SubmissionRefusedError,
            "不对应本事项的任何材料",
            id="unknown material",
        ),
        pytest.param(
            {"uploads": {"layout": ["upload:x"]}},
            services.DraftRefusedError,
            "找不到这个文件",
            id="unknown file",
        ),
        pytest.param(
            {"idempotency_key": ""},
            services.SubmissionRefusedError,
            "提交编号应为",
            id="no key",
        ),
    ],
)
def test_a_receipt_that_cannot_be_says_what_to_do(changes, error, words):
    with pytest.raises(error, match=words):
        cases.receive(**changes)
    assert Case.objects.count() == 0


def test_an_item_only_online_is_helped_at_the_terminal():
    cases.publish(cases.without_materials(slug="online", channels=["portal"]))

    with pytest.raises(services.SubmissionRefusedError, match="只在网上受理，请协助申请人"):
        cases.receive(item_slug="online")


def test_unknown_items_and_applicants_are_mistakes_of_the_caller():
    with pytest.raises(LookupError):
        cases.receive(item_slug="nothing")
    with pytest.raises(LookupError):
        cases.receive(applicant_ref="entity:91310114XXXX00027M")


def test_the_receipt_lists_what_was_handed_in():
    page = cases.page(cases.receive().number)

    receipt = page.documents[0]
    assert receipt.number == "市场监管局收〔2026〕1号"
    assert "平面图（缺少）" in receipt.body["paragraphs"]
    assert ["收件窗口", "A03"] in receipt.body["facts"]


def test_tracking_needs_the_query_code_and_the_telephone():
    case = cases.receive()
    code = case.query_code

    for phone in ("1234", "13900001234", " 1390000 1234 "):
        view = queries.track(query_code=code.lower(), phone=phone, at=AT)
        assert (view.number, view.state) == (case.number, CaseState.RECEIVED)
    for wrong_code, phone in ((code, "1235"), (code, ""), (code, "234"), ("JD260306XXXX", "1234")):
        with pytest.raises(queries.TrackRefusedError, match="不符，请按收件凭证核对"):
            queries.track(query_code=wrong_code, phone=phone, at=AT)
    assert not re.search("示例餐饮", repr(queries.track(query_code=code, phone="1234", at=AT)))


@pytest.mark.parametrize(
    "typed", ["021-00000001", "02100000001", "021 0000 0001", "０２１０００００００１", "0001"]
)
def test_a_registered_telephone_left_masked_still_finds_the_case(typed: str):
    cases.publish(with_registered_phone())

    case = cases.receive(item_slug="with-phone", answers=WITHOUT_PHONE)

    assert case.phone_masked == "021****0001"
    assert cases.page(case.number).answers["phone"] == "021-00000001"
    found = queries.track(query_code=case.query_code, phone=typed, at=AT)
    assert found.number == case.number


def test_a_registered_telephone_that_is_read_whole_leaves_a_trace():
    cases.publish(with_registered_phone())

    cases.receive(item_slug="with-phone", answers=WITHOUT_PHONE)
    cases.receive(item_slug="with-phone", answers=cases.ANSWERS)

    reads = [row for row in trail.trail(target=cases.FIRM_REF) if row.purpose]
    assert [(row.actor, row.purpose) for row in reads] == [("user:clerk", "办件联系和进度查询")], (
        "the second case brought its own number"
    )


WITHOUT_PHONE = {key: value for key, value in cases.ANSWERS.items() if key != "phone"}


def with_registered_phone() -> dict[str, Any]:
    definition = cases.restaurant(
        slug="with-phone",
        task_code="11310114XXXX01011H4310131002000",
        handling_code="11310114XXXX01011H431013100200001",
    )
    definition["sections"][0]["questions"][-1]["prefill"] = "entity.phone"
    return definition


def test_who_has_no_telephone_tracks_by_the_end_of_the_certificate_number():
    case = cases.receive(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={})

    assert queries.track(query_code=case.query_code, phone="0027", at=AT).number == case.number
    with pytest.raises(queries.TrackRefusedError):
        queries.track(query_code=case.query_code, phone="0028", at=AT)
