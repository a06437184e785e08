from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories.organisations import (
    AUDIT_ADMIN,
    ENTITY,
    NOON,
    OPERATOR,
    PERSON,
    PROGRAM,
    SECURITY_ADMIN,
    SYSTEM_ADMIN,
    TODAY,
    actor,
    applicant,
    clerk_of,
    department,
    staff,
    staff_with,
)
from yiwang.audit import queries as trail
from yiwang.organisations import queries, services
from yiwang.organisations.models import (
    ApiToken,
    Authorisation,
    Delegation,
    Department,
    IdentityLink,
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
)
from yiwang.organisations.policy.terms import AuthorisationKind

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def grant(login="li", **changes):
    arguments = {
        "login": login,
        "department": "market",
        "post": Post.REVIEWER,
        "by": SECURITY_ADMIN,
        "at": NOON,
    }
    services.grant_post(**(arguments | changes))


@pytest.mark.parametrize("by", [SECURITY_ADMIN, AUDIT_ADMIN, clerk_of("market")])
def test_only_the_system_administrator_makes_staff_accounts(by):
    with pytest.raises(PermissionRefusedError, match="“管理账号”"):
        staff(by=by)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"login": "x"}, "以字母开头"),
        ({"login": "310114198506151037"}, "以字母开头"),
        ({"login": "li si"}, "以字母开头"),
        ({"login": "wu"}, "已被使用"),
        ({"name": " "}, "请填写姓名"),
    ],
)
def test_staff_account_is_refused(changes, words):
    staff("wu")

    with pytest.raises(services.AccountRefusedError, match=words):
        staff(**changes)


def test_staff_account_needs_a_good_password():
    with pytest.raises(services.PasswordRefusedError, match="不少于10个字符"):
        staff(password="short")

    assert not queries.login_taken("li")


def test_new_account_can_do_nothing():
    assert actor(staff()) == Actor(ref="user:li", name="李示例")


def test_system_administrator_gives_no_posts():
    staff()
    department()

    with pytest.raises(PermissionRefusedError, match="“授予岗位”"):
        grant(by=SYSTEM_ADMIN)


def test_audit_administrator_changes_nothing():
    staff()
    department()

    with pytest.raises(PermissionRefusedError):
        grant(by=AUDIT_ADMIN)
    with pytest.raises(PermissionRefusedError):
        services.close_account(login="li", reason="x", by=AUDIT_ADMIN, at=NOON)
    with pytest.raises(PermissionRefusedError):
        services.reset_password(login="li", new="Other-horse-8", by=AUDIT_ADMIN, at=NOON)


def test_closed_account_has_no_actor_and_comes_back_when_reopened():
    user = staff()
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)
    with pytest.raises(LookupError):
        actor(user)

    services.reopen_account(login="li", reason="调回", by=SYSTEM_ADMIN, at=NOON)

    assert actor(user).ref == "user:li"


@pytest.mark.parametrize(
    ("act", "changes", "words"),
    [
        (services.close_account, {"reason": " "}, "请填写停用原因"),
        (services.close_account, {"login": "system-admin"}, "不能停用自己"),
        (services.close_account, {"login": "gone"}, "已停用"),
        (services.reopen_account, {}, "未停用"),
        (services.reopen_account, {"login": "gone", "reason": ""}, "请填写恢复原因"),
    ],
)
def test_closing_and_reopening_is_refused(act, changes, words):
    for login in ("li", "gone", "system-admin"):
        staff(login)
    services.close_account(login="gone", reason="调离", by=SYSTEM_ADMIN, at=NOON)

    with pytest.raises(services.AccountRefusedError, match=words):
        act(**({"login": "li", "reason": "调离", "by": SYSTEM_ADMIN, "at": NOON} | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subject_ref": "person:1"}, "请先登记主体信息"),
        ({"subject_ref": "user:li"}, "请先登记主体信息"),
        ({"login": "other"}, "已有账号"),
        ({"subject_ref": ENTITY}, "已被使用"),
    ],
)
def test_applicant_account_is_refused(changes, words):
    applicant()

    with pytest.raises(services.AccountRefusedError, match=words):
        applicant(**changes)


def test_demo_applicant_is_refused_outside_a_demonstration(settings):
    settings.DEMO = False

    with pytest.raises(services.AccountRefusedError, match="演示环境"):
        applicant(is_demo=True)


