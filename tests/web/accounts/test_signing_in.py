from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.organisations import (
    PASSWORD,
    SECURITY_ADMIN,
    SYSTEM_ADMIN,
    applicant,
    department,
    staff,
)
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.organisations.permissions import Post
from yiwang.organisations.services import second_step

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


def give(client, login="li", password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": login, "password": password} | more)


def demo_code(client):
    page = client.get("/accounts/login/code/").content.decode()
    return re.search(r"data-demo-code>(\d{6})<", page)[1]


def enter(client, login="li", **more):
    """Go both steps as a member of staff of the demonstration."""
    give(client, login, **more)
    return client.post("/accounts/login/code/", {"code": demo_code(client)})


def clerk(login="li", **changes):
    user = staff(login, is_demo=True, at=timezone.now(), **changes)
    services.grant_post(
        login=login,
        department=department("market"),
        post=Post.COUNTER_CLERK,
        by=SECURITY_ADMIN,
        at=timezone.now() - timedelta(seconds=1),
    )
    return user


def is_in(client):
    return client.get("/accounts/").status_code == 200


def test_applicant_signs_in_by_password_and_goes_where_he_wanted(client):
    applicant()

    answer = give(client, "zhang", next="/cases/")

    assert (answer.status_code, answer.url) == (302, "/cases/")
    assert is_in(client)


def test_sign_in_leads_to_no_other_site(client):
    applicant()

    answer = give(client, "zhang", next="https://evil.example/")

    assert answer.url == "/cases/"


def test_staff_sign_in_by_password_and_code(client):
    clerk()

    first = give(client)
    assert first.url == "/accounts/login/code/"
    assert not is_in(client)
    second = client.post("/accounts/login/code/", {"code": demo_code(client)})

    assert second.url == "/desk/"
    assert is_in(client)


def test_session_gets_a_fresh_key(client):
    clerk()
    client.get("/accounts/login/")
    give(client)
    before = client.session.session_key

    client.post("/accounts/login/code/", {"code": demo_code(client)})

    assert client.session.session_key != before


def test_code_page_needs_the_password_first(client):
    answer = client.get("/accounts/login/code/", follow=True)

    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "请先输入账号和密码" in answer.content.decode()


def test_right_password_waits_ten_minutes_for_the_code(client):
    clerk()
    give(client)
    kept = client.session
    kept["pending_sign_in"] |= {"since": timezone.now().timestamp() - 601}
    kept.save()

    assert client.get("/accounts/login/code/").url == "/accounts/login/"


def test_wrong_password_says_so_and_keeps_the_login(client):
    clerk()

    answer = give(client, password="wrong")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "账号或者密码不正确" in page
    assert 'value="li"' in page
    assert "wrong" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"login": "", "password": "x"}, "请输入账号"),
        ({"login": "li", "password": ""}, "请输入密码"),
        ({"login": "x" * 65, "password": "x"}, "64"),
        ({"login": "li\x00", "password": "x"}, "请修改后再提交"),
    ],
)
def test_login_form_says_what_is_missing(client, typed, words):
    answer = client.post("/accounts/login/", typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_wrong_code_says_what_to_do(client):
    clerk()
    give(client)

    answer = client.post("/accounts/login/code/", {"code": "000000x"})

    assert answer.status_code == 422
    assert "请输入手机上最新的动态码" in answer.content.decode()


def test_fifth_wrong_code_locks_and_leads_back(client):
    clerk()
    give(client)
    for _ in range(4):
        client.post("/accounts/login/code/", {"code": "1"})

    answer = client.post("/accounts/login/code/", {"code": "1"}, follow=True)

    assert "30分钟后再试" in answer.content.decode()
    assert "30分钟后再试" in give(client).content.decode()


def test_real_account_sees_no_code(client):
    user = staff()
    second_step._bind(
        user, second_step.totp.generate_totp_secret(), at=timezone.now(), last_period=0
    )
    give(client)

    assert "data-demo-code" not in client.get("/accounts/login/code/").content.decode()


def test_first_sign_in_binds_a_phone_and_changes_the_password(client):
    user = staff()
    assert give(client).url == "/accounts/login/phone/"
    page = client.get("/accounts/login/phone/").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert "data:image/svg+xml" in page
    again = client.get("/accounts/login/phone/").content.decode()
    assert secret in again.replace(" ", "")

    wrong = client.post("/accounts/login/phone/", {"code": "1"})
    assert "核对手机时间" in wrong.content.decode()
    period = second_step._now(timezone.now())
    code = second_step.totp.format_hotp_value(second_step.totp.hotp_value(secret, period))
    bound = client.post("/accounts/login/phone/", {"code": code})

    assert bound.url == "/accounts/password/"
    assert services.has_phone(user_id=user.pk)
    assert client.get("/").url == "/accounts/password/"  # nothing else opens before
    page = client.get("/accounts/password/").content.decode()
    assert "请先更改密码再继续" in page

    changed = client.post(
        "/accounts/password/",
        {"old": PASSWORD, "new": "Other-horse-8", "again": "Other-horse-8"},
    )
    assert changed.url == "/accounts/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"old": "wrong"}, "原密码不正确"),
        ({"new": "short", "again": "short"}, "不少于10个字符"),
        ({"again": "Other-horse-9"}, "两次输入的新密码不一致"),
        ({"new": PASSWORD, "again": PASSWORD}, "最近5次"),
        ({"old": ""}, "请输入原密码"),
    ],
)
def test_password_page_says_what_is_wrong(client, typed, words):
    applicant()
    give(client, "zhang")
    right = {"old": PASSWORD, "new": "Other-horse-8", "again": "Other-horse-8"}

    answer = client.post("/accounts/password/", right | typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_change_of_password_ends_the_other_sessions(client):
    applicant()
    elsewhere = Client()
    give(client, "zhang")
    give(elsewhere, "zhang")

    client.post(
        "/accounts/password/",
        {"old": PASSWORD, "new": "Other-horse-8", "again": "Other-horse-8"},
    )

    assert is_in(client)
    assert not is_in(elsewhere)


STOLEN = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML) Chrome/129.0.0.0 Mobile"


