"""Rules decide without a person, at night and on Sundays, or hand over; they never refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, transaction

from tests.factories import automatic, cases
from tests.factories.automatic import SUNDAY_NIGHT, Register, submit
from tests.factories.cases import APPROVER, BOTH, CALENDAR, HEAD, REVIEWER
from yiwang.audit.models import AuditEvent
from yiwang.cases import queries, services
from yiwang.cases.models import Case, CaseEvent
from yiwang.cases.models.automatic import AutoReview, AutoRun, AutoSwitch, AutoWaiting
from yiwang.cases.policy.automatic import Ground, SampleVerdict
from yiwang.cases.policy.checks import Asking, Trouble
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.licences import queries as licences
from yiwang.licences.models import LicenceType
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.registers.queries import PersonView
from yiwang.rules.policy.tables import RuleOutcome

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def register() -> Iterator[Register]:
    register = Register()
    undo = checks.put_in_place(register)
    yield register
    undo()


@pytest.fixture
def elder(district: None, register: Register) -> PersonView:
    automatic.card_type()
    cases.publish(automatic.senior())
    return automatic.elder()


def last_run(number: str) -> AutoRun:
    return AutoRun.objects.filter(case__number=number).latest("serial")


@pytest.mark.req("AUTO-01", "AUTO-02", "AUTO-03")
def test_an_old_woman_gets_her_card_on_a_sunday_night(elder):
    case = submit(elder)

    assert case.state is CaseState.CLOSED
    assert case.decided_by == "job:automatic"
    assert case.reviewed_by == ""
    card = licences.licence(case.licence_identifier)
    assert (card.type_slug, card.holder_ref) == ("senior_card", elder.ref)
    assert card.valid_from == SUNDAY_NIGHT.date()
    steps = CaseEvent.objects.filter(case__number=case.number).order_by("id")
    assert [event.step for event in steps] == ["receive", "accept", "grant_automatic", "close"]


@pytest.mark.req("AUTO-02", "CASE-01")
@pytest.mark.parametrize(
    ("declared", "state", "ground"),
    [
        (True, CaseState.APPROVED, Ground.RULE_GRANTS),
        (False, CaseState.RECEIVED, Ground.MATERIALS),
    ],
)
def test_nothing_is_granted_by_rules_to_whom_signed_nothing(elder, declared, state, ground):
    letter = Mailed(received_on=cases.FRIDAY.date(), declared=declared)
    sent = {"item_slug": automatic.SENIOR, "applicant_ref": elder.ref, "answers": {"kind": "first"}}
    taken = cases.receive(**sent, letter=letter, at=SUNDAY_NIGHT)

    case = services.decide_by_rules(case=taken, calendar=CALENDAR, at=SUNDAY_NIGHT)

    assert case.state is state
    assert last_run(case.number).ground == ground
    assert ("签字的声明" in last_run(case.number).reason) is not declared


def test_the_letter_says_how_it_came_about_and_offers_a_person(elder):
    case = submit(elder)

    letters = queries.case_page(case.number, by=automatic.for_herself(elder)).documents
    decision = next(one for one in letters if one.kind.value == "grant_decision")
    text = "".join(decision.body["paragraphs"])
    assert "没有工作人员参与" in text
    assert "要求人工复核" in text
    assert "已满65周岁，本市户籍，还没有敬老卡" in text
    assert decision.seal_department == "market"


def test_a_run_keeps_facts_with_source_and_time_and_the_path(elder):
    case = submit(elder)

    view = questions.automatic(case.number, by=automatic.for_herself(elder))
    assert view.granted
    assert view.run.row.item_version == case.item_version
    assert view.run.row_id == "first"
    told = {fact.label: (fact.value, fact.source) for fact in view.run.facts}
    assert told["正在领取养老金"] == ("是", "社会保险经办系统（测试）")
    assert told["户籍在本市"][0] == "是"
    assert all(fact.at.tzinfo for fact in view.run.facts)
    assert any("户籍在本市" in sentence for sentence in view.run.path)


def test_what_rules_read_of_a_person_is_masked_for_staff_and_whole_for_herself(elder):
    case = submit(elder)
    born = elder.born_on.isoformat()

    def told(by):
        view = questions.automatic(case.number, by=by).run
        assert view == questions.run(view.row.id, by=by)
        return {fact.label: fact.value for fact in view.facts}, view.path

    staff, path = told(REVIEWER)
    assert staff["出生日期"] == f"{elder.born_on:%Y}-**-**"
    assert staff["户籍在本市"] == "是"
    assert not any(born in sentence for sentence in path)
    herself, _path = told(automatic.for_herself(elder))
    assert herself["出生日期"] == born


def test_what_the_rules_were_given_is_sealed(elder):
    case = submit(elder)

    stored = bytes(last_run(case.number).sealed)
    assert elder.born_on.isoformat().encode() not in stored
    assert "养老金".encode() not in stored


def test_runs_cannot_be_changed_or_deleted(elder):
    case = submit(elder)
    run = last_run(case.number)
    run.reason = "改了"

    with pytest.raises(Exception, match="append_only"), transaction.atomic():
        run.save()
    with pytest.raises(Exception, match="append_only"), transaction.atomic():
        run.delete()


def test_the_database_has_no_word_for_a_refusal_by_machine(elder):
    case = submit(elder)
    run = last_run(case.number)

    for outcome, ground in (("refuse", "rule_hands_over"), ("grant", "check_failed")):
        with pytest.raises(IntegrityError), transaction.atomic():
            AutoRun.objects.create(
                case=run.case,
                serial=9,
                item_slug=run.item_slug,
                item_version=1,
                department="market",
                at=SUNDAY_NIGHT,
                outcome=outcome,
                ground=ground,
                took_ms=1,
            )


def test_a_case_that_breaks_the_rules_does_not_stop_those_behind_it(elder, monkeypatch):
    other = automatic.elder(id_number=automatic.registers.number(3), name="李样例")
    rules = services.automatic.handle

    def breaks(*, number: str, **given: object):
        if broken in {"", number}:
            raise ValueError("no answer to that")
        return rules(number=number, **given)  # type: ignore[arg-type]  # as it came

    broken = ""
    monkeypatch.setattr(services.automatic, "handle", breaks)
    waiting = [submit(one, key=one.ref).number for one in (elder, other)]
    broken = waiting[0]

    done = services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + MINUTE)

    assert done == waiting[1:]
    assert AutoWaiting.objects.get(settled_at=None).case.number == broken


def test_whoever_is_too_young_waits_for_a_person(elder):
    young = automatic.elder(id_number=automatic.registers.number(3), name="李样例")

    case = submit(young)

    assert case.state is CaseState.RECEIVED
    run = last_run(case.number)
    assert (run.outcome, run.ground) == ("hand_over", "rule_hands_over")
    assert case.outcome is None


def test_a_second_submission_of_one_form_gives_the_same_card(elder):
    first = submit(elder)
    draft = Case.objects.get(number=first.number).draft

    again = services.submit_case(
        draft_id=draft.pk,
        declaration_accepted=True,
        idempotency_key="once",
        calendar=CALENDAR,
        by=automatic.for_herself(elder),
        at=SUNDAY_NIGHT + MINUTE,
    )
    again = services.decide_by_rules(case=again, calendar=CALENDAR, at=SUNDAY_NIGHT + MINUTE)

    assert again.number == first.number
    assert AutoRun.objects.count() == 1
    assert len(licences.wallet(elder.ref)) == 1


def test_a_lost_card_is_replaced_without_a_person(elder):
    first = submit(elder)

    second = submit(elder, kind="lost", key="twice", at=SUNDAY_NIGHT + MINUTE)

    assert second.state is CaseState.CLOSED
    (held,) = licences.wallet(elder.ref)
    assert held.previous_identifier == first.licence_identifier
    assert held.version == 2


def test_who_has_a_card_gets_no_second_first_one(elder):
    submit(elder)

    again = submit(elder, key="twice", at=SUNDAY_NIGHT + MINUTE)

    assert again.state is CaseState.RECEIVED
    assert len(licences.wallet(elder.ref)) == 1


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.DOWN, Trouble.WRONG])
def test_a_register_in_trouble_hands_over_and_is_asked_again(elder, register, trouble):
    register.trouble = trouble

    case = submit(elder)

    assert case.state is CaseState.RECEIVED
    run = last_run(case.number)
    assert (run.outcome, run.ground) == ("hand_over", "check_failed")
    assert trouble.label in run.reason
    waiting = AutoWaiting.objects.get(case__number=case.number)
    assert waiting.settled_at is None
    assert waiting.due_at == SUNDAY_NIGHT + 2 * MINUTE


def test_a_register_that_comes_back_within_the_hour_gives_the_card(elder, register):
    register.trouble = Trouble.DOWN
    case = submit(elder)
    register.trouble = None

    early = services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + MINUTE)
    later = services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + 2 * MINUTE)

    assert early == []
    assert later == [case.number]
    assert queries.case(case.number, by=SYSTEM_READER).state is CaseState.CLOSED


def test_after_an_hour_the_case_stays_with_a_person(elder, register):
    register.trouble = Trouble.SLOW
    case = submit(elder)

    at = SUNDAY_NIGHT
    for _minute in range(90):
        at += MINUTE
        services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=at)
    register.trouble = None
    services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=at + MINUTE)

    assert AutoWaiting.objects.get(case__number=case.number).settled_at is not None
    assert Case.objects.get(number=case.number).state == "received"
    assert 4 <= AutoRun.objects.filter(case__number=case.number).count() <= 6


def test_once_a_person_took_the_case_the_machine_leaves_it(elder, register):
    register.trouble = Trouble.DOWN
    case = submit(elder)
    services.accept_case(number=case.number, calendar=CALENDAR, by=REVIEWER, at=SUNDAY_NIGHT)
    register.trouble = None

    services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + 2 * MINUTE)

    assert Case.objects.get(number=case.number).state == "accepted"
    assert last_run(case.number).ground == Ground.TAKEN


def test_a_register_that_contradicts_itself_is_not_believed(elder, register):
    register.fields = {"pension": True, "contributing": True, "insured": False}

    case = submit(elder)

    assert last_run(case.number).ground == Ground.CHECK_FAILED
    assert "自相矛盾" in last_run(case.number).reason
    assert case.state is CaseState.RECEIVED


def test_a_register_that_answers_in_the_wrong_type_is_not_believed(elder, register):
    register.fields = {"pension": "yes"}

    case = submit(elder)

    assert last_run(case.number).ground == Ground.CHECK_FAILED


def test_a_process_that_died_after_receipt_is_followed_by_the_job(elder, register):
    by = automatic.for_herself(elder)
    draft = services.save_draft(
        draft_id=None,
        item_slug=automatic.SENIOR,
        applicant_ref=elder.ref,
        answers={"kind": "first"},
        by=by,
        at=SUNDAY_NIGHT,
    )
    case = services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key="died",
        calendar=CALENDAR,
        by=by,
        at=SUNDAY_NIGHT,
    )

    services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + MINUTE)

    assert Case.objects.get(number=case.number).state == "closed"


def test_a_card_that_cannot_be_issued_is_left_to_a_person_whole(elder):
    row = LicenceType.objects.get(slug="senior_card")
    row.definition["holder"] = "entity"
    row.save()

    case = submit(elder)

    assert case.state is CaseState.RECEIVED
    assert last_run(case.number).ground == Ground.NOT_POSSIBLE
    assert licences.wallet(elder.ref) == []
    assert not CaseEvent.objects.filter(case__number=case.number, step="accept").exists()


def meanwhile(register: Register, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]):
    """Have something happen while the register is asked, which is outside every lock."""
    ask, left = register.ask, [act]

    def slowly(asking: Asking) -> object:
        if left:
            left.pop()()
        return ask(asking)

    monkeypatch.setattr(register, "ask", slowly)


def waits(elder: PersonView, register: Register) -> str:
    """Return the number of a case that a register held up, which answers by now."""
    register.trouble = Trouble.DOWN
    number = submit(elder).number
    register.trouble = None
    return number


def test_who_asks_for_a_person_while_registers_are_asked_gets_a_person(
    elder, register, monkeypatch
):
    number, later = waits(elder, register), SUNDAY_NIGHT + 2 * MINUTE
    by = automatic.for_herself(elder)
    meanwhile(
        register,
        monkeypatch,
        lambda: services.ask_person(number=number, reason="", by=by, at=later),
    )

    assert services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=later) == []

    assert Case.objects.get(number=number).state == "received"
    assert last_run(number).ground == Ground.ASKED
    assert licences.wallet(elder.ref) == []


def test_of_two_workers_on_one_case_the_second_changes_nothing(elder, register, monkeypatch):
    number, later = waits(elder, register), SUNDAY_NIGHT + 2 * MINUTE
    other: list[list[str]] = []
    meanwhile(
        register,
        monkeypatch,
        lambda: other.append(services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=later)),
    )

    assert services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=later) == []

    assert other == [[number]]
    assert len(licences.wallet(elder.ref)) == 1
    assert AutoRun.objects.filter(case__number=number).count() == 2
    assert AutoWaiting.objects.get(case__number=number).attempts == 2


def test_a_worker_that_still_waits_does_not_count_the_try_of_another(elder, register, monkeypatch):
    number, later = waits(elder, register), SUNDAY_NIGHT + 2 * MINUTE
    register.trouble = Trouble.SLOW
    meanwhile(
        register,
        monkeypatch,
        lambda: services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=later),
    )

    services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=later)

    runs = AutoRun.objects.filter(case__number=number).order_by("serial")
    assert [one.serial for one in runs] == [1, 2]
    assert AutoWaiting.objects.get(case__number=number).attempts == 2


def test_a_grant_that_is_not_possible_after_tries_is_one_run_more_with_its_trail(elder, register):
    number = waits(elder, register)
    row = LicenceType.objects.get(slug="senior_card")
    row.definition["holder"] = "entity"
    row.save()

    services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + 2 * MINUTE)

    assert last_run(number).serial == 2
    assert last_run(number).ground == Ground.NOT_POSSIBLE
    waiting = AutoWaiting.objects.get(case__number=number)
    assert (waiting.attempts, waiting.settled_at) == (2, SUNDAY_NIGHT + 2 * MINUTE)
    acts = AuditEvent.objects.filter(target=f"case:{number}").order_by("id")
    assert [one.act for one in acts if one.act.startswith("cases.")] == [
        "cases.receive",
        "cases.automatic_run",
        "cases.automatic_run",
    ]


def test_who_asks_for_a_person_before_gets_a_person(elder, register):
    case = submit(elder, by_person=True)

    assert case.state is CaseState.RECEIVED
    assert last_run(case.number).ground == Ground.ASKED
    assert register.asked == []
    assert services.handle_waiting(calendar=CALENDAR, by=SYSTEM, at=SUNDAY_NIGHT + MINUTE) == []


def test_who_asks_for_a_person_afterwards_is_heard_and_told(elder):
    case = submit(elder)
    by = automatic.for_herself(elder)

    services.ask_person(
        number=case.number, reason="卡上的名字想请人看看", by=by, at=SUNDAY_NIGHT + MINUTE
    )
    (review,) = questions.reviews(by=REVIEWER)
    services.review_automatic(
        review_id=review.id,
        verdict=SampleVerdict.CONFIRM,
        reason="与人口库一致",
        by=REVIEWER,
        at=SUNDAY_NIGHT + 10 * MINUTE,
    )

    assert review.asked_reason == "卡上的名字想请人看看"
    page = queries.messages_for(elder.ref)
    assert any("人工复核结果" in message.title for message in page)
    assert questions.automatic(case.number, by=by).review.verdict is SampleVerdict.CONFIRM


def test_a_stranger_cannot_ask_for_a_person(elder):
    case = submit(elder)

    with pytest.raises(queries.CaseNotFoundError):
        services.ask_person(number=case.number, reason="看看", by=cases.NOBODY, at=SUNDAY_NIGHT)


def test_a_case_of_people_offers_no_review_of_a_machine(elder):
    case = submit(elder, by_person=True)

    with pytest.raises(services.PersonRefusedError):
        services.ask_person(
            number=case.number, reason="看看", by=automatic.for_herself(elder), at=SUNDAY_NIGHT
        )


def test_a_stopped_item_goes_to_persons_at_once_and_resumes_with_four_eyes(elder):
    services.stop_automatic(
        item_slug=automatic.SENIOR, reason="发现规则有误", by=HEAD, at=SUNDAY_NIGHT
    )
    stopped = submit(elder)
    services.ask_resume_automatic(
        item_slug=automatic.SENIOR, reason="规则已核对", by=HEAD, at=SUNDAY_NIGHT
    )
    with pytest.raises(services.SwitchRefusedError, match="另一名"):
        services.resume_automatic(
            item_slug=automatic.SENIOR, reason="同意", by=HEAD, at=SUNDAY_NIGHT
        )
    services.resume_automatic(
        item_slug=automatic.SENIOR, reason="核对无误", by=APPROVER, at=SUNDAY_NIGHT
    )
    resumed = submit(elder, key="twice", at=SUNDAY_NIGHT + MINUTE)

    assert stopped.state is CaseState.RECEIVED
    assert last_run(stopped.number).ground == Ground.STOPPED
    assert resumed.state is CaseState.CLOSED
    acts = AuditEvent.objects.filter(act__startswith="cases.automatic_").order_by("id")
    assert {"cases.automatic_stop", "cases.automatic_resume"} <= {one.act for one in acts}


def test_the_database_itself_wants_two_persons_to_resume(elder):
    services.stop_automatic(item_slug=automatic.SENIOR, reason="停", by=HEAD, at=SUNDAY_NIGHT)
    services.ask_resume_automatic(
        item_slug=automatic.SENIOR, reason="好了", by=HEAD, at=SUNDAY_NIGHT
    )
    asked = AutoSwitch.objects.latest("id")

    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        AutoSwitch.objects.create(
            item_slug=automatic.SENIOR,
            act="resume",
            reason="自己确认",
            by=HEAD.ref,
            by_name="周负责",
            at=SUNDAY_NIGHT,
            asked=asked,
            asked_by=HEAD.ref,
        )


def test_reviewers_and_strangers_cannot_stop_an_item(elder):
    for by in (REVIEWER, cases.STRANGER, automatic.for_herself(elder)):
        with pytest.raises(PermissionRefusedError):
            services.stop_automatic(item_slug=automatic.SENIOR, reason="停", by=by, at=SUNDAY_NIGHT)


def test_a_day_with_one_grant_gives_one_to_look_at(elder):
    case = submit(elder)
    day = SUNDAY_NIGHT.date()

    drawn = services.draw_sample(day=day, seed="s", by=SYSTEM, at=SUNDAY_NIGHT)
    again = services.draw_sample(day=day, seed="t", by=SYSTEM, at=SUNDAY_NIGHT)

    assert drawn == [case.number]
    assert again == []


def test_a_disagreement_says_why_and_may_stop_the_item(elder):
    case = submit(elder)
    services.draw_sample(day=SUNDAY_NIGHT.date(), seed="s", by=SYSTEM, at=SUNDAY_NIGHT)
    (review,) = questions.reviews(by=REVIEWER)
    with pytest.raises(services.TextRefusedError):
        services.review_automatic(
            review_id=review.id,
            verdict=SampleVerdict.DISAGREE,
            reason=" ",
            by=REVIEWER,
            at=SUNDAY_NIGHT,
        )

    services.review_automatic(
        review_id=review.id,
        verdict=SampleVerdict.DISAGREE,
        reason="户籍上月已迁出",
        by=BOTH,
        at=SUNDAY_NIGHT,
        stop=True,
    )

    assert not questions.switch(automatic.SENIOR, on=SUNDAY_NIGHT.date()).on
    assert Case.objects.get(number=case.number).state == "closed"
    with pytest.raises(services.ReviewRefusedError):
        services.review_automatic(
            review_id=review.id,
            verdict=SampleVerdict.CONFIRM,
            reason="",
            by=REVIEWER,
            at=SUNDAY_NIGHT,
        )
    with pytest.raises(Exception, match="verdict_stands"), transaction.atomic():
        AutoReview.objects.filter(pk=review.id).update(reason="改了")


def test_only_the_job_takes_the_step_that_rules_take(elder, register):
    register.trouble = Trouble.DOWN
    case = submit(elder)
    services.accept_case(number=case.number, calendar=CALENDAR, by=REVIEWER, at=SUNDAY_NIGHT)
    row = Case.objects.get(number=case.number)

    row.state, row.way, row.outcome = "approved", "automatic", "grant"
    row.decided_by, row.decided_at = "user:approver", SUNDAY_NIGHT
    with pytest.raises(IntegrityError, match="jobs_decide"), transaction.atomic():
        row.save()


def test_an_event_without_a_run_that_granted_is_refused_by_the_database(elder, register):
    register.trouble = Trouble.DOWN
    case = submit(elder)
    row = Case.objects.get(number=case.number)

    with pytest.raises(IntegrityError, match="passed"), transaction.atomic():
        CaseEvent.objects.create(
            case=row,
            step=Step.GRANT_AUTOMATIC.value,
            from_state="accepted",
            to_state="approved",
            at=SUNDAY_NIGHT,
            actor="job:automatic",
            actor_name="系统",
        )


def test_other_departments_do_not_see_runs(elder):
    case = submit(elder)
    run = last_run(case.number)

    assert questions.runs(by=cases.STRANGER).rows == ()
    assert [row.case_number for row in questions.runs(by=REVIEWER).rows] == [case.number]
    with pytest.raises(queries.CaseNotFoundError):
        questions.run(run.pk, by=cases.STRANGER)


def test_runs_are_filtered_by_item_outcome_and_day(elder):
    submit(elder)
    day = SUNDAY_NIGHT.date()

    assert questions.runs(by=REVIEWER, item="another").rows == ()
    assert questions.runs(by=REVIEWER, outcome=RuleOutcome.HAND_OVER).rows == ()
    assert questions.runs(by=REVIEWER, day=day + dt.timedelta(days=1)).rows == ()
    assert len(questions.runs(by=REVIEWER, day=day, outcome=RuleOutcome.GRANT).rows) == 1


def test_runs_go_on_where_a_page_ended(elder):
    submit(elder)
    other = automatic.elder(id_number=automatic.registers.number(7, born_on=automatic.BORN))
    submit(other, key="again")

    first = questions.runs(by=REVIEWER, limit=1)
    second = questions.runs(by=REVIEWER, limit=1, after=first.after)

    assert second.after is None
    assert {row.id for row in (*first.rows, *second.rows)} == {
        row.id for row in questions.runs(by=REVIEWER).rows
    }
    assert first.rows != second.rows


SYSTEM_READER = REVIEWER


@pytest.mark.usefixtures("easy_district", "register")
def test_what_people_decided_is_drawn_once_a_day_and_not_from_rules():
    automatic.card_type()
    cases.publish(automatic.senior())
    submit(automatic.elder(), at=cases.FRIDAY)
    numbers = {cases.decided().number for _one in range(3)}

    drawn = services.draw_handled(day=cases.FRIDAY.date(), seed="s", by=SYSTEM, at=SUNDAY_NIGHT)
    again = services.draw_handled(day=cases.FRIDAY.date(), seed="t", by=SYSTEM, at=SUNDAY_NIGHT)

    assert len(drawn) == 1
    assert set(drawn) < numbers
    assert again == []
    row = AutoReview.objects.get()
    assert (row.cause, row.department, row.seed) == ("handled", "market", "s")
    trail = AuditEvent.objects.get(act="cases.handled_sample")
    assert (trail.detail["drawn"], trail.detail["of"]) == (1, 3)
    with pytest.raises(ValueError, match="only a named job"):
        services.draw_handled(day=cases.FRIDAY.date(), seed="s", by=HEAD, at=SUNDAY_NIGHT)
