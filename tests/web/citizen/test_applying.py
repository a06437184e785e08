"""From the guide to the receipt, and everything a person may send that is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import get_cookie_signer
from django.test import Client

from tests.factories import cases, desk
from tests.factories.portal import FORM, begun, filled, pdf, signed_in, submitted
from yiwang.cases import services
from yiwang.cases.models import Case, Draft
from yiwang.catalogue.services import cancel_item, suspend_item
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.web.context import KIOSK_COOKIE, KIOSK_SALT, SIZE_COOKIE

pytestmark = pytest.mark.usefixtures("portal")

CHECKER = Actor(ref="user:checker", posts={EVERYWHERE: frozenset({Post.ITEM_CHECKER})})


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_a_visitor_is_asked_to_sign_in_and_returns_to_the_same_page(client: Client):
    answer = client.get("/items/restaurant/apply/?kind=catering")

    assert answer.status_code == 302
    assert answer["Location"] == (
        "/accounts/login/?next=/items/restaurant/apply/%3Fkind%3Dcatering"
    )


def test_somebody_for_whom_the_item_is_not_meant_reads_why():
    page = words(signed_in("zhang").get("/items/restaurant/apply/"))

    assert "当前身份不能申请" in page


@pytest.mark.parametrize("ref", ["", "entity:91310000000000000X", "person:" + "0" * 32])
def test_nobody_applies_for_somebody_else(ref: str):
    answer = signed_in().post("/items/restaurant/apply/", {"applicant": ref})

    assert answer.status_code == 422
    assert "请选择以谁的名义申请" in words(answer)
    assert not Draft.objects.exists()


def test_answers_of_the_questionnaire_are_not_asked_again():
    client = signed_in()

    page = words(client.get(begun(client)))

    assert page.index("办理情形") < page.index("已完成")
    assert "还缺 1 件" in page


def test_materials_wait_for_the_answers_on_which_their_list_rests():
    client = signed_in()
    draft = begun(client, kind="")

    page = words(client.get(draft))
    assert "先回答“办理情形”，才知道要交哪些材料" in page
    assert "还缺 1 件" not in page
    assert f'href="{draft}materials/"' not in page

    client.post(f"{draft}section/situation/", {"kind": "catering", "raw_food": "no"})
    page = words(client.get(draft))
    assert "才知道要交哪些材料" not in page
    assert "还缺 1 件" in page
    assert f'href="{draft}materials/"' in page


def test_files_of_before_stay_within_reach_while_the_situation_is_open():
    client = signed_in()
    draft = begun(client, kind="")
    client.post(f"{draft}materials/", {"material": "layout", "file": pdf()})

    page = words(client.get(draft))

    assert "才知道要交哪些材料" in page
    assert f'href="{draft}materials/"' in page


def test_a_topic_shows_every_error_with_its_remedy_and_keeps_what_was_typed():
    client = signed_in()
    draft = begun(client)

    answer = client.post(
        f"{draft}section/place/", {"address": "南翔镇示例路", "area_m2": "很大", "phone": "123"}
    )

    page = words(answer)
    assert answer.status_code == 422
    assert "“面积”应为数字。" in page
    assert "“联系电话”应为11位手机号" in page
    assert page.count("“面积”应为数字。") == 2
    assert 'value="南翔镇示例路"' in page
    assert 'href="#q_area_m2"' in page


def test_a_topic_is_saved_and_can_be_changed_later():
    client = signed_in()
    draft = begun(client)

    assert client.post(f"{draft}section/place/", FORM)["Location"] == draft

    assert 'value="80' in words(client.get(f"{draft}section/place/"))


def test_a_change_from_the_check_page_returns_there():
    client = signed_in()
    draft = filled(client)

    answer = client.post(f"{draft}section/place/?check=1", FORM | {"area_m2": "90"})

    assert answer["Location"] == f"{draft}check/"
    assert "90 平方米" in words(client.get(f"{draft}check/"))


def test_a_topic_that_does_not_exist_is_not_found():
    client = signed_in()

    assert client.get(f"{begun(client)}section/nothing/").status_code == 404


def test_another_persons_draft_cannot_be_opened():
    draft = begun(signed_in())

    for url in (draft, f"{draft}section/place/", f"{draft}materials/", f"{draft}check/"):
        answer = signed_in("zhang").get(url)
        assert answer.status_code == 403
        assert "没有找到您可以查看的这个办件" in words(answer)


def test_materials_show_what_need_not_be_filed_and_from_where_it_comes():
    client = signed_in()

    page = words(client.get(f"{begun(client)}materials/"))

    assert page.count("免交</span>") == 2
    assert "来源：" in page
    assert "选择文件或拍照：平面图" in page


def test_an_executable_renamed_pdf_is_refused_at_its_material():
    client = signed_in()
    draft = begun(client)
    sent = SimpleUploadedFile("平面图.pdf", b"MZ" + b"\0" * 400, content_type="application/pdf")

    answer = client.post(f"{draft}materials/", {"material": "layout", "file": sent})

    page = words(answer)
    assert answer.status_code == 422
    assert 'id="error-layout"' in page
    assert "文件没有上传" in page


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        pytest.param({"material": "layout"}, "请先选择文件", id="no file"),
        pytest.param({"material": "nothing", "file": "pdf"}, "本事项没有这项材料", id="unknown"),
        pytest.param({"file": "pdf"}, "文件没有上传", id="no material"),
    ],
)
def test_a_wrong_upload_says_what_to_do(sent: dict[str, str], sentence: str):
    client = signed_in()
    draft = begun(client)
    values = {key: pdf() if value == "pdf" else value for key, value in sent.items()}

    answer = client.post(f"{draft}materials/", values)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_an_uploaded_file_can_be_taken_away_again():
    client = signed_in()
    draft = begun(client)
    client.post(f"{draft}materials/", {"material": "layout", "file": pdf()})
    (upload,) = Draft.objects.get().uploads.all()
    assert "平面图.pdf" in words(client.get(f"{draft}materials/"))

    client.post(f"{draft}materials/remove/", {"file": upload.upload_ref})

    assert "平面图.pdf（" not in words(client.get(f"{draft}materials/"))


def test_taking_away_a_file_that_is_not_there_is_refused():
    client = signed_in()

    answer = client.post(f"{begun(client)}materials/remove/", {"file": "upload:0"})

    assert answer.status_code == 403


def test_the_declaration_must_be_accepted():
    client = signed_in()
    draft = filled(client)

    answer = client.post(f"{draft}check/", {})

    assert answer.status_code == 422
    assert "请阅读承诺内容并勾选" in words(answer)
    assert not Case.objects.exists()


def test_an_incomplete_application_is_told_everything_at_once():
    client = signed_in()
    draft = begun(client)

    answer = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})

    page = words(answer)
    assert answer.status_code == 422
    for sentence in ("请填写“经营场所地址”", "请填写“面积”"):
        assert re.search(rf'<a [^>]*href="{draft}section/place/\?check=1">{sentence}', page)
    assert re.search(rf'<a [^>]*href="{draft}materials/">请上传“平面图”', page)
    assert "还有内容没有填好，请逐项补上后再提交。" in page


def test_an_application_is_read_in_english_and_promised_as_written():
    texts = {
        "sections.place": "Premises",
        "questions.area_m2": "Floor area",
        "materials.layout": "Floor plan",
        "materials.rules": "House rules",
    }
    english = {"name": "Food licence", "summary": "For restaurants.", "texts": texts}
    cases.publish(cases.restaurant(english=english, effective_on="2026-02-02"))
    client = signed_in()
    draft = filled(client)
    client.cookies["django_language"] = "en"

    assert "Food licence" in words(client.get(f"/items/{cases.RESTAURANT}/apply/"))
    assert "Premises" in words(client.get(draft))
    assert "Floor area" in words(client.get(f"{draft}section/place/"))
    assert "Floor plan" in words(client.get(f"{draft}materials/"))
    check = words(client.get(f"{draft}check/"))
    assert "House rules" in check
    assert "1. 规章制度，2026年3月11日前" in check
    client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})
    case = Case.objects.get()
    assert case.item_name == "餐饮服务许可（新办）"
    assert set(case.materials.values_list("name", flat=True)) >= {"平面图", "规章制度"}


def test_the_receipt_names_number_next_steps_and_dates():
    client = signed_in()

    answer = client.post(
        f"{filled(client)}check/", {"promise": "on", "tolerance": "on"}, follow=True
    )

    page = words(answer)
    case = Case.objects.get()
    assert case.number in page
    assert case.query_code in page
    assert "最迟于 2026年3月13日 告知是否受理" in page
    assert "请在 2026年3月11日 前补交“规章制度”" in page
    assert "受理后 5 个工作日内作出决定" in page


def test_a_receipt_is_printed_at_a_terminal_and_not_left_in_it():
    client = signed_in()
    receipt = f"{submitted(client)}receipt/"
    assert "下载收件凭证" in words(client.get(receipt))
    start = "/halls/hall/kiosk/key/"
    signer = get_cookie_signer(salt=KIOSK_COOKIE + KIOSK_SALT)
    client.cookies[KIOSK_COOKIE] = signer.sign(start)

    shown = client.get(receipt).content.decode()

    assert f'href="{start}letters/?code={Case.objects.get().query_code}"' in shown
    assert "下载收件凭证" not in shown
    assert "请记下或打印" in shown
    assert 'data-size="lg"' in shown
    client.cookies[SIZE_COOKIE] = "md"
    assert 'data-size="md"' in client.get(receipt).content.decode()


def test_submitting_twice_gives_one_case():
    client = signed_in()
    draft = filled(client)

    first = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})
    second = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})

    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_a_second_press_that_comes_too_late_to_save_leads_to_the_receipt(
    monkeypatch: pytest.MonkeyPatch,
):
    client = signed_in()
    draft = filled(client)
    submit = services.submit_case

    def pressed_twice(**given: Any) -> None:
        submit(**given)
        raise services.DraftRefusedError("这份申请已经提交。")

    monkeypatch.setattr(services, "submit_case", pressed_twice)
    answer = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})

    assert answer["Location"] == f"/cases/{Case.objects.get().number}/receipt/"


def test_a_submitted_draft_leads_to_its_receipt():
    client = signed_in()
    address = submitted(client)

    assert client.get(f"/apply/{Draft.objects.get().pk}/")["Location"] == f"{address}receipt/"


def test_a_draft_is_listed_with_its_last_day_and_can_be_thrown_away():
    client = signed_in()
    draft = begun(client)
    assert "保留到" in words(client.get("/cases/"))
    assert "不能恢复" in words(client.get(f"{draft}discard/"))

    client.post(f"{draft}discard/")

    assert not Draft.objects.exists()


def test_a_lost_session_keeps_the_draft():
    client = signed_in()
    draft = begun(client)
    client.logout()

    answer = client.post(f"{draft}section/place/", FORM)

    assert answer["Location"].startswith("/accounts/login/?next=")
    assert "餐饮服务许可" in words(signed_in().get("/cases/"))


def test_staff_are_told_to_use_their_own_account():
    desk.hire("clerk")

    answer = desk.signed_in("clerk").get("/cases/")

    assert answer.status_code == 403
    assert "请改用个人或法人账号登录" in words(answer)


def test_scripts_get_the_form_again_with_what_was_typed():
    client = signed_in()

    answer = client.post(f"{begun(client)}section/place/", FORM, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert 'id="section"' in words(answer)
    assert cases.RESTAURANT not in Case.objects.values_list("item_slug", flat=True)


@pytest.mark.parametrize("withdraw", [suspend_item, cancel_item])
def test_a_draft_begun_before_its_item_was_withdrawn_is_not_submitted_and_stays(withdraw):
    client = signed_in()
    draft = filled(client)
    withdraw(
        slug=cases.RESTAURANT,
        document="示例府规〔2026〕9号",
        from_on=cases.FRIDAY.date(),
        by=CHECKER,
        at=cases.FRIDAY,
    )

    sent = client.post(f"{draft}check/", {"promise": "on", "tolerance": "on"})

    assert sent.status_code == 422
    assert "已经停办，现在不能提交；填写的内容还保留在草稿里" in words(sent)
    assert Draft.objects.get().answers
    assert Draft.objects.get().uploads.count() == 1
    assert not Case.objects.exists()
    assert client.get(draft).status_code == 200
