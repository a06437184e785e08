"""What every act shares: lock and check, move and write down, letters and messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import prefetch_related_objects

from yiwang.audit import services as audit
from yiwang.audit.policy.plain import plain
from yiwang.cases.models import Case, CaseMaterial, Posting
from yiwang.cases.models.posting import WAITING
from yiwang.cases.policy import letters, towns
from yiwang.cases.policy.deadlines import CLOCKS_DIFFER, PLACE, day_of
from yiwang.cases.policy.posting import LIVE
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Move, Step, after
from yiwang.cases.policy.terms import INTERNAL_LETTERS, DocumentKind
from yiwang.cases.queries import CaseNotFoundError, departments_of, may_read
from yiwang.cases.services import kept
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.hashing import sha256
from yiwang.organisations.permissions import (
    EVERYWHERE,
    GRANTS,
    Actor,
    Permission,
    PermissionRefusedError,
    require,
)
from yiwang.organisations.queries import DepartmentView

REASON_LENGTH = 2_000
"""Longest reason or opinion, in characters."""

JOB = "job:"

OF_TOWN_CASES = frozenset({Desk.ACCEPTOR, Desk.DELIVERER})
"""Desks that both departments of a case are, unless a window of a town took it in."""


class ConflictRefusedError(RefusedError):
    """Somebody acted on the case since the actor looked at it."""

    code = "cases.conflict"


class NotHolderError(RefusedError):
    """The case was given to somebody else."""

    code = "cases.not_holder"


class TextRefusedError(RefusedError):
    """A reason, an opinion or an article is missing or too long."""

    code = "cases.text_refused"


class ClockRefusedError(RefusedError):
    """The act would stand before one that was done already."""

    code = "cases.clock_set_back"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """From which post in which department somebody acts; both empty: as applicant or by clock."""

    post: str = ""
    department: str = ""


_COLUMNS = ", ".join(f'"{field.column}"' for field in Case._meta.concrete_fields)
_LOCK = f"SELECT {_COLUMNS} FROM cases_case WHERE number = %s FOR UPDATE"  # noqa: S608 - ours
"""Columns by name: a statement that is prepared outlives a column that is added."""


def locked(number: str) -> Case:
    """Return the row of a case, locked for the rest of the transaction.

    Raises:
        CaseNotFoundError: there is none.
    """
    found = list(Case.objects.raw(_LOCK, [number]))
    if not found:
        raise CaseNotFoundError
    found[0].was = state_hash(found[0])  # type: ignore[attr-defined]  # for the trail of its step
    return found[0]


def state_hash(case: Case) -> str:
    """Return a hash of a case's columns, for the trail before and after each step.

    Left out is how far it is archived, which is no part of the case.
    """
    values = {
        one.attname: getattr(case, one.attname)
        for one in Case._meta.concrete_fields
        if one.attname != "archived_version"
    }
    return sha256(
        orjson.dumps(
            values, default=plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
        )
    )


def require_version(case: Case, version: int | None) -> None:
    """Stop when somebody acted since the actor looked.

    Args:
        case: The locked row.
        version: Row version the actor saw; None: whatever it is.

    Raises:
        ConflictRefusedError: the row has moved on; says who did it and when.
    """
    if version is not None and case.version != version:
        moment = case.touched_at.astimezone(PLACE)
        raise ConflictRefusedError(
            f"办件刚由{case.touched_by}于{moment:%m月%d日 %H:%M}办理，"
            f"现为“{CaseState(case.state).label}”，请刷新后再办。"
        )


def require_holder(case: Case, by: Actor) -> None:
    """Stop when the case was given to somebody else.

    Raises:
        NotHolderError: it was.
    """
    if case.assigned_to and case.assigned_to != by.ref:
        raise NotHolderError("本办件已分派给其他人员办理，如需接手，请本部门负责人重新分派。")


def capacity(case: Case, move: Move, by: Actor) -> Capacity:
    """Return in which capacity `by` may take the step.

    Raises:
        CaseNotFoundError: `by` may not even see the case.
        PermissionRefusedError: `by` sees it, but holds no post for this step.
    """
    if move.by_applicant and by.acts_for(case.applicant_ref):
        return Capacity()
    if move.by_clock and by.ref.startswith(JOB):
        return Capacity()
    codes = departments_of(case, move.desk)
    if move.permission is not None:
        for code in codes:
            if by.may(move.permission, department=code):
                return Capacity(post=_post(by, move.permission, code), department=code)
    if not may_read(case, by):
        raise CaseNotFoundError
    if move.permission is None:
        raise PermissionRefusedError(
            "自动准予只由系统按本事项的自动办理规则作出，请由审查人员提出审查意见。"
        )
    if not codes:
        raise PermissionRefusedError("本办件没有向任何部门征求意见，请先由审查人员发出征求意见。")
    if move.desk in OF_TOWN_CASES and any(
        by.may(move.permission, department=code) for code in departments_of(case, Desk.WINDOW)
    ):
        raise PermissionRefusedError(_elsewhere(case, move.desk))
    require(by, move.permission, department=codes[0])
    raise AssertionError("require lets nobody pass whom the loop did not")


def _elsewhere(case: Case, desk: Desk) -> str:
    """Say which desk takes the step of a case that a town's window took in."""
    if desk is Desk.DELIVERER:
        return towns.collected_elsewhere(kept.department(case.deciding_department).name)
    return towns.accepted_elsewhere(
        TownMode(case.town_mode),
        window=kept.department(case.intake_department).name,
        acceptor=kept.department(case.acceptor).name,
    )


