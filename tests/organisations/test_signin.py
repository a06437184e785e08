from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.factories.organisations import (
    NOON,
    PASSWORD,
    PERSON,
    PROGRAM,
    SYSTEM_ADMIN,
    applicant,
    staff,
)
from yiwang.audit import queries as trail
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.organisations.policy.signin import is_stale, password_fault, signed_in_again
from yiwang.organisations.services import SignInState, second_step

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def sign_in(password=PASSWORD, login="li", at=NOON):
    return services.authenticate_password(login=login, password=password, at=at, ip="10.0.0.9")


def fail(times, at=NOON):
    return [sign_in("wrong", at=at).state for _ in range(times)]


def code_of(user, at=NOON):
    authenticator = second_step._authenticator(user)
    secret = second_step.secret_box.unlock(authenticator.data["secret"])
    return second_step.totp.format_hotp_value(
        second_step.totp.hotp_value(secret, second_step._now(at))
    )


def bound(user, at=NOON - MINUTE):
    binding = services.offer_binding(login=user.login)
    period = second_step._now(at)
    code = second_step.totp.format_hotp_value(second_step.totp.hotp_value(binding.secret, period))
    services.bind_phone(user_id=user.pk, secret=binding.secret, code=code, at=at)
    return user


@pytest.mark.parametrize(
    ("password", "words"),
    [
        pytest.param("Short-1", "不少于10个字符", id="short"),
        pytest.param("onlylowercase1", "至少3类", id="two classes"),
        pytest.param("My-li-password-1", "不能包含账号", id="holds the login"),
        pytest.param("lowerUPPERonly", "至少3类", id="two kinds of letters"),
        pytest.param("Lowerupper12", "", id="letters and digits"),
        pytest.param("lower-case-12", "", id="with a sign"),
        pytest.param("密码密码密码密码ab12", "", id="Chinese counts as other signs"),
    ],
)
def test_password_rules(password, words):
    fault = password_fault(password, login="li")

    assert (words in fault) if words else fault == ""


def test_staff_password_is_stale_after_ninety_days_and_when_never_chosen():
    assert is_stale(None, at=NOON)
    assert is_stale(NOON - timedelta(days=90), at=NOON)
    assert not is_stale(NOON - timedelta(days=89), at=NOON)


def test_right_password_opens_the_first_step_of_staff():
    user = staff()

    answer = sign_in()

    assert (answer.state, answer.user_id) == (SignInState.PASSED, user.pk)
    assert answer.needs_second_step


def test_first_password_of_staff_must_be_changed():
    staff()
    assert sign_in().must_change_password

    services.change_password(login="li", old=PASSWORD, new="Other-horse-8", at=NOON)

    assert not sign_in("Other-horse-8").must_change_password
    assert sign_in("Other-horse-8", at=NOON + timedelta(days=90)).must_change_password


def test_applicant_needs_no_second_step_and_no_rotation():
    applicant()

    answer = sign_in(login="zhang", at=NOON + timedelta(days=400))

    assert answer.state is SignInState.PASSED
    assert not answer.needs_second_step
    assert not answer.must_change_password


def test_five_failures_lock_for_thirty_minutes():
    staff()

    assert fail(5) == [SignInState.WRONG] * 4 + [SignInState.LOCKED]

    locked = sign_in(at=NOON + 29 * MINUTE)
    assert (locked.state, locked.user_id) == (SignInState.LOCKED, None)
    assert locked.locked_until == NOON + 30 * MINUTE
    assert sign_in(at=NOON + 30 * MINUTE).state is SignInState.PASSED


def test_tries_while_locked_do_not_lengthen_the_lock():
    staff()
    fail(5)
    fail(7, at=NOON + 20 * MINUTE)

    assert sign_in(at=NOON + 30 * MINUTE).state is SignInState.PASSED


def test_failures_count_only_in_a_row():
    applicant("li")
    fail(4)
    sign_in()

    assert fail(4) == [SignInState.WRONG] * 4


def test_second_step_ends_a_row_of_failures():
    user = bound(staff())
    fail(4)
    sign_in()
    services.check_code(user_id=user.pk, code=code_of(user), at=NOON)

    assert fail(4) == [SignInState.WRONG] * 4


def test_lock_says_when_to_come_back():
    assert "30分钟后" in SignInState.LOCKED.label
    assert "系统管理员" in SignInState.CLOSED.label


def test_unknown_login_looks_like_a_wrong_password():
    staff()

    assert sign_in(login="nobody").state is sign_in("wrong").state is SignInState.WRONG


def test_closed_account_does_not_open():
    staff()
    services.close_account(login="li", reason="调离", by=SYSTEM_ADMIN, at=NOON)

    assert sign_in().state is SignInState.CLOSED
    assert sign_in("wrong").state is SignInState.WRONG


def test_account_without_password_does_not_open():
    applicant(password="")

    assert sign_in("", login="zhang").state is SignInState.WRONG


