"""Taking typed values out of a file."""

from __future__ import annotations

import datetime as dt

import pytest

from yiwang.content.policy.packs import PackError
from yiwang.content.policy.reading import read
from yiwang.content.registry import Fields, PackFile


def fields_of(text: str) -> Fields:
    answer = read(text.encode())
    file = PackFile(
        pack="example",
        section="things",
        name="thing",
        path="packs/example/things/thing.yaml",
        content=answer.content,
        lines=answer.lines,
    )
    errors: list[PackError] = []
    return Fields(file, errors)


def test_right_values_come_out_in_their_types():
    fields = fields_of(
        "t: ' 甲 '\nd: 2026-03-06\nn: 3\nf: true\nc: red\nts: [甲, 乙]\nds: [2026-03-06]\n"
        "rows: [{x: 1}]\ninner: {y: 2}\nempty:\n"
    )

    assert fields.text("t") == "甲"
    assert fields.day("d") == dt.date(2026, 3, 6)
    assert fields.whole("n", least=1, most=5) == 3
    assert fields.flag("f") is True
    assert fields.choice("c", ["red", "blue"]) == "red"
    assert fields.texts("ts") == ["甲", "乙"]
    assert fields.days("ds") == [dt.date(2026, 3, 6)]
    assert [row.whole("x", least=0, most=9) for row in fields.rows("rows")] == [1]
    inner = fields.inner("inner")
    assert inner is not None
    assert inner.whole("y", least=0, most=9) == 2
    assert not fields.has("empty")
    fields.done()
    assert fields.errors == []


def test_missing_optional_values_have_harmless_stand_ins():
    fields = fields_of("a: 1")

    assert fields.text("t", required=False, default="x") == "x"
    assert fields.day("d", required=False) is None
    assert fields.whole("n", least=1, most=2, required=False, default=2) == 2
    assert fields.flag("f", default=True) is True
    assert fields.choice("c", ["red"], required=False, default="red") == "red"
    assert fields.texts("ts", required=False) == []
    assert fields.rows("rows", required=False) == []
    assert fields.inner("inner", required=False) is None
    assert fields.errors == []


@pytest.mark.parametrize(
    ("text", "ask", "words"),
    [
        ("a: 1", lambda f: f.text("t"), "没有填写。 请补上“t”。"),
        ("t: ''", lambda f: f.text("t"), "不能为空"),
        ("t: 310114", lambda f: f.text("t"), "应为文字，现为 “310114”。 请给它加上引号"),
        ("t: 太长了", lambda f: f.text("t", longest=2), "有 3 个字，超过上限 2 个字"),
        ("d: '2026-03-06'", lambda f: f.day("d"), "应为日期"),
        ("n: '3'", lambda f: f.whole("n", least=1, most=5), "应为整数"),
        ("n: true", lambda f: f.whole("n", least=1, most=5), "应为整数，现为 true"),
        ("n: 6", lambda f: f.whole("n", least=1, most=5), "为 6，超出范围。 请填写 1 至 5"),
        ("f: yes", lambda f: f.flag("f"), "应为 true 或 false"),
        ("c: green", lambda f: f.choice("c", ["red", "blue"]), "下列之一：blue、red"),
        ("c: [red]", lambda f: f.choice("c", ["red"]), "为 列表"),
        ("ts: 甲", lambda f: f.texts("ts"), "应为列表"),
        ("ts: [甲, 1]", lambda f: f.texts("ts"), "ts[1] 应为文字"),
        ("ts: [甲, '']", lambda f: f.texts("ts"), "ts[1] 应为文字"),
        ("ds: [2026-03-06, 明天]", lambda f: f.days("ds"), "ds[1] 应为日期，现为 “明天”"),
        ("rows: [1]", lambda f: f.rows("rows"), "rows[0] 应为“键: 值”"),
        ("rows: [null]", lambda f: f.rows("rows"), "rows[0] 应为“键: 值”"),
        ("inner: 甲", lambda f: f.inner("inner"), "inner 应为“键: 值”"),
        ("inner: []", lambda f: f.inner("inner"), "inner 应为“键: 值”"),
    ],
)
def test_wrong_values_are_refused_with_place_and_remedy(text, ask, words):
    fields = fields_of(text)

    ask(fields)

    (error,) = fields.errors
    assert words in f"{error.place} {error.message} {error.remedy}"


def test_a_file_that_is_no_mapping_is_refused():
    assert "键: 值" in fields_of("- 1").errors[0].message
    assert "键: 值" in fields_of("~").errors[0].message


def test_unknown_keys_are_refused_with_their_line_and_what_may_stand_there():
    fields = fields_of("name: 甲\nrows:\n  - x: 1\n    z: 2\nnmae: 乙\n")

    fields.text("name")
    for row in fields.rows("rows"):
        row.whole("x", least=0, most=9)
        row.done()
    fields.done()

    deep, top = fields.errors
    assert str(deep) == (
        "packs/example/things/thing.yaml:4: rows[0].z\n"
        "  不认识这个键。\n"
        "  请核对拼写；这里可以写：x。"
    )
    assert (top.place, top.line) == ("nmae", 5)


def test_an_error_at_a_missing_place_shows_the_line_around_it():
    fields = fields_of("a: 1\nrows:\n  - x: 1\n")

    (row,) = fields.rows("rows")
    row.text("missing")

    assert fields.errors[0].line == 3
    assert fields.errors[0].place == "rows[0].missing"
