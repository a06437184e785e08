"""Rules are tried on past cases before they go live; without it they are not published."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import automatic, cases
from tests.factories.automatic import Register, submit
from tests.factories.cases import APPROVER, CALENDAR, CLERK, FRIDAY, REVIEWER
from yiwang.cases import services
from yiwang.cases.models.automatic import Replay, ReplayDifference
from yiwang.cases.policy.procedure import InquiryAnswer
from yiwang.cases.policy.replaying import DifferenceKind, HandOverCause
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseView
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.cases.services.replaying import EarlierCasesThen, require_replay
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.cli.cases import cases as commands
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post
from yiwang.registers.queries import PersonView
from yiwang.rules.policy.tables import rules_from_plain
from yiwang.web.officer.replay_words import shown_ground

RULES = automatic.without("pension")
OWNER = Actor(ref="user:owner", name="冯编写", posts={"market": frozenset({Post.ITEM_OWNER})})
"""Keeps the rules and opens no case."""

TYPED = "王示范，电话14000000003，户籍已迁至示例路5号"
"""A reason as people type it."""


@pytest.fixture
def register() -> Iterator[Register]:
    register = Register()
    undo = checks.put_in_place(register)
    yield register
    undo()


@pytest.fixture
def item(district: None, register: Register) -> ItemVersion:
    automatic.card_type()
    return cases.publish(automatic.senior(auto_rules=RULES))


def person(sequence: int, born_on: dt.date = automatic.BORN) -> PersonView:
    return automatic.elder(id_number=automatic.registers.number(sequence, born_on=born_on))


def by_people(
    who: PersonView, outcome: Outcome, *, at: dt.datetime = FRIDAY, **changes: object
) -> CaseView:
    case = submit(who, at=at, by_person=True, key=f"{who.ref[-30:]}-{at:%d%H%M}")
    services.accept_case(number=case.number, calendar=CALENDAR, by=REVIEWER, at=at)
    return decide(case.number, outcome, at=at, **changes)


def decide(number: str, outcome: Outcome, *, at: dt.datetime, **changes: object) -> CaseView:
    services.propose(number=number, outcome=outcome, opinion="核对", by=REVIEWER, at=at)
    return services.decide(
        number=number,
        outcome=outcome,
        calendar=CALENDAR,
        by=APPROVER,
        at=at,
        **({"reason": TYPED, "article": "第三十三条"} | changes),
    )


def replayed(item: ItemVersion, **changes: object) -> questions.ReplayView:
    asked = services.ask_replay(
        **(
            {
                "item_slug": item.slug,
                "department": item.department,
                "rules": item.auto_rules,
                "by": SYSTEM,
                "at": FRIDAY,
                "version": item.version,
            }
            | changes
        )
    )
    return services.run_replay(replay_id=asked.id, by=SYSTEM, at=FRIDAY)


def test_what_rules_would_have_done_is_counted_against_what_people_did(item):
    by_people(person(1), Outcome.GRANT)
    differing = by_people(person(2), Outcome.REFUSE)
    by_people(person(3, dt.date(1990, 1, 1)), Outcome.REFUSE)
    by_people(person(4, dt.date(1990, 1, 2)), Outcome.GRANT)

    view = replayed(item)

    assert dict(view.counts) == {
        "grant_grant": 1,
        "grant_refuse": 1,
        "hand_over_refuse": 1,
        "hand_over_grant": 1,
    }
    assert view.finished_at == FRIDAY
    (row,) = questions.differences(view.id, by=REVIEWER)
    assert (row.case_number, row.readable) == (differing.number, True)
    assert not questions.differences(view.id, by=cases.STRANGER)[0].readable


def test_refusals_are_told_apart_by_the_conditions_that_they_name(item):
    by_people(person(1), Outcome.REFUSE, unmet=[1])
    by_people(person(2), Outcome.REFUSE, unmet=[1])
    by_people(person(3), Outcome.REFUSE)

    most, other = questions.grounds(replayed(item).id)

    assert (most.count, most.unmet) == (2, (item.conditions[0],))
    assert (other.count, other.unmet) == (1, ())
    assert shown_ground(most).why.startswith(f"不符合“{item.conditions[0].rstrip('。')}”；")


def test_refusals_are_counted_by_what_they_cite_and_by_the_row_that_would_have_granted(item):
    by_people(person(1), Outcome.REFUSE, article="《中华人民共和国行政许可法》第38条第2款，王示范")
    by_people(person(2), Outcome.REFUSE, article="依据《行政许可法》第三十八条第二款")
    last = by_people(person(3), Outcome.REFUSE, article="《王示范与李某协议》第一条")
    by_people(person(4), Outcome.GRANT)

    view = replayed(item)

    most, other = questions.grounds(view.id)
    assert (most.count, most.articles) == (2, ("《行政许可法》第三十八条第二款",))
    assert (most.kind, most.row_number, most.row_id) == (DifferenceKind.GRANT_REFUSE, 1, "first")
    assert (other.count, other.articles) == (1, ("其他文件第一条",))
    newest, *_others = questions.differences(view.id, by=OWNER)
    assert (newest.case_number, newest.articles) == (last.number, ("其他文件第一条",))
    assert (newest.refused_by, newest.proposed) == (Step.REFUSE, Outcome.REFUSE)
    (only,) = questions.differences(view.id, by=OWNER, ground=other.number)
    assert only == newest


def test_the_steps_that_a_refusal_may_rest_on_are_told_without_their_words(item):
    case = submit(person(1), at=FRIDAY, by_person=True)
    services.accept_case(number=case.number, calendar=CALENDAR, by=REVIEWER, at=FRIDAY)
    services.ask_departments(
        number=case.number,
        departments=["housing"],
        question="王示范住在哪里？",
        calendar=CALENDAR,
        by=REVIEWER,
        at=FRIDAY,
    )
    services.give_opinion(
        number=case.number,
        answer=InquiryAnswer.DISAGREE,
        opinion="王示范不住在本区",
        by=cases.STRANGER,
        at=FRIDAY,
    )
    decide(case.number, Outcome.REFUSE, at=FRIDAY)

    (row,) = questions.differences(replayed(item).id, by=OWNER)

    assert (row.weighed, row.disagreed) == ((Step.ASK_DEPARTMENT,), ("housing",))


def test_nothing_personal_is_kept_and_whoever_may_not_open_the_case_is_told_who_may(item):
    who = person(1)
    by_people(who, Outcome.REFUSE, article="《行政许可法》第三十八条，王示范，14000000003")
    by_people(person(2, dt.date(1990, 1, 2)), Outcome.GRANT)

    view = replayed(item)

    kept = json.dumps(
        [
            *ReplayDifference.objects.values("reason", "articles", "weighed", "path", "row_id"),
            Replay.objects.get().grounds,
        ],
        ensure_ascii=False,
    )
    told = [repr(questions.differences(view.id, by=OWNER, kind=kind)) for kind in DifferenceKind]
    for text in (kept, *told):
        for personal in ("王示范", "1400000", "示例路", who.ref, "1949", "1990", " 76", " 36"):
            assert personal not in text
    (row,) = questions.differences(view.id, by=OWNER)
    assert (row.readable, row.department) == (False, "market")
    assert [(one.row_number, one.label, one.passed, one.value) for one in row.path] == [
        (1, "办哪一种", True, ""),
        (1, "从出生日期到申请日已满的年数", True, ""),
        (1, "户籍在本市", True, ""),
        (1, "已有敬老卡", True, ""),
    ]
    assert row.path[1].asked == "不小于 65 年"


def test_what_people_granted_is_counted_by_what_the_nearest_grant_lacks(item):
    by_people(person(1, dt.date(1990, 1, 1)), Outcome.GRANT)
    by_people(person(2, dt.date(1990, 1, 2)), Outcome.GRANT)
    by_people(person(3, dt.date(1990, 1, 3)), Outcome.REFUSE)  # both say no: nothing to widen

    view = replayed(item)

    (ground,) = questions.grounds(view.id)
    assert (ground.kind, ground.cause) == (DifferenceKind.HAND_OVER_GRANT, HandOverCause.ROW)
    assert (ground.count, ground.row_number, ground.near_number) == (2, 3, 1)
    assert [(one.label, one.asked) for one in ground.lacking] == [
        ("从出生日期到申请日已满的年数", "不小于 65 年")
    ]
    assert questions.differences(view.id, by=OWNER) == []
    rows = questions.differences(view.id, by=OWNER, ground=ground.number)
    assert [row.refused_by for row in rows] == [None, None]


def test_a_row_that_takes_a_case_from_a_grant_is_named(item):
    by_people(person(1), Outcome.GRANT)
    before = {"id": "every", "when": {"kind": "first"}, "outcome": "hand_over", "reason": "都看"}
    rules = rules_from_plain({**RULES, "rows": [before, *RULES["rows"]], "tests": []})

    (ground,) = questions.grounds(replayed(item, rules=rules).id)

    assert (ground.row_id, ground.near_number, ground.lacking) == ("every", 2, ())


def test_a_fact_that_cannot_be_used_is_named_with_the_reason(item):
    by_people(person(1), Outcome.GRANT)
    note = {"name": "note", "label": "备注", "kind": "text", "source": "answer:note"}
    rules = rules_from_plain({**RULES, "facts": [*RULES["facts"], note], "tests": []})

    view = replayed(item, rules=rules)

    (ground,) = questions.grounds(view.id)
    assert (ground.cause, ground.why) == (HandOverCause.FACT, "没有值")
    assert [one.label for one in ground.lacking] == ["备注"]
    (row,) = questions.differences(view.id, by=OWNER, kind=DifferenceKind.HAND_OVER_GRANT)
    assert [(one.row_number, one.label) for one in row.path] == [(0, "备注")]


def test_a_grant_that_was_revoked_since_is_counted(item):
    who = person(1, dt.date(1990, 1, 1))
    case = by_people(who, Outcome.GRANT)
    cases.propose_end(case.number)
    services.state_views(
        number=case.number, text="不同意", by=automatic.for_herself(who), at=FRIDAY
    )
    cases.decide_end(case.number)

    (ground,) = questions.grounds(replayed(item).id)

    assert (ground.count, ground.revoked) == (1, 1)


def test_each_ground_lists_its_newest_cases_and_counts_them_all(item, monkeypatch):
    monkeypatch.setattr("yiwang.cases.services.replaying.MOST_OF_GROUND", 1)
    for sequence in (1, 2):
        last = by_people(person(sequence, dt.date(1990, 1, sequence)), Outcome.GRANT)

    view = replayed(item)

    (ground,) = questions.grounds(view.id)
    (row,) = questions.differences(view.id, by=OWNER, ground=ground.number)
    assert (ground.count, row.case_number) == (2, last.number)


def test_a_page_of_differences_asks_a_fixed_number_of_questions(item):
    for sequence in (1, 2, 3):
        by_people(person(sequence), Outcome.REFUSE)
    view = replayed(item)

    with CaptureQueriesContext(connection) as few:
        page = questions.differences(view.id, by=REVIEWER, limit=1)
    with CaptureQueriesContext(connection) as many:
        rest = questions.differences(view.id, by=REVIEWER, after=page[-1].id)

    assert (len(page), len(rest), len(many)) == (1, 2, len(few))

    assert len({row.case_number for row in (*page, *rest)}) == 3


HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "running", "granted", "last_year"),
    [
        (FRIDAY - 9 * HOUR, False, False, 0),
        (FRIDAY, False, False, 0),
        (FRIDAY + HOUR, True, False, 0),
        (FRIDAY + 3 * HOUR, False, True, 1),
        (FRIDAY + 5 * HOUR, True, True, 1),
        (FRIDAY + 7 * HOUR, False, True, 1),
        (FRIDAY + dt.timedelta(days=370), False, True, 0),
    ],
)
def test_what_an_applicant_had_is_known_for_any_moment(
    easy_district, at, running, granted, last_year
):
    first = cases.receive()
    services.accept_case(number=first.number, calendar=CALENDAR, by=CLERK, at=FRIDAY)
    decide(first.number, Outcome.GRANT, at=FRIDAY + 2 * HOUR)
    second = cases.receive(at=FRIDAY + 4 * HOUR)
    services.withdraw_case(
        number=second.number, reason="不办了", by=cases.FIRM, at=FRIDAY + 6 * HOUR
    )

    earlier = EarlierCasesThen(cases.RESTAURANT)
    earlier.read([cases.FIRM_REF])

    assert [
        earlier.value(asked, cases.FIRM_REF, at)
        for asked in ("running_same_item", "granted_same_item", "granted_last_year")
    ] == [running, granted, last_year]


def test_a_replay_looks_at_a_case_as_it_was_then(item):
    elder = person(1)
    by_people(elder, Outcome.GRANT)  # holds a card from now on

    view = replayed(item)

    assert view.agreed == 1


def test_what_registers_did_not_leave_cannot_be_judged_and_is_named(item):
    full = parse_item(automatic.senior())
    by_people(person(1), Outcome.GRANT)

    view = replayed(item, rules=full.auto_rules)

    assert view.unknown == 1
    assert view.unknown_facts == ("正在领取养老金",)
    assert view.agreed == view.differing == 0


def test_automatic_grants_are_no_decisions_of_people(item):
    submit(person(1))

    with pytest.raises(services.ReplayRefusedError, match="不能回放"):
        replayed(item)


def test_a_replay_that_stopped_goes_on_where_it_was(item, monkeypatch):
    monkeypatch.setattr("yiwang.cases.services.replaying.BATCH", 1)
    for sequence in (1, 2, 3):
        by_people(person(sequence), Outcome.REFUSE)
    asked = services.ask_replay(
        item_slug=item.slug, department="market", rules=item.auto_rules, by=SYSTEM, at=FRIDAY
    )

    def die(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.run_replay(replay_id=asked.id, by=SYSTEM, at=FRIDAY, progress=die)
    half = questions.replay(asked.id)
    view = services.run_replay(replay_id=asked.id, by=SYSTEM, at=FRIDAY)

    assert (half.done, half.percent, half.finished_at) == (2, 66, None)
    assert view.differing == 3
    assert [one.count for one in questions.grounds(view.id)] == [3]
    assert ReplayDifference.objects.filter(replay=asked.id).count() == 3


def test_only_those_who_keep_items_may_replay(item):
    by_people(person(1), Outcome.GRANT)

    with pytest.raises(PermissionRefusedError):
        replayed(item, by=REVIEWER)


def test_new_rules_are_published_only_after_a_replay_of_exactly_them(item):
    by_people(person(1), Outcome.GRANT)
    changed = parse_item(automatic.senior())

    with pytest.raises(services.ReplayRefusedError, match="须先用过去的办件回放"):
        require_replay(changed, comment="同意", at=FRIDAY)
    replayed(item, rules=changed.auto_rules)

    require_replay(changed, comment="", at=FRIDAY)
    require_replay(item, comment="", at=FRIDAY)  # in force already
    with pytest.raises(services.ReplayRefusedError, match="30日内"):
        require_replay(changed, comment="", at=FRIDAY + dt.timedelta(days=31))


def test_without_past_cases_whoever_publishes_says_why(item):
    changed = parse_item(automatic.senior())

    with pytest.raises(services.ReplayRefusedError, match="写明理由"):
        require_replay(changed, comment=" ", at=FRIDAY)

    require_replay(changed, comment="新事项，没有历史办件", at=FRIDAY)


def test_the_command_replays_and_fails_where_people_refused(item, monkeypatch):
    by_people(person(1), Outcome.REFUSE)
    monkeypatch.setattr("yiwang.cli.cases.now", lambda: FRIDAY)

    done = CliRunner().invoke(commands, ["replay", item.slug, "--json"])

    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["counts"] == {"grant_refuse": 1}
    (ground,) = told["grounds"]
    assert (ground["kind"], ground["count"], ground["row_number"]) == ("grant_refuse", 1, 1)
    assert Replay.objects.get().finished_at == FRIDAY


def test_the_command_says_in_words_why_rules_and_people_differ(item, monkeypatch):
    by_people(person(1), Outcome.REFUSE)
    by_people(person(2, dt.date(1990, 1, 1)), Outcome.GRANT)
    monkeypatch.setattr("yiwang.cli.cases.now", lambda: FRIDAY)

    done = CliRunner().invoke(commands, ["replay", item.slug])

    assert done.exit_code == 1
    told = [line for line in done.stdout.splitlines() if line.startswith("1 件  ")]
    refused, granted = sorted(told)
    assert refused.startswith("1 件  规则准予，工作人员不予：不予的依据是")
    assert "规则准予的是第 1 行（" in refused
    assert granted.startswith("1 件  规则转人工，工作人员准予：规则的一行转人工，第 ")
    assert "最接近的第 1 行不符合的是" in granted
    assert "65" in granted


def test_the_command_says_when_there_are_no_rules(item):
    done = CliRunner().invoke(commands, ["replay", cases.RESTAURANT])

    assert done.exit_code == 1
    assert "没有自动办理规则" in done.output
