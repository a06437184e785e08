"""The paper result by post, on the pages of the applicant."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import cases, posting, steps
from tests.factories.portal import signed_in
from tests.factories.posting import PLACE
from yiwang.cases import services
from yiwang.cases.models import Case, Posting
from yiwang.cases.policy.terms import DeliveryChannel

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def address(portal: None) -> str:
    """A submitted case whose result may be posted."""
    posting.publish()
    return f"/cases/{posting.online().number}/"


@pytest.mark.req("CASE-04", "PORTAL-05")
def test_from_the_case_to_the_number_of_the_parcel(address: str):
    client = signed_in()
    assert f"{address}posting/" in client.get(address).content.decode()

    page = client.get(f"{address}posting/").content.decode()
    assert "上海示例餐饮管理有限公司" in page
    done = client.post(f"{address}posting/", PLACE, follow=True).content.decode()
    assert "已登记，寄出后告诉您邮件号码" in done
    assert "待寄出" in done
    assert "嘉定区南翔镇示例路9号201室" in done

    number = address.split("/")[2]
    posting.grant(number)
    services.post_result(
        number=number, carrier="EMS", tracking_number="77", by=cases.CLERK, at=cases.FRIDAY
    )
    sent = client.get(f"{address}posting/").content.decode()
    assert "已寄出" in sent
    assert "EMS 77" in sent
    assert "要求邮寄</button>" not in sent


def test_it_is_taken_back_and_asked_for_with_nothing_typed(address: str):
    client = signed_in()

    client.post(f"{address}posting/", {})
    assert Posting.objects.get().to_name == "上海示例餐饮管理有限公司"
    page = client.post(f"{address}posting/", {"take_back": "1"}, follow=True)
    assert "已取消邮寄" in page.content.decode()
    again = client.post(f"{address}posting/", {"take_back": "1"})
    assert "没有等待寄出的邮寄要求" in again.content.decode()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"phone": "123"}, "收件电话应为11位手机号"),
        ({"address": "路"}, "请填写完整的收件地址"),
        ({"address": "长" * 201}, "收件地址最多200个字"),
    ],
)
def test_what_cannot_be_is_said_and_kept(address: str, sent: dict[str, str], sentence: str):
    page = signed_in().post(f"{address}posting/", PLACE | sent)

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert PLACE["to_name"] in page.content.decode()
    (field,) = sent
    assert f'href="#id_{field}"' in page.content.decode()
    assert not Posting.objects.exists()


def test_another_persons_case_is_not_found_and_an_item_that_posts_nothing_says_so(address: str):
    assert signed_in("zhang").get(f"{address}posting/").status_code == 403
    cases.publish(cases.without_materials(slug="kept", **steps.coded(62)))
    kept = f"/cases/{posting.online(item_slug='kept').number}/"

    client = signed_in()
    assert f"{kept}posting/" not in client.get(kept).content.decode()
    assert "不能邮寄" in client.get(f"{kept}posting/").content.decode()
    assert client.post(f"{kept}posting/", PLACE).status_code == 422


@pytest.mark.req("CASE-04")
def test_with_a_case_that_was_withdrawn_nothing_is_posted_and_the_page_says_so(address: str):
    client = signed_in()
    client.post(f"{address}posting/", PLACE)
    client.post(f"{address}withdraw/", {"reason": "不办了"})

    case = client.get(address).content.decode()
    assert "以后需要可以重新申请。您要求邮寄的结果不会寄出。" in case
    assert f'href="{address}posting/"' in case
    page = client.get(f"{address}posting/").content.decode()

    assert "不再邮寄" in page
    assert "待寄出" not in page
    assert "没有可以邮寄的结果，不会寄出邮件。您以前的邮寄要求已经结束。" in page
    assert "要求邮寄</button>" not in page
    assert "取消邮寄</button>" not in page
    again = client.post(f"{address}posting/", PLACE)
    assert again.status_code == 422


def back(number: str) -> None:
    """Have the parcel sent to where it is wished, and come back."""
    services.ask_posting(number=number, by=cases.FIRM, at=cases.FRIDAY, **PLACE)
    posting.grant(number)
    services.post_result(
        number=number, carrier="EMS", tracking_number="77", by=cases.CLERK, at=cases.FRIDAY
    )
    services.note_posting_return(
        number=number,
        returned_on=cases.FRIDAY.date(),
        reason="查无此人",
        by=cases.CLERK,
        at=cases.FRIDAY,
    )


TO_DO = "请核对收件地址后重新要求邮寄，或者到窗口领取。"


@pytest.mark.req("CASE-04", "PORTAL-05")
def test_what_came_back_is_what_one_has_to_do_now_until_it_is_asked_for_anew(address: str):
    client, number = signed_in(), address.split("/")[2]
    link = f'href="{address}posting/">核对收件地址</a>'
    back(number)

    page = client.get(address).content.decode()
    assert f"邮寄的结果于 3月6日 被退回，{TO_DO}" in page
    assert link in page
    listed = client.get("/cases/").content.decode()
    assert "需要您处理" in listed
    assert "邮寄的结果被退回：" in listed

    client.post(f"{address}posting/", PLACE | {"address": "嘉定区南翔镇示例路10号"})
    page = client.get(address).content.decode()
    assert TO_DO not in page.split("<h2>消息</h2>")[0]
    assert link not in page
    assert "需要您处理" not in client.get("/cases/").content.decode()


def test_what_came_back_and_was_handed_over_asks_nothing_more(address: str):
    client, number = signed_in(), address.split("/")[2]
    back(number)
    services.deliver_case(
        number=number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )

    assert "被退回，请核对收件地址后重新要求邮寄" not in client.get(address).content.decode()
    assert "需要您处理" not in client.get("/cases/").content.decode()


def test_whoever_follows_a_case_by_its_code_reads_what_came_back(address: str, client: Client):
    number = address.split("/")[2]
    back(number)
    case = Case.objects.get(number=number)

    page = client.post(
        "/track/", {"query_code": case.query_code, "phone": "13900001234"}, follow=True
    ).content.decode()

    assert TO_DO in page
    assert "查无此人" not in page
    assert PLACE["address"] not in page
