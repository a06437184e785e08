"""What the database refuses about whoever comes back to a window, and which paper is taken how."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases
from yiwang.cases import services
from yiwang.cases.models import (
    Case,
    CaseEvent,
    CaseMaterial,
    ContactChange,
    MaterialWithdrawal,
    WindowVisit,
)
from yiwang.cases.policy.terms import PaperForm, Relation
from yiwang.cases.policy.visiting import usual_form

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY


def refused(constraint: str, model: Any, **row: Any) -> None:
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        model.objects.create(**row)


def visit(case: Case, **changes: Any) -> dict[str, Any]:
    return {
        "case": case,
        "act": "withdraw",
        "relation": "self",
        "name": "来人",
        "identified": True,
        "at": AT,
        "by": "user:clerk",
        "by_name": "陈窗口",
    } | changes


def test_a_visit_names_somebody_who_was_identified_and_an_agent_has_a_number():
    case = Case.objects.get(number=cases.receive().number)

    refused("visit_act_known", WindowVisit, **visit(case, act="x"))
    refused("visit_relation_known", WindowVisit, **visit(case, relation="x"))
    refused("somebody_is_named", WindowVisit, **visit(case, name=""))
    refused("identified_unless_bringing", WindowVisit, **visit(case, identified=False))
    refused("identified_unless_bringing", WindowVisit, **visit(case, relation="agent"))
    WindowVisit.objects.create(**visit(case, act="file_material", identified=False))


@pytest.mark.parametrize("step", ["withdraw", "withdraw_material", "change_contact"])
def test_staff_do_nothing_for_an_applicant_whom_nobody_saw(step: str):
    case = Case.objects.get(number=cases.receive().number)
    event = {
        "case": case,
        "step": step,
        "from_state": "received",
        "to_state": "withdrawn" if step == "withdraw" else "received",
        "at": AT,
        "actor": "user:clerk",
        "actor_name": "陈窗口",
        "post": "counter_clerk",
        "department": "centre",
    }

    refused("seen_at_the_window", CaseEvent, **event)
    WindowVisit.objects.create(**visit(case, act=step))
    CaseEvent.objects.create(**event)


def test_nothing_is_taken_back_or_changed_after_the_decision_whoever_writes_the_row():
    case = Case.objects.get(number=cases.decided().number)
    at_by = {"case": case, "at": AT, "by": "user:firm"}

    refused(
        "materialwithdrawal_before_the_decision",
        MaterialWithdrawal,
        material_id="layout",
        name="平面图",
        reason="x",
        by_name="x",
        **at_by,
    )
    refused("contactchange_before_the_decision", ContactChange, phone="1", **at_by)


def test_a_row_that_says_nothing_is_refused():
    case = Case.objects.get(number=cases.receive().number)
    at_by = {"case": case, "at": AT, "by": "user:firm"}

    refused("contactchange_says_something", ContactChange, **at_by)
    refused(
        "materialwithdrawal_says_why",
        MaterialWithdrawal,
        material_id="layout",
        name="平面图",
        reason="",
        by_name="x",
        **at_by,
    )
    material = {"case": case, "material_id": "layout", "name": "平面图"}
    refused("form_known", CaseMaterial, state="filed", taken_as="x", **material)
    refused("withdrawn_is_not_there", CaseMaterial, state="withdrawn", taken_as="copy", **material)


@pytest.mark.parametrize(
    ("form", "usual"),
    [
        ("原件", PaperForm.ORIGINAL),
        ("原件或者照片", PaperForm.ORIGINAL),
        ("电子或复印件", PaperForm.COPY),
        ("照片或复印件", PaperForm.COPY),
        ("电子", PaperForm.COPY),
        ("电子或者纸质", PaperForm.ORIGINAL),
        ("电子或者二寸照片", PaperForm.ORIGINAL),
        ("照片", PaperForm.ORIGINAL),
    ],
)
def test_paper_is_taken_as_the_item_usually_wants_it(form: str, usual: PaperForm):
    assert usual_form(form) is usual


@pytest.mark.parametrize(
    ("visitor", "sentence"),
    [
        (services.Visitor(relation=Relation.SELF, identified=True), "申请人是单位"),
        (services.Visitor(relation=Relation.LEGAL_REP, identified=True), "请填写来人姓名"),
        (
            services.Visitor(relation=Relation.FAMILY, name="王家属", identified=True),
            "只能由申请人",
        ),
        (
            services.Visitor(relation=Relation.AGENT, same_agent=True, identified=True),
            "收件时没有登记代理人",
        ),
        (services.Visitor(relation=Relation.LEGAL_REP, name="甲"), "请核对来人的身份证件原件"),
    ],
)
def test_the_wrong_person_at_the_window_withdraws_nothing(visitor: services.Visitor, sentence: str):
    case = cases.receive()

    with pytest.raises(services.VisitRefusedError, match=sentence):
        services.withdraw_case(
            number=case.number, reason="x", visitor=visitor, by=cases.CLERK, at=AT
        )


def test_paper_is_not_filed_from_afar():
    case = cases.correcting()
    correction = Case.objects.get(number=case.number).correction
    line = correction.lines.get()

    with pytest.raises(services.CorrectionRefusedError, match="纸质材料请交到服务窗口"):
        services.file_correction(
            number=case.number,
            lines=[services.FiledLine(line_id=line.pk, paper=PaperForm.ORIGINAL)],
            calendar=cases.CALENDAR,
            by=cases.FIRM,
            at=AT,
        )
