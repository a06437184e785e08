"""Reporting on an order to correct, from the holder's page to the checker's (报告改正情况)."""

from __future__ import annotations

import datetime as dt

import pytest
import pyvips
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.html import escape

from tests.factories import cases, commitments
from tests.factories.portal import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import CaseClock
from yiwang.cases.models.commitments import CorrectionReport, PostCheck, ReportReply
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.queries import CaseNotFoundError
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("portal")

LATER = cases.FRIDAY + dt.timedelta(days=40)


@pytest.fixture
def number(portal, monkeypatch) -> str:
    cases.publish(commitments.restaurant())
    number = commitments.granted().number
    commitments.check(
        number, outcome=CheckOutcome.CORRECT, conditions=["rules"], facts="没有自查制度。"
    )
    monkeypatch.setattr(Page, "at", LATER)
    return number


def page(number: str) -> str:
    return f"/cases/{number}/correction-report/"


def photo(name="整改后.png"):
    picture = pyvips.Image.black(40, 40).copy(interpretation="srgb").pngsave_buffer()
    return SimpleUploadedFile(name, bytes(picture))


@pytest.mark.req("CASE-08")
def test_a_holder_reports_with_a_photo_and_the_checker_passes_it(number):
    client = signed_in()
    shown = client.get(f"/cases/{number}/")
    assert page(number) in shown.content.decode()
    assert "没有自查制度。" in words(client.get(page(number)))

    done = client.post(page(number), {"text": "已建立自查制度并公示。", "files": [photo()]})

    assert done["Location"] == f"/cases/{number}/"
    assert "已报告改正情况，等待核查" in words(client.get(f"/cases/{number}/"))
    assert "整改后.png" in words(client.get(page(number)))
    (ref,) = CorrectionReport.objects.get().upload_refs
    file = f"/cases/{number}/files/{ref.removeprefix('upload:')}/"
    assert client.get(file).status_code == 200
    assert signed_in("zhang").get(file).status_code in {403, 404}
    row = PostCheck.objects.get()
    assert (row.state, row.reported_on) == ("ordered", LATER.date())
    (entry,) = trail(act="cases.report_correction")
    assert (entry.actor, entry.on_behalf_of) == ("user:firm", cases.FIRM_REF)
    assert "自查制度" not in str(entry)
    commitments.check(number, at=LATER)
    assert client.get(page(number)).status_code == 404


def test_an_order_stands_first_among_what_the_holder_has_to_do_until_it_is_reported_on(number):
    client = signed_in()
    assert page(number) in client.get("/cases/").content.decode()
    assert "去改正并报告：" in words(client.get("/cases/"))
    shown = words(client.get(f"/cases/{number}/"))
    assert "请于 5月5日 前改正并报告改正情况" in shown
    assert "无需操作" not in shown

    client.post(page(number), {"text": "已改正。"})

    assert "去改正并报告：" not in words(client.get("/cases/"))
    assert "前改正并报告改正情况" not in words(client.get(f"/cases/{number}/"))
    assert "去改正并报告：" not in words(signed_in("zhang").get("/cases/"))


def test_words_left_out_lose_no_photo(number):
    client = signed_in()

    again = client.post(page(number), {"text": " ", "files": [photo()]})

    assert again.status_code == 422
    assert words(again).count("错误：") == 1
    assert "请写明已经做了哪些改正。" in words(again)
    (ref,) = [one.ref for one in again.context["files"]]
    client.post(page(number), {"text": "已改正。", "file_ref": ref})
    assert CorrectionReport.objects.get().upload_refs == [ref]


def test_a_program_among_the_photos_is_named_and_the_words_and_photos_stay(number):
    bad = SimpleUploadedFile("程序.png", b"MZ" + b"0" * 100)

    again = signed_in().post(page(number), {"text": "已改正。", "files": [photo(), bad]})

    assert again.status_code == 422
    assert "程序.png：" in words(again)
    assert "已改正。" in again.content.decode()
    assert [one.name for one in again.context["files"]] == ["整改后.png"]
    assert not CorrectionReport.objects.exists()


def test_a_file_of_somebody_else_is_not_taken_along(number):
    theirs = cases.upload("user:stranger")

    signed_in().post(page(number), {"text": "已改正。", "file_ref": theirs})

    assert CorrectionReport.objects.get().upload_refs == []


