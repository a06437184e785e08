"""On the portal: what a scope needs is shown, confirmed, refused without, and what is left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import cases
from tests.factories.portal import signed_in
from tests.factories.registration import RULES, SCOPE, SHOP, prepare
from yiwang.cases import services as acts
from yiwang.cases.models import Case, Draft
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.terms import Outcome
from yiwang.registration import telling
from yiwang.registration.models import Rules, ToldPermits

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture(autouse=True)
def _registration(portal: None) -> None:
    prepare()


def words(answer: Any) -> str:
    return re.sub(r"<[^>]+>", "", answer.content.decode())


def begun(client: Client, scope: str = SCOPE) -> str:
    answer = client.post(
        f"/items/{SHOP}/apply/", {"applicant": cases.FIRM_REF, "request_kind": "new"}
    )
    client.post(
        f"{answer['Location']}section/business/",
        {"shop_name": "示例小店", "business_scope": scope},
    )
    return str(answer["Location"])


def digest(page: Any) -> str:
    found = re.search(r'name="briefed" value="([0-9a-f]{64})"', page.content.decode()) or re.search(
        r'value="([0-9a-f]{64})"[^>]*name="briefed"', page.content.decode()
    )
    found = found or re.search(
        r'<input[^>]*name="briefed"[^>]*value="([0-9a-f]{64})"', page.content.decode()
    )
    assert found
    return found[1]


def test_the_list_is_shown_in_the_task_list_the_topic_and_before_the_submission():
    client = signed_in()
    draft = begun(client)

    assert "有 1 项用语由工作人员确认" in words(client.get(draft))
    for page in (
        words(client.get(f"{draft}section/business/")),
        words(client.get(f"{draft}check/")),
    ):
        for said in (
            "餐饮服务许可（新办）",
            "登记后办理（后置）",
            "登记前取得（前置）",
            "示例区市场监管局",
            "不需要许可的：软件开发",
            "餐饮设备租赁",
            "含有这些许可的用语：设备许可",
        ):
            assert said in page, said
    assert f"item={SHOP}" in client.get(f"{draft}check/").content.decode()


def test_the_tick_submits_and_the_case_shows_what_was_confirmed():
    client = signed_in()
    draft = begun(client)
    confirmed = digest(client.get(f"{draft}check/"))

    answer = client.post(f"{draft}check/", {"promise": "on", "briefed": confirmed})

    assert answer.status_code == 302
    case = Case.objects.get()
    assert ToldPermits.objects.get().case_number == case.number
    page = words(client.get(f"/cases/{case.number}/"))
    assert "确认已知悉，取得许可前不经营" in page
    assert "许可事项告知承诺书" in page


def test_without_the_tick_the_page_says_what_to_do_and_keeps_the_list():
    client = signed_in()
    draft = begun(client)

    answer = client.post(f"{draft}check/", {"promise": "on"})

    assert answer.status_code == 422
    assert "请阅读经营范围需要办理的许可并勾选，取得许可前不经营，然后提交。" in words(answer)
    assert "#id_briefed" in answer.content.decode()
    assert "餐饮服务许可（新办）" in words(answer)
    assert not Case.objects.exists()


@pytest.mark.parametrize("how", ["scope", "rules", "made up"])
def test_a_tick_beside_another_list_is_asked_for_again(how: str):
    client = signed_in()
    draft = begun(client)
    confirmed = digest(client.get(f"{draft}check/"))
    if how == "scope":
        client.post(f"{draft}section/business/", {"business_scope": "软件开发"})
    elif how == "rules":
        Rules.objects.create(definition=Rules.objects.get().definition, saved_at=cases.FRIDAY)
    else:
        confirmed = "f" * 64

    answer = client.post(f"{draft}check/", {"promise": "on", "briefed": confirmed})

    assert answer.status_code == 422
    assert "经营范围或者许可规则有了变化，请重新阅读许可清单并勾选" in words(answer)
    again = digest(answer)
    assert again != confirmed
    assert client.post(f"{draft}check/", {"promise": "on", "briefed": again}).status_code == 302


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("软件开发；餐饮管理", "按现行规则，这些项目都不需要许可"),
        ("卖花", "没有查到确定要办的许可，但是下面的用语要由工作人员确认"),
        ("<script>alert(1)</script>", "由工作人员确认，系统不猜"),
        ("餐饮服务；餐饮服务；餐饮服务", "餐饮服务许可（新办）"),
    ],
)
def test_no_permit_and_unknown_words_are_said_plainly(scope: str, said: str):
    client = signed_in()
    page = client.get(f"{begun(client, scope)}check/")
    assert said in words(page)
    assert "<script>alert" not in page.content.decode()


def test_a_scope_without_words_is_named_and_cannot_be_submitted():
    client = signed_in()
    draft = begun(client, "；；，")

    page = client.get(f"{draft}check/")
    assert "没有读到经营项目，请写明做什么" in words(page)
    answer = client.post(f"{draft}check/", {"promise": "on", "briefed": "f" * 64})
    assert answer.status_code == 422
    assert "没有读到经营项目" in words(answer)
    assert not Case.objects.exists()


def test_a_scope_beyond_the_form_is_refused_and_nothing_is_saved():
    client = signed_in()
    draft = begun(client)
    answer = client.post(f"{draft}section/business/", {"business_scope": "饭" * 10_000})
    assert answer.status_code == 422
    assert Draft.objects.get().answers["business_scope"] == SCOPE


def test_somebody_elses_draft_is_not_theirs_to_read_or_confirm():
    draft = begun(signed_in())
    other = signed_in("zhang")
    for path in (draft, f"{draft}check/", f"{draft}section/business/"):
        assert other.get(path).status_code in {403, 404, 422}
        assert SCOPE not in words(other.get(path))
    assert other.post(f"{draft}check/", {"promise": "on", "briefed": "f" * 64}).status_code >= 400
    assert not Case.objects.exists()


def test_an_application_without_a_scope_is_asked_nothing_of_this():
    client = signed_in()
    answer = client.post(
        f"/items/{SHOP}/apply/", {"applicant": cases.FIRM_REF, "request_kind": "move"}
    )
    draft = answer["Location"]
    assert "经营范围需要的许可" not in words(client.get(f"{draft}check/"))
    assert client.post(f"{draft}check/", {"promise": "on"}).status_code == 302


def test_the_page_of_the_firm_lists_what_is_missing_with_a_way_to_begin():
    client = signed_in()
    assert "没有登记过经营范围" in words(client.get("/me/permits/"))
    draft = begun(client)
    confirmed = digest(client.get(f"{draft}check/"))
    client.post(f"{draft}check/", {"promise": "on", "briefed": confirmed})
    number = Case.objects.get().number
    acts.accept_case(number=number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=cases.FRIDAY)
    acts.decide(
        number=number,
        outcome=Outcome.GRANT,
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )
    assert telling.note_registered(case_number=number, on=cases.FRIDAY.date(), at=cases.FRIDAY) == 2

    page = client.get("/me/permits/")
    assert "还没有办理" in words(page)
    assert f"/items/{cases.RESTAURANT}/apply/" in page.content.decode()
    assert f"/items/{cases.RESTAURANT}/apply/" in client.get(f"/cases/{number}/").content.decode()
    assert "示例小店" not in words(signed_in("zhang").get("/me/permits/"))
    assert Client().get("/me/permits/").status_code == 302


def test_the_public_page_answers_anybody_and_keeps_nothing(client: Client):
    assert "不用登录" in words(client.get("/scope/"))
    page = client.post("/scope/", {"scope": SCOPE})
    assert page.status_code == 200
    for said in (
        "要办 2 项许可",
        "食品安全法 第三十五条",
        "不需要许可的：软件开发",
        "示例设立登记",
    ):
        assert said in words(page), said
    assert "hand-over/?q=" in page.content.decode()
    assert not ToldPermits.objects.exists()


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("", "请填写经营范围"),
        ("  ", "请填写经营范围"),
        ("饭" * 10_000, "经营范围最多2,000个字，现为10,000个字，请分几次查询。"),
        ("餐饮\x00服务", "无法显示的字符"),
        ("餐饮\u202e服务", "无法显示的字符"),
        ("。。。", "没有读到经营项目"),
    ],
)
def test_the_public_page_refuses_in_one_sentence_and_keeps_what_was_typed(
    client: Client, scope: str, said: str
):
    answer = client.post("/scope/", {"scope": scope})
    assert answer.status_code == 422
    assert said in words(answer)
    assert "<textarea" in answer.content.decode()
    assert client.post("/scope/", {}).status_code == 422


def test_where_a_firm_starts_the_page_is_linked(client: Client):
    assert 'href="/scope/"' in client.get(f"/items/{SHOP}/").content.decode()
    assert 'href="/scope/"' not in client.get(f"/items/{cases.CARD}/").content.decode()
    assert 'href="/scope/"' in client.get("/sitemap/").content.decode()


def test_a_district_without_rules_says_so_and_asks_for_nothing(client: Client):
    Rules.objects.all().delete()
    answer = client.post("/scope/", {"scope": "餐饮服务"})
    assert answer.status_code == 422
    assert "还没有载入经营范围与许可对应的规则" in words(answer)
    assert RULES.items == (SHOP,)


def test_whoever_applied_by_letter_and_signed_nothing_reads_what_was_posted():
    case = cases.receive(
        item_slug=SHOP,
        applicant_ref=cases.FIRM_REF,
        answers={"request_kind": "new", "shop_name": "示例小店", "business_scope": SCOPE},
        letter=Mailed(received_on=cases.FRIDAY.date(), declared=False),
    )

    page = words(signed_in().get(f"/cases/{case.number}/"))

    assert "随收件凭证邮寄告知；取得许可前请不要经营" in page
    assert "确认已知悉" not in page
