"""Questions about automatic handling: runs, the switch, what waits for a person, replays."""

from __future__ import annotations

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
from yiwang.cases.queries import CaseNotFoundError, may_read
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.content import queries as content
from yiwang.kernel.masking import mask_number, mask_words
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission
from yiwang.registers.policy import field_crypto
from yiwang.registers.queries import PERSONAL
from yiwang.rules.policy.tables import RuleOutcome

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
class DifferenceRow:
    """A past case on which rules and people differ; `readable`: the asker may open it."""

    case_number: str
    query_code: str
    row_id: str
    reason: str
    readable: bool


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
    """List runs of the departments whose cases `by` may read, newest first (keyset)."""
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
    rows = _after(rows, after)
    found = list(rows[: limit + 1])
    page = found[:limit]
    return RunPage(
        rows=tuple(_run_row(row) for row in page),
        after=f"{page[-1].at.timestamp()}~{page[-1].pk}" if len(found) > limit else None,
    )


def _after(rows: QuerySet[AutoRun], after: str) -> QuerySet[AutoRun]:
    moment, _tilde, last = after.partition("~")
    try:
        at = datetime.fromtimestamp(float(moment), tz=PLACE)
        pk = int(last)
    except (ValueError, OverflowError, OSError):
        return rows
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))


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
    for whole, shown in hidden.items():
        sentence = sentence.replace(whole, shown)
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
    row = Replay.objects.filter(pk=replay_id).first()
    if row is None:
        raise LookupError(f"no replay {replay_id}")
    return _replay_view(row)


def replays(slug: str, *, limit: int = 20) -> list[ReplayView]:
    """List the replays of an item, newest first."""
    rows = Replay.objects.filter(item_slug=slug).order_by("-id")
    return [_replay_view(row) for row in rows[:limit]]


def differences(
    replay_id: int, *, by: Actor, limit: int = PAGE, after: int = 0
) -> list[DifferenceRow]:
    """List the past cases that the rules would have granted and people refused."""
    with scope.everything():  # numbers alone; `readable` says who may open the case
        rows = list(
            ReplayDifference.objects.select_related("case")
            .filter(replay=replay_id, pk__gt=after)
            .order_by("pk")[:limit]
        )
    return [
        DifferenceRow(
            case_number=row.case.number,
            query_code=row.case.query_code,
            row_id=row.row_id,
            reason=row.reason,
            readable=may_read(row.case, by),
        )
        for row in rows
    ]


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
