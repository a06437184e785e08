from __future__ import annotations

import re
from datetime import date
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests import oidc_provider
from tests.factories.organisations import PROGRAM, applicant
from yiwang.kernel.identifiers import citizen_id
from yiwang.organisations.models import IdentityLink, User
from yiwang.registers import services as registers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.load]


def number(sequence: int) -> str:
    return citizen_id.generate(division="310114", born_on=date(1985, 6, 15), sequence=sequence)


PEOPLE = {
    "zhang": {"name": "张示例", "id_number": number(1), "real_name_verified": True},
    "wang": {"name": "王示例", "id_number": number(3), "real_name_verified": False},
    "li": {
        "name": "李示例",
        "email": "zhang@example.org",
        "email_verified": True,
        "real_name_verified": True,
    },
    "wu": {"name": "吴示例", "id_number": number(5)[:-1] + "!", "real_name_verified": True},
    "qian": {
        "name": "钱示例",
        "id_number": number(9),
        "real_name_verified": True,
        "auth_time": 1_700_000_000,
    },
    "sun": {"name": "孙示例", "id_number": number(7), "real_name_verified": "yes"},
}


@pytest.fixture(scope="module")
def address(tmp_path_factory, live_server):
    """A provider in another process that knows our address."""
    callback = f"{live_server.url}/accounts/oidc/citizen/login/callback/"
    folder = tmp_path_factory.mktemp("provider")
    with oidc_provider.running(PEOPLE, folder=folder, callback=callback) as found:
        yield found


@pytest.fixture
def provider(address, settings):
    """The provider, and our settings that name it."""
    settings.OIDC_URL = address
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "citizen",
                    "name": settings.OIDC_NAME,
                    "client_id": oidc_provider.CLIENT_ID,
                    "secret": oidc_provider.CLIENT_SECRET,
                    "settings": {"server_url": address, "scope": ["openid", "profile"]},
                }
            ],
        }
    }
    return address


@pytest.fixture
def visitor():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def begin(visitor, site, wish=""):
    """Follow the button of our page to the provider's sign-in form."""
    page = visitor.get(f"{site}/accounts/login/?next={wish}", timeout=20)
    button = re.search(r'href="(/accounts/oidc/citizen/login/[^"]*)"', page.text)
    return visitor.get(urljoin(site, button[1].replace("&amp;", "&")), timeout=20)


