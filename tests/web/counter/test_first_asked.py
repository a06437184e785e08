"""Whoever is asked first keeps the question until the asker knows the answer (首问负责)."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from tests.factories import cases
from tests.factories.desk import _hire as hire
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.models import AuditEvent
from yiwang.consultations import queries, services
from yiwang.consultations.models import Consultation
from yiwang.organisations.permissions import Actor, Post

pytestmark = pytest.mark.usefixtures("desk")

PAGE = "/counter/questions/"
ASKED = {"question": "民宿要不要消防检查？", "department": "market", "phone": "139 0000 1234"}


@pytest.fixture(autouse=True)
def _counting(desk: None) -> None:
    call_command("createcachetable", verbosity=0)


@pytest.fixture
def row() -> Consultation:
    """A question that the clerk was asked first, which the market department answers."""
    assert signed_in("clerk").post(PAGE, ASKED).status_code == 302
    return Consultation.objects.get()


def answered(row: Consultation) -> None:
    services.answer_consultation(
        consultation_id=row.pk, answer="要，开业前申请。", by=cases.HEAD, at=cases.FRIDAY
    )


def test_a_question_goes_to_the_department_and_stays_with_the_window_until_it_is_told():
    clerk = signed_in("clerk")

    shown = clerk.post(PAGE, ASKED, follow=True)
    page = shown.content.decode()

    row = Consultation.objects.get()
    assert (row.first_by, row.first_department, row.asker_ref) == ("user:clerk", "centre", "")
    assert row.query_code in page
    assert "139****1234" in page
    assert "13900001234" not in page
    assert "首问 陈窗口" in words(shown)
    assert "已告知对方" not in page
    desk = signed_in("head").get(f"/desk/questions/{row.pk}/")
    assert "首问人员 陈窗口" in words(desk)

    sent = {"answer": "要，开业前申请。"}
    assert signed_in("head").post(f"/desk/questions/{row.pk}/", sent).status_code == 302
    assert "1 个待告知" in words(clerk.get("/counter/"))
    assert "要，开业前申请。" in clerk.get(PAGE).content.decode()

    done = clerk.post(f"{PAGE}told/{row.pk}/", follow=True).content.decode()

    assert "没有要跟的问题" in done
    row.refresh_from_db()
    assert (row.told_at, row.told_by) == (cases.FRIDAY, "user:clerk")
    acts = AuditEvent.objects.filter(target=f"consultation:{row.pk}").order_by("pk")
    assert [one.act.partition(".")[2] for one in acts] == ["ask", "answer", "told"]


def test_who_was_identified_types_no_number_and_reads_the_answer_in_the_portal():
    clerk = signed_in("clerk")
    address = f"{PAGE}of/{cases.FIRM_REF}/"
    assert f'href="{address}"' in clerk.get(f"/counter/{cases.FIRM_REF}/").content.decode()
    form = clerk.get(address).content.decode()
    assert 'name="phone"' not in form

    asked = {"question": "换了法定代表人，许可证要不要换？", "department": "market"}
    assert clerk.post(address, asked).status_code == 302

    row = Consultation.objects.get()
    assert (row.asker_ref, row.phone_locked) == (cases.FIRM_REF, "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"question": " "}, "请写下对方要问的问题。"),
        ({"question": "问" * 501}, "请删减到500个字以内。"),
        ({"department": ""}, "分不清的选行政服务中心"),
        ({"department": "nowhere"}, "这个部门还没有答复咨询的岗位，请选择另一个部门。"),
        ({"phone": ""}, "请填写对方的11位手机号码，或者先在窗口核对身份再登记。"),
        ({"phone": "021-123"}, "请填写对方的11位手机号码，或者先在窗口核对身份再登记。"),
        ({"question": "问\x00题"}, "问题"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(changes: dict[str, str], sentence: str):
    answer = signed_in("clerk").post(PAGE, ASKED | changes)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert Consultation.objects.count() == 0
    if "phone" in changes:
        assert ASKED["question"] in page


def test_nobody_is_told_before_the_answer_or_twice(row: Consultation):
    clerk = signed_in("clerk")
    early = clerk.post(f"{PAGE}told/{row.pk}/")
    assert early.status_code == 422
    assert "部门还没有答复，请等有了答复再告知提问人。" in early.content.decode()

    answered(row)
    assert clerk.post(f"{PAGE}told/{row.pk}/").status_code == 302
    again = clerk.post(f"{PAGE}told/{row.pk}/")
    assert again.status_code == 422
    assert "已经登记过告知，不需要再登记。" in again.content.decode()


def test_another_window_neither_sees_nor_closes_it(row: Consultation):
    answered(row)
    hire({"far-clerk": ("江远处", [("housing", Post.COUNTER_CLERK)])})
    stranger = signed_in("far-clerk")

    assert stranger.post(f"{PAGE}told/{row.pk}/").status_code in {403, 404}
    assert row.query_code not in stranger.get(PAGE).content.decode()
    row.refresh_from_db()
    assert row.told_at is None


def test_a_question_of_the_portal_is_nobodys_to_tell():
    asked = services.hand_over(
        question="店招可以用繁体字吗？",
        phone="13900001234",
        workdays=5,
        calendar=cases.CALENDAR,
        by=Actor(ref="public:web", ip="10.1.2.3"),
        at=cases.FRIDAY,
    )
    row = Consultation.objects.get(query_code=asked.query_code)

    answer = signed_in("clerk").post(f"{PAGE}told/{row.pk}/")

    assert answer.status_code == 422
    assert "不是在窗口登记的" in answer.content.decode()


def test_an_unknown_applicant_or_question_is_not_found():
    clerk = signed_in("clerk")
    assert clerk.get(f"{PAGE}of/entity:nobody/").status_code == 404
    assert clerk.post(f"{PAGE}told/999999/").status_code == 404
    assert clerk.get(f"{PAGE}?after=x").status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"first_department": ""},
        {"told_at": cases.FRIDAY, "told_by": "user:clerk"},
        {"told_by": "user:clerk"},
    ],
)
def test_the_database_keeps_who_was_asked_and_told_whole(
    row: Consultation, change: dict[str, object]
):
    with pytest.raises(IntegrityError, match="first_asked|told_after"), transaction.atomic():
        Consultation.objects.filter(pk=row.pk).update(**change)


def test_the_list_asks_as_often_for_many_as_for_one(
    row: Consultation, django_assert_num_queries, django_assert_max_num_queries
):
    def listed() -> int:
        page = queries.first_asked(
            by=cases.CLERK, today=cases.FRIDAY.date(), calendar=cases.CALENDAR
        )
        return len(page.rows)

    with django_assert_max_num_queries(2) as one:
        assert listed() == 1
    spent = len(one)
    for _ in range(4):
        signed_in("clerk").post(PAGE, ASKED)
    with django_assert_num_queries(spent):
        assert listed() == 5


def test_a_page_of_many_goes_on_where_it_ended(row: Consultation):
    for number in range(3):
        services.ask_at_window(
            question=f"第{number}问",
            department="market",
            phone="13900001234",
            workdays=5,
            calendar=cases.CALENDAR,
            by=cases.CLERK,
            at=cases.FRIDAY,
        )
    answered(Consultation.objects.order_by("-pk")[0])
    seen: list[int] = []
    after = ""
    while True:
        page = queries.first_asked(
            by=cases.CLERK,
            today=cases.FRIDAY.date(),
            calendar=cases.CALENDAR,
            after=after,
            limit=2,
        )
        seen += [one.id for one in page.rows]
        after = page.next_after or ""
        if not after:
            break
    keys = list(Consultation.objects.order_by("pk").values_list("pk", flat=True))
    assert seen == [keys[-1], *keys[:-1]]
