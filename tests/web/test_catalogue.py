"""Every string switches: the English catalogue has no gap."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django import forms
from django.utils import translation
from django.utils.translation import trans_real

from yiwang.cases.policy import answers
from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.web import i18n, labels, sentences

WEB = Path(i18n.__file__).parent
CALLS = {"_", "_l", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
TRANSLATE = re.compile(r"""\{%-?\s*translate\s+(["'])(.+?)\1""", re.DOTALL)
BLOCK = re.compile(r"\{% blocktranslate.*?%\}(.*?)(?:\{% plural %\}.*?)?\{% endblocktranslate %\}")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (WEB / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="en")


def said_in_templates() -> Iterator[str]:
    for template in (WEB / "templates").rglob("*.html"):
        text = template.read_text()
        yield from (found[2] for found in TRANSLATE.finditer(text))
        for found in BLOCK.finditer(text):
            yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", found[1].replace("%", "%%"))


def said_in_code() -> Iterator[str]:
    for module in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in CALLS
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value)


def plain(text: str) -> str:
    return text.replace("%%", "%")


def test_everything_that_pages_say_is_in_the_catalogue(catalogue: Catalog):
    known = {
        plain(message.id[0] if isinstance(message.id, tuple) else message.id)
        for message in catalogue
    }

    missing = {plain(text) for text in [*said_in_templates(), *said_in_code()]} - known

    assert sorted(missing) == [], "run `make messages` and translate"


def test_every_entry_is_translated(catalogue: Catalog):
    gaps = [
        message.id
        for message in catalogue
        if message.id
        and (message.fuzzy or not all(_strings(message.string)) or not _strings(message.string))
    ]

    assert gaps == []


def test_translations_keep_their_places_for_values(catalogue: Catalog):
    odd = [
        message.id
        for message in catalogue
        if message.id
        for string in _strings(message.string)
        if set(re.findall(r"%\(\w+\)s", _strings(message.id)[0]))
        != set(re.findall(r"%\(\w+\)s", string))
    ]

    assert odd == []


def test_no_translation_is_still_chinese(catalogue: Catalog):
    left = [
        message.id
        for message in catalogue
        if message.id
        for string in _strings(message.string)
        if re.search(r"[\u4e00-\u9fff]", string)
    ]

    assert left == []


def test_every_label_that_pages_show_is_named():
    shown = {term.label for terms in labels.SHOWN for term in terms}

    assert shown - labels.LABELS == set()


def test_every_sentence_of_rules_that_pages_say_is_named():
    """A pattern that no page knows would stay Chinese on an English one."""
    said = {
        str(ast.literal_eval(node.args[0]))
        for module in (answers, citizen_id, uscc)
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Sentence"
    }

    assert len(said) > 20
    assert {*said, PageKeyRefusedError().message} == sentences.PATTERNS


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (forms.CharField(max_length=3), "一二三四", "最多 3 个字，现在是 4 个，请删减。"),
        (
            forms.CharField(),
            "一\0二",
            "其中有看不见的控制字符，不能保存，请删去后再提交。",
        ),
        (forms.IntegerField(max_value=9), "10", "不能大于9，请核对。"),
        (forms.IntegerField(min_value=2), "1", "不能小于2，请核对。"),
    ],
)
def test_the_sentences_of_the_framework_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, field: forms.Field, typed: str, sentence: str
):
    monkeypatch.setattr(trans_real, "_translations", {})

    with translation.override("zh-hans"), pytest.raises(forms.ValidationError) as caught:
        field.clean(typed)

    assert caught.value.messages == [sentence]


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple | list) else [str(value)]
