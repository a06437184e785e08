"""Reading YAML of strangers."""

from __future__ import annotations

import contextlib
import datetime as dt
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from yiwang.content.policy.reading import LARGEST_BYTES, UnreadableError, read


def refused(data: str | bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(data if isinstance(data, bytes) else data.encode())
    assert caught.value.message.endswith("。")
    assert caught.value.remedy.endswith("。")
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: no", {"a": "no"}, id="no is a word"),
        pytest.param("a: yes", {"a": "yes"}, id="yes is a word"),
        pytest.param("a: true", {"a": True}, id="true"),
        pytest.param("a: 012", {"a": "012"}, id="leading zero is a code"),
        pytest.param("a: 12:30", {"a": "12:30"}, id="a time is no number of seconds"),
        pytest.param("a: 0x1F", {"a": "0x1F"}, id="no hexadecimal"),
        pytest.param("a: 1_000", {"a": "1_000"}, id="no underscores"),
        pytest.param("a: 12", {"a": 12}, id="whole"),
        pytest.param("a: -3.5", {"a": -3.5}, id="decimal"),
        pytest.param("a: .inf", {"a": ".inf"}, id="no infinity"),
        pytest.param("a: 1e9", {"a": "1e9"}, id="no exponents"),
        pytest.param("a: 9999999999999999", {"a": "9999999999999999"}, id="too long for a number"),
        pytest.param("a: 2026-03-06", {"a": dt.date(2026, 3, 6)}, id="date"),
        pytest.param("a: '2026-03-06'", {"a": "2026-03-06"}, id="quoted date is text"),
        pytest.param("a: 2026-03-06T10:00:00", {"a": "2026-03-06T10:00:00"}, id="no moments"),
        pytest.param("a:", {"a": None}, id="nothing"),
        pytest.param("a: ''", {"a": ""}, id="empty text"),
        pytest.param("a: |\n  甲\n  乙\n", {"a": "甲\n乙\n"}, id="block"),
        pytest.param("a: [1, {b: 2}]", {"a": [1, {"b": 2}]}, id="nested"),
        pytest.param("<<: 1", {"<<": 1}, id="no merging"),
        pytest.param("1: 2", {"1": 2}, id="keys are text"),
        pytest.param("\ufeffa: 1", {"a": 1}, id="byte order mark"),
        pytest.param("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}, id="lines of Windows"),
    ],
)
def test_values_are_what_they_look_like(text: str, value: object):
    assert read(text.encode()).content == value


def test_every_place_knows_its_line():
    lines = read(b"a: 1\nlist:\n  - x: 1\n    y: 2\n  - x: 3\n").lines

    assert lines["a"] == 1
    assert lines["list[0].y"] == 4
    assert lines["list[1].x"] == 5


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        pytest.param("a: &x 1\nb: *x", "锚点或别名", 1, id="anchor"),
        pytest.param("a: *x", "锚点或别名", 1, id="alias"),
        pytest.param("a: 1\nb: &x [1]", "锚点或别名", 2, id="anchor on a list"),
        pytest.param("&k a: 1", "锚点或别名", 1, id="anchor on a key"),
        pytest.param("a: !!python/object/apply:os.system ['true']", "标签", 1, id="python tag"),
        pytest.param("a: !!python/name:os.system", "标签", 1, id="python name"),
        pytest.param("a: !include x.yaml", "标签", 1, id="own tag"),
        pytest.param("!!map {a: 1}", "标签", 1, id="harmless tag"),
        pytest.param("a: 1\nb: 2\na: 3", "写了两次（前一次在第 1 行）", 3, id="key twice"),
        pytest.param("a:\n  - b: 1\n    b: 2", "“b”写了两次", 3, id="key twice deep inside"),
        pytest.param("[a, b]: 1", "键不是文字", 1, id="list as key"),
        pytest.param("a: 1\nb: 2026-02-30", "“2026-02-30”不存在", 2, id="30 February"),
        pytest.param("a: 1\n---\nb: 2", "几份 YAML 文档", 2, id="two documents"),
        pytest.param("", "空的", None, id="empty"),
        pytest.param("# nothing\n", "空的", None, id="only a comment"),
        pytest.param("a: [1, 2", "不是正确的 YAML", 1, id="open bracket"),
        pytest.param("a: 1\n b: 2", "不是正确的 YAML", 2, id="bad indent"),
        pytest.param("a:\t- 1\n\t- 2", "不是正确的 YAML", 2, id="tabs"),
        pytest.param('a: "x', "不是正确的 YAML", 1, id="open quote"),
    ],
)
def test_tricks_and_slips_are_refused_with_their_line(text: str, words: str, line: int | None):
    problem = refused(text)

    assert words in problem.message
    assert problem.line == line or (words == "不是正确的 YAML" and problem.line is not None)


def test_a_place_is_named_down_to_the_member():
    assert refused("a:\n  - b: 1\n  - c: 2026-13-01").place == "a[1].c"


def test_another_encoding_is_refused_with_its_line():
    problem = refused(b"a: 1\nb: " + "嘉定".encode("gb18030"))

    assert "不是 UTF-8" in problem.message
    assert "另存为 UTF-8" in problem.remedy
    assert problem.line == 2


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b"])
def test_control_characters_are_refused(character: str):
    assert "控制字符" in refused(f"a: x{character}y").message


def test_ten_megabytes_of_aliases_are_refused_at_once():
    bomb = "a: &a [x]\n" + "b: [" + "*a," * 3_500_000 + "]\n"
    start = time.process_time()

    problem = refused(bomb)

    assert str(LARGEST_BYTES) in problem.message
    assert time.process_time() - start < 1


def test_a_small_bomb_of_aliases_is_refused_at_its_first_anchor():
    rows = ["a0: &a0 [x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]

    assert refused("\n".join(rows)).line == 1


def test_a_tower_of_brackets_is_refused_without_falling_over():
    assert "嵌套超过 20 层" in refused("a: " + "[" * 50_000).message
    assert "嵌套超过 20 层" in refused("a: " + "{b: " * 50_000).message


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_and_nothing_else(data: bytes):
    with contextlib.suppress(UnreadableError):
        read(data)


@given(
    st.recursive(
        st.booleans() | st.integers(-(10**14), 10**14) | st.text("甲乙ab:#-& '\"\n", max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_what_yaml_writes_is_read_back(value: object):
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    text = yaml.dump({"v": value}, Dumper=Plain, allow_unicode=True)

    assert read(text.encode()).content == {"v": value}