def test_applicant_account_is_made_by_a_clerk_or_the_program_only():
    applicant("one", by=clerk_of("centre"))

    with pytest.raises(PermissionRefusedError, match="请到综合窗口办理"):
        applicant("two", subject_ref=ENTITY, by=SYSTEM_ADMIN)


def test_phone_of_an_applicant_is_kept_encrypted():
    user = applicant(phone="13800000000")

    assert "13800000000" not in user.phone
    assert queries.phone_for_messages(PERSON) == "13800000000"
    assert queries.phone_for_messages(ENTITY) == ""


def test_applicant_acts_for_himself_only():
    assert actor(applicant()).subjects == {PERSON}


def test_post_is_held_from_its_first_moment_until_it_is_taken():
    department()
    user = staff_with(Post.REVIEWER, "market")

    services.revoke_post(
        login="li", department="market", post=Post.REVIEWER, by=SECURITY_ADMIN, at=NOON + DAY
    )

    held = {
        at: actor(user, at=at).may(Permission.CASE_REVIEW, department="market")
        for at in (NOON - DAY, NOON, NOON + DAY)
    }
    assert list(held.values()) == [False, True, False]


def test_post_with_an_end_ends_by_itself():
    department()
    user = staff()
    grant(valid_until=NOON + DAY)

    assert actor(user).posts
    assert not actor(user, at=NOON + DAY).posts


def test_post_may_be_given_again_after_it_was_taken():
    department()
    user = staff()
    grant()
    services.revoke_post(
        login="li", department="market", post=Post.REVIEWER, by=SECURITY_ADMIN, at=NOON + DAY
    )

    grant(at=NOON + 2 * DAY)

    assert actor(user, at=NOON + 2 * DAY).posts == {"market": {Post.REVIEWER}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"login": "security-admin"}, "不能给自己授予岗位"),
        ({"login": "zhang"}, "工作人员账号"),
        ({"department": "nowhere"}, "没有这个部门"),
        ({"department": "closed"}, "已停用"),
        ({"valid_until": NOON}, "晚于开始时间"),
        ({"post": Post.AUDIT_ADMIN}, "管理员岗位不分部门"),
        ({"login": "held"}, "已任此岗位"),
        ({"login": "held", "post": Post.AUDIT_ADMIN, "department": EVERYWHERE}, "同一人兼任"),
        ({"login": "auditor"}, "同一人兼任"),
        (
            {"login": "auditor", "post": Post.SYSTEM_ADMIN, "department": EVERYWHERE},
            "同一人兼任",
        ),
    ],
)
def test_post_is_not_given(changes, words):
    department()
    department("closed", valid_until=date(2026, 1, 1))
    for login in ("li", "security-admin", "held", "auditor"):
        staff(login)
    applicant()
    grant("held")
    grant("auditor", post=Post.AUDIT_ADMIN, department=EVERYWHERE)

    with pytest.raises(services.PostRefusedError, match=words):
        grant(**changes)


def test_post_that_is_not_held_is_not_taken():
    department()
    staff()

    with pytest.raises(services.PostRefusedError, match="未任此岗位"):
        services.revoke_post(
            login="li", department="market", post=Post.REVIEWER, by=SECURITY_ADMIN, at=NOON
        )


def test_actor_is_known_after_two_questions(django_assert_num_queries):
    department()
    user = staff_with(Post.REVIEWER, "market")
    citizen = applicant()

    with django_assert_num_queries(2):
        actor(user)
    with django_assert_num_queries(2):
        actor(citizen)


def test_staff_with_a_permission_are_listed_deputies_included():
    department()
    staff_with(Post.REVIEWER, "market")
    staff_with(Post.APPROVER, "market", "wu")
    staff("deputy")
    delegate()

    names = [
        view.login
        for view in queries.staff_with(Permission.CASE_REVIEW, department="market", at=NOON)
    ]

    assert names == ["deputy", "li"]
    assert queries.staff_with(Permission.CASE_REVIEW, department="housing", at=NOON) == []


def delegate(**changes):
    arguments = {
        "login": "li",
        "department": "market",
        "post": Post.REVIEWER,
        "deputy": "deputy",
        "valid_from": TODAY,
        "valid_until": TODAY + 2 * DAY,
        "reason": "年休假",
        "by": SECURITY_ADMIN,
        "at": NOON,
    }
    services.delegate(**(arguments | changes))


