"""Rules tried on past cases before they go live (规则回放).

A replay asks no register: it rebuilds the facts from what was kept. Answers and facts of the case
are kept whole; the day of birth, gender and household are read from the register as it stands
(they hardly change); what a check answered is kept with the runs of the machine; licences held on
the day are read from the licences. Anything else cannot be rebuilt and is named.

Of cases on which rules and people differ it keeps what is not personal: the articles that a refusal
cites, the steps before it, the row of the rules (decision record 0040).
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Count, FloatField, QuerySet
from django.db.models.functions import Cast, Extract, Least

from yiwang.audit import services as audit
from yiwang.cases.events import ReplayAsked
from yiwang.cases.models import (
    Case,
    CaseAnswer,
    CaseDocument,
    CaseEvent,
    CaseMaterial,
    DepartmentInquiry,
    Opinion,
)
from yiwang.cases.models.automatic import AutoRun, Replay, ReplayDifference
from yiwang.cases.policy.checks import EARLIER_CASES, LICENCES, POPULATION, checks_of
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.procedure import InquiryAnswer
from yiwang.cases.policy.replaying import (
    MOST_DIFFERENCES,
    MOST_OF_GROUND,
    REFUSALS,
    WEIGHED,
    DifferenceGround,
    DifferenceKind,
    Grounds,
    HandOverCause,
    open_answers,
    shows_value,
)
from yiwang.cases.policy.states import CaseState, Way
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Outcome
from yiwang.cases.queries import automatic as questions
from yiwang.cases.queries.automatic import ReplayView
from yiwang.cases.services.checks import population_fields
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.citations import citations, cited_titles, short_title
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import canonical_json
from yiwang.licences import queries as licences
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.registers import queries as registers
from yiwang.rules.policy.tables import (
    CellOp,
    NearGrant,
    RuleOutcome,
    RuleSet,
    Verdict,
    evaluate,
    nearest_grant,
    rules_from_plain,
    rules_to_plain,
)
from yiwang.rules.policy.wording import value_words

BATCH = 2_000
"""Cases whose facts are rebuilt together."""

MOST = 100_000
"""Most past cases in one replay, the newest."""

LICENSING_LAW = "中华人民共和国行政许可法"
"""The law on which a decision may rest whatever the item names."""


class ReplayRefusedError(RefusedError):
    """There is nothing to replay."""

    code = "cases.replay_refused"


def rules_digest(rules: RuleSet) -> str:
    """Return what names a rule set: equal rules have equal digests."""
    return hashlib.sha256(canonical_json(rules_to_plain(rules))).hexdigest()


@transaction.atomic
def ask_replay(
    *,
    item_slug: str,
    department: str,
    rules: RuleSet,
    by: Actor,
    at: datetime,
    version: int | None = None,
    draft: int | None = None,
    most: int = MOST,
    inline: bool = False,
) -> ReplayView:
    """Write down that a rule set is to be tried on past cases of its item; a job does it.

    Args:
        item_slug: The item.
        department: Its department.
        rules: The rule set, of a published version or of a draft.
        by: Holds AUTO_REPLAY in the department, or is a named program.
        at: Moment of asking.
        version: The published version it stands in.
        draft: The draft it stands in.
        most: Most cases, the newest.
        inline: The caller runs it; no job does.

    Raises:
        PermissionRefusedError: `by` may not.
        ReplayRefusedError: people never decided a case of the item.
    """
    if not by.ref.startswith(PROGRAMS):
        require(by, Permission.AUTO_REPLAY, department=department)
    with scope.everything():  # counts and numbers; who may open a case is asked when it is shown
        past = _past(item_slug)
        newest = past.order_by("-id").values_list("id", flat=True).first()
        if newest is None:
            raise ReplayRefusedError(
                "本事项还没有由工作人员作出决定的办件，不能回放；上线时请写明理由。"
            )
        total = min(past.count(), most)
    row = Replay.objects.create(
        item_slug=item_slug,
        item_version=version,
        draft=draft,
        rules_sha256=rules_digest(rules),
        rules=rules_to_plain(rules),
        asked_by=by.ref,
        asked_at=at,
        newest=newest,
        total=total,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.automatic_replay",
        target=f"item:{item_slug}",
        detail={"replay": row.pk, "version": version, "draft": draft, "cases": total},
        department=department,
        ip=by.ip,
    )
    if not inline:
        events.publish(ReplayAsked(replay_id=row.pk, asked_at=at))
    return questions.replay(row.pk)


def require_replay(version: ItemVersion, *, comment: str, at: datetime) -> None:
    """Stop the publication of new rules that were not tried on past cases lately.

    Rules that are in force already need no replay. Where people never decided a case of the item
    there is nothing to replay: whoever publishes says so in the comment.

    Raises:
        ReplayRefusedError: no replay of exactly these rules that is recent enough, or no reason.
    """
    if version.auto_rules is None or not version.auto_decide:
        return
    digest = rules_digest(version.auto_rules)
    with scope.everything():  # whoever publishes items sees no cases; only that there are some
        if digest in _in_force(version.slug, at):
            return
        if not questions.has_past_cases(version.slug):
            if not comment.strip():
                raise ReplayRefusedError(
                    "自动办理规则是新的，而本事项没有可以回放的办件，请在审核意见中写明理由。"
                )
            return
        days = questions.automatic_settings().replay_days
        if questions.last_replay(digest, since=at - timedelta(days=days)) is None:
            raise ReplayRefusedError(
                f"自动办理规则有变化，须先用过去的办件回放（{days}日内有效），请回放后再发布。"
            )


def _in_force(slug: str, at: datetime) -> set[str]:
    try:
        item = catalogue.item(slug, on=day_of(at))
    except LookupError:
        return set()
    if item.auto_rules is None or not item.auto_decide:
        return set()
    return {rules_digest(item.auto_rules)}


PROGRAMS = ("job:", "system:")


def run_replay(
    *,
    replay_id: int,
    by: Actor,
    at: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReplayView:
    """Do what is left of a replay, a batch at a time; safe to call again after a stop.

    Args:
        replay_id: Which.
        by: A named program.
        at: Moment that counts as its end.
        progress: Told how many of how many are done.
    """
    if not by.ref.startswith(PROGRAMS):
        raise ValueError("only a named program runs replays")
    with scope.everything():
        row = Replay.objects.get(pk=replay_id)
        rules = rules_from_plain(row.rules)
        ids = list(
            _past(row.item_slug)
            .filter(pk__lte=row.newest)
            .order_by("-pk")
            .values_list("pk", flat=True)[: row.total]
        )
        counts, unknown = dict(row.counts), set(row.unknown_facts)
        told = _Told(row)
        earlier = EarlierCasesThen(row.item_slug)
        for start in range(row.done, len(ids), BATCH):
            batch = _Batch(rules, ids[start : start + BATCH], earlier)
            differing: list[tuple[Mapping[str, Any], _Answered]] = []
            for case in batch.cases:
                answered = batch.verdict(case)
                counts[answered.key] = counts.get(answered.key, 0) + 1
                if answered.kind is not None:
                    differing.append((case, answered))
            differences = told.differences(differing)
            unknown |= batch.missing
            row.done, row.counts, row.grounds, row.unknown_facts = (
                start + len(batch.cases),
                counts,
                told.grounds.plain,
                [fact.label for fact in rules.facts if fact.label in unknown],
            )
            with transaction.atomic():
                ReplayDifference.objects.bulk_create(differences)
                row.save(update_fields=["done", "counts", "grounds", "unknown_facts"])
            progress(row.done, row.total)
        row.finished_at = at
        row.save(update_fields=["finished_at"])
        return questions.replay(row.pk)


def _past(item_slug: str) -> QuerySet[Case]:
    """Cases of an item that people decided."""
    return Case.objects.filter(item_slug=item_slug, decided_at__isnull=False).exclude(
        way=Way.AUTOMATIC.value
    )


@dataclass(frozen=True, kw_only=True)
class _Answered:
    """What the rules would have done with a past case, and what people did.

    Attributes:
        key: `grant_grant`, `grant_refuse`, `hand_over_grant`, `hand_over_refuse`, or `unknown`
            when a fact could not be rebuilt.
        verdict: Of the rules; None: they were not asked.
        cause: Why they handed over; None: they did not.
        near: The granting row that lacked least, where people granted.
    """

    key: str
    verdict: Verdict | None = None
    cause: HandOverCause | None = None
    near: NearGrant | None = None

    @property
    def kind(self) -> DifferenceKind | None:
        """How rules and people differ; None: they do not, or nobody can tell."""
        return _DIFFERING.get(self.key)

    @property
    def row_id(self) -> str:
        """Id of the row that decided."""
        return self.verdict.row_id if self.verdict else ""

    def ground(self, articles: tuple[str, ...], unmet: tuple[str, ...]) -> DifferenceGround:
        """Return what the difference is counted by."""
        assert self.kind is not None
        refused = self.verdict.refused_facts[:1] if self.verdict else ()
        lacking = [one.name for one in refused] + [
            one.fact.name for one in (self.near.lacking if self.near else ())
        ]
        return DifferenceGround(
            kind=self.kind,
            row_id=self.row_id,
            articles=articles,
            unmet=unmet,
            cause=self.cause,
            near=self.near.row_id if self.near else "",
            lacking=tuple(lacking),
            why=refused[0].why if refused else "",
        )


_DIFFERING = {one.value: one for one in DifferenceKind}


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """A refusal without what people wrote, but the articles and conditions it names."""

    step: str
    basis: str
    proposed: str
    weighed: list[str]
    disagreed: list[str]
    unmet: list[int]


_GRANTED = _Refusal(step="", basis="", proposed="", weighed=[], disagreed=[], unmet=[])


class _Told:
    """What a replay keeps of differences: all are counted by their ground, some are listed.

    Those people refused are listed up to MOST_DIFFERENCES; of those people granted the newest of
    each ground, so that a rare one is not lost behind a frequent one.
    """

    def __init__(self, row: Replay) -> None:
        self.row = row
        self.grounds = Grounds(row.grounds)
        self.of_kind, self.of_ground = Counter[str](), Counter[int]()
        kept = ReplayDifference.objects.filter(replay=row).values_list("kind", "ground")
        for kind, ground, count in kept.annotate(count=Count("pk")):
            self.of_kind[kind] += count
            self.of_ground[ground] += count
        self._items: dict[int, ItemVersion | None] = {}
        self._laws: dict[str, bool] = {short_title(LICENSING_LAW): True}

    def differences(
        self, differing: Sequence[tuple[Mapping[str, Any], _Answered]]
    ) -> list[ReplayDifference]:
        """Count what differs, and return what is to be listed."""
        refusals = _refusals(
            [case["id"] for case, one in differing if one.kind is DifferenceKind.GRANT_REFUSE]
        )
        self._look_up({title for one in refusals.values() for title in cited_titles(one.basis)})
        listed = []
        for case, answered in differing:
            kind = answered.kind
            assert kind is not None
            refusal = refusals.get(case["id"], _GRANTED)
            articles = citations(refusal.basis, known=self._known(case)) if refusal.basis else ()
            place = self.grounds.add(
                answered.ground(articles, self._conditions(case, refusal.unmet)),
                revoked=case["state"] == CaseState.REVOKED.value,
            )
            if not self._room(kind, place):
                continue
            self.of_kind[kind.value] += 1
            self.of_ground[place] += 1
            listed.append(
                ReplayDifference(
                    replay=self.row,
                    case_id=case["id"],
                    kind=kind.value,
                    ground=place,
                    row_id=answered.row_id[:80],
                    reason=(answered.verdict.reason if answered.verdict else "")[:400],
                    refused_by=refusal.step,
                    articles=list(articles),
                    proposed=refusal.proposed,
                    weighed=refusal.weighed,
                    disagreed=refusal.disagreed,
                    path=self._path(case, answered.verdict),
                )
            )
        return listed

    def _room(self, kind: DifferenceKind, place: int) -> bool:
        if self.of_kind[kind.value] >= MOST_DIFFERENCES:
            return False
        return kind is DifferenceKind.GRANT_REFUSE or self.of_ground[place] < MOST_OF_GROUND

    def _look_up(self, titles: Set[str]) -> None:
        """Ask the corpus for titles that were not asked for before."""
        fresh = titles - self._laws.keys()
        found = catalogue.laws_known(fresh) if fresh else frozenset()
        self._laws |= {title: title in found for title in fresh}

    def _known(self, case: Mapping[str, Any]) -> frozenset[str]:
        """Return the laws that a decision on a case may be told to rest on."""
        item = self._item(case)
        own = {short_title(one.law) for one in item.basis} if item else set()
        return frozenset(own | {title for title, known in self._laws.items() if known})

    def _conditions(self, case: Mapping[str, Any], places: Sequence[int]) -> tuple[str, ...]:
        """Return published conditions in the words that the item had then."""
        item = self._item(case) if places else None
        return tuple(item.conditions[place - 1] for place in places) if item else ()

    def _item(self, case: Mapping[str, Any]) -> ItemVersion | None:
        version = case["item_version"]
        if version not in self._items:
            try:
                self._items[version] = catalogue.item_version(case["item_slug"], version)
            except LookupError:
                self._items[version] = None
        return self._items[version]

    def _path(self, case: Mapping[str, Any], verdict: Verdict | None) -> list[list[object]]:
        """Return row, fact, whether it held and its value, which is empty where it is personal."""
        if verdict is None:
            return []
        item = self._item(case)
        told = open_answers(item) if item else frozenset()
        return [["", one.name, False, ""] for one in verdict.refused_facts] + [
            [
                one.row_id,
                one.fact,
                one.passed,
                value_words(one.step.fact, one.value)
                if shows_value(
                    one.step.fact, applicant_kind=case["applicant_kind"], open_answers=told
                )
                else "",
            ]
            for one in verdict.path
            if not one.passed or one.step.cell.op is not CellOp.ANY
        ]


def _refusals(ids: Sequence[int]) -> dict[int, _Refusal]:
    """Return the refusals of cases; four queries."""
    if not ids:
        return {}
    steps: dict[int, list[tuple[str, str]]] = {}
    wanted = [one.value for one in (*REFUSALS, *WEIGHED)]
    events_of = CaseEvent.objects.filter(case__in=ids, step__in=wanted).order_by("id")
    for key, step, basis in events_of.values_list("case_id", "step", "basis"):
        steps.setdefault(key, []).append((step, basis))
    proposed = dict(
        Opinion.objects.filter(case__in=ids, sent_back=None).values_list("case_id", "outcome")
    )
    disagreed: dict[int, list[str]] = {}
    answers = DepartmentInquiry.objects.filter(case__in=ids, answer=InquiryAnswer.DISAGREE.value)
    for key, department in answers.order_by("id").values_list("case_id", "department"):
        disagreed.setdefault(key, []).append(department)
    letters = CaseDocument.objects.filter(
        case__in=ids, kind=DocumentKind.REFUSAL_DECISION.value, body__has_key="unmet"
    )
    unmet = dict(letters.values_list("case_id", "body__unmet"))
    found = {}
    for key in ids:
        taken = dict(steps.get(key, ()))
        step = next((one.value for one in REFUSALS if one.value in taken), "")
        found[key] = _Refusal(
            step=step,
            basis=taken.get(step, ""),
            proposed=proposed.get(key, ""),
            weighed=[one.value for one in WEIGHED if one.value in taken],
            disagreed=disagreed.get(key, []),
            unmet=unmet.get(key, []),
        )
    return found


_COLUMNS = (
    "id",
    "number",
    "state",
    "item_slug",
    "item_version",
    "applicant_ref",
    "applicant_name",
    "applicant_kind",
    "channel",
    "town",
    "received_on",
    "received_at",
    "outcome",
)

_UNKNOWN = object()
"""A fact that cannot be rebuilt, which is something else than one that was empty."""


class _Batch:
    """Some past cases with everything their facts are rebuilt from, one query for each kind."""

    def __init__(self, rules: RuleSet, ids: Sequence[int], earlier: EarlierCasesThen) -> None:
        self.rules = rules
        self.earlier = earlier
        self.missing: set[str] = set()
        self.cases: list[dict[str, Any]] = sorted(
            Case.objects.filter(pk__in=ids).values(*_COLUMNS), key=lambda case: -case["id"]
        )
        sources = {fact.source for fact in rules.facts}
        refs = {case["applicant_ref"] for case in self.cases}
        self.answers = {
            key: answers | fixed
            for key, answers, fixed in CaseAnswer.objects.filter(case__in=ids).values_list(
                "case_id", "answers", "case__fixed_answers"
            )
        }
        self.to_be_seen = set(
            CaseMaterial.objects.filter(case__in=ids)
            .exclude(state=MaterialState.WAIVED.value)
            .values_list("case_id", flat=True)
        )
        self.told = _told_before(ids) if any(one.startswith("check:") for one in sources) else {}
        asks = checks_of(sorted(sources))
        people = POPULATION.name in asks or any(
            one.startswith("register:person.") for one in sources
        )
        self.persons = registers.person_basics(refs) if people else {}
        self.licences = (
            licences.holdings(refs, asks[LICENCES]) if LICENCES in asks else _NOTHING_HELD
        )
        if EARLIER_CASES.name in asks:
            earlier.read(refs)

    def verdict(self, case: Mapping[str, Any]) -> _Answered:
        """Return what the rules would have done with one case."""
        people = "grant" if case["outcome"] == Outcome.GRANT.value else "refuse"
        if case["id"] in self.to_be_seen:  # a person would have had to look at files
            return _Answered(key=f"hand_over_{people}", cause=HandOverCause.MATERIALS)
        values: dict[str, object] = {}
        unknown = False
        for fact in self.rules.facts:
            value = self._value(fact.source, case)
            if value is _UNKNOWN:
                self.missing.add(fact.label)
                unknown = True
            else:
                values[fact.name] = value
        if unknown:
            return _Answered(key="unknown")
        verdict = evaluate(self.rules, values, on=case["received_on"])
        if verdict.outcome is RuleOutcome.GRANT:
            return _Answered(key=f"grant_{people}", verdict=verdict)
        if verdict.refused_facts:
            cause = HandOverCause.FACT
        else:
            cause = HandOverCause.ROW if verdict.row_id else HandOverCause.NO_ROW
        near = (
            nearest_grant(self.rules, values, on=case["received_on"]) if people == "grant" else None
        )
        return _Answered(key=f"hand_over_{people}", verdict=verdict, cause=cause, near=near)

    def _value(self, source: str, case: Mapping[str, Any]) -> object:
        kind, _colon, rest = source.partition(":")
        if kind == "answer":
            return self.answers.get(case["id"], {}).get(rest)
        if kind == "case":
            return case.get(rest, _UNKNOWN)
        told = self.told.get(case["id"], {})
        if source in told:
            return told[source]
        if kind == "register":
            return self._registered(rest, case)
        name, _dot, field = rest.partition(".")
        if name == POPULATION.name:
            return self._population(field, case)
        if name == LICENCES:
            return any(
                one.held_at(case["received_at"], on=case["received_on"])
                for one in self.licences.get((case["applicant_ref"], field), ())
            )
        if name == EARLIER_CASES.name:
            return self.earlier.value(field, case["applicant_ref"], case["received_at"])
        return _UNKNOWN

    def _registered(self, field: str, case: Mapping[str, Any]) -> object:
        person = self.persons.get(case["applicant_ref"])
        if person is None:
            return _UNKNOWN
        known: Mapping[str, object] = {
            "person.name": case["applicant_name"],
            "person.born_on": person.born_on,
            "person.gender": person.gender.label,
        }
        return known.get(field, _UNKNOWN)

    def _population(self, field: str, case: Mapping[str, Any]) -> object:
        person = self.persons.get(case["applicant_ref"])
        if person is None:
            return _UNKNOWN
        return population_fields(person, on=case["received_on"], name=case["applicant_name"]).get(
            field, _UNKNOWN
        )


_NOTHING_HELD: Mapping[tuple[str, str], Sequence[licences.Holding]] = {}


@dataclass(frozen=True, slots=True)
class _Moments:
    """Moments of one applicant's cases of one item, each sorted, in seconds since 1970."""

    received: array[float] = field(default_factory=lambda: array("d"))
    ended: array[float] = field(default_factory=lambda: array("d"))
    granted: array[float] = field(default_factory=lambda: array("d"))


