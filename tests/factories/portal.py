"""Applicants of the invented district, signed in, on a day that stands still."""

from __future__ import annotations

import io
import time
from typing import Any

import pikepdf
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from tests.factories import cases, registers
from tests.factories.desk import PASSWORD
from tests.factories.organisations import PROGRAM
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.cases.queries import CaseView
from yiwang.cases.services import CorrectionLine, ask_correction, deliver_case
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.web import context
from yiwang.web.accounts.session import SEEN
from yiwang.web.citizen import popularity
from yiwang.web.views import Page

FORM = {"address": "嘉定区南翔镇示例路11号", "area_m2": "80", "phone": "13900001234"}


def make() -> None:
    """Make the district with a firm and a person who can sign in."""
    call_command("createcachetable", verbosity=0)
    cases.district()
    person = registers.save_person()
    for login, subject, name in (
        ("firm", cases.FIRM_REF, "示例餐饮"),
        ("zhang", person.ref, "张示例"),
    ):
        services.create_applicant_account(
            login=login,
            password=PASSWORD,
            phone="",
            subject_ref=subject,
            name=name,
            by=PROGRAM,
            at=cases.FRIDAY,
        )
        User.objects.filter(login=login).update(password_changed_at=cases.FRIDAY)


@pytest.fixture
def portal(portal_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The district with a firm and a person; pages open on one Friday."""
    cache.clear()
    context.forget()
    popularity.forget()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)


def signed_in(login: str = "firm") -> Client:
    """Return a client signed in as one of the applicants."""
    client = Client()
    client.force_login(User.objects.get(login=login))
    session = client.session
    session[SEEN] = time.time()
    session.save()
    return client


def pdf(name: str = "平面图.pdf") -> SimpleUploadedFile:
    """Return a small PDF as a browser sends it."""
    buffer = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    document.save(buffer)
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="application/pdf")


def begun(client: Client, **answers: str) -> str:
    """Begin an application and return the address of its task list."""
    answer = client.post(
        f"/items/{cases.RESTAURANT}/apply/",
        {"applicant": cases.FIRM_REF, "kind": "catering", **answers},
    )
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def filled(client: Client) -> str:
    """Begin an application and fill in all but the declaration."""
    draft = begun(client)
    assert client.post(f"{draft}section/place/", FORM).status_code == 302
    sent = client.post(f"{draft}materials/", {"material": "layout", "file": pdf()})
    assert sent.status_code == 302, sent.content.decode()
    return draft


def submitted(client: Client) -> str:
    """Submit an application and return the address of its case."""
    answer = client.post(f"{filled(client)}check/", {"promise": "on", "tolerance": "on"})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"]).removesuffix("receipt/")


def corrected(address: str, **changes: Any) -> CaseView:
    """Have the window ask for a correction of the case at `address`."""
    line = CorrectionLine(
        material_id="layout", what="平面图看不清", why="受理标准：看得清", example="重拍一张"
    )
    return ask_correction(
        **{
            "number": address.split("/")[2],
            "lines": [line],
            "by": cases.CLERK,
            "at": cases.FRIDAY,
        }
        | changes
    )


def accepted(**changes: Any) -> CaseView:
    """Return an accepted case of the firm, with all its materials."""
    return cases.accepted(
        uploads={"layout": [cases.upload("user:clerk")]}, tolerance_signed=True, **changes
    )


def closed() -> CaseView:
    """Return a case of the firm that was granted and delivered."""
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    case = cases.decided(uploads=files)
    return deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    )
