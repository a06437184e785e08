"""The pages of those who keep items: list, item, history, withdrawal."""

from __future__ import annotations

from datetime import date

import pytest

from tests.catalogue import test_laws as laws
from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.keeping import ITEM, begun, fields, number, words
from yiwang.catalogue import drafts, services
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemState
from yiwang.organisations.permissions import Actor, Post

pytestmark = pytest.mark.usefixtures("keepers")

CHECKER = Actor(ref="user:checker", posts={"market": frozenset({Post.ITEM_CHECKER})})


def test_the_list_shows_the_items_of_ones_departments_only():
    assert "餐饮服务许可（新办）" in words(signed_in("owner").get("/desk/items/"))
    assert "餐饮服务许可（新办）" in words(signed_in("checker").get("/desk/items/"))
    assert "餐饮服务许可（新办）" not in words(signed_in("owner-housing").get("/desk/items/"))


@pytest.mark.parametrize(
    ("query", "found", "left_out"),
    [
        ("?text=老年", "老年优待确认", "餐饮服务许可"),
        ("?standing=in_force", "餐饮服务许可", "没有符合条件"),
        ("?standing=cancelled", "没有符合条件的事项", "餐饮服务许可"),
        ("?department=market&text=餐饮", "餐饮服务许可", "老年优待确认"),
        ("?standing=nonsense&department=nowhere", "餐饮服务许可", "没有符合条件"),
    ],
)
def test_the_list_is_narrowed_by_name_state_and_department(query, found, left_out):
    page = words(signed_in("checker").get(f"/desk/items/{query}"))

    assert found in page
    assert left_out not in page


def test_the_list_turns_its_pages_by_key():
    by = Actor(ref="user:x", posts={"market": frozenset({Post.ITEM_OWNER})})
    on = cases.FRIDAY.date()

    first = drafts.item_page(by=by, on=on, limit=1)
    second = drafts.item_page(by=by, on=on, limit=1, after=first.after)

    assert {first.rows[0].slug, second.rows[0].slug} == {ITEM, cases.CARD}
    assert first.total == 2
    assert second.after == ""


def test_a_draft_waits_for_whose_turn_it_is():
    draft = begun()

    assert "餐饮服务许可" in words(signed_in("owner").get("/desk/items/?tab=mine"))
    assert "没有等您办理的草稿" in words(signed_in("head").get("/desk/items/?tab=mine"))
    assert "轮到谁" in words(signed_in("head").get("/desk/items/?tab=drafts"))
    page = words(signed_in("head").get(draft))
    assert "现在轮到：编写人" in page
    assert "送审" not in page.split("经过")[0].split("逐项编写")[0].replace("才能送审", "")


def test_the_item_page_shows_versions_history_and_running_cases():
    cases.receive()

    page = words(signed_in("owner").get(f"/desk/items/{ITEM}/"))

    assert "第 1 版" in page
    assert "1 件" in page
    assert "发布版本" in page
    assert "修改（新版本）" in page
    assert "暂停" not in page
    assert "取消事项" in words(signed_in("checker").get(f"/desk/items/{ITEM}/"))


def test_an_item_of_another_department_is_refused_in_words():
    for path in (f"/desk/items/{ITEM}/", f"/desk/items/{ITEM}/adjust/", begun()):
        answer = signed_in("owner-housing").get(path)
        assert answer.status_code == 403, path
        assert "查看事项" in words(answer) or "编写事项" in words(answer)


def test_what_does_not_exist_is_not_found():
    owner = signed_in("owner")

    for path in (
        "/desk/items/nothing/",
        f"/desk/items/{ITEM}/versions/9/",
        "/desk/drafts/999/",
        "/desk/drafts/99999999999999999999/",
    ):
        assert owner.get(path).status_code == 404, path


def test_a_second_draft_leads_to_the_first():
    draft = begun()

    answer = signed_in("owner2").post(f"/desk/items/{ITEM}/draft/")

    assert answer.headers["Location"] == draft


@pytest.mark.parametrize("act", ["suspend", "cancel"])
def test_a_withdrawal_names_item_cases_guide_and_consequence_first(act):
    case = cases.receive()
    checker = signed_in("checker")
    path = f"/desk/items/{ITEM}/{act}/"
    form = {"document": "示府办〔2026〕12号", "from_on": "2026-03-06"}

    first = words(checker.get(path))
    second = checker.post(path, form)

    assert case.query_code in first
    assert "在办的办件 1 件" in first
    assert second.status_code == 200
    assert "餐饮服务许可（新办）（restaurant）" in words(second)
    assert case.query_code in words(second)
    assert "自 2026-03-06 起不再收件" in words(second)
    assert catalogue.item(ITEM, on=cases.FRIDAY.date()).version == 1


