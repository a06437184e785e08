"""Each figure is what somebody counts by hand who reads the cases one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories import automatic, cases, commitments
from tests.factories.desk import hire
from yiwang.cases import services
from yiwang.cases.models import Case
from yiwang.cases.models.measures import CaseMeasure
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.policy.figures import DEFINITIONS, CaseFigure, quarter_of, visits
from yiwang.cases.policy.terms import DeliveryChannel, Outcome
from yiwang.cases.queries import figures
from yiwang.cases.services import checks
from yiwang.kernel.clocks import ClockStop, StopReason, workdays_spent
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post

LEADER = Actor(
    ref="user:leader", name="郑区长", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})}
)
OTHER_HEAD = Actor(
    ref="user:other", name="吴外人", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})}
)
JOB = Actor(ref="job:test")
YEAR = figures.Asked(first=dt.date(2026, 1, 1), last=dt.date(2026, 12, 31))


def on(month: int, day: int, hour: int = 9) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=cases.ZONE)


def decide(number: str, at: dt.datetime, outcome: Outcome = Outcome.GRANT) -> None:
    services.propose(number=number, outcome=outcome, opinion="看过", by=cases.REVIEWER, at=at)
    services.decide(
        number=number,
        outcome=outcome,
        reason="" if outcome is Outcome.GRANT else "场所不符合要求",
        article="" if outcome is Outcome.GRANT else "食品安全法 第三十三条",
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=at,
    )


def accept(number: str, at: dt.datetime) -> None:
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.CLERK, at=at)


def hand_over(number: str, at: dt.datetime, channel: DeliveryChannel) -> None:
    services.deliver_case(number=number, channel=channel, by=cases.CLERK, at=at)


def walk(
    received: dt.datetime,
    accepted: dt.datetime,
    decided: dt.datetime,
    closed: dt.datetime,
    *,
    portal: bool = False,
) -> str:
    """Walk a case to its end on these days, through the portal or at the window."""
    if portal:
        draft = cases.draft(at=received)
        number = cases.submit(draft.id, idempotency_key=f"walk-{draft.id}", at=received).number
    else:
        number = cases.receive(at=received).number
    accept(number, accepted)
    decide(number, decided)
    hand_over(number, closed, DeliveryChannel.IN_APP if portal else DeliveryChannel.PRINT)
    return number


def world() -> dict[str, str]:
    """Make one finished case of each kind, and one that is late; return their numbers."""
    found = {
        "at_once": walk(on(3, 6), on(3, 6), on(3, 6, 10), on(3, 6, 11)),
        "twice": walk(on(3, 2), on(3, 2), on(3, 4), on(3, 6)),
        "portal": walk(on(3, 2), on(3, 3), on(3, 6), on(3, 6), portal=True),
        "late": walk(on(2, 24), on(2, 24), on(3, 5), on(3, 5), portal=True),
    }
    found["deemed"] = cases.receive(at=on(2, 24)).number
    services.deem_accepted(calendar=cases.CALENDAR, by=cases.CLOCK, at=on(3, 5))
    decide(found["deemed"], on(3, 5, 10), Outcome.REFUSE)
    hand_over(found["deemed"], on(3, 6), DeliveryChannel.PRINT)
    corrected = found["corrected"] = cases.receive(at=on(3, 2)).number
    services.ask_correction(
        number=corrected,
        lines=[services.CorrectionLine(material_id="", what="补充门牌", why="地址不完整")],
        by=cases.CLERK,
        at=on(3, 3),
    )
    services.file_correction(
        number=corrected,
        lines=[
            services.FiledLine(line_id=one.id, answer="已补充", upload_refs=())
            for one in cases.page(corrected).correction.lines
        ],
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=on(3, 4),
    )
    accept(corrected, on(3, 4, 10))
    decide(corrected, on(3, 5))
    hand_over(corrected, on(3, 6), DeliveryChannel.PRINT)
    draft = cases.draft(at=on(3, 2))
    found["withdrawn"] = cases.submit(draft.id, idempotency_key="w", at=on(3, 2)).number
    services.withdraw_case(number=found["withdrawn"], reason="不办了", by=cases.FIRM, at=on(3, 3))
    found["running_late"] = cases.receive(at=on(2, 24)).number
    return found


BY_HAND = {
    CaseFigure.ON_SPOT: (1, 6),
    CaseFigure.ZERO_VISITS: (2, 6),
    CaseFigure.ONE_VISIT: (1, 6),
    CaseFigure.MORE_VISITS: (3, 6),
    CaseFigure.LATE_PROMISED: (2, 6),
    CaseFigure.LATE_STATUTORY: (0, 6),
    CaseFigure.DEEMED: (1, 6),
    CaseFigure.CORRECTED: (1, 7),
    CaseFigure.WINDOW_SUCCESS: (3, 4),
    CaseFigure.AUTOMATIC: (0, 6),
    CaseFigure.SHARED: (7, 7),
    CaseFigure.TOLERANCE: (0, 0),
    CaseFigure.CHECKED: (0, 0),
    CaseFigure.CHECK_FAILED: (0, 0),
    CaseFigure.REVIEWED_RIGHT: (0, 0),
    CaseFigure.OVERDUE: (1, None),
}
"""Figure -> what the cases of `world` come to, counted with a finger on the page."""


def count(asked: figures.Asked = YEAR, *, by: Any = cases.HEAD, today: dt.date | None = None):
    services.measure_finished(calendar=cases.CALENDAR, at=on(3, 6, 12))
    return figures.figures(asked, by=by, today=today or dt.date(2026, 3, 6))


def pairs(found: figures.CaseFigures) -> dict[CaseFigure, tuple[int, int | None]]:
    return {key: (one.part, one.whole) for key, one in found.total.shares.items()}


@pytest.mark.req("CASE-10")
@pytest.mark.usefixtures("easy_district")
def test_every_figure_is_what_a_hand_counts_and_lists_those_very_cases():
    made = world()

    found = count()

    assert pairs(found) == BY_HAND
    assert (found.total.finished, found.total.decided) == (7, 6)
    days = found.total.days
    assert days.mean == pytest.approx((0 + 2 + 3 + 8 + 8 + 1) / 6)
    assert (days.median, days.promised, days.statutory) == (2.5, 5, 20)
    (row,) = found.rows
    assert (row.department, row.item_slug, row.finished) == ("market", cases.RESTAURANT, 7)

    def behind(key):
        page = figures.behind(key, YEAR, by=cases.HEAD, today=dt.date(2026, 3, 6))
        assert len(page.rows) == BY_HAND[key][0], key
        return {row.number for row in page.rows}

    listed = {key: behind(key) for key in CaseFigure}
    assert listed[CaseFigure.ON_SPOT] == {made["at_once"]} == listed[CaseFigure.ONE_VISIT]
    assert listed[CaseFigure.ZERO_VISITS] == {made["portal"], made["late"]}
    assert listed[CaseFigure.MORE_VISITS] == {made["twice"], made["deemed"], made["corrected"]}
    assert listed[CaseFigure.LATE_PROMISED] == {made["late"], made["deemed"]}
    assert listed[CaseFigure.OVERDUE] == {made["running_late"]}


@pytest.mark.req("CASE-04")
@pytest.mark.usefixtures("easy_district")
def test_trips_to_the_window_are_kept_for_each_case_once_it_is_finished():
    made = world()
    count()

    kept = dict(CaseMeasure.objects.values_list("case__number", "visits"))

    assert {name: kept.get(number) for name, number in made.items()} == {
        "at_once": 1,
        "twice": 2,
        "portal": 0,
        "late": 0,
        "deemed": 2,
        "corrected": 3,
        "withdrawn": 0,
        "running_late": None,
    }


@pytest.mark.usefixtures("easy_district")
def test_a_site_check_is_no_trip_and_stopped_days_are_no_days():
    hire("reviewer", "reviewer2")
    number = cases.receive(at=on(3, 2)).number
    accept(number, on(3, 2))
    services.assign_case(number=number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=on(3, 3))
    cases.special(number=number, at=on(3, 3))
    services.end_special(
        number=number, result="水质合格", calendar=cases.CALENDAR, by=cases.REVIEWER, at=on(3, 6)
    )
    services.record_site_check(
        number=number,
        checked_on=dt.date(2026, 3, 9),
        place="南翔镇示例路11号",
        found="与平面图一致",
        second_officer=cases.SECOND_REVIEWER.ref,
        by=cases.REVIEWER,
        at=on(3, 9),
    )
    decide(number, on(3, 10))
    hand_over(number, on(3, 10, 11), DeliveryChannel.PRINT)
    count()

    measure = CaseMeasure.objects.get()

    assert (measure.visits, measure.workdays) == (2, 2)
    assert not measure.late_promised


@pytest.mark.usefixtures("district")
def test_a_material_brought_to_the_window_later_is_a_trip_and_no_shared_data():
    papers = {"layout": [cases.upload("user:clerk")]}
    number = cases.receive(uploads=papers, tolerance_signed=True, at=on(3, 2)).number
    accept(number, on(3, 2))
    services.file_material(
        number=number,
        material_id="rules",
        upload_refs=[cases.upload("user:clerk")],
        by=cases.CLERK,
        at=on(3, 4),
    )
    decide(number, on(3, 5))
    hand_over(number, on(3, 6), DeliveryChannel.PRINT)
    second = cases.receive(
        uploads={"layout": [cases.upload("user:clerk")]}, tolerance_signed=True, at=on(3, 2)
    )
    accept(second.number, on(3, 2))

    found = count(today=dt.date(2026, 3, 20))

    measure = CaseMeasure.objects.get()
    assert (measure.visits, measure.materials, measure.shared_materials) == (3, 3, 1)
    assert pairs(found)[CaseFigure.TOLERANCE] == (1, 2)
    (row,) = figures.behind(
        CaseFigure.TOLERANCE, YEAR, by=cases.HEAD, today=dt.date(2026, 3, 20)
    ).rows
    assert row.number == number


@pytest.mark.req("CASE-04")
@pytest.mark.usefixtures("district")
def test_whoever_brings_a_forgotten_paper_or_changes_a_contact_came_to_the_window():
    number = cases.receive(uploads={"layout": [cases.upload("user:clerk")]}, at=on(3, 2)).number
    services.take_in_materials(
        number=number,
        materials=[services.Brought(material_id="rules", upload_refs=[cases.upload("user:clerk")])],
        visitor=cases.HEAD_OF_FIRM,
        by=cases.CLERK,
        at=on(3, 3),
    )
    accept(number, on(3, 3, 10))
    services.change_contact(
        number=number,
        phone="13800138000",
        visitor=cases.HEAD_OF_FIRM,
        by=cases.CLERK,
        at=on(3, 4),
    )
    decide(number, on(3, 5))
    hand_over(number, on(3, 6), DeliveryChannel.PRINT)

    found = pairs(count())

    assert CaseMeasure.objects.get().visits == 4
    assert found[CaseFigure.MORE_VISITS] == (1, 1)


@pytest.mark.req("CASE-09")
@pytest.mark.usefixtures("easy_district")
def test_what_a_window_turned_away_or_asked_for_again_was_no_success():
    made = world()
    refused = cases.receive(at=on(3, 2)).number
    services.decline_case(
        number=refused,
        reason="不属于本机关职权范围",
        article="行政许可法 第三十二条",
        by=cases.REVIEWER,
        at=on(3, 3),
    )

    assert pairs(count())[CaseFigure.WINDOW_SUCCESS] == (3, 5)
    page = figures.behind(CaseFigure.WINDOW_SUCCESS, YEAR, by=cases.HEAD, today=YEAR.last)
    assert {row.number for row in page.rows} == {made["at_once"], made["twice"], made["deemed"]}
    assert count(by=OTHER_HEAD).total.shares[CaseFigure.WINDOW_SUCCESS].whole == 0


@pytest.mark.usefixtures("easy_district")
def test_checks_of_commitments_are_counted_by_the_day_of_the_grant():
    cases.publish(commitments.restaurant())
    first, second, _open = (commitments.granted().number for _ in range(3))
    commitments.check(first)
    commitments.check(second, outcome=CheckOutcome.CORRECT, conditions=["rules"])

    found = pairs(count(today=dt.date(2026, 4, 6)))
    assert found[CaseFigure.CHECKED] == (2, 2)
    assert found[CaseFigure.CHECK_FAILED] == (1, 2)
    later = pairs(count(today=dt.date(2026, 6, 1)))
    assert later[CaseFigure.CHECKED] == (2, 3)
    before = figures.Asked(first=dt.date(2026, 1, 1), last=dt.date(2026, 3, 5))
    assert pairs(count(before))[CaseFigure.CHECKED] == (0, 0)


@pytest.mark.usefixtures("easy_district")
def test_what_rules_granted_is_counted_as_automatic():
    automatic.card_type()
    cases.publish(automatic.senior())
    undo = checks.put_in_place(automatic.Register())
    try:
        automatic.submit(automatic.elder())
    finally:
        undo()

    found = pairs(count())

    assert found[CaseFigure.AUTOMATIC] == (1, 1)
    assert found[CaseFigure.ZERO_VISITS] == (1, 1)


@pytest.mark.usefixtures("easy_district")
def test_heads_count_their_own_department_and_leaders_the_district():
    world()
    assert count(by=LEADER).total.finished == 7
    assert count(by=OTHER_HEAD).total.finished == 0
    assert pairs(count(by=OTHER_HEAD))[CaseFigure.OVERDUE] == (0, None)
    narrowed = figures.Asked(first=YEAR.first, last=YEAR.last, department="market")
    assert count(narrowed, by=LEADER).total.finished == 7

    with pytest.raises(PermissionRefusedError, match="只能查看本部门"):
        count(narrowed, by=OTHER_HEAD)
    with pytest.raises(PermissionRefusedError, match="查看办件指标"):
        count(by=cases.CLERK)
    with pytest.raises(PermissionRefusedError, match="查看办件"):
        figures.behind(CaseFigure.DEEMED, YEAR, by=LEADER, today=YEAR.last)
    assert not figures.may_see_cases(LEADER)


@pytest.mark.usefixtures("easy_district")
def test_period_and_item_narrow_and_pages_go_on_where_they_stopped():
    made = world()
    week = figures.Asked(first=dt.date(2026, 3, 5), last=dt.date(2026, 3, 5))
    assert count(week).total.finished == 1
    card = figures.Asked(first=YEAR.first, last=YEAR.last, item=cases.CARD)
    assert count(card).total.finished == 0

    seen, after = [], ""
    while True:
        page = figures.behind(
            CaseFigure.MORE_VISITS, YEAR, by=cases.HEAD, today=YEAR.last, after=after, limit=1
        )
        seen += [row.number for row in page.rows]
        after = page.after
        if not after:
            break

    assert sorted(seen) == sorted([made["twice"], made["deemed"], made["corrected"]])


@pytest.mark.usefixtures("easy_district")
def test_a_case_is_counted_once_however_often_the_job_runs(django_assert_max_num_queries):
    world()
    first = services.measure_finished(calendar=cases.CALENDAR, at=on(3, 6, 12))
    again = services.measure_finished(calendar=cases.CALENDAR, at=on(3, 6, 13))

    assert (first, again) == (7, 0)
    with django_assert_max_num_queries(11):  # three of them say what the session may see
        figures.figures(YEAR, by=cases.HEAD, today=YEAR.last)


@pytest.mark.usefixtures("easy_district")
def test_days_outside_the_calendar_are_no_days():
    walk(on(3, 2), on(3, 2), on(3, 4), on(3, 6))

    services.measure_finished(
        calendar=type(cases.CALENDAR)(
            first=dt.date(2027, 1, 1),
            last=dt.date(2027, 1, 31),
            holidays=frozenset(),
            workdays=frozenset(),
        ),
        at=on(3, 6, 12),
    )

    assert CaseMeasure.objects.get().workdays is None


@pytest.mark.usefixtures("easy_district")
@pytest.mark.parametrize(
    ("broken", "constraint"),
    [
        ({"way": "magic"}, "cases_casemeasure_way_known"),
        ({"shared_materials": 9}, "cases_casemeasure_shared_are_materials"),
        ({"decided_on": None, "late_promised": True}, "cases_casemeasure_late_was_decided"),
    ],
)
def test_a_measure_that_cannot_be_is_refused(broken, constraint):
    cases.closed()
    count()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CaseMeasure.objects.update(**broken)
    assert Case.objects.count() == 1


def test_every_figure_says_what_it_counts():
    assert set(DEFINITIONS) == set(CaseFigure)


def test_two_acts_at_a_window_on_one_day_are_one_trip():
    assert visits([on(3, 2), on(3, 2, 16), on(3, 3)]) == 2
    assert visits([]) == 0
    late = dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC)  # the small hours of the second here
    assert visits([late, on(3, 2)]) == 1


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-01-01", "2026-01-01"), ("2026-06-30", "2026-04-01"), ("2026-12-31", "2026-10-01")],
)
def test_a_quarter_begins(day, first):
    assert quarter_of(dt.date.fromisoformat(day)) == dt.date.fromisoformat(first)


def test_an_open_stop_lasts_to_the_end_and_stops_that_touch_count_once():
    def spent(*stops):
        return workdays_spent(
            accepted_on=dt.date(2026, 3, 2),
            ended_on=dt.date(2026, 3, 11),
            stops=[
                ClockStop(
                    reason=StopReason.TESTING,
                    started_on=dt.date(2026, 3, first),
                    ended_on=dt.date(2026, 3, last) if last else None,
                )
                for first, last in stops
            ],
            calendar=cases.CALENDAR,
        )

    assert spent() == 7
    assert spent((4, None)) == 1
    assert spent((4, 5), (5, 6)) == 4
    assert spent((1, 2)) == 7
    assert spent((9, 20)) == 4
    assert spent((12, 20)) == 7
