"""Phrases of registered scopes that no rule places: found, claimed, confirmed (查询认领、用语确认).

Source:
    上海市优化营商环境条例 第十七条 (the registrar tells which permits a scope needs); 双告知
    (what has no clear authority is there for departments to search and claim).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q

from yiwang.audit import services as audit
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.services import tell_of_case
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import Audience
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.masking import mask_name
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.notices.policy.templates import Occasion
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.registration import queries, services
from yiwang.registration.models import ScopePhrase, ToldPermits
from yiwang.registration.policy.notices import NoticeRules
from yiwang.registration.policy.placing import (
    NOTE_LENGTH,
    PERMIT_TYPES,
    PhraseState,
    may_be_needed,
    need_words,
    no_need_words,
)

PAGE = "/me/permits/"
"""Where a firm finds what it still needs."""
PAGE_LIMIT = 100
TEXT_MAX = 80
ITEMS_MAX = 3_000


class PlacingRefusedError(RefusedError):
    """The phrase cannot be placed like that."""

    code = "registration.placing_refused"


class PhraseNotFoundError(PermissionRefusedError):
    """No such phrase, or not for these eyes."""

    code = "registration.phrase_not_found"

    def __init__(self) -> None:
        super().__init__("没有找到您可以确认的经营范围用语，请从“待确认用语”中打开。")


@dataclass(frozen=True, kw_only=True)
class PhraseView:
    """One phrase of one registered scope.

    Attributes:
        near: Names of permits whose words stand in it beside others.
    """

    id: int
    phrase: str
    near: tuple[str, ...]
    business: str
    registered_on: date
    case_number: str
    scope: str
    state: PhraseState
    item_slug: str
    item_name: str
    department: str
    note: str
    placed_by_name: str
    placed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PhraseCount:
    """How often a phrase that nobody placed yet is registered."""

    phrase: str
    businesses: int


def note_phrases(row: ToldPermits) -> int:
    """Keep what no rule placed of a scope that was just registered; return how many phrases."""
    found = [
        ScopePhrase(told=row, place=place, phrase=phrase)
        for place, (phrase, _near) in enumerate(row.told["unclear"], start=1)
    ]
    ScopePhrase.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def phrases(
    *, by: Actor, text: str = "", waiting: bool = True, after: int | None = None
) -> tuple[list[PhraseView], int | None]:
    """List phrases that wait, or that were placed, the oldest first; whoever handles notices.

    A department that is not told of a firm finds it here and claims it; one query.

    Raises:
        PermissionRefusedError: `by` handles no notices.
    """
    _require_handler(by)
    state = Q(state=PhraseState.WAITING.value)
    rows = ScopePhrase.objects.select_related("told").filter(
        state if waiting else ~state, told__ended_on__isnull=True
    )
    if wanted := " ".join(text.split())[:TEXT_MAX]:
        rows = rows.filter(Q(phrase__contains=wanted) | Q(told__business__contains=wanted))
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(rows.order_by("id")[: PAGE_LIMIT + 1])
    page = [_view(row) for row in found[:PAGE_LIMIT]]
    return page, page[-1].id if len(found) > PAGE_LIMIT else None


def phrase(number: int, *, by: Actor) -> PhraseView:
    """Return one phrase.

    Raises:
        PhraseNotFoundError: there is none.
        PermissionRefusedError: `by` handles no notices.
    """
    _require_handler(by)
    row = ScopePhrase.objects.select_related("told").filter(pk=number).first()
    if row is None:
        raise PhraseNotFoundError
    return _view(row)


def waiting_counts(*, limit: int = PAGE_LIMIT) -> list[PhraseCount]:
    """Count what nobody placed yet, by phrase; for whoever writes the rules, without a name."""
    counted = (
        ScopePhrase.objects.filter(state=PhraseState.WAITING.value, told__ended_on__isnull=True)
        .order_by()
        .values("phrase")
        .annotate(businesses=Count("told", distinct=True))
        .order_by("-businesses", "phrase")[:limit]
    )
    return [PhraseCount(phrase=one["phrase"], businesses=one["businesses"]) for one in counted]


def may_confirm(by: Actor) -> bool:
    """Tell whether `by` places phrases for the registrar or the centre."""
    rules = queries.rules()
    return rules is not None and _looks_after(by, rules)


def items_for(by: Actor, *, on: date) -> Sequence[tuple[str, str]]:
    """List slug and name of the permits that `by` may say a phrase needs, by name."""
    departments = None if may_confirm(by) else by.departments(Permission.NOTICE_HANDLE)
    named = catalogue.item_names(
        on=on,
        departments=departments,
        limit=ITEMS_MAX,
        types=PERMIT_TYPES,
        audience=Audience.ENTITY,
    )
    rules = queries.rules()
    registrations = rules.items if rules else ()
    return [(slug, name) for slug, name in named if slug not in registrations]


@transaction.atomic
def place_phrase(
    *,
    number: int,
    item: str,
    note: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> PhraseView:
    """Say which permit a phrase needs, or that it needs none; the firm is told (用语确认、认领).

    A department claims what is its own: its notice is claimed at once. The registrar and the
    centre say it of any department, which is told like of every scope, and alone say that no
    permit is needed.

    Args:
        number: The phrase.
        item: Slug of the permit that it needs; empty: none.
        note: Why; needed where no permit is, told to the firm.
        calendar: Covers the days to claim.
        by: Handles notices.
        at: Moment.

    Raises:
        PhraseNotFoundError: there is none.
        PermissionRefusedError: `by` handles no notices, or not those of that permit.
        PlacingRefusedError: placed already, no such permit, the business ended, or no reason.
        CalendarGapError: the calendar ends before the last day to claim.
    """
    _require_handler(by)
    row = (
        ScopePhrase.objects.select_for_update(of=("self",))
        .select_related("told")
        .filter(pk=number)
        .first()
    )
    if row is None:
        raise PhraseNotFoundError
    rules = queries.rules()
    if rules is None:
        raise PlacingRefusedError("本区还没有载入双告知的规则，请联系系统管理员。")
    if row.state != PhraseState.WAITING:
        raise PlacingRefusedError(f"这条用语已由{row.placed_by_name}确认，请刷新后查看。")
    if row.told.ended_on is not None:
        raise PlacingRefusedError("该经营主体的登记已经终止，不用再确认。")
    note = note.strip()
    if len(note) > NOTE_LENGTH:
        raise PlacingRefusedError(f"说明最多{NOTE_LENGTH}个字，请删减。")
    if item:
        words = _need(row, item, rules, calendar=calendar, by=by, at=at)
    else:
        words = _no_need(row, note, rules, by=by)
    row.note, row.placed_by, row.placed_by_name, row.placed_at = note, by.ref, by.name, at
    row.save()
    audit.record(
        at=at,
        actor=by.ref,
        act="registration.place_phrase",
        target=f"case:{row.told.case_number}",
        detail={"phrase": row.phrase, "item": row.item_slug},
        department=row.department_code,
        ip=by.ip,
    )
    with scope.everything():  # the firm is told by whichever department places the phrase
        tell_of_case(
            number=row.told.case_number,
            title="经营范围用语已确认",
            body=words,
            occasion=Occasion.PERMITS_NEEDED,
            page=PAGE,
            at=at,
        )
    return _view(row)


def _need(
    row: ScopePhrase,
    item: str,
    rules: NoticeRules,
    *,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> str:
    version = next(iter(catalogue.items_named([item], on=day_of(at))), None)
    if version is None or not may_be_needed(version, registrations=rules.items):
        raise PlacingRefusedError("没有这个正在实施的许可事项，请从列表中选择。")
    own = by.may(Permission.NOTICE_HANDLE, department=version.department)
    if not own and not _looks_after(by, rules):
        raise PermissionRefusedError("只能认领本部门办理的许可，其他部门的由登记机关确认。")
    row.state, row.item_slug = PhraseState.NEED.value, version.slug
    row.item_name, row.department_code = version.name, version.department
    services.push_named(
        rules=rules,
        case_number=row.told.case_number,
        entity_ref=row.told.holder_ref,
        entity_name=row.told.business,
        item=version,
        keyword=row.phrase,
        claimed=own,
        calendar=calendar,
        by=by,
        at=at,
    )
    names = {unit.code: unit.name for unit in organisations.departments()}
    return need_words(
        phrase=row.phrase,
        item_name=version.name,
        department=names.get(version.department, version.department),
    )


def _no_need(row: ScopePhrase, note: str, rules: NoticeRules, *, by: Actor) -> str:
    if not _looks_after(by, rules):
        raise PermissionRefusedError("不需要许可的，由登记机关或者行政服务中心确认。")
    if not note:
        raise PlacingRefusedError("请写明为什么不需要许可，企业将看到它。")
    row.state = PhraseState.NO_NEED.value
    return no_need_words(phrase=row.phrase, note=note)


def _looks_after(by: Actor, rules: NoticeRules) -> bool:
    return any(
        by.may(Permission.NOTICE_HANDLE, department=code)
        for code in (rules.registrar, rules.centre)
    )


def _require_handler(by: Actor) -> None:
    if not by.may_somewhere(Permission.NOTICE_HANDLE):
        raise PermissionRefusedError("待确认用语由处理双告知的人员查看，请用有此岗位的账号登录。")


def _view(row: ScopePhrase) -> PhraseView:
    told = row.told
    if told.registered_on is None:
        raise ValueError(f"{told.case_number} is not registered")
    near: Iterable[tuple[str, list[str]]] = told.told["unclear"]
    return PhraseView(
        id=row.pk,
        phrase=row.phrase,
        near=tuple(name for said, names in near if said == row.phrase for name in names),
        business=mask_name(told.business)
        if told.holder_ref.startswith("person:")
        else told.business,
        registered_on=told.registered_on,
        case_number=told.case_number,
        scope=told.scope,
        state=PhraseState(row.state),
        item_slug=row.item_slug,
        item_name=row.item_name,
        department=row.department_code,
        note=row.note,
        placed_by_name=row.placed_by_name,
        placed_at=row.placed_at,
    )
