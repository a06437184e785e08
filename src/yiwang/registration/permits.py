"""Questions about the permits that a scope of business needs, and what became of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from yiwang.cases import queries as cases
from yiwang.cases.queries.running import running_numbers
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience, ItemVersion, ReformMode, reform_words
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.keeping import keep
from yiwang.kernel.terms import Term
from yiwang.licences import queries as licences
from yiwang.licences.policy.states import LicenceState
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers
from yiwang.registration.models import Rules, ScopePhrase, ToldPermits
from yiwang.registration.policy.notices import NoticeKind, NoticeRules, ScopeRule, Stage
from yiwang.registration.policy.placing import PhraseState
from yiwang.registration.policy.scopes import Needed, Permit, Reading, Told, checked, read
from yiwang.registration.queries import rules_of
from yiwang.supervision.queries import held_items

PLACE = ZoneInfo("Asia/Shanghai")


class NoScopeRulesError(RefusedError):
    """The district has no rules that link scopes with permits."""

    code = "registration.no_scope_rules"

    def __init__(self) -> None:
        super().__init__("本区还没有载入经营范围与许可对应的规则，请到登记窗口询问。")


@dataclass(frozen=True, kw_only=True)
class CurrentRules:
    """The rules in force, their serial and the day they were loaded."""

    rules: NoticeRules
    version: int
    saved_on: date


class PermitState(Term):
    """How a permit that a scope needs stands (许可办理情况)."""

    HELD = "held", "已取得"
    RUNNING = "running", "办理中"
    MISSING = "missing", "还没有办理"


@dataclass(frozen=True, kw_only=True)
class PermitLine:
    """One permit of one business.

    Attributes:
        permit: As the applicant was told.
        state: Held, on its way, or missing.
        case_number: The case on its way; empty: none.
        licence: Identifier of the licence held; empty: none here.
        may_apply: Whether the subject may apply for it under its own name.
    """

    permit: Permit
    state: PermitState
    case_number: str
    licence: str
    may_apply: bool


@dataclass(frozen=True, kw_only=True)
class BusinessPermits:
    """What a registered business needs (还需办理的许可).

    Attributes:
        subject_ref: Whose page it is.
        business: Name of the business.
        case_number: Registration that says so.
        registered_on: Its day.
        lines: Permits, missing first.
        unclear: Phrases that a person places.
        placed: Phrases that a person placed, and what was said of each.
        question: What to ask about them; empty: nothing.
        readable: Whether the registration is the subject's own case.
    """

    subject_ref: str
    business: str
    case_number: str
    registered_on: date
    lines: tuple[PermitLine, ...]
    unclear: tuple[str, ...]
    placed: tuple[tuple[str, str], ...]
    question: str
    readable: bool

    @property
    def missing(self) -> int:
        """How many are neither held nor on their way."""
        return sum(one.state is PermitState.MISSING for one in self.lines)


@dataclass(frozen=True, kw_only=True)
class ToldView:
    """What the applicant of one case was told and confirmed.

    Attributes:
        told: The list as it was told.
        signed_by_name: Who confirmed; empty: nobody, it was told by post.
        confirmed_at: When it was confirmed, or told by post.
        sha256: Hash of the text they confirmed.
        registered_on: Day of the registration; None: not decided, or not granted.
        ended_on: Day on which the registration ended; None: it stands.
    """

    told: Told
    signed_by_name: str
    confirmed_at: datetime
    sha256: str
    registered_on: date | None
    ended_on: date | None


def current() -> CurrentRules | None:
    """Return the rules in force; None: the district has none. Kept for a few seconds."""
    return keep("current rules of scopes", _current)


def _current() -> CurrentRules | None:
    row = Rules.objects.order_by("-id").first()
    if row is None:
        return None
    return CurrentRules(
        rules=rules_of(row), version=row.pk, saved_on=row.saved_at.astimezone(PLACE).date()
    )


def permits_of(scope: str, *, on: date) -> Told:
    """Return which permits a scope of business needs, by the rules of a day; three queries.

    Raises:
        ScopeRefusedError: it is empty, too long, or no text.
        NoScopeRulesError: the district has no rules.

    Source:
        上海市优化营商环境条例 第十七条.
    """
    text, found = checked(scope), current()
    if found is None:
        raise NoScopeRulesError
    return told_by(found, text, on=on)


def told_by(found: CurrentRules, scope: str, *, on: date) -> Told:
    """Return what is told of a scope that can be read."""
    reading = read(found.rules, scope, on=on)
    return Told(
        scope=scope,
        permits=_permits(reading, on=on),
        general=reading.general,
        unclear=tuple(
            (one.phrase, tuple(rule.item_name for rule in one.near)) for one in reading.unclear
        ),
        rules_version=found.version,
        rules_on=found.saved_on,
        source=found.rules.source,
    )


def _permits(reading: Reading, *, on: date) -> tuple[Permit, ...]:
    if not reading.needed:
        return ()
    versions = {
        one.slug: one
        for one in catalogue.items_named([one.rule.item for one in reading.needed], on=on)
    }
    names = {unit.code: unit.name for unit in organisations.departments()}
    found = []
    for one in reading.needed:
        item = versions.get(one.rule.item)
        mode = item.reform_mode if item else None
        found.append(
            Permit(
                item=one.rule.item,
                name=item.name if item else one.rule.item_name,
                authority=names.get(one.rule.department, one.rule.department),
                stage=one.rule.stage,
                mode=mode.value if mode else "",
                mode_label=mode.label if mode else "",
                mode_basis=reform_words(item) if item and mode else "",
                phrases=one.phrases,
                source=one.rule.source,
                offered=item is not None and mode is not ReformMode.CANCEL,
            )
        )
    return tuple(found)


def told_in(number: str, *, by: Actor) -> ToldView | None:
    """Return what the applicant of a case was told; None: nothing. Whoever may read the case.

    Raises:
        CaseNotFoundError: no such case for these eyes.
    """
    cases.case(number, by=by)
    row = ToldPermits.objects.filter(case_number=number).first()
    return None if row is None else _told_view(row)


def _told_view(row: ToldPermits) -> ToldView:
    return ToldView(
        told=told_from(row.told),
        signed_by_name=row.signed_by_name,
        confirmed_at=row.confirmed_at,
        sha256=row.sha256,
        registered_on=row.registered_on,
        ended_on=row.ended_on,
    )


def told_from(plain: dict[str, Any]) -> Told:
    """Return the list that a row keeps."""
    return Told(
        **(
            plain
            | {
                "permits": tuple(
                    Permit(
                        **(one | {"stage": Stage(one["stage"]), "phrases": tuple(one["phrases"])})
                    )
                    for one in plain["permits"]
                ),
                "general": tuple(plain["general"]),
                "unclear": tuple((phrase, tuple(near)) for phrase, near in plain["unclear"]),
                "rules_on": date.fromisoformat(plain["rules_on"]),
            }
        )
    )


def businesses_of(subject_ref: str, *, on: date) -> list[BusinessPermits]:
    """Return what the businesses of a subject need, newest first.

    A firm finds here what its founder was told, by its name. Of several registrations of one
    business the newest says what its scope is. Eleven queries at most, however long the lists are.
    """
    whose = Q(holder_ref=subject_ref)
    name = ""
    if not subject_ref.startswith("person:"):
        try:
            name = registers.entity(subject_ref).name
        except LookupError:
            return []
        whose |= Q(business=name, holder_ref__startswith="person:")
    rows = ToldPermits.objects.filter(
        whose, registered_on__isnull=False, ended_on__isnull=True
    ).order_by("-registered_on", "-id")
    newest = {row.business: row for row in reversed(list(rows))}
    told = {row.pk: told_from(row.told) for row in newest.values()}
    placed = _placed([row.pk for row in newest.values()])
    told |= _with_placed(told, placed, on=on)
    asked = {one.item for list_ in told.values() for one in list_.permits}
    states = _States.of(subject_ref, asked, on=on)
    found = [
        BusinessPermits(
            subject_ref=subject_ref,
            business=row.business,
            case_number=row.case_number,
            registered_on=row.registered_on,
            lines=tuple(
                sorted(
                    (states.line(one) for one in told[row.pk].permits),
                    key=lambda line: line.state is not PermitState.MISSING,
                )
            ),
            unclear=tuple(phrase for phrase, _near in told[row.pk].unclear),
            placed=tuple(
                (one.phrase, one.item_name or f"不需要许可：{one.note}")
                for one in placed.get(row.pk, ())
            ),
            question=told[row.pk].question,
            readable=row.holder_ref == subject_ref,
        )
        for row in newest.values()
        if row.registered_on is not None
    ]
    return sorted(found, key=lambda one: (one.registered_on, one.case_number), reverse=True)


def _placed(keys: Collection[int]) -> dict[int, list[ScopePhrase]]:
    """Return what people said of phrases that no rule placed, by registration; one query."""
    found: dict[int, list[ScopePhrase]] = {}
    if keys:
        for row in ScopePhrase.objects.filter(
            ~Q(state=PhraseState.WAITING.value), told_id__in=keys
        ).order_by("id"):
            found.setdefault(row.told_id, []).append(row)
    return found


def _with_placed(
    told: Mapping[int, Told], placed: Mapping[int, Sequence[ScopePhrase]], *, on: date
) -> dict[int, Told]:
    """Return the lists with the permits that people named, and without what they placed."""
    named = [
        (key, one)
        for key, rows in placed.items()
        for one in _named(rows)
        if one.rule.item not in {permit.item for permit in told[key].permits}
    ]
    found = _permits(Reading(needed=tuple(one for _key, one in named)), on=on)
    more: dict[int, list[Permit]] = {}
    for (key, _one), permit in zip(named, found, strict=True):
        more.setdefault(key, []).append(permit)
    return {
        key: dataclasses.replace(
            told[key],
            permits=(*told[key].permits, *more.get(key, ())),
            unclear=tuple(
                one for one in told[key].unclear if one[0] not in {row.phrase for row in rows}
            ),
        )
        for key, rows in placed.items()
    }


def _named(rows: Sequence[ScopePhrase]) -> list[Needed]:
    """Return each permit that people named once, with the phrases that need it."""
    by_item: dict[str, list[ScopePhrase]] = {}
    for row in rows:
        if row.item_slug:
            by_item.setdefault(row.item_slug, []).append(row)
    return [
        Needed(
            rule=ScopeRule(
                keywords=phrases,
                item=item,
                item_name=same[0].item_name,
                department=same[0].department_code,
            ),
            phrases=phrases,
        )
        for item, same in by_item.items()
        for phrases in [tuple(row.phrase for row in same)]
    ]


@dataclass(frozen=True, kw_only=True)
class _States:
    """What a subject holds and has on its way."""

    items: dict[str, ItemVersion]
    held: frozenset[str]
    licences: dict[str, str]
    running: dict[str, str]
    audience: Audience

    @classmethod
    def of(cls, ref: str, asked: Iterable[str], *, on: date) -> _States:
        wallet = [one for one in licences.wallet(ref) if one.state_on(on) is LicenceState.VALID]
        return cls(
            items={one.slug: one for one in catalogue.items_named(sorted(asked), on=on)},
            held=held_items(ref),
            licences={
                name: one.identifier for one in wallet for name in (one.type_code, one.type_slug)
            },
            running=running_numbers(ref),
            audience=Audience(ref.partition(":")[0]),
        )

    def line(self, permit: Permit) -> PermitLine:
        item = self.items.get(permit.item)
        licence = self.licences.get(item.result.licence_type or "", "") if item else ""
        number = self.running.get(permit.item, "")
        if licence or permit.item in self.held:
            state = PermitState.HELD
        else:
            state = PermitState.RUNNING if number else PermitState.MISSING
        return PermitLine(
            permit=permit,
            state=state,
            case_number="" if state is PermitState.HELD else number,
            licence=licence,
            may_apply=item is not None and permit.offered and self.audience in item.audiences,
        )


def missing_of(subjects: Collection[str], *, on: date) -> int:
    """Count the permits that the businesses of some subjects still need."""
    return sum(one.missing for ref in subjects for one in businesses_of(ref, on=on))


def registers_scope(*slugs: str) -> bool:
    """Tell whether one of some items registers a scope of business."""
    found = current()
    return found is not None and not set(found.rules.items).isdisjoint(slugs)


def scope_questions(slug: str) -> frozenset[str]:
    """Return the questions of an item that may declare a scope of business."""
    found = current()
    if found is None or slug not in found.rules.items:
        return frozenset()
    changed = {
        rule.text
        for rule in found.rules.changes
        if rule.item == slug and rule.kind is NoticeKind.SCOPE
    }
    return frozenset(found.rules.scope_questions) | changed


def registration_items(*, on: date) -> list[ItemVersion]:
    """Return the items in force that register a scope of business, in the order of the rules."""
    found = current()
    if found is None:
        return []
    versions = {one.slug: one for one in catalogue.items_named(found.rules.items, on=on)}
    return [versions[slug] for slug in found.rules.items if slug in versions]
