"""Making a token without a password: only after signing in anew at the identity provider."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.organisations import PERSON, applicant
from yiwang.organisations.backend import BACKEND
from yiwang.organisations.models import OwnToken, User
from yiwang.web.accounts.session import PROVED

pytestmark = pytest.mark.django_db

NEW = "/me/tokens/new/"
ASKED = {"purpose": "查进度", "subject": PERSON, "scopes": ["read_cases"], "days": "7"}


@pytest.fixture
def citizen(client: Client, settings: Any) -> Client:
    """Return the browser of somebody whom only the provider lets in."""
    settings.OIDC_URL = "https://id.example"
    user = applicant(at=timezone.now())
    user.set_unusable_password()
    user.save()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


def prove(client: Client, *, minutes_ago: int) -> None:
    session = client.session
    session[PROVED] = (timezone.now() - timedelta(minutes=minutes_ago)).timestamp()
    session.save()


def test_the_page_sends_to_the_provider_before_it_shows_its_form(citizen: Client):
    page = citizen.get(NEW).content.decode()

    assert "先证明是您本人" in page
    assert 'href="/accounts/prove/?next=%2Fme%2Ftokens%2Fnew%2F"' in page
    assert 'name="purpose"' not in page

    prove(citizen, minutes_ago=5)
    assert 'name="purpose"' in citizen.get(NEW).content.decode()


def test_a_form_sent_without_the_proof_makes_nothing(citizen: Client):
    for minutes in (None, 11):
        if minutes:
            prove(citizen, minutes_ago=minutes)
        answer = citizen.post(NEW, ASKED)

        assert answer.status_code == 422
        assert "请先在统一身份认证平台重新登录一次" in answer.content.decode()
    assert not OwnToken.objects.exists()


def test_one_proof_is_good_for_one_token(citizen: Client):
    prove(citizen, minutes_ago=1)

    assert "令牌已建立" in citizen.post(NEW, ASKED).content.decode()
    assert citizen.post(NEW, ASKED).status_code == 422
    assert OwnToken.objects.count() == 1


def test_where_there_is_no_provider_the_page_says_where_to_get_a_password(
    citizen: Client, settings: Any
):
    settings.OIDC_URL = ""

    assert "到综合窗口核验身份并设置密码" in citizen.get(NEW).content.decode()
    refused = citizen.get(f"/accounts/prove/?next={NEW}")
    assert refused.status_code == 422
    assert "到综合窗口核验身份并设置密码" in refused.content.decode()
