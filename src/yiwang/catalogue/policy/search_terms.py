"""What an item is found by: words, pairs of characters, pinyin and initials.

Index and query are cut by the same functions; a term carries a prefix that says its kind, so that
pinyin never meets a word. Weights are tuned on the words in `tests/catalogue/test_search.py`.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pypinyin import Style, lazy_pinyin

from yiwang.catalogue.policy.items import ItemVersion

MAX_QUERY_CHARACTERS = 60
"""Longer queries are cut; nobody types more into a search box."""

MOST_SOUNDS = 20
"""Characters of a name whose later words begin initials of their own."""

NAME, ALIAS, THEME, SUMMARY = 10, 8, 4, 2
"""Weight of a hit by where the words stand."""

WHOLE, WORD, PAIR, SYLLABLES, SOUND, INITIALS, LETTERS = 8.0, 2.0, 1.5, 1.0, 4.0, 4.0, 0.5
ENGLISH = 6.0
"""Weight of a hit by kind of term: the whole phrase counts most, three letters least."""

STOP_WORDS = ("我要", "我想", "怎么", "如何", "办理", "申请", "哪里", "需要", "什么")
"""Words of questions that say nothing about the item."""

ENGLISH_STOP_WORDS = frozenset({"and", "for", "the", "how", "get", "apply", "with"})

_PUNCTUATION = re.compile(r"[\W_]+")
_LATIN = re.compile(r"[a-z0-9]+")


def index_terms(version: ItemVersion) -> dict[str, int]:
    """Return the terms by which `version` is found, each with its weight."""
    weights: dict[str, int] = defaultdict(int)
    for text, weight in _texts(version):
        for term in _phrase_terms(text):
            weights[term] = max(weights[term], weight)
    for term in _words(version.summary):
        weights[term] = max(weights[term], SUMMARY)
    if version.english is not None:
        for term in _english(version.english.name):
            weights[term] = max(weights[term], NAME)
    return dict(weights)


def name_terms(name: str) -> dict[str, int]:
    """Return the terms by which an item of which only the name is known is found."""
    return dict.fromkeys(_phrase_terms(name), NAME)


def query_terms(text: str) -> dict[str, float]:
    """Return the terms to look for, each with its weight; empty for an empty text."""
    phrase = normal(text[:MAX_QUERY_CHARACTERS])
    if not phrase:
        return {}
    if _LATIN.fullmatch(phrase):
        return _latin_query(phrase) | dict.fromkeys(_english(text), ENGLISH)
    meant = _without_question(phrase)
    weights: dict[str, float] = {f"={meant}": WHOLE}
    weights |= dict.fromkeys(_pairs(meant), PAIR)
    weights |= dict.fromkeys(_words(meant), WORD)
    weights |= dict.fromkeys(_syllable_pairs(meant), SYLLABLES)
    if len(meant) == 1:
        weights |= {f"1{meant}": PAIR}
    return weights


def normal(text: str) -> str:
    """Return `text` in half width, lower case, without punctuation and spaces."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).lower())


def _texts(version: ItemVersion) -> Iterable[tuple[str, int]]:
    yield version.name, NAME
    for alias in version.aliases:
        yield alias, ALIAS
    for theme in version.themes:
        yield theme, THEME


def _phrase_terms(text: str) -> Iterable[str]:
    phrase = normal(text)
    yield f"={phrase}"
    yield from (f"1{character}" for character in phrase)
    yield from _pairs(phrase)
    yield from _words(phrase)
    yield from _syllable_pairs(phrase)
    yield from _sounds(phrase)


def _pairs(phrase: str) -> Iterable[str]:
    return (f"2{phrase[at : at + 2]}" for at in range(len(phrase) - 1))


def _words(text: str) -> Iterable[str]:
    return (
        f"w{word}"
        for part in _PUNCTUATION.split(unicodedata.normalize("NFKC", text).lower())
        for word in _cutter().cut_for_search(part)
        if len(word) > 1 and word not in STOP_WORDS
    )


def _english(text: str) -> Iterable[str]:
    """Yield the English words of `text` without their endings, licence and license as one."""
    for word in _LATIN.findall(unicodedata.normalize("NFKC", text[:400]).lower()):
        if len(word) > 2 and word not in ENGLISH_STOP_WORDS:
            yield f"e{word.replace('license', 'licence').removesuffix('s')}"


def _syllables(phrase: str) -> list[str]:
    return lazy_pinyin(phrase, style=Style.NORMAL)


def _syllable_pairs(phrase: str) -> Iterable[str]:
    syllables = _syllables(phrase)
    return (f"s{one} {two}" for one, two in pairwise(syllables))


def _sounds(phrase: str) -> Iterable[str]:
    """Yield the beginnings of the pinyin and of the initials, and the pinyin's triplets."""
    syllables = _syllables(phrase)
    sound, initials = "", ""
    for syllable in syllables:
        sound += syllable
        initials += syllable[:1]
        if len(sound) > 1:
            yield f"p{sound[:70]}"
        if len(initials) > 1:
            yield f"i{initials}"
    for start in _word_starts(phrase):
        yield from (f"i{initials[start:end]}" for end in range(start + 3, len(initials) + 1))
    for one in syllables:
        yield f"p{one}"
    yield from _triplets(sound)


def _word_starts(phrase: str) -> Iterable[int]:
    """Yield where the words after the first begin, so that initials may begin there too."""
    at = 0
    for word in _cutter().cut(phrase[:MOST_SOUNDS]):
        if at:
            yield at
        at += len(word)


def _triplets(sound: str) -> Iterable[str]:
    """Yield three letters each, the first of them with a mark that it begins the word."""
    marked = f"^{sound}"
    return (f"3{marked[at : at + 3]}" for at in range(len(marked) - 2))


def _latin_query(phrase: str) -> dict[str, float]:
    weights = dict.fromkeys(_triplets(phrase), LETTERS)
    weights[f"={phrase}"] = WHOLE
    weights[f"p{phrase}"] = SOUND
    weights[f"i{phrase}"] = INITIALS
    for at in range(len(phrase)):
        shorter = phrase[:at] + phrase[at + 1 :]
        if len(shorter) > 2:
            weights.setdefault(f"i{shorter}", INITIALS / 2)
    return weights


def _without_question(phrase: str) -> str:
    for word in STOP_WORDS:
        phrase = phrase.removeprefix(word) or phrase
    return phrase


@cache
def _cutter() -> Any:
    """Return the word cutter; its dictionary takes about a second, once per process.

    The dictionary is read from the package each time: the cache that the library keeps in the
    folder for temporary files could be written by anybody on the machine.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return cutter


def warm_up() -> Mapping[str, float]:
    """Load the dictionary, so that the first search is as quick as the next."""
    return query_terms("食品经营许可")