def test_deputy_has_the_post_on_the_days_named():
    department()
    user = staff_with(Post.REVIEWER, "market")
    deputy = staff("deputy")
    delegate(by=actor(user))

    may = [bool(actor(deputy, at=NOON + days * DAY).posts) for days in (-1, 0, 1, 2)]

    assert may == [False, True, True, False]
    assert actor(user).posts


def test_deputy_loses_the_post_with_its_holder():
    department()
    staff_with(Post.REVIEWER, "market")
    deputy = staff("deputy")
    delegate()

    services.revoke_post(
        login="li", department="market", post=Post.REVIEWER, by=SECURITY_ADMIN, at=NOON
    )

    assert not actor(deputy, at=NOON + timedelta(minutes=1)).posts


def test_post_is_delegated_by_its_holder_or_the_security_administrator_only():
    department()
    staff_with(Post.REVIEWER, "market")
    staff("deputy")

    with pytest.raises(PermissionRefusedError):
        delegate(by=clerk_of("market"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"post": Post.APPROVER}, "未任此岗位"),
        ({"deputy": "li"}, "另一名在用的工作人员"),
        ({"deputy": "nobody"}, "另一名在用的工作人员"),
        ({"deputy": "zhang"}, "另一名在用的工作人员"),
        ({"deputy": "auditor"}, "管理员不能代理"),
        ({"valid_until": TODAY}, "至少一天"),
        ({"valid_from": TODAY - DAY}, "从今天或者以后开始"),
        ({"reason": ""}, "请填写委托事由"),
        ({"login": "auditor", "post": Post.AUDIT_ADMIN, "department": "*"}, "不能委托代理"),
    ],
)
def test_delegation_is_refused(changes, words):
    department()
    staff_with(Post.REVIEWER, "market")
    staff("deputy")
    applicant()
    staff("auditor")
    grant("auditor", post=Post.AUDIT_ADMIN, department=EVERYWHERE)

    with pytest.raises(services.DelegationRefusedError, match=words):
        delegate(**changes)


def concentrate(**changes):
    arguments = {
        "department": "health",
        "deciding": "centre",
        "basis": "改革方案",
        "valid_from": TODAY,
        "by": SECURITY_ADMIN,
        "at": NOON,
    }
    services.concentrate_power(**(arguments | changes))


def test_power_is_concentrated_for_some_days():
    department("health")
    department("centre")

    concentrate(valid_until=TODAY + DAY)

    assert queries.deciding_department("health", on=TODAY) == "centre"
    assert queries.deciding_department("health", on=TODAY + DAY) == "health"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deciding": "health"}, "两个不同的"),
        ({"deciding": "nowhere"}, "已登记的部门"),
        ({"basis": " "}, "批准文件"),
        ({"valid_until": TODAY}, "晚于开始日期"),
        ({"department": "market"}, "已有集中审批的安排"),
        ({"department": "market", "valid_from": TODAY - DAY}, "已有集中审批的安排"),
    ],
)
def test_concentration_is_refused(changes, words):
    for code in ("health", "centre", "market"):
        department(code)
    concentrate(department="market")

    with pytest.raises(services.ConcentrationRefusedError, match=words):
        concentrate(**changes)


def test_concentration_is_for_the_security_administrator():
    with pytest.raises(PermissionRefusedError):
        concentrate(by=SYSTEM_ADMIN)


def authorise(**changes):
    arguments = {
        "login": "zhang",
        "subject_ref": ENTITY,
        "kind": AuthorisationKind.AGENT,
        "valid_from": TODAY,
        "valid_until": TODAY + 10 * DAY,
        "by": clerk_of("centre"),
        "at": NOON,
    }
    return services.authorise(**(arguments | changes))


def test_agent_acts_for_the_firm_until_the_end():
    user = applicant()
    authorise()

    assert actor(user).acts_for(ENTITY)
    assert not actor(user, at=NOON + 10 * DAY).acts_for(ENTITY)


def test_legal_representative_needs_no_end_and_may_name_an_agent():
    boss = applicant()
    agent = applicant("agent", subject_ref=f"person:{'b' * 32}")
    authorise(kind=AuthorisationKind.LEGAL_REPRESENTATIVE, valid_until=None, by=PROGRAM)

    authorise(login="agent", by=actor(boss))

    assert actor(agent).acts_for(ENTITY)
    assert not actor(agent).acts_for(PERSON)


