"""We know that every field of an item can be shown, changed, compared and written out."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from tests.factories.catalogue import an_item, changed, definition, pack_items
from yiwang.catalogue.policy import editing
from yiwang.catalogue.policy.bounds import unkeepable
from yiwang.catalogue.policy.checks import CHECKS
from yiwang.catalogue.policy.comparing import Kind, compare, pieces
from yiwang.catalogue.policy.items import ItemType, ItemVersion
from yiwang.catalogue.policy.parsing import parse_item, to_plain
from yiwang.catalogue.policy.shapes import Shape, shape_of
from yiwang.catalogue.policy.writing import as_yaml
from yiwang.content.policy import reading

PLAIN = to_plain(an_item())


@pytest.mark.parametrize(
    ("text", "list_parts", "index"),
    [
        ("materials.1", ("materials",), 1),
        ("materials.new", ("materials",), None),
        ("sections.0.questions.1", ("sections", 0, "questions"), 1),
        ("english.texts.3", ("english", "texts"), 3),
    ],
)
def test_a_place_names_a_row_of_a_list(
    text: str, list_parts: tuple[str | int, ...], index: int | None
) -> None:
    place = editing.place(text)

    assert (place.list_parts, place.index) == (list_parts, index)


@pytest.mark.parametrize(
    "text",
    ["", "colour.0", "materials", "limit", "materials.-1", "materials.1e3", "slug.0", "a" * 9],
)
def test_a_place_that_items_do_not_have_is_refused(text: str) -> None:
    with pytest.raises(LookupError):
        editing.place(text)


def test_an_edit_leaves_the_old_definition_as_it_is() -> None:
    before = to_plain(an_item())

    new = editing.with_row(before, editing.place("materials.0"), {"id": "x"})

    assert before == PLAIN
    assert new["materials"][0] == {"id": "x"}


def test_rows_are_added_moved_and_removed() -> None:
    ids = [row["id"] for row in PLAIN["materials"]]

    added = editing.with_row(PLAIN, editing.place("materials.new"), {"id": "x"})
    moved = editing.with_row_moved(added, editing.place("materials.2"), -1)
    removed = editing.without_row(moved, editing.place("materials.0"))

    assert [row["id"] for row in moved["materials"]] == [ids[0], "x", ids[1]]
    assert [row["id"] for row in removed["materials"]] == ["x", ids[1]]


def test_a_row_at_either_end_stays_there() -> None:
    first, last = editing.place("flow.0"), editing.place("flow.4")

    assert editing.with_row_moved(PLAIN, first, -1)["flow"] == PLAIN["flow"]
    assert editing.with_row_moved(PLAIN, last, 1)["flow"] == PLAIN["flow"]


@pytest.mark.parametrize("act", [editing.without_row, lambda d, p: editing.with_row(d, p, {})])
def test_a_row_that_is_not_there_is_refused(act: object) -> None:
    with pytest.raises(LookupError):
        act(PLAIN, editing.place("faq.7"))  # type: ignore[operator]


def test_a_blank_item_can_be_kept_and_fails_checks_without_breaking_them() -> None:
    blank = editing.blank_item(
        slug="x", name="甲", item_type=ItemType.LICENCE, department="market", on=date(2026, 3, 2)
    )

    assert parse_item(to_plain(blank)) == blank
    assert unkeepable(blank) == []
    assert sum(1 for check in CHECKS for _ in check.find(blank)) > 5


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("name", "甲" * 201, "最多200个字"),
        ("summary", "甲" * 5_001, "最多5000个字"),
        ("conditions", ["甲"] * 301, "最多300行"),
        ("materials.0.name", "甲\x00乙", "控制字符"),
        ("faq.0.answer", "\ud800", "控制字符"),
    ],
)
def test_what_the_database_cannot_hold_is_found(path: str, value: object, words: str) -> None:
    (problem,) = unkeepable(parse_item(changed(path, value)))

    assert words in str(problem)


def differences(path: str, value: object) -> list[tuple[str, Kind, object, object]]:
    new = parse_item(changed(path, value))
    return [
        (".".join(shape.name for shape, _row in one.place), one.kind, one.old, one.new)
        for one in compare(parse_item(definition()), new)
    ]


def test_equal_versions_have_no_differences() -> None:
    assert compare(an_item(), an_item()) == []


def test_a_changed_field_is_told_by_its_place() -> None:
    assert differences("limit.promised_workdays", 4) == [
        ("limit.promised_workdays", Kind.CHANGED, 5, 4)
    ]
    assert differences("materials.1.name", "体检证明") == [
        ("materials.name", Kind.CHANGED, "健康证", "体检证明")
    ]


def test_rows_are_matched_by_their_id() -> None:
    materials = definition()["materials"]
    third = materials[0] | {"id": "plan", "name": "图纸"}

    assert [kind for _, kind, _, _ in differences("materials", [*materials, third])] == [Kind.ADDED]
    assert [kind for _, kind, _, _ in differences("materials", materials[:1])] == [Kind.REMOVED]
    moved = differences("materials", materials[::-1])
    assert len(moved) == 1
    assert moved[0][1] is Kind.MOVED


def test_rows_without_a_name_are_matched_by_likeness() -> None:
    flow = definition()["flow"]

    (one,) = differences("flow", [*flow[:2], *flow[3:]])

    assert (one[1], one[2].name) == (Kind.REMOVED, "决定")  # type: ignore[attr-defined]


def test_sentences_are_matched_in_their_order() -> None:
    new = parse_item(definition(conditions=["甲。", "已经取得营业执照。", "乙。"]))

    found = compare(an_item(), new)

    assert [(one.kind, one.new) for one in found] == [(Kind.ADDED, "甲。"), (Kind.ADDED, "乙。")]


def test_groups_that_appear_and_go_are_told_whole() -> None:
    with_english = dataclasses.replace(
        an_item(), english=parse_item(definition(english={"name": "A", "summary": "B"})).english
    )

    (added,) = compare(an_item(), with_english)
    (removed,) = compare(with_english, an_item())

    assert (added.kind, removed.kind) == (Kind.ADDED, Kind.REMOVED)


def marked(old: str, new: str) -> tuple[str, str]:
    sides = pieces(old, new)
    return tuple(  # type: ignore[return-value]
        "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in side)
        for side in sides
    )


@pytest.mark.parametrize(
    ("old", "new", "left", "right"),
    [
        ("承诺五个工作日", "承诺三个工作日", "承诺[五]个工作日", "承诺[三]个工作日"),
        ("021-12345", "021-67890", "[021-12345]", "[021-67890]"),
        ("有场所。", "有固定的场所。", "有场所。", "有[固定的]场所。"),
        ("完全不同", "另外一句话", "[完全不同]", "[另外一句话]"),
        ("", "新的", "", "[新的]"),
    ],
)
def test_words_that_differ_are_marked(old: str, new: str, left: str, right: str) -> None:
    assert marked(old, new) == (left, right)


@pytest.mark.parametrize("pack", ["jiading"])
def test_an_item_written_out_and_read_again_is_the_same(pack: str) -> None:
    for version in pack_items(pack):
        plain = to_plain(version)

        again = reading.read(as_yaml(plain).encode()).content

        assert to_plain(parse_item(again)) == plain, version.slug


@pytest.mark.parametrize(
    "text",
    ["yes", "012", "12:30", "2026-01-31", "null", "~", "& x", "*y", "!z", "- 1", "a: b", "#", ""],
)
def test_texts_that_look_like_something_else_come_back_as_texts(text: str) -> None:
    plain = to_plain(an_item(quantity_limit=text, summary=f"{text}\n{text}"))

    again = parse_item(reading.read(as_yaml(plain).encode()).content)

    assert again.quantity_limit == text.strip()
    assert again.summary == f"{text}\n{text}".strip()


def test_fields_of_days_are_written_as_days() -> None:
    assert "\neffective_on: 2026-01-01\n" in as_yaml(PLAIN)
    assert shape_of(ItemVersion, "effective_on").shape is Shape.DAY
