"""Every step of the table: a case on which it can be taken, and the call that takes it.

A step that stands in the table and not here fails `tests/cases/test_matrix.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tests.factories import automatic, cases, commitments
from tests.factories.desk import hire
from yiwang.cases import services, tasks
from yiwang.cases.models import (
    Case,
    CaseDocument,
    CaseMaterial,
    DepartmentInquiry,
    Extension,
    Hearing,
    InterestedPerson,
)
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy.ending import NotEnded
from yiwang.cases.policy.interested import InterestedKind, Party
from yiwang.cases.policy.mailed import ENTRY_DAYS
from yiwang.cases.policy.procedure import HearingEnd, InquiryAnswer
from yiwang.cases.policy.states import DECIDED, FINISHED, STEPS, STOPPED, CaseState, Step
from yiwang.cases.policy.terminating import TerminationGround
from yiwang.cases.policy.terms import DeliveryChannel, Outcome
from yiwang.cases.services.automatic import SYSTEM
from yiwang.cases.services.deciding import grant_automatically
from yiwang.cases.services.steps import locked
from yiwang.kernel.clocks import StopReason
from yiwang.licences.models import Licence
from yiwang.organisations.permissions import Actor

AT = cases.FRIDAY
NEXT_WEEK = AT + dt.timedelta(days=10)
YEARS_LATER = AT.replace(year=2031) + dt.timedelta(days=40)
"""The licence ran out, and thirty days went by."""

COMMITTED, WAYS = "committed", "ways"
ENDS = dt.date(2026, 6, 1)
"""First day on which the licence to be renewed does not hold."""


def coded(place: int) -> dict[str, str]:
    """Return the codes of one more item of the district."""
    task = f"11310114XXXX01011H43101310010{place:02}"
    return {"task_code": task, "handling_code": f"{task}01"}


def ways() -> dict[str, Any]:
    """Return an item that issues and renews."""
    whole = cases.without_materials(slug=WAYS, name="餐饮服务许可（新办和延续）", **coded(14))
    question = {
        "id": "way",
        "label": "要办什么？",
        "kind": "choice",
        "options": {"issue": "新办", "renew": "延续"},
    }
    return whole | {
        "questionnaire": [*whole["questionnaire"], question],
        "handling_items": [
            {
                "code": f"{whole['task_code']}{place:02}",
                "name": kind,
                "kind": kind,
                "when": {"way": kind},
            }
            for place, kind in enumerate(("issue", "renew"), start=1)
        ],
    }


def make() -> None:
    """Make the easy district with its staff and an item for every way of deciding."""
    cases.district(items=False)
    automatic.card_type()
    for item in (
        cases.without_materials(),
        cases.card(),
        commitments.restaurant(slug=COMMITTED, name="餐饮服务许可（告知承诺）", **coded(13)),
        ways(),
        automatic.senior(auto_rules=automatic.without("pension")),
    ):
        cases.publish(item)
    hire("clerk", "reviewer2", "both", "head")


def force(number: str, state: CaseState) -> None:
    """Put a row into `state` past services and triggers, with what its constraints ask for."""
    finished, decided = state in FINISHED, state in DECIDED
    row = Case.objects.get(number=number)
    accepted_on = row.accepted_on or AT.date()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE cases_case DISABLE TRIGGER USER")
        Case.objects.filter(number=number).update(
            state=state.value,
            accepted_on=accepted_on,
            accepted_by=row.accepted_by or "user:a",
            reviewed_by=row.reviewed_by or "user:b",
            reviewed_at=row.reviewed_at or AT,
            decided_by="user:c" if decided else "",
            decided_at=AT if decided else None,
            outcome="grant" if decided else "",
            closed_at=AT if finished else None,
            due_on=None if finished else accepted_on,
            stopped_since=accepted_on if state in STOPPED else None,
        )
        cursor.execute("ALTER TABLE cases_case ENABLE TRIGGER USER")


def _committed() -> str:
    draft = cases.draft(item_slug=COMMITTED)
    commitments.sign(draft)
    case = cases.submit(draft.id, idempotency_key=f"key-{draft.id}")
    return services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT
    ).number


def _on_spot() -> str:
    return cases.accepted(item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}).number


def _by_rules() -> str:
    person = automatic.elder()
    by = automatic.for_herself(person)
    draft = services.save_draft(
        draft_id=None,
        item_slug=automatic.SENIOR,
        applicant_ref=person.ref,
        answers={"kind": "first"},
        by=by,
        at=AT,
    )
    return services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key="once",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    ).number


def renewing(state: CaseState) -> str:
    """Return a case, in `state`, that asks in time for a licence to go on."""
    cases.decided(item_slug=WAYS, answers=cases.ANSWERS | {"way": "issue"})
    Licence.objects.update(valid_until=ENDS)
    return cases.in_state(state, item_slug=WAYS, answers=cases.ANSWERS | {"way": "renew"}).number


def _other(make: Callable[[], str], begins: CaseState) -> Callable[[CaseState], str]:
    """Return how another sort of case gets into a state: past the services but where it begins."""

    def made(state: CaseState) -> str:
        number = make()
        if state is not begins:
            force(number, state)
        return number

    return made


def ordinary(state: CaseState) -> str:
    """Return an ordinary case in `state`."""
    return cases.in_state(state).number


@dataclass(frozen=True, kw_only=True)
class Act:
    """How a step is taken.

    Attributes:
        take: By whoever asks for it, on a case of a number.
        make: Makes the sort of case that the step is about, in a state.
        ready: Does what has to come before, in a state from which the step starts.
        clock: Runs the job that takes the step on its own day; None: no job does.
        found: States in which that job finds something to do; None: those of the table.
    """

    take: Callable[[str, Actor], Any]
    make: Callable[[CaseState], str] = ordinary
    ready: Callable[[str], Any] = lambda _number: None
    clock: Callable[[str], Any] | None = None
    found: frozenset[CaseState] | None = None


JOB = Actor(ref="job:anything", name="系统")


def by_clock(step: Step, number: str) -> Any:
    """Have the job take `step`; where there is none, have a job try what people do."""
    run = ACTS[step].clock
    return run(number) if run else ACTS[step].take(number, JOB)


def made(step: Step, state: CaseState) -> str:
    """Return the number of a case in `state`, ready for `step` where it may start there."""
    number = ACTS[step].make(state)
    if state in STEPS[step].starts:
        ACTS[step].ready(number)
    return number


def _lines(number: str) -> list[services.FiledLine]:
    case = Case.objects.filter(number=number).select_related("correction").get()
    correction = getattr(case, "correction", None)
    if correction is None:
        return []
    return [services.FiledLine(line_id=line.pk, answer="已补") for line in correction.lines.all()]


def _requested(number: str) -> None:
    Hearing.objects.filter(case__number=number, requested_on=None, ended_on=None).update(
        requested_on=AT.date(), requested_by="user:firm", hold_due_on=dt.date(2026, 4, 3)
    )


def _filed(number: str) -> None:
    CaseMaterial.objects.create(
        case=Case.objects.get(number=number),
        material_id="layout",
        name="平面图",
        state="filed",
        taken_as="original",
    )


def _extension(number: str) -> None:
    Extension.objects.create(
        case=Case.objects.get(number=number),
        workdays=10,
        reason="案情复杂",
        joint=False,
        asked_by="user:asker",
        asked_by_name="报请人",
        asked_at=AT,
    )


def _asked(number: str) -> None:
    case = Case.objects.get(number=number)
    Case.objects.filter(pk=case.pk).update(asked_departments=["housing"])
    DepartmentInquiry.objects.create(
        case=case,
        department="housing",
        question="是否违法建筑",
        asked_by="user:reviewer",
        asked_at=AT,
        due_on=AT.date(),
    )


def _interested(number: str) -> None:
    case = Case.objects.get(number=number)
    InterestedPerson.objects.create(
        case=case,
        serial=1,
        kind=InterestedKind.PERSON.value,
        name="邻居甲",
        reached="示例路13号",
        interest="油烟",
        due_on=AT.date() + dt.timedelta(days=7),
        told_on=AT.date(),
        by="user:reviewer",
        by_name="李审查",
        at=AT,
        notice=CaseDocument.objects.filter(case=case).order_by("id")[0],
        channel="print",
        delivered="已签收",
    )


def _heard(ground: str) -> Callable[[str], Any]:
    def ready(number: str) -> None:
        cases.propose_end(number, ground)
        if ground != cases.GROUNDS[CaseState.DEREGISTERED]:
            services.state_views(number=number, text="不同意。", by=cases.FIRM, at=AT)

    return ready


def _handler(number: str) -> str:
    """Return somebody who may handle the case in its state."""
    return {
        CaseState.RECEIVED: "user:clerk",
        CaseState.DECISION_PENDING: "user:both",
    }.get(CaseState(Case.objects.get(number=number).state), "user:reviewer2")


def _fix(number: str, by: Actor) -> Any:
    letter = CaseDocument.objects.filter(case__number=number).order_by("id")[0]
    return services.fix_document(
        number=number,
        document_id=letter.pk,
        wrong=str(letter.body["facts"][0][1]),
        right="更正后",
        reason="笔误",
        by=by,
        at=AT,
    )


def _decide(outcome: Outcome) -> Callable[[str, Actor], Any]:
    refused = outcome is Outcome.REFUSE
    return lambda number, by: services.decide(
        number=number,
        outcome=outcome,
        reason="不符合" if refused else "",
        article="食品安全法 第三十三条" if refused else "",
        calendar=cases.CALENDAR,
        by=by,
        at=AT,
    )


def _decline(*, no_need: bool) -> Callable[[str, Actor], Any]:
    return lambda number, by: services.decline_case(
        number=number,
        reason="不属本机关",
        article="行政许可法 第三十二条",
        no_need=no_need,
        by=by,
        at=AT,
    )


def _extend(*, approve: bool) -> Callable[[str, Actor], Any]:
    return lambda number, by: services.decide_extension(
        number=number, approve=approve, note="人手足够", calendar=cases.CALENDAR, by=by, at=AT
    )


ACTS: Mapping[Step, Act] = {
    Step.ASK_CORRECTION: Act(
        take=lambda number, by: services.ask_correction(
            number=number,
            lines=[services.CorrectionLine(material_id="", what="门牌", why="不完整")],
            by=by,
            at=AT,
        )
    ),
    Step.FILE_CORRECTION: Act(
        take=lambda number, by: services.file_correction(
            number=number, lines=_lines(number), calendar=cases.CALENDAR, by=by, at=AT
        )
    ),
    Step.ASK_ON_SPOT: Act(
        take=lambda number, by: services.ask_on_spot(number=number, what="门牌有误", by=by, at=AT)
    ),
    Step.FIX_ON_SPOT: Act(
        ready=lambda number: services.ask_on_spot(
            number=number, what="门牌有误", by=cases.CLERK, at=AT
        ),
        take=lambda number, by: services.fix_on_spot(
            number=number,
            fix=services.FixedAnswer(question_id="address", value="示例路12号"),
            visitor=cases.HEAD_OF_FIRM,
            by=by,
            at=AT,
        ),
    ),
    Step.ACCEPT: Act(
        take=lambda number, by: services.accept_case(
            number=number, calendar=cases.CALENDAR, by=by, at=AT
        ),
        clock=lambda _number: services.deem_accepted(
            calendar=cases.CALENDAR, by=tasks.DEEMED_BY, at=NEXT_WEEK
        ),
    ),
    Step.PROPOSE_DECLINE: Act(
        take=lambda number, by: services.propose_decline(
            number=number, reason="不属本机关", article="行政许可法 第三十二条", by=by, at=AT
        )
    ),
    Step.DECLINE: Act(take=_decline(no_need=False)),
    Step.NO_NEED: Act(take=_decline(no_need=True)),
    Step.ASSIGN: Act(
        take=lambda number, by: services.assign_case(
            number=number, to=_handler(number), by=by, at=AT
        )
    ),
    Step.START_REVIEW: Act(
        take=lambda number, by: services.assign_case(number=number, to=by.ref, by=by, at=AT)
    ),
    Step.CHECK_SITE: Act(
        take=lambda number, by: services.record_site_check(
            number=number,
            second_officer="user:reviewer2",
            checked_on=AT.date(),
            place="示例路11号",
            found="一致",
            by=by,
            at=AT,
        )
    ),
    Step.SEND_OFFICERS: Act(
        take=lambda number, by: services.send_officers(
            number=number,
            kind=StopReason.TESTING,
            officers=["李检测", "周检测"],
            sent_on=AT.date(),
            by=by,
            at=AT,
        )
    ),
    Step.START_SPECIAL: Act(take=lambda number, by: cases.special(number=number, by=by)),
    Step.END_SPECIAL: Act(
        take=lambda number, by: services.end_special(
            number=number, result="合格", calendar=cases.CALENDAR, by=by, at=AT
        )
    ),
    Step.NOTIFY_HEARING: Act(take=lambda number, by: cases.hearing(number=number, by=by)),
    Step.REQUEST_HEARING: Act(
        take=lambda number, by: services.request_hearing(
            number=number, text="要求听证", calendar=cases.CALENDAR, by=by, at=AT
        )
    ),
    Step.SET_HEARING: Act(
        ready=_requested,
        take=lambda number, by: services.set_hearing(
            number=number,
            held_at=AT + dt.timedelta(days=14),
            place="三楼",
            chair="user:head",
            calendar=cases.CALENDAR,
            by=by,
            at=AT,
        ),
    ),
    Step.END_HEARING: Act(
        take=lambda number, by: services.end_hearing(
            number=number,
            end=HearingEnd.WAIVED,
            record="当事人书面放弃",
            calendar=cases.CALENDAR,
            by=by,
            at=AT,
        ),
        clock=lambda _number: services.end_unrequested_hearings(
            calendar=cases.CALENDAR, by=tasks.UNHEARD_BY, at=NEXT_WEEK
        ),
    ),
    Step.ASK_EXTENSION: Act(
        take=lambda number, by: services.ask_extension(
            number=number, reason="案情复杂", by=by, at=AT
        )
    ),
    Step.EXTEND: Act(ready=_extension, take=_extend(approve=True)),
    Step.DECLINE_EXTENSION: Act(ready=_extension, take=_extend(approve=False)),
    Step.ASK_DEPARTMENT: Act(
        take=lambda number, by: services.ask_departments(
            number=number,
            departments=["housing"],
            question="是否违法建筑",
            calendar=cases.CALENDAR,
            by=by,
            at=AT,
        )
    ),
    Step.DEPARTMENT_OPINION: Act(
        ready=_asked,
        take=lambda number, by: services.give_opinion(
            number=number, answer=InquiryAnswer.AGREE, opinion="同意", by=by, at=AT
        ),
        clock=lambda number: services.give_opinion(
            number=number,
            answer=InquiryAnswer.AGREE,
            opinion="同意",
            department="housing",
            by=Actor(ref="job:gateway", name="部门系统"),
            at=AT,
        ),
    ),
    Step.TELL_INTERESTED: Act(take=lambda number, by: cases.tell_interested(number, by=by)),
    Step.NOTE_VIEWS: Act(
        ready=_interested,
        take=lambda number, by: services.note_views(
            number=number, serial=1, party=Party.APPLICANT, text="没有油烟", by=by, at=AT
        ),
    ),
    Step.PROPOSE: Act(
        take=lambda number, by: services.propose(
            number=number, outcome=Outcome.GRANT, opinion="符合", by=by, at=AT
        )
    ),
    Step.SEND_BACK: Act(
        take=lambda number, by: services.send_back(number=number, reason="请补记", by=by, at=AT)
    ),
    Step.GRANT: Act(take=_decide(Outcome.GRANT)),
    Step.REFUSE: Act(take=_decide(Outcome.REFUSE)),
    Step.GRANT_ON_SPOT: Act(make=_other(_on_spot, CaseState.ACCEPTED), take=_decide(Outcome.GRANT)),
    Step.REFUSE_ON_SPOT: Act(
        make=_other(_on_spot, CaseState.ACCEPTED), take=_decide(Outcome.REFUSE)
    ),
    Step.GRANT_ON_COMMITMENT: Act(
        make=_other(_committed, CaseState.ACCEPTED),
        take=lambda number, by: services.grant_on_commitment(
            number=number, calendar=cases.CALENDAR, by=by, at=AT
        ),
    ),
    Step.GRANT_AUTOMATIC: Act(
        make=_other(_by_rules, CaseState.RECEIVED),
        take=lambda number, by: grant_automatically(
            locked(number), AutoRun(), calendar=cases.CALENDAR, by=by, at=AT, reason="规则准予"
        ),
        clock=lambda number: services.handle(
            number=number, calendar=cases.CALENDAR, by=SYSTEM, at=AT
        ),
        found=frozenset({CaseState.RECEIVED}),  # the job accepts and grants at once
    ),
    Step.DEEM_RENEWED: Act(
        make=renewing,
        take=lambda _number, by: services.deem_renewed(
            calendar=cases.CALENDAR, by=by, at=_morning(ENDS)
        ),
        clock=lambda _number: services.deem_renewed(
            calendar=cases.CALENDAR, by=tasks.RENEWED_BY, at=_morning(ENDS)
        ),
    ),
    Step.SEND: Act(
        ready=lambda number: _come_back(number, only=CaseState.DELIVERING),
        take=lambda number, by: services.send_result(
            number=number, carrier="EMS", tracking_number="2", by=by, at=AT
        ),
    ),
    Step.NOTE_RETURN: Act(
        take=lambda number, by: services.note_return(
            number=number, returned_on=AT.date(), reason="无人签收", by=by, at=AT
        )
    ),
    Step.CLOSE: Act(
        take=lambda number, by: services.deliver_case(
            number=number, channel=DeliveryChannel.PRINT, by=by, at=AT
        )
    ),
    Step.WITHDRAW: Act(
        take=lambda number, by: services.withdraw_case(
            number=number, reason="不办了", visitor=cases.HEAD_OF_FIRM, by=by, at=AT
        )
    ),
    Step.WITHDRAW_MATERIAL: Act(
        ready=_filed,
        take=lambda number, by: services.withdraw_material(
            number=number,
            material_id="layout",
            reason="内容有误",
            visitor=cases.HEAD_OF_FIRM,
            by=by,
            at=AT,
        ),
    ),
    Step.CHANGE_CONTACT: Act(
        take=lambda number, by: services.change_contact(
            number=number, phone="13900005678", visitor=cases.HEAD_OF_FIRM, by=by, at=AT
        )
    ),
    Step.TERMINATE: Act(
        take=lambda number, by: services.terminate_case(
            number=number,
            ground=TerminationGround.BODY_ENDED,
            facts="主体注销，见注销通知书",
            happened_on=AT.date(),
            by=by,
            at=AT,
        ),
        clock=lambda _number: services.end_expired_corrections(
            by=tasks.ENDED_BY, at=AT + dt.timedelta(days=31 + ENTRY_DAYS)
        ),
        found=frozenset({CaseState.CORRECTION}),
    ),
    Step.FIX_DOCUMENT: Act(take=_fix),
    Step.PROPOSE_END: Act(
        take=lambda number, by: cases.propose_end(number, by=by),
        clock=lambda _number: services.deregister_expired(by=tasks.DEREGISTERED_BY, at=YEARS_LATER),
    ),
    Step.STATE_VIEWS: Act(
        ready=cases.propose_end,
        take=lambda number, by: services.state_views(number=number, text="不同意", by=by, at=AT),
    ),
    Step.DECLINE_END: Act(
        ready=cases.propose_end,
        take=lambda number, by: cases.decide_end(number, not_ended=NotEnded.NOT_PROVEN, by=by),
    ),
    Step.REVOKE: Act(
        ready=_heard("fraud"), take=lambda number, by: cases.decide_end(number, by=by)
    ),
    Step.RETRACT: Act(
        ready=_heard("facts_changed"), take=lambda number, by: cases.decide_end(number, by=by)
    ),
    Step.DEREGISTER: Act(
        ready=_heard("body_ended"),
        take=lambda number, by: cases.decide_end(number, by=by),
        clock=lambda _number: services.deregister_expired(by=tasks.DEREGISTERED_BY, at=YEARS_LATER),
        found=frozenset(),  # the job leaves alone what somebody proposed; else see PROPOSE_END
    ),
}
"""Every step of the table but the birth of a case."""


def _morning(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0, 5), tzinfo=cases.ZONE)


def _come_back(number: str, *, only: CaseState) -> None:
    if Case.objects.get(number=number).state == only:
        services.note_return(
            number=number, returned_on=AT.date(), reason="无人签收", by=cases.CLERK, at=AT
        )
