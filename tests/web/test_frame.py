"""What every answer carries: policy, language, size, errors with a way on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import path

from tests.factories import cases
from tests.factories.portal import portal, signed_in
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Permission
from yiwang.web import context
from yiwang.web.public import site
from yiwang.web.requests import address_of, way_back
from yiwang.web.views import Page

__all__ = ["portal"]

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "src" / "yiwang" / "web" / "templates"

pytestmark = pytest.mark.usefixtures("portal")


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["/", "/no-such-page", "/cases/", "/sw.js", "/health/live"])
def test_every_answer_carries_the_strict_policy(client: Client, url: str):
    answer = client.get(url)

    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_pages_of_a_signed_in_person_are_kept_by_nobody():
    assert signed_in().get("/cases/")["Cache-Control"] == "no-store"


def test_no_template_holds_style_script_or_placeholder():
    odd = [
        f"{template.name}: {found}"
        for template in TEMPLATES.rglob("*.html")
        for found in re.findall(
            r"\sstyle=|<style|\son[a-z]+=|placeholder=|<script(?! src=)", template.read_text()
        )
    ]

    assert odd == []


def test_no_page_names_a_district():
    named = [
        file.name
        for file in [*TEMPLATES.rglob("*.html"), *TEMPLATES.parent.rglob("*.py")]
        if "嘉定" in file.read_text() or "Jiading" in file.read_text()
    ]

    assert named == []


def test_the_large_version_is_remembered_and_returns_to_the_same_page(client: Client):
    answer = client.post("/preferences/size/", {"size": "lg", "next": "/items/?for=person"})

    assert answer["Location"] == "/items/?for=person"
    assert 'data-size="lg"' in words(client.get("/"))
    client.post("/preferences/size/", {"size": "md", "next": "/"})
    assert 'data-size="md"' in words(client.get("/"))


def test_the_language_is_remembered_and_returns_to_the_same_page(client: Client):
    answer = client.post("/preferences/language/", {"language": "en", "next": "/help/"})

    assert answer["Location"] == "/help/"
    assert '<html lang="en">' in words(client.get("/"))


def test_what_the_browser_prefers_does_not_change_the_language(client: Client):
    page = words(client.get("/", headers={"Accept-Language": "en-US,en"}))

    assert '<html lang="zh-CN">' in page


@pytest.mark.parametrize("wish", ["klingon", "", "../../x"])
def test_an_unknown_language_or_size_is_the_standard(client: Client, wish: str):
    client.post("/preferences/language/", {"language": wish})
    client.post("/preferences/size/", {"size": wish})

    page = words(client.get("/"))

    assert '<html lang="zh-CN">' in page
    assert 'data-size="md"' in page


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""]
)
def test_a_switch_returns_to_our_own_pages_only(wish: str):
    request = RequestFactory().post("/preferences/size/", {"next": wish})

    assert way_back(request) == "/"


@pytest.mark.parametrize("url", ["/preferences/size/", "/preferences/language/"])
def test_a_reloaded_switch_changes_nothing(client: Client, url: str):
    assert client.get(url)["Location"] == "/"


def test_the_client_address_is_the_one_the_proxy_saw(settings):
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.1.1.1"})
    assert address_of(request) == "127.0.0.1"

    settings.HTTPS = True

    assert address_of(request) == "10.1.1.1"


def test_the_shell_for_phones_keeps_no_page_of_a_person():
    script = signed_in().get("/sw.js").content.decode()

    kept = json.loads(re.search(r"PRECACHE=(\[.*?\]),", script)[1])
    assert kept[0] == "/offline/"
    assert all(one == "/offline/" or one.startswith("/static/ui/") for one in kept)


def test_the_manifest_names_the_district(client: Client):
    assert client.get("/manifest.webmanifest").json()["name"] == "示例区政务服务"


def test_the_session_is_kept_for_who_is_there(client: Client):
    assert client.get("/preferences/session/").status_code == 403
    assert signed_in().get("/preferences/session/").status_code == 204


def test_components_are_shown_in_a_demonstration_only(client: Client, settings):
    settings.DEMO = True
    assert client.get("/_components").status_code == 200

    settings.DEMO = False

    assert client.get("/_components").status_code == 404


def test_before_a_district_is_loaded_pages_open(client: Client, monkeypatch: pytest.MonkeyPatch):
    def missing() -> None:
        raise LookupError("no district")

    context.forget()
    monkeypatch.setattr("yiwang.web.context.content.district", missing)

    assert "政务服务" in words(client.get("/"))


class Refusing(Page):
    """A page whose service refuses."""

    def get(self, request: HttpRequest) -> None:
        raise RefusedError("材料还没有收齐，请先补正。")


class Failing(Page):
    """A page with a defect."""

    def get(self, request: HttpRequest) -> None:
        raise ZeroDivisionError


class Missing(Page):
    """A page of nothing."""

    def get(self, request: HttpRequest) -> None:
        raise Http404


class Nameless(Page):
    """A page that names no permission."""


class ForReviewers(Page):
    """A page for a post."""

    permission = Permission.CASE_REVIEW


urlpatterns = [
    path("refusing", Refusing.as_view(permission=None), name="refusing"),
    path("failing", Failing.as_view(), name="failing"),
    path("missing", Missing.as_view(), name="missing"),
    path("nameless", Nameless.as_view(), name="nameless"),
    path("for-reviewers", ForReviewers.as_view(), name="for_reviewers"),
]


def _urls() -> list[object]:
    from yiwang.config.urls import urlpatterns as all_of_them

    return [*urlpatterns, *all_of_them]


class Urls:
    """The addresses of the program and those of this module."""

    urlpatterns = _urls()
    handler404 = "yiwang.web.public.site.not_found"
    handler500 = "yiwang.web.public.site.failed"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch):
    """The pages of this module, open to all but the last two."""
    monkeypatch.setattr("yiwang.web.views.OPEN_TO_ALL", {"refusing", "failing", "missing"})
    with override_settings(ROOT_URLCONF=Urls):
        yield


@pytest.mark.usefixtures("opened")
def test_a_refusal_is_a_page_with_its_sentence(client: Client):
    answer = client.get("/refusing")

    assert answer.status_code == 422
    assert "材料还没有收齐，请先补正。" in words(answer)


@pytest.mark.usefixtures("opened")
def test_a_defect_is_a_page_with_a_way_on():
    answer = Client(raise_request_exception=False).get("/failing")

    assert answer.status_code == 500
    assert "系统出现故障" in words(answer)
    assert 'href="/"' in words(answer)


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("url", ["/nameless", "/for-reviewers"])
def test_a_page_opens_for_nobody_unless_it_says_for_whom(client: Client, url: str):
    assert client.get(url)["Location"].startswith("/accounts/login/")
    answer = signed_in().get(url)
    assert answer.status_code == 403
    assert "您的岗位不能打开本页" in words(answer)


def test_a_form_older_than_the_session_says_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/preferences/size/", {"size": "lg"})

    assert answer.status_code == 403
    assert "页面停留时间过长" in words(answer)


def test_the_page_after_a_defect_needs_no_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        render_to_string("errors/failed.html", {"message": "系统出现故障"})


def test_cases_of_nobody_are_no_cases():
    assert signed_in("zhang").get("/cases/").status_code == 200
    assert cases.RESTAURANT not in words(signed_in("zhang").get("/cases/"))


def test_the_worker_is_empty_where_static_files_were_never_collected(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    def missing(name: str) -> str:
        raise ValueError(f"Missing staticfiles manifest entry for '{name}'")

    monkeypatch.setattr(site, "static", missing)

    answer = client.get("/sw.js")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Type"].startswith("text/javascript")