def identify(visitor, form, login):
    """Fill in the provider's form as somebody who has an account there."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
    wish = re.search(r'name="next" value="([^"]+)"', form.text)[1].replace("&amp;", "&")
    return visitor.post(
        form.url,
        data={
            "csrfmiddlewaretoken": token,
            "login": login,
            "password": oidc_provider.PASSWORD,
            "next": wish,
        },
        headers={"referer": form.url},
        timeout=30,
    )


def sign_in(visitor, site, login, wish=""):
    return identify(visitor, begin(visitor, site, wish), login)


def name_on_account_page(visitor, site):
    page = visitor.get(f"{site}/accounts/", timeout=20)
    found = re.search(r"<dd>([^<]+示例)</dd>", page.text)
    return found[1] if found else None


def test_citizen_signs_in_at_the_provider_and_gets_a_real_name_account(
    provider, visitor, live_server
):
    form = begin(visitor, live_server.url, "/licences/")
    assert urlsplit(form.url).netloc == urlsplit(provider).netloc

    page = identify(visitor, form, "zhang")

    assert page.url == f"{live_server.url}/licences/"
    assert name_on_account_page(visitor, live_server.url) == "张示例"
    user = User.objects.get()
    assert user.subject_ref.startswith("person:")
    assert not user.has_usable_password()
    assert PEOPLE["zhang"]["id_number"] not in f"{user.login}{user.subject_ref}"


def test_account_that_exists_for_the_number_is_opened_and_kept(provider, visitor, live_server):
    from django.utils import timezone

    person = registers.save_person(
        id_number=PEOPLE["zhang"]["id_number"],
        name="张示例",
        source="窗口登记",
        by=PROGRAM,
        at=timezone.now(),
    )
    user = applicant(subject_ref=person.ref)

    sign_in(visitor, live_server.url, "zhang")
    visitor.cookies.clear()
    sign_in(visitor, live_server.url, "zhang")

    assert name_on_account_page(visitor, live_server.url) == "张示例"
    assert User.objects.get() == user
    assert IdentityLink.objects.get().user == user


@pytest.mark.parametrize(
    ("login", "words"),
    [
        pytest.param("wang", "还没有实名", id="not verified"),
        pytest.param("sun", "还没有实名", id="verified in words only"),
        pytest.param("li", "还没有实名", id="e-mail address of somebody else, no number"),
        pytest.param("wu", "公民身份号码", id="number that cannot be right"),
    ],
)
def test_nobody_comes_in_whom_the_provider_does_not_vouch_for(
    provider, visitor, live_server, login, words
):
    applicant()

    page = sign_in(visitor, live_server.url, login)

    assert urlsplit(page.url).path == "/accounts/login/"
    assert words in page.text
    assert name_on_account_page(visitor, live_server.url) is None
    assert User.objects.count() == 1


def test_refusal_of_the_provider_leads_back_with_a_sentence(provider, visitor, live_server):
    form = begin(visitor, live_server.url)
    state = re.search(r"state%3D([^%&\"]+)|state=([^&\"]+)", form.url)

    page = visitor.get(
        f"{live_server.url}/accounts/oidc/citizen/login/callback/"
        f"?error=access_denied&state={state[1] or state[2]}",
        timeout=20,
    )

    assert "统一身份认证没有完成" in page.text


def test_forged_return_opens_nothing(provider, visitor, live_server):
    page = visitor.get(
        f"{live_server.url}/accounts/oidc/citizen/login/callback/?code=stolen&state=guessed",
        timeout=20,
    )

    assert urlsplit(page.url).path == "/accounts/login/"
    assert name_on_account_page(visitor, live_server.url) is None


def test_provider_that_does_not_answer_leads_back_with_a_sentence(visitor, live_server, settings):
    settings.OIDC_URL = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "citizen",
                    "name": "x",
                    "client_id": "x",
                    "secret": "x",
                    "settings": {"server_url": "http://127.0.0.1:9"},
                }
            ]
        }
    }

    page = begin(visitor, live_server.url)

    assert "统一身份认证没有完成" in page.text


def prove(visitor, site, login):
    """Follow the button of the page that asks for a second proof, and sign in anew as `login`."""
    page = visitor.get(f"{site}/me/tokens/new/", timeout=20)
    button = re.search(r'href="(/accounts/prove/[^"]*)"', page.text)
    form = visitor.get(urljoin(site, button[1].replace("&amp;", "&")), timeout=20)
    if 'name="login"' in form.text:
        return identify(visitor, form, login)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
    return visitor.post(  # the provider knows who was there and asks for the password alone
        form.url,
        data={"csrfmiddlewaretoken": token, "password": oidc_provider.PASSWORD},
        headers={"referer": form.url},
        timeout=30,
    )


def test_who_signs_in_anew_at_the_provider_may_make_a_token(provider, visitor, live_server):
    sign_in(visitor, live_server.url, "zhang")

    page = prove(visitor, live_server.url, "zhang")

    assert page.url == f"{live_server.url}/me/tokens/new/"
    assert "先证明是您本人" not in page.text
    assert 'name="purpose"' in page.text


def test_an_old_sign_in_at_the_provider_is_no_second_proof(provider, visitor, live_server):
    sign_in(visitor, live_server.url, "qian")

    page = prove(visitor, live_server.url, "qian")

    assert "没有证明您刚才重新登录过" in page.text
    assert 'name="purpose"' not in page.text


def test_somebody_else_at_the_provider_is_no_second_proof(provider, visitor, live_server):
    sign_in(visitor, live_server.url, "zhang")
    visitor.cookies.clear(domain=urlsplit(provider).hostname)

    page = prove(visitor, live_server.url, "qian")

    assert "不是本账号的本人" in page.text
    assert 'name="purpose"' not in page.text
    assert name_on_account_page(visitor, live_server.url) == "张示例"
    assert User.objects.count() == 1
