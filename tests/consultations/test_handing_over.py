"""We know what becomes of a question that is handed over to a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.architecture.test_row_security import serving_role
from tests.factories import cases, desk
from yiwang.audit.queries import trail
from yiwang.cases import queries as queries_of_cases
from yiwang.consultations import queries, quoting, services
from yiwang.consultations.models import Consultation, PublicAnswer
from yiwang.consultations.policy.handing_over import (
    ANSWER_WORKDAYS,
    ConsultationState,
    answer_due_on,
    holds_personal_number,
    limit_workdays,
    plain_phone,
)
from yiwang.content.models import Text
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.kernel.workdays import CalendarGapError
from yiwang.notices.models import Notice
from yiwang.organisations import scope
from yiwang.organisations.limits import TooManyTriesError
from yiwang.organisations.permissions import Actor, PermissionRefusedError

PHONE = "13900001234"
TODAY = cases.FRIDAY.date()
NOON = cases.FRIDAY + dt.timedelta(hours=3)
SOMEBODY = Actor(ref="public:web", ip="10.1.2.3")


@pytest.fixture
def district(whole_district: None) -> None:
    """The district with its staff."""
    call_command("createcachetable", verbosity=0)
    cache.clear()
    desk.hire()


def hand_over(**changes: Any) -> Consultation:
    given: dict[str, Any] = {
        "question": "店招能不能用繁体字？",
        "phone": PHONE,
        "workdays": 5,
        "calendar": cases.CALENDAR,
        "by": SOMEBODY,
        "at": cases.FRIDAY,
    }
    asked = services.hand_over(**(given | changes))
    return Consultation.objects.get(query_code=asked.query_code)


def answer(row: Consultation, **changes: Any) -> None:
    given: dict[str, Any] = {
        "consultation_id": row.pk,
        "answer": "可以，但要与规范汉字同时使用。",
        "by": cases.CLERK,
        "at": NOON,
    }
    services.answer_consultation(**(given | changes))


def publish(row: Consultation, **changes: Any) -> None:
    given: dict[str, Any] = {
        "consultation_id": row.pk,
        "question": "店铺招牌可以用繁体字吗？",
        "answer": "可以。\n要与规范汉字同时使用。",
        "by": cases.CLERK,
        "at": NOON,
    }
    services.publish_answer(**(given | changes))


def withdraw(row: Consultation, **changes: Any) -> None:
    given: dict[str, Any] = {
        "consultation_id": row.pk,
        "reason": "规定改了。",
        "by": cases.CLERK,
        "at": NOON,
    }
    services.withdraw_answer(**(given | changes))


pytestmark = pytest.mark.usefixtures("district")


def test_a_question_without_an_item_goes_to_the_centre_with_a_due_date():
    row = hand_over()

    assert (row.department_code, row.item_slug) == ("centre", "")
    assert row.state == ConsultationState.OPEN
    assert row.due_on == dt.date(2026, 3, 13)
    assert row.query_code.startswith("ZX260306")


def test_a_question_about_an_item_goes_to_its_department():
    row = hand_over(item_slug=cases.RESTAURANT)

    assert (row.department_code, row.item_name) == ("market", "餐饮服务许可（新办）")


def test_an_item_that_is_not_in_force_is_left_out():
    assert hand_over(item_slug="no-such-item").item_slug == ""


def test_where_nobody_of_the_department_answers_the_centre_does():
    desk.User.objects.filter(login__in=["reviewer", "reviewer2", "both", "head"]).update(
        is_active=False
    )

    row = hand_over(item_slug=cases.RESTAURANT)

    assert (row.department_code, row.item_slug) == ("centre", cases.RESTAURANT)


def test_the_number_is_kept_encrypted_and_shown_masked():
    row = hand_over(phone="139 0000-1234")

    assert PHONE not in row.phone_locked
    seen = queries.consultation(row.pk, by=cases.CLERK, today=TODAY, calendar=cases.CALENDAR)
    assert seen.contact == "139****1234"


def test_a_signed_in_applicant_is_known_by_the_subject_and_no_number_is_kept():
    row = hand_over(by=cases.FIRM, phone=PHONE)

    assert (row.asker_ref, row.phone_locked) == (cases.FIRM_REF, "")
    assert [one.question for one in queries.own_questions(by=cases.FIRM)] == [row.question]
    assert queries.own_questions(by=cases.NOBODY) == []
    assert queries.own_questions(by=SOMEBODY) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"question": " \n"}, "请写下要问的问题", id="no question"),
        pytest.param({"question": "问" * 501}, "内容最多500字", id="too long"),
        pytest.param({"question": "问\x00"}, "无法识别的字符", id="NUL"),
        pytest.param({"phone": ""}, "请填写11位手机号码", id="no number"),
        pytest.param({"phone": "021-00000003"}, "请填写11位手机号码", id="no mobile number"),
        pytest.param({"by": cases.CLERK, "phone": ""}, "请填写11位手机号码", id="staff"),
    ],
)
def test_handing_over_says_what_is_missing(changes: dict[str, Any], words: str):
    with pytest.raises(services.HandOverRefusedError, match=words):
        hand_over(**changes)
    assert not Consultation.objects.exists()


def test_without_a_centre_the_telephone_is_named():
    cases.Department.objects.filter(kind="centre").delete()

    with pytest.raises(services.HandOverRefusedError, match="请拨打12345"):
        hand_over()


def test_one_address_hands_over_so_many_questions_and_no_more():
    for _ in range(services.HANDED_OVER[0].most):
        hand_over()

    with pytest.raises(TooManyTriesError):
        hand_over()
    hand_over(by=Actor(ref="public:web", ip="10.9.9.9"))


def test_nothing_is_kept_when_the_limit_leaves_the_calendar():
    with pytest.raises(CalendarGapError):
        hand_over(calendar=cases.ENDING, workdays=20)
    assert not Consultation.objects.exists()


def test_the_answer_is_read_with_code_and_number_and_names_who_gave_it():
    row = hand_over()
    before = queries.read_by_code(code=row.query_code.lower(), phone=PHONE)
    answer(row)

    after = queries.read_by_code(code=f" {row.query_code[:6]}-{row.query_code[6:]}", phone=PHONE)

    assert (before.answer, before.answered_by) == ("", "")
    assert after.answer == "可以，但要与规范汉字同时使用。"
    assert after.answered_by.endswith("陈窗口")
    assert after.answered_at == NOON


@pytest.mark.parametrize(
    ("code", "phone"),
    [("right", "13900009999"), ("right", "1234"), ("right", ""), ("ZX260306ZZZZ", PHONE)],
)
def test_wrong_answers_sound_all_the_same(code: str, phone: str):
    row = hand_over()

    with pytest.raises(queries.AnswerNotFoundError, match="请核对查询码和提问时填写的手机号码"):
        queries.read_by_code(code=row.query_code if code == "right" else code, phone=phone)


def test_the_question_of_an_account_is_not_read_by_its_code():
    row = hand_over(by=cases.FIRM)

    with pytest.raises(queries.AnswerNotFoundError):
        queries.read_by_code(code=row.query_code, phone="")


def test_looking_is_counted_per_code():
    for number in range(services.CODE[0].most):
        services.count_look(code="ZX260306ZZZZ", address=f"10.0.0.{number}", at=NOON)

    with pytest.raises(TooManyTriesError):
        services.count_look(code=" zx260306zzzz", address="10.0.0.99", at=NOON)


@pytest.mark.parametrize("actor", [cases.REVIEWER, cases.HEAD], ids=["reviewer", "head"])
def test_reviewer_and_head_answer_for_their_department(actor: Actor):
    row = hand_over(item_slug=cases.RESTAURANT)

    answer(row, by=actor)

    row.refresh_from_db()
    assert (row.state, row.answered_by) == (ConsultationState.ANSWERED, actor.ref)


@pytest.mark.parametrize(
    "actor",
    [cases.CLERK, cases.APPROVER, cases.STRANGER, cases.FIRM, SOMEBODY],
    ids=["clerk of the centre", "approver", "other department", "applicant", "anybody"],
)
@pytest.mark.parametrize("act", [answer, publish, withdraw])
def test_nobody_else_acts_on_it(actor: Actor, act: Any):
    row = hand_over(item_slug=cases.RESTAURANT)

    with pytest.raises(PermissionRefusedError):
        act(row, by=actor)
    with pytest.raises(PermissionRefusedError):
        queries.consultation(row.pk, by=actor, today=TODAY, calendar=cases.CALENDAR)


@pytest.mark.parametrize(
    ("text", "words"), [("  ", "请填写答复"), ("答" * 2001, "最多2000字"), ("\x00答", "无法识别")]
)
def test_an_answer_has_words_and_an_end(text: str, words: str):
    row = hand_over()

    with pytest.raises(services.AnswerRefusedError, match=words):
        answer(row, answer=text)


def test_a_question_is_answered_once():
    row = hand_over()
    answer(row)

    with pytest.raises(services.AnswerRefusedError, match="已经答复"):
        answer(row)
    with pytest.raises(services.AnswerRefusedError, match="已经答复"):
        services.transfer_consultation(
            consultation_id=row.pk, department="market", reason="归他们", by=cases.CLERK, at=NOON
        )


def test_a_question_is_passed_on_with_its_due_date():
    row = hand_over()

    services.transfer_consultation(
        consultation_id=row.pk, department="market", reason="归市场监管", by=cases.CLERK, at=NOON
    )

    due = row.due_on
    row.refresh_from_db()
    assert (row.department_code, row.due_on) == ("market", due)
    answer(row, by=cases.HEAD)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"department": "centre"}, "已经在本部门"),
        ({"department": "nowhere"}, "还没有答复咨询的岗位"),
        ({"reason": " "}, "请写明转办理由"),
        ({"reason": "因" * 201}, "最多200字"),
    ],
)
def test_passing_on_says_what_is_wrong(changes: dict[str, Any], words: str):
    row = hand_over()
    given = {"department": "market", "reason": "归他们"} | changes

    with pytest.raises(services.AnswerRefusedError, match=words):
        services.transfer_consultation(consultation_id=row.pk, by=cases.CLERK, at=NOON, **given)


def test_departments_to_pass_on_to_are_those_where_somebody_answers():
    codes = [code for code, _name in queries.answering_departments(at=NOON)]

    assert {"centre", "market", "housing"} == set(codes)


def test_a_public_answer_is_quoted_by_the_box_word_for_word():
    row = hand_over()
    answer(row)
    assert not quoting.reply("招牌可以用繁体字吗", on=TODAY).known
    publish(row)

    found = quoting.reply("招牌可以用繁体字吗", on=TODAY)

    (one,) = found.answers
    assert one.source.kind is quoting.SourceKind.PUBLIC_ANSWER
    assert one.heading == "店铺招牌可以用繁体字吗？"
    assert [line.words for line in one.lines] == [("可以。",), ("要与规范汉字同时使用。",)]
    assert one.source.dated == "2026-03-06"
    public = PublicAnswer.objects.get()
    assert all(words in public.answer for line in one.lines for words in line.words)


def test_what_was_taken_down_is_quoted_no_more_and_may_be_public_again():
    row = hand_over()
    answer(row)
    publish(row)
    withdraw(row)

    assert not quoting.reply("招牌可以用繁体字吗", on=TODAY).known
    seen = queries.consultation(row.pk, by=cases.CLERK, today=TODAY, calendar=cases.CALENDAR)
    assert seen.public is not None
    assert seen.public.withdrawal_reason == "规定改了。"
    publish(row)
    assert quoting.reply("招牌可以用繁体字吗", on=TODAY).known


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"question": " "}, "请填写公开的问题"),
        ({"answer": ""}, "请填写公开的答复"),
        ({"answer": "请打139 0000-1234问。"}, "证件号码或者手机号码"),
        ({"question": "我的号码310114199001011234能办吗？"}, "证件号码或者手机号码"),
    ],
)
def test_making_public_says_what_is_wrong(changes: dict[str, Any], words: str):
    row = hand_over()
    answer(row)

    with pytest.raises(services.AnswerRefusedError, match=words):
        publish(row, **changes)
    assert not PublicAnswer.objects.exists()


def test_only_an_answer_is_made_public_and_only_a_public_one_taken_down():
    row = hand_over()
    with pytest.raises(services.AnswerRefusedError, match="请先答复再公开"):
        publish(row)
    answer(row)
    with pytest.raises(services.AnswerRefusedError, match="没有公开"):
        withdraw(row)
    publish(row)
    with pytest.raises(services.AnswerRefusedError, match="已经公开"):
        publish(row)
    with pytest.raises(services.AnswerRefusedError, match="请写明撤下理由"):
        withdraw(row, reason="")


def test_every_act_is_in_the_trail_and_the_askers_words_are_not():
    row = hand_over(by=SOMEBODY)
    services.transfer_consultation(
        consultation_id=row.pk, department="market", reason="归他们", by=cases.CLERK, at=NOON
    )
    answer(row, by=cases.HEAD)
    publish(row, by=cases.HEAD)
    withdraw(row, by=cases.HEAD)

    for act in ("ask", "transfer", "answer", "publish", "withdraw"):
        (found,) = trail(act=f"consultations.{act}")
        assert found.target == f"consultation:{row.pk}"
        assert row.question not in str(found.detail)
        assert PHONE not in str(found.detail)


def test_lists_show_open_questions_by_due_date_and_page_on():
    late = hand_over(workdays=9)
    soon = hand_over(workdays=2)
    answer(hand_over())
    hand_over(item_slug=cases.RESTAURANT)
    given = {"by": cases.CLERK, "today": TODAY, "calendar": cases.CALENDAR}

    first = queries.consultations(**given, limit=1)
    second = queries.consultations(**given, limit=1, after=first.next_after or "")

    assert [row.id for row in first.rows + second.rows] == [soon.pk, late.pk]
    assert second.next_after is None
    assert len(queries.consultations(**given, answered=True).rows) == 1
    assert queries.open_consultations(by=cases.CLERK) == 2
    assert queries.open_consultations(by=cases.HEAD) == 1
    for place in ("x", "2026-03-06_x", "2026-13-01_1"):
        with pytest.raises(PageKeyRefusedError):
            queries.consultations(**given, after=place)


def test_the_database_shows_a_question_to_its_department_and_its_asker_only():
    row = hand_over(item_slug=cases.RESTAURANT, by=cases.FIRM)
    expected = ((cases.HEAD, 1), (cases.FIRM, 1), (cases.STRANGER, 0), (SOMEBODY, 0))
    with serving_role():
        for actor, count in expected:
            scope.enter(actor)
            assert Consultation.objects.filter(pk=row.pk).count() == count, actor.ref
        scope.leave()


@pytest.mark.parametrize(
    "change",
    [
        "asker_ref = 'person:x'",
        "phone_locked = ''",
        "state = 'lost'",
        "question = ' '",
        "due_on = asked_on",
        "answer = '有'",
        "state = 'answered'",
    ],
)
def test_the_database_refuses_a_row_that_says_two_things(change: str):
    hand_over()

    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE consultations_consultation SET {change}")


@pytest.mark.parametrize("change", ["question = ' '", "withdrawn_by = 'user:x'"])
def test_the_database_refuses_a_public_answer_that_says_too_little(change: str):
    row = hand_over()
    answer(row)
    publish(row)

    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE consultations_publicanswer SET {change}")


def test_two_questions_have_two_codes():
    codes = {hand_over().query_code for _ in range(5)}

    assert len(codes) == 5


def test_the_limit_is_the_packs_and_else_ours(settings: Any):
    assert queries.answer_workdays(on=TODAY) == ANSWER_WORKDAYS
    Text.objects.create(
        pack=settings.DISTRICT,
        key="consultations.answer_workdays",
        revision=1,
        text="3",
        source="示例",
        effective_on=dt.date(2026, 1, 1),
    )

    assert queries.answer_workdays(on=TODAY) == 3
    assert [limit_workdays(text) for text in ("3", "60", "0", "61", "五", "", "３")] == [
        3,
        60,
        *[ANSWER_WORKDAYS] * 5,
    ]


def test_the_day_of_asking_is_not_counted():
    friday = dt.date(2026, 3, 6)

    assert answer_due_on(asked_on=friday, workdays=5, calendar=cases.CALENDAR) == dt.date(
        2026, 3, 13
    )


def test_numbers_are_read_however_they_are_typed():
    assert plain_phone("+86 139-0000 1234") == PHONE
    assert plain_phone("1390000123") == ""
    assert plain_phone("１３９００００１２３４") == ""
    assert holds_personal_number("身份证31011419900101123x")
    assert holds_personal_number("310114 19900101 1234")
    assert not holds_personal_number("请拨打12345，2026年3月6日前，编号20260306000123456789")


def test_the_asker_is_told_that_there_is_an_answer(settings, tmp_path):
    settings.DEMO, settings.OUTBOX_DIR = True, tmp_path
    by_phone, by_account = hand_over(), hand_over(by=cases.FIRM)

    for row in (by_phone, by_account):
        services.answer_consultation(
            consultation_id=row.pk, answer="可以办理。", by=cases.CLERK, at=cases.FRIDAY
        )

    notice = Notice.objects.get(about=f"consultation:{by_phone.query_code}")
    assert (notice.occasion, notice.channel) == ("consultation_answered", "sms")
    assert PHONE not in notice.sealed
    (message,) = queries_of_cases.messages_for(cases.FIRM_REF)
    assert by_account.query_code in message.title