def test_applicant_names_himself_for_nobody():
    user = applicant()

    for kind in AuthorisationKind:
        with pytest.raises(PermissionRefusedError, match="请持授权书到窗口办理"):
            authorise(kind=kind, by=actor(user))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"login": "li"}, "另一个申请人账号"),
        ({"subject_ref": PERSON}, "另一个申请人账号"),
        ({"valid_until": None}, "请填写授权的结束日期"),
        ({"valid_until": TODAY}, "晚于开始日期"),
    ],
)
def test_authorisation_is_refused(changes, words):
    applicant()
    staff()

    with pytest.raises(services.AuthorisationRefusedError, match=words):
        authorise(**changes)


def test_authorisation_is_taken_back_by_whom_it_speaks_for():
    user = applicant()
    number = authorise()

    with pytest.raises(PermissionRefusedError, match="由被代表人本人"):
        services.revoke_authorisation(authorisation_id=number, by=SYSTEM_ADMIN, at=NOON)
    firm = Actor(ref="user:firm", subjects=frozenset({ENTITY}))
    services.revoke_authorisation(authorisation_id=number, by=firm, at=NOON)

    assert not actor(user).acts_for(ENTITY)
    with pytest.raises(services.AuthorisationRefusedError, match="已经结束"):
        services.revoke_authorisation(authorisation_id=number, by=firm, at=NOON)


def issue(user, **changes):
    arguments = {
        "login": user.login,
        "purpose": "对接办件系统",
        "scopes": [Permission.CASE_READ],
        "expires_at": NOON + 30 * DAY,
        "by": OPERATOR,
        "at": NOON,
    }
    return services.issue_token(**(arguments | changes))


def test_token_acts_for_the_account_within_its_scopes():
    department()
    token = issue(staff_with(Post.REVIEWER, "market")).token

    program = queries.authenticate_token(token, at=NOON, ip="10.0.0.9")

    assert (program.ref, program.ip) == ("user:li", "10.0.0.9")
    assert program.may(Permission.CASE_READ, department="market")
    assert not program.may(Permission.CASE_REVIEW, department="market")


def test_token_gives_no_more_than_the_account_has():
    token = issue(staff()).token

    assert not queries.authenticate_token(token, at=NOON).may_somewhere(Permission.CASE_READ)


def test_token_itself_is_kept_nowhere():
    token = issue(staff()).token

    row = ApiToken.objects.get()
    assert token not in str(vars(row))
    assert token not in str(trail.trail())


def test_token_ends_by_time_by_hand_and_with_the_account():
    user = staff()
    ending, taken, closing = (issue(user) for _ in range(3))
    services.revoke_token(token_id=taken.id, by=actor(user), at=NOON)

    assert queries.authenticate_token(ending.token, at=NOON + 30 * DAY) is None
    assert queries.authenticate_token(taken.token, at=NOON) is None
    assert queries.authenticate_token(closing.token, at=NOON) is not None
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)
    assert queries.authenticate_token(closing.token, at=NOON) is None
    assert queries.authenticate_token("yw_guess", at=NOON) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": ""}, "请填写令牌用途"),
        ({"scopes": []}, "至少选择一项权限"),
        ({"expires_at": NOON}, "365天以内"),
        ({"expires_at": NOON + 366 * DAY}, "365天以内"),
    ],
)
def test_token_is_refused(changes, words):
    user = staff()

    with pytest.raises(services.TokenRefusedError, match=words):
        issue(user, **changes)


def test_token_of_a_closed_account_is_refused():
    user = staff()
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)

    with pytest.raises(services.TokenRefusedError, match="已停用"):
        issue(user)


def test_token_is_issued_and_taken_by_the_account_or_the_administrator_only():
    user = staff()
    number = issue(user).id

    with pytest.raises(PermissionRefusedError):
        issue(user, by=clerk_of("market"))
    with pytest.raises(PermissionRefusedError):
        services.revoke_token(token_id=number, by=clerk_of("market"), at=NOON)
    services.revoke_token(token_id=number, by=SYSTEM_ADMIN, at=NOON)
    with pytest.raises(services.TokenRefusedError, match="已收回"):
        services.revoke_token(token_id=number, by=SYSTEM_ADMIN, at=NOON)


