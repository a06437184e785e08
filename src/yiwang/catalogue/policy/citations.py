"""How an article of a law is cited."""

from __future__ import annotations


def article_number(article: str) -> str:
    """Return the number of the article alone: 第三十五条之一 of 第三十五条之一第二款."""
    number, mark, tail = article.partition("条")
    return number + mark + (tail[:2] if tail.startswith("之") else "")
