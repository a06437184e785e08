"""Home, search, guide, questionnaire: what anybody may read."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import cases
from yiwang.cases import queries as case_queries
from yiwang.organisations.limits import Bound
from yiwang.web.citizen import items

pytestmark = pytest.mark.usefixtures("portal")


def text(client: Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def test_home_lists_items_by_audience(client: Client):
    page = text(client, "/")

    assert "示例区政务服务" in page
    assert "餐饮服务许可（新办）" in page
    assert "全部 1 项" in page


def test_a_guide_says_in_chinese_what_nobody_has_compared_with_its_source(client: Client):
    cases.publish(cases.restaurant(slug="typed", source="食品安全法；编号规则 [from memory]；示例"))

    page = text(client, "/items/typed/")

    assert "编号规则（待核对）；示例" in page
    assert "from memory" not in page


def test_home_lists_the_most_asked_for_first_and_common_ones_before_equals(client: Client):
    numbers = {"asked": "7", "common": "8", "other": "9"}
    for slug, digit in numbers.items():
        cases.publish(
            cases.without_materials(
                slug=slug,
                name=f"{slug}许可",
                task_code=f"11310114XXXX01011H431013100{digit}000",
                handling_code=f"11310114XXXX01011H431013100{digit}00001",
                common=slug == "common",
            )
        )
    cases.receive(item_slug="asked")

    shown = [item.slug for item, _reason in client.get("/").context["entities"]]

    assert shown[:2] == ["asked", "common"]
    assert set(shown[2:]) == {"other", cases.RESTAURANT}


def test_home_counts_applications_once_for_many_readers(client: Client, monkeypatch):
    asked = []
    monkeypatch.setattr(case_queries, "asked_for", lambda **given: asked.append(given) or {})

    for _reader in range(3):
        text(client, "/")

    assert len(asked) == 1


def test_search_finds_citizens_words(client: Client):
    assert "餐饮服务许可（新办）" in text(client, "/search/?q=开饭店")


def test_search_without_result_offers_help(client: Client):
    page = text(client, "/search/?q=登月")

    assert "没有找到相符的事项" in page
    assert "帮办与咨询" in page


def test_search_takes_any_text(client: Client):
    for query in ("%00", "'; drop table", "<script>", "好" * 500, ""):
        assert client.get("/search/", {"q": query, "for": "nobody"}).status_code == 200


def test_search_text_is_shown_escaped(client: Client):
    assert "<script>alert" not in text(client, "/search/?q=<script>alert(1)</script>")


def test_a_guide_shows_both_limits_materials_and_remedies(client: Client):
    page = text(client, "/items/restaurant/")

    for words in ("20 个工作日", "5 个工作日", "0 次", "不收费"):
        assert words in page
    assert "申请材料（5 件，其中免交 2 件）" in page
    assert "可容缺，3 个工作日内补交" in page
    assert "示例区人民政府" in page
    assert "在线办理" in page


def test_a_guide_asks_the_database_a_few_times(client: Client, django_assert_max_num_queries):
    text(client, "/items/restaurant/")

    with django_assert_max_num_queries(14):
        text(client, "/items/restaurant/")


def test_an_unknown_item_is_not_found(client: Client):
    assert "没有找到这个页面" in text(client, "/items/no-such-item/", status=404)


def test_the_questionnaire_leads_to_the_readers_own_list(client: Client):
    first = client.get("/items/restaurant/questions/", follow=True)
    assert "经营方式" in first.content.decode()

    second = client.get("/items/restaurant/questions/1/?go=1&kind=catering")
    assert second["Location"] == "/items/restaurant/questions/2/?kind=catering"
    last = client.get("/items/restaurant/questions/2/?go=1&kind=catering&raw_food=yes")
    assert last["Location"] == "/items/restaurant/checklist/?kind=catering&raw_food=yes"

    page = text(client, last["Location"])
    assert "专间说明" in page
    assert "需要材料 5 件" in page
    assert "专间说明" not in text(client, "/items/restaurant/checklist/?kind=catering")


def test_a_question_left_open_is_asked_again_with_its_remedy(client: Client):
    page = text(client, "/items/restaurant/questions/1/?go=1", status=422)

    assert "“经营方式”请从所列选项中选择一项。" in page
    assert "<title>错误：" in page


def test_answers_that_fit_no_question_are_dropped(client: Client):
    page = text(client, "/items/restaurant/checklist/?kind=nonsense&other=1&raw_food=perhaps")

    assert "您的回答" not in page


def test_a_question_that_does_not_exist_is_not_found(client: Client):
    text(client, "/items/restaurant/questions/9/", status=404)


@pytest.mark.parametrize(
    "url", ["/help/", "/accessibility/", "/privacy/", "/sitemap/", "/offline/"]
)
def test_pages_of_words_open_to_all(client: Client, url: str):
    assert "<h1>" in text(client, url)


def test_whoever_meets_a_barrier_reads_by_when_an_answer_comes(client: Client):
    assert "我们会在 15 个工作日内答复" in text(client, "/accessibility/")


def test_a_guide_says_by_when_and_where_a_decision_is_contested(client: Client):
    page = text(client, "/items/restaurant/")

    assert "可以自收到决定之日起 60 日内向" in page
    assert "或者 6 个月内向" in page


def test_english_pages_say_which_content_is_chinese_only(client: Client):
    client.cookies["django_language"] = "en"

    page = text(client, "/items/restaurant/")

    assert '<html lang="en">' in page
    assert "Chinese only" in page


def test_a_machine_that_prints_without_end_is_slowed(client: Client, monkeypatch):
    monkeypatch.setattr(items, "PRINTS", Bound(most=1, seconds=60))

    first, second = (client.get(f"/items/{cases.RESTAURANT}/guide.pdf") for _ in range(2))

    assert first.status_code == 200
    assert "查询太频繁" in second.content.decode()