def test_strangers_have_no_such_page_and_no_such_act(number):
    assert Client().get(page(number)).status_code == 302
    with pytest.raises(CaseNotFoundError):
        services.report_correction(number=number, text="已改正", by=cases.CLERK, at=LATER)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "改正情况"), ("好" * 2001, "最多 2000 个字")],
    ids=["nothing", "too long"],
)
def test_what_cannot_be_kept_says_why(number, text, sentence):
    answer = signed_in().post(page(number), {"text": text})

    assert (answer.status_code, sentence in words(answer)) == (422, True)
    assert not CorrectionReport.objects.exists()


def test_after_ten_reports_the_check_is_waited_for(number):
    client = signed_in()
    for _turn in range(10):
        client.post(page(number), {"text": "已改正。"})

    answer = client.post(page(number), {"text": "又改正。"})

    assert "已经报告过10次" in words(answer)
    assert escape("又改正。") in answer.content.decode()
    assert CorrectionReport.objects.count() == 10


def test_without_an_order_there_is_nothing_to_report(portal):
    cases.publish(commitments.restaurant())
    number = commitments.granted().number

    assert signed_in().get(page(number)).status_code == 404
    with pytest.raises(services.CheckRefusedError, match="现在没有需要报告的改正"):
        services.report_correction(number=number, text="已改正", by=cases.FIRM, at=LATER)


def decline(number, **changes):
    arguments = {
        "number": number,
        "reason": "制度没有写自查的周期。",
        "by": commitments.CHECKER,
        "at": LATER,
    }
    return services.decline_report(**(arguments | changes))


@pytest.mark.req("CASE-08")
def test_a_report_that_is_not_enough_is_answered_and_the_holder_reports_again(number):
    client = signed_in()
    client.post(page(number), {"text": "已建立自查制度。"})
    due_on = PostCheck.objects.get().due_on

    decline(number)

    row = PostCheck.objects.get()
    assert (row.state, row.due_on, row.reported_on) == ("ordered", due_on, None)
    shown = words(client.get(f"/cases/{number}/"))
    assert "您报告的改正还不到位：制度没有写自查的周期。" in shown
    assert "改正报告的答复" in shown
    assert "答复：还要改正" in words(client.get(page(number)))
    (entry,) = trail(act="cases.decline_report")
    assert (entry.actor, entry.department) == (commitments.CHECKER.ref, "market")
    assert "周期" not in str(entry)

    client.post(page(number), {"text": "已写明每月自查。"})
    assert "已报告改正情况，等待核查" in words(client.get(f"/cases/{number}/"))


def test_a_correction_reported_in_time_and_found_good_later_was_in_time(number):
    signed_in().post(page(number), {"text": "已改正。"})

    commitments.check(number, at=LATER + dt.timedelta(days=60))

    clock = CaseClock.objects.get(case__number=number, kind="commitment_correction")
    assert clock.met_on == LATER.date()


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        pytest.param({"number": "none"}, CaseNotFoundError, "办件", id="no such check"),
        pytest.param(
            {"by": cases.CLERK}, PermissionRefusedError, "核查告知承诺", id="not a checker"
        ),
        pytest.param(
            {"by": cases.STRANGER}, PermissionRefusedError, "核查告知承诺", id="another department"
        ),
        pytest.param({"reason": " "}, services.TextRefusedError, "请填写", id="nothing said"),
        pytest.param({"reason": "好" * 2001}, services.TextRefusedError, "最多", id="too long"),
    ],
)
def test_an_answer_that_cannot_stand_changes_nothing(number, changes, error, sentence):
    signed_in().post(page(number), {"text": "已改正。"})

    with pytest.raises(error, match=sentence):
        decline(**({"number": number} | changes))

    assert PostCheck.objects.get().reported_on == LATER.date()
    assert not ReportReply.objects.exists()


def test_nobody_answers_twice_or_what_was_never_reported(number):
    with pytest.raises(services.CheckRefusedError, match="没有等待答复的改正报告"):
        decline(number)
    signed_in().post(page(number), {"text": "已改正。"})
    decline(number)
    with pytest.raises(services.CheckRefusedError, match="没有等待答复的改正报告"):
        decline(number)
    commitments.check(number, at=LATER)
    with pytest.raises(services.CheckRefusedError, match="没有等待答复的改正报告"):
        decline(number)


def test_an_answer_cannot_be_changed_in_the_database(number):
    signed_in().post(page(number), {"text": "已改正。"})
    decline(number)

    with pytest.raises(DatabaseError), transaction.atomic():
        ReportReply.objects.update(text="没有意见")
