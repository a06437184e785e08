"""The paper result by post: asked for by the applicant, sent by who delivers, back, asked anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from tests.factories import cases, posting
from tests.factories.posting import PLACE, POSTED
from yiwang.audit import queries as trail
from yiwang.cases import services
from yiwang.cases.models import Case, Delivery, Dispatch, Message, Posting, WindowVisit
from yiwang.cases.policy.posting import PostingState
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, Relation
from yiwang.cases.queries import CaseNotFoundError, archiving, case
from yiwang.cases.queries.parcels import came_back
from yiwang.cases.queries.posting import posted, posting_in_full, posting_of, to_post
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import PermissionRefusedError

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
PARCEL = {"carrier": "EMS", "tracking_number": "1234 5678 xa"}


@pytest.fixture(autouse=True)
def _posted(easy_district: None) -> None:
    posting.publish()


def ask(number: str, **changes: Any) -> Any:
    return services.ask_posting(
        **({"number": number, "by": cases.FIRM, "at": AT} | PLACE | changes)
    )


def send(number: str, **changes: Any) -> Any:
    given = {"number": number, "by": cases.CLERK, "at": AT} | PARCEL
    return services.post_result(**(given | changes))


def arrive(number: str) -> None:
    services.note_arrival(
        number=number,
        arrived_on=AT.date(),
        signed_by="王经办",
        relation=Relation.AGENT,
        by=cases.CLERK,
        at=AT,
    )


def waiting() -> list[str]:
    return [row.number for row in to_post(by=cases.CLERK)[0]]


@pytest.mark.req("CASE-04", "PORTAL-05")
def test_what_was_delivered_on_the_platform_goes_on_paper_to_whoever_asks():
    number = posting.online().number
    assert posting.grant(number).state is CaseState.CLOSED

    ask(number)
    assert waiting() == [number]
    sent = send(number)

    assert (sent.state, sent.tracking_number, sent.sent_on) == (
        PostingState.SENT,
        "12345678XA",
        AT.date(),
    )
    assert case(number, by=cases.HEAD).state is CaseState.CLOSED
    assert waiting() == []
    row = Delivery.objects.filter(case__number=number).order_by("-id")[0]
    assert (row.channel, row.to_name) == ("post", "王经办")
    assert "12345678XA" in row.result
    told = Message.objects.filter(case__number=number, title__startswith="纸质结果已寄出").get()
    assert "12345678XA" in told.body
    acts = {one.act for one in trail.trail(target=f"case:{number}")}
    assert {"cases.ask_posting", "cases.post_result"} <= acts
    assert archiving.tables_of(number)["cases_posting"][0]["to_name"] == "王经办"


@pytest.mark.req("CASE-04")
def test_asked_before_the_decision_it_waits_for_the_decision():
    number = posting.online().number
    ask(number)

    assert waiting() == []
    with pytest.raises(RefusedError, match="作出决定后才能邮寄"):
        send(number)

    posting.grant(number)
    assert waiting() == [number]


def test_a_case_of_the_window_is_under_way_and_closes_when_the_parcel_arrives():
    number = cases.decided(item_slug=POSTED).number
    ask(number)

    assert send(number).state is PostingState.SENT
    assert case(number, by=cases.HEAD).state is CaseState.DELIVERING
    assert Dispatch.objects.get(case__number=number).to_name == "王经办"
    arrive(number)
    assert case(number, by=cases.HEAD).state is CaseState.CLOSED
    with pytest.raises(RefusedError, match="已于2026-03-06由EMS寄出"):
        ask(number)


def test_the_desk_of_deliveries_answers_the_wish_too():
    number = cases.decided(item_slug=POSTED).number
    ask(number)

    services.send_result(number=number, by=cases.CLERK, at=AT, **PARCEL)

    assert posting_of(number, by=cases.FIRM).state is PostingState.SENT
    assert Dispatch.objects.get(case__number=number).to_name == "王经办"


def test_paper_that_was_handed_over_needs_no_parcel():
    number = cases.decided(item_slug=POSTED).number
    ask(number)
    services.deliver_case(number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)

    assert posting_of(number, by=cases.FIRM).state is PostingState.TAKEN_BACK
    assert waiting() == []
    with pytest.raises(RefusedError, match="纸质结果已经送达"):
        ask(number)


@pytest.mark.parametrize("online", [True, False])
def test_what_came_back_is_told_and_asked_for_anew(online: bool):
    number = posting.online().number if online else cases.receive(item_slug=POSTED).number
    posting.grant(number)
    ask(number)
    send(number)

    back = services.note_posting_return(
        number=number, returned_on=AT.date(), reason="查无此人", by=cases.CLERK, at=AT
    )
    assert (back.state, back.return_reason) == (PostingState.RETURNED, "查无此人")
    told = Message.objects.filter(case__number=number, title__startswith="邮寄的结果被退回")
    assert "查无此人" in told.get().body
    ask(number, address="嘉定区南翔镇示例路10号")
    assert waiting() == [number]
    assert send(number, tracking_number="2").tracking_number == "2"


def test_what_came_back_and_was_then_handed_over_is_not_posted_again():
    number = posting.online().number
    posting.grant(number)
    ask(number)
    send(number)
    services.note_posting_return(
        number=number, returned_on=AT.date(), reason="查无此人", by=cases.CLERK, at=AT
    )
    services.deliver_case(number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)

    with pytest.raises(RefusedError, match="纸质结果已经送达"):
        ask(number)


def test_what_arrived_does_not_come_back():
    number = cases.decided(item_slug=POSTED).number
    ask(number)
    send(number)
    arrive(number)

    with pytest.raises(RefusedError, match="已经登记签收"):
        services.note_posting_return(
            number=number, returned_on=AT.date(), reason="查无此人", by=cases.CLERK, at=AT
        )
    assert posting_of(number, by=cases.FIRM).state is PostingState.SENT


def test_a_copy_is_not_posted_beside_the_parcel_that_is_asked_for():
    number = posting.online().number
    posting.grant(number)
    ask(number)

    with pytest.raises(RefusedError, match="请在“结果邮寄”中登记寄出"):
        services.deliver_case(number=number, channel=DeliveryChannel.POST, by=cases.CLERK, at=AT)
    assert waiting() == [number]


def test_a_telephone_that_was_typed_is_not_looked_up_in_the_register():
    number = posting.online().number
    before = len(trail.trail(target=cases.FIRM_REF))

    wish = services.ask_posting(number=number, phone="13900005678", by=cases.FIRM, at=AT)

    assert (wish.phone, wish.to_name) == ("13900005678", "上海示例餐饮管理有限公司")
    assert len(trail.trail(target=cases.FIRM_REF)) == before
    services.ask_posting(number=number, by=cases.FIRM, at=AT)
    assert len(trail.trail(target=cases.FIRM_REF)) == before + 1


def test_a_newer_wish_takes_the_place_of_the_older_and_may_be_taken_back():
    number = posting.online().number
    ask(number)
    ask(number, address="嘉定区南翔镇示例路10号")

    assert Posting.objects.filter(case__number=number, taken_back_at=None).count() == 1
    back = services.take_posting_back(number=number, by=cases.FIRM, at=AT)
    assert back.state is PostingState.TAKEN_BACK
    with pytest.raises(RefusedError, match="没有等待寄出的邮寄要求"):
        services.take_posting_back(number=number, by=cases.FIRM, at=AT)


@pytest.mark.req("CASE-05")
def test_what_the_platform_holds_need_not_be_said_again():
    number = posting.online().number

    wish = services.ask_posting(number=number, by=cases.FIRM, at=AT)
    assert wish.to_name == "上海示例餐饮管理有限公司"
    assert wish.phone == "02100000001"
    assert wish.address

    services.change_contact(
        number=number,
        contact_name="王经办",
        phone="13900005678",
        address="嘉定区示例路9号",
        by=cases.FIRM,
        at=AT,
    )
    wish = services.ask_posting(number=number, by=cases.FIRM, at=AT)
    assert (wish.to_name, wish.phone, wish.address) == ("王经办", "13900005678", "嘉定区示例路9号")


def test_staff_read_where_it_goes_masked_and_others_not_at_all():
    number = posting.online().number
    ask(number)

    seen = posting_of(number, by=cases.CLERK)
    assert "0000" not in seen.phone
    assert "201" not in seen.address
    assert posting_in_full(number, by=cases.CLERK).phone == "13900005678"
    for by in (cases.STRANGER, cases.NOBODY):
        with pytest.raises(CaseNotFoundError):
            posting_of(number, by=by)
        with pytest.raises(CaseNotFoundError):
            ask(number, by=by)
        with pytest.raises(CaseNotFoundError):
            send(number, by=by)
    assert to_post(by=cases.STRANGER)[0] == []
    assert posted(by=cases.STRANGER)[0] == []
    with pytest.raises(PermissionRefusedError, match="由申请人决定"):
        ask(number, by=cases.REVIEWER)
    posting.grant(number)
    with pytest.raises(PermissionRefusedError):
        send(number, by=cases.REVIEWER)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": "123"}, "收件电话应为11位手机号"),
        ({"phone": "139000056789"}, "收件电话应为11位手机号"),
        ({"address": "示例路"}, "请填写完整的收件地址"),
        ({"address": "长" * 201}, "收件地址最多200个字"),
        ({"to_name": "长" * 61}, "收件人最多60个字"),
    ],
)
def test_a_place_at_which_nothing_arrives_is_refused_in_one_sentence(
    changes: dict[str, str], sentence: str
):
    number = posting.online().number

    with pytest.raises(RefusedError, match=sentence) as refused:
        ask(number, **changes)
    assert refused.value.message.count("。") == 1
    assert Posting.objects.count() == 0


def test_an_item_that_posts_nothing_and_a_case_that_is_over_say_so():
    plain = posting.online(item_slug=cases.RESTAURANT).number
    with pytest.raises(RefusedError, match="不能邮寄"):
        ask(plain)
    gone = posting.online().number
    services.withdraw_case(number=gone, reason="不办了", by=cases.FIRM, at=AT)
    with pytest.raises(RefusedError, match="没有可以邮寄的结果"):
        ask(gone)


def withdraw(number: str) -> None:
    services.withdraw_case(number=number, reason="不办了", by=cases.FIRM, at=AT)


@pytest.mark.parametrize(
    ("end", "by"),
    [(withdraw, cases.FIRM), (cases.terminate, cases.APPROVER)],
    ids=["withdrawn", "terminated"],
)
def test_a_wish_ends_with_a_case_that_has_no_result(end: Any, by: Any):
    number = cases.accepted(item_slug=POSTED).number
    ask(number)

    end(number)

    seen = posting_of(number, by=cases.FIRM)
    assert seen.state is PostingState.ENDED
    assert Posting.objects.get().taken_back_at == AT
    (trace,) = trail.trail(target=f"case:{number}", act="cases.end_posting")
    assert trace.actor == by.ref
    assert (trace.on_behalf_of == cases.FIRM_REF) is (by is cases.FIRM)
    with pytest.raises(RefusedError, match="不会寄出邮件"):
        ask(number)
    with pytest.raises(RefusedError, match="没有等待寄出的结果"):
        services.read_label(number=number, by=cases.CLERK, at=AT)


def test_a_wish_that_was_taken_back_before_the_end_stays_so():
    number = posting.online().number
    ask(number)
    services.take_posting_back(number=number, by=cases.FIRM, at=AT)
    services.withdraw_case(
        number=number, reason="不办了", by=cases.FIRM, at=AT + dt.timedelta(hours=1)
    )

    assert posting_of(number, by=cases.FIRM).state is PostingState.TAKEN_BACK
    assert trail.trail(target=f"case:{number}", act="cases.end_posting") == []


def test_a_wish_for_a_licence_that_was_ended_since_is_ended_and_its_label_not_read():
    number = cases.ended(CaseState.REVOKED, item_slug=POSTED).number
    Posting.objects.create(  # from before wishes ended with their case
        case_id=Case.objects.get(number=number).pk,
        asked_by=cases.FIRM.ref,
        asked_at=AT,
        **PLACE | {"phone": "13900005678"},
    )

    assert posting_of(number, by=cases.FIRM).state is PostingState.ENDED
    assert waiting() == []
    with pytest.raises(RefusedError, match="没有等待寄出的结果"):
        services.read_label(number=number, by=cases.CLERK, at=AT)


# At a window.


def at_window(number: str, **changes: Any) -> Any:
    return ask(number, **({"by": cases.CLERK, "visitor": cases.HEAD_OF_FIRM} | changes))


@pytest.mark.req("CASE-04", "CASE-05")
def test_a_window_asks_for_whoever_stands_there_and_the_trail_names_both():
    number = cases.receive(item_slug=POSTED).number

    wish = at_window(number)

    assert wish.state is PostingState.WAITING
    assert "5678" not in posting_of(number, by=cases.CLERK).phone[:-4]
    assert wish.phone != "13900005678"
    assert posting_of(number, by=cases.FIRM).phone == "13900005678"
    visit = WindowVisit.objects.get()
    assert (visit.act, visit.name, visit.by) == ("ask_posting", "示例负责人", "user:clerk")
    (trace,) = trail.trail(target=f"case:{number}", act="cases.ask_posting")
    assert (trace.actor, trace.on_behalf_of) == ("user:clerk", cases.FIRM_REF)
    told = Message.objects.filter(case__number=number, title__startswith="要求邮寄结果").get()
    assert "不是您本人要求的" in told.body

    back = services.take_posting_back(
        number=number, visitor=cases.HEAD_OF_FIRM, by=cases.CLERK, at=AT
    )
    assert back.state is PostingState.TAKEN_BACK
    (trace,) = trail.trail(target=f"case:{number}", act="cases.take_posting_back")
    assert (trace.actor, trace.on_behalf_of) == ("user:clerk", cases.FIRM_REF)
    assert WindowVisit.objects.order_by("id").last().act == "take_posting_back"


@pytest.mark.req("CASE-05")
def test_a_window_need_not_type_what_the_platform_holds_and_its_look_is_traced():
    number = cases.receive(item_slug=POSTED).number

    services.ask_posting(number=number, visitor=cases.HEAD_OF_FIRM, by=cases.CLERK, at=AT)

    wish = posting_of(number, by=cases.FIRM)
    assert (wish.to_name, wish.phone) == ("上海示例餐饮管理有限公司", "02100000001")
    read = trail.trail(target=cases.FIRM_REF)[0]
    assert (read.actor, read.purpose) == ("user:clerk", "邮寄办理结果")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"visitor": None}, "请先登记来人与申请人的关系"),
        ({"visitor": replace(cases.HEAD_OF_FIRM, identified=False)}, "请核对来人的身份证件原件"),
        (
            {"visitor": replace(cases.HEAD_OF_FIRM, relation=Relation.RECEIVER, name="何收件")},
            "只能由申请人、法定代表人",
        ),
        ({"phone": "123"}, "收件电话应为11位手机号"),
        ({"version": 99}, "请刷新后再办"),
    ],
)
def test_a_window_is_refused_like_the_portal_and_without_whoever_stands_there(
    changes: dict[str, Any], sentence: str
):
    number = cases.receive(item_slug=POSTED).number

    with pytest.raises(RefusedError, match=sentence):
        at_window(number, **changes)

    assert not Posting.objects.exists()
    assert not WindowVisit.objects.exists()


def test_a_window_takes_nothing_back_without_whoever_stands_there():
    number = cases.receive(item_slug=POSTED).number
    ask(number)

    with pytest.raises(RefusedError, match="请先登记来人"):
        services.take_posting_back(number=number, by=cases.CLERK, at=AT)
    assert posting_of(number, by=cases.FIRM).state is PostingState.WAITING


# What came back, until somebody did something about it.


def returned(number: str) -> None:
    services.note_posting_return(
        number=number, returned_on=AT.date(), reason="查无此人", by=cases.CLERK, at=AT
    )


@pytest.mark.parametrize("online", [True, False])
def test_a_parcel_is_back_until_somebody_says_anew_where_it_goes(online: bool):
    number = posting.online().number if online else cases.receive(item_slug=POSTED).number
    posting.grant(number)
    ask(number)
    send(number)
    assert came_back([number]) == {}

    returned(number)
    back = came_back([number])[number]
    assert (back.returned_on, back.wished) == (AT.date(), True)

    ask(number, address="嘉定区南翔镇示例路10号")
    assert came_back([number]) == {}
    send(number, tracking_number="2")
    assert came_back([number]) == {}


@pytest.mark.parametrize("online", [True, False])
def test_a_parcel_whose_paper_was_handed_over_is_not_back(online: bool):
    number = posting.online().number if online else cases.receive(item_slug=POSTED).number
    posting.grant(number)
    ask(number)
    send(number)
    returned(number)

    services.deliver_case(number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=AT)

    assert came_back([number]) == {}


def test_what_the_office_sent_and_nobody_wished_for_is_told_when_it_comes_back():
    number = cases.sent().number
    services.note_return(
        number=number, returned_on=AT.date(), reason="查无此人", by=cases.CLERK, at=AT
    )

    assert came_back([number])[number].wished is False
    told = Message.objects.filter(case__number=number, title__startswith="邮寄的结果被退回").get()
    assert "请联系办理部门核对地址" in told.body
    services.send_result(number=number, carrier="EMS", tracking_number="3", by=cases.CLERK, at=AT)
    assert came_back([number]) == {}


def test_a_refusal_is_posted_too():
    number = posting.online().number
    posting.grant(number, Outcome.REFUSE)

    ask(number)
    assert send(number).state is PostingState.SENT


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"carrier": " "}, "承运单位"),
        ({"tracking_number": ""}, "邮件号码"),
        ({"tracking_number": "1" * 41}, "邮件号码最多40个字"),
        ({"version": 1}, "请刷新后再办"),
    ],
)
def test_a_parcel_without_its_number_is_none(changes: dict[str, Any], sentence: str):
    number = posting.online().number
    posting.grant(number)
    ask(number)

    with pytest.raises(RefusedError, match=sentence):
        send(number, **changes)
    assert waiting() == [number]


def test_nothing_is_sent_or_returned_that_nobody_asked_for():
    number = posting.online().number
    posting.grant(number)
    with pytest.raises(RefusedError, match="申请人没有要求邮寄"):
        send(number)
    returned = {"number": number, "reason": "查无此人", "by": cases.CLERK, "at": AT}
    with pytest.raises(RefusedError, match="没有已经寄出的结果"):
        services.note_posting_return(returned_on=AT.date(), **returned)
    ask(number)
    send(number)
    with pytest.raises(RefusedError, match="退回日期应在"):
        services.note_posting_return(returned_on=AT.date() + dt.timedelta(days=1), **returned)


def test_the_list_goes_on_where_it_stopped():
    numbers = []
    for _each in range(3):
        number = posting.online().number
        posting.grant(number)
        ask(number)
        numbers.append(number)

    first, key = to_post(by=cases.CLERK, limit=2)
    rest, end = to_post(by=cases.CLERK, after=key, limit=2)
    assert [row.number for row in (*first, *rest)] == numbers
    assert end is None

    for number in numbers:
        send(number)
    newest, key = posted(by=cases.CLERK, limit=2)
    oldest, end = posted(by=cases.CLERK, after=key, limit=2)
    assert [one.row.number for one in (*newest, *oldest)] == numbers[::-1]
    assert end is None
    assert to_post(by=cases.CLERK)[0] == []


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("cases_posting_says_where", {"address": ""}),
        ("cases_posting_one_waits_per_case", {}),
        ("cases_posting_sent_whole", {"sent_on": AT.date()}),
        (
            "cases_posting_returns_after_it_was_sent",
            {
                "sent_on": AT.date(),
                "carrier": "EMS",
                "tracking_number": "1",
                "sent_by": "x",
                "returned_on": AT.date() - dt.timedelta(days=1),
                "return_reason": "x",
            },
        ),
    ],
)
def test_the_database_refuses_what_contradicts_itself(constraint: str, changes: dict[str, Any]):
    ask(posting.online().number)
    row = Posting.objects.get()
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_where_it_was_to_go_is_never_changed():
    ask(posting.online().number)

    with pytest.raises(DatabaseError), transaction.atomic():
        Posting.objects.update(address="别处别处别处")
    with pytest.raises(DatabaseError), transaction.atomic():
        Posting.objects.all().delete()
