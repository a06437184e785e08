"""Figures over finished cases, by department and item, and the cases behind each (办件指标)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import Aggregate, Avg, Count, F, FloatField, Max, Model, Q, QuerySet, Sum

from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoReview
from yiwang.cases.models.commitments import PostCheck, ToleranceCommitment
from yiwang.cases.models.measures import CaseMeasure
from yiwang.cases.policy.automatic import SampleVerdict
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.policy.figures import CaseFigure, Share
from yiwang.cases.policy.states import RUNNING, CaseState, Way
from yiwang.cases.queries import PAGE_LIMIT
from yiwang.catalogue.policy.items import Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.paging import day_and_row
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Permission, PermissionRefusedError

M = TypeVar("M", bound=Model)

_DECIDED = Q(decided_on__isnull=False)

MEASURED: Mapping[CaseFigure, tuple[Q, Q]] = {
    CaseFigure.ON_SPOT: (Q(decided_on=F("received_on")), _DECIDED),
    CaseFigure.ZERO_VISITS: (_DECIDED & Q(visits=0), _DECIDED),
    CaseFigure.ONE_VISIT: (_DECIDED & Q(visits=1), _DECIDED),
    CaseFigure.MORE_VISITS: (_DECIDED & Q(visits__gt=1), _DECIDED),
    CaseFigure.LATE_PROMISED: (Q(late_promised=True), _DECIDED),
    CaseFigure.LATE_STATUTORY: (Q(late_statutory=True), _DECIDED),
    CaseFigure.DEEMED: (Q(deemed=True), Q(accepted_on__isnull=False)),
    CaseFigure.CORRECTED: (Q(corrected=True), Q()),
    CaseFigure.AUTOMATIC: (Q(way=Way.AUTOMATIC.value), _DECIDED),
}
"""Figure -> which finished cases it counts, and which it is a share of."""

REFUSED_AT_THE_DOOR = (CaseState.NOT_ACCEPTED.value, CaseState.NO_NEED.value)

_AT_ONCE = Q(corrected=False) & ~Q(case__state__in=REFUSED_AT_THE_DOOR)
"""What was taken in so that nothing had to be asked for again."""

FAILING = (CheckOutcome.CORRECT.value, CheckOutcome.REVOKE.value)


_MEASURE_NAMES = {
    "number": "case__number",
    "item": "item_name",
    "department": "deciding_department",
    "day": "closed_on",
}
"""Where a row of what was counted says what a list of cases shows."""


class _Median(Aggregate):
    """The value in the middle."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class PeriodRefusedError(RefusedError):
    """The period ends before it begins."""

    code = "cases.period_refused"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which cases the figures are about.

    Attributes:
        first: First day of finishing.
        last: Last day, included.
        department: Only this deciding department; empty: all that the asker may see.
        item: Only this item; empty: all.
    """

    first: date
    last: date
    department: str = ""
    item: str = ""


@dataclass(frozen=True, kw_only=True)
class Days:
    """Working days from acceptance to decision, beside what was promised and what the law allows.

    None: nothing was decided.
    """

    mean: float | None
    median: float | None
    promised: float | None
    statutory: float | None


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """What was counted of one item of one department, or of all.

    Attributes:
        finished: Finished in the period, with a decision or without.
    """

    department: str
    item_slug: str
    item_name: str
    finished: int
    decided: int
    shares: Mapping[CaseFigure, Share]
    days: Days


@dataclass(frozen=True, kw_only=True)
class TownRow:
    """What the window of a town took in, in one mode.

    Attributes:
        same_day: Accepted on the day of receipt.
        here: To be collected where it was filed.
    """

    centre: str
    mode: TownMode
    finished: int
    same_day: int
    here: int


@dataclass(frozen=True, kw_only=True)
class CaseFigures:
    """All figures: the sum, a line for each item of each department, and for each town's window."""

    total: FigureRow
    rows: tuple[FigureRow, ...]
    towns: tuple[TownRow, ...]


@dataclass(frozen=True, kw_only=True)
class BehindRow:
    """One case behind a figure.

    Attributes:
        day: Day it is listed by: finished, due, or decided.
        visits: None: not counted for this figure.
    """

    number: str
    item_name: str
    department: str
    day: date
    visits: int | None = None
    workdays: int | None = None


