"""Impact assessments (个人信息保护影响评估): what they hold, cover, and how long they stay; pure.

Source:
    个人信息保护法 第五十五条第二项 (before automated decisions), 第五十六条 (contents, years).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.terms import Term
from yiwang.rules.policy.sources import reading_words

KEPT_YEARS = 3
"""How long an assessment is kept after its last use, in years. 个人信息保护法 第五十六条第二款."""

SOON_DAYS = 30
"""Days before the next review from which it is listed as due."""

LONGEST_TEXT = 2_000
"""Longest answer to one point, in characters."""


class AssessmentState(Term):
    """Where an assessment stands."""

    DRAFT = "draft", "编写中"
    SUBMITTED = "submitted", "等待批准"
    APPROVED = "approved", "已批准"
    ARCHIVED = "archived", "已归档"
    DISCARDED = "discarded", "已作废"


OPEN = frozenset({AssessmentState.DRAFT, AssessmentState.SUBMITTED})
"""States of which an item has one assessment at most."""

FINISHED = frozenset({AssessmentState.APPROVED, AssessmentState.ARCHIVED})
"""States of an assessment that was approved; it is kept."""


class Conclusion(Term):
    """What an assessment comes to."""

    FIT = "fit", "可以自动办理"
    UNFIT = "unfit", "不可以自动办理"


class Readiness(Term):
    """Whether the rules of an item may go live, as far as assessments say (评估情况)."""

    VALID = "valid", "有效"
    DUE = "due", "临近复评"
    OVERDUE = "overdue", "已过复评日期"
    UNCOVERED = "uncovered", "新读取的数据没有评估"
    UNFIT = "unfit", "结论是不可以自动办理"
    MISSING = "missing", "没有评估"


MAY_GO_LIVE = frozenset({Readiness.VALID, Readiness.DUE})


@dataclass(frozen=True, kw_only=True)
class Points:
    """The points that the law wants answered (影响评估的内容). 个人信息保护法 第五十六条第一款.

    Attributes:
        purpose: What the information is processed for.
        manner: How, and which kinds.
        lawfulness: Why purpose, way and kinds are lawful, legitimate and necessary.
        effects: What it does to the rights of persons.
        risks: What may go wrong with the information.
        measures: What protects it, and why that is lawful, effective and fits the risk.
    """

    purpose: str = ""
    manner: str = ""
    lawfulness: str = ""
    effects: str = ""
    risks: str = ""
    measures: str = ""


POINTS: Mapping[str, str] = {
    "purpose": "处理目的",
    "manner": "处理方式和个人信息种类",
    "lawfulness": "目的、方式、种类为什么合法、正当、必要",
    "effects": "对个人权益的影响",
    "risks": "安全风险",
    "measures": "保护措施，以及为什么合法、有效并与风险程度相适应",
}
"""Point -> its words; a test holds both lists equal."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """One thing that rules read: the source as they name it, and in words."""

    source: str
    words: str


def reads_of(version: ItemVersion, *, licences: Mapping[str, str]) -> tuple[Read, ...]:
    """Return what the rules of a version read, each source once, in the order of its facts.

    Args:
        version: The version; without rules nothing is read.
        licences: Short name of a type of licence -> its name.
    """
    if version.auto_rules is None:
        return ()
    questions = {one.id: one.label for one in version.questions()}
    sources = dict.fromkeys(fact.source for fact in version.auto_rules.facts)
    return tuple(
        Read(source=one, words=reading_words(one, questions=questions, licences=licences))
        for one in sources
    )


def not_covered(reads: Iterable[Read], sources: Iterable[str]) -> tuple[Read, ...]:
    """Return what rules read and an assessment did not look at.

    Rules that read the same or less, whatever their thresholds, are covered.
    """
    looked_at = frozenset(sources)
    return tuple(one for one in reads if one.source not in looked_at)


def unanswered(points: Points) -> tuple[str, ...]:
    """Return the words of the points that say nothing."""
    return tuple(POINTS[one.name] for one in fields(Points) if not getattr(points, one.name))


@dataclass(frozen=True, kw_only=True)
class Approved:
    """What counts of an approved assessment that is not archived."""

    id: int
    conclusion: Conclusion
    sources: frozenset[str]
    review_on: date


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether the rules of a version may go live.

    Attributes:
        assessment: The one that decided; None: there is none.
        uncovered: What is read and was not assessed.
        review_on: When the deciding one is looked at again.
    """

    readiness: Readiness
    assessment: int | None = None
    uncovered: tuple[Read, ...] = ()
    review_on: date | None = None


def found(reads: Sequence[Read], held: Sequence[Approved], *, on: date) -> Finding:
    """Return whether rules that read `reads` may go live on a day.

    Args:
        reads: What the rules read.
        held: Approved assessments of the item that are not archived, the newest first.
        on: The day.

    Returns:
        By the newest one that covers all; where none does, what the newest leaves out.
    """
    if not held:
        return Finding(readiness=Readiness.MISSING, uncovered=tuple(reads))
    covering = next((one for one in held if not not_covered(reads, one.sources)), None)
    if covering is None:
        newest = held[0]
        return Finding(
            readiness=Readiness.UNCOVERED,
            assessment=newest.id,
            uncovered=not_covered(reads, newest.sources),
            review_on=newest.review_on,
        )
    return Finding(
        readiness=_readiness(covering, on), assessment=covering.id, review_on=covering.review_on
    )


def _readiness(one: Approved, on: date) -> Readiness:
    if one.conclusion is Conclusion.UNFIT:
        return Readiness.UNFIT
    if one.review_on < on:
        return Readiness.OVERDUE
    soon = one.review_on <= on + timedelta(days=SOON_DAYS)
    return Readiness.DUE if soon else Readiness.VALID


def fault(finding: Finding) -> str:
    """Return why rules may not go live, as it follows the name of the item; empty: they may."""
    return {
        Readiness.MISSING: "还没有经批准的个人信息保护影响评估",
        Readiness.UNCOVERED: "的规则读取了个人信息保护影响评估没有评估过的数据"
        f"（{'、'.join(one.words for one in finding.uncovered)}）",
        Readiness.UNFIT: "的个人信息保护影响评估结论是不可以自动办理",
        Readiness.OVERDUE: f"的个人信息保护影响评估已过复评日期（{finding.review_on}）",
    }.get(finding.readiness, "")


_REMEDIES = {
    Readiness.MISSING: "请先编写评估并由另一名有权人员批准",
    Readiness.UNFIT: "请修改规则并重新评估",
}


def refusal(finding: Finding, *, item: str) -> str:
    """Return why rules may not go live and what would put it right; empty: they may."""
    why = fault(finding)
    remedy = _REMEDIES.get(finding.readiness, "请重新评估并由另一名有权人员批准")
    return f"“{item}”{why}，{remedy}，再开始自动办理。" if why else ""


def kept_until(last_used_on: date) -> date:
    """Return the last day on which an assessment is kept after its last use.

    Source:
        个人信息保护法 第五十六条第二款 (三年).

    Example:
        One that was last used on 2026-03-06 may be deleted from 2029-03-07 on.
    """
    return same_day(last_used_on, years=KEPT_YEARS)


def review_day(approved_on: date, *, months: int) -> date:
    """Return the day on which an assessment is looked at again, `months` after its approval."""
    years, month = divmod(approved_on.month - 1 + months, 12)
    first = date(approved_on.year + years, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return last if approved_on.day > last.day else first.replace(day=approved_on.day)


def same_day(day: date, *, years: int) -> date:
    """Return the same day some years later; after 29 February comes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