def test_every_try_stands_in_the_trail_without_the_password():
    staff()
    sign_in()
    sign_in("wrong")
    sign_in(login="nobody")

    rows = trail.trail(act="organisations.sign_in")

    assert [(row.actor, row.target, row.detail["result"]) for row in rows] == [
        ("system:sign-in", "user:?", "wrong"),
        ("system:sign-in", "user:li", "wrong"),
        ("user:li", "user:li", "passed"),
    ]
    assert {row.ip for row in rows} == {"10.0.0.9"}
    assert PASSWORD not in str(rows)


def test_change_of_password_needs_the_old_one():
    staff()

    with pytest.raises(services.PasswordRefusedError, match="原密码不正确"):
        services.change_password(login="li", old="wrong", new="Other-horse-8", at=NOON)


def test_change_of_password_counts_wrong_old_ones_towards_the_lock():
    staff()

    for _ in range(5):
        with pytest.raises(services.PasswordRefusedError):
            services.change_password(login="li", old="wrong", new="Other-horse-8", at=NOON)

    assert sign_in().state is SignInState.LOCKED
    with pytest.raises(services.PasswordRefusedError, match="30分钟后"):
        services.change_password(login="li", old=PASSWORD, new="Other-horse-8", at=NOON)


def test_new_password_differs_from_the_last_five():
    staff()
    chosen = [PASSWORD, *(f"Right-horse-{number}0" for number in range(1, 6))]
    for number, (old, new) in enumerate(pairwise(chosen)):
        at = NOON + number * MINUTE
        services.change_password(login="li", old=old, new=new, at=at)

    with pytest.raises(services.PasswordRefusedError, match="最近5次"):
        services.change_password(login="li", old=chosen[-1], new=chosen[1], at=NOON + 10 * MINUTE)
    services.change_password(login="li", old=chosen[-1], new=PASSWORD, at=NOON + 10 * MINUTE)


def test_reset_by_the_administrator_lifts_the_lock_and_must_be_changed():
    staff()
    fail(5)

    services.reset_password(login="li", new="Fresh-horse-9", by=SYSTEM_ADMIN, at=NOON)

    answer = sign_in("Fresh-horse-9")
    assert answer.state is SignInState.PASSED
    assert answer.must_change_password


def test_passwords_are_kept_as_argon2():
    from yiwang.config import settings

    assert settings.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert staff().password.startswith("argon2$argon2id$")


def test_phone_is_bound_by_one_right_code():
    user = staff()
    assert not services.has_phone(user_id=user.pk)
    binding = services.offer_binding(login="li")
    assert binding.address == services.binding_of(login="li", secret=binding.secret).address

    with pytest.raises(services.SecondStepRefusedError, match="核对手机时间"):
        services.bind_phone(user_id=user.pk, secret=binding.secret, code="000000x", at=NOON)
    bound(user)

    assert services.has_phone(user_id=user.pk)


def test_secret_of_the_phone_is_stored_encrypted():
    user = bound(staff())

    stored = second_step._authenticator(user).data["secret"]

    assert stored.startswith("gAAAA")
    assert len(second_step.secret_box.unlock(stored)) == 32


def test_second_phone_needs_the_first_to_be_unbound():
    user = bound(staff())

    with pytest.raises(services.SecondStepRefusedError, match="联系系统管理员解除绑定"):
        bound(user)
    services.unbind_phone(login="li", reason="手机丢失", by=SYSTEM_ADMIN, at=NOON)
    bound(user)


def test_code_is_good_once():
    user = bound(staff())
    code = code_of(user)

    first = services.check_code(user_id=user.pk, code=code, at=NOON)
    second = services.check_code(user_id=user.pk, code=code, at=NOON)

    assert (first, second) == (SignInState.PASSED, SignInState.WRONG)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (-60, SignInState.WRONG),
        (-30, SignInState.PASSED),
        (0, SignInState.PASSED),
        (30, SignInState.PASSED),
        (60, SignInState.WRONG),
    ],
)
def test_code_is_good_for_a_half_minute_on_either_side(seconds, state):
    user = bound(staff(), at=NOON - 10 * MINUTE)
    code = code_of(user, at=NOON + timedelta(seconds=seconds))

    assert services.check_code(user_id=user.pk, code=f" {code[:3]} {code[3:]}", at=NOON) is state


def test_wrong_codes_lock_like_wrong_passwords():
    user = bound(staff())

    states = [services.check_code(user_id=user.pk, code="x", at=NOON) for _ in range(5)]

    assert states[-1] is SignInState.LOCKED
    right = services.check_code(user_id=user.pk, code=code_of(user), at=NOON)
    assert right is SignInState.LOCKED


def test_password_between_wrong_codes_does_not_start_the_count_again():
    user = bound(staff())

    states = []
    for _ in range(5):
        states.append(services.check_code(user_id=user.pk, code="x", at=NOON))
        sign_in()

    assert states[-1] is SignInState.LOCKED


def test_account_without_phone_passes_no_code():
    user = staff()

    assert services.check_code(user_id=user.pk, code="", at=NOON) is SignInState.WRONG


