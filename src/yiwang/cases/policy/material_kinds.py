"""Kinds of material as packs describe them (材料种类): by which titles known, what must be on them.

A kind is a text of a pack under `material_kinds.`, one line that a clerk can read and change:
`营业执照：营业执照、执照副本；应有：统一社会信用代码、印章`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yiwang.kernel.terms import Term

PREFIX = "material_kinds"


class Need(Term):
    """What must be found on a material."""

    SEAL = "seal", "印章"
    USCC = "uscc", "统一社会信用代码"
    CITIZEN_ID = "citizen_id", "身份证号"
    LICENCE_NUMBER = "licence_number", "证书编号"
    VALIDITY = "validity", "有效期"


@dataclass(frozen=True, kw_only=True)
class MaterialKind:
    """One kind: its name, the titles by which its text is known, and what must be on it."""

    name: str
    titles: tuple[str, ...]
    needs: frozenset[Need] = frozenset()


_LINE = re.compile(r"(?P<name>[^：；、]+)：(?P<titles>[^：；]+)(?:；应有：(?P<needs>[^：；]+))?")

SYNTAX = "请写成“营业执照：营业执照、执照副本；应有：统一社会信用代码、印章”的样子。"


def parse(text: str) -> MaterialKind | None:
    """Return the kind that a line describes; None where it is not written as it must be."""
    line = _LINE.fullmatch("".join(text.split()))
    if line is None:
        return None
    titles = tuple(word for word in line["titles"].split("、") if word)
    words = [word for word in (line["needs"] or "").split("、") if word]
    needs = [one for word in words for one in Need if one.label == word]
    if not titles or len(needs) != len(words):
        return None
    return MaterialKind(name=line["name"], titles=titles, needs=frozenset(needs))


def problems(key: str, text: str) -> list[str]:
    """Return what is wrong with a text under `material_kinds.`."""
    if text.isascii():
        return []  # the English of a text is not read by programs
    if parse(text) is not None:
        return []
    known = "、".join(one.label for one in Need)
    return [f"“{key}”不是材料种类的写法；{SYNTAX}“应有”只能写{known}。"]


def parsed(texts: Iterable[str]) -> tuple[MaterialKind, ...]:
    """Return the kinds that lines describe, longest names first; a bad line counts for nothing."""
    kinds = [kind for kind in map(parse, texts) if kind is not None]
    return tuple(sorted(kinds, key=lambda one: (-len(one.name), one.name)))


def kind_of(material: str, kinds: Sequence[MaterialKind]) -> MaterialKind | None:
    """Return the kind whose name stands in the name of a material; the longest counts."""
    return next((kind for kind in kinds if kind.name in material), None)