def _post(by: Actor, permission: Permission, department: str) -> str:
    held = by.posts.get(department, frozenset()) | by.posts.get(EVERYWHERE, frozenset())
    return sorted(post.value for post in held if permission in GRANTS[post])[0]


def begin(number: str, step: Step, *, by: Actor, version: int | None) -> tuple[Case, Capacity]:
    """Lock the case and make sure that `by` may take `step` and that it starts from its state.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: no post for this step.
        ConflictRefusedError: the row has moved on since.
        StepRefusedError: the step does not start from the case's state.
    """
    case = locked(number)
    acting = capacity(case, STEPS[step], by)
    require_version(case, version)
    after(step, CaseState(case.state), immediate=case.immediate)
    return case, acting


def move(
    case: Case,
    step: Step,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
    changed: Iterable[str] = (),
    reason: str = "",
    basis: str = "",
    act: str = "",
) -> None:
    """Take the step: state, version, event and trail; `changed` names fields set by the caller.

    Raises:
        ClockRefusedError: `at` lies before the last act on the case.
    """
    if at < case.touched_at - CLOCKS_DIFFER:
        moment = case.touched_at.astimezone(PLACE)
        raise ClockRefusedError(
            f"本办件在{moment:%Y年%m月%d日 %H:%M}办理过，不能再办理日期更早的步骤；"
            "请运维人员核对服务器时间后重试。"
        )
    before = case.state
    case.state = after(step, CaseState(before), immediate=case.immediate).value
    if STEPS[step].way is not None:
        case.way = STEPS[step].way.value  # type: ignore[union-attr]  # asked the line above
        changed = [*changed, "way"]
    case.version += 1
    case.touched_by = by.name or by.ref
    case.touched_at = at
    fields = ["state", "version", "touched_by", "touched_at", *changed]
    columns = ", ".join(f'"{name}" = %({name})s' for name in fields)
    values = {name: _db_value(case, name) for name in fields}
    event = _event(case, step, before, acting=acting, by=by, at=at, reason=reason, basis=basis)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH written AS ({_EVENT}) UPDATE cases_case SET {columns}"  # noqa: S608 - our names
            " WHERE id = %(e_case)s",
            values | event,
        )
    _trace(case, step, before, acting=acting, by=by, at=at, act=act)
    if case.state != before and CaseState(case.state) not in LIVE:
        _end_wish(case, acting=acting, by=by, at=at)