def test_demo_account_shows_a_code_that_is_taken(settings):
    settings.DEMO = True
    user = staff(is_demo=True)

    for _ in range(2):  # a second sign-in within the same half minute works too
        code = services.demo_code(user_id=user.pk, at=NOON)
        assert services.check_code(user_id=user.pk, code=code, at=NOON) is SignInState.PASSED
    assert services.demo_code(user_id=user.pk, at=NOON) == ""


def test_real_account_never_shows_its_code(settings):
    settings.DEMO = True
    user = bound(staff())

    assert services.demo_code(user_id=user.pk, at=NOON) == ""


def test_demo_code_is_not_shown_outside_a_demonstration(settings):
    settings.DEMO = True
    user = staff(is_demo=True)
    settings.DEMO = False

    assert services.demo_code(user_id=user.pk, at=NOON) == ""
    with pytest.raises(services.AccountRefusedError, match="演示环境"):
        staff("other", is_demo=True)
    with pytest.raises(services.SecondStepRefusedError, match="演示环境"):
        second_step.bind_demo(user, at=NOON)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " "}, "请填写解除绑定的原因"),
        ({"login": "wu"}, "没有绑定手机"),
    ],
)
def test_unbinding_is_refused(changes, words):
    bound(staff())
    staff("wu")
    arguments = {"login": "li", "reason": "丢失", "by": SYSTEM_ADMIN, "at": NOON}

    with pytest.raises(services.SecondStepRefusedError, match=words):
        services.unbind_phone(**(arguments | changes))


def test_administrator_does_not_unbind_himself():
    user = bound(staff("system-admin"))

    with pytest.raises(services.SecondStepRefusedError, match="另一名系统管理员"):
        services.unbind_phone(login=user.login, reason="丢失", by=SYSTEM_ADMIN, at=NOON)


def link(**changes):
    arguments = {
        "provider": "city",
        "identity": "u-1",
        "subject_ref": PERSON,
        "name": "张示例",
        "by": PROGRAM,
        "at": NOON,
    }
    return services.link_identity(**(arguments | changes))


def test_identity_that_nobody_linked_opens_nothing():
    assert services.authenticate_identity(provider="city", identity="u-1", at=NOON) is None


def test_identity_opens_the_real_name_account_that_exists():
    user = applicant()

    assert link() == user.pk
    answer = services.authenticate_identity(provider="city", identity="u-1", at=NOON)

    assert (answer.state, answer.user_id) == (SignInState.PASSED, user.pk)


def test_identity_makes_an_account_without_password():
    user = User.objects.get(pk=link())

    assert user.subject_ref == PERSON
    assert not user.has_usable_password()


def test_identity_of_another_provider_is_another():
    link()

    assert services.authenticate_identity(provider="other", identity="u-1", at=NOON) is None


def test_second_identity_does_not_take_an_account_over():
    link()

    with pytest.raises(services.IdentityRefusedError, match="已关联另一个统一身份认证账号"):
        link(identity="u-2")


def test_closed_account_is_not_opened_by_an_identity():
    link()
    user = User.objects.get()
    services.close_account(login=user.login, reason="本人申请", by=SYSTEM_ADMIN, at=NOON)

    answer = services.authenticate_identity(provider="city", identity="u-1", at=NOON)

    assert (answer.state, answer.user_id) == (SignInState.CLOSED, None)
    with pytest.raises(services.IdentityRefusedError, match="到综合窗口核验身份"):
        link(provider="other")


ASKED = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "answered_after_s", "proved_after_s"),
    [
        pytest.param(ASKED.timestamp() + 20, 30, 20, id="signed in after the question"),
        pytest.param(int(ASKED.timestamp()) - 59, 30, -59, id="clocks that differ by a minute"),
        pytest.param(int(ASKED.timestamp()) + 60, 30, 30, id="a clock that runs ahead"),
        pytest.param(int(ASKED.timestamp()) - 61, 30, None, id="signed in before"),
        pytest.param(int(ASKED.timestamp()) + 91, 30, None, id="forged: in the future"),
        pytest.param(int(ASKED.timestamp()) + 20, 621, None, id="the answer was kept back"),
        pytest.param(None, 30, None, id="nothing said"),
        pytest.param(str(int(ASKED.timestamp()) + 20), 30, None, id="a text"),
        pytest.param(True, 30, None, id="yes"),
        pytest.param(float("nan"), 30, None, id="no number"),
        pytest.param(float("inf"), 30, None, id="for ever"),
        pytest.param([ASKED.timestamp()], 30, None, id="a list"),
    ],
)
def test_only_a_sign_in_after_the_question_is_a_second_proof(
    said, answered_after_s, proved_after_s
):
    at = ASKED + timedelta(seconds=answered_after_s)

    found = signed_in_again(said, asked_at=ASKED, at=at)

    expected = None if proved_after_s is None else ASKED + timedelta(seconds=proved_after_s)
    assert found == expected
