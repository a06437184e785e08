"""Findings that arrive on the pages of the counter and of the applicant while somebody works on."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cases.policy.test_prechecks import letter, photo
from tests.factories import cases
from tests.factories.desk import desk as desk
from tests.factories.desk import signed_in as staff
from tests.factories.portal import begun, corrected, signed_in, submitted
from tests.factories.portal import portal as portal
from yiwang.cases.models import CorrectionItem
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy.prechecks import Grade
from yiwang.web.scans import LOOKS_MAX

ANSWERS = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
}


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("照片.jpg", photo(letter(), side=900))


def is_read() -> None:
    """Have what was waiting be read, as the worker does."""
    for row in UploadCheck.objects.all():
        row.findings = [
            one | {"grade": Grade.DOUBT.value, "message": "文件看起来是“营业执照”。"}
            if one["grade"] == Grade.WAITING
            else one
            for one in row.findings
        ]
        row.save()


def asked_again(page: str) -> str:
    """Return the address that the page asks by itself; empty: none."""
    found = re.search(r'hx-get="([^"]+)"', page)
    return found.group(1).replace("&amp;", "&") if found else ""


@pytest.mark.req("CASE-09")
@pytest.mark.usefixtures("portal")
def test_an_applicant_goes_on_while_a_photo_is_read_and_the_findings_arrive():
    client = signed_in()
    page = f"{begun(client)}materials/"
    assert client.post(page, {"material": "layout", "file": picture()}).status_code == 302

    first = client.get(page).content.decode()
    assert "正在识别图片里的文字" in first
    assert "不用等待，可以继续" in first

    again = client.get(asked_again(first)).content.decode()
    assert "<html" not in again
    assert "looks=1" in asked_again(again)

    is_read()
    done = client.get(asked_again(again)).content.decode()
    assert "文件看起来是“营业执照”。" in done
    assert asked_again(done) == ""
    assert "文件看起来是“营业执照”。" in client.get(page).content.decode()


@pytest.mark.usefixtures("portal")
def test_a_page_does_not_ask_for_ever():
    client = signed_in()
    page = f"{begun(client)}materials/"
    client.post(page, {"material": "layout", "file": picture()})
    address = asked_again(client.get(page).content.decode()).replace("looks=0", "looks=")

    for last in (str(LOOKS_MAX), "x", "", "99999", "٣"):
        shown = client.get(address + last).content.decode()
        assert asked_again(shown) == ""
        assert "刷新页面可以看到结果" in shown


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize("found", ["layout-", "layout-" + "0" * 32, "-", "x-y-z"])
def test_only_files_of_ones_own_application_are_told(found):
    client = signed_in()

    assert client.get(f"{begun(client)}materials/?found={found}").status_code == 404


@pytest.mark.req("CASE-09")
@pytest.mark.usefixtures("desk")
def test_a_clerk_goes_on_while_a_photo_is_read_and_another_clerk_sees_nothing():
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    clerk = staff("clerk")
    page = f"/counter/{cases.FIRM_REF}/with-papers/"
    sent = ANSWERS | {"key": "k1", "refresh": "1", "file_layout": picture()}
    address = asked_again(clerk.post(page, sent).content.decode())
    assert address.startswith(f"{page}?found=layout-")

    is_read()
    assert "文件看起来是“营业执照”。" in clerk.get(address).content.decode()

    UploadCheck.objects.update(owner_ref="user:other")
    from yiwang.documents.models import Upload

    Upload.objects.update(owner_ref="user:other")
    assert clerk.get(address).status_code == 404
    assert staff("reviewer").get(address).status_code in {403, 404}


@pytest.mark.req("CASE-09")
@pytest.mark.usefixtures("portal")
def test_what_is_filed_with_a_correction_or_later_is_looked_at_too():
    client = signed_in()
    address = submitted(client)
    UploadCheck.objects.all().delete()
    client.post(f"{address}materials/rules/", {"file": picture()})
    assert UploadCheck.objects.get().material_id == "rules"

    corrected(address)
    line = CorrectionItem.objects.get()
    answer = client.post(f"{address}correct/", {f"file-{line.pk}": picture()})

    assert answer.status_code == 302
    assert set(UploadCheck.objects.values_list("material_id", flat=True)) == {"rules", "layout"}
