"""Questions about connected systems and their messages."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, F, Min, Q, Sum

from yiwang.cases.policy.deadlines import day_of
from yiwang.content import queries as content
from yiwang.exchange.models import (
    Conversation,
    Partner,
    PartnerKey,
    Push,
    RefusedCall,
    Returned,
)
from yiwang.exchange.policy.retries import BOUNDS, Limits, limits
from yiwang.exchange.policy.signatures import Key
from yiwang.exchange.policy.terms import (
    Algorithm,
    Begin,
    Direction,
    PartnerKind,
    PushKind,
    PushState,
    ReturnKind,
    ReturnState,
)
from yiwang.kernel.paging import moment_of
from yiwang.organisations import queries as organisations
from yiwang.organisations import secret_box
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
)
from yiwang.organisations.policy.terms import DepartmentKind

PAGE_LIMIT = 50
KEPT_SECONDS = 5.0
"""How long a process trusts which departments are connected; a comparison finds what it missed."""

FIGURE_DAYS = 30
NEAR = ("conversation", "partner")

_interest: list[tuple[float, frozenset[tuple[str, str]]]] = []


@dataclass(frozen=True, kw_only=True)
class PartnerView:
    """A department's own system."""

    id: int
    code: str
    name: str
    department: str
    item_slug: str
    kind: PartnerKind
    begins: Begin
    address: str
    valid_from: date
    valid_until: date | None
    on: bool
    registered_at: datetime
    failures: int
    paused_until: datetime | None
    heard_at: datetime | None

    def live(self, day: date) -> bool:
        """Tell whether messages go to and fro on `day`."""
        return (
            self.on
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )


@dataclass(frozen=True, kw_only=True)
class KeyView:
    """A key as people see it: no secret."""

    key_id: str
    direction: Direction
    algorithm: Algorithm
    public: str
    made_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """A message that waits for a person, or for another message.

    Attributes:
        direction: Pushed, or sent back by the department.
        stuck: Later pushes of the case that wait behind this one.
    """

    direction: Direction
    id: int
    message_id: str
    case_number: str
    department: str
    system: str
    what: str
    sequence: int
    state: PushState | ReturnState
    why: str
    tries: int
    since: datetime
    their_number: str = ""
    stuck: int = 0
    expected: int = 0
    said: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Letters:
    """What waits for a person, what waits for another message; newest first.

    Attributes:
        after: Hand it back for the next page of dead letters; empty: the last one.
    """

    dead: tuple[LetterView, ...]
    held: tuple[LetterView, ...]
    after: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How well a system was reached in the last FIGURE_DAYS days.

    Attributes:
        delay: From the event to delivery, on average; None: nothing was delivered.
        oldest: Since when the oldest message waits; None: nothing waits.
    """

    partner: PartnerView
    delivered: int
    delay: timedelta | None
    failed_tries: int
    waiting: int
    oldest: datetime | None
    dead: int
    returned: int
    refused: int
    turned_away: int


def partner_view(row: Partner) -> PartnerView:
    """Return the frozen view of a row."""
    return PartnerView(
        id=row.pk,
        code=row.code,
        name=row.name,
        department=row.department_code,
        item_slug=row.item_slug,
        kind=PartnerKind(row.kind),
        begins=Begin(row.begins),
        address=row.address,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        on=row.on,
        registered_at=row.registered_at,
        failures=row.failures,
        paused_until=row.paused_until,
        heard_at=row.heard_at,
    )


def partners() -> list[PartnerView]:
    """Return every system that was ever connected, for jobs."""
    return [partner_view(row) for row in Partner.objects.order_by("department_code", "code")]


def partner(code: str) -> PartnerView:
    """Return one system.

    Raises:
        LookupError: there is none.
    """
    row = Partner.objects.filter(code=code).first()
    if row is None:
        raise LookupError(f"no system {code[:40]!r}")
    return partner_view(row)


def registered(*, by: Actor) -> list[PartnerView]:
    """Return every system, for who registers them.

    Raises:
        PermissionRefusedError: `by` does not manage the running of the system.
    """
    require_registrar(by)
    return partners()


def require_registrar(by: Actor) -> None:
    """Stop unless `by` may connect systems.

    Raises:
        PermissionRefusedError: `by` may not.
    """
    if not by.may_somewhere(Permission.SYSTEM_MANAGE):
        raise PermissionRefusedError(
            "只有系统管理员可以登记部门业务系统，请联系区行政服务中心的系统管理员。"
        )


def keys_of(code: str, *, by: Actor) -> list[KeyView]:
    """Return the keys of a system, newest first, without their secrets."""
    require_registrar(by)
    return [
        KeyView(
            key_id=row.key_id,
            direction=Direction(row.direction),
            algorithm=Algorithm(row.algorithm),
            public=row.public,
            made_at=row.made_at,
            ends_at=row.ends_at,
        )
        for row in PartnerKey.objects.filter(partner__code=code).order_by("-pk")
    ]


def key_of(row: PartnerKey, *, to_sign: bool) -> Key:
    """Return a key that signs or checks."""
    sealed = to_sign or not row.public
    return Key(
        key_id=row.key_id,
        algorithm=Algorithm(row.algorithm),
        secret=secret_box.unlock(row.sealed) if sealed else row.public,
    )


def signing_key(partner_id: int) -> Key | None:
    """Return the newest key with which the platform signs for a system; None: there is none."""
    row = (
        PartnerKey.objects.filter(partner_id=partner_id, direction=Direction.OUT.value)
        .order_by("-pk")
        .first()
    )
    return key_of(row, to_sign=True) if row else None


def checking_key(key_id: str, *, at: datetime) -> tuple[Key, PartnerView] | None:
    """Return a key with which a department signs, and whose it is; None: no such key is valid."""
    row = (
        PartnerKey.objects.select_related("partner")
        .filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            key_id=key_id[:80],
            direction=Direction.IN.value,
        )
        .first()
    )
    return (key_of(row, to_sign=False), partner_view(row.partner)) if row else None


def partner_for(*, department: str, item_slug: str, on: date) -> PartnerView | None:
    """Return the system that handles cases of an item: its own before the department's."""
    rows = Partner.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        on=True,
        valid_from__lte=on,
        department_code=department,
        item_slug__in=[item_slug, ""],
    )
    found = sorted(rows, key=lambda row: row.item_slug == "")
    return partner_view(found[0]) if found else None


