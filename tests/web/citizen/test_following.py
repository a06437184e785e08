"""One's own cases: progress, correction, withdrawal, files, rating; and nobody else's."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import cases
from tests.factories.desk import hire
from tests.factories.portal import accepted, closed, corrected, pdf, signed_in, submitted
from yiwang.audit import services as audit
from yiwang.cases import queries, services
from yiwang.cases.models import (
    Case,
    ContactChange,
    CorrectionItem,
    MaterialWithdrawal,
    WindowVisit,
)
from yiwang.cases.policy.states import CaseState
from yiwang.documents import sealing
from yiwang.organisations.models import User
from yiwang.ratings.models import Rating

pytestmark = pytest.mark.usefixtures("portal")


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def main_of(answer: object) -> str:
    return words(answer).split("<main", 1)[1].split("</main>", 1)[0]


def test_a_case_shows_step_holder_due_day_and_that_nothing_is_to_be_done_but_the_gap():
    client = signed_in()

    page = words(client.get(submitted(client)))

    assert page.count('aria-current="step"') == 1
    assert "示例区市场监管局" in page
    assert "2026年3月13日" in page
    assert "请补交 1 件容缺材料。" in page
    assert "已提交申请" in page


def test_the_applicant_reads_what_is_to_be_done_about_a_hearing():
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    case = cases.in_state(CaseState.HEARING, uploads=files)
    client, path = signed_in(), f"/cases/{case.number}/"

    told = main_of(client.get(path))
    assert "您可以要求听证，最迟 3月13日 提出" in told
    assert f'href="{path}hearing/">要求听证</a></p>' in told
    assert "最迟2026年3月13日提出" in told

    client.post(f"{path}hearing/", {"text": "不相邻"})
    asked = main_of(client.get(path))
    assert "将举行听证，时间和地点另行通知您" in asked
    assert "无需操作" not in asked

    hire("head")
    services.set_hearing(
        number=case.number,
        held_at=cases.FRIDAY.replace(day=20, hour=9, minute=30),
        place="三楼",
        chair=cases.HEAD.ref,
        calendar=cases.CALENDAR,
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    held = main_of(client.get(path))
    assert "听证定于 3月20日 09:30 举行，地点：三楼，请准时参加。" in held
    assert f'href="{path}hearing/">查看听证</a></p>' in held


def test_another_persons_case_and_a_guessed_number_get_the_same_answer():
    address = submitted(signed_in())
    stranger = signed_in("zhang")

    known, guessed = stranger.get(address), stranger.get("/cases/1234567890/")

    assert known.status_code == guessed.status_code == 403
    assert "请核对办件编号" in words(known)
    assert main_of(known) == main_of(guessed)


@pytest.mark.parametrize(
    "tail",
    [
        "answers/",
        "receipt/",
        "correct/",
        "withdraw/",
        "withdraw-material/",
        "contact/",
        "rate/",
        "letters/1/",
        "files/1/",
    ],
)
def test_no_page_of_another_persons_case_opens(tail: str):
    address = submitted(signed_in())

    assert signed_in("zhang").get(f"{address}{tail}").status_code == 403


def test_the_receipt_is_a_sealed_pdf():
    client = signed_in()
    address = submitted(client)
    letter = Case.objects.get().documents.get(kind="receipt")

    answer = client.get(f"{address}letters/{letter.pk}/")

    assert answer["Content-Type"] == "application/pdf"
    assert sealing.verify_pdf(answer.content).intact


def test_a_letter_of_another_case_is_not_found():
    client = signed_in()

    assert client.get(f"{submitted(client)}letters/999999/").status_code == 404


def test_what_was_submitted_can_be_read_again_with_its_files():
    client = signed_in()
    address = submitted(client)
    page = words(client.get(f"{address}answers/"))
    assert "80 平方米" in page
    link = page.split("files/", 1)[1].split('"', 1)[0]

    answer = client.get(f"{address}files/{link}")

    assert answer["Content-Type"] == "application/pdf"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert client.get(f"{address}files/{'0' * 32}/").status_code == 404


def test_a_correction_lists_everything_and_wants_every_line():
    client = signed_in()
    address = submitted(client)
    corrected(address)

    page = words(client.get(f"{address}correct/"))
    assert "平面图看不清" in page
    assert "受理标准：看得清" in page
    assert "重拍一张" in page
    answer = client.post(f"{address}correct/", {})

    assert answer.status_code == 422
    assert "还有1项没有补正" not in words(answer), "the line says it already"
    line = CorrectionItem.objects.get()
    assert f'<a href="#file-{line.pk}">1. 平面图看不清</a>：请上传文件' in words(answer)
    assert f'id="file-{line.pk}"' in answer.content.decode()


def test_a_correction_is_filed_with_a_file():
    client = signed_in()
    address = submitted(client)
    corrected(address)
    line = CorrectionItem.objects.get()
    assert "将替换这项材料原来的文件" in words(client.get(f"{address}correct/"))
    assert "补正前" not in words(client.get(f"{address}answers/"))

    answer = client.post(f"{address}correct/", {f"file-{line.pk}": pdf()}, follow=True)

    assert "补正已提交，我们会在 5 个工作日内告知是否受理" in words(answer)
    assert Case.objects.get().state == CaseState.RECEIVED
    assert "补正已经提交" in words(client.get(f"{address}correct/"))
    shown = words(client.get(f"{address}answers/"))
    assert shown.count("补正前（已被替换）") == 1
    assert shown.count(f"补正后 {Case.objects.get().corrected_on:%Y-%m-%d}") == 1


def test_a_bad_file_in_a_correction_keeps_the_words_typed():
    client = signed_in()
    address = submitted(client)
    corrected(address)
    line = CorrectionItem.objects.get()
    bad = SimpleUploadedFile("a.pdf", b"MZ\0\0", content_type="application/pdf")

    answer = client.post(
        f"{address}correct/", {f"file-{line.pk}": bad, f"answer-{line.pk}": "已重拍"}
    )

    assert answer.status_code == 422
    assert "已重拍" in words(answer)
    assert "<title>错误：补正材料" in words(answer)
    assert f'<a href="#file-{line.pk}">1. 平面图看不清</a>' in words(answer)
    assert Case.objects.get().state == CaseState.CORRECTION


def test_a_case_without_correction_has_no_correction_page():
    client = signed_in()

    assert client.get(f"{submitted(client)}correct/").status_code == 404


def test_a_tolerated_material_is_filed_later():
    client = signed_in()
    address = submitted(client)

    empty = client.post(f"{address}materials/rules/", {})
    assert empty.status_code == 422
    assert "请先选择文件" in words(empty)
    answer = client.post(f"{address}materials/rules/", {"file": pdf("制度.pdf")}, follow=True)

    assert "材料已补交" in words(answer)
    assert client.get(f"{address}materials/rules/").status_code == 404
    assert client.get(f"{address}materials/layout/").status_code == 404


def test_a_withdrawal_needs_a_reason_and_a_second_step():
    client = signed_in()
    address = submitted(client)
    assert "撤回后本次申请结束" in words(client.get(f"{address}withdraw/"))

    empty = client.post(f"{address}withdraw/", {"reason": "  "})
    assert empty.status_code == 422
    assert "请填写撤回原因" in words(empty)
    done = client.post(f"{address}withdraw/", {"reason": "不办了"}, follow=True)

    assert "申请已撤回" in words(done)
    assert "您已撤回申请，本次申请已经结束" in words(done)
    assert "撤回申请</a>" not in words(done)
    again = client.post(f"{address}withdraw/", {"reason": "不办了"})
    assert again.status_code == 422
    assert "不能" in words(again)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (CaseState.NOT_ACCEPTED, "申请没有受理，理由和救济途径见决定书。"),
        (CaseState.NO_NEED, "依法不需要取得行政许可"),
        (CaseState.REJECTED, "申请没有获得准予"),
    ],
)
def test_a_no_says_on_the_page_itself_how_to_contest_it(state: CaseState, said: str):
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    case = cases.in_state(state, uploads=files)

    page = main_of(signed_in().get(f"/cases/{case.number}/"))

    assert said in page
    assert "如不服本决定，可以自收到之日起60日内" in page


def test_a_refusal_says_result_reason_and_basis_on_the_page_and_asks_for_nothing_more():
    papers = {"layout": [cases.upload("user:clerk")]}
    case = cases.in_state(CaseState.REJECTED, uploads=papers, tolerance_signed=True)

    page = main_of(signed_in().get(f"/cases/{case.number}/"))

    assert "<dt>决定</dt><dd>不予</dd>" in page
    assert "<h2>不予行政许可决定书</h2>" in page
    assert "理由：" in page
    assert "依据：" in page
    assert "待补交的材料" not in page
    assert "容缺材料" not in page


def test_a_case_under_way_says_nothing_of_contesting():
    case = accepted()

    assert 'id="remedies"' not in main_of(signed_in().get(f"/cases/{case.number}/"))


def test_a_case_bears_the_english_name_of_its_item_in_english():
    english = {"name": "Food licence", "summary": "For restaurants.", "texts": {}}
    cases.publish(cases.restaurant(english=english, effective_on="2026-02-02"))
    case = accepted()
    client = signed_in()
    client.cookies["django_language"] = "en"

    for address in (f"/cases/{case.number}/", "/cases/", "/"):
        page = main_of(client.get(address))
        assert "Food licence" in page, address
        assert case.item_name not in page.split("messages", 1)[0] or address != "/cases/"


def test_a_closed_case_is_rated_once_with_no_grade_chosen_beforehand():
    case = closed()
    client = signed_in()
    page = words(client.get(f"/cases/{case.number}/rate/"))
    assert " checked" not in page
    assert "部门会在 15 个工作日内整改并答复" in page
    empty = client.post(f"/cases/{case.number}/rate/", {})
    assert "请选择一个评价等级" in words(empty)

    answer = client.post(
        f"/cases/{case.number}/rate/", {"grade": "dissatisfied", "comment": "慢"}, follow=True
    )

    assert "评价已提交" in words(answer)
    assert "部门将于" in words(answer)
    assert Rating.objects.get().grade == "dissatisfied"
    second = client.post(f"/cases/{case.number}/rate/", {"grade": "satisfied"})
    assert second.status_code == 422
    assert "每个办件只能评价一次" in words(second)


@pytest.mark.parametrize("grade", ["", "excellent", "5"])
def test_a_grade_outside_the_five_is_refused(grade: str):
    case = closed()

    answer = signed_in().post(f"/cases/{case.number}/rate/", {"grade": grade})

    assert answer.status_code == 422
    assert not Rating.objects.exists()


def test_my_cases_show_what_needs_me_first():
    client = signed_in()
    corrected(submitted(client))

    page = words(client.get("/cases/"))

    assert "需要您处理" in page
    assert "去补正：" in page


def test_a_wrong_page_key_says_to_start_again():
    assert signed_in().get("/cases/?after=abc").status_code == 422


def test_my_data_shows_who_read_it(client: Client):
    ref = User.objects.get(login="zhang").subject_ref
    audit.record_read(
        at=cases.FRIDAY,
        actor="user:clerk",
        target=ref,
        fields=["id_number"],
        purpose="核对身份",
        department="market",
    )

    page = words(signed_in("zhang").get("/me/"))

    assert "310***********1037" in page
    assert "310114198506151037" not in page
    assert "核对身份" in page
    assert "示例区市场监管局" in page


@pytest.mark.req("CASE-05")
def test_a_material_is_taken_back_and_filed_again_before_the_decision():
    client = signed_in()
    address = submitted(client)
    number = address.strip("/").rpartition("/")[2]
    page = client.get(f"{address}withdraw-material/")
    assert "作出决定以后不能撤回" in words(page)
    (choice,) = [one[0] for one in page.context["form"].fields["material"].choices]

    for sent, sentence in (
        ({}, "请选择要撤回的材料"),
        ({"material": "rules", "reason": "x"}, "请从列出的材料中选择"),
        ({"material": choice}, "请填写撤回原因"),
    ):
        wrong = client.post(f"{address}withdraw-material/", sent)
        assert wrong.status_code == 422
        assert sentence in words(wrong)
    done = client.post(
        f"{address}withdraw-material/", {"material": choice, "reason": "换一份"}, follow=True
    )

    assert "材料已撤回" in words(done)
    assert f"{address}materials/{choice}/" in words(done)
    kept = client.get(f"{address}withdraw-material/")
    assert "换一份" in words(kept)
    assert client.get(re.findall(rf"{address}files/\w+/", words(kept))[0]).status_code == 200
    again = client.post(f"{address}materials/{choice}/", {"file": pdf("新.pdf")}, follow=True)
    assert "材料已补交" in words(again)
    assert not WindowVisit.objects.exists()
    assert Case.objects.get(number=number).state == CaseState.RECEIVED


@pytest.mark.req("CASE-05")
def test_new_contacts_are_shown_whole_to_the_applicant_and_used_for_tracking():
    client = signed_in()
    address = submitted(client)

    empty = client.post(f"{address}contact/", {"phone": " "})
    assert empty.status_code == 422
    assert "请填写新的联系人、联系电话或者送达地址" in words(empty)
    wrong = client.post(f"{address}contact/", {"phone": "123"})
    assert "电话应为11位手机号" in words(wrong)
    done = client.post(
        f"{address}contact/", {"phone": "13900005678", "address": "示例路9号"}, follow=True
    )

    assert "联系方式已变更" in words(done)
    shown = words(client.get(f"{address}contact/"))
    assert "13900005678" in shown
    assert "示例路9号" in shown
    case = Case.objects.get(number=address.strip("/").rpartition("/")[2])
    found = queries.track(query_code=case.query_code, phone="5678", at=cases.FRIDAY)
    assert found.number == case.number


def test_nothing_is_changed_after_the_decision():
    case = closed()
    client = signed_in()

    for page, sent in (
        ("withdraw-material/", {"material": "layout", "reason": "x"}),
        ("contact/", {"phone": "13900005678"}),
    ):
        assert "已作出决定或者已经办结" in words(client.get(f"/cases/{case.number}/{page}"))
        assert client.post(f"/cases/{case.number}/{page}", sent).status_code == 422
    assert not MaterialWithdrawal.objects.exists()
    assert not ContactChange.objects.exists()
