"""We know that an answer is a quotation, and that what is not known is not answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories.catalogue import publish
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import services as catalogue_services
from yiwang.catalogue.policy.parsing import to_plain
from yiwang.catalogue.services import Article
from yiwang.consultations.policy import matching
from yiwang.consultations.quoting import (
    Answer,
    QuestionRefusedError,
    SourceKind,
    reply,
)

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

TODAY = date(2026, 3, 2)

UNANSWERED = (
    "火星移民怎么办",
    "明天会下雨吗",
    "怎么追女孩子",
    "股票今天涨了吗",
    "附近哪里有好吃的火锅",
    "你是谁",
    "帮我写一首诗",
    "狗丢了怎么办",
    "世界杯谁赢了",
    "怎么办理美国签证",
    "小孩发烧了怎么办",
    "怎么炒西红柿鸡蛋",
    "身份证",
    "钱",
    "办证",
    "火车票怎么退",
    "孩子作业不会做怎么办",
    "电脑坏了去哪里修",
    "一加一等于几",
    "怎么去北京旅游",
    "邻居太吵怎么办",
    "小区停车费多少钱",
    "怎么考驾照",
    "公交卡丢了去哪里补",
    "开饭店的老板身高有什么要求",
    "地铁几点末班",
    "怎样减肥",
    "如何投诉快递",
    "养老金什么时候涨",
    "手机号码怎么注销",
)
"""Questions that no guide of the pack answers."""

ANSWERED = {
    "户口迁过来要回老家开证明吗": ("hukou-move", "faq"),
    "买了房子可以迁户口吗": ("hukou-move", "faq"),
    "公司被吊销执照能不管吗": ("company-deregistration", "faq"),
    "开饭馆需要卫生许可证吗": ("public-place-hygiene", "faq"),
    "员工没有健康证可以上班吗": ("public-place-hygiene", "faq"),
    "继承房产必须公证吗": ("real-estate-transfer", "faq"),
    "电梯登记标志贴哪里": ("special-equipment-registration", "faq"),
    "一个企业开几家药店要几张证": ("drug-retail", "faq"),
    "居住证签注晚了怎么补办": ("residence-permit", "faq"),
    "食品经营许可证多久能办好": ("food-business", "limit"),
    "开奶茶店要准备哪些材料": ("food-business", "materials"),
    "开饭店要多少钱": ("food-business", "fees"),
    "老年综合津贴怎么申请": ("senior-card", "flow"),
    "敬老卡去哪里办": ("senior-card", "places"),
    "开药店要什么条件": ("drug-retail", "conditions"),
    "我要开饭店": ("food-business", "summary"),
}
"""Frequent questions and parts of guides asked in other words -> item and part of the best."""


@pytest.fixture(autouse=True)
def _no_index(tmp_path: Any, settings: Any) -> None:
    settings.SEARCH_DIR = tmp_path


def load_law(
    text: str = "从事食品摊贩经营的，应当向所在地镇人民政府备案，备案不收取费用。",
) -> None:
    catalogue_services.load_laws(
        articles=[
            Article(
                law="食品摊贩管理办法（示例）",
                version="2025-06-01",
                category="规章",
                chapter="",
                article="第七条",
                text=text,
            )
        ],
        by="system:operator",
        at=datetime(2026, 3, 2, 1, tzinfo=UTC),
    )


def strings(value: Any) -> Iterator[str]:
    """Yield every text of a definition."""
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def stands_in_its_source(answer: Answer) -> bool:
    """Tell whether every word of an answer is a literal part of what it names as its source."""
    source = answer.source
    words = [one for line in answer.lines for one in line.words]
    if source.kind is SourceKind.LAW:
        article = catalogue.law_article(source.title, source.part, source.dated)
        return article is not None and all(one in article.text for one in words)
    version = catalogue.item_version(source.slug, source.version)
    if version.name != source.title or version.effective_on.isoformat() != source.dated:
        return False
    if source.part == "limit":
        limit = version.limit
        days = [f"{limit.promised_workdays} 个工作日", f"{limit.statutory_workdays} 个工作日"]
        return words == (days if limit.promised_workdays else ["当场办结。"])
    if source.part == "fees" and not version.fees:
        return words == ["不收费。"]
    amounts = {f"{fee.amount_cny:g} 元" for fee in version.fees if fee.amount_cny is not None}
    texts = list(strings(to_plain(version)))
    return all(one in amounts or any(one in text for text in texts) for one in words)


@pytest.mark.parametrize("question", UNANSWERED)
def test_what_nothing_answers_is_not_answered(jiading_items: None, question: str) -> None:
    found = reply(question, on=TODAY)

    assert not found.known
    assert found.answers == ()


@pytest.mark.parametrize(("question", "where"), ANSWERED.items(), ids=ANSWERED)
def test_a_question_in_other_words_finds_its_answer(
    jiading_items: None, question: str, where: tuple[str, str]
) -> None:
    found = reply(question, on=TODAY)

    best = found.answers[0].source
    assert (best.slug, best.part) == where
    assert found.items[0].slug == where[0]


def test_every_frequent_question_of_the_pack_finds_itself_and_all_answers_are_quotations(
    jiading_items: None,
) -> None:
    asked = [
        (version, one.question)
        for version in catalogue.items(on=TODAY)[::2]
        for one in version.faq[:1]
        if len(one.question) > 7
    ]
    lost = []
    for version, question in asked:
        found = reply(f"{version.name}：{question}"[:200], on=TODAY)
        assert len(found.answers) <= 3
        assert all(stands_in_its_source(answer) for answer in found.answers), question
        if version.slug not in {answer.source.slug for answer in found.answers}:
            lost.append(f"{version.name}：{question}")

    assert len(lost) <= len(asked) // 10, lost


@pytest.mark.parametrize("part", ["materials", "limit", "fees", "places", "flow", "conditions"])
def test_each_part_of_a_guide_is_quoted_as_it_stands(jiading_items: None, part: str) -> None:
    words = matching.TOPICS[part].split("|")[-1]
    quoted = 0
    for version in catalogue.items(on=TODAY)[::6]:
        for answer in reply(f"{version.name}{words}", on=TODAY).answers:
            assert stands_in_its_source(answer), (version.name, answer)
            quoted += answer.source.part == part

    assert quoted >= 5


def test_an_article_of_a_loaded_law_answers_with_its_date() -> None:
    load_law()

    found = reply("从事食品摊贩经营应当向哪里备案", on=TODAY)

    assert [one.source.kind for one in found.answers] == [SourceKind.LAW]
    assert found.answers[0].source.dated == "2025-06-01"
    assert found.answers[0].heading == "食品摊贩管理办法（示例） 第七条"
    assert stands_in_its_source(found.answers[0])


def test_of_a_long_article_a_part_is_quoted_and_said_to_be_one() -> None:
    load_law("本办法所称食品摊贩。" * 60 + "从事食品摊贩经营的，应当向所在地镇人民政府备案。")

    (answer,) = reply("从事食品摊贩经营应当向镇人民政府备案吗", on=TODAY).answers

    assert answer.cut
    assert stands_in_its_source(answer)


def test_without_a_corpus_no_law_is_quoted() -> None:
    assert not reply("从事食品摊贩经营应当向哪里备案", on=TODAY).known


def test_a_version_that_is_over_is_not_quoted() -> None:
    publish(faq=[{"question": "摆摊可以卖早点吗？", "answer": "可以。"}])
    publish(faq=[{"question": "摆摊可以卖早点吗？", "answer": "不可以。"}])

    (answer,) = reply("摆摊能卖早点吗", on=TODAY).answers

    assert answer.source.version == 2
    assert [line.words for line in answer.lines] == [("不可以。",)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "请先写下要问的问题", id="nothing"),
        pytest.param(" \n　", "请先写下要问的问题", id="spaces"),
        pytest.param("许" * 201, "问题最多200个字", id="201 characters"),
        pytest.param("许" * 10_000, "问题最多200个字", id="ten thousand characters"),
        pytest.param("开饭店\x00", "无法识别的字符", id="NUL"),
        pytest.param("开饭店\ud800", "无法识别的字符", id="half a character"),
        pytest.param("😀🎉👨\u200d👩\u200d👧", "没有看到文字", id="emoji"),
        pytest.param("？！……", "没有看到文字", id="signs"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(QuestionRefusedError, match=words) as refusal:
        reply(text, on=TODAY)

    assert refusal.value.message.count("。") == 1


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' or 1=1 --", "%_\\", "許" * 200])
def test_odd_questions_are_read_and_not_answered(jiading_items: None, text: str) -> None:
    if text == "%_\\":
        with pytest.raises(QuestionRefusedError):
            reply(text, on=TODAY)
    else:
        assert not reply(text, on=TODAY).known


def test_a_question_asks_few_times(
    jiading_items: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reply("开饭店要多少钱", on=TODAY)

    with django_assert_max_num_queries(7):
        reply("开饭店要准备哪些材料", on=TODAY)


def test_words_that_only_ask_do_not_count() -> None:
    held = matching.match("请问继承房产必须公证吗", ["继承房子一定要公证吗？"])

    assert (held.share, held.terms, held.whole) == (0.8, 10, True)


def test_a_stretch_that_is_missing_altogether_is_told() -> None:
    assert not matching.match("养老金什么时候涨", ["养老金怎么算？"]).whole


def test_the_topic_of_a_question_is_read() -> None:
    assert matching.topics("开饭店要多少钱") == ("fees",)
    assert matching.topics("领结婚证要不要钱，去哪里领") == ("fees", "places")
    assert matching.topics("开饭店") == ()