def test_sessions_are_listed_and_ended(client):
    applicant()
    elsewhere = Client(headers={"user-agent": STOLEN})
    give(client, "zhang")
    give(elsewhere, "zhang")
    page = client.get("/accounts/sessions/").content.decode()
    assert "Android Chrome 129" in page
    assert "Mozilla" not in page
    (number,) = re.findall(r'name="session" value="(\d+)"', page)

    client.post("/accounts/sessions/", {"session": number})

    assert is_in(client)
    assert not is_in(elsewhere)


def test_session_of_somebody_else_is_not_ended(client):
    applicant()
    clerk()
    other = Client()
    enter(other)
    give(client, "zhang")
    page = Client()
    enter(page)
    numbers = re.findall(
        r'name="session" value="(\d+)"', page.get("/accounts/sessions/").content.decode()
    )

    for number in [*numbers, "x", ""]:
        client.post("/accounts/sessions/", {"session": number})

    assert is_in(other)


def test_idle_session_ends_after_thirty_minutes(client):
    applicant()
    give(client, "zhang")
    kept = client.session
    kept["seen_at"] = timezone.now().timestamp() - 29 * 60
    kept.save()
    assert is_in(client)
    kept = client.session
    kept["seen_at"] = timezone.now().timestamp() - 30 * 60
    kept.save()

    answer = client.get("/accounts/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "30分钟没有操作" in answer.content.decode()


def test_cookie_outlives_an_idle_session(settings):
    from yiwang.organisations.policy.signin import IDLE_END

    assert IDLE_END.total_seconds() < settings.SESSION_COOKIE_AGE, "else nobody reads why it ended"


def test_closed_account_is_out_at_once(client):
    applicant()
    give(client, "zhang")
    services.close_account(login="zhang", reason="本人申请", by=SYSTEM_ADMIN, at=timezone.now())

    assert not is_in(client)


def test_logout_is_a_post_and_ends_the_session(client):
    applicant()
    give(client, "zhang")
    assert client.get("/accounts/logout/").status_code == 405
    assert is_in(client)

    client.post("/accounts/logout/")

    assert not is_in(client)


def test_open_session_is_not_asked_again(client):
    applicant()
    give(client, "zhang")

    assert client.get("/accounts/login/?next=/licences/").url == "/licences/"


def test_administrators_go_to_their_own_first_page(client):
    staff("admin", is_demo=True, at=timezone.now())
    services.grant_post(
        login="admin",
        department="*",
        post=Post.AUDIT_ADMIN,
        by=SECURITY_ADMIN,
        at=timezone.now() - timedelta(seconds=1),
    )

    assert enter(client, "admin").url == "/desk/trail/"


def test_account_page_shows_posts(client):
    clerk()
    enter(client)

    page = client.get("/accounts/").content.decode()

    assert "窗口人员" in page
    assert "示例区market局" in page


def test_last_sign_in_is_kept(client):
    applicant()
    give(client, "zhang")

    assert User.objects.get(login="zhang").last_login is not None


def test_provider_is_offered_only_when_one_is_set(client, settings):
    assert "用统一身份认证登录" not in client.get("/accounts/login/").content.decode()
    settings.OIDC_URL = "https://id.example"

    assert "用统一身份认证登录" in client.get("/accounts/login/").content.decode()
