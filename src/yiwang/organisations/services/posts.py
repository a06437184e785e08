"""Giving and taking posts, deputies, concentrated power and authorisations."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.models import (
    Authorisation,
    Delegation,
    Department,
    PostHolding,
    PowerConcentration,
    User,
)
from yiwang.organisations.permissions import (
    EVERYWHERE,
    Actor,
    Permission,
    PermissionRefusedError,
    Post,
    require,
)
from yiwang.organisations.policy.terms import AuthorisationKind, UserKind
from yiwang.organisations.queries import day_of

ADMINISTRATORS = frozenset({Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN})
"""Each stands alone: no second administrator's post, no post that handles business."""


class PostRefusedError(RefusedError):
    """The post cannot be given or taken so."""

    code = "organisations.post_refused"


class DelegationRefusedError(RefusedError):
    """The post cannot be handed to that deputy."""

    code = "organisations.delegation_refused"


class ConcentrationRefusedError(RefusedError):
    """The power cannot be concentrated so."""

    code = "organisations.concentration_refused"


class AuthorisationRefusedError(RefusedError):
    """The authorisation cannot be recorded or taken back."""

    code = "organisations.authorisation_refused"


@transaction.atomic
def grant_post(
    *,
    login: str,
    department: str,
    post: Post,
    by: Actor,
    at: datetime,
    valid_until: datetime | None = None,
) -> None:
    """Give a member of staff a post from `at` on (授予岗位).

    Args:
        login: Who receives it.
        department: Code of a department in force, or EVERYWHERE.
        post: The post; administrators' posts are given EVERYWHERE.
        by: A security administrator, not the receiver.
        at: First moment.
        valid_until: Exclusive end; None while not known.

    Raises:
        PermissionRefusedError: `by` may not give posts there.
        PostRefusedError: to himself, not staff, unknown department, held already, ends before
            it begins, or would join an administrator's post with another.
        ObjectDoesNotExist: no account has that login.

    Source:
        GB/T 22239-2019 第8.1.4.2 (separation of administrators).
    """
    user = User.objects.select_for_update().get(login=login)
    require(by, Permission.POST_GRANT, department=department)
    if user.ref == by.ref:
        raise PostRefusedError("不能给自己授予岗位，请由另一名安全管理员办理。")
    if user.kind != UserKind.STAFF or not user.is_active:
        raise PostRefusedError("岗位只能授予在用的工作人员账号，请先建立或者恢复账号。")
    if department != EVERYWHERE and not (
        Department.objects.on(day_of(at)).filter(code=department).exists()
    ):
        raise PostRefusedError("没有这个部门，或者该部门已停用，请从部门列表中选择。")
    if valid_until is not None and valid_until <= at:
        raise PostRefusedError("任职结束时间应晚于开始时间，请更正。")
    if post in ADMINISTRATORS and department != EVERYWHERE:
        raise PostRefusedError("管理员岗位不分部门，请选择“全区”。")
    held = PostHolding.objects.at(at).filter(user=user)
    if held.filter(department=department, post=post.value).exists():
        raise PostRefusedError("该人员已任此岗位，如需延长请先收回再授予。")
    others = {Post(value) for value in held.values_list("post", flat=True)}
    delegated = Delegation.objects.filter(
        deputy=user, valid_until__gt=day_of(at), holding__in=PostHolding.objects.at(at)
    )
    others |= {Post(value) for value in delegated.values_list("holding__post", flat=True)}
    if (post in ADMINISTRATORS and others) or others & ADMINISTRATORS:
        raise PostRefusedError("管理员岗位不能与其他岗位由同一人兼任，请另选人员或者先收回原岗位。")
    PostHolding.objects.create(
        user=user,
        department=department,
        post=post.value,
        valid_from=at,
        valid_until=valid_until,
        granted_by=by.ref,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.grant_post",
        target=user.ref,
        detail={"department": department, "post": post, "until": valid_until},
        ip=by.ip,
    )


