"""Pages take the days of the law from the package that holds them with their source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_house import ROOT, SOURCE, tracked

WEB = SOURCE / "web"

SHOWCASE = {WEB / "public" / "showcase.py", WEB / "templates" / "public" / "components.html"}
"""The page of components shows invented days."""

NUMERALS = "一二两三四五六七八九十百"
TYPED = re.compile(
    rf"(?<![0-9{NUMERALS}第月])"
    rf"(?:"
    rf"(?:[0-9]+|[{NUMERALS}]+) ?(?:个?工作日|个?自然日|个月|周内)"
    rf"|(?:[0-9]{{1,3}}|(?!一[日天年])[{NUMERALS}]+) ?[日天年]"
    rf"|一[日天年]内"
    rf")"
)
"""A number and a unit of the law's clocks; dates, years and “这一天” are none."""

COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


def said(path: Path) -> Iterator[str]:
    """Yield what a page says: a template without comments, the texts of a module's code."""
    text = path.read_text()
    if path.suffix == ".html":
        yield COMMENT.sub("", text)
        return
    tree = ast.parse(text)
    explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in explained
        ):
            yield node.value


def typed(paths: list[Path]) -> list[str]:
    return [
        f"{path.name}: {found.group(0)}"
        for path in paths
        for text in said(path)
        for found in TYPED.finditer(text)
    ]


def test_no_page_types_days_of_the_law():
    pages = [
        path
        for path in tracked("src/yiwang/web/**/*.py", "src/yiwang/web/**/*.html")
        if path not in SHOWCASE
    ]

    assert len(pages) > len(SHOWCASE)
    assert typed(pages) == [], "take the number from the policy that holds it with its source"


def test_the_pages_that_may_type_days_exist_and_do():
    for path in SHOWCASE:
        assert typed([path]), path.relative_to(ROOT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "<p>我们会在 5 个工作日内答复。</p>"),
        ("page.html", "<p>五个工作日照常计算</p>"),
        ("page.html", "申请行政复议（六十日）"),
        ("page.py", 'words = _("六十日内申请行政复议")'),
        ("page.py", 'words = _("至少" "保存三年")'),
        ("page.py", 'words = _l("或者六个月内起诉")'),
        ("page.py", 'words = f"{name}，一年内有效"'),
    ],
)
def test_a_typed_day_is_seen(tmp_path: Path, name: str, text: str):
    page = tmp_path / name
    page.write_text(text)

    assert len(typed([page])) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", "{# 剩 3 天 #}{% comment %}五个工作日{% endcomment %}{{ days }} 个工作日内"),
        ("page.py", '"""Within 5 个工作日."""\nwords = _("%(days)s 个工作日内，自这一天起")'),
        ("page.py", 'words = _("2021年规划，最后一天是2026年3月13日，近一年，第三年")'),
    ],
)
def test_what_is_no_typed_day_is_left_alone(tmp_path: Path, name: str, text: str):
    page = tmp_path / name
    page.write_text(text)

    assert typed([page]) == []
