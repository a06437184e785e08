"""Pages and calls of notices and archives: what a person sees, and what bad input gets."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from tests.archives.conftest import closed, package
from tests.factories import organisations as people
from tests.notices.conftest import TEMPLATES, messages, owner, sms_folder, templates
from yiwang.notices import services
from yiwang.notices.models import Choice, Contact, Notice
from yiwang.organisations.backend import BACKEND
from yiwang.organisations.models import User
from yiwang.organisations.permissions import EVERYWHERE, Post

__all__ = ["TEMPLATES", "closed", "owner", "package", "sms_folder", "templates"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def citizen(owner, templates, sms_folder) -> Client:
    cache.clear()
    client = Client()
    client.force_login(User.objects.get(login="zhang"), backend=BACKEND)
    return client


@pytest.fixture
def admin(db) -> Client:
    user = people.staff_with(Post.SYSTEM_ADMIN, EVERYWHERE)
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_an_applicant_proves_a_number_and_saves_a_choice(citizen, sms_folder):
    answer = citizen.post("/me/notices/sms/", {"address": "13922223333"})
    assert answer.status_code == 302
    services.send_due(at=Notice.objects.get().planned_at)
    code = messages(sms_folder)[-1]["text"][-6:]
    wrong = citizen.post(answer.url, {"code": "x"})
    assert wrong.status_code == 422
    assert "验证码不对" in wrong.content.decode()

    assert citizen.post(answer.url, {"code": code}).status_code == 302
    citizen.post(
        "/me/notices/",
        {"channels": ["sms"], "hours": "own", "quiet_from": "22", "quiet_until": "7"},
    )

    page = citizen.get("/me/notices/").content.decode()
    assert "139****3333" in page
    assert "13922223333" not in page
    choice = Choice.objects.get()
    assert (choice.email, choice.sms, choice.quiet_from) == (False, True, 22)
    citizen.post("/me/notices/sms/remove/")
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("address", "sent", "status"),
    [
        ("/me/notices/sms/", {"address": "1"}, 422),
        ("/me/notices/sms/", {}, 422),
        ("/me/notices/fax/", {"address": "1"}, 404),
        ("/me/notices/", {"hours": "never"}, 422),
        ("/me/notices/", {"hours": "own", "quiet_from": "99", "quiet_until": "1"}, 422),
        ("/me/notices/?of=person:other", {"hours": "none"}, 404),
        ("/me/notices/email/code/", {"code": "123456"}, 422),
    ],
)
def test_bad_input_changes_nothing_and_is_answered(citizen, address, sent, status):
    assert citizen.post(address, sent).status_code == status
    assert not Choice.objects.exists()


def test_codes_are_slowed_down_in_words(citizen):
    for _ in range(3):
        citizen.post("/me/notices/sms/", {"address": "13922223333"})

    answer = citizen.post("/me/notices/sms/", {"address": "13922223333"})

    assert answer.status_code == 429
    assert "太频繁" in answer.content.decode()


def test_the_administrator_sees_what_failed_and_gives_it_up_with_a_reason(admin, templates):
    row = Notice.objects.create(
        about="case:1",
        occasion="sent",
        channel="sms",
        to_ref="person:x",
        words={"code": "JD2603090017"},
        state="dead",
        problem="短信网关答复 400",
        planned_at=people.NOON,
    )
    page = admin.get("/desk/notices/").content.decode()
    assert "JD2603090017" in page
    assert "person:x" not in page
    assert admin.post(f"/desk/notices/{row.pk}/drop/", {"reason": ""}).status_code == 422

    admin.post(f"/desk/notices/{row.pk}/drop/", {"reason": "已电话告知"})

    assert Notice.objects.get().state == "dropped"
    assert admin.get("/desk/notices/?after=x").status_code == 422
    assert admin.post("/desk/notices/999999/again/").status_code == 404


def test_an_archivist_finds_saves_and_holds(package):
    user = people.staff_with(Post.ARCHIVIST, "market", login="archivist")
    client = Client()
    client.force_login(user, backend=BACKEND)

    listed = client.get(f"/desk/archives/?text={package.query_code}").content.decode()
    assert package.query_code in listed
    saved = client.get(f"/desk/archives/packages/{package.id}/file/")
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved.content[:2] == b"PK"
    case = f"/desk/archives/{package.case_number}/"
    assert client.post(f"{case}hold/", {"reason": ""}).status_code == 422
    assert client.post(f"{case}hold/", {"reason": "行政诉讼未结"}).status_code == 302
    page = client.get(case).content.decode()
    assert "行政诉讼未结" in page
    assert package.sm3 in page
    early = client.post(f"{case}packages/{package.id}/destroy/", {"reason": "x"})
    assert early.status_code == 422
    assert client.get("/desk/archives/none/").status_code == 403
