"""Questions about automatic handling: runs, the switch, what waits for a person, replays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from yiwang.cases.models import Case, CaseEvent
from yiwang.cases.models.automatic import (
    AutoReview,
    AutoRun,
    AutoSwitch,
    AutoWaiting,
    Replay,
    ReplayDifference,
)
from yiwang.cases.policy.answers import is_hidden
from yiwang.cases.policy.automatic import (
    AutomaticSettings,
    Ground,
    ReviewCause,
    SampleVerdict,
    SwitchAct,
    settings_from,
)
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.replaying import DifferenceKind, HandOverCause, ground_from_plain
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseNotFoundError, may_read
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.content import queries as content
from yiwang.kernel.masking import mask_number, mask_words
from yiwang.kernel.paging import moment_and_row
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission
from yiwang.registers.policy import field_crypto
from yiwang.registers.queries import PERSONAL
from yiwang.rules.policy.tables import CellOp, RuleOutcome, RuleSet, rules_from_plain
from yiwang.rules.policy.wording import cell_words, label_of

PAGE = 50
"""Lines of one page."""

NUMBER_LENGTH = 15
"""Texts of digits as long as this are numbers of persons or phones, and hidden."""


@dataclass(frozen=True, kw_only=True)
class FactView:
    """One fact as the rules got it; numbers hidden, and from staff whatever is personal."""

    label: str
    value: str
    source: str
    at: datetime
    note: str
    version: str


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One line of the list of runs."""

    id: int
    case_number: str
    query_code: str
    item_slug: str
    item_name: str
    item_version: int
    serial: int
    at: datetime
    outcome: RuleOutcome
    ground: Ground
    reason: str
    took_ms: int


