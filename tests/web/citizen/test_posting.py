"""The paper result by post, on the pages of the applicant."""

from __future__ import annotations

import pytest

from tests.factories import cases, posting, steps
from tests.factories.portal import signed_in
from tests.factories.posting import PLACE
from yiwang.cases import services
from yiwang.cases.models import Posting

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
