"""Questions about departments, accounts and posts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from allauth.mfa.models import Authenticator
from django.db.models import Prefetch, Q

from yiwang.kernel.terms import Term
from yiwang.organisations import secret_box
from yiwang.organisations.models import (
    ApiToken,
    Authorisation,
    Delegation,
    Department,
    OwnToken,
    PostHolding,
    PowerConcentration,
    User,
)
from yiwang.organisations.permissions import (
    EVERYWHERE,
    GRANTS,
    Actor,
    Permission,
    Post,
    require,
)
from yiwang.organisations.policy.departments import WrittenConcentration, WrittenDepartment
from yiwang.organisations.policy.own_tokens import OwnScope
from yiwang.organisations.policy.terms import AuthorisationKind, DepartmentKind, UserKind

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class DepartmentView:
    """One unit; `town` is the code of the town to which a community centre belongs."""

    code: str
    name: str
    short_name: str
    uscc: str
    kind: DepartmentKind
    town: str = ""


@dataclass(frozen=True, kw_only=True)
class StaffView:
    """One member of staff."""

    login: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PostView:
    """One post held now; `until` is exclusive, None while no end is known."""

    department: str
    post: Post
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """One account of a member of staff as administrators see it."""

    login: str
    name: str
    phone: str
    is_active: bool
    is_demo: bool
    created_at: datetime
    locked_until: datetime | None
    posts: tuple[PostView, ...]


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """Some accounts by login; `next_after` is None on the last page."""

    rows: tuple[AccountView, ...]
    next_after: str | None


def day_of(at: datetime) -> date:
    """Return the calendar day of `at` in China."""
    return at.astimezone(ZONE).date()


def department(code: str) -> DepartmentView:
    """Return one unit, in force or not.

    Raises:
        LookupError: no unit has that code.
    """
    row = Department.objects.filter(code=code).first()
    if row is None:
        raise LookupError(f"no department {code}")
    return _department(row)


def departments(
    *, on: date | None = None, kind: DepartmentKind | None = None
) -> list[DepartmentView]:
    """List units in the order of the pack; `on` keeps those in force that day."""
    rows = Department.objects.order_by("position", "code")
    if on is not None:
        rows = rows.on(on)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    return [_department(row) for row in rows]


def written_departments() -> dict[str, WrittenDepartment]:
    """Return all units by code as a pack would write them; for comparing with packs."""
    return {
        row.code: WrittenDepartment(
            code=row.code,
            name=row.name,
            short_name=row.short_name,
            uscc=row.uscc,
            kind=DepartmentKind(row.kind),
            position=row.position,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            town=row.town,
        )
        for row in Department.objects.all()
    }


def written_concentrations() -> dict[tuple[str, date], WrittenConcentration]:
    """Return all concentrations of power by department and first day."""
    return {
        (row.department, row.valid_from): WrittenConcentration(
            department=row.department,
            deciding=row.deciding,
            basis=row.basis,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in PowerConcentration.objects.all()
    }


def deciding_department(code: str, *, on: date) -> str:
    """Return the code of the unit that decides and seals the items of `code` that day."""
    row = (
        PowerConcentration.objects.on(on)
        .filter(department=code)
        .order_by("-valid_from")
        .values_list("deciding", flat=True)
        .first()
    )
    return row or code


def actor_for(user_id: int, *, at: datetime, ip: str = "") -> Actor:
    """Return what the account may do at `at`; two queries.

    Staff get their posts and those delegated to them; applicants get the subjects they may
    apply for.

    Raises:
        LookupError: there is no such account, or it may not sign in.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise LookupError(f"no account {user_id}")
    return _actor(user, at=at, ip=ip)


def actor_of(login: str, *, at: datetime) -> Actor:
    """Return what the account with that login may do at `at`.

    Raises:
        LookupError: no account has that login, or it may not sign in.
    """
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None:
        raise LookupError(f"no account {login}")
    return _actor(user, at=at, ip="")


