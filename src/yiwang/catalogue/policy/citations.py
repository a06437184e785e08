"""How an article of a law is cited."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

MOST_CITED = 5
"""Most citations that are read out of one text."""

UNNAMED = "其他文件"
"""What a document is called whose title is none of the laws known."""

COUNTRY = "中华人民共和国"

_FIGURES = "〇零一二三四五六七八九十百千"
_COUNT = rf"(?:[{_FIGURES}]{{1,8}}|[0-9]{{1,4}})"
_CITED = re.compile(
    r"《(?P<title>[^《》]{1,200})》"
    rf"|第(?P<article>{_COUNT})条(?P<inserted>之[{_FIGURES}]{{1,3}})?"
    rf"(?:第(?P<paragraph>{_COUNT})款)?(?:第[（(]?(?P<point>{_COUNT})[）)]?项)?"
)
_EDITION = re.compile(r"[（(][^（()）]*[）)]$")


def article_number(article: str) -> str:
    """Return the number of the article alone: 第三十五条之一 of 第三十五条之一第二款."""
    number, mark, tail = article.partition("条")
    return number + mark + (tail[:2] if tail.startswith("之") else "")


def short_title(title: str) -> str:
    """Return the title of a law without the country and without the edition in brackets."""
    return _EDITION.sub("", title.strip()).strip().removeprefix(COUNTRY)


def cited_titles(text: str) -> frozenset[str]:
    """Return the titles between 《》 in a text, short."""
    return frozenset(
        short_title(one["title"]) for one in _CITED.finditer(text) if one["title"] is not None
    )


def citations(text: str, *, known: Collection[str]) -> tuple[str, ...]:
    """Return the articles that a typed text cites, and nothing else that stands in it.

    People type the basis of a decision, so a text may hold a name. What comes out is made of the
    titles of known laws and of numbers alone, each article once, written in one way.

    Args:
        text: As typed: 《行政许可法》第38条第2款，申请人王某.
        known: Short titles of laws; any other title becomes 其他文件.
    """
    return tuple(dict.fromkeys(_citations(text, known)))[:MOST_CITED]


def _citations(text: str, known: Collection[str]) -> Iterator[str]:
    law, waits = "", False
    for one in _CITED.finditer(text):
        if one["title"] is not None:
            if waits:
                yield law
            title = short_title(one["title"])
            law, waits = (f"《{title}》" if title in known else UNNAMED), True
            continue
        waits = False
        before = short_title(text[: one.start()].rstrip())
        bare = next((title for title in known if title and before.endswith(title)), "")
        if bare:
            law = f"《{bare}》"
        yield law + _article(one)
    if waits:
        yield law


def _article(one: re.Match[str]) -> str:
    words = f"第{_in_figures(one['article'])}条{one['inserted'] or ''}"
    if one["paragraph"]:
        words += f"第{_in_figures(one['paragraph'])}款"
    if one["point"]:
        words += f"第{_in_figures(one['point'])}项"
    return words


def _in_figures(count: str) -> str:
    """Return a number below 1,000 as laws write it: 一百零三; others stand as they are."""
    if not count.isdecimal() or not 0 < int(count) < 1_000:
        return count
    hundreds, rest = divmod(int(count), 100)
    tens, ones = divmod(rest, 10)
    figures = _FIGURES[1:]
    words = f"{figures[hundreds]}百" if hundreds else ""
    if tens:
        words += "十" if tens == 1 and not hundreds else f"{figures[tens]}十"
    elif hundreds and ones:
        words += "零"
    return words + (figures[ones] if ones else "")
