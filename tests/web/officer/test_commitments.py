"""The desk of checks, granting on commitment, and records, on the pages."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import pyvips
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import cases, commitments
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit import queries as trail
from yiwang.cases import services
from yiwang.cases.models.commitments import ApplicantRecord, PostCheck, PostCheckResult
from yiwang.cases.policy.commitments import CheckOutcome

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture(autouse=True)
def item(desk):
    cases.publish(commitments.restaurant())


def photo():
    picture = pyvips.Image.black(40, 40).copy(interpretation="srgb").pngsave_buffer()
    return SimpleUploadedFile("现场.png", io.BytesIO(picture).getvalue())


FOUND = {
    "outcome": "correct",
    "conditions": ["rules"],
    "method": "site",
    "second_officer": "冯同行",
    "facts": "没有自查制度。",
}


def test_an_approver_grants_what_somebody_else_accepted_in_two_steps():
    number = commitments.accepted().number
    approver = signed_in("approver")
    page = f"/desk/cases/{number}/grant-on-commitment/"
    assert "按告知承诺准予" in words(approver.get(f"/desk/cases/{number}/"))
    shown = approver.get(page)
    assert "有与经营品种相适应的场所。" in words(shown)
    version = shown.context["case"].version

    second = approver.post(page, {"version": version})
    assert "2 个月内核查承诺" in words(second)
    done = approver.post(page, {"version": version, "confirmed": "1"})

    assert done.status_code == 302
    assert PostCheck.objects.get().case_number == number


def test_whoever_accepted_reads_that_somebody_else_decides():
    number = commitments.services.accept_case(
        number=commitments.submitted().number,
        calendar=cases.CALENDAR,
        by=cases.BOTH,
        at=cases.FRIDAY,
    ).number

    shown = words(signed_in("both").get(f"/desk/cases/{number}/grant-on-commitment/"))

    assert "不能由同一人决定" in shown


def test_a_case_without_a_letter_has_no_such_page():
    number = cases.receive().number

    answer = signed_in("approver").get(f"/desk/cases/{number}/grant-on-commitment/")

    assert answer.status_code == 404


@pytest.mark.req("CASE-08")
def test_a_supervisor_records_an_order_with_a_photo_and_then_a_pass():
    number = commitments.granted().number
    supervisor = signed_in("supervisor")
    page = f"/desk/commitments/{number}/"
    assert "上海示例餐饮管理有限公司" in words(supervisor.get("/desk/commitments/"))

    second = supervisor.post(page, FOUND | {"photos": photo()})
    assert "责令只有一次" in words(second)
    (ref,) = [value for name, value in second.context["kept"] if name == "photo_ref"]
    supervisor.post(page, FOUND | {"photo_ref": ref, "confirmed": "1"})

    result = PostCheckResult.objects.get()
    assert result.upload_refs == [ref]
    shown = words(supervisor.get(page))
    assert "责令改正中" in shown
    assert "没有自查制度。" in shown
    assert 'value="correct"' not in supervisor.get(page).content.decode()
    file = supervisor.get(f"{page}files/{ref.removeprefix('upload:')}/")
    assert file.status_code == 200
    services.report_correction(
        number=number,
        text="已建立自查制度。",
        upload_refs=[proof := cases.upload(cases.FIRM.ref)],
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    assert "2026-03-06 已报告改正" in words(supervisor.get("/desk/commitments/"))
    assert "持证人报告改正情况" in words(supervisor.get(page))
    assert supervisor.get(f"{page}files/{proof.removeprefix('upload:')}/").status_code == 200
    looks = trail.trail(act=trail.READ_ACT, target=f"case:{number}")
    assert [one.detail["fields"] for one in looks] == [[proof], [ref]]
    kept = FOUND | {"outcome": "pass", "conditions": [], "facts": "已经建立。", "confirmed": "1"}
    supervisor.post(page, kept)
    assert "核查通过" in words(supervisor.get("/desk/commitments/?tab=finished"))


def reported() -> str:
    number = commitments.granted().number
    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"], at=cases.FRIDAY)
    commitments.services.report_correction(
        number=number, text="已建立自查制度。", by=cases.FIRM, at=cases.FRIDAY
    )
    return number


def test_a_supervisor_answers_a_report_in_two_steps_and_it_leaves_the_list_of_reports():
    supervisor = signed_in("supervisor")
    assert "目前没有等待答复的改正报告" in words(supervisor.get("/desk/commitments/?tab=reported"))
    number = reported()
    page = f"/desk/commitments/{number}/"
    assert number in supervisor.get("/desk/commitments/?tab=reported").content.decode()
    assert f"{page}report/" in supervisor.get(page).content.decode()
    assert "已建立自查制度。" in words(supervisor.get(f"{page}report/"))

    second = supervisor.post(f"{page}report/", {"reason": "没有写周期。"})
    assert "改正期限不变" in words(second)
    assert "已报告改正" in words(supervisor.get(page))
    done = supervisor.post(f"{page}report/", {"reason": "没有写周期。", "confirmed": "1"})

    assert done["Location"] == page
    assert "答复：还要改正 没有写周期。" in words(supervisor.get(page))
    assert number not in supervisor.get("/desk/commitments/?tab=reported").content.decode()
    assert "没有等待答复的改正报告" in words(supervisor.get(f"{page}report/"))


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        pytest.param("", "请填写还要改正的内容", id="nothing"),
        pytest.param("好" * 2001, "最多 2000 个字", id="too long"),
    ],
)
def test_an_answer_without_words_is_shown_again(reason, sentence):
    page = f"/desk/commitments/{reported()}/report/"

    answer = signed_in("supervisor").post(page, {"reason": reason})

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_where_nobody_reported_or_may_look_there_is_no_page_of_an_answer():
    unreported = commitments.granted().number
    assert signed_in("supervisor").get(f"/desk/commitments/{unreported}/report/").status_code == 404
    page = f"/desk/commitments/{reported()}/report/"
    assert signed_in("stranger").get(page).status_code == 404
    assert signed_in("stranger").post(page, {"reason": "x", "confirmed": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"facts": ""}, "请填写查明的事实", id="no facts"),
        pytest.param({"outcome": "odd"}, "请选择核查结论", id="no such outcome"),
        pytest.param({"conditions": ["castle"]}, "请从告知的条件中选择", id="never told"),
        pytest.param({"second_officer": "", "confirmed": "1"}, "两名以上人员", id="alone on site"),
        pytest.param({"conditions": [], "confirmed": "1"}, "请选择是哪几个条件", id="for nothing"),
    ],
)
def test_a_finding_that_cannot_stand_is_shown_again(changes, sentence):
    number = commitments.granted().number

    answer = signed_in("supervisor").post(f"/desk/commitments/{number}/", FOUND | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not PostCheckResult.objects.exists()


def test_a_program_among_the_photos_is_refused_and_the_words_stay():
    number = commitments.granted().number
    bad = SimpleUploadedFile("现场.png", b"MZ" + b"0" * 100)

    answer = signed_in("supervisor").post(f"/desk/commitments/{number}/", FOUND | {"photos": bad})

    assert answer.status_code == 422
    assert "没有自查制度。" in answer.content.decode()


def test_other_departments_see_no_check():
    number = commitments.granted().number

    assert signed_in("stranger").get(f"/desk/commitments/{number}/").status_code == 404
    assert "目前没有待核查的承诺" in words(signed_in("stranger").get("/desk/commitments/"))
    assert signed_in("supervisor").get("/desk/commitments/none/").status_code == 404
    assert signed_in("supervisor").get(f"/desk/commitments/{number}/files/x/").status_code == 404


def test_figures_say_how_they_are_counted():
    number = commitments.granted().number
    commitments.check(number)

    shown = words(signed_in("head").get("/desk/commitments/figures/?year=2026"))

    assert "应核查：核查期限已过，或者已经核查的。" in shown
    assert "100.0%" in shown
    assert signed_in("head").get("/desk/commitments/figures/?year=x").status_code == 200


NOTE = {
    "applicant": cases.FIRM_REF.removeprefix("entity:"),
    "kind": "serious",
    "department": "market",
    "reason": "列入严重失信名单",
    "basis": "上海市社会信用条例 第二十五条",
    "until_on": "2027-03-05",
}


def test_a_head_notes_a_record_and_repairs_it_in_two_steps():
    head = signed_in("head")
    assert head.post("/desk/commitments/records/", NOTE).status_code == 302
    entry = ApplicantRecord.objects.get()
    assert entry.until_on == dt.date(2027, 3, 5)
    page = f"/desk/commitments/records/{entry.pk}/repair/"

    assert "从今天起不再影响办理方式" in words(head.post(page, {"reason": "已经修复"}))
    head.post(page, {"reason": "已经修复", "confirmed": "1"})

    assert "2026-03-06 已修复" in words(head.get("/desk/commitments/records/"))
    assert head.get("/desk/commitments/records/999/repair/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"applicant": "91310114MA1XXXXXX0"}, "法人库里没有", id="unknown firm"),
        pytest.param({"department": "housing"}, "请选择认定部门", id="another department"),
        pytest.param({"until_on": "2020-01-01"}, "截止日期已经过去", id="past"),
        pytest.param({"until_on": "x"}, "请填写日期", id="no day"),
        pytest.param({"reason": ""}, "请填写事由", id="no reason"),
        pytest.param({"basis": ""}, "请填写法律依据", id="no basis"),
    ],
)
def test_a_record_that_cannot_stand_is_shown_again(changes, sentence):
    answer = signed_in("head").post("/desk/commitments/records/", NOTE | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not ApplicantRecord.objects.exists()
