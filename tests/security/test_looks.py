"""Every look at papers and numbers is written down, also where no test holds a transaction."""

from __future__ import annotations

import json

import pytest

from tests.factories import cases
from tests.factories.desk import desk, signed_in
from yiwang.audit import queries as trail
from yiwang.documents import services as documents
from yiwang.licences import services as licences
from yiwang.organisations.permissions import Post
from yiwang.web.views import ANYBODY

__all__ = ["desk"]


def looked(number: str) -> list[tuple[str, str]]:
    return [
        (row.actor, row.detail["fields"][0].partition(":")[0])
        for row in trail.trail(target=f"case:{number}", act=trail.READ_ACT)
    ]


def with_picture(name: str = "身份证.png") -> tuple[str, str]:
    """Return the number of a case with one uploaded picture, and the key of the picture."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (20, 20), "white").save(file, "PNG")
    number = cases.receive().number
    taken = documents.accept_upload(
        file=BytesIO(file.getvalue()),
        name=name,
        size=len(file.getvalue()),
        by="user:clerk",
        at=cases.FRIDAY,
    )
    documents.mark_used(ref=taken.ref, used_by=f"case:{number}")
    return number, taken.ref.removeprefix("upload:")


@pytest.mark.django_db(transaction=True)
def test_the_trail_is_exported_outside_a_transaction_of_the_test(desk):
    answer = signed_in("auditor").get("/desk/trail/export/")

    assert answer.status_code == 200
    assert "操作人" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert trail.trail(act="audit.export")


@pytest.mark.django_db(transaction=True)
def test_a_file_is_shown_and_the_look_written_down(desk):
    number, key = with_picture()
    client = signed_in("reviewer")

    assert client.get(f"/desk/cases/{number}/files/{key}/").status_code == 200
    assert looked(number) == [("user:reviewer", "upload")]


def test_a_preview_is_a_look_too(desk):
    number, key = with_picture()

    assert signed_in("clerk").get(f"/desk/cases/{number}/files/{key}/preview/").status_code == 200
    assert looked(number) == [("user:clerk", "upload")]


def test_a_file_named_by_a_citizen_number_can_be_opened_and_leaves_no_number(desk):
    number, key = with_picture("310114198506151037.png")

    assert signed_in("reviewer").get(f"/desk/cases/{number}/files/{key}/").status_code == 200
    rows = trail.trail(target=f"case:{number}")
    assert "310114198506151037" not in json.dumps([dict(row.detail) for row in rows])


def test_letters_and_licences_opened_by_staff_are_written_down(desk, monkeypatch):
    number = cases.decided().number
    page = cases.page(number)
    client = signed_in("clerk")

    letter = page.documents[0].id
    assert client.get(f"/desk/cases/{number}/letters/{letter}/").status_code == 200
    assert client.get(f"/desk/cases/{number}/licence/").status_code == 200
    assert looked(number) == [("user:clerk", "licence"), ("user:clerk", "document")]


@pytest.mark.django_db(transaction=True)
def test_a_holder_downloads_the_licence_outside_a_transaction_of_the_test(desk):
    from tests.factories.portal import signed_in as applicant
    from yiwang.organisations import services as organisations
    from yiwang.organisations.permissions import Actor

    number = cases.decided().number
    licence = cases.page(number).case.licence_identifier
    licences.ensure_file(licence, at=cases.FRIDAY)
    organisations.create_applicant_account(
        login="firm",
        password="Correct-Horse-7",
        phone="",
        subject_ref=cases.FIRM_REF,
        name="某店",
        by=Actor(ref="job:setup"),
        at=cases.FRIDAY,
    )

    assert applicant("firm").get(f"/licences/{licence}/file/").status_code == 200
    assert trail.trail(act="licences.download")


def test_a_post_elsewhere_reveals_nothing_here(desk):
    from tests.factories.desk import SECURITY
    from yiwang.organisations import services as organisations

    number = cases.receive().number
    organisations.grant_post(
        login="head", department="housing", post=Post.REVIEWER, by=SECURITY, at=cases.FRIDAY
    )

    answer = signed_in("head").post(
        f"/desk/cases/{number}/reveal/entity.phone/", {"purpose": "核实申请材料"}
    )

    assert answer.status_code == 403
    assert not trail.trail(target=cases.FIRM_REF, act=trail.READ_ACT)


def test_the_person_reads_which_department_looked(desk):
    number = cases.receive().number

    answer = signed_in("reviewer").post(
        f"/desk/cases/{number}/reveal/entity.phone/", {"purpose": "核实申请材料"}
    )

    assert answer.status_code == 200
    (row,) = trail.reads_of(cases.FIRM_REF)
    assert row.department == "market"


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("clerk", "/desk/?text=%00"),
        ("sysadmin", "/desk/accounts/?text=a%00"),
        ("sysadmin", "/desk/accounts/?after=%00"),
        ("auditor", "/desk/trail/?act=%00"),
        ("clerk", "/desk/cases/%00/"),
        ("supervisor", "/desk/subjects/?text=%00"),
        ("head", "/desk/ratings/?after=%00"),
    ],
)
def test_a_nul_is_a_wrong_request_and_no_failure(desk, login, path):
    assert signed_in(login).get(path).status_code in {400, 422}


def test_a_typed_nul_is_asked_for_again(desk):
    answer = signed_in("clerk").post("/counter/", {"words": "张\x00三"})

    assert answer.status_code == 422


def test_nobody_is_not_taken_for_the_program():
    assert not ANYBODY.startswith(("system:", "job:", "user:"))


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/track/", "/v/AAAAAAAAAAAAAAAAAAAAAAAAAA", "/api/v1/items"]
)
def test_personal_answers_to_strangers_are_not_kept(client, db, path):
    assert client.get(path)["Cache-Control"] == "no-store"


def test_signed_in_pages_are_not_kept(desk):
    assert signed_in("clerk").get("/items/")["Cache-Control"] == "no-store"
