"""The examples of the law once more, on real cases: same days, same states, same refusals.

The other tests of this folder ask the pure rules; these walk a case through the services and read
what the database holds afterwards. What no case can say stands in `UNSAYABLE`, each with why; it
is tried as well, so that the list cannot outlive its reasons.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.factories import cases, commitments, steps
from yiwang.cases import services, tasks
from yiwang.cases.models import (
    Case,
    CaseClock,
    CaseEvent,
    CaseMaterial,
    EndProposal,
    Hearing,
    InterestedPerson,
)
from yiwang.cases.models.commitments import PostCheck
from yiwang.cases.policy.commitments import RecordKind
from yiwang.cases.policy.ending import LETTER, EndKind, NotEnded
from yiwang.cases.policy.interested import Party
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.procedure import HearingEnd
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step, Way
from yiwang.cases.policy.terms import ClockKind, Outcome
from yiwang.cases.queries import CaseView
from yiwang.config import env
from yiwang.content.policy import holidays
from yiwang.content.policy.folders import find
from yiwang.content.policy.reading import read
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.licences.models import Licence
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

Example = dict[str, Any]

FOLDER = Path(__file__).parent
TOPICS: Mapping[str, list[Example]] = {
    path.stem: read(path.read_bytes()).content for path in sorted(FOLDER.glob("*.yaml"))
}

ONE_STOP = "办件一次只能停在一个特别程序或者听证中，停止的期间不会重叠"
CALENDAR_ENDS = "计算期限须有当年的放假通知，已公布的通知到2026年底为止"
UNSAYABLE: Mapping[str, str] = {
    "重叠的停止只顺延一次": ONE_STOP,
    "停止期间重叠的日子只扣一次": ONE_STOP,
    "两段不计入的时间重叠，只扣一次": ONE_STOP,
    "停止期间始于受理之前，只扣受理之后的日子": "受理以前没有期限可停",
    "闰日起十二个月，到次年二月末日": CALENDAR_ENDS,
    "到期月没有对应日的，为月末": CALENDAR_ENDS,
}
"""Name of an example -> why no case can say it."""

LEADER = Actor(
    ref="user:leader", name="郑区长", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})}
)
JOINED = {30: (20, 10), 60: (45, 15), 6: (3, 3)}
"""A limit that an approval made longer -> the days of the item and those added."""

ORDINARY_WORKDAYS = 20
LIMITED = "limited"


@pytest.fixture(scope="module")
def calendar() -> WorkdayCalendar:
    (national,) = find(root=env.ROOT / "packs", names=["national"]).folders
    parsed = [holidays.parse(file)[0] for file in national.files if file.section == "holidays"]
    return holidays.calendar([notice for notice in parsed if notice is not None])


def on(day: dt.date, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=cases.ZONE)


def labelled(terms: type[Term], label: str) -> Any:
    (found,) = [term for term in terms if term.label == label]
    return found


# Who may take which step


APPLICANT, CLOCK = "申请人", "期限届满"


def actor(who: str, step: Step, number: str) -> Actor:
    if who == APPLICANT:
        ref = Case.objects.values_list("applicant_ref", flat=True).get(number=number)
        return Actor(ref="user:applicant", name=who, subjects=frozenset({ref}))
    post = labelled(Post, who)
    where = "centre" if post is Post.COUNTER_CLERK else "market"
    if STEPS[step].desk is Desk.ASKED:
        where = "housing"
    ref = cases.REVIEWER.ref if post is Post.REVIEWER else "user:somebody"  # who holds the case
    return Actor(ref=ref, name=who, posts={where: frozenset({post})})


def case_of(example: Example, step: Step, state: CaseState) -> str:
    """Make the case of an example: of the sort its way of deciding asks for, else ordinary."""
    other_way = STEPS[step].way is not None and "way" not in example
    if other_way and state in STEPS[step].starts:
        return cases.in_state(state).number
    if step is Step.GRANT_AUTOMATIC and example.get("who") == CLOCK:
        return steps.made(step, CaseState.RECEIVED)  # the job accepts and grants at once
    return steps.made(step, state)


def steps_taken(number: str) -> list[tuple[str, str, str]]:
    rows = CaseEvent.objects.filter(case__number=number).order_by("id")
    return list(rows.values_list("step", "from_state", "to_state"))


def step_of(example: Example, _calendar: WorkdayCalendar) -> None:
    """Have those who are named, or everybody, take the step; nobody else is let through."""
    step, state = labelled(Step, example["step"]), labelled(CaseState, example["state"])
    if "way" in example:
        assert STEPS[step].way in {labelled(Way, example["way"]), None}
    number = case_of(example, step, state)
    before = steps_taken(number)
    everybody = [APPLICANT, CLOCK, *(post.label for post in Post)]
    refusal = None
    for who in [example["who"]] if "who" in example else everybody:
        try:
            if who == CLOCK:
                steps.by_clock(step, number)
            else:
                steps.ACTS[step].take(number, actor(who, step, number))
        except RefusedError as refused:
            refusal = refused
            assert refusal.message.endswith("。")
    new = steps_taken(number)[len(before) :]
    if "then" in example:
        assert refusal is None, refusal
        assert (step.value, state.value, labelled(CaseState, example["then"]).value) in new
    else:
        assert not new
        assert refusal is not None or step is Step.DEEM_RENEWED  # its job passes such cases by
        assert Case.objects.get(number=number).state == state


# Days


def accept(
    calendar: WorkdayCalendar, day: dt.date, limit: int, promised: int | None = None, **changes: Any
) -> CaseView:
    """Accept a case of an item with these limits; without a limit it is given at once."""
    if limit == 0:
        case = cases.receive(
            item_slug=cases.CARD, applicant_ref=cases.elder(), answers={}, at=on(day)
        )
    else:
        days = {
            "statutory_workdays": limit,
            "promised_workdays": limit if promised is None else promised,
            "source": "行政许可法 第四十二条",
            "effective_on": dt.date(2018, 1, 1),
        }
        if limit > ORDINARY_WORKDAYS:
            changes = {"joint_departments": ["housing"]} | changes
        publish(limit=days, **changes)
        case = cases.receive(item_slug=LIMITED, calendar=calendar, at=on(day))
    return services.accept_case(
        number=case.number, calendar=calendar, by=cases.CLERK, at=on(day, 10)
    )


def publish(**changes: Any) -> None:
    cases.publish(
        cases.without_materials(
            slug=LIMITED,
            name="期限示例",
            effective_on=dt.date(2018, 1, 1),
            flow=[one | {"workdays": 0} for one in cases.restaurant()["flow"]],
            **(steps.coded(21) | changes),
        )
    )


def stop(
    calendar: WorkdayCalendar, number: str, reason: str, first: dt.date, last: dt.date | None
) -> None:
    """Stop the limit for a reason on its first day, and start it again on its last."""
    shared: dict[str, Any] = {"number": number, "calendar": calendar, "by": cases.REVIEWER}
    if reason == StopReason.HEARING:
        services.notify_hearing(reason="相邻", at=on(first, 11), **shared)
    else:
        services.start_special(
            kind=StopReason(reason), workdays=1, reason="须检测", at=on(first, 11), **shared
        )
    if last is None:
        return
    if reason == StopReason.HEARING:
        services.end_hearing(end=HearingEnd.WAIVED, record="书面放弃", at=on(last, 16), **shared)
    else:
        services.end_special(result="合格", at=on(last, 16), **shared)


def extend(calendar: WorkdayCalendar, case: CaseView, workdays: int, day: dt.date) -> None:
    services.ask_extension(
        number=case.number, reason="案情复杂", workdays=workdays, by=cases.REVIEWER, at=on(day, 10)
    )
    services.decide_extension(
        number=case.number,
        approve=True,
        calendar=calendar,
        by=LEADER if workdays == 15 else cases.HEAD,
        at=on(day, 10),
    )


def decision_days(
    calendar: WorkdayCalendar,
    day: dt.date,
    limit: int,
    *,
    promised: int | None = None,
    extended: int = 0,
    stops: Sequence[tuple[str, dt.date, dt.date | None]] = (),
) -> tuple[dt.date | None, dt.date | None]:
    case = accept(calendar, day, limit, promised)
    if extended:
        extend(calendar, case, extended, day)
    for reason, first, last in stops:
        stop(calendar, case.number, reason, first, last)
    row = Case.objects.get(number=case.number)
    return row.statutory_on, row.promised_on


def stop_or_extension_of(example: Example, calendar: WorkdayCalendar) -> None:
    days = decision_days(
        calendar,
        example["accepted"],
        example["limit"],
        extended=example.get("extended", 0),
        stops=[
            (StopReason.TESTING.value, one[0], one[1] if len(one) > 1 else None)
            for one in example.get("stops", ())
        ],
    )

    assert days[0] == example.get("due")


def decided_on(calendar: WorkdayCalendar, day: dt.date, **changes: Any) -> Case:
    """Grant a case on a day."""
    publish(**changes)
    number = cases.receive(item_slug=LIMITED, calendar=calendar, at=on(day)).number
    shared: dict[str, Any] = {"number": number, "calendar": calendar}
    services.accept_case(by=cases.CLERK, at=on(day), **shared)
    services.propose(
        number=number, outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, at=on(day)
    )
    services.decide(outcome=Outcome.GRANT, by=cases.APPROVER, at=on(day), **shared)
    return Case.objects.get(number=number)


def clock_of(example: Example, calendar: WorkdayCalendar) -> None:
    day, found = example["from"], None
    match example["clock"]:
        case "notice":
            found = cases.receive(calendar=calendar, at=on(day)).notice_due_on
        case "decision":
            stops = [
                (one["reason"], one["from"], one.get("until")) for one in example.get("stops", ())
            ]
            found = decision_days(calendar, day, example["limit"], stops=stops)[0]
        case "delivery":
            found = decided_on(calendar, day).delivery_due_on
        case "correction":
            publish(correction_days=example.get("days", 0))
            number = cases.receive(item_slug=LIMITED, calendar=calendar, at=on(day)).number
            line = services.CorrectionLine(material_id="", what="门牌", why="不完整")
            services.ask_correction(number=number, lines=[line], by=cases.CLERK, at=on(day))
            found = Case.objects.get(number=number).due_on
        case "evaluation":
            number = cases.receive(calendar=calendar, at=on(day)).number
            services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=on(day))
            found = Case.objects.get(number=number).evaluation_until
        case "validity":
            result = cases.restaurant()["result"] | {"valid_months": example["limit"]}
            granted = decided_on(calendar, day, result=result)
            found = licences.licence(granted.licence_identifier).valid_until

    assert found == example["due"]


def limit_of(example: Example, calendar: WorkdayCalendar) -> None:
    day = example.get("accepted_on") or dt.datetime.fromisoformat(example["received_at"])
    source, due = example["source"], example["due_on"]
    if "第三十二条" in source:
        at = day if isinstance(day, dt.datetime) else on(day)
        publish()
        found = cases.receive(item_slug=LIMITED, calendar=calendar, at=at).notice_due_on
    elif "第四十四条" in source:
        found = decided_on(calendar, day).delivery_due_on
    elif "第五十五条" in source:
        tested = [{"name": "产品检测", "workdays": 8, "basis": "行政许可法 第五十五条"}]
        number = accept(calendar, day, 20, special_steps=tested).number
        found = CaseClock.objects.get(
            case__number=number, kind=ClockKind.INSPECTION_START.value
        ).due_on
    elif source == "行政许可法 第四十七条第一款":
        row = heard(calendar, day)
        found = row.request_due_on if example["limit_workdays"] == 5 else row.hold_due_on
    else:
        limit = example["limit_workdays"]
        base, extended = JOINED.get(limit, (limit, 0)) if "延长" in example["name"] else (limit, 0)
        found, promised = decision_days(
            calendar,
            day,
            base,
            promised=example.get("promised_workdays"),
            extended=extended,
            stops=[
                (one["reason"], one["started_on"], one.get("ended_on"))
                for one in example.get("stops", ())
            ],
        )
        if "promised_on" in example:
            assert promised == example["promised_on"]

    assert found == due


def heard(calendar: WorkdayCalendar, day: dt.date) -> Hearing:
    """Tell the right to a hearing on a day, and ask for it the same day."""
    number = accept(calendar, day, 20).number
    stop(calendar, number, StopReason.HEARING.value, day, None)
    services.request_hearing(
        number=number, text="要求听证", calendar=calendar, by=cases.FIRM, at=on(day, 12)
    )
    return Hearing.objects.get(case__number=number)


def hearing_of(example: Example, calendar: WorkdayCalendar) -> None:
    if example["clock"] != "set":
        row = heard(calendar, example["from"])
        told = {"request": row.request_due_on, "hold": row.hold_due_on}
        assert told[example["clock"]] == example["due"]
        return
    asked = next(
        example["hold_due"] - dt.timedelta(days=back)
        for back in range(60)
        if calendar.add_workdays(example["hold_due"] - dt.timedelta(days=back), 20)
        == example["hold_due"]
    )
    row = heard(calendar, asked)
    assert row.hold_due_on == example["hold_due"]
    words = {"可以": "", "太早": "最早可定在", "太晚": "最晚为"}[example["then"]]
    refused = ""
    try:
        services.set_hearing(
            number=row.case.number,
            held_at=on(example["held"], 14),
            place="三楼",
            chair="user:head",
            calendar=calendar,
            by=cases.REVIEWER,
            at=on(max(example["today"], asked), 13),
        )
    except services.ProcedureRefusedError as refusal:
        refused = refusal.message

    assert bool(refused) is bool(words)
    assert words in refused
    row.refresh_from_db()
    assert (row.set_on is None) is bool(words)


def sides_of(example: Example, calendar: WorkdayCalendar) -> None:
    number = accept(calendar, example["told"], 20).number
    shared: dict[str, Any] = {"number": number, "by": cases.REVIEWER}
    cases.tell_interested(
        **shared, workdays=example["workdays"], calendar=calendar, at=on(example["told"], 10)
    )
    assert InterestedPerson.objects.get().due_on == example["due"]
    for label in example["heard"]:
        services.note_views(
            **shared,
            serial=1,
            party=labelled(Party, label),
            text="看过",
            at=on(example["told"], 11),
        )
    refused = ""
    try:
        services.propose(
            **shared, outcome=Outcome.GRANT, opinion="符合", at=on(example["today"], 12)
        )
    except services.ProcedureRefusedError as refusal:
        refused = refusal.message

    assert ("可以陈述意见" in refused) is example["waits"]
    state = Case.objects.get(number=number).state
    assert (state == CaseState.DECISION_PENDING) is not example["waits"]


# Silence, the end of what was granted, what comes later


def deemed_of(example: Example, calendar: WorkdayCalendar) -> None:
    if "received" in example:
        entered = example.get("entered")
        letter = Mailed(received_on=example["received"]) if entered else None
        taken_in = on(entered or example["received"])
        number = cases.receive(calendar=calendar, at=taken_in, letter=letter).number
        for day, taken in (
            (example["last"], []),
            (example["last"] + dt.timedelta(days=1), [number]),
        ):
            found = services.deem_accepted(calendar=calendar, by=tasks.DEEMED_BY, at=on(day, 23))
            assert found == taken
        row = Case.objects.get(number=number)
        assert (row.deemed, row.accepted_on) == (True, example["received"])
        return
    asked, ends = example["asked"], example["ends"]
    way: dict[str, Any] = {"item_slug": steps.WAYS, "calendar": calendar}
    cases.decided(item_slug=steps.WAYS, answers=cases.ANSWERS | {"way": "issue"})
    Licence.objects.update(valid_until=ends)
    number = cases.receive(answers=cases.ANSWERS | {"way": "renew"}, at=on(asked), **way).number
    services.accept_case(number=number, calendar=calendar, by=cases.CLERK, at=on(asked))
    for day, taken in (
        (ends - dt.timedelta(days=1), []),
        (ends, [number] if example["silence"] else []),
    ):
        found = services.deem_renewed(calendar=calendar, by=tasks.RENEWED_BY, at=on(day, 1))
        assert found == taken
    assert (Case.objects.get(number=number).outcome == "grant") is example["silence"]


AGAINST = {
    "公共利益": NotEnded.PUBLIC_INTEREST,
    "依法可以不撤销": NotEnded.DISCRETION,
}


def ending_of(example: Example, _calendar: WorkdayCalendar) -> None:
    number = cases.closed().number
    against = {NotEnded.NOT_PROVEN, *(AGAINST[words] for words in example["against"])}
    assert example["must"] is (NotEnded.DISCRETION not in against)
    declined = set()
    for reason in NotEnded:
        with transaction.atomic():
            propose_end(number, example)
            try:
                cases.decide_end(number, not_ended=reason)
                declined.add(reason)
            except services.EndRefusedError:
                assert reason not in against
            transaction.set_rollback(True)
    assert declined == against

    propose_end(number, example)
    if example["heard"]:
        with pytest.raises(services.EndRefusedError, match="可以陈述和申辩"):
            cases.decide_end(number)
        services.state_views(number=number, text="不同意。", by=cases.FIRM, at=cases.FRIDAY)
    cases.decide_end(number)

    kind = EndKind(EndProposal.objects.get(case__number=number).kind)
    (letter,) = [one for one in cases.page(number).documents if one.kind is LETTER[kind]]
    assert example["effect"] in "".join(letter.body["paragraphs"])
    assert not Licence.objects.filter(state="valid").exists()


def propose_end(number: str, example: Example) -> None:
    cases.propose_end(number, example["ground"])
    row = EndProposal.objects.get(case__number=number, outcome="")
    assert EndKind(row.kind).label == example["kind"]
    assert (row.views_due_on is not None) is example["heard"]


def later_of(example: Example, calendar: WorkdayCalendar) -> None:
    if "received" in example:
        tolerance_of(example, calendar)
    elif "decided" in example:
        day = example["decided"]
        draft = cases.draft(item_slug=steps.COMMITTED, at=on(day))
        commitments.sign(draft, at=on(day))
        number = cases.submit(draft.id, calendar=calendar, at=on(day)).number
        shared: dict[str, Any] = {"number": number, "calendar": calendar, "at": on(day)}
        services.accept_case(by=cases.REVIEWER, **shared)
        services.grant_on_commitment(by=cases.APPROVER, **shared)
        assert PostCheck.objects.get(case__number=number).check_due_on == example["due"]
    else:
        record_of(example, calendar)


def tolerable_item(**changes: Any) -> None:
    """Publish an item of which the rules may come later, and the plan never."""
    whole = cases.restaurant(
        slug=LIMITED, name="期限示例", **({"materials": _rules(3)} | steps.coded(21) | changes)
    )
    cases.publish(whole)


def _rules(days: int) -> list[dict[str, Any]]:
    (rules,) = [one for one in cases.restaurant()["materials"] if one["id"] == "rules"]
    return [rules | {"tolerance_days": days}]


def tolerance_of(example: Example, calendar: WorkdayCalendar) -> None:
    limit = cases.restaurant()["limit"] | {"promised_workdays": example["promised"]}
    tolerable_item(
        materials=_rules(example["material"]), limit=limit, tolerance_issue_first=example["first"]
    )
    number = tolerated(calendar, example["received"]).number
    services.accept_case(
        number=number, calendar=calendar, by=cases.CLERK, at=on(example["received"])
    )
    assert CaseMaterial.objects.get(case__number=number).due_on == example["due"]


def tolerated(calendar: WorkdayCalendar, day: dt.date) -> CaseView:
    """Take a case in for which the rules are promised."""
    return cases.receive(item_slug=LIMITED, tolerance_signed=True, calendar=calendar, at=on(day))


def record_of(example: Example, calendar: WorkdayCalendar) -> None:
    shared: dict[str, Any] = {"reason": "查证属实", "by": cases.HEAD}
    entry = services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=labelled(RecordKind, example["record"]),
        basis="上海市社会信用条例 第三十条",
        department="market",
        until_on=example.get("until"),
        at=on(dt.date(2026, 3, 1)),
        **shared,
    )
    if "repaired" in example:
        services.repair_record(record_id=entry.id, at=on(example["repaired"]), **shared)
    tolerable_item()
    day, closed = example["on"], []
    calendar = dataclasses.replace(calendar, last=dt.date(2027, 12, 31))  # no day is counted here
    draft = cases.draft(item_slug=steps.COMMITTED, at=on(day))
    for way, act in (
        ("告知承诺", lambda: commitments.sign(draft, at=on(day))),
        ("容缺受理", lambda: tolerated(calendar, day)),
    ):
        try:
            act()
        except RefusedError as refusal:
            closed.append((way, example["record"] in refusal.message))

    assert closed == [(way, True) for way in example["closed"]]


RUNNERS: Mapping[str, Callable[[Example, WorkdayCalendar], None]] = {
    "steps": step_of,
    "case_clocks": clock_of,
    "time_limits": limit_of,
    "stops_and_extensions": stop_or_extension_of,
    "hearing": hearing_of,
    "interested": sides_of,
    "deemed": deemed_of,
    "ending": ending_of,
    "tolerance_and_commitment": later_of,
}
"""File of examples -> how one of them is said on a case."""


def test_every_file_of_examples_is_said_and_what_cannot_be_is_listed_once_with_why():
    assert set(RUNNERS) == set(TOPICS)
    names = [one["name"] for examples in TOPICS.values() for one in examples]
    assert [name for name in UNSAYABLE if names.count(name) != 1] == []
    assert all(UNSAYABLE.values())


def named(*, sayable: bool) -> Any:
    found = [
        pytest.param(topic, one, id=f"{topic}: {one['name']}")
        for topic, examples in TOPICS.items()
        for one in examples
        if (one["name"] in UNSAYABLE) is not sayable
    ]
    return pytest.mark.parametrize(("topic", "example"), found)


@named(sayable=True)
@pytest.mark.usefixtures("steps_world", "db")
def test_a_real_case_does_what_the_example_says(topic, example, calendar):
    RUNNERS[topic](example, calendar)


@named(sayable=False)
@pytest.mark.usefixtures("steps_world", "db")
def test_what_no_case_can_say_is_refused(topic, example, calendar):
    with pytest.raises((RefusedError, CalendarGapError)):
        RUNNERS[topic](example, calendar)