@dataclass(frozen=True, kw_only=True)
class RunView:
    """One run with what the rules were given and the path they took, in words."""

    row: RunRow
    row_id: str
    facts: tuple[FactView, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """One page of runs, newest first; `after` leads to the next, None: this is the last."""

    rows: tuple[RunRow, ...]
    after: str | None


@dataclass(frozen=True, kw_only=True)
class AutomaticView:
    """What the applicant and the desk are told about a case and machines.

    Attributes:
        waiting: A machine still tries.
        run: The last run; None: there was none.
        review: What a person said about it, or was asked; None: nothing.
    """

    waiting: bool
    run: RunView | None
    review: ReviewView | None

    @property
    def granted(self) -> bool:
        """Whether rules granted it."""
        return self.run is not None and self.run.row.outcome is RuleOutcome.GRANT


@dataclass(frozen=True, kw_only=True)
class SwitchRow:
    """One act on a switch."""

    act: SwitchAct
    reason: str
    by: str
    by_name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SwitchView:
    """The switch of one automatic item.

    Attributes:
        on: Whether rules may grant.
        asked: Who asked to resume, and when; None: nobody.
        history: All acts, newest first.
    """

    item_slug: str
    item_name: str
    item_version: int
    department: str
    supervisor: str
    on: bool
    asked: SwitchRow | None
    history: tuple[SwitchRow, ...]
    granted: int
    handed_over: int


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """An automatic grant that a person looks at."""

    id: int
    case_number: str
    query_code: str
    item_slug: str
    item_name: str
    department: str
    cause: ReviewCause
    day: date
    asked_at: datetime
    asked_reason: str
    verdict: SampleVerdict | None
    reason: str
    by_name: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ComparedFact:
    """One fact as a row of the rules compared it.

    Attributes:
        row_number: The row, counted from 1; 0: no row was asked.
        asked: What the row asks; empty where no row was asked.
        value: The value it met; empty where it is personal, or was not known.
    """

    row_number: int
    label: str
    asked: str
    passed: bool
    value: str


@dataclass(frozen=True, kw_only=True)
class DifferenceRow:
    """A past case on which rules and people differ, without anything personal.

    Attributes:
        id: Key; the last of a page leads to the next.
        ground: Number of the ground it is counted under; None: an old replay.
        row_id: The row that decided; empty: none did.
        reason: Of that row.
        refused_by: How people refused; None: they granted, or an old replay.
        articles: What the refusal cites.
        proposed: What the reviewer had proposed; None: nobody did.
        weighed: Steps before a refusal on which it may rest.
        disagreed: Departments that were asked and disagreed.
        path: What the rules compared: the first cell that failed of each row before, and every
            cell of the row that decided.
        department: Who decided, and whose staff may open the case.
        readable: The asker may open it.
    """

    id: int
    kind: DifferenceKind
    ground: int | None
    case_number: str
    query_code: str
    row_id: str
    reason: str
    refused_by: Step | None
    articles: tuple[str, ...]
    proposed: Outcome | None
    weighed: tuple[Step, ...]
    disagreed: tuple[str, ...]
    path: tuple[ComparedFact, ...]
    department: str
    readable: bool


@dataclass(frozen=True, kw_only=True)
class LackingFact:
    """A fact that kept a row from granting, and what the row asks of it."""

    label: str
    asked: str


@dataclass(frozen=True, kw_only=True)
class GroundRow:
    """Why rules and people differ, and in how many cases.

    Attributes:
        number: Names it among the grounds of its replay.
        count: Cases, those included that are not listed.
        revoked: Of them, cases in which what people granted was revoked since.
        articles: What the refusals cite; empty: no article, or people granted.
        unmet: Published conditions of the item that the refusals name.
        row_number: The row that decided, counted from 1; 0: none did.
        row_id, row_reason: Of that row; empty: none did.
        cause: Why the rules handed over; None: they granted.
        near_number: The granting row that lacks least; 0: no row grants, or none was asked.
        lacking: What that row lacks; empty with a `near_number`: a row before it took the case.
            Without one it is the fact that cannot be used.
        why: Why that fact cannot be used.
        other: Grounds beyond those told apart.
    """

    number: int
    kind: DifferenceKind
    count: int
    revoked: int
    articles: tuple[str, ...]
    unmet: tuple[str, ...]
    row_number: int
    row_id: str
    row_reason: str
    cause: HandOverCause | None
    near_number: int
    lacking: tuple[LackingFact, ...]
    why: str
    other: bool


@dataclass(frozen=True, kw_only=True)
class ReplayView:
    """A rule set tried on past cases.

    Attributes:
        counts: `grant_grant`, `grant_refuse`, `hand_over_grant`, `hand_over_refuse`: what the
            rules would have done, and what people did; `unknown`: a fact cannot be rebuilt.
        unknown_facts: Labels of facts that could not be rebuilt.
        row_ids: Ids of the rows of the table, in their order.
    """

    id: int
    item_slug: str
    item_version: int | None
    draft: int | None
    rules_sha256: str
    asked_by: str
    asked_at: datetime
    total: int
    done: int
    counts: Mapping[str, int]
    unknown_facts: tuple[str, ...]
    row_ids: tuple[str, ...]
    finished_at: datetime | None
    failure: str

    @property
    def percent(self) -> int:
        """How much is done, in per cent."""
        return 100 if not self.total else self.done * 100 // self.total

    @property
    def agreed(self) -> int:
        """Cases in which the rules would have granted what people granted."""
        return self.counts.get("grant_grant", 0)

    @property
    def differing(self) -> int:
        """Cases in which the rules would have granted what people refused."""
        return self.counts.get("grant_refuse", 0)

    @property
    def unknown(self) -> int:
        """Cases of which a fact cannot be rebuilt."""
        return self.counts.get("unknown", 0)

    @property
    def handed_over(self) -> int:
        """Cases that the rules would have left to a person."""
        return self.counts.get("hand_over_grant", 0) + self.counts.get("hand_over_refuse", 0)


def seal_context(number: str, serial: int) -> str:
    """Return what binds the sealed facts of a run to it."""
    return f"autorun:{number}/{serial}"


def automatic_settings() -> AutomaticSettings:
    """Return what the district decided about automatic handling."""
    return settings_from(content.district().automatic)


def stopped(slug: str) -> bool:
    """Tell whether the switch of an item is off, as the database says at this moment."""
    return is_off(_switches(slug).first())


def last_switch(slug: OuterRef) -> Subquery:
    """Return the last act of an item's switch, for `is_off`; to be asked beside something else."""
    return Subquery(_switches(slug)[:1])


def is_off(last: str | None) -> bool:
    """Tell of the last act of a switch whether it is off; None: nobody ever touched it."""
    return last is not None and last != SwitchAct.RESUME.value


def _switches(slug: str | OuterRef) -> QuerySet[AutoSwitch, str]:
    rows = AutoSwitch.objects.filter(item_slug=slug).order_by("-id")
    return rows.values_list("act", flat=True)


def automatic_items(*, on: date) -> list[ItemVersion]:
    """List the items in force whose rules may grant without a person."""
    return [item for item in catalogue.items(on=on) if item.auto_decide and item.auto_rules]


def _codes(by: Actor, permission: Permission) -> frozenset[str] | None:
    """Return the departments in which `by` holds a permission; None: in all of them."""
    codes = by.departments(permission)
    return None if EVERYWHERE in codes else codes


def runs(
    *,
    by: Actor,
    item: str = "",
    outcome: RuleOutcome | None = None,
    day: date | None = None,
    after: str = "",
    limit: int = PAGE,
) -> RunPage:
    """List runs of the departments whose cases `by` may read, newest first (keyset).

    Raises:
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    rows = AutoRun.objects.select_related("case").order_by("-at", "-id")
    codes = _codes(by, Permission.CASE_READ)
    if codes is not None:
        rows = rows.filter(department__in=codes)
    if item:
        rows = rows.filter(item_slug=item)
    if outcome is not None:
        rows = rows.filter(outcome=outcome.value)
    if day is not None:
        begin, end = (datetime.combine(day, one, tzinfo=PLACE) for one in (time.min, time.max))
        rows = rows.filter(at__gte=begin, at__lte=end)
    if after:
        moment, number = moment_and_row(after)
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=number))
    found = list(rows[: limit + 1])
    page = found[:limit]
    return RunPage(
        rows=tuple(_run_row(row) for row in page),
        after=f"{page[-1].at.isoformat()}_{page[-1].pk}" if len(found) > limit else None,
    )


def _run_row(row: AutoRun) -> RunRow:
    return RunRow(
        id=row.pk,
        case_number=row.case.number,
        query_code=row.case.query_code,
        item_slug=row.item_slug,
        item_name=row.case.item_name,
        item_version=row.item_version,
        serial=row.serial,
        at=row.at,
        outcome=RuleOutcome(row.outcome),
        ground=Ground(row.ground),
        reason=row.reason,
        took_ms=row.took_ms,
    )


def run(run_id: int, *, by: Actor) -> RunView:
    """Return one run with its facts and path.

    Raises:
        CaseNotFoundError: no such run for these eyes.
    """
    with scope.everything():  # the case decides who may read, below
        row = AutoRun.objects.select_related("case").filter(pk=run_id).first()
    if row is None or not may_read(row.case, by):
        raise CaseNotFoundError
    return _run_view(row, by)


def _run_view(row: AutoRun, by: Actor) -> RunView:
    """Return a run as `by` sees it: whoever applied reads the whole of it."""
    facts, path = _opened(row, masked=not by.acts_for(row.case.applicant_ref))
    return RunView(row=_run_row(row), row_id=row.row_id, facts=facts, path=path)


def told(row: AutoRun) -> dict[str, object]:
    """Return what registers told in a run, by source; what they did not tell is left out."""
    return {
        fact["origin"]: fact["value"]
        for fact in _plain(row)["facts"]
        if fact["origin"].startswith("check:") and not fact["note"]
    }


def _plain(row: AutoRun) -> dict[str, Any]:
    if row.sealed is None:
        return {"facts": [], "path": []}
    opened: dict[str, Any] = orjson.loads(
        field_crypto.decrypt(
            bytes(row.sealed),
            keys=field_crypto.field_keys(settings.FIELD_KEYS),
            context=seal_context(row.case.number, row.serial),
        )
    )
    return opened


def _opened(row: AutoRun, *, masked: bool) -> tuple[tuple[FactView, ...], tuple[str, ...]]:
    plain = _plain(row)
    personal = _personal(row) if masked else frozenset()
    hidden = {
        value: mask_words(value)
        for fact in plain["facts"]
        if fact["origin"] in personal and isinstance(value := fact["value"], str) and value
    }
    facts = tuple(
        FactView(
            label=fact["label"],
            value=fact["shown"] or hidden.get(str(fact["value"])) or _shown(fact["value"]),
            source=fact["source"],
            at=datetime.fromisoformat(fact["at"]),
            note=fact["note"],
            version=fact["version"],
        )
        for fact in plain["facts"]
    )
    return facts, tuple(_without(sentence, hidden) for sentence in plain["path"])


def _without(sentence: str, hidden: Mapping[str, str]) -> str:
    """Mask in a sentence each hidden value that stands by itself, not within a longer number."""
    for whole, shown in hidden.items():
        alone = rf"(?<![0-9A-Za-z]){re.escape(whole)}(?![0-9A-Za-z])"
        sentence = re.sub(alone, shown.replace("\\", r"\\"), sentence)
    return sentence


def _personal(row: AutoRun) -> frozenset[str]:
    """Return the sources of facts that tell something about a person."""
    item = catalogue.item_version(row.item_slug, row.item_version)
    return frozenset(
        (
            *(f"register:{key}" for key in PERSONAL),
            *(f"answer:{one.id}" for one in item.questions() if is_hidden(one)),
        )
    )


def _shown(value: object) -> str:
    if value is None:
        return "不知道"
    if isinstance(value, bool):
        return "是" if value else "否"
    text = str(value)
    return mask_number(text) if len(text) >= NUMBER_LENGTH and text[:-1].isdigit() else text


def automatic(number: str, *, by: Actor) -> AutomaticView | None:
    """Return what is to be said about a case and machines; None: its item knows no rules.

    Raises:
        CaseNotFoundError: no such case for these eyes.
    """
    with scope.everything():  # the case decides who may read
        case = Case.objects.filter(number=number).first()
        if case is None or not may_read(case, by):
            raise CaseNotFoundError
        last = AutoRun.objects.select_related("case").filter(case=case).order_by("-serial").first()
        waiting = AutoWaiting.objects.filter(case=case, settled_at=None).exists()
        if last is None and not waiting:
            return None
        review = (
            AutoReview.objects.select_related("case")
            .filter(case=case, cause=ReviewCause.APPLICANT.value)
            .first()
        )
    return AutomaticView(
        waiting=waiting,
        run=_run_view(last, by) if last is not None else None,
        review=_review_view(review) if review is not None else None,
    )


def switches(*, by: Actor, on: date) -> list[SwitchView]:
    """List the switches of the automatic items of the departments `by` reads items of."""
    codes = _codes(by, Permission.CASE_READ)
    items = [item for item in automatic_items(on=on) if codes is None or item.department in codes]
    return [_switch(item) for item in items]


def switch(slug: str, *, on: date) -> SwitchView:
    """Return the switch of one item.

    Raises:
        LookupError: no such item, or rules never grant it.
    """
    item = catalogue.item(slug, on=on)
    if not (item.auto_decide and item.auto_rules):
        raise LookupError(f"{slug} is not handled automatically")
    return _switch(item)


def _switch(item: ItemVersion) -> SwitchView:
    history = tuple(
        SwitchRow(
            act=SwitchAct(row.act), reason=row.reason, by=row.by, by_name=row.by_name, at=row.at
        )
        for row in AutoSwitch.objects.filter(item_slug=item.slug).order_by("-id")
    )
    last = history[0] if history else None
    counts = dict(
        AutoRun.objects.filter(item_slug=item.slug)
        .values_list("outcome")
        .annotate(count=Count("case", distinct=True))
        .order_by()
    )
    return SwitchView(
        item_slug=item.slug,
        item_name=item.name,
        item_version=item.version,
        department=item.department,
        supervisor=item.supervision.department,
        on=last is None or last.act is SwitchAct.RESUME,
        asked=last if last is not None and last.act is SwitchAct.ASK_RESUME else None,
        history=history,
        granted=counts.get(RuleOutcome.GRANT.value, 0),
        handed_over=counts.get(RuleOutcome.HAND_OVER.value, 0),
    )


def reviews(*, by: Actor, done: bool = False, limit: int = PAGE) -> list[ReviewView]:
    """List decisions for a person to look at again, oldest first; or those looked at.

    Left out of what waits is what the asker handled: somebody else looks at that.
    """
    rows = AutoReview.objects.select_related("case")
    codes = _codes(by, Permission.AUTO_SAMPLE)
    if codes is not None:
        rows = rows.filter(department__in=codes)
    if done:
        rows = rows.exclude(verdict="").order_by("-at", "-id")
    else:
        rows = (
            rows.filter(verdict="")
            .exclude(
                Q(cause=ReviewCause.HANDLED.value)
                & Exists(CaseEvent.objects.filter(case=OuterRef("case"), actor=by.ref))
            )
            .order_by("asked_at", "id")
        )
    return [_review_view(row) for row in rows[:limit]]


def review(review_id: int, *, by: Actor) -> ReviewView:
    """Return one of them.

    Raises:
        CaseNotFoundError: no such one for these eyes.
    """
    row = AutoReview.objects.select_related("case").filter(pk=review_id).first()
    if row is None or not by.may(Permission.AUTO_SAMPLE, department=row.department):
        raise CaseNotFoundError
    return _review_view(row)


def _review_view(row: AutoReview) -> ReviewView:
    return ReviewView(
        id=row.pk,
        case_number=row.case.number,
        query_code=row.case.query_code,
        item_slug=row.item_slug,
        item_name=row.case.item_name,
        department=row.department,
        cause=ReviewCause(row.cause),
        day=row.day,
        asked_at=row.asked_at,
        asked_reason=row.asked_reason,
        verdict=SampleVerdict(row.verdict) if row.verdict else None,
        reason=row.reason,
        by_name=row.by_name,
        at=row.at,
    )


def replay(replay_id: int) -> ReplayView:
    """Return one replay.

    Raises:
        LookupError: there is none.
    """
    row = Replay.objects.filter(pk=replay_id).defer("grounds").first()
    if row is None:
        raise LookupError(f"no replay {replay_id}")
    return _replay_view(row)


def replays(slug: str, *, limit: int = 20) -> list[ReplayView]:
    """List the replays of an item, newest first."""
    rows = Replay.objects.filter(item_slug=slug).defer("grounds").order_by("-id")
    return [_replay_view(row) for row in rows[:limit]]


def differences(
    replay_id: int,
    *,
    by: Actor,
    kind: DifferenceKind = DifferenceKind.GRANT_REFUSE,
    ground: int | None = None,
    limit: int = PAGE,
    after: int = 0,
) -> list[DifferenceRow]:
    """List past cases on which rules and people differ, in the order found (keyset); two queries.

    Args:
        replay_id: Which.
        by: Who asks; nobody but those who may open a case is told more than its number.
        kind: Those people refused, or those people granted.
        ground: Number of a ground, of whichever kind; None: all of `kind`.
        limit: Most rows.
        after: Key of the last row of the page before.
    """
    wanted = Q(kind=kind.value) if ground is None else Q(ground=ground)
    with scope.everything():  # numbers alone; `readable` says who may open the case
        rows = list(
            ReplayDifference.objects.select_related("case")
            .filter(wanted, replay=replay_id, pk__gt=after)
            .order_by("pk")[:limit]
        )
        rules = _rules_of(replay_id) if rows else None
    return [_difference_row(row, rules, by) for row in rows if rules is not None]


def grounds(replay_id: int) -> tuple[GroundRow, ...]:
    """List why rules and people differ, the most frequent first; one query.

    Those people refused are told apart by what they cite and by the row that would have granted;
    those people granted by what made the rules hand over.
    """
    row = Replay.objects.filter(pk=replay_id).only("rules", "grounds").first()
    if row is None:
        return ()
    rules = rules_from_plain(row.rules)
    found = [_ground_row(number, plain, rules) for number, plain in enumerate(row.grounds)]
    return tuple(sorted(found, key=lambda one: (one.other, -one.count, one.number)))


def _rules_of(replay_id: int) -> RuleSet:
    return rules_from_plain(Replay.objects.values_list("rules", flat=True).get(pk=replay_id))


def _numbers(rules: RuleSet) -> dict[str, int]:
    return {row.id: number for number, row in enumerate(rules.rows, start=1)}


def _asked(rules: RuleSet, number: int, name: str) -> tuple[str, str]:
    """Return what a fact is called, and what a row asks of it; empty: no row."""
    place = next((n for n, fact in enumerate(rules.facts) if fact.name == name), None)
    if place is None:
        return name, ""
    fact = rules.facts[place]
    if not number:
        return fact.label, ""
    cell = rules.rows[number - 1].cells[place]
    if cell.op is CellOp.ANY:  # a granting row asks at least that the fact is known
        return label_of(fact), CellOp.KNOWN.label
    return label_of(fact), cell_words(fact, cell)


def _difference_row(row: ReplayDifference, rules: RuleSet, by: Actor) -> DifferenceRow:
    numbers = _numbers(rules)
    path = []
    for row_id, name, passed, value in row.path:
        number = numbers.get(row_id, 0)
        label, asked = _asked(rules, number, name)
        path.append(
            ComparedFact(row_number=number, label=label, asked=asked, passed=passed, value=value)
        )
    return DifferenceRow(
        id=row.pk,
        kind=DifferenceKind(row.kind),
        ground=row.ground,
        case_number=row.case.number,
        query_code=row.case.query_code,
        row_id=row.row_id,
        reason=row.reason,
        refused_by=Step(row.refused_by) if row.refused_by else None,
        articles=tuple(row.articles),
        proposed=Outcome(row.proposed) if row.proposed else None,
        weighed=tuple(Step(one) for one in row.weighed),
        disagreed=tuple(row.disagreed),
        path=tuple(path),
        department=row.case.deciding_department,
        readable=may_read(row.case, by),
    )


def _ground_row(number: int, plain: Mapping[str, Any], rules: RuleSet) -> GroundRow:
    ground, numbers = ground_from_plain(plain), _numbers(rules)
    place, near = numbers.get(ground.row_id, 0), numbers.get(ground.near, 0)
    pairs = (_asked(rules, near, name) for name in ground.lacking)
    return GroundRow(
        number=number,
        kind=ground.kind,
        count=plain["count"],
        revoked=plain["revoked"],
        articles=ground.articles,
        unmet=ground.unmet,
        row_number=place,
        row_id=ground.row_id,
        row_reason=rules.rows[place - 1].reason if place else "",
        cause=ground.cause,
        near_number=near,
        lacking=tuple(LackingFact(label=label, asked=asked) for label, asked in pairs),
        why=ground.why,
        other=ground.other,
    )


def replay_good_until(view: ReplayView) -> date | None:
    """Return the last day on which a publication may rest on a replay; None: not finished."""
    if view.finished_at is None:
        return None
    day = view.finished_at.astimezone(PLACE).date()
    return day + timedelta(days=automatic_settings().replay_days)


def last_replay(rules_sha256: str, *, since: datetime) -> ReplayView | None:
    """Return the last finished replay of exactly these rules since a moment, or None."""
    row = (
        Replay.objects.filter(rules_sha256=rules_sha256, finished_at__gte=since, failure="")
        .defer("grounds")
        .order_by("-id")
        .first()
    )
    return _replay_view(row) if row is not None else None


def has_past_cases(slug: str) -> bool:
    """Tell whether people ever decided a case of the item."""
    return (
        Case.objects.filter(item_slug=slug, decided_at__isnull=False)
        .exclude(way="automatic")
        .exists()
    )


def _replay_view(row: Replay) -> ReplayView:
    return ReplayView(
        id=row.pk,
        item_slug=row.item_slug,
        item_version=row.item_version,
        draft=row.draft,
        rules_sha256=row.rules_sha256,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        total=row.total,
        done=row.done,
        counts=row.counts,
        unknown_facts=tuple(row.unknown_facts),
        row_ids=tuple(one["id"] for one in row.rules["rows"]),
        finished_at=row.finished_at,
        failure=row.failure,
    )