@pytest.mark.parametrize(
    ("act", "state", "heading"),
    [
        ("suspend", ItemState.SUSPENDED, "暂停办理"),
        ("cancel", ItemState.CANCELLED, "取消事项"),
    ],
)
def test_a_confirmed_withdrawal_keeps_the_number_of_its_decision(act, state, heading):
    checker = signed_in("checker")

    answer = checker.post(
        f"/desk/items/{ITEM}/{act}/",
        {"document": "示府办〔2026〕12号", "from_on": "2026-03-06", "confirmed": "1"},
    )

    assert answer.status_code == 302
    assert drafts.versions_of(ITEM, on=cases.FRIDAY.date())[0].state is state
    page = words(checker.get(f"/desk/items/{ITEM}/"))
    assert heading in page
    assert "示府办〔2026〕12号" in page
    decisions = words(checker.get("/desk/item-decisions/"))
    assert f"{heading} 1 项次" in decisions
    assert "示府办〔2026〕12号" in decisions
    with pytest.raises(LookupError):
        catalogue.item(ITEM, on=cases.FRIDAY.date())


def test_a_suspended_item_is_resumed_by_a_decision():
    services.suspend_item(
        slug=ITEM, from_on=date(2026, 3, 6), document="甲", by=CHECKER, at=cases.FRIDAY
    )

    answer = signed_in("checker").post(
        f"/desk/items/{ITEM}/resume/", {"document": "乙〔2026〕3号", "confirmed": "1"}
    )

    assert answer.status_code == 302
    assert catalogue.item(ITEM, on=cases.FRIDAY.date()).version == 2
    assert catalogue.item_changes(ITEM)[0].document == "乙〔2026〕3号"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"document": "  "}, "请填写作出决定的文件文号", id="no number"),
        pytest.param({"document": "文" * 10_000}, "文号过长", id="ten thousand characters"),
        pytest.param({"from_on": "2026-02-30"}, "日期应为年-月-日", id="no such day"),
        pytest.param({"from_on": "2026-03-05"}, "不能早于今天", id="yesterday"),
    ],
)
def test_a_wrong_withdrawal_is_refused_and_what_was_typed_stays(changes, sentence):
    form = {"document": "示府办〔2026〕12号", "from_on": "2026-03-06", "confirmed": "1"} | changes

    answer = signed_in("checker").post(f"/desk/items/{ITEM}/cancel/", form)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert fields(answer)["from_on"] == form["from_on"]
    assert fields(answer)["document"].strip() == form["document"].strip()


def test_going_back_from_the_second_step_keeps_what_was_typed():
    form = {"document": "示府办〔2026〕12号", "from_on": "2026-03-09", "edit": "1"}

    answer = signed_in("checker").post(f"/desk/items/{ITEM}/cancel/", form)

    assert fields(answer)["document"] == "示府办〔2026〕12号"
    assert fields(answer)["from_on"] == "2026-03-09"


def test_an_owner_cannot_withdraw_and_a_cancelled_item_takes_no_draft():
    assert signed_in("owner").get(f"/desk/items/{ITEM}/cancel/").status_code == 403
    services.cancel_item(
        slug=ITEM, from_on=date(2026, 3, 6), document="甲", by=CHECKER, at=cases.FRIDAY
    )

    answer = signed_in("owner").post(f"/desk/items/{ITEM}/draft/")

    assert answer.status_code == 422
    assert "已经取消，不能再修改" in words(answer)


def test_an_adjustment_begins_a_draft_that_carries_the_number():
    owner = signed_in("owner")
    refused = owner.post(f"/desk/items/{ITEM}/adjust/", {"document": ""})
    answer = owner.post(f"/desk/items/{ITEM}/adjust/", {"document": "示府办〔2026〕55号"})

    assert refused.status_code == 422
    draft = number(answer.headers["Location"])
    by = Actor(ref="user:x", posts={"market": frozenset({Post.ITEM_OWNER})})
    assert drafts.draft(draft, by=by).line.document == "示府办〔2026〕55号"


def test_a_version_is_shown_as_citizens_saw_it_and_leaves_as_a_pack_file():
    owner = signed_in("owner")

    guide = words(owner.get(f"/desk/items/{ITEM}/versions/1/"))
    file = owner.get(f"/desk/items/{ITEM}/export/")

    assert "第 1 版的办事指南，供核对" in guide
    assert "承诺时限" in guide
    assert file.headers["Content-Type"].startswith("text/yaml")
    assert file.content.decode().startswith(f"slug: {ITEM}\n")


@pytest.mark.parametrize("login", ["owner", "legal", "checker", "head", "reviewer"])
def test_the_navigation_leads_those_who_read_items_to_them(login):
    assert 'href="/desk/items/"' in signed_in(login).get("/desk/").content.decode()


def test_items_on_an_older_text_of_a_law_are_listed_for_their_owners():
    laws.load(
        laws.article(law="食品安全法", article="第三十五条", version="2021-04-29"),
        laws.article(
            law="食品安全法", article="第三十五条", version="2027-01-01", text="实行许可或者备案。"
        ),
    )
    basis = [{"law": "食品安全法", "article": "第三十五条", "version": "2021-04-29"}]
    cases.publish(cases.without_materials(basis=basis, effective_on="2026-02-01"))

    own = words(signed_in("owner").get("/desk/item-basis/"))

    assert "2021-04-29" in own
    assert "2027-01-01" in own
    assert "条文有变化" in own
    assert "实行许可或者备案。" in own
    assert "2027-01-01" not in words(signed_in("owner-housing").get("/desk/item-basis/"))