@dataclass(frozen=True, kw_only=True)
class BehindPage:
    """One page of them; `after` leads to the next, empty: this is the last."""

    rows: tuple[BehindRow, ...]
    after: str


def figures(asked: Asked, *, by: Actor, today: date) -> CaseFigures:
    """Return all figures; a fixed number of queries, whatever the number of cases.

    Args:
        asked: Which cases.
        by: Reads figures somewhere; sees those departments only.
        today: Day on which running cases are overdue or not.

    Raises:
        PermissionRefusedError: not of that department, or of none.
        PeriodRefusedError: the period ends before it begins.
    """
    codes = _codes(asked, by, Permission.FIGURES_READ)
    with scope.everything():  # sums name nobody; `codes` keeps to the departments of the asker
        rows = _narrowed(_finished(asked), "", codes, asked)
        counted = rows.aggregate(**_COUNTS)
        lines = list(
            rows.values("deciding_department", "item_slug")
            .annotate(name=Max("item_name"), **_COUNTS)
            .order_by("deciding_department", "item_slug")
        )
        others = [
            _at_windows(asked, codes),
            *_tolerance(asked, codes, today),
            *_checks(asked, codes, today),
            _looked_at_again(asked, codes),
        ]
        late = _overdue(asked, codes, today).count()
        towns = _towns(rows)
    others.append(Share(key=CaseFigure.OVERDUE, part=late, whole=None))
    total = _row(counted)
    return CaseFigures(
        total=FigureRow(
            department="",
            item_slug="",
            item_name="",
            finished=total.finished,
            decided=total.decided,
            shares={**total.shares, **{one.key: one for one in others}},
            days=total.days,
        ),
        rows=tuple(_row(line) for line in lines),
        towns=towns,
    )


def _towns(rows: QuerySet[CaseMeasure]) -> tuple[TownRow, ...]:
    """Return what the windows of towns took in, by centre and mode; one query."""
    lines = (
        rows.exclude(case__town_mode="")
        .values("case__intake_department", "case__town_mode")
        .annotate(
            finished=Count("pk"),
            same_day=Count("pk", filter=Q(accepted_on=F("received_on"))),
            here=Count("pk", filter=Q(case__collect_at=F("case__intake_department"))),
        )
        .order_by("case__intake_department", "case__town_mode")
    )
    return tuple(
        TownRow(
            centre=line["case__intake_department"],
            mode=TownMode(line["case__town_mode"]),
            finished=line["finished"],
            same_day=line["same_day"],
            here=line["here"],
        )
        for line in lines
    )


def may_see_cases(by: Actor) -> bool:
    """Tell whether the asker may also open cases behind the figures."""
    return bool(by.departments(Permission.FIGURES_READ) & by.departments(Permission.CASE_READ))


