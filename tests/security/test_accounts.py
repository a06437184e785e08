"""Nobody becomes somebody else: accounts, tokens, posts and the doors to them."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories.organisations import (
    ENTITY,
    NOON,
    OPERATOR,
    PASSWORD,
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
from yiwang.organisations import limits, queries, services
from yiwang.organisations.backend import SessionBackend
from yiwang.organisations.permissions import (
    EVERYWHERE,
    GRANTS,
    Permission,
    PermissionRefusedError,
    Post,
)
from yiwang.organisations.policy.terms import AuthorisationKind
from yiwang.organisations.services import SignInState
from yiwang.organisations.services.signin import SPRAYED

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


WRONG = "Wrong-horse-1"


def sign_in(login: str, password: str = WRONG, ip: str = "") -> SignInState:
    return services.authenticate_password(login=login, password=password, at=NOON, ip=ip).state


def issue(login: str, *scopes: Permission, by=OPERATOR) -> str:
    return services.issue_token(
        login=login, purpose="对接系统", scopes=scopes, expires_at=NOON + DAY, by=by, at=NOON
    ).token


def test_a_lock_does_not_tell_which_logins_exist():
    staff("li")

    known = [sign_in("li") for _ in range(7)]
    unknown = [sign_in("nobody-of-that-name") for _ in range(7)]

    assert known == unknown == [SignInState.WRONG] * 4 + [SignInState.LOCKED] * 3


def test_one_password_cannot_be_tried_on_every_account_from_one_address():
    for number in range(SPRAYED.most):
        sign_in(f"login{number}", ip="203.0.113.9")

    with pytest.raises(limits.TooManyTriesError):
        sign_in("another", ip="203.0.113.9")
    assert sign_in("another", ip="203.0.113.10") is SignInState.WRONG


def test_invented_accounts_end_with_the_demonstration(settings):
    settings.DEMO = True
    user = applicant("invented", is_demo=True)
    token = issue("invented", Permission.OWN_AFFAIRS)
    assert sign_in("invented", PASSWORD) is SignInState.PASSED

    settings.DEMO = False

    assert sign_in("invented", PASSWORD) is SignInState.CLOSED
    assert SessionBackend().get_user(user.pk) is None
    assert queries.authenticate_token(token, at=NOON) is None


def test_an_account_closed_between_password_and_code_stays_out(settings):
    settings.DEMO = True
    user = staff("li", is_demo=True)
    code = services.demo_code(user_id=user.pk, at=NOON)
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)

    assert services.check_code(user_id=user.pk, code=code, at=NOON) is SignInState.CLOSED


def test_an_administrator_gets_no_token_in_the_name_of_somebody_else():
    department()
    staff_with(Post.APPROVER, "market", login="zhao")

    with pytest.raises(PermissionRefusedError, match="令牌只能由账号本人申请"):
        issue("zhao", Permission.CASE_DECIDE, by=SYSTEM_ADMIN)


def test_an_administrator_sets_no_password_of_an_applicant():
    applicant("zhang")

    with pytest.raises(services.PasswordRefusedError, match="申请人的密码不能由管理员重置"):
        services.reset_password(login="zhang", new="Fresh-horse-9", by=SYSTEM_ADMIN, at=NOON)


def test_a_token_without_that_scope_does_not_act_for_the_applicant():
    applicant("zhang")
    small = queries.authenticate_token(issue("zhang", Permission.ITEM_READ), at=NOON)
    whole = queries.authenticate_token(issue("zhang", Permission.OWN_AFFAIRS), at=NOON)

    assert small is not None
    assert small.subjects == frozenset()
    assert whole is not None
    assert whole.subjects == {PERSON}


def test_own_affairs_belong_to_no_post():
    assert not any(Permission.OWN_AFFAIRS in granted for granted in GRANTS.values())


def test_logins_that_differ_in_capitals_only_are_one():
    staff("li.ming")

    with pytest.raises(services.AccountRefusedError, match="已被使用"):
        staff("Li.Ming")


def test_a_deputy_does_not_become_an_administrator_beside():
    department()
    staff_with(Post.APPROVER, "market", login="zhao")
    staff("deputy")
    services.delegate(
        login="zhao",
        department="market",
        post=Post.APPROVER,
        deputy="deputy",
        valid_from=TODAY + DAY,
        valid_until=TODAY + 3 * DAY,
        reason="出差",
        by=SECURITY_ADMIN,
        at=NOON,
    )

    with pytest.raises(services.PostRefusedError, match="不能与其他岗位由同一人兼任"):
        services.grant_post(
            login="deputy",
            department=EVERYWHERE,
            post=Post.AUDIT_ADMIN,
            by=SECURITY_ADMIN,
            at=NOON,
        )


def test_an_agent_passes_the_authorisation_on_to_nobody():
    department()
    agent = applicant("agent")
    applicant("friend", subject_ref=f"person:{'b' * 32}")
    firm = applicant("firm", subject_ref=ENTITY)
    words = {
        "subject_ref": ENTITY,
        "kind": AuthorisationKind.AGENT,
        "valid_from": TODAY,
        "valid_until": TODAY + 30 * DAY,
        "at": NOON,
    }
    services.authorise(login="agent", by=actor(firm), **words)

    with pytest.raises(PermissionRefusedError, match="授权由被代表人本人"):
        services.authorise(login="friend", by=actor(agent), **words)
    assert services.authorise(login="friend", by=clerk_of("market"), **words)


def test_an_agent_shuts_nobody_out_and_gives_up_only_their_own_authorisation():
    department()
    agent, leader = applicant("agent"), applicant("leader", subject_ref=f"person:{'b' * 32}")
    words = {"subject_ref": ENTITY, "valid_from": TODAY, "by": PROGRAM, "at": NOON}
    of_leader = services.authorise(
        login="leader", kind=AuthorisationKind.LEGAL_REPRESENTATIVE, **words
    )
    of_agent = services.authorise(
        login="agent", kind=AuthorisationKind.AGENT, valid_until=TODAY + 30 * DAY, **words
    )

    with pytest.raises(PermissionRefusedError, match="由被代表人本人"):
        services.revoke_authorisation(authorisation_id=of_leader, by=actor(agent), at=NOON)
    services.revoke_authorisation(authorisation_id=of_agent, by=actor(agent), at=NOON)

    assert actor(leader).acts_for(ENTITY)
    assert not actor(agent).acts_for(ENTITY)


def test_a_legal_representative_names_an_agent():
    leader = applicant("leader")
    applicant("agent", subject_ref=f"person:{'b' * 32}")
    services.authorise(
        login="leader",
        subject_ref=ENTITY,
        kind=AuthorisationKind.LEGAL_REPRESENTATIVE,
        valid_from=TODAY,
        by=PROGRAM,
        at=NOON,
    )

    assert services.authorise(
        login="agent",
        subject_ref=ENTITY,
        kind=AuthorisationKind.AGENT,
        valid_from=TODAY,
        valid_until=TODAY + DAY,
        by=actor(leader),
        at=NOON,
    )


def test_no_phone_is_bound_to_an_account_closed_meanwhile():
    user = staff("li")
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)
    secret = services.offer_binding(login="li").secret

    with pytest.raises(services.SecondStepRefusedError, match="该账号已停用"):
        services.bind_phone(user_id=user.pk, secret=secret, code="000000", at=NOON)