def permissions_of(login: str, *, at: datetime) -> set[Permission]:
    """Return what the posts of an account allow at `at`, wherever they are held.

    Raises:
        LookupError: no account has that login.
    """
    actor = actor_of(login, at=at)
    held = {permission for permission in Permission if actor.may_somewhere(permission)}
    return held | ({Permission.OWN_AFFAIRS} if actor.subjects else set())


def own_subject(user_ref: str) -> str:
    """Return the person or firm an account belongs to; empty for staff and for no account."""
    login = user_ref.removeprefix("user:")
    found = User.objects.filter(login=login).values_list("subject_ref", flat=True).first()
    return found or ""


def phone_for_messages(subject_ref: str) -> str:
    """Return the telephone number that the account of a person or firm named; may be empty.

    For sending a message to that number, never for showing it.
    """
    locked = (
        User.objects.filter(subject_ref=subject_ref, is_active=True)
        .exclude(kind=UserKind.STAFF.value)
        .values_list("phone", flat=True)
        .first()
    )
    return secret_box.unlock(locked) if locked else ""


def with_phone(subject_refs: Iterable[str]) -> set[str]:
    """Return those of the persons and firms whose account named a telephone; one query."""
    return set(
        User.objects.filter(subject_ref__in=list(subject_refs), is_active=True)
        .exclude(kind=UserKind.STAFF.value)
        .exclude(phone="")
        .values_list("subject_ref", flat=True)
    )


def login_taken(login: str) -> bool:
    """Tell whether an account has that login."""
    return User.objects.filter(login=login).exists()


def staff_with(permission: Permission, *, department: str, at: datetime) -> list[StaffView]:
    """List who may do `permission` in `department` at `at`, deputies included, by login."""
    return staff_in(permission, departments=[department], at=at)


def staff_in(
    permission: Permission, *, departments: Iterable[str], at: datetime
) -> list[StaffView]:
    """List who may do `permission` in one of `departments` at `at`, by login; one query."""
    posts = [post.value for post, granted in GRANTS.items() if permission in granted]
    held = (
        PostHolding.objects.at(at)
        .filter(post__in=posts, department__in=[*departments, EVERYWHERE])
        .values_list("pk", flat=True)
    )
    day = day_of(at)
    users = (
        User.objects.filter(
            Q(holdings__in=held)
            | Q(
                delegations__holding__in=held,
                delegations__valid_from__lte=day,
                delegations__valid_until__gt=day,
            ),
            is_active=True,
        )
        .order_by("login")
        .distinct()
    )
    return [StaffView(login=user.login, name=user.name) for user in users]


def staff_per_department(permission: Permission, *, at: datetime) -> dict[str, dict[str, str]]:
    """Return department -> login -> name of who may do `permission` there; two queries.

    Deputies are included. Who may everywhere stands under `EVERYWHERE` alone.
    """
    posts = [post.value for post, granted in GRANTS.items() if permission in granted]
    held = PostHolding.objects.at(at).filter(post__in=posts)
    rows = [
        *held.filter(user__is_active=True).values_list("department", "user__login", "user__name"),
        *Delegation.objects.on(day_of(at))
        .filter(holding__in=held, deputy__is_active=True)
        .values_list("holding__department", "deputy__login", "deputy__name"),
    ]
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for department, login, name in rows:
        found[department][login] = name
    return dict(found)


def staff_accounts(
    *, by: Actor, at: datetime, text: str = "", after: str = "", limit: int = 100
) -> AccountPage:
    """List accounts of staff with the posts held at `at`, by login; two queries.

    Args:
        by: A system or a security administrator.
        at: Moment of looking.
        text: Part of the name or of the login.
        after: `next_after` of the page before.
        limit: Rows, 1..100.

    Raises:
        PermissionRefusedError: `by` is no administrator of accounts or posts.
    """
    _require_administrator(by)
    limit = max(1, min(limit, 100))
    rows = User.objects.filter(kind=UserKind.STAFF.value, login__gt=after)
    if text := text.strip():
        rows = rows.filter(Q(login__contains=text) | Q(name__contains=text))
    held = Prefetch("holdings", PostHolding.objects.at(at).order_by("department", "post"))
    found = list(rows.order_by("login").prefetch_related(held)[: limit + 1])
    page = found[:limit]
    return AccountPage(
        rows=tuple(_account(row) for row in page),
        next_after=page[-1].login if len(found) > limit else None,
    )


