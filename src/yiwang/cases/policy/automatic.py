"""Automatic handling (无人干预自动办理): why a run goes to a person, facts, samples; pure.

A machine grants or hands over; it never refuses, so no word for a refusal stands here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from yiwang.kernel.terms import Term

RETRY_MINUTES = (2, 5, 10, 15, 20)
"""Minutes after each attempt at which a register that did not answer is asked again."""

RETRY_WITHIN = timedelta(hours=1)
"""How long after receipt a machine still tries before the case is left to a person for good."""

PICKED_UP_AFTER = timedelta(seconds=30)
"""How long after receipt a job does what the process that received the case did not."""


class Ground(Term):
    """Why a run ended as it did (运行结论的原因)."""

    RULE_GRANTS = "rule_grants", "规则准予"
    RULE_HANDS_OVER = "rule_hands_over", "规则转人工"
    CHECK_FAILED = "check_failed", "数据核验未得到可靠答复"
    MATERIALS = "materials", "有材料需要人工审看"
    SITE_CHECK = "site_check", "必须现场核查"
    STOPPED = "stopped", "自动办理已停用"
    ASKED = "asked", "申请人要求人工办理"
    TAKEN = "taken", "工作人员已经办理"
    RULES_CHANGED = "rules_changed", "事项已有新版本"
    NOT_POSSIBLE = "not_possible", "未能制发结果"


class SwitchAct(Term):
    """An act on the switch of an item (自动办理开关)."""

    STOP = "stop", "停用"
    ASK_RESUME = "ask_resume", "申请恢复"
    RESUME = "resume", "恢复"
    DECLINE_RESUME = "decline_resume", "不同意恢复"


class SampleVerdict(Term):
    """What a person found about an automatic grant (抽查结论)."""

    CONFIRM = "confirm", "同意"
    DISAGREE = "disagree", "不同意"


class ReviewCause(Term):
    """Why a person looks at a decision again (复核来由)."""

    SAMPLE = "sample", "每日抽查"
    HANDLED = "handled", "人工办件抽查"
    APPLICANT = "applicant", "申请人要求人工复核"


@dataclass(frozen=True, kw_only=True)
class GatheredFact:
    """One fact as it was given to the rules.

    Attributes:
        value: Typed as the fact declares; None: not known.
        source: Where it came from, in words.
        origin: The source as the rules name it.
        at: When the source was asked.
        shown: What a choice is called; empty: the value shows itself.
        note: Why it is not known, or not believed; empty when it is.
        version: Version of the check that answered; empty: no check.
    """

    name: str
    label: str
    value: object
    source: str
    origin: str
    at: datetime
    shown: str = ""
    note: str = ""
    version: str = ""


def next_attempt(*, attempts: int, received_at: datetime, at: datetime) -> datetime | None:
    """Return when a register that did not answer is asked again; None: a person handles it.

    Args:
        attempts: How often it was tried.
        received_at: When the application came in.
        at: Now.
    """
    if attempts > len(RETRY_MINUTES):
        return None
    due = at + timedelta(minutes=RETRY_MINUTES[attempts - 1])
    return due if due <= received_at + RETRY_WITHIN else None


def sample_size(count: int, *, percent: int) -> int:
    """Return how many of `count` decisions of one item or department and day go to a person.

    At least one of any, never more than all.
    """
    if count <= 0:
        return 0
    return min(count, max(1, math.ceil(count * percent / 100)))


def draw(numbers: Iterable[str], *, size: int, seed: str) -> list[str]:
    """Draw `size` case numbers; the same seed and numbers give the same ones in any order."""
    ranked = sorted(
        set(numbers), key=lambda number: hashlib.sha256(f"{seed}/{number}".encode()).digest()
    )
    return ranked[:size]


@dataclass(frozen=True, kw_only=True)
class AutomaticSettings:
    """What a district decides about automatic handling.

    Attributes:
        sample_percent: Share of the automatic grants of a day that a person looks at.
        sample_percent_of: The same for single items, by slug.
        people_percent: Share of a department's decisions of a day, made by people, that another
            person looks at.
        replay_days: How old the replay may be that the publication of new rules rests on.
        assessment_months: Months after which an impact assessment is looked at again.
    """

    sample_percent: int = 5
    sample_percent_of: Mapping[str, int]
    people_percent: int = 2
    replay_days: int = 30
    assessment_months: int = 12

    def percent(self, slug: str) -> int:
        """Return the share of an item in per cent."""
        return self.sample_percent_of.get(slug, self.sample_percent)


def settings_from(plain: Mapping[str, object]) -> AutomaticSettings:
    """Return the settings of a district from its pack."""
    shares = plain.get("sample_percent_of") or {}
    return AutomaticSettings(
        sample_percent=_whole(plain.get("sample_percent"), 5),
        sample_percent_of={
            str(slug): _whole(share, 5)
            for slug, share in (shares.items() if isinstance(shares, Mapping) else ())
        },
        people_percent=_whole(plain.get("people_percent"), 2),
        replay_days=_whole(plain.get("replay_days"), 30),
        assessment_months=_whole(plain.get("assessment_months"), 12),
    )


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