def is_wanted(event: object) -> bool:
    """Tell whether some system may handle the case of an event; asks rarely, errs towards yes."""
    department = getattr(event, "deciding_department", "")
    item_slug = getattr(event, "item_slug", "")
    if not _interest or time.monotonic() - _interest[0][0] > KEPT_SECONDS:
        rows = Partner.objects.filter(on=True).values_list("department_code", "item_slug")
        _interest[:] = [(time.monotonic(), frozenset(rows))]
    wishes = _interest[0][1]
    return (department, "") in wishes or (department, item_slug) in wishes


def forget() -> None:
    """Ask anew which departments are connected; called whenever that changes."""
    _interest.clear()


def district_limits() -> Limits:
    """Return tries, waits and bounds, as the district's texts say."""
    found = {name: content.text(f"gateway.{name}") for name in BOUNDS}
    return limits({name: text.text for name, text in found.items() if text is not None})


def managed_departments(by: Actor) -> frozenset[str] | None:
    """Return whose messages `by` may look after; None: everybody's.

    The head of a department looks after that department's; the head of the centre, which answers
    for the exchange, after all.

    Raises:
        PermissionRefusedError: nobody's.
    """
    held = by.departments(Permission.GATEWAY_MANAGE)
    if not held:
        raise PermissionRefusedError(
            "只有部门负责人可以处理本部门系统的报文，如确需办理，请联系本部门负责人。"
        )
    centres = {one.code for one in organisations.departments() if one.kind is DepartmentKind.CENTRE}
    return None if EVERYWHERE in held or held & centres else held


def require_manager(by: Actor, department: str) -> None:
    """Stop unless `by` may look after the messages of a department.

    Raises:
        PermissionRefusedError: `by` may not.
    """
    managed = managed_departments(by)
    if managed is not None and department not in managed:
        raise PermissionRefusedError(
            "该报文属于其他部门，请由该部门负责人或者行政服务中心负责人处理。"
        )