def test_every_act_stands_in_the_trail_with_who_and_whom():
    department()
    user = staff_with(Post.REVIEWER, "market")
    staff("deputy")
    applicant()
    delegate()
    authorise()
    issue(user)
    services.close_account(login="deputy", reason="调离", by=SYSTEM_ADMIN, at=NOON)

    rows = {(row.act, row.actor, row.target) for row in trail.trail(act="organisations.")}

    assert rows >= {
        ("organisations.create_staff", "user:system-admin", "user:li"),
        ("organisations.grant_post", "user:security-admin", "user:li"),
        ("organisations.create_applicant_account", "system:sign-up", "user:zhang"),
        ("organisations.delegate", "user:security-admin", "user:li"),
        ("organisations.authorise", "user:clerk", "user:zhang"),
        ("organisations.issue_token", "system:operator", "user:li"),
        ("organisations.close_account", "user:system-admin", "user:deputy"),
    }


def user_row(**changes):
    values = {"login": "x", "name": "x", "kind": "staff", "created_at": NOON}
    return User(**(values | changes))


def holding(**changes):
    values = {
        "user": User.objects.first(),
        "department": "market",
        "post": "reviewer",
        "valid_from": NOON,
        "granted_by": "x",
    }
    return PostHolding(**(values | changes))


def authorisation(**changes):
    values = {
        "user": User.objects.first(),
        "subject_ref": ENTITY,
        "kind": "legal_representative",
        "valid_from": TODAY,
        "granted_by": "x",
    }
    return Authorisation(**(values | changes))


def concentration(**changes):
    values = {"department": "a", "deciding": "b", "basis": "x", "valid_from": TODAY}
    return PowerConcentration(**(values | changes))


def delegation(**changes):
    values = {
        "holding": PostHolding.objects.first(),
        "deputy": User.objects.first(),
        "valid_from": TODAY,
        "valid_until": TODAY,
        "reason": "x",
        "granted_by": "x",
    }
    return Delegation(**(values | changes))


def token(**changes):
    values = {
        "user": User.objects.first(),
        "hash": "x",
        "purpose": "x",
        "scopes": [],
        "issued_at": NOON,
        "issued_by": "x",
        "expires_at": NOON + DAY,
    }
    return ApiToken(**(values | changes))


def unit(**changes):
    values = {"code": "x", "name": "x", "short_name": "x", "uscc": "x", "kind": "department"}
    return Department(**(values | {"valid_from": TODAY} | changes))


def identity(**changes):
    values = {
        "user": User.objects.get(login="li"),
        "provider": "city",
        "identity": "other",
        "linked_at": NOON,
    }
    return IdentityLink(**(values | changes))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: unit(kind="x"), "department_kind_known"),
        (lambda: unit(valid_until=TODAY), "department_ends_after_it_begins"),
        (lambda: user_row(kind="x", subject_ref="y"), "user_kind_known"),
        (lambda: user_row(kind="person"), "user_stands_for_a_subject_unless_staff"),
        (lambda: user_row(subject_ref=ENTITY), "user_stands_for_a_subject_unless_staff"),
        (lambda: user_row(kind="person", subject_ref=PERSON), "user_one_account_per_subject"),
        (lambda: holding(post="x"), "holding_post_known"),
        (lambda: holding(valid_until=NOON - DAY), "holding_ends_after_it_begins"),
        (lambda: holding(user=User.objects.get(login="li")), "holding_held_once_without_end"),
        (lambda: delegation(valid_until=TODAY - DAY), "delegation_ends_after_it_begins"),
        (lambda: delegation(reason=""), "delegation_has_reason"),
        (lambda: concentration(deciding="a"), "concentration_moves_the_power"),
        (lambda: concentration(valid_until=TODAY), "concentration_ends_after_it_begins"),
        (lambda: concentration(basis=""), "concentration_has_basis"),
        (lambda: concentration(department="health"), "concentration_begins_once"),
        (lambda: authorisation(kind="x"), "authorisation_kind_known"),
        (lambda: authorisation(kind="agent"), "authorisation_of_an_agent_ends"),
        (lambda: authorisation(valid_until=TODAY - DAY), "authorisation_ends_after_it_begins"),
        (lambda: token(expires_at=NOON), "token_expires_after_issue"),
        (lambda: token(purpose=""), "token_has_purpose"),
        (lambda: identity(), "identity_one_per_account"),
        (
            lambda: identity(user=User.objects.get(login="zhang"), identity="u-1"),
            "identity_opens_one_account",
        ),
    ],
)
def test_database_refuses(make, name):
    department()
    user = staff_with(Post.REVIEWER, "market")
    applicant()
    concentration(department="health").save()
    identity(user=user, identity="u-1").save()

    with pytest.raises(IntegrityError, match=f"organisations_{name}"), transaction.atomic():
        make().save()