class EarlierCasesThen:
    """What applicants had of the same item at any moment; each applicant is read once a replay.

    An applicant with ten thousand cases costs a search among sorted moments for each of them.
    """

    def __init__(self, item_slug: str) -> None:
        self.item_slug = item_slug
        self._known: dict[str, _Moments] = {}

    def read(self, refs: Iterable[str]) -> None:
        """Read the cases of those applicants that were not read before."""
        fresh = {ref: _Moments() for ref in refs if ref not in self._known}
        if not fresh:
            return
        rows = (
            Case.objects.filter(item_slug=self.item_slug, applicant_ref__in=list(fresh))
            .annotate(
                received=_seconds("received_at"),
                ended=Least(_seconds("decided_at"), _seconds("closed_at")),
                granted=models.Case(
                    models.When(outcome=Outcome.GRANT.value, then=_seconds("decided_at"))
                ),
            )
            .values_list("applicant_ref", "received", "ended", "granted")
        )
        for ref, received, ended, granted in rows.iterator(chunk_size=10_000):
            moments = fresh[ref]
            moments.received.append(received)
            if ended is not None:
                moments.ended.append(ended)
            if granted is not None:
                moments.granted.append(granted)
        for ref, moments in fresh.items():
            self._known[ref] = _Moments(
                *(
                    array("d", sorted(one))
                    for one in (moments.received, moments.ended, moments.granted)
                )
            )

    def value(self, asked: str, ref: str, at: datetime) -> object:
        """Return what the check of earlier cases would have answered for `ref` just before `at`."""
        moments, moment = self._known[ref], at.timestamp()
        granted = bisect_left(moments.granted, moment)
        if asked == "running_same_item":
            return bisect_left(moments.received, moment) > bisect_left(moments.ended, moment)
        if asked == "granted_same_item":
            return granted > 0
        if asked == "granted_last_year":
            year_ago = (at - timedelta(days=365)).timestamp()
            return granted - bisect_left(moments.granted, year_ago)
        return _UNKNOWN


def _seconds(column: str) -> Cast:
    return Cast(Extract(column, "epoch", tzinfo=UTC), FloatField())  # else of the wall clock


def _told_before(ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Return what registers told the machine about these cases, by source; the last run counts."""
    told: dict[int, dict[str, object]] = {}
    rows = (
        AutoRun.objects.select_related("case")
        .filter(case__in=ids, sealed__isnull=False)
        .order_by("serial")
    )
    for run in rows:
        told.setdefault(run.case_id, {}).update(questions.told(run))
    return told