def behind(
    key: CaseFigure,
    asked: Asked,
    *,
    by: Actor,
    today: date,
    after: str = "",
    limit: int = PAGE_LIMIT,
) -> BehindPage:
    """List the cases that a figure counts, the newest first; one query.

    Args:
        key: Which figure.
        asked: Which cases.
        by: Reads figures and cases of their departments.
        today: Day on which running cases are overdue or not.
        after: Place that the page before handed out.
        limit: Rows per page.

    Raises:
        PermissionRefusedError: `by` reads no cases there.
        PeriodRefusedError: the period ends before it begins.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    codes = _codes(asked, by, Permission.CASE_READ)
    rows, names = _behind(key, asked, codes, today)
    if after:
        day, number = day_and_row(after)
        rows = rows.filter(
            Q(**{f"{names['day']}__lt": day}) | Q(**{names["day"]: day, "pk__lt": number})
        )
    size = max(1, min(limit, PAGE_LIMIT))
    wanted = [names[one] for one in ("number", "item", "department", "day")]
    more = ["visits", "workdays"] if rows.model is CaseMeasure else []
    found = list(
        rows.order_by(f"-{names['day']}", "-pk").values_list("pk", *wanted, *more)[: size + 1]
    )
    shown = found[:size]
    return BehindPage(
        rows=tuple(
            BehindRow(
                number=number,
                item_name=item,
                department=department,
                day=day,
                visits=counted[0] if counted else None,
                workdays=counted[1] if counted else None,
            )
            for _key, number, item, department, day, *counted in shown
        ),
        after=f"{shown[-1][4].isoformat()}_{shown[-1][0]}" if len(found) > size else "",
    )


def _behind(
    key: CaseFigure, asked: Asked, codes: frozenset[str], today: date
) -> tuple[QuerySet[Any], dict[str, str]]:
    if key is CaseFigure.OVERDUE:
        return _overdue(asked, codes, today), _names("", day="due_on")
    if key is CaseFigure.TOLERANCE:
        rows: QuerySet[Any] = _promises(asked, codes).filter(fulfilled_on__lte=F("due_on"))
        return rows, _names("case__", day="due_on")
    if key is CaseFigure.CHECKED:
        rows = _checked(asked, codes).filter(checked_on__lte=F("check_due_on"))
        return rows, _names("case__", day="decided_on")
    if key is CaseFigure.CHECK_FAILED:
        rows = _checked(asked, codes).filter(results__outcome__in=FAILING).distinct()
        return rows, _names("case__", day="decided_on")
    if key is CaseFigure.REVIEWED_RIGHT:
        rows = _reviewed(asked, codes).filter(verdict=SampleVerdict.CONFIRM.value)
        return rows, _names("case__", day="day")
    if key is CaseFigure.WINDOW_SUCCESS:
        rows = _of_windows(asked, codes).filter(_AT_ONCE)
        return rows, _MEASURE_NAMES
    part = Q(shared_materials__gt=0) if key is CaseFigure.SHARED else MEASURED[key][0]
    rows = _narrowed(_finished(asked), "", codes, asked).filter(part)
    return rows, _MEASURE_NAMES


def _names(path: str, *, day: str) -> dict[str, str]:
    return {
        "number": f"{path}number",
        "item": f"{path}item_name",
        "department": f"{path}deciding_department",
        "day": day,
    }


def _codes(asked: Asked, by: Actor, permission: Permission) -> frozenset[str]:
    """Return the departments to count, EVERYWHERE among them for all."""
    if asked.last < asked.first:
        raise PeriodRefusedError("截止日期早于起始日期，请更正。")
    codes = by.departments(Permission.FIGURES_READ)
    if permission is not Permission.FIGURES_READ:
        others = by.departments(permission)
        codes = others if EVERYWHERE in codes else codes if EVERYWHERE in others else codes & others
    if not codes:
        raise PermissionRefusedError(
            f"您的岗位没有“{permission.label}”的权限，如确需查看，请联系本部门负责人。"
        )
    if not asked.department:
        return codes
    if EVERYWHERE not in codes and asked.department not in codes:
        raise PermissionRefusedError("您只能查看本部门的办件指标，请改选本部门。")
    return frozenset({asked.department})


def _narrowed(rows: QuerySet[M], path: str, codes: frozenset[str], asked: Asked) -> QuerySet[M]:
    if EVERYWHERE not in codes:
        rows = rows.filter(**{f"{path}deciding_department__in": sorted(codes)})
    return rows.filter(**{f"{path}item_slug": asked.item}) if asked.item else rows


def _finished(asked: Asked) -> QuerySet[CaseMeasure]:
    return CaseMeasure.objects.filter(closed_on__range=(asked.first, asked.last))


def _overdue(asked: Asked, codes: frozenset[str], today: date) -> QuerySet[Case]:
    states = [state.value for state in RUNNING - {CaseState.CORRECTION}]
    return _narrowed(Case.objects.filter(state__in=states, due_on__lt=today), "", codes, asked)


def _of_windows(asked: Asked, codes: frozenset[str]) -> QuerySet[CaseMeasure]:
    rows = _narrowed(_finished(asked), "", codes, asked)
    return rows.filter(case__channel=Channel.COUNTER.value)


def _at_windows(asked: Asked, codes: frozenset[str]) -> Share:
    """Count what windows took in whole the first time (窗口收件成功率)."""
    found = _of_windows(asked, codes).aggregate(
        part=Count("pk", filter=_AT_ONCE), whole=Count("pk")
    )
    return Share(key=CaseFigure.WINDOW_SUCCESS, part=found["part"], whole=found["whole"])


def _promises(asked: Asked, codes: frozenset[str]) -> QuerySet[ToleranceCommitment]:
    rows = ToleranceCommitment.objects.filter(due_on__range=(asked.first, asked.last))
    return _narrowed(rows, "case__", codes, asked)


def _tolerance(asked: Asked, codes: frozenset[str], today: date) -> list[Share]:
    over = Q(fulfilled_on__isnull=False) | Q(due_on__lt=today)
    found = _promises(asked, codes).aggregate(
        part=Count("pk", filter=Q(fulfilled_on__lte=F("due_on"))), whole=Count("pk", filter=over)
    )
    return [Share(key=CaseFigure.TOLERANCE, part=found["part"], whole=found["whole"])]


def _checked(asked: Asked, codes: frozenset[str]) -> QuerySet[PostCheck]:
    rows = PostCheck.objects.filter(decided_on__range=(asked.first, asked.last))
    return _narrowed(rows, "case__", codes, asked)


def _checks(asked: Asked, codes: frozenset[str], today: date) -> list[Share]:
    made = Q(checked_on__isnull=False)
    found = _checked(asked, codes).aggregate(
        due=Count("pk", distinct=True, filter=made | Q(check_due_on__lt=today)),
        in_time=Count("pk", distinct=True, filter=Q(checked_on__lte=F("check_due_on"))),
        failed=Count("pk", distinct=True, filter=Q(results__outcome__in=FAILING)),
        made=Count("pk", distinct=True, filter=made),
    )
    return [
        Share(key=CaseFigure.CHECKED, part=found["in_time"], whole=found["due"]),
        Share(key=CaseFigure.CHECK_FAILED, part=found["failed"], whole=found["made"]),
    ]


def _reviewed(asked: Asked, codes: frozenset[str]) -> QuerySet[AutoReview]:
    rows = AutoReview.objects.filter(day__range=(asked.first, asked.last)).exclude(verdict="")
    return _narrowed(rows, "case__", codes, asked)


def _looked_at_again(asked: Asked, codes: frozenset[str]) -> Share:
    """Count what a second person found right (抽查复核)."""
    right = Q(verdict=SampleVerdict.CONFIRM.value)
    found = _reviewed(asked, codes).aggregate(part=Count("pk", filter=right), whole=Count("pk"))
    return Share(key=CaseFigure.REVIEWED_RIGHT, part=found["part"], whole=found["whole"])


_COUNTS: dict[str, Any] = {
    "finished": Count("pk"),
    "decided": Count("pk", filter=_DECIDED),
    "accepted": Count("pk", filter=Q(accepted_on__isnull=False)),
    **{f"n_{key.value}": Count("pk", filter=part) for key, (part, _whole) in MEASURED.items()},
    "n_materials": Sum("materials", default=0),
    "n_shared": Sum("shared_materials", default=0),
    "mean": Avg("workdays"),
    "median": _Median("workdays"),
    "promised": Avg("promised_workdays", filter=_DECIDED),
    "statutory": Avg("statutory_workdays", filter=_DECIDED),
}


def _row(counted: Mapping[str, Any]) -> FigureRow:
    wholes = {
        CaseFigure.DEEMED: counted["accepted"],
        CaseFigure.CORRECTED: counted["finished"],
    }
    shares = {
        key: Share(
            key=key, part=counted[f"n_{key.value}"], whole=wholes.get(key, counted["decided"])
        )
        for key in MEASURED
    }
    shares[CaseFigure.SHARED] = Share(
        key=CaseFigure.SHARED, part=counted["n_shared"], whole=counted["n_materials"]
    )
    return FigureRow(
        department=counted.get("deciding_department", ""),
        item_slug=counted.get("item_slug", ""),
        item_name=counted.get("name", ""),
        finished=counted["finished"],
        decided=counted["decided"],
        shares=shares,
        days=Days(
            mean=_number(counted["mean"]),
            median=_number(counted["median"]),
            promised=_number(counted["promised"]),
            statutory=_number(counted["statutory"]),
        ),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
