"""Registers that are slow, down, wrong or at odds: a person gets the case, whole, with why."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from tests.factories import automatic, cases
from tests.factories.automatic import SUNDAY_NIGHT, Register
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, CaseEvent
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy.automatic import Ground
from yiwang.cases.policy.checks import (
    EARLIER_CASES,
    ENTITY,
    MARRIAGE_ARCHIVE,
    POPULATION,
    SOCIAL_INSURANCE,
    Asking,
    CheckAnswer,
    Declared,
    Trouble,
    fault,
)
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import CaseView
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.licences.models import Licence
from yiwang.registers.models import LegalEntity
from yiwang.registers.queries import PersonView

FIRM, TWO = "firm-card", "two-registers"


def rules(facts: Mapping[str, tuple[str, str, Mapping[str, Any]]], *, day: str) -> dict[str, Any]:
    """Return a table that grants where every fact is as told, and hands over all else."""
    when = {name: wanted["when"] for name, (_kind, _source, wanted) in facts.items()}
    good = {name: wanted["fact"] for name, (_kind, _source, wanted) in facts.items()}
    return {
        "name": "示例规则",
        "facts": [
            {"name": name, "label": name, "kind": kind, "source": source}
            | ({"measure": "years"} if kind == "date" else {})
            for name, (kind, source, _wanted) in facts.items()
        ],
        "rows": [
            {"id": "good", "when": when, "outcome": "grant", "reason": "各项核验一致"},
            {"id": "rest", "outcome": "hand_over", "reason": "其他情形由工作人员核对"},
        ],
        "tests": [{"name": "一致", "day": day, "facts": good, "expect": "grant", "row": "good"}],
    }


def yes(source: str) -> tuple[str, str, dict[str, Any]]:
    return "yes_no", source, {"when": True, "fact": True}


ASKED_OF_BOTH = rules(
    {
        "pension": yes("check:social_insurance.pension"),
        "found": yes("check:marriage_archive.found"),
    },
    day="2026-03-08",
)
ASKED_OF_FIRMS = rules({"open": yes("check:entity.open")}, day="2026-03-08")
ASKED_OF_THE_OLD = rules(
    {
        "born_on": (
            "date",
            "register:person.born_on",
            {"when": "≥ 65", "fact": "1949-10-01"},
        ),
        "here": yes("check:population.hukou_in_city"),
        "agree": yes("check:population.answers_agree"),
    },
    day="2026-03-08",
)
PREFILLED = [
    {"id": "name", "label": "姓名", "kind": "text", "prefill": "person.name", "personal": True},
    {
        "id": "number",
        "label": "公民身份号码",
        "kind": "citizen_id",
        "prefill": "person.id_number",
        "personal": True,
    },
    {
        "id": "born_on",
        "label": "出生日期",
        "kind": "date",
        "prefill": "person.born_on",
        "personal": True,
    },
    {
        "id": "hukou",
        "label": "户籍地址",
        "kind": "text",
        "prefill": "person.hukou",
        "personal": True,
    },
]


def item(slug: str, place: int, **changes: Any) -> dict[str, Any]:
    """Return an item without materials or questions that rules decide."""
    task = f"11310114XXXX01011H43107310020{place:02}"
    bare = {
        "slug": slug,
        "name": f"示例确认（{slug}）",
        "task_code": task,
        "handling_code": f"{task}01",
        "questionnaire": [],
        "handling_items": [],
        "result": {"kind": "document", "name": "确认书"},
    }
    return automatic.senior(**(bare | changes))


@pytest.fixture
def elder(district: None) -> PersonView:
    cases.publish(item(TWO, 31, auto_rules=ASKED_OF_BOTH))
    cases.publish(item(FIRM, 32, auto_rules=ASKED_OF_FIRMS, audiences=["entity"]))
    cases.publish(
        item(
            automatic.SENIOR,
            33,
            auto_rules=ASKED_OF_THE_OLD,
            sections=[{"id": "who", "title": "本人", "questions": PREFILLED}],
        )
    )
    return automatic.elder()


def run_of(number: str) -> questions.RunView:
    row = AutoRun.objects.filter(case__number=number).latest("serial")
    return questions.run(row.pk, by=cases.REVIEWER)


def facts_of(number: str) -> dict[str, Any]:
    return {fact.label: fact for fact in run_of(number).facts}


def assert_handed_over_whole(case: CaseView) -> str:
    """Check that a person gets the case as it came in, and return why."""
    row = Case.objects.get(number=case.number)
    run = AutoRun.objects.filter(case=row).latest("serial")
    assert (row.state, row.outcome, row.way) == (CaseState.RECEIVED, "", "")
    assert row.accepted_on is None
    assert list(CaseEvent.objects.filter(case=row).values_list("step", flat=True)) == ["receive"]
    assert set(CaseDocument.objects.filter(case=row).values_list("kind", flat=True)) <= {
        "receipt",
        "submission_receipt",
    }
    assert not Licence.objects.filter(case_number=row.number).exists()
    assert run.outcome == "hand_over"
    assert run.reason.endswith("。") or run.ground == Ground.RULE_HANDS_OVER
    return run.reason


# Two registers, each in every condition


def answering(**fields: object) -> dict[str, Any]:
    return {"fields": fields}


CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "good": answering(pension=True, found=True),
    "no": answering(pension=False, found=False),
    "silent": answering(),
    "mistyped": answering(pension="yes", found="yes"),
    "too much": answering(pension=True, found=True, criminal=False),
    "at odds": answering(pension=True, insured=False, contributing=True, found=True, records=0),
    **{one.value: {"trouble": one} for one in Trouble},
}


@contextmanager
def in_place(*registers: Any) -> Iterator[None]:
    undo = [checks.put_in_place(one) for one in registers]
    try:
        yield
    finally:
        for one in undo:
            one()


def register(declared: Declared, condition: str) -> Register:
    """Return a register in a condition; of what it would say, it says what it promised."""
    told = dict(CONDITIONS[condition])
    if "fields" in told:
        told["fields"] = {
            name: value
            for name, value in told["fields"].items()
            if name in declared.fields or name == "criminal"
        }
    return Register(declared=declared, **told)


@pytest.mark.parametrize("first", list(CONDITIONS))
def test_only_two_registers_that_both_say_yes_grant_and_nothing_is_ever_refused(elder, first):
    for second in CONDITIONS:
        both = register(SOCIAL_INSURANCE, first), register(MARRIAGE_ARCHIVE, second)
        with transaction.atomic(), in_place(*both):
            case = automatic.submit(elder, slug=TWO, answers={})
            if (first, second) == ("good", "good"):
                assert case.state is CaseState.CLOSED
            else:
                assert assert_handed_over_whole(case)
            assert [len(one.asked) for one in both] == [1, 1]
            for fact in facts_of(case.number).values():
                assert fact.source
                assert fact.at == SUNDAY_NIGHT
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("declared", "fields"),
    [
        (ENTITY, {"status": "revoked", "open": True}),
        (ENTITY, {"status": "active", "open": False}),
        (POPULATION, {"hukou_in_district": True, "hukou_in_city": False}),
        (EARLIER_CASES, {"granted_same_item": False, "granted_last_year": 2}),
        (SOCIAL_INSURANCE, {"insured": False, "contributing": True}),
        (
            SOCIAL_INSURANCE,
            {"insured_since": dt.date(2026, 2, 1), "last_paid_on": dt.date(2026, 1, 1)},
        ),
        (MARRIAGE_ARCHIVE, {"found": True, "records": 0}),
        (MARRIAGE_ARCHIVE, {"found": False, "records": 2}),
    ],
)
def test_what_one_register_says_must_fit_together(declared, fields):
    assert "自相矛盾" in fault(declared, fields)
    assert not any(fault(declared, {name: value}) for name, value in fields.items())


# One register against another


def submit_firm() -> CaseView:
    draft = cases.draft(item_slug=FIRM, answers={}, at=SUNDAY_NIGHT)
    case = cases.submit(draft.id, at=SUNDAY_NIGHT)
    return services.decide_by_rules(case=case, calendar=cases.CALENDAR, at=SUNDAY_NIGHT)


@pytest.mark.parametrize(
    ("ours", "theirs"), list(itertools.product(["active", "revoked"], repeat=2))
)
def test_a_firm_that_one_register_calls_revoked_and_another_active_is_seen_by_a_person(
    elder, ours, theirs
):
    LegalEntity.objects.update(status=ours)
    asked = Register(declared=ENTITY, fields={"status": theirs, "open": theirs == "active"})

    with in_place(asked):
        case = submit_firm()

    if ours == theirs == "active":
        assert case.state is CaseState.CLOSED
        return
    reason = assert_handed_over_whole(case)
    assert ("与登记信息不一致" in reason) is (ours != theirs)
    fact = facts_of(case.number)["open"]
    assert (fact.value, fact.source, fact.at) == (
        "是" if theirs == "active" else "否",
        "法人库（测试）",
        SUNDAY_NIGHT,
    )


def test_an_age_that_does_not_fit_the_registered_birthday_is_not_believed(elder):
    cases.publish(
        item(
            "aged",
            34,
            auto_rules=rules(
                {"age": ("number", "check:population.age", {"when": "≥ 65", "fact": 70})},
                day="2026-03-08",
            ),
        )
    )
    for age, state in ((76, CaseState.CLOSED), (77, CaseState.RECEIVED)):
        with in_place(Register(declared=POPULATION, fields={"age": age})):
            case = automatic.submit(elder, slug="aged", answers={}, key=str(age))
        assert case.state is state, run_of(case.number)
    assert "与登记信息不一致" in assert_handed_over_whole(case)


# The applicant against a register


def test_what_is_filled_in_as_it_is_registered_is_granted(elder):
    for key, answers in (
        ("left open", {}),
        ("filled in", {"name": elder.name, "born_on": "1949-10-01", "hukou": elder.hukou_address}),
    ):
        case = automatic.submit(elder, answers=answers, key=key)
        assert case.state is CaseState.CLOSED, run_of(case.number)


@pytest.mark.parametrize(
    ("answers", "label", "fact"),
    [
        ({"born_on": "1940-01-01"}, "出生日期", "born_on"),
        ({"hukou": "江苏省昆山市示例路1号"}, "户籍地址", "here"),
        ({"name": "王示例"}, "姓名", "agree"),
    ],
)
def test_what_is_declared_otherwise_than_registered_is_seen_by_a_person_at_once(
    elder, answers, label, fact
):
    case = automatic.submit(elder, answers=answers)

    reason = assert_handed_over_whole(case)
    assert reason == f"填写的“{label}”与登记信息不一致。"
    assert AutoRun.objects.get(case__number=case.number).ground == Ground.CHECK_FAILED
    kept = facts_of(case.number)[fact]
    assert kept.value
    assert kept.source
    assert services.handle_waiting(calendar=cases.CALENDAR, by=SYSTEM, at=later(2)) == []


def later(minutes: int) -> dt.datetime:
    return SUNDAY_NIGHT + dt.timedelta(minutes=minutes)


# A register that breaks


class Broken:
    """A district's own check that raises."""

    declared = SOCIAL_INSURANCE

    def ask(self, asking: Asking) -> CheckAnswer:
        raise KeyError(asking.case_number)


def test_a_register_that_breaks_holds_up_nobody_else(elder):
    with in_place(Broken(), Register(declared=MARRIAGE_ARCHIVE, fields={"found": True})):
        broken = automatic.submit(elder, slug=TWO, answers={})
        died = died_after_receipt(elder)
        done = services.handle_waiting(calendar=cases.CALENDAR, by=SYSTEM, at=later(3))

    assert "询问时出错" in assert_handed_over_whole(broken)
    assert died in done
    assert Case.objects.get(number=died).state == "closed"


def died_after_receipt(person: PersonView) -> str:
    """Take a case in by a process that gets no further."""
    by = automatic.for_herself(person)
    draft = services.save_draft(
        draft_id=None,
        item_slug=automatic.SENIOR,
        applicant_ref=person.ref,
        answers={},
        by=by,
        at=SUNDAY_NIGHT,
    )
    return services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key="died",
        calendar=cases.CALENDAR,
        by=by,
        at=SUNDAY_NIGHT,
    ).number
