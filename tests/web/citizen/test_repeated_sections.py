"""We know that a topic asked once for each of several things is asked, checked and kept as such."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.portal import FORM, begun, pdf, signed_in
from yiwang.cases.models import Case, Draft
from yiwang.cases.policy.answers import kept_answers, problems
from yiwang.catalogue.policy.english import in_english, translatable
from yiwang.catalogue.policy.items import asked
from yiwang.catalogue.policy.parsing import parse_item, to_plain

COOKS = {
    "id": "cooks",
    "title": "厨师",
    "repeats": {"noun": "厨师", "minimum": 1, "maximum": 3, "ask": "有几名厨师？", "unit": "名"},
    "questions": [
        {"id": "cook_name", "label": "姓名", "kind": "text", "personal": True},
        {"id": "cook_trained", "label": "是否经过培训？", "kind": "yes_no"},
        {"id": "cook_proof", "label": "证书编号", "kind": "text", "when": {"cook_trained": True}},
    ],
}


def with_cooks() -> dict[str, object]:
    definition = cases.restaurant()
    return definition | {"sections": [*definition["sections"], COOKS]}


VERSION = parse_item(with_cooks())


@pytest.fixture
def kitchen(portal: None) -> None:
    cases.publish(with_cooks() | {"effective_on": "2026-02-01"})


def test_as_many_are_asked_as_are_wanted():
    def names(count: float | None) -> list[str]:
        given = {"cooks_count": count, "cook_trained_1": True}
        return [one.id for one in asked(VERSION, given) if one.id.startswith("cook_")]

    assert names(None) == []
    assert names(1) == ["cook_name_1", "cook_trained_1", "cook_proof_1"]
    assert names(2)[3:] == ["cook_name_2", "cook_trained_2"]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "在1至3之间"), (4, "在1至3之间"), (1.5, "应为整数")]
)
def test_how_many_there_are_is_checked(count: float, words: str):
    found = problems(VERSION, {"cooks_count": count}, today=cases.FRIDAY.date(), complete=False)

    assert [words in one.message for one in found] == [True]


def test_answers_beyond_the_number_wanted_are_dropped():
    given = {"cooks_count": 1, "cook_name_1": "甲", "cook_name_2": "乙"}

    assert kept_answers(VERSION, given) == {"cooks_count": 1, "cook_name_1": "甲"}


def test_the_definition_stays_as_it_was_written():
    assert to_plain(VERSION)["sections"][-1]["questions"][0]["id"] == "cook_name"


def test_its_words_can_be_english():
    english = {
        "name": "Restaurant",
        "summary": "To cook.",
        "texts": {"sections.cooks.noun": "Cook", "questions.cook_name": "Name"},
    }
    version = in_english(parse_item(with_cooks() | {"english": english}))

    assert "sections.cooks.ask" in translatable(version)
    assert version.form_sections[-3].questions[0].label == "Cook 1：Name"


@pytest.mark.usefixtures("kitchen")
@pytest.mark.req("CASE-04")
def test_each_of_several_has_a_topic_and_stands_in_the_case():
    client = signed_in()
    draft = begun(client)
    client.post(f"{draft}section/place/", FORM)
    assert client.post(f"{draft}section/cooks/", {"cooks_count": "2"})["Location"] == draft
    for topic, sent in (
        ("cooks_1", {"cook_name_1": "示例1", "cook_trained_1": "no"}),
        ("cooks_2", {"cook_name_2": "示例2", "cook_trained_2": "yes"}),
        ("cooks_2", {"cook_name_2": "示例2", "cook_trained_2": "yes", "cook_proof_2": "P-2"}),
    ):
        assert client.post(f"{draft}section/{topic}/", sent).status_code == 302
    assert client.get(f"{draft}section/cooks_3/").status_code == 404
    client.post(f"{draft}materials/", {"material": "layout", "file": pdf()})

    page = client.get(f"{draft}check/").content.decode()
    sent = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})

    assert "厨师 2：证书编号" in page
    assert "厨师 3" not in page
    assert sent.status_code == 302, sent.content.decode()
    answers = Case.objects.get().answer.answers
    assert [answers[name] for name in ("cook_name_1", "cook_name_2", "cook_proof_2")] == [
        "示例1",
        "示例2",
        "P-2",
    ]


@pytest.mark.usefixtures("kitchen")
def test_a_number_too_large_is_refused_and_kept_on_the_page():
    client = signed_in()
    draft = begun(client)

    answer = client.post(f"{draft}section/cooks/", {"cooks_count": "9"})

    assert answer.status_code == 422
    assert "在1至3之间" in answer.content.decode()
    assert 'value="9"' in answer.content.decode()
    assert "cooks_count" not in Draft.objects.get().answers