def letters(*, by: Actor, after: str = "") -> Letters:
    """Return one page of what waits; dead pushes and dead returns together, newest first.

    The caller sees everything where `by` looks after everything (`organisations.scope`).

    Raises:
        PermissionRefusedError: `by` looks after nobody's messages.
        PageKeyRefusedError: `after` is not a key that a page gave.
    """
    managed = managed_departments(by)
    moment = moment_of(after) if after else None
    pushes = Push.objects.filter(state=PushState.DEAD.value)
    returns = Returned.objects.filter(state=ReturnState.DEAD.value)
    held = Returned.objects.filter(state=ReturnState.HELD.value)
    if managed is not None:
        codes = sorted(managed)
        pushes = pushes.filter(department_code__in=codes)
        returns = returns.filter(department_code__in=codes)
        held = held.filter(department_code__in=codes)
    if moment is not None:
        pushes = pushes.filter(created_at__lt=moment)
        returns = returns.filter(received_at__lt=moment)
    rows = sorted(
        [
            *map(
                push_letter, pushes.select_related(*NEAR).order_by("-created_at")[: PAGE_LIMIT + 1]
            ),
            *map(
                return_letter,
                returns.select_related(*NEAR).order_by("-received_at")[: PAGE_LIMIT + 1],
            ),
        ],
        key=lambda one: one.since,
        reverse=True,
    )
    page = rows[:PAGE_LIMIT]
    more = len(rows) > PAGE_LIMIT
    return Letters(
        dead=tuple(_with_stuck(page)),
        held=tuple(
            map(return_letter, held.select_related(*NEAR).order_by("-received_at")[:PAGE_LIMIT])
        ),
        after=page[-1].since.isoformat() if more else "",
    )


def _with_stuck(page: Iterable[LetterView]) -> list[LetterView]:
    rows = list(page)
    numbers = [row.case_number for row in rows if row.direction is Direction.OUT]
    waiting = dict(
        Push.objects.filter(state=PushState.WAITING.value, conversation__case_number__in=numbers)
        .values_list("conversation__case_number")
        .annotate(count=Count("pk"))
        .values_list("conversation__case_number", "count")
    )
    return [
        replace(row, stuck=waiting.get(row.case_number, 0))
        if row.direction is Direction.OUT
        else row
        for row in rows
    ]


def letter(direction: Direction, letter_id: int, *, by: Actor) -> LetterView:
    """Return one message that waits.

    Raises:
        LookupError: there is none, or it is not for `by`.
    """
    managed = managed_departments(by)
    found: LetterView | None = None
    if direction is Direction.OUT:
        push = Push.objects.select_related(*NEAR).filter(pk=letter_id).first()
        found = push_letter(push) if push else None
    else:
        back = Returned.objects.select_related(*NEAR).filter(pk=letter_id).first()
        found = return_letter(back) if back else None
    if found is None or (managed is not None and found.department not in managed):
        raise LookupError(f"no message {direction.value} {letter_id}")
    return found


def push_letter(row: Push) -> LetterView:
    """Return a pushed message as people see it."""
    return LetterView(
        direction=Direction.OUT,
        id=row.pk,
        message_id=row.message_id,
        case_number=row.conversation.case_number,
        department=row.department_code,
        system=row.partner.name,
        what=PushKind(row.kind).label,
        sequence=row.sequence,
        state=PushState(row.state),
        why=row.failure,
        tries=row.attempts,
        since=row.created_at,
        their_number=row.conversation.their_number,
    )


_WORDS = {
    "their_number": "对方编号",
    "outcome": "结论",
    "text": "意见",
    "opinion": "意见",
    "reason": "理由",
    "article": "依据",
    "unmet": "不符合的条件",
    "person": "办理人",
    "reviewer": "审查人",
    "decider": "决定人",
    "head": "负责人",
    "chair": "主持人",
    "held_at": "听证时间",
    "place": "听证地点",
    "record": "笔录",
    "carrier": "承运单位",
    "tracking_number": "邮件号码",
    "recipient": "签收人",
    "delivered_on": "送达日期",
    "returned_on": "退回日期",
}


