"""We know that a definition is read exactly, and that every mistake is placed and explained."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.catalogue import changed, definition, pack_items
from yiwang.catalogue.policy.items import ItemVersion, Op, QuestionKind
from yiwang.catalogue.policy.parsing import ItemFormatError, parse_item, to_plain


def problems(plain: object) -> dict[str, str]:
    with pytest.raises(ItemFormatError) as refused:
        parse_item(plain)
    return {
        problem.place: f"{problem.message}{problem.remedy}" for problem in refused.value.problems
    }


def test_a_definition_read_and_written_is_the_same() -> None:
    version = parse_item(definition())

    assert parse_item(json.loads(json.dumps(to_plain(version)))) == version


@pytest.mark.parametrize("version", pack_items("jiading"), ids=lambda version: version.slug)
def test_every_item_of_the_pack_survives_json(version: ItemVersion) -> None:
    assert parse_item(json.loads(json.dumps(to_plain(version)))) == version


def test_the_number_of_the_version_is_given_by_the_platform() -> None:
    assert parse_item(definition(), version=7).version == 7
    assert "version" in problems(definition(version=7))
    assert "version" not in to_plain(parse_item(definition(), version=7))


def test_options_and_conditions_have_a_short_form() -> None:
    question = parse_item(definition()).questionnaire[0]
    when = (
        parse_item(changed("sections.0.questions.1.when", {"sells": ["food", "goods"]}))
        .sections[0]
        .questions[1]
        .when
    )
    area = parse_item(changed("materials.1.needed_when", {"area_m2": {"ge": 20, "lt": 90}}))

    assert [option.value for option in question.options] == ["food", "goods"]
    assert (when[0].question, when[0].op, when[0].value) == ("sells", Op.IN, ("food", "goods"))
    assert [(one.op, one.value) for one in area.materials[1].needed_when] == [
        (Op.GE, 20),
        (Op.LT, 90),
    ]


def test_kinds_are_closed_lists() -> None:
    assert parse_item(definition()).questionnaire[0].kind is QuestionKind.CHOICE


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    [
        pytest.param(
            "nmae",
            "x",
            "nmae",
            "是否为 name？",
            id="an unknown key, with the near one",
        ),
        pytest.param(
            "zzzzzz",
            "x",
            "zzzzzz",
            "可用的键",
            id="an unknown key far from all",
        ),
        pytest.param(
            "limit.promise",
            3,
            "limit.promise",
            "promised_workdays",
            id="a key inside",
        ),
        pytest.param(
            "name",
            12,
            "name",
            "双引号",
            id="a number for text",
        ),
        pytest.param(
            "name",
            True,
            "name",
            "双引号",
            id="a boolean for text",
        ),
        pytest.param(
            "minutes_to_fill",
            "5",
            "minutes_to_fill",
            "整数",
            id="text for a number",
        ),
        pytest.param(
            "minutes_to_fill",
            True,
            "minutes_to_fill",
            "整数",
            id="true for a number",
        ),
        pytest.param(
            "minutes_to_fill",
            5.5,
            "minutes_to_fill",
            "整数",
            id="half a minute",
        ),
        pytest.param(
            "public",
            "no",
            "public",
            "true 或 false",
            id="text for a boolean",
        ),
        pytest.param(
            "effective_on",
            "2026-13-01",
            "effective_on",
            "2026-01-31",
            id="no such day",
        ),
        pytest.param(
            "effective_on", 20260101, "effective_on", "2026-01-31", id="a number for a day"
        ),
        pytest.param(
            "item_type", "permit", "item_type", "licence（行政许可）", id="not in the list"
        ),
        pytest.param(
            "item_type", ["licence"], "item_type", "从这些值中选", id="a list for one value"
        ),
        pytest.param(
            "aliases",
            "摆摊",
            "aliases",
            "列表",
            id="text for a list",
        ),
        pytest.param(
            "aliases",
            [1],
            "aliases[0]",
            "文字",
            id="a number in a list of texts",
        ),
        pytest.param(
            "flow.0",
            "受理",
            "flow[0]",
            "键: 值",
            id="text for a step",
        ),
        pytest.param(
            "flow.0.role",
            "boss",
            "flow[0].role",
            "accept（受理）",
            id="an unknown role",
        ),
        pytest.param(
            "fees",
            [{"name": "证书工本费", "basis": "无", "amount_cny": "5"}],
            "fees[0].amount_cny",
            "类型不对",
            id="text for an amount",
        ),
        pytest.param(
            "questionnaire.0.minimum",
            "low",
            "questionnaire[0].minimum",
            "类型不对",
            id="text for a bound",
        ),
        pytest.param(
            "materials.1.needed_when",
            {"sells": {"around": 3}},
            "materials[1].needed_when[0].op",
            "等于",
            id="an unknown comparison",
        ),
        pytest.param(
            "materials.1.needed_when",
            {"sells": None},
            "materials[1].needed_when[0].value",
            "类型不对",
            id="a condition without value",
        ),
        pytest.param(
            "materials.1.needed_when",
            {"sells": [1, 2]},
            "materials[1].needed_when[0].value[0]",
            "文字",
            id="numbers in a list of values",
        ),
    ],
)
def test_a_mistake_is_placed_and_explained(
    path: str, value: object, place: str, words: str
) -> None:
    found = problems(changed(path, value))

    assert words in found[place]


def test_a_missing_field_says_what_to_write() -> None:
    without = definition()
    del without["declaration"]

    assert "请补上" in problems(without)["declaration"]


def test_all_mistakes_are_told_at_once() -> None:
    wrong = definition(nmae="x", minutes_to_fill="5")
    del wrong["source"]

    assert set(problems(wrong)) == {"nmae", "minutes_to_fill", "source"}


@pytest.mark.parametrize("plain", [None, "text", 3, [], [{}]], ids=repr)
def test_a_file_that_is_no_mapping_is_refused(plain: object) -> None:
    assert "键: 值" in problems(plain)["（文件）"]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(definition())), value=PLAIN)
def test_no_value_makes_the_reader_fall_over(key: str, value: object) -> None:
    with contextlib.suppress(ItemFormatError):
        parse_item(definition(**{key: value}))