def _end_wish(case: Case, *, acting: Capacity, by: Actor, at: datetime) -> None:
    """End the wish to have the result posted, if one waits: nothing is left to be posted."""
    if not drop_wish(case, at=at):
        return
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.end_posting",
        target=f"case:{case.number}",
        department=acting.department or case.deciding_department,
        ip=by.ip,
        on_behalf_of="" if acting.post else case.applicant_ref,
    )


def drop_wish(case: Case, *, at: datetime) -> bool:
    """End the wish that still waits: a newer one, paper handed over, or nothing left to post."""
    return bool(Posting.objects.filter(WAITING, case=case).update(taken_back_at=at))


def _db_value(case: Case, name: str) -> Any:
    field = Case._meta.get_field(name)
    return field.get_db_prep_save(getattr(case, name), connection)  # type: ignore[union-attr]  # a column


_EVENT = """
    INSERT INTO cases_caseevent
        (case_id, step, from_state, to_state, at, actor, actor_name, post, department,
         reason, basis)
    VALUES (%(e_case)s, %(e_step)s, %(e_from)s, %(e_to)s, %(e_at)s, %(e_actor)s, %(e_name)s,
        %(e_post)s, %(e_department)s, %(e_reason)s, %(e_basis)s)
"""
"""Sent together with the change that it is about: an act is one round trip shorter."""


def _event(
    case: Case,
    step: Step,
    before: str,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
    reason: str = "",
    basis: str = "",
) -> dict[str, Any]:
    return {
        "e_case": case.pk,
        "e_step": step.value,
        "e_from": before,
        "e_to": case.state,
        "e_at": at,
        "e_actor": by.ref,
        "e_name": by.name or by.ref,
        "e_post": acting.post,
        "e_department": acting.department,
        "e_reason": reason,
        "e_basis": basis,
    }


def write_down_birth(
    case: Case,
    *,
    answers: Mapping[str, object],
    declaration: str,
    acting: Capacity,
    by: Actor,
    at: datetime,
    came: str = "",
) -> None:
    """Write what the applicant declared, the first event and the trail row of a new case.

    `came` says in the event how it came, where nobody brought it.
    """
    words: dict[str, Any] = {
        "answers": orjson.dumps(answers).decode(),
        "declaration": declaration,
    } | _event(case, Step.RECEIVE, "", acting=acting, by=by, at=at, reason=came)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH written AS ({_EVENT}) "  # noqa: S608 - our own words
            "INSERT INTO cases_caseanswer (case_id, answers, declaration) "
            "VALUES (%(e_case)s, %(answers)s::jsonb, %(declaration)s)",
            words,
        )
    _trace(case, Step.RECEIVE, "", acting=acting, by=by, at=at)


def _trace(
    case: Case,
    step: Step,
    before: str,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
    act: str = "",
) -> None:
    was, now = getattr(case, "was", ""), state_hash(case)
    case.was = now  # type: ignore[attr-defined]  # a second step of the same act begins here
    audit.record(
        at=at,
        actor=by.ref,
        act=act or f"cases.{step.value}",
        target=f"case:{case.number}",
        detail={"from": before, "to": case.state}
        | ({"before": was} if was else {})
        | {"after": now},
        department=acting.department,
        ip=by.ip,
        on_behalf_of="" if acting.post or by.ref.startswith(JOB) else case.applicant_ref,
    )


def version_of(case: Case) -> ItemVersion:
    """Return the item version that the case is pinned to."""
    return kept.item_version(case.item_slug, case.item_version)


def materials_of(case: Case) -> list[CaseMaterial]:
    """Return the materials of a locked case in their order, read once for the row.

    For acts that look at them in several places and do not change them in between.
    """
    prefetch_related_objects([case], "materials")
    return sorted(case.materials.all(), key=lambda one: one.pk)


