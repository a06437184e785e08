"""Rules are tried on past cases before they go live; without it they are not published."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tests.factories import automatic, cases
from tests.factories.automatic import Register, submit
from tests.factories.cases import APPROVER, CALENDAR, CLERK, FRIDAY, REVIEWER
from yiwang.cases import services
from yiwang.cases.models.automatic import Replay, ReplayDifference
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseView
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.cases.services.replaying import EarlierCasesThen, require_replay
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.cli.cases import cases as commands
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.registers.queries import PersonView

RULES = automatic.without("pension")


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


def by_people(who: PersonView, outcome: Outcome, *, at: dt.datetime = FRIDAY) -> CaseView:
    case = submit(who, at=at, by_person=True, key=f"{who.ref[-30:]}-{at:%d%H%M}")
    services.accept_case(number=case.number, calendar=CALENDAR, by=REVIEWER, at=at)
    return decide(case.number, outcome, at=at)


def decide(number: str, outcome: Outcome, *, at: dt.datetime) -> CaseView:
    services.propose(number=number, outcome=outcome, opinion="核对", by=REVIEWER, at=at)
    return services.decide(
        number=number,
        outcome=outcome,
        reason="核对结果",
        article="第三十三条",
        calendar=CALENDAR,
        by=APPROVER,
        at=at,
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
    assert json.loads(done.stdout)["counts"] == {"grant_refuse": 1}
    assert Replay.objects.get().finished_at == FRIDAY


def test_the_command_says_when_there_are_no_rules(item):
    done = CliRunner().invoke(commands, ["replay", cases.RESTAURANT])

    assert done.exit_code == 1
    assert "没有自动办理规则" in done.output
