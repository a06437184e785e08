"""An open case is ended without a decision, on a ground of the list and by whom it is for."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.factories import cases
from yiwang.cases import services, tasks
from yiwang.cases.models import Case, CaseDocument, CaseEvent, Termination
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terminating import ARTICLES, BY_PERSON, TerminationGround

AT = cases.FRIDAY
LATER = AT + dt.timedelta(days=60)

pytestmark = pytest.mark.usefixtures("easy_district")


def body(number):
    return CaseDocument.objects.get(case__number=number, kind="end_notice").body


@pytest.mark.parametrize(
    "ground",
    [one for one in BY_PERSON if one is not TerminationGround.NOT_COMPLETED],
    ids=lambda one: one.value,
)
def test_the_letter_names_ground_article_facts_day_and_remedies(ground):
    number = cases.accepted().number

    ended = cases.terminate(number, ground=ground, article="示例条例第九条")

    assert ended.state is CaseState.TERMINATED
    letter = body(number)
    facts = dict(letter["facts"])
    assert facts["终止事由"] == ground.label
    assert facts["依据"] == ARTICLES.get(ground, "示例条例第九条")
    assert facts["事由发生日期"] == "2026年3月6日"
    assert "注销通知书" in letter["paragraphs"][0]
    assert "行政复议" in letter["remedies"][0]
    event = CaseEvent.objects.filter(case__number=number).latest("id")
    assert event.basis == facts["依据"]
    assert event.department == "market"


def test_what_a_day_decides_no_person_does_and_the_clock_nothing_else():
    number = cases.correcting().number

    with pytest.raises(services.TerminationRefusedError, match="由系统在补正期限届满后"):
        cases.terminate(number, ground=TerminationGround.NOT_CORRECTED)

    assert services.end_expired_corrections(by=tasks.ENDED_BY, at=LATER) == [number]
    row = Termination.objects.get(case__number=number)
    assert row.ground == TerminationGround.NOT_CORRECTED
    assert "期满" not in row.facts
    assert "届满" in row.facts
    assert dict(body(number)["facts"])["终止事由"] == "逾期未提交补正材料"


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            {"happened_on": AT.date() + dt.timedelta(days=1)},
            services.TerminationRefusedError,
            "不能晚于今天",
        ),
        (
            {"ground": TerminationGround.NOT_COMPLETED},
            services.TerminationRefusedError,
            "没有逾期未补齐的容缺材料",
        ),
        ({"facts": " "}, services.TextRefusedError, "请填写事实"),
        ({"facts": "长" * 2001}, services.TextRefusedError, "最多2000个字"),
        ({"ground": TerminationGround.OTHER}, services.ProcedureRefusedError, "请填写依据"),
    ],
)
def test_bad_input_ends_nothing(changes, error, words):
    number = cases.accepted().number

    with pytest.raises(error, match=words):
        cases.terminate(number, **changes)

    assert Case.objects.get(number=number).state == CaseState.ACCEPTED
    assert not Termination.objects.exists()


def test_the_database_asks_for_the_ground():
    number = cases.accepted().number
    case = Case.objects.get(number=number)

    with pytest.raises(IntegrityError, match="terminated_on_a_ground"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="terminated", version=case.version + 1)
    for ground, by in (("not_corrected", "user:approver"), ("incapable", "job:x")):
        with pytest.raises(IntegrityError, match="clock_keeps_its_ground"), transaction.atomic():
            Termination.objects.create(
                case=case,
                ground=ground,
                article="x",
                facts="x",
                happened_on=AT.date(),
                by=by,
                at=AT,
            )
