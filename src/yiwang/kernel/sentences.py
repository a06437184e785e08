"""Sentences of rules that a page may say in another language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Sentence(str):
    """A Chinese sentence that knows the pattern and the values it was made of.

    It is the sentence wherever a text is wanted. A page in another language translates the pattern
    and puts the values in; a value may be a sentence itself.

    Example:
        `Sentence("请填写“%(label)s”。", label="面积")` is `请填写“面积”。`.
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, object]

    def __new__(cls, pattern: str, **values: object) -> Self:
        """Put `values` into `pattern`."""
        said = super().__new__(cls, pattern % values)
        said.pattern = pattern
        said.values = values
        return said