def written(text: str, what: str) -> str:
    """Return `text` trimmed.

    Raises:
        TextRefusedError: it is empty or longer than REASON_LENGTH.
    """
    text = text.strip()
    if not text:
        raise TextRefusedError(f"请填写{what}，申请人或者复核人员将看到它。")
    if len(text) > REASON_LENGTH:
        raise TextRefusedError(f"{what}最多{REASON_LENGTH}个字，现为{len(text)}个字，请删减。")
    return text


_DRAW = (
    "INSERT INTO cases_serial (scope, period, last_number) VALUES (%s, %s, 1) "
    "ON CONFLICT (scope, period) DO UPDATE SET last_number = cases_serial.last_number + 1 "
    "RETURNING last_number"
)


def draw_case_number(body: str, day: str) -> tuple[int, int]:
    """Draw the serial of a case at `body` on `day`, and a place for its query code; one query.

    Gaps are allowed, repeats are not. Others who draw at the same body wait until the transaction
    ends, so draw late.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{_DRAW}, nextval('cases_query_code')", [f"case:{body}", day])
        serial, place = cursor.fetchone()
        return int(serial), int(place)


def heading(case: Case, item: ItemVersion, department_name: str) -> letters.Heading:
    """Return what every letter of the case names."""
    return letters.Heading(
        case_number=case.number,
        query_code=case.query_code,
        item=item,
        applicant_name=case.applicant_name,
        department_name=department_name,
    )


_ISSUE = """
    WITH drawn AS (
        INSERT INTO cases_serial (scope, period, last_number) VALUES (%(scope)s, %(year)s, 1)
        ON CONFLICT (scope, period) DO UPDATE SET last_number = cases_serial.last_number + 1
        RETURNING last_number
    ), told AS (
        INSERT INTO cases_message (to_ref, case_id, title, body, at)
        SELECT %(to)s, %(case)s, %(subject)s, %(message)s, %(at)s WHERE %(tells)s
    )
    INSERT INTO cases_casedocument
        (case_id, kind, subject, number, title, body, seal_department, issued_by, issued_at)
    SELECT %(case)s, %(kind)s, %(about)s, replace(%(number)s, '#', last_number::text), %(title)s,
        %(body)s::jsonb, %(seal)s, %(by)s, %(at)s
    FROM drawn
    RETURNING id
"""
"""Number, letter and message in one statement: three letters per case make six round trips less."""


def issue(
    case: Case,
    kind: DocumentKind,
    *,
    body: letters.Body,
    item: ItemVersion,
    seal: DepartmentView,
    by: Actor,
    at: datetime,
    message: str = "",
    subject: str = "",
) -> int:
    """Write a letter with its number, tell the applicant, and return the letter's id.

    Of an internal letter the applicant is told nothing.

    Args:
        case: The case.
        kind: Which letter; a case has each at most once per subject.
        body: From `policy.letters`.
        item: The item version.
        seal: Department whose seal it bears.
        by: Who issues it.
        at: Moment of issue.
        message: Text of the message to the applicant; empty for an internal letter alone.
        subject: What the letter is about where a case may have several of its kind, such as the
            serial of a special procedure.
    """
    if (kind in INTERNAL_LETTERS) is bool(message):
        raise ValueError("an applicant is told of every letter but the internal ones")
    year = day_of(at).year
    title, filed = letters.title(kind, item), letters.files(kind, item)
    words: dict[str, Any] = {
        "scope": f"document:{seal.code}:{kind.value}{':filing' if filed else ''}",
        "year": str(year),
        "to": case.applicant_ref,
        "case": case.pk,
        "subject": f"{title}（{case.query_code}）",
        "message": message,
        "tells": bool(message),
        "at": at,
        "kind": kind.value,
        "about": subject,
        "number": letters.document_number(
            kind=kind,
            item=item,
            department_name=seal.short_name or seal.name,
            year=year,
            serial="#",
        ),
        "title": title,
        "body": orjson.dumps(body).decode(),
        "seal": seal.code,
        "by": by.ref,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ISSUE, words)
        return int(cursor.fetchone()[0])
