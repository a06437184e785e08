"""Taking an application in at the window, from the card on the desk to the receipt."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import cases, documents, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import Ban, Case
from yiwang.cases.policy.bans import BanKind
from yiwang.cases.policy.commitments import RecordKind
from yiwang.cases.policy.terms import MaterialState, Outcome
from yiwang.web.citizen import popularity
from yiwang.web.counter import applicants

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
ANSWERS = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
}


def receive(client=None, **sent):
    client = client or signed_in("clerk")
    return client.post(FORM, ANSWERS | {"key": "k1", "receive": "1", "declared": "1"} | sent)


def find(text):
    return signed_in("clerk").post("/counter/", {"words": text, "window": "A03"})


@pytest.mark.parametrize("text", [registers.FIRM, registers.FIRM.lower(), "示例餐饮"])
def test_a_firm_is_found_by_code_or_name(text):
    assert find(text).headers["Location"] == f"/counter/{cases.FIRM_REF}/"


def test_a_person_is_found_by_the_card_and_the_search_leaves_a_trace_without_the_number():
    person = registers.save_person()

    answer = find("310114 19850615 1037")

    assert answer.headers["Location"] == f"/counter/{person.ref}/"
    (row,) = trail(act="registers.find_person")
    assert row.target == person.ref
    assert registers.ZHANG not in str(row)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "请输入身份证号、统一社会信用代码或者单位名称"),
        ("示", "至少输入名称中连续的两个字"),
        ("不存在的单位", "没有找到这个单位"),
        ("91310114XXXX00020R", "请核对营业执照上的18位代码"),
        ("310114198506151030", "校验"),
    ],
)
def test_what_cannot_be_found_says_what_to_try(text, sentence):
    answer = find(text)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_somebody_no_register_knows_is_entered_from_the_card_without_a_phone():
    shown = find(registers.ZHANG)
    assert shown.status_code == 200
    assert "登记库中没有此人" in words(shown)

    answer = signed_in("clerk").post(
        "/counter/register/", {"id_number": registers.ZHANG, "name": "张示例"}
    )
    page = signed_in("clerk").get(answer.headers["Location"])

    assert "没有登记电话" in words(page)
    assert registers.ZHANG not in words(page)


@pytest.mark.parametrize("wrong", [{"id_number": "123"}, {"name": ""}, {"phone": "12"}])
def test_a_wrong_entry_is_refused_and_kept_on_the_page(wrong):
    sent = {"id_number": registers.ZHANG, "name": "张示例", "address": "嘉定区某路"} | wrong

    answer = signed_in("clerk").post("/counter/register/", sent)

    assert answer.status_code == 422
    assert "嘉定区某路" in answer.content.decode()


def test_items_are_those_for_this_applicant_and_searched_by_citizens_words():
    clerk = signed_in("clerk")

    found = clerk.get(f"/counter/{cases.FIRM_REF}/?text=开饭店").context["items"]
    assert [item.slug for item in found] == [cases.RESTAURANT]
    everything = clerk.get(f"/counter/{cases.FIRM_REF}/").context["items"]
    assert cases.CARD not in {item.slug for item in everything}
    assert "请换一个说法" in words(clerk.get(f"/counter/{cases.FIRM_REF}/?text=造飞机火箭"))


@pytest.mark.parametrize(
    "path",
    [
        "/counter/person:nobody/",
        "/counter/entity:91310114XXXX00020R/",
        f"/counter/{cases.FIRM_REF}/no-such-item/",
        f"/counter/{cases.FIRM_REF}/{cases.CARD}/",
        "/counter/receipt/NO-SUCH-CASE/",
    ],
)
def test_an_address_that_was_guessed_is_not_found(path):
    assert signed_in("clerk").get(path).status_code == 404


def test_nothing_is_asked_that_a_register_holds():
    definition = cases.without_materials(slug="firm-name")
    definition["sections"][0]["questions"].append(
        {"id": "firm", "label": "经营者名称", "kind": "text", "prefill": "entity.name"}
    )
    definition["handling_code"] = "11310114XXXX01011H431013100100002"
    cases.publish(definition)
    clerk = signed_in("clerk")

    answer = clerk.get(f"/counter/{cases.FIRM_REF}/firm-name/")

    assert "firm" not in answer.context["form"].fields
    assert "来源：" in words(answer)
    sent = ANSWERS | {"key": "k2", "receive": "1", "declared": "1"}
    clerk.post(f"/counter/{cases.FIRM_REF}/firm-name/", sent)
    assert cases.page(Case.objects.get().number).answers["firm"] == "上海示例餐饮管理有限公司"


def test_a_form_is_received_once_and_leads_to_the_receipt():
    clerk = signed_in("clerk")
    clerk.post("/counter/", {"words": registers.FIRM, "window": "A03"})

    first, second = receive(clerk), receive(clerk)

    case = Case.objects.get()
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["Location"] == f"/counter/receipt/{case.number}/"
    assert case.window == "A03"
    page = clerk.get(first.headers["Location"])
    shown = words(page)
    assert case.query_code in shown
    assert "2026年3月13日前告知是否受理" in shown
    assert 'href="/counter/" data-key="n"' in page.content.decode()
    large = clerk.get(first.headers["Location"] + "?print=large").content.decode()
    assert "yw-receipt--large" in large


def test_the_receipt_of_what_is_given_at_once_says_so():
    person = registers.save_person()
    case = cases.receive(item_slug=cases.CARD, applicant_ref=person.ref, answers={})

    shown = words(signed_in("clerk").get(f"/counter/receipt/{case.number}/"))

    assert "材料齐全、符合条件的当场作出决定；不能当场决定的，2026年3月13日前告知是否受理" in shown


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"kind": ""}, "“经营方式”请从所列选项中选择"),
        ({"kind": "nonsense"}, "“经营方式”请从所列选项中选择"),
        ({"area_m2": "很大"}, "“面积”应为数字"),
        ({"area_m2": "0"}, "“面积”应在1至10000之间"),
        ({"phone": "123"}, "“联系电话”应为11位手机号"),
        ({"declared": ""}, "请把声明读给申请人听"),
    ],
)
def test_a_wrong_answer_shows_the_form_again_with_everything_typed(sent, sentence):
    answer = receive(**sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "嘉定区南翔镇示例路11号" in answer.content.decode()
    assert not Case.objects.exists()


def test_what_was_not_declared_is_one_step_away():
    page = receive(declared="").content.decode()

    assert '<li><a class="ds-link" href="#declared">请把声明读给申请人听' in page
    assert 'id="declared"' in page


def test_what_is_wrong_is_named_in_the_order_of_the_page_and_at_its_place():
    page = receive(kind="", declared="").content.decode()

    kind, declared = (page.index(f'href="#{one}"') for one in ("q_kind_0", "declared"))
    assert kind < declared
    assert 'aria-describedby="declared-error"' in page


def focused(page: str) -> list[str]:
    """Return the ids of the controls at which the page begins."""
    return [
        re.findall(r'id="([^"]*)"', tag)[-1]
        for tag in re.findall(r"<[^>]*\bautofocus\b[^>]*>", page)
    ]


def test_the_page_begins_where_the_next_key_goes(papers):
    clerk = signed_in("clerk")
    refreshed = {"key": "k1", "refresh": "1"}

    assert focused(clerk.get(papers).content.decode()) == ["q_kind_0"]
    some = clerk.post(papers, refreshed | {"kind": "catering"}).content.decode()
    assert focused(some) == ["q_address"]
    every = clerk.post(papers, refreshed | ANSWERS).content.decode()
    assert focused(every)[0].startswith("paper-")
    nothing_to_hand_in = clerk.post(FORM, refreshed | ANSWERS).content.decode()
    assert focused(nothing_to_hand_in) == ["declared"]
    assert focused(receive(declared="").content.decode()) == []


def test_what_most_people_come_for_has_the_first_keys(papers):
    before = signed_in("clerk").get(f"/counter/{cases.FIRM_REF}/").context["items"]
    last = before[-1].slug
    popularity.forget()
    signed_in("clerk").post(
        f"/counter/{cases.FIRM_REF}/{last}/",
        ANSWERS | {"key": "k1", "receive": "1", "declared": "1"},
    )

    popularity.forget()
    after = signed_in("clerk").get(f"/counter/{cases.FIRM_REF}/").context["items"]

    assert [len(before), after[0].slug] == [2, last]


def test_items_that_are_not_listed_are_counted(papers, monkeypatch):
    monkeypatch.setattr(applicants, "ITEMS_SHOWN", 1)

    assert "还有 1 项没有列出" in words(signed_in("clerk").get(f"/counter/{cases.FIRM_REF}/"))


@pytest.fixture
def papers():
    """An item that asks for papers, in the place of the one that does not."""
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    return f"/counter/{cases.FIRM_REF}/with-papers/"


def scan(name="平面图.pdf", content=None):
    return SimpleUploadedFile(name, content or documents.pdf())


def state_of(material):
    found = cases.page(Case.objects.get().number).materials
    return next(one for one in found if one.material_id == material)


def test_uploading_is_offered_only_where_a_paper_can_be_scanned(papers):
    assert "上传所选文件" in words(signed_in("clerk").get(papers))


def test_nothing_to_scan_leaves_no_button_for_it():
    shown = words(signed_in("clerk").get(FORM))

    assert "上传所选文件" not in shown
    assert "收件并打印凭证" in shown


def test_a_scan_is_kept_when_an_answer_is_wrong(papers):
    clerk = signed_in("clerk")
    base = ANSWERS | {"key": "k1", "receive": "1", "declared": "1"}

    wrong = clerk.post(papers, base | {"area_m2": "", "file_layout": scan()})
    assert wrong.status_code == 422
    (ref,) = [one.sheet.files[0].ref for one in wrong.context["papers"] if one.id == "layout"]
    clerk.post(papers, base | {"ref_layout": ref})

    assert state_of("layout").state is MaterialState.FILED
    assert state_of("layout").upload_refs == (ref,)


def test_paper_is_ticked_and_what_is_missing_does_not_stop_the_receipt(papers):
    sent = ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "paper": ["layout"]}

    signed_in("clerk").post(papers, sent)

    assert state_of("layout").state is MaterialState.FILED
    assert state_of("layout").source == "窗口收取纸质材料"
    assert state_of("rules").state is MaterialState.MISSING


def test_what_may_be_missing_is_promised_with_its_day_at_the_window(papers):
    clerk = signed_in("clerk")
    assert "申请人已书面承诺按期补齐：规章制度（3月11日前）" in words(clerk.get(papers))
    sent = ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "paper": ["layout"]}

    clerk.post(papers, sent | {"tolerance": "1"})

    assert state_of("rules").state is MaterialState.TOLERATED


def test_a_broken_promise_shows_its_reason_and_end_at_the_window(papers):
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.BROKEN_TOLERANCE,
        reason="两次没有补齐",
        basis="上海市优化营商环境条例 第二十四条",
        department="market",
        until_on=dt.date(2027, 3, 5),
        by=cases.HEAD,
        at=cases.FRIDAY,
    )
    clerk = signed_in("clerk")

    shown = words(clerk.get(papers))

    assert "不能容缺受理" in shown
    assert "至2027年3月5日不能适用" in shown
    assert "申请人已书面承诺" not in shown
    sent = ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "paper": ["layout"]}
    clerk.post(papers, sent | {"tolerance": "1"})
    assert state_of("rules").state is MaterialState.MISSING


def test_the_answers_decide_which_papers_are_needed(papers):
    clerk = signed_in("clerk")

    plain = clerk.get(papers)
    more = clerk.post(papers, ANSWERS | {"raw_food": "yes", "refresh": "1"})

    assert "room" not in {one.id for one in plain.context["papers"]}
    assert "room" in {one.id for one in more.context["papers"]}
    assert more.status_code == 200
    assert "嘉定区南翔镇示例路11号" in more.content.decode()
    assert next(one for one in more.context["papers"] if one.id == "representative").source


def test_a_program_with_the_name_of_a_paper_is_refused_at_its_material(papers):
    sent = ANSWERS | {"refresh": "1", "file_layout": scan(content=b"MZ" + b"\0" * 500)}

    answer = signed_in("clerk").post(papers, sent)

    assert answer.status_code == 422
    (wrong,) = [one for one in answer.context["papers"] if one.sheet.error]
    assert wrong.id == "layout"
    assert wrong.sheet.error in words(answer)
    assert focused(answer.content.decode()) == ["file-layout"]


def test_a_scan_can_be_taken_away_again(papers):
    clerk = signed_in("clerk")
    first = clerk.post(papers, ANSWERS | {"refresh": "1", "file_layout": scan()})
    (ref,) = [one.sheet.files[0].ref for one in first.context["papers"] if one.id == "layout"]

    second = clerk.post(papers, ANSWERS | {"ref_layout": ref, "drop": ref})

    assert all(not one.sheet.files for one in second.context["papers"])


def test_a_file_of_somebody_else_is_not_taken(papers):
    taken = documents.services.accept_upload(
        file=BytesIO(documents.pdf()),
        name="别人的.pdf",
        size=len(documents.pdf()),
        by="user:stranger",
        at=cases.FRIDAY,
    )

    answer = signed_in("clerk").post(
        papers, ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "ref_layout": taken.ref}
    )

    assert answer.status_code == 422
    assert "请重新上传" in words(answer)
    assert not Case.objects.exists()


def test_who_may_not_apply_again_is_known_before_anything_is_typed(barred_firm):
    words_of_ban = "2027年3月6日前不得再次申请“餐饮服务许可（新办）”"

    assert words_of_ban in words(signed_in("clerk").get(FORM))
    assert receive().status_code == 422
    Ban.objects.update(lifted_on=cases.FRIDAY.date(), lifted_by="user:x", lift_reason="查无此事。")
    assert words_of_ban not in words(signed_in("clerk").get(FORM))


@pytest.fixture
def barred_firm():
    cases.publish(cases.without_materials(direct_safety="直接关系人身健康。"))
    number = cases.decided(Outcome.REFUSE).number
    services.impose_ban(
        number=number,
        kind=BanKind.FALSE_MATERIAL,
        facts="健康证明系伪造。",
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )


def test_another_place_than_the_registered_one_is_typed_over():
    definition = cases.without_materials(slug="elsewhere")
    definition["handling_code"] = "11310114XXXX01011H431013100100004"
    definition["sections"][0]["questions"][0]["prefill"] = "entity.address"
    cases.publish(definition)
    sent = ANSWERS | {"key": "k1", "receive": "1", "declared": "1"}

    signed_in("clerk").post(
        f"/counter/{cases.FIRM_REF}/elsewhere/", sent | {"change_address": "嘉定区马路镇别处1号"}
    )

    assert cases.page(Case.objects.get().number).answers["address"] == "嘉定区马路镇别处1号"


def test_what_was_typed_over_wrongly_is_said_at_its_place():
    definition = cases.without_materials(slug="elsewhere")
    definition["handling_code"] = "11310114XXXX01011H431013100100004"
    question = definition["sections"][0]["questions"][0]
    question |= {"prefill": "entity.established_on", "kind": "date"}
    cases.publish(definition)
    sent = ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "change_address": "abc"}

    answer = signed_in("clerk").post(f"/counter/{cases.FIRM_REF}/elsewhere/", sent)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'href="#change-address"' in page
    assert 'aria-describedby="change-address-error"' in page