def return_letter(row: Returned) -> LetterView:
    """Return a message of a department as people see it."""
    said = [
        (word, value.get("name", "") if isinstance(value, dict) else str(value))
        for name, word in _WORDS.items()
        if (value := row.body.get(name))
    ]
    return LetterView(
        direction=Direction.IN,
        id=row.pk,
        message_id=row.message_id,
        case_number=row.conversation.case_number,
        department=row.department_code,
        system=row.partner.name,
        what=ReturnKind(row.kind).label,
        sequence=row.sequence,
        state=ReturnState(row.state),
        why=row.failure,
        tries=row.tries,
        since=row.received_at,
        their_number=row.conversation.their_number,
        expected=row.conversation.next_in,
        said=tuple(said),
    )


def figures(*, by: Actor, at: datetime) -> list[Figures]:
    """Return how well each system was reached, in the order of departments.

    Raises:
        PermissionRefusedError: `by` looks after nobody's messages.
    """
    managed = managed_departments(by)
    since = at - timedelta(days=FIGURE_DAYS)
    shown = [one for one in partners() if managed is None or one.department in managed]
    ids = [one.id for one in shown]
    waiting = Q(state=PushState.WAITING.value)
    out: dict[int, dict[str, object]] = {
        row["partner"]: dict(row)
        for row in Push.objects.filter(partner__in=ids)
        .filter(Q(created_at__gte=since) | ~Q(state=PushState.DELIVERED.value))
        .values("partner")
        .annotate(
            delivered=Count("pk", filter=Q(state=PushState.DELIVERED.value)),
            delay=Avg(F("delivered_at") - F("created_at")),
            tries=Sum("attempts"),
            waiting=Count("pk", filter=waiting),
            oldest=Min("created_at", filter=waiting),
            dead=Count("pk", filter=Q(state=PushState.DEAD.value)),
        )
    }
    back: dict[int, dict[str, object]] = {
        row["partner"]: dict(row)
        for row in Returned.objects.filter(partner__in=ids)
        .filter(Q(received_at__gte=since) | Q(state=ReturnState.DEAD.value))
        .values("partner")
        .annotate(
            returned=Count("pk"),
            refused=Count("pk", filter=Q(state=ReturnState.REFUSED.value)),
            dead=Count("pk", filter=Q(state=ReturnState.DEAD.value)),
        )
    }
    turned = dict(
        RefusedCall.objects.filter(day__gte=day_of(since))
        .values_list("partner_code")
        .annotate(total=Sum("count"))
        .values_list("partner_code", "total")
    )
    nothing: dict[str, object] = {}
    return [
        _figures(one, out.get(one.id, nothing), back.get(one.id, nothing), turned.get(one.code, 0))
        for one in shown
    ]


def _figures(
    one: PartnerView, out: dict[str, object], back: dict[str, object], turned: int
) -> Figures:
    def whole(row: dict[str, object], name: str) -> int:
        value = row.get(name)
        return value if isinstance(value, int) else 0

    delay, oldest = out.get("delay"), out.get("oldest")
    return Figures(
        partner=one,
        delivered=whole(out, "delivered"),
        delay=delay if isinstance(delay, timedelta) else None,
        failed_tries=max(0, whole(out, "tries") - whole(out, "delivered")),
        waiting=whole(out, "waiting"),
        oldest=oldest if isinstance(oldest, datetime) else None,
        dead=whole(out, "dead") + whole(back, "dead"),
        returned=whole(back, "returned"),
        refused=whole(back, "refused"),
        turned_away=turned,
    )


def dead_letters(*, by: Actor) -> int:
    """Return how many messages wait for `by`."""
    managed = managed_departments(by)
    pushes = Push.objects.filter(state=PushState.DEAD.value)
    returns = Returned.objects.filter(state=ReturnState.DEAD.value)
    if managed is not None:
        pushes = pushes.filter(department_code__in=managed)
        returns = returns.filter(department_code__in=managed)
    return pushes.count() + returns.count()


def conversation_of(partner_id: int, case_number: str) -> Conversation | None:
    """Return what is said about a case with a system; None: the case is not theirs."""
    return Conversation.objects.filter(partner_id=partner_id, case_number=case_number).first()
