"""A draft on its way: four people, readable refusals, comparison and preview."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.keeping import ITEM, begun, fields, fill, number, words
from yiwang.cases import queries as case_queries
from yiwang.catalogue import drafts
from yiwang.catalogue import queries as catalogue
from yiwang.organisations.permissions import Actor, Post

pytestmark = [pytest.mark.usefixtures("keepers"), pytest.mark.thorough]

READER = Actor(ref="user:x", posts={"market": frozenset({Post.ITEM_OWNER})})
TODAY = cases.FRIDAY.date()


@pytest.fixture
def draft(keepers) -> str:
    address = begun()
    owner = signed_in("owner")
    fill(owner, f"{address}edit/limits/", limit__promised_workdays="4")
    fill(owner, f"{address}rows/flow.1/", workdays="1")
    return address


def act(login: str, draft: str, what: str, **changes):
    return fill(signed_in(login), f"{draft}{what}/", **changes)


def state(draft: str) -> str:
    return drafts.draft(number(draft), by=READER).line.state.label


def test_four_people_publish_a_version_and_an_old_case_keeps_its_own(draft):
    old = cases.receive()
    for login, what in (
        ("owner", "submit"),
        ("head", "approve"),
        ("legal", "approve"),
        ("checker", "approve"),
    ):
        assert catalogue.item(ITEM, on=TODAY).limit.promised_workdays == 5
        answer = act(login, draft, what)
        assert answer.status_code == 302, words(answer)

    assert catalogue.item(ITEM, on=TODAY).limit.promised_workdays == 4
    assert case_queries.case(old.number, by=cases.HEAD).item_version == 1
    assert cases.receive(idempotency_key="later").item_version == 2
    page = words(signed_in("owner").get(draft))
    assert "已发布为第 2 版" in page
    for name in ("冯编写", "周负责", "卫法制", "蒋中心"):
        assert name in page


def test_the_track_says_where_the_draft_is_and_who_acted(draft):
    act("owner", draft, "submit")
    act("head", draft, "approve", comment="内容属实")

    page = signed_in("legal").get(draft).content.decode()

    assert 'aria-current="step"' in page
    assert "内容属实" in page
    assert page.count('data-state="done"') == 2
    assert "法制审核通过" in words(signed_in("legal").get(draft))


def test_nobody_reviews_what_they_wrote_and_is_told_so_in_words(draft):
    writer = signed_in("ownerhead")
    fill(writer, f"{draft}edit/basics/", summary="开饭店之前办。")
    act("owner", draft, "submit")

    answer = act("ownerhead", draft, "approve", comment="同意")

    assert answer.status_code == 422
    assert "您编写过这份草稿" in words(answer)
    assert fields(answer)["comment"] == "同意"


def test_nobody_reviews_twice(draft):
    act("owner", draft, "submit")
    act("headlegal", draft, "approve")

    answer = act("headlegal", draft, "approve")

    assert "已经审核过这份草稿的前一环节" in words(answer)
    assert state(draft) == "法制审核"


def test_a_return_needs_a_reason_and_opens_the_text_again(draft):
    act("owner", draft, "submit")
    refused = act("head", draft, "return", comment=" ")
    act("head", draft, "return", comment="请核对承诺时限")

    assert refused.status_code == 422
    assert "请写明退回的理由" in words(refused)
    assert state(draft) == "编写中"
    page = words(signed_in("owner").get(draft))
    assert "请核对承诺时限" in page


def test_what_is_in_review_is_only_read(draft):
    act("owner", draft, "submit")
    owner = signed_in("owner")

    answer = owner.get(f"{draft}edit/limits/")

    assert answer.headers["Location"] == draft
    assert "只能查看" in words(owner.get(draft))


def test_a_draft_that_fails_a_check_is_not_submitted_and_says_what(draft):
    fill(signed_in("owner"), f"{draft}edit/limits/", limit__promised_workdays="30")

    answer = act("owner", draft, "submit")

    assert answer.status_code == 422
    assert "没有通过发布前检查" in words(answer)
    assert "承诺办结时限" in words(answer)


def test_an_approval_is_of_the_text_that_was_read(draft):
    act("owner", draft, "submit")
    page = fields(signed_in("head").get(f"{draft}approve/"))
    act("head", draft, "return", comment="改一处")
    fill(signed_in("owner"), f"{draft}edit/basics/", summary="再改。")
    act("owner", draft, "submit")

    answer = signed_in("head").post(f"{draft}approve/", page)

    assert answer.status_code == 422
    assert "请看过新的内容再办理" in words(answer)
    assert signed_in("head").post(f"{draft}approve/", fields(answer)).status_code == 302


def test_a_planned_version_begins_on_a_working_day(draft):
    fill(signed_in("owner"), f"{draft}edit/basics/", effective_on="2026-04-05")
    act("owner", draft, "submit")
    act("head", draft, "approve")
    act("legal", draft, "approve")

    answer = act("checker", draft, "approve")

    assert answer.status_code == 422
    assert "不是工作日" in words(answer)


def test_a_second_click_on_approve_approves_once(draft):
    act("owner", draft, "submit")
    head = signed_in("head")
    sent = fields(head.get(f"{draft}approve/"))

    first, second = (head.post(f"{draft}approve/", sent) for _ in range(2))

    assert first.status_code == 302
    assert second.status_code == 403
    assert state(draft) == "法制审核"


def test_each_review_is_refused_to_other_posts(draft):
    act("owner", draft, "submit")

    for login in ("legal", "checker", "reviewer"):
        assert "不由您审核" in words(signed_in(login).get(f"{draft}approve/"))
        answer = signed_in(login).post(f"{draft}approve/", {"revision": "3", "comment": ""})
        assert answer.status_code == 403
    assert state(draft) == "部门审核"


def test_a_discarded_draft_stays_readable_and_makes_room(draft):
    act("owner", draft, "discard")

    page = words(signed_in("owner").get(draft))
    assert "已作废" in page
    assert begun() != draft


def test_the_comparison_marks_words_and_leaves_out_what_is_the_same(draft):
    fill(signed_in("owner"), f"{draft}edit/conditions/", conditions="有合适的固定场所。")

    answer = signed_in("legal").get(f"{draft}changes/")
    page = answer.content.decode()

    assert "共 3 处变化" in words(answer)
    assert "办结时限 › 承诺办结时限" in words(answer)
    assert "<del>5</del>" in page
    assert "<ins>4</ins>" in page
    assert "有合适的<ins>固定</ins>场所。" in page
    assert "法定办结时限" not in words(answer)


def test_the_preview_says_that_it_is_one(draft):
    page = words(signed_in("legal").get(f"{draft}preview/"))

    assert "草稿预览，不是公布的办事指南" in page
    assert "4 个工作日" in page


def test_an_adjustment_publishes_with_its_number(draft):
    fill(signed_in("owner"), f"{draft}document/", document="示府办〔2026〕55号")
    for login, what in (
        ("owner", "submit"),
        ("head", "approve"),
        ("legal", "approve"),
        ("checker", "approve"),
    ):
        assert act(login, draft, what).status_code == 302

    change = catalogue.item_changes(ITEM)[0]
    assert (change.act, change.document) == ("adjust", "示府办〔2026〕55号")
    page = words(signed_in("checker").get("/desk/item-decisions/"))
    assert "调整事项 1 项次" in page
    assert "示府办〔2026〕55号" in page


def test_an_overlong_number_is_refused(draft):
    answer = fill(signed_in("owner"), f"{draft}document/", document="文" * 10_000)

    assert answer.status_code == 422
    assert "文号过长" in words(answer)


def test_the_version_that_came_of_it_is_compared_with_the_one_before(draft):
    for login, what in (
        ("owner", "submit"),
        ("head", "approve"),
        ("legal", "approve"),
        ("checker", "approve"),
    ):
        act(login, draft, what)

    page = words(signed_in("owner").get(f"/desk/items/{ITEM}/versions/2/changes/"))

    assert "承诺办结时限" in page
    assert "第 1 版" in page