@transaction.atomic
def revoke_post(*, login: str, department: str, post: Post, by: Actor, at: datetime) -> None:
    """End a post at `at`; what was delegated from it ends too (收回岗位).

    Raises:
        PermissionRefusedError: `by` may not give posts there.
        PostRefusedError: the post is not held.
    """
    holding = (
        PostHolding.objects.select_for_update()
        .at(at)
        .select_related("user")
        .filter(user__login=login, department=department, post=post.value)
        .first()
    )
    require(by, Permission.POST_GRANT, department=department)
    if holding is None:
        raise PostRefusedError("该人员未任此岗位，请核对部门和岗位。")
    holding.valid_until = at
    holding.revoked_by = by.ref
    holding.save(update_fields=["valid_until", "revoked_by"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.revoke_post",
        target=holding.user.ref,
        detail={"department": department, "post": post},
        ip=by.ip,
    )


@transaction.atomic
def delegate(
    *,
    login: str,
    department: str,
    post: Post,
    deputy: str,
    valid_from: date,
    valid_until: date,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Have a deputy exercise a post for some days (委托代理).

    Args:
        login: Who holds the post.
        department: Where.
        post: Which; an administrator's post cannot be delegated.
        deputy: Login of the deputy.
        valid_from: First day.
        valid_until: Day after the last.
        reason: Written to the trail.
        by: The holder himself, or a security administrator.
        at: Moment of the act.

    Raises:
        PermissionRefusedError: `by` is neither.
        DelegationRefusedError: not held, not delegable, a deputy that cannot be, or no days.
    """
    holding = (
        PostHolding.objects.select_for_update(of=("self",))
        .at(at)
        .select_related("user")
        .filter(user__login=login, department=department, post=post.value)
        .first()
    )
    if by.ref != f"user:{login}":
        require(by, Permission.POST_GRANT, department=department)
    if holding is None:
        raise DelegationRefusedError("委托人未任此岗位，不能委托他人代理。")
    if post in ADMINISTRATORS:
        raise DelegationRefusedError("管理员岗位不能委托代理，请由安全管理员授予岗位。")
    stand_in = User.objects.filter(login=deputy, kind=UserKind.STAFF.value, is_active=True).first()
    if stand_in is None or stand_in.pk == holding.user_id:
        raise DelegationRefusedError("代理人应为另一名在用的工作人员，请重新选择。")
    if PostHolding.objects.at(at).filter(user=stand_in, post__in=list(ADMINISTRATORS)).exists():
        raise DelegationRefusedError("管理员不能代理业务岗位，请另选代理人。")
    if not day_of(at) <= valid_from < valid_until:
        raise DelegationRefusedError("代理应从今天或者以后开始，并至少一天，请更正日期。")
    if not reason.strip():
        raise DelegationRefusedError("请填写委托事由，事由将记入日志。")
    Delegation.objects.create(
        holding=holding,
        deputy=stand_in,
        valid_from=valid_from,
        valid_until=valid_until,
        reason=reason.strip(),
        granted_by=by.ref,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.delegate",
        target=holding.user.ref,
        detail={
            "department": department,
            "post": post,
            "deputy": stand_in.ref,
            "from": valid_from,
            "until": valid_until,
        },
        purpose=reason.strip(),
        ip=by.ip,
    )


@transaction.atomic
def concentrate_power(
    *,
    department: str,
    deciding: str,
    basis: str,
    valid_from: date,
    by: Actor,
    at: datetime,
    valid_until: date | None = None,
) -> None:
    """Have one department decide and seal the items of another (一枚印章管审批).

    Raises:
        PermissionRefusedError: `by` is not a security administrator.
        ConcentrationRefusedError: unknown departments, no document, or it overlaps another.

    Source:
        行政许可法 第二十五条 (relatively concentrated power of licensing).
    """
    require(by, Permission.POST_GRANT, department=EVERYWHERE)
    known = Department.objects.select_for_update().filter(code__in=[department, deciding])
    if department == deciding or len(known) != 2:
        raise ConcentrationRefusedError("请选择两个不同的、已登记的部门。")
    if not basis.strip():
        raise ConcentrationRefusedError("请填写批准文件的名称和文号。")
    if valid_until is not None and valid_until <= valid_from:
        raise ConcentrationRefusedError("结束日期应晚于开始日期，请更正。")
    rows = PowerConcentration.objects.filter(department=department)
    if rows.on(valid_from).exists() or rows.filter(valid_from__gte=valid_from).exists():
        raise ConcentrationRefusedError("该部门在此期间已有集中审批的安排，请先结束原安排。")
    PowerConcentration.objects.create(
        department=department,
        deciding=deciding,
        basis=basis.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.concentrate_power",
        target=f"department:{department}",
        detail={"deciding": deciding, "from": valid_from, "until": valid_until, "basis": basis},
        ip=by.ip,
    )


@transaction.atomic
def authorise(
    *,
    login: str,
    subject_ref: str,
    kind: AuthorisationKind,
    valid_from: date,
    by: Actor,
    at: datetime,
    valid_until: date | None = None,
) -> int:
    """Record that an applicant may apply for somebody else (登记授权).

    Args:
        login: The applicant's account.
        subject_ref: For whom.
        kind: A legal representative is recorded by a clerk or a job; an agent also by whoever
            may act for the subject.
        valid_from: First day.
        by: See `kind`.
        at: Moment of the act.
        valid_until: Day after the last; needed for an agent.

    Returns:
        The id of the authorisation.

    Raises:
        PermissionRefusedError: `by` may not.
        AuthorisationRefusedError: not an applicant's account, the subject himself, or no end.
    """
    user = User.objects.select_for_update().get(login=login)
    own = kind is AuthorisationKind.AGENT and _speaks_for(by, subject_ref, at=at)
    program = by.ref.startswith(("job:", "system:"))
    if not (own or program or by.may_somewhere(Permission.PERSON_FIND)):
        raise PermissionRefusedError("授权由被代表人本人或者综合窗口登记，请持授权书到窗口办理。")
    if user.kind == UserKind.STAFF or user.subject_ref == subject_ref:
        raise AuthorisationRefusedError("授权应登记在另一个申请人账号上，请核对账号。")
    if kind is AuthorisationKind.AGENT and valid_until is None:
        raise AuthorisationRefusedError("请填写授权的结束日期，授权书没有期限的以一年为限。")
    if valid_until is not None and valid_until <= valid_from:
        raise AuthorisationRefusedError("授权的结束日期应晚于开始日期，请更正。")
    row = Authorisation.objects.create(
        user=user,
        subject_ref=subject_ref,
        kind=kind.value,
        valid_from=valid_from,
        valid_until=valid_until,
        granted_by=by.ref,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.authorise",
        target=user.ref,
        detail={"subject": subject_ref, "kind": kind, "from": valid_from, "until": valid_until},
        ip=by.ip,
    )
    return row.pk


def _speaks_for(by: Actor, subject_ref: str, *, at: datetime) -> bool:
    """Tell whether `by` is the subject or its legal representative; an agent passes nothing on.

    Source:
        民法典 第一百六十九条 (an agent needs consent to name another).
    """
    if not by.acts_for(subject_ref):
        return False
    agent = Authorisation.objects.on(day_of(at)).filter(
        user__login=by.ref.removeprefix("user:"),
        subject_ref=subject_ref,
        kind=AuthorisationKind.AGENT.value,
    )
    return not agent.exists()


@transaction.atomic
def revoke_authorisation(*, authorisation_id: int, by: Actor, at: datetime) -> None:
    """Take an authorisation back; it ends the same day.

    Raises:
        PermissionRefusedError: `by` is neither the subject or its legal representative, nor a
            clerk, nor who was authorised; an agent takes back nobody else's.
        AuthorisationRefusedError: it has ended.
        ObjectDoesNotExist: there is none of that id.
    """
    row = (
        Authorisation.objects.select_for_update(of=("self",))
        .select_related("user")
        .get(pk=authorisation_id)
    )
    own = row.user.ref == by.ref or _speaks_for(by, row.subject_ref, at=at)
    if not (own or by.may_somewhere(Permission.PERSON_FIND)):
        raise PermissionRefusedError("授权由被代表人本人或者综合窗口收回，请到窗口办理。")
    today = day_of(at)
    if row.valid_until is not None and row.valid_until <= today:
        raise AuthorisationRefusedError("该授权已经结束，无需收回。")
    row.valid_until = max(today, row.valid_from)
    row.save(update_fields=["valid_until"])
    audit.record(
        at=at,
        actor=by.ref,
        act="organisations.revoke_authorisation",
        target=row.user.ref,
        detail={"subject": row.subject_ref, "kind": row.kind},
        ip=by.ip,
    )
