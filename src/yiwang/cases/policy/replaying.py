"""What a replay keeps of a case on which rules and people differ: nothing personal (规则回放).

Source:
    个人信息保护法 第六条 (only what the purpose needs). Decision record 0040.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.cases.policy.answers import is_hidden
from yiwang.cases.policy.states import Step
from yiwang.catalogue.policy.items import Audience, ItemVersion
from yiwang.kernel.terms import Term
from yiwang.rules.policy.sources import SourceKind, source_parts
from yiwang.rules.policy.tables import Fact, FactKind

MOST_DIFFERENCES = 1_000
"""Differences of each kind that are listed; all of them are counted."""

MOST_OF_GROUND = 50
"""Cases listed of each ground on which rules handed over what people granted."""


class DifferenceKind(Term):
    """How rules and people differ about a past case (回放分歧)."""

    GRANT_REFUSE = "grant_refuse", "规则准予，工作人员不予"
    HAND_OVER_GRANT = "hand_over_grant", "规则转人工，工作人员准予"


class HandOverCause(Term):
    """What made the rules leave a case to a person (转人工的原因)."""

    MATERIALS = "materials", "有材料需要人工审看"
    FACT = "fact", "有事实不能用"
    ROW = "row", "规则的一行转人工"
    NO_ROW = "no_row", "没有一行规则适用"


WEIGHED = (
    Step.ASK_CORRECTION,
    Step.CHECK_SITE,
    Step.SEND_OFFICERS,
    Step.START_SPECIAL,
    Step.ASK_DEPARTMENT,
    Step.TELL_INTERESTED,
    Step.NOTIFY_HEARING,
)
"""Steps before a refusal that tell on what it may rest that no rule read."""

REFUSALS = (Step.REFUSE, Step.REFUSE_ON_SPOT)


@dataclass(frozen=True, kw_only=True)
class DifferenceGround:
    """What differences are counted by: why people refused, or why rules handed over.

    Attributes:
        row_id: The row that decided; empty: none did.
        articles: What the refusals cite; empty: they name no article, or people granted.
        unmet: Published conditions of the item that the refusals name, in their words then.
        cause: Why the rules handed over; None: they granted.
        near: The granting row that lacks least; empty: no row grants, or none was asked.
        lacking: Names of the facts that the row lacks, or of the one that cannot be used; empty
            with a `near`: a row before it took the case.
        why: Why the fact cannot be used.
        other: There were too many grounds; the rest is counted here.
    """

    kind: DifferenceKind
    row_id: str = ""
    articles: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    cause: HandOverCause | None = None
    near: str = ""
    lacking: tuple[str, ...] = ()
    why: str = ""
    other: bool = False


def ground_to_plain(ground: DifferenceGround) -> dict[str, Any]:
    """Return a ground as it is kept."""
    return {
        "kind": ground.kind.value,
        "row": ground.row_id,
        "articles": list(ground.articles),
        "unmet": list(ground.unmet),
        "cause": ground.cause.value if ground.cause else "",
        "near": ground.near,
        "lacking": list(ground.lacking),
        "why": ground.why,
        "other": ground.other,
    }


def ground_from_plain(plain: Mapping[str, Any]) -> DifferenceGround:
    """Return a ground that was kept."""
    return DifferenceGround(
        kind=DifferenceKind(plain["kind"]),
        row_id=plain["row"],
        articles=tuple(plain["articles"]),
        unmet=tuple(plain.get("unmet", ())),  # not in replays from before
        cause=HandOverCause(plain["cause"]) if plain["cause"] else None,
        near=plain["near"],
        lacking=tuple(plain["lacking"]),
        why=plain["why"],
        other=plain["other"],
    )


MOST_GROUNDS = 200
"""Most grounds that are told apart in one replay."""


class Grounds:
    """Grounds in the order in which they were met, each with how many cases it has.

    A ground keeps its place, so that a replay that stopped goes on with the same places.
    """

    def __init__(self, kept: Iterable[Mapping[str, Any]] = ()) -> None:
        self.plain: list[dict[str, Any]] = [dict(one) for one in kept]
        self._places = {ground_from_plain(one): n for n, one in enumerate(self.plain)}

    def add(self, ground: DifferenceGround, *, revoked: bool = False) -> int:
        """Count one case; return the place of its ground.

        Args:
            ground: What made the difference.
            revoked: What people granted was revoked since.
        """
        place = self._places.get(ground)
        if place is None and len(self.plain) >= MOST_GROUNDS:
            ground = DifferenceGround(kind=ground.kind, other=True)
            place = self._places.get(ground)
        if place is None:
            place = self._places[ground] = len(self.plain)
            self.plain.append({**ground_to_plain(ground), "count": 0, "revoked": 0})
        self.plain[place]["count"] += 1
        self.plain[place]["revoked"] += revoked
        return place


OF_THE_CASE = frozenset({"channel", "applicant_kind", "received_on"})
"""Fields of a case that tell nothing of the applicant."""

OF_A_FIRM = frozenset({"kind", "industry", "established_on", "town"})
"""Register fields that tell of a business and of no person in it."""

COUNTED = frozenset({FactKind.CHOICE, FactKind.YES_NO, FactKind.NUMBER})
"""Kinds of answers that cannot hold a name."""


def shows_value(fact: Fact, *, applicant_kind: str, open_answers: Collection[str]) -> bool:
    """Tell whether the value of a fact may be kept and shown to whoever may not open the case.

    A list of what may be shown, never of what may not: a new source is hidden. Whatever is known
    of a natural person is personal, a yes or no from a register included.

    Args:
        fact: The fact.
        applicant_kind: Of the case.
        open_answers: Ids of the questions whose answers are not personal.

    Source:
        个人信息保护法 第四条.
    """
    kind, rest = source_parts(fact.source)
    if kind is SourceKind.CASE and rest in OF_THE_CASE:
        return True
    if applicant_kind != Audience.ENTITY.value:
        return False
    if kind is SourceKind.ANSWER:
        return fact.kind in COUNTED and rest in open_answers
    if kind is SourceKind.CASE:
        return rest == "town"
    name, _dot, field = rest.partition(".")
    if kind is SourceKind.REGISTER:
        return name == "entity" and field in OF_A_FIRM
    return kind is SourceKind.CHECK and name == "entity"


def open_answers(item: ItemVersion) -> frozenset[str]:
    """Return the ids of the questions of an item whose answers are not personal."""
    return frozenset(one.id for one in item.questions() if not is_hidden(one))
