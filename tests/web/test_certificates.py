"""A written promise in the place of a certificate, online and at the window (证明事项告知承诺)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from tests.factories import cases, desk, portal
from tests.factories.portal import FORM, begun, pdf
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, CaseMaterial
from yiwang.cases.models.commitments import CertificateCommitment
from yiwang.cases.policy.commitments import RecordKind, SignedBy
from yiwang.cases.policy.terms import DocumentKind, MaterialState

WINDOW = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
SENT = {"kind": "catering", **FORM, "key": "k1", "receive": "1", "declared": "1"}


LOOK = {key: value for key, value in SENT.items() if key != "receive"} | {"refresh": "1"}


def item() -> dict[str, Any]:
    """Return the restaurant whose right to the premises and plan a promise may replace."""
    whole = cases.restaurant()
    for material in whole["materials"]:
        if material["id"] == "layout":
            material["waive_by"] = "commitment"
        if material["id"] == "rules":
            material |= {"waive_by": "commitment", "necessity": "required", "tolerance_days": 0}
    return whole


@pytest.fixture
def draft(portal) -> str:
    cases.publish(item())
    client = portal_client()
    address = begun(client)
    client.post(f"{address}section/place/", FORM)
    return address


@pytest.fixture
def window(desk) -> None:
    cases.publish(item())


portal_client = portal.signed_in
clerk = desk.signed_in
desk = desk.desk
portal = portal.portal

PROMISE = {"promise": "on", "certified": "on", "state_layout": "自有房屋，面积80平方米"}


def bar() -> None:
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.BROKEN_COMMITMENT,
        reason="承诺不实",
        basis="上海市优化营商环境条例 第二十九条",
        department="market",
        until_on=dt.date(2027, 3, 5),
        by=cases.HEAD,
        at=cases.FRIDAY,
    )


def states() -> dict[str, str]:
    return dict(CaseMaterial.objects.values_list("material_id", "state"))


@pytest.mark.req("CASE-08")
def test_what_the_guide_says_may_be_promised_needs_no_file(draft):
    client = portal_client()
    assert "可以不交：提交申请时书面承诺代替" in words(client.get(f"{draft}materials/"))
    shown = words(client.get(f"{draft}check/"))
    assert "“平面图”的说明" in shown
    assert "看得清。" in shown

    done = client.post(f"{draft}check/", PROMISE)

    assert done.status_code == 302
    assert (states()["layout"], states()["rules"]) == (MaterialState.WAIVED,) * 2
    row = CertificateCommitment.objects.get()
    assert row.materials == ["layout", "rules"]
    assert "承诺人说明：自有房屋，面积80平方米" in row.paragraphs
    assert (row.signed_by, row.signed_how) == ("user:firm", SignedBy.ACCOUNT.value)
    assert CaseDocument.objects.filter(kind=DocumentKind.CERTIFICATE_COMMITMENT).count() == 1
    (entry,) = trail(act="cases.sign_certificates")
    assert entry.detail["materials"] == ["layout", "rules"]
    assert "自有房屋" not in str(entry)


def test_without_the_tick_nothing_is_submitted_and_the_words_stay(draft):
    answer = portal_client().post(f"{draft}check/", PROMISE | {"certified": ""})

    assert answer.status_code == 422
    assert "请阅读并勾选承诺，或者到“材料”中上传这些证明。" in words(answer)
    assert "自有房屋，面积80平方米" in answer.content.decode()
    assert not Case.objects.exists()


def test_a_statement_that_is_too_long_says_so(draft):
    answer = portal_client().post(f"{draft}check/", PROMISE | {"state_layout": "好" * 501})

    assert (answer.status_code, "最多 500 个字，请删减。" in words(answer)) == (422, True)


def test_whoever_uploads_the_certificate_promises_only_the_other(draft):
    client = portal_client()
    client.post(f"{draft}materials/", {"material": "layout", "file": pdf()})
    shown = words(client.get(f"{draft}check/"))
    assert "“平面图”的说明" not in shown

    client.post(f"{draft}check/", {"promise": "on", "certified": "on"})

    assert states()["layout"] == MaterialState.FILED
    assert CertificateCommitment.objects.get().materials == ["rules"]


def test_whoever_promised_falsely_before_uploads_and_reads_why(draft):
    bar()
    client = portal_client()

    answer = client.post(f"{draft}check/", PROMISE)

    assert answer.status_code == 422
    shown = words(answer)
    assert "不能以承诺代替证明" in shown
    assert "请上传“平面图”。" in shown
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("certificates", "sentence"),
    [
        ({"application": ""}, "不能以书面承诺代替"),
        ({"castle": ""}, "不能以书面承诺代替"),
        ({"layout": "好" * 501}, "最多500个字"),
    ],
)
@pytest.mark.usefixtures("portal")
def test_what_may_not_be_promised_is_refused_by_the_service(certificates, sentence):
    cases.publish(item())
    draft = cases.draft()

    with pytest.raises(services.CommitmentRefusedError, match=sentence):
        cases.submit(draft.id, certificates=certificates)
    assert not Case.objects.exists()


@pytest.mark.usefixtures("window")
def test_at_the_window_the_promise_is_signed_on_paper_and_goes_home_as_a_copy():
    client = clerk("clerk")
    assert "以承诺代替“平面图”的说明" in words(client.post(WINDOW, LOOK))

    receipt = client.post(
        WINDOW, SENT | {"certified": "1", "state_layout": "自有房屋"}, follow=True
    )

    row = CertificateCommitment.objects.get()
    assert (row.signed_by, row.signed_how) == (cases.FIRM_REF, SignedBy.WINDOW.value)
    assert "承诺人说明：自有房屋" in row.paragraphs
    letter = CaseDocument.objects.get(kind=DocumentKind.CERTIFICATE_COMMITMENT)
    link = reverse("officer:document", args=[row.case.number, letter.pk])
    assert link in receipt.content.decode()


@pytest.mark.usefixtures("window")
def test_at_the_window_what_is_not_promised_is_missing_and_told_once():
    clerk("clerk").post(WINDOW, SENT)

    assert states()["layout"] == MaterialState.MISSING
    assert not CertificateCommitment.objects.exists()


@pytest.mark.usefixtures("window")
def test_at_the_window_a_false_promise_of_before_bars_with_its_reason():
    bar()
    client = clerk("clerk")

    page = client.post(WINDOW, LOOK)

    assert "不能以承诺代替证明" in words(page)
    assert 'name="certified"' not in page.content.decode()
