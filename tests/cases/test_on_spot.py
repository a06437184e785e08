"""Errors that are put right on the spot before acceptance: what changes, what is kept, what not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseAnswer, CaseEvent, CaseMaterial, Correction, SpotFix
from yiwang.cases.policy.on_spot import same_application
from yiwang.cases.policy.states import Step, StepRefusedError
from yiwang.cases.policy.terms import Outcome, PaperForm, Relation
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.licences import queries as licences

pytestmark = pytest.mark.django_db

ADDRESS = services.FixedAnswer(question_id="address", value="嘉定区南翔镇示例路12号")


@pytest.fixture
def _district() -> None:
    cases.district()


def fix(number: str, what: Any = ADDRESS, **changes: Any) -> queries.CaseView:
    arguments: dict[str, Any] = {
        "number": number,
        "fix": what,
        "by": cases.CLERK,
        "at": cases.FRIDAY,
        "visitor": cases.HEAD_OF_FIRM,
    }
    return services.fix_on_spot(**(arguments | changes))


def ask(number: str, **changes: Any) -> queries.CaseView:
    arguments: dict[str, Any] = {
        "number": number,
        "what": "门牌号与平面图不一致",
        "by": cases.CLERK,
        "at": cases.FRIDAY,
    }
    return services.ask_on_spot(**(arguments | changes))


@pytest.mark.usefixtures("easy_district")
def test_an_answer_is_put_right_at_the_window_and_the_case_rests_on_the_new_one():
    case = cases.receive()

    after = fix(case.number)

    assert (after.state, after.due_on, after.notice_due_on) == (
        case.state,
        case.due_on,
        case.notice_due_on,
    )
    assert not Correction.objects.exists()
    page = cases.page(case.number)
    assert page.answers["address"] == "嘉定区南翔镇示例路12号"
    assert CaseAnswer.objects.get().answers["address"] == "嘉定区南翔镇示例路11号"
    row = SpotFix.objects.get()
    assert (row.old_answer, row.new_answer) == ("嘉定区南翔镇示例路11号", "嘉定区南翔镇示例路12号")
    event = page.events[-1]
    words = "“经营场所地址”由“嘉定区南翔镇示例路11号”更正为“嘉定区南翔镇示例路12号”"
    assert (event.step, event.reason) == (Step.FIX_ON_SPOT, words)
    receipt = page.documents[-1]
    assert receipt.title == "收件凭证"
    assert words in receipt.body["paragraphs"]
    assert any(label == "更正人" and words for label, words in receipt.body["facts"])
    assert services.ask_correction(
        number=case.number,
        lines=[services.CorrectionLine(material_id="", what="补充", why="不完整")],
        by=cases.CLERK,
        at=cases.FRIDAY,
    ).due_on


@pytest.mark.usefixtures("easy_district")
def test_the_licence_says_the_address_as_it_was_put_right():
    number = cases.receive().number
    fix(number)
    shared: dict[str, Any] = {"number": number, "at": cases.FRIDAY}
    services.accept_case(calendar=cases.CALENDAR, by=cases.CLERK, **shared)
    services.propose(outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, **shared)

    granted = services.decide(
        outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=cases.APPROVER, **shared
    )

    held = licences.licence(granted.licence_identifier)
    assert dict(held.fields)["经营场所地址"] == "嘉定区南翔镇示例路12号"


@pytest.mark.usefixtures("easy_district")
def test_the_applicant_puts_it_right_on_the_portal_once_asked_and_not_before():
    number = cases.receive().number
    with pytest.raises(services.SpotFixRefusedError, match="没有请您当场更正"):
        fix(number, by=cases.FIRM, visitor=None)

    ask(number)

    message = queries.messages_for(cases.FIRM_REF)[0]
    assert (message.title[:5], "门牌号与平面图不一致" in message.body) == ("请当场更正", True)
    fix(number, by=cases.FIRM, visitor=None)
    event = CaseEvent.objects.filter(step="fix_on_spot").get()
    assert (event.actor, event.post) == ("user:firm", "")
    assert cases.page(number, by=cases.FIRM).answers["address"] == "嘉定区南翔镇示例路12号"


@pytest.mark.usefixtures("_district")
def test_a_material_is_exchanged_and_the_old_one_is_kept_on_record():
    old = cases.upload(cases.CLERK.ref)
    number = cases.receive(uploads={"layout": [old]}).number
    services.check_material(number=number, material_id="layout", by=cases.CLERK, at=cases.FRIDAY)

    fix(number, services.Brought(material_id="layout", paper=PaperForm.ORIGINAL))

    material = CaseMaterial.objects.get(material_id="layout")
    assert (material.upload_refs, material.taken_as, material.checked_by) == ([], "original", "")
    assert material.source == "申请人当场更换"
    row = SpotFix.objects.get()
    assert (row.old_refs, row.old_form, row.new_form) == ([old], "electronic", "original")
    assert "“平面图”已更换（原件1份）" in cases.page(number).documents[-1].body["paragraphs"]

    with pytest.raises(services.SpotFixRefusedError, match="没有提交，不能更换"):
        fix(number, services.Brought(material_id="rules", paper=PaperForm.COPY))
    with pytest.raises(services.SpotFixRefusedError, match="请提交更换后的"):
        fix(number, services.Brought(material_id="layout"))
    ask(number)
    with pytest.raises(services.SpotFixRefusedError, match="请交到服务窗口"):
        fix(
            number,
            services.Brought(material_id="layout", paper=PaperForm.COPY),
            by=cases.FIRM,
            visitor=None,
        )
    with pytest.raises(services.DraftRefusedError):
        fix(number, services.Brought(material_id="layout", upload_refs=["upload:x"]))
    assert SpotFix.objects.count() == 1


@pytest.mark.usefixtures("_district")
@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        ("nothing", "x", "申请内容中没有这一项"),
        ("address", "嘉定区南翔镇示例路11号", "与原来填写的相同"),
        ("address", "", "请填写“经营场所地址”"),
        ("area_m2", 0, "应在1至10000之间"),
        ("area_m2", {"a": 1}, "格式不正确"),
        ("phone", "139", "应为11位手机号"),
        ("raw_food", True, "要交的材料会改变"),
    ],
)
def test_what_is_wrong_or_changes_the_application_is_refused(question, value, words):
    number = cases.receive().number

    with pytest.raises(services.SpotFixRefusedError, match=words) as refused:
        fix(number, services.FixedAnswer(question_id=question, value=value))

    assert refused.value.message.endswith("。")
    assert not SpotFix.objects.exists()
    assert Case.objects.get().fixed_answers == {}


@pytest.mark.usefixtures("easy_district")
def test_a_telephone_is_masked_in_trail_and_receipt_and_reaches_the_applicant():
    number = cases.receive().number

    after = fix(number, services.FixedAnswer(question_id="phone", value="13900005678"))

    assert after.phone_masked.endswith("5678")
    reason = CaseEvent.objects.filter(step="fix_on_spot").get().reason
    assert "13900005678" not in reason
    assert "13900001234" not in reason
    assert "13900005678" not in str(cases.page(number).documents[-1].body)


@pytest.mark.usefixtures("easy_district")
def test_whoever_stands_at_the_window_is_named_and_may_act_for_the_applicant():
    number = cases.receive().number

    for visitor in (
        None,
        services.Visitor(relation=Relation.FAMILY, name="家人", identified=True),
        services.Visitor(relation=Relation.LEGAL_REP, name="负责人"),
    ):
        with pytest.raises(services.VisitRefusedError):
            fix(number, visitor=visitor)
    assert not SpotFix.objects.exists()


@pytest.mark.usefixtures("easy_district")
def test_after_acceptance_nothing_is_put_right_by_anybody_or_any_row():
    number = cases.accepted().number
    row = Case.objects.get(number=number)

    with pytest.raises(StepRefusedError, match="不能当场更正"):
        fix(number)
    with pytest.raises(DatabaseError, match="spotfix_before_acceptance"), transaction.atomic():
        SpotFix.objects.create(
            case=row, question_id="address", name="x", at=cases.FRIDAY, by="user:a", by_name="a"
        )
    with pytest.raises(DatabaseError, match="fixed_on_record"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(fixed_answers={"address": "x"})


@pytest.mark.usefixtures("easy_district")
def test_no_answer_changes_without_its_row_and_no_row_says_nothing():
    row = Case.objects.get(number=cases.receive().number)
    shared = {"case": row, "name": "x", "at": cases.FRIDAY, "by": "user:a", "by_name": "a"}

    with pytest.raises(DatabaseError, match="fixed_on_record"), transaction.atomic():
        Case.objects.filter(pk=row.pk).update(fixed_answers={"address": "x"})
    for wrong, constraint in (
        ({}, "one_thing"),
        ({"question_id": "a", "material_id": "b", "new_form": "copy"}, "one_thing"),
        ({"material_id": "b"}, "form_known"),
        ({"material_id": "b", "new_form": "x"}, "form_known"),
    ):
        with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
            SpotFix.objects.create(**shared, **wrong)


def test_only_what_leaves_the_application_as_it_is_counts_as_such_an_error():
    item = parse_item(cases.restaurant())

    assert same_application(item, {"address": "甲"}, {"address": "乙"})
    assert not same_application(item, {"raw_food": False}, {"raw_food": True})
