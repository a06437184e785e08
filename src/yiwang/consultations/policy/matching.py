"""Whether a passage may be shown as the answer to a question.

A question is cut into characters and pairs of characters; the words that only ask (怎么、吗) do not
count. What remains must stand in the passage, and no stretch of it may be missing altogether.
`docs/algorithms/asking.md` says on which questions the numbers were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from yiwang.catalogue.policy.search_terms import normal

QUESTION_LIMIT_CHARS = 200
"""Longest question."""

HELD = 0.6
"""Share of what is asked that a passage and the names of its item hold together."""

HELD_IF_LIKELY = 0.4
"""The same where the search, too, takes the passage for the answer."""

OWN = 0.4
"""Share of what is asked that stands in a frequent question and its answer alone."""

HEADING = 0.3
"""Share of what is asked that stands in the frequent question itself."""

OWN_OF_PART = 0.7
"""The same for the other parts of a guide, which were not written as answers."""

NAMED = 0.7
"""Share of what is asked, without the words for a part of the guide, that the names hold."""

SAME_NAME = 0.8
"""Likeness from which a question says nothing but the name of an item: 我要开饭店."""

NOTHING_ELSE = 0.95
"""Likeness from which that is certain, so that the item itself is the best answer."""

NAMED_AS_WELL = 0.1
"""Items whose likeness is at most this much lower than the best one's are meant as well."""

LAW_HELD = 0.75
"""Share of what is asked that an article of a law holds; articles are long."""

LEAST_TERMS = 4
"""Fewer characters and pairs ask nothing that could be answered: 钱, 办证."""

LEAST_TERMS_NAME = 3
"""The same for what names an item: 离婚."""

LEAST_TERMS_LONG = 8
"""The same where the text is long and holds many pairs by chance."""

LISTED = 0.6
"""Share of what is asked that the names and the summary of an item hold to be listed as found."""

ASKING = (
    "能不能|可不可以|是不是|有没有|要不要|需不需要|怎么办理|如何办理|怎么办|怎么样|怎么|怎样|如何|"
    "为什么|什么样|什么时候|什么|哪里|哪儿|哪些|哪个|多少|多久|多长时间|几天|请问|想问|你好|您好|"
    "谢谢|一下|需要|必须|应该|可以|我要|我想|我们|我家|我的|办理|申请|手续|是否|吗|呢|吧|啊|呀|么|"
    "的|了|我|你|您|请|啥|要|能|办"
)
"""Words that only ask."""

TOPICS: Mapping[str, str] = {
    "fees": "要不要钱|多少钱|要钱|收钱|花钱|收费|费用|免费|付钱|价格",
    "limit": "多久|几天|多少天|多长时间|什么时候能|时限|办好|办完|工作日|当天|当场",
    "places": "去哪里|去哪儿|去哪|在哪里|在哪儿|在哪|哪里|哪儿|地址|地点|什么地方",
    "materials": "材料|准备|带什么|带哪些|交什么|交哪些|需要什么|需要哪些",
    "conditions": "条件|资格|要求|哪些人|什么人|谁能|谁可以",
    "flow": "怎么办理|怎么办|怎么申请|如何办理|如何办|如何申请|怎么领|流程|步骤|程序",
    "result": "拿到什么|发什么|什么证|得到什么",
    "summary": "是什么|什么是|什么意思",
}
"""Part of a guide -> words of a question that ask for it."""

_ASKING = re.compile(ASKING)
_TOPICS = {part: re.compile(words) for part, words in TOPICS.items()}


@dataclass(frozen=True, kw_only=True)
class Match:
    """How much of a question a text holds.

    Attributes:
        share: Of the characters and pairs of the question that say something, 0 to 1.
        terms: How many there are in the question.
        whole: No stretch of the question is missing altogether.
    """

    share: float
    terms: int
    whole: bool


def topics(question: str) -> tuple[str, ...]:
    """Return the parts of a guide that `question` asks for, in the order of `TOPICS`."""
    words = normal(question)
    return tuple(part for part, pattern in _TOPICS.items() if pattern.search(words))


def without_topics(question: str) -> str:
    """Return `question` without the words that ask for a part of a guide."""
    words = normal(question)
    for pattern in _TOPICS.values():
        words = pattern.sub(" ", words)
    return words


def match(question: str, texts: Iterable[str]) -> Match:
    """Tell how much of `question` stands in `texts` together.

    Example:
        Of 继承房产必须公证吗, the text 继承房子一定要公证吗 holds 继, 承, 房, 公, 证 and the pairs
        继承, 承房, 公证: 8 of 10, and something of both stretches.
    """
    stretches = _stretches(question)
    asked = frozenset().union(*stretches)
    if not asked:
        return Match(share=0.0, terms=0, whole=False)
    held_text = normal(" ".join(texts))
    held = {term for term in asked if term in held_text}
    return Match(
        share=len(held) / len(asked),
        terms=len(asked),
        whole=all(held & stretch for stretch in stretches),
    )


def likeness(question: str, names: Iterable[str]) -> float:
    """Return how near `question` comes to the nearest of `names`; 1: the same terms."""
    asked = _terms(question)
    if not asked:
        return 0.0
    others = (_terms(name) for name in names)
    return max(
        (2 * len(asked & other) / (len(asked) + len(other)) for other in others if other),
        default=0.0,
    )


def _terms(text: str) -> frozenset[str]:
    return frozenset().union(*_stretches(text))


@lru_cache(maxsize=5_000)
def _stretches(question: str) -> tuple[frozenset[str], ...]:
    """Return the terms of each stretch of `question` between words that only ask."""
    found = []
    for words in question.split():
        for part in _ASKING.split(normal(words)):
            if part.isascii():
                found.append(frozenset([part] if part else []))
            else:
                pairs = (part[at : at + 2] for at in range(len(part) - 1))
                found.append(frozenset([*part, *pairs]))
    return tuple(terms for terms in found if terms)
