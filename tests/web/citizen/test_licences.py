"""The wallet, and what a stranger learns from a code or a file."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories.portal import closed, signed_in
from yiwang.licences import queries as licences
from yiwang.licences.queries import LicenceView

pytestmark = [pytest.mark.usefixtures("portal"), pytest.mark.thorough]


@pytest.fixture
def licence(portal: None) -> LicenceView:
    """A licence granted to the firm."""
    found = licences.by_case(closed().number)
    assert found is not None
    return found


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_the_wallet_shows_the_holders_licences_only(licence: LicenceView):
    assert licence.number in words(signed_in().get("/licences/"))
    assert licence.number not in words(signed_in("zhang").get("/licences/"))


def test_a_licence_shows_its_code_to_the_holder_only(licence: LicenceView):
    address = f"/licences/{licence.identifier}/"

    page = words(signed_in().get(address))

    assert "data:image/svg+xml" in page
    assert signed_in("zhang").get(address).status_code == 404
    assert signed_in("zhang").get(f"{address}file/").status_code == 404
    assert signed_in().get("/licences/nothing/").status_code == 404


def test_the_sealed_file_is_found_valid_and_a_changed_one_is_not(licence: LicenceView):
    content = signed_in().get(f"/licences/{licence.identifier}/file/").content
    client = Client()

    right = client.post("/verify/", {"file": SimpleUploadedFile("证照.pdf", content)})
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    wrong = client.post("/verify/", {"file": SimpleUploadedFile("证照.pdf", bytes(changed))})

    assert right.status_code == 200, words(right)
    assert "核验结果：有效" in words(right)
    assert wrong.status_code == 422
    assert "核验结果：有效" not in words(wrong)


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7 broken", b"\0" * 2000])
def test_anything_else_uploaded_for_checking_is_answered(content: bytes):
    answer = Client().post("/verify/", {"file": SimpleUploadedFile("x.pdf", content)})

    assert answer.status_code == 422


def test_checking_nothing_asks_for_a_file():
    assert "请先选择电子证照的 PDF 文件" in words(Client().post("/verify/", {}))


def test_a_file_over_the_limit_is_refused(settings):
    settings.MAX_UPLOAD_BYTES = 1_000

    answer = Client().post("/verify/", {"file": SimpleUploadedFile("x.pdf", b"0" * 2_000)})

    assert "请选择电子证照原文件" in words(answer)


@pytest.mark.parametrize("door", ["v", "V"])
def test_a_code_leads_to_the_state_of_the_licence(licence: LicenceView, door: str):
    answer = Client().get(f"/{door}/{licence.token}")

    assert answer.status_code == 200
    assert "核验结果：有效" in words(answer)


@pytest.mark.parametrize("token", ["x", "%00", "A" * 400, "..%2F.."])
def test_a_code_of_nothing_is_answered_plainly(token: str):
    answer = Client().get(f"/v/{token}")

    assert answer.status_code == 404


def test_checking_too_often_is_stopped():
    client = Client()
    for _ in range(60):
        client.get("/v/NOTHING")

    answer = client.get("/v/NOTHING")

    assert answer.status_code == 429
    assert "查询太频繁" in words(answer)
