"""The letter of a decision, as it is shown before and as it is issued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.cases.models import Case
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.terms import DocumentKind, Outcome
from yiwang.cases.queries import CaseNotFoundError, staff_may_read
from yiwang.cases.services import kept
from yiwang.cases.services.decision_errors import DecisionRefusedError
from yiwang.cases.services.licensing import NEXT_VERSION, first_validity, kind_of
from yiwang.cases.services.steps import heading, issue, version_of
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.licences import queries as licences_held
from yiwang.organisations.permissions import Actor

GRANT_REASON = "申请材料齐全、符合法定形式，经审查符合法定条件、标准。"


def conditions_not_met(
    item: ItemVersion, outcome: Outcome, places: Iterable[int]
) -> tuple[int, ...]:
    """Return the places of the published conditions that a refusal names, in their order.

    Raises:
        DecisionRefusedError: the item has no such condition, or a grant names one.
    """
    found = tuple(sorted(set(places)))
    if found and outcome is Outcome.GRANT:
        raise DecisionRefusedError("已勾选不符合的条件，不能准予；请取消勾选，或者作出不予决定。")
    if odd := [one for one in found if not 1 <= one <= len(item.conditions)]:
        raise DecisionRefusedError(
            f"本事项公布的条件共{len(item.conditions)}条，没有第{odd[0]}条；请按办事指南核对后重试。"
        )
    return found


def issue_decision(
    case: Case,
    item: ItemVersion,
    outcome: Outcome,
    *,
    reason: str,
    article: str,
    notes: Sequence[str],
    unmet: Sequence[int],
    by: Actor,
    at: datetime,
) -> None:
    """Write the decision with its reason, article, notes and the conditions not met."""
    seal = kept.department(case.deciding_department)
    top = heading(case, item, seal.name)
    on = day_of(at)
    kind, body = _letter(top, outcome, reason=reason, article=article, unmet=unmet, on=on)
    if outcome is Outcome.GRANT and case.licence_identifier and kind_of(case, item) in NEXT_VERSION:
        kind, body, notes = _letter_of_next_version(
            case, top, kind, body, notes, reason=reason, article=article
        )
    body["paragraphs"] = [*body["paragraphs"], *notes]  # type: ignore[misc]  # a list of texts
    message = (
        f"您的“{item.name}”申请已准予。"
        if outcome is Outcome.GRANT
        else f"您的“{item.name}”申请未获准予，理由和救济途径见决定书。"
    )
    issue(case, kind, body=body, item=item, seal=seal, by=by, at=at, message=message)


def _letter_of_next_version(
    case: Case,
    top: letters.Heading,
    kind: DocumentKind,
    body: letters.Body,
    notes: Sequence[str],
    *,
    reason: str,
    article: str,
) -> tuple[DocumentKind, letters.Body, Sequence[str]]:
    """Return the letter with the days of the licence as issued, and what changed on it."""
    new = licences_held.licence(case.licence_identifier)
    if not new.previous_identifier:
        return kind, body, notes
    old = licences_held.licence(new.previous_identifier)
    body = letters.grant_letter(
        top,
        reason=reason,
        article=article,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
    )
    before, changes = dict(old.fields), []
    if old.holder_name != new.holder_name:
        changes.append(f"持证人由“{old.holder_name}”变更为“{new.holder_name}”")
    changes += [
        f"{label}由“{before.get(label, '无')}”变更为“{text}”"
        for label, text in new.fields
        if before.get(label) != text
    ]
    told = f"证照编号{new.number}，第{new.version}版，替代第{old.version}版。"
    if changes:
        told += f"变更内容：{'；'.join(changes)}。"
    return kind, body, [*notes, told]


def _letter(
    top: letters.Heading,
    outcome: Outcome,
    *,
    reason: str,
    article: str,
    unmet: Sequence[int],
    on: date,
) -> tuple[DocumentKind, letters.Body]:
    """Return what the letter of a decision says."""
    if outcome is Outcome.GRANT:
        valid_from, valid_until = first_validity(top.item, on)
        return DocumentKind.GRANT_DECISION, letters.grant_letter(
            top, reason=reason, article=article, valid_from=valid_from, valid_until=valid_until
        )
    return DocumentKind.REFUSAL_DECISION, letters.refusal_letter(
        top,
        opening="经审查，本机关决定不予准许您的申请。",
        reason=reason,
        article=article,
        unmet=unmet,
    )


@dataclass(frozen=True, kw_only=True)
class LetterDraft:
    """A letter as it would be issued now; number and seal come with the act."""

    issuer: str
    title: str
    recipient: str
    paragraphs: tuple[str, ...]
    day: str


def draft_decision(
    *,
    number: str,
    outcome: Outcome,
    by: Actor,
    at: datetime,
    reason: str = "",
    article: str = "",
    unmet: Sequence[int] = (),
) -> LetterDraft:
    """Return the letter that `decide` would issue; it changes nothing.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        DecisionRefusedError: the item has no such condition, or a grant names one.
    """
    case = Case.objects.filter(number=number).first()
    if case is None or not staff_may_read(case, by):
        raise CaseNotFoundError
    item = version_of(case)
    seal = kept.department(case.deciding_department)
    if outcome is Outcome.GRANT:
        reason, article = reason or GRANT_REASON, article.strip() or letters.articles(item)
    top, places = heading(case, item, seal.name), conditions_not_met(item, outcome, unmet)
    kind, body = _letter(top, outcome, reason=reason, article=article, unmet=places, on=day_of(at))
    return LetterDraft(
        issuer=seal.name,
        title=letters.title(kind, item),
        recipient=case.applicant_name,
        paragraphs=(*body["paragraphs"], "".join(body["remedies"])),  # type: ignore[misc,arg-type]
        day=letters.chinese_day(day_of(at)),
    )
