"""Normative documents (规范性文件): how one is written down, how it stands, who cites it.

Source:
    优化营商环境条例 第三十八条、第六十一条、第六十三条、第六十四条;
    上海市优化营商环境条例 第七十四条、第七十五条; 公平竞争审查条例 第二条、第十二条.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.kernel.terms import Term

REMIND_DAYS = 90
"""Days before and after its last day in which a document is brought to mind. Our own choice."""

NUMBER_CHARS, TITLE_CHARS, ISSUER_CHARS, NOTE_CHARS = 80, 300, 200, 500
MOST_REPLACED = 50

NUMBER = re.compile(r"[^\s〔〕]{1,30}〔(?:19|20)\d{2}〕\d{1,5}号")
_BRACKETS = re.compile(r"[\[［【(（〔]((?:19|20)\d{2})[\]］】)）〕]")
_IN_TEXT = re.compile(r"([\u4e00-\u9fff]{1,20})(〔(?:19|20)\d{2}〕\d{1,5}号)")
_BEFORE_NUMBER = re.compile(r"[据按依照和与及以由为见]|[^\u4e00-\u9fff]")
"""What may stand before a number in a text; any other word belongs to another number."""


class NormState(Term):
    """How a document stands on a day."""

    PENDING = "pending", "尚未施行"
    IN_FORCE = "in_force", "现行有效"
    EXPIRED = "expired", "到期失效"
    REPEALED = "repealed", "已废止"


ENDED = frozenset({NormState.EXPIRED, NormState.REPEALED})


class NormReview(Term):
    """What the review of lawfulness, or of fair competition, came to."""

    PASSED = "passed", "审查通过"
    EXEMPT = "exempt", "适用例外规定"
    NOT_NEEDED = "not_needed", "不需要审查"
    UNKNOWN = "unknown", "没有取得审查结果"


LEGALITY = tuple(one for one in NormReview if one is not NormReview.EXEMPT)
"""Results of the review of lawfulness; exceptions are for fair competition alone."""


class NormAct(Term):
    """What was done to a document in the register."""

    ENTER = "enter", "登记"
    EXTEND = "extend", "延长有效期"
    REPEAL = "repeal", "废止"
    REPLACE = "replace", "被新文件取代"
    CORRECT = "correct", "更正登记"
    RESTORE = "restore", "因更正恢复"


@dataclass(frozen=True, kw_only=True)
class NormEntry:
    """One document as it is entered.

    Attributes:
        number: Its official number (文号), with six-corner brackets.
        issuer: Who made it.
        valid_from: First day in force.
        valid_until: Last day in force; None: no end is written.
        department: Code of the department that looks after it here.
        replaces: Numbers of what ends when it comes into force.
        source: Where these facts come from.
    """

    number: str
    title: str
    issuer: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    department: str
    legality: NormReview
    fair_competition: NormReview
    replaces: tuple[str, ...] = ()
    source: str = ""
    note: str = ""


def tidy_number(text: str) -> str:
    """Return a number with six-corner brackets, whatever brackets were typed."""
    return _BRACKETS.sub(r"〔\1〕", "".join(text.split()))


def split_numbers(text: str) -> list[str]:
    """Return the numbers of a cell, parted by lines, semicolons or commas."""
    return [found for one in re.split(r"[\n;；、,，]", text) if (found := tidy_number(one))]


def problems(entry: NormEntry) -> Iterator[tuple[str, str, str]]:
    """Yield field, what is wrong with it, and what would put it right."""
    if not NUMBER.fullmatch(entry.number):
        yield (
            "number",
            f"为“{entry.number}”，不是完整的文号。",
            "请写全，例如 示例府规〔2026〕3号。",
        )
    if entry.valid_from < entry.issued_on:
        yield "valid_from", "早于印发日期。", "请核对这两个日期。"
    if entry.valid_until is not None and entry.valid_until < entry.valid_from:
        yield "valid_until", "早于施行日期。", "请填写有效期的最后一天，没有规定的留空。"
    if entry.legality not in LEGALITY:
        yield (
            "legality",
            f"不能是“{entry.legality.label}”。",
            "例外规定只用于公平竞争审查，请改选。",
        )
    for one in entry.replaces:
        if not NUMBER.fullmatch(one):
            yield "replaces", f"中的“{one}”不是完整的文号。", "请一行写一个文号。"
    if entry.number in entry.replaces:
        yield "replaces", "写了它自己的文号。", "请删去，只写被它取代的文件。"
    if len(entry.replaces) > MOST_REPLACED:
        yield "replaces", f"超过 {MOST_REPLACED} 个。", "请核对。"


def read_entry(row: Fields, *, source: str = "") -> NormEntry | None:
    """Return the entry that a row holds; None, with errors in the row, when it does not hold one.

    Args:
        row: The row, of a pack or a table.
        source: Source of a row that names none.
    """
    before = len(row.errors)
    number = tidy_number(row.text("number", longest=NUMBER_CHARS))
    title = row.text("title", longest=TITLE_CHARS)
    issuer = row.text("issuer", longest=ISSUER_CHARS)
    issued_on, valid_from = row.day("issued_on"), row.day("valid_from")
    valid_until = row.day("valid_until", required=False)
    department = row.text("department", longest=40)
    reviews = [one.value for one in NormReview]
    legality = NormReview(row.choice("legality", reviews, default=NormReview.UNKNOWN.value))
    fair = NormReview(row.choice("fair_competition", reviews, default=NormReview.UNKNOWN.value))
    replaces = tuple(tidy_number(one) for one in row.texts("replaces", required=False))
    own_source = row.text("source", required=False, longest=NOTE_CHARS)
    note = row.text("note", required=False, longest=NOTE_CHARS)
    row.done()
    if len(row.errors) > before or issued_on is None or valid_from is None:
        return None
    entry = NormEntry(
        number=number,
        title=title,
        issuer=issuer,
        issued_on=issued_on,
        valid_from=valid_from,
        valid_until=valid_until,
        department=department,
        legality=legality,
        fair_competition=fair,
        replaces=replaces,
        source=own_source or source,
        note=note,
    )
    for name, message, remedy in problems(entry):
        row.refuse(name, message, remedy)
    return entry if len(row.errors) == before else None


def state_on(
    on: date, *, valid_from: date, valid_until: date | None, repealed_on: date | None
) -> NormState:
    """Return how a document stands on `on`; `repealed_on` is the first day without it."""
    if repealed_on is not None and repealed_on <= on:
        return NormState.REPEALED
    if valid_until is not None and valid_until < on:
        return NormState.EXPIRED
    return NormState.PENDING if valid_from > on else NormState.IN_FORCE


def numbers_in(texts: Iterable[str]) -> set[str]:
    """Return what may be a number in `texts`: each with every beginning it could have."""
    return {
        head[start:] + tail
        for text in texts
        for head, tail in _IN_TEXT.findall(tidy_number(text))
        for start in range(len(head))
    }


def cites(text: str, *, number: str, title: str) -> bool:
    """Tell whether `text` names the document by its number, its title, or what it issues.

    A notice that issues (印发) a document is cited by the name of what it issues.
    """
    if not text:
        return False
    if text == title or f"印发《{text}》" in title or f"印发〈{text}〉" in title:
        return True
    plain = tidy_number(text)
    place = plain.find(number)
    while place >= 0:
        if place == 0 or _BEFORE_NUMBER.fullmatch(plain[place - 1]):
            return True
        place = plain.find(number, place + 1)
    return False