def staff_account(login: str, *, by: Actor, at: datetime) -> AccountView:
    """Return one account of staff with the posts held at `at`; two queries.

    Raises:
        PermissionRefusedError: `by` is no administrator of accounts or posts.
        LookupError: no member of staff has that login.
    """
    _require_administrator(by)
    held = Prefetch("holdings", PostHolding.objects.at(at).order_by("department", "post"))
    row = User.objects.filter(kind=UserKind.STAFF.value, login=login).prefetch_related(held).first()
    if row is None:
        raise LookupError(f"no account {login}")
    return _account(row)


TOKENS_SHOWN = 100
"""Most keys of one account that are listed."""


@dataclass(frozen=True, kw_only=True)
class TokenView:
    """One key of a program; the key itself is kept nowhere."""

    id: int
    purpose: str
    scopes: tuple[Permission, ...]
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    revoked_at: datetime | None


def tokens_of(login: str, *, by: Actor) -> list[TokenView]:
    """List the keys issued for an account, newest first; one query.

    Raises:
        PermissionRefusedError: `by` is neither the account nor a system administrator.
    """
    if by.ref != f"user:{login}":
        require(by, Permission.USER_MANAGE, department=EVERYWHERE)
    return [
        TokenView(
            id=row.pk,
            purpose=row.purpose,
            scopes=tuple(one for one in Permission if one.value in row.scopes),
            issued_at=row.issued_at,
            issued_by=row.issued_by,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in ApiToken.objects.filter(user__login=login).order_by("-pk")[:TOKENS_SHOWN]
    ]


class Proof(Term):
    """What an account shows a second time before something weighty."""

    CODE = "code", "手机动态码"
    PASSWORD = "password", "登录密码"
    PROVIDER = "provider", "统一身份认证"


def proof_of(login: str) -> Proof:
    """Return what an account shows: the code of a bound phone, else its password.

    Where it has neither, it signs in anew at the provider of identities that opens it.
    """
    user = User.objects.get(login=login)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        return Proof.CODE
    return Proof.PASSWORD if user.has_usable_password() else Proof.PROVIDER


@dataclass(frozen=True, kw_only=True)
class OwnTokenView:
    """One key that an applicant made; the key itself is kept nowhere."""

    id: int
    purpose: str
    subject_ref: str
    scopes: tuple[OwnScope, ...]
    items: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def own_tokens(*, by: Actor) -> list[OwnTokenView]:
    """List the keys that `by` made for programs, newest first; one query."""
    rows = OwnToken.objects.filter(user__login=by.ref.removeprefix("user:"))
    return [
        OwnTokenView(
            id=row.pk,
            purpose=row.purpose,
            subject_ref=row.subject_ref,
            scopes=tuple(one for one in OwnScope if one.value in row.scopes),
            items=tuple(row.items),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
        for row in rows.order_by("-pk")[:TOKENS_SHOWN]
    ]


@dataclass(frozen=True, kw_only=True)
class MandateView:
    """For whom an account acts beside its owner, and until when (exclusive)."""

    subject_ref: str
    kind: AuthorisationKind
    since: date
    until: date | None


def acting_for(pairs: Collection[tuple[str, str]], *, at: datetime) -> set[tuple[str, str]]:
    """Return those pairs of account and subject in which the account may apply for the subject.

    Two queries; none for no pairs.

    Args:
        pairs: `user:<login>` and `person:…` or `entity:…`.
        at: Moment that counts.
    """
    if not pairs:
        return set()
    logins = [account.removeprefix("user:") for account, _ in pairs]
    subjects = [subject for _, subject in pairs]
    own = User.objects.filter(login__in=logins, subject_ref__in=subjects, is_active=True)
    given = Authorisation.objects.on(day_of(at)).filter(
        user__login__in=logins, user__is_active=True, subject_ref__in=subjects
    )
    held = {
        *own.values_list("login", "subject_ref"),
        *given.values_list("user__login", "subject_ref"),
    }
    return {pair for pair in pairs if (pair[0].removeprefix("user:"), pair[1]) in held}


def mandates_of(by: Actor, *, on: date) -> list[MandateView]:
    """List the authorisations under which `by` acts on a day; one query."""
    rows = Authorisation.objects.on(on).filter(
        user__login=by.ref.removeprefix("user:"), subject_ref__in=sorted(by.subjects)
    )
    return [
        MandateView(
            subject_ref=row.subject_ref,
            kind=AuthorisationKind(row.kind),
            since=row.valid_from,
            until=row.valid_until,
        )
        for row in rows.order_by("pk")
    ]


def names_of(refs: Iterable[str]) -> dict[str, str]:
    """Return `user:<login>` -> name of those accounts among `refs`; one query."""
    logins = {ref.removeprefix("user:") for ref in refs if ref.startswith("user:")}
    return {
        f"user:{login}": name
        for login, name in User.objects.filter(login__in=sorted(logins)).values_list(
            "login", "name"
        )
    }


def authenticate_token(token: str, *, at: datetime, ip: str = "") -> Actor | None:
    """Return the actor behind an API token, its posts narrowed to the token's scopes."""
    row = (
        ApiToken.objects.select_related("user")
        .filter(
            hash=token_hash(token),
            expires_at__gt=at,
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if row is None or not row.user.may_sign_in:
        return None
    scopes = frozenset(one for one in Permission if one.value in row.scopes)
    return _actor(row.user, at=at, ip=ip, scopes=scopes)


def token_hash(token: str) -> str:
    """Return what is kept of a token; it is random, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def _actor(
    user: User, *, at: datetime, ip: str, scopes: frozenset[Permission] | None = None
) -> Actor:
    day = day_of(at)
    posts: dict[str, set[Post]] = defaultdict(set)
    subjects: set[str] = set()
    if user.kind == UserKind.STAFF:
        held = (
            PostHolding.objects.at(at)
            .filter(
                Q(user=user)
                | Q(
                    delegations__deputy=user,
                    delegations__valid_from__lte=day,
                    delegations__valid_until__gt=day,
                )
            )
            .values_list("department", "post")
        )
        for code, post in held:
            posts[code].add(Post(post))
    elif scopes is None or Permission.OWN_AFFAIRS in scopes:
        subjects.add(user.subject_ref)
        subjects.update(
            Authorisation.objects.on(day).filter(user=user).values_list("subject_ref", flat=True)
        )
    return Actor(
        ref=user.ref,
        posts={code: frozenset(held) for code, held in posts.items()},
        subjects=frozenset(subjects),
        name=user.name,
        ip=ip,
        scopes=scopes,
    )


def _require_administrator(by: Actor) -> None:
    if not by.may(Permission.POST_GRANT, department=EVERYWHERE):
        require(by, Permission.USER_MANAGE, department=EVERYWHERE)


def _account(row: User) -> AccountView:
    return AccountView(
        login=row.login,
        name=row.name,
        phone=row.phone,
        is_active=row.is_active,
        is_demo=row.is_demo,
        created_at=row.created_at,
        locked_until=row.locked_until,
        posts=tuple(
            PostView(
                department=one.department,
                post=Post(one.post),
                since=one.valid_from,
                until=one.valid_until,
            )
            for one in row.holdings.all()
        ),
    )


def _department(row: Department) -> DepartmentView:
    return DepartmentView(
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        uscc=row.uscc,
        kind=DepartmentKind(row.kind),
        town=row.town,
    )
