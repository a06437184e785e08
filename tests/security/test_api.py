"""What a program gets with a small or stolen token, and what lingers between two callers."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests.api.conftest import Caller, callers
from tests.factories import cases, registers
from tests.factories.desk import desk, signed_in
from yiwang.audit import queries as trail
from yiwang.cases.policy.answers import is_hidden, masked_answers
from yiwang.catalogue import queries as catalogue
from yiwang.documents import services as documents
from yiwang.organisations.models import ApiToken
from yiwang.organisations.permissions import Permission
from yiwang.registers import queries as persons

__all__ = ["callers", "desk"]


def narrow(login: str, *scopes: Permission) -> None:
    from yiwang.api import context

    rows = ApiToken.objects.filter(user__login=login)
    rows.update(scopes=[scope.value for scope in scopes])
    context.forget()


def opened(callers) -> str:
    body = {
        "item": cases.RESTAURANT,
        "applicant": cases.FIRM_REF,
        "answers": dict(cases.ANSWERS),
        "window": "A03",
    }
    return str(callers("clerk").post("/cases", body, key="k").json()["number"])


def test_staff_read_personal_answers_masked_and_the_applicant_whole(callers):
    number = opened(callers)
    item = catalogue.item_version(cases.RESTAURANT, 1)
    hidden = [question.id for question in item.questions() if is_hidden(question)]
    assert hidden

    own = callers("firm").get(f"/cases/{number}/file").json()["answers"]
    theirs = callers("reviewer").get(f"/cases/{number}/file").json()["answers"]

    for key in set(hidden) & set(own):
        assert "*" not in str(own[key])
        assert "*" in str(theirs[key])
        assert theirs[key] != own[key]
    assert {key: theirs[key] for key in theirs if key not in hidden} == {
        key: own[key] for key in own if key not in hidden
    }
    assert masked_answers(item, theirs) == theirs


def test_a_stolen_token_of_small_scope_opens_nothing_of_the_applicant(callers):
    number = opened(callers)
    narrow("firm", Permission.ITEM_READ)
    firm: Caller = callers("firm")

    assert firm.get("/my/cases").json() == {"rows": [], "after": None}
    assert firm.get("/my/licences").json() == []
    assert firm.get("/my/messages").json() == []
    assert firm.get(f"/cases/{number}").status_code == 404
    assert firm.get(f"/cases/{number}/file").status_code == 404
    draft = {"item": cases.RESTAURANT, "applicant": cases.FIRM_REF, "answers": {}}
    assert firm.post("/drafts", draft).status_code == 404
    withdrawal = firm.post(f"/cases/{number}/withdrawal", {"reason": "不办了"})
    assert withdrawal.status_code == 404


def test_a_stolen_token_of_small_scope_opens_nothing_of_the_office(callers):
    number = opened(callers)
    narrow("approver", Permission.ITEM_READ)
    approver: Caller = callers("approver")

    assert approver.get(f"/cases/{number}").status_code == 404
    assert approver.get("/cases").status_code == 403
    decision = approver.post(f"/cases/{number}/decision", {"outcome": "grant"})
    assert decision.status_code == 404


def test_a_token_that_hands_in_nothing_uploads_nothing(callers):
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF")
    answer = Client().post("/api/v1/uploads", {"file": file}, headers=callers("reviewer").headers)

    assert answer.status_code == 403
    assert "不能上传文件" in answer.json()["message"]


def test_the_next_caller_on_a_connection_sees_nothing_of_the_one_before(callers):
    callers("clerk").get("/cases")
    Client().get("/api/v1/items")

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('yiwang.departments', true)")
        assert cursor.fetchone()[0] == ""


@pytest.mark.parametrize("depth", [900, 100_000])
def test_deeply_nested_answers_are_a_wrong_request(callers, depth: int):
    body = b'{"item":"x","applicant":"entity:1","answers":' + b'{"a":' * depth + b"1"
    answer = Client(raise_request_exception=False).post(
        "/api/v1/drafts",
        body + b"}" * (depth + 1),
        content_type="application/json",
        headers=callers("firm").headers,
    )

    assert answer.status_code in {400, 404, 422}


def test_one_account_fills_no_disk(db, monkeypatch):
    import pyvips

    picture = bytes(pyvips.Image.black(20, 20).pngsave_buffer())
    monkeypatch.setattr("yiwang.documents.services.UNUSED_MAX_BYTES", len(picture))

    def upload(owner: str) -> None:
        documents.accept_upload(
            file=BytesIO(picture), name="a.png", size=len(picture), by=owner, at=cases.FRIDAY
        )

    upload("user:zhang")
    with pytest.raises(documents.UploadRefusedError, match="请先提交或者移除"):
        upload("user:zhang")
    upload("user:li")


def test_a_registered_person_is_not_typed_over_at_a_window(desk):
    held = registers.save_person()

    answer = signed_in("clerk").post(
        "/counter/register/",
        {"id_number": registers.ZHANG, "name": "冒名者", "phone": "13900000000"},
    )

    assert answer.status_code == 302
    assert persons.person(held.ref) == held


def test_a_letter_that_staff_open_by_the_api_is_written_down(callers):
    number = opened(callers)
    letter = cases.page(number).documents[0].id

    for path in (f"/documents/{letter}", f"/cases/{number}/letters/{letter}"):
        for who in ("clerk", "firm"):
            assert callers(who).get(path).status_code == 200

    looks = trail.trail(act=trail.READ_ACT, target=f"case:{number}")
    assert [(one.actor, one.detail["fields"]) for one in looks] == [
        ("user:clerk", [f"document:{letter}"])
    ] * 2
