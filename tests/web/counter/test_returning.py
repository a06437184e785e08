"""Whoever comes back to the window with a case: one box, one page, one key for what comes next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from tests.factories import cases, documents, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models import (
    Case,
    CaseDocument,
    CaseMaterial,
    ContactChange,
    CorrectionItem,
    Delivery,
    MaterialWithdrawal,
    Message,
    WindowVisit,
)
from yiwang.cases.policy.assisting import AssistanceKind
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, PaperForm
from yiwang.cases.queries import CaseView, visiting

pytestmark = pytest.mark.usefixtures("desk")

HEAD = {"relation": "legal_rep", "agent_name": "示例负责人"}
IDENTIFIED = HEAD | {"identified": "on"}
PAPERS = "with-papers"


@pytest.fixture
def papers() -> str:
    """An item that asks for papers, in the place of the one that does not."""
    definition = cases.restaurant(slug=PAPERS)
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    return PAPERS


def scan(name: str = "平面图.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, documents.pdf())


def at(case: CaseView, page: str = "") -> str:
    return f"/counter/cases/{case.number}/{page}"


def send(case: CaseView, page: str, *, who: str = "clerk", **sent: Any) -> HttpResponse:
    """Post to a page of a case with the version that it shows now, unless another is sent."""
    version = Case.objects.get(number=case.number).version
    answer: HttpResponse = signed_in(who).post(at(case, page), {"version": version} | sent)
    return answer


def correcting(item: str) -> CaseView:
    case = cases.receive(item_slug=item)
    return services.ask_correction(
        number=case.number,
        lines=[
            services.CorrectionLine(material_id="layout", what="平面图：看不清", why="看得清。"),
            services.CorrectionLine(material_id="", what="门牌不完整", why="地址不完整"),
        ],
        by=cases.CLERK,
        at=cases.FRIDAY,
    )


def lines() -> list[int]:
    return list(CorrectionItem.objects.order_by("id").values_list("pk", flat=True))


# One box.


@pytest.mark.parametrize("field", ["number", "query_code"])
def test_the_box_of_the_window_leads_to_the_case_by_any_of_its_numbers(field: str):
    case = cases.receive()

    answer = signed_in("clerk").post("/counter/", {"words": getattr(case, field), "window": "A03"})

    assert answer.headers["Location"] == at(case)


def test_the_number_of_the_applicant_leads_to_their_running_cases_too():
    running, over = cases.receive(), cases.closed()

    found = signed_in("clerk").post("/counter/", {"words": registers.FIRM, "window": "A03"})
    shown = signed_in("clerk").get(found.headers["Location"]).content.decode()

    assert at(running) in shown
    assert at(over) not in shown


def test_a_window_that_has_nothing_to_do_with_the_case_finds_nothing_and_opens_nothing():
    case = cases.receive()
    client = signed_in("stranger")

    assert client.get(at(case)).status_code == 403  # holds no window at all
    _other_hall()
    other = signed_in("other")
    found = other.post("/counter/", {"words": case.query_code, "window": "B01"})
    assert found.status_code == 422
    assert "没有找到您的窗口可以办理的这个编号" in words(found)
    pages = (
        "",
        "correction/",
        "materials/",
        "withdrawal/",
        "material-withdrawal/",
        "contact/",
        "hand-over/",
        "print/",
    )
    for page in pages:
        assert other.get(at(case, page)).status_code == 404, page
        if page not in {"", "print/"}:
            sent = other.post(at(case, page), {"version": 1, "receive": "1"} | IDENTIFIED)
            assert sent.status_code == 404, page
    assert not WindowVisit.objects.exists()


def _other_hall() -> None:
    """A clerk of a window of another department, who receives there and nowhere else."""
    from tests.factories import desk
    from yiwang.organisations.permissions import Post

    desk._hire({"other": ("何窗口", [("housing", Post.COUNTER_CLERK)])})


# A correction, and promised papers.


@pytest.mark.req("CASE-05")
def test_a_correction_is_taken_in_on_paper_with_a_receipt_that_says_in_which_form(papers: str):
    case = correcting(papers)
    shown = signed_in("clerk").get(at(case))
    assert "收取补正材料（o）" in words(shown)
    assert "bound method" not in words(signed_in("clerk").get(at(case, "correction/")))
    layout, address = lines()

    answer = send(
        case,
        "correction/",
        receive="1",
        paper=[str(layout), str(address)],
        **{f"form_{layout}": "copy"},
        **HEAD,
    )

    assert answer.status_code == 302, words(answer)
    assert Case.objects.get().state == CaseState.RECEIVED
    row = CaseMaterial.objects.get(material_id="layout")
    assert (row.state, row.taken_as, row.source) == ("filed", "copy", "窗口收取纸质材料")
    printed = words(signed_in("clerk").get(answer.headers["Location"]))
    assert "平面图（已提交，复印件1份）" in printed
    assert "门牌不完整（已补正，原件1份）" in printed
    assert "示例负责人（法定代表人或者负责人）" in printed
    visit = WindowVisit.objects.get()
    assert (visit.act, visit.by, visit.identified) == ("file_correction", "user:clerk", False)
    (trace,) = trail(act="cases.window_visit")
    assert (trace.actor, trace.on_behalf_of) == ("user:clerk", cases.FIRM_REF)


def test_a_scan_of_a_correction_is_kept_when_a_line_is_left_open(papers: str):
    case = correcting(papers)
    layout, address = lines()

    first = send(case, "correction/", **{f"file_{layout}": scan()}, **HEAD)
    (ref,) = [one.ref for row in first.context["rows"] for one in row["sheet"].files]
    left = send(case, "correction/", receive="1", **{f"ref_{layout}": ref}, **HEAD)
    assert left.status_code == 422
    assert "还有1项没有补正：“门牌不完整”" in words(left)
    assert ref in left.content.decode()
    done = send(
        case,
        "correction/",
        receive="1",
        **{f"ref_{layout}": ref, f"answer_{address}": "示例路11号甲"},
        **HEAD,
    )

    assert done.status_code == 302
    assert CaseMaterial.objects.get(material_id="layout").taken_as == PaperForm.ELECTRONIC
    assert "平面图（已提交，电子扫描件1个）" in words(
        signed_in("clerk").get(done.headers["Location"])
    )


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"relation": ""}, "请选择来人与申请人的关系"),
        ({"relation": "king"}, "请选择来人与申请人的关系"),
        ({"relation": "agent", "agent_name": " "}, "请填写来人姓名"),
        ({"agent_name": "长" * 61}, "姓名最多60个字"),
        ({"version": "x"}, "页面不完整，请刷新后再办"),
        ({"version": "1"}, "办件刚由陈窗口于"),
    ],
)
def test_bad_input_of_a_correction_says_what_to_do_and_keeps_the_ticks(
    papers: str, sent: dict[str, str], sentence: str
):
    case = correcting(papers)
    ticked = [str(one) for one in lines()]

    answer = send(case, "correction/", receive="1", paper=ticked, **HEAD | sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    html = answer.content.decode()
    assert all(re.search(f'name="paper" value="{one}"[^>]* checked', html) for one in ticked)
    assert Case.objects.get().state == CaseState.CORRECTION


def test_the_same_correction_sent_twice_is_filed_once(papers: str):
    case = correcting(papers)
    version = Case.objects.get().version
    sent = {"receive": "1", "paper": [str(one) for one in lines()], "version": version} | HEAD

    assert send(case, "correction/", **sent).status_code == 302
    again = send(case, "correction/", **sent)

    assert again.status_code == 422
    assert "请刷新后" in words(again)
    assert CaseDocument.objects.filter(kind="receipt").count() == 2


def test_promised_papers_and_forgotten_ones_are_taken_in_together(papers: str):
    case = cases.receive(item_slug=papers, tolerance_signed=True)
    assert {one.name for one in visiting.to_come(case.number, by=cases.CLERK)} == {
        "平面图",
        "规章制度",
    }

    answer = send(case, "materials/", receive="1", paper=["rules"], file_layout=scan(), **HEAD)
    assert answer.status_code == 302, words(answer)

    printed = words(signed_in("clerk").get(answer.headers["Location"]))
    assert "规章制度（已提交，原件1份）" in printed
    assert "平面图（已提交，电子扫描件1个）" in printed
    assert "交件人" in printed
    assert not visiting.to_come(case.number, by=cases.CLERK)
    assert "没有需要后补的材料" in words(signed_in("clerk").get(at(case, "materials/")))
    again = send(case, "materials/", receive="1", paper=["rules"], **HEAD)
    assert again.status_code == 422
    assert "还没有收到材料" in words(again)


def test_nothing_brought_is_no_receipt(papers: str):
    case = cases.receive(item_slug=papers)

    answer = send(case, "materials/", receive="1", **HEAD)

    assert answer.status_code == 422
    assert "还没有收到材料" in words(answer)
    assert not WindowVisit.objects.exists()


def test_paper_with_its_scan_is_an_original_of_which_a_scan_was_kept(papers: str):
    case = cases.receive(item_slug=papers)

    done = send(
        case,
        "materials/",
        receive="1",
        paper=["layout"],
        file_layout=scan(),
        form_layout="original",
        **HEAD,
    )

    printed = words(signed_in("clerk").get(done.headers["Location"]))
    assert "平面图（已提交，原件1份，另存扫描件1个）" in printed


def test_the_receipt_of_the_first_day_says_the_form_too(papers: str):
    sent = {
        "kind": "catering",
        "address": "嘉定区南翔镇示例路11号",
        "area_m2": "80",
        "phone": "13900001234",
        "key": "k1",
        "receive": "1",
        "declared": "1",
        "paper": ["layout"],
        "form_layout": "copy",
        "file_rules": scan("制度.pdf"),
    }

    done = signed_in("clerk").post(f"/counter/{cases.FIRM_REF}/{papers}/", sent)

    body = CaseDocument.objects.get(kind="receipt").body
    assert "平面图（已提交，复印件1份）" in body["paragraphs"]
    assert "规章制度（已提交，电子扫描件1个）" in body["paragraphs"]
    shown = words(signed_in("clerk").get(done.headers["Location"]))
    assert "平面图（已提交，复印件）" in shown


def test_no_field_of_these_pages_asks_for_what_the_platform_holds(papers: str):
    """The share of fields typed that the platform held is 0: nothing of applicant or case."""
    case = correcting(papers)
    held = {"name", "phone_old", "number", "code", "item", "applicant"}
    for page in ("correction/", "withdrawal/", "material-withdrawal/", "contact/"):
        shown = signed_in("clerk").get(at(case, page))
        names = set(shown.context["form"].fields)
        assert not names & held
        blank = [
            field.name
            for field in shown.context["form"]
            if field.field.required and field.field.widget.input_type == "text"
        ]
        assert blank == [], page


# Withdrawal.


@pytest.mark.req("CASE-05")
def test_a_withdrawal_at_the_window_gives_the_notice_and_its_receipt_of_delivery():
    case = cases.receive()
    assert "撤回申请" in words(signed_in("clerk").get(at(case)))
    statement = send(case, "withdrawal/", statement="1", why="不再需要办理")
    assert "撤回原因：不再需要办理" in words(statement)
    assert Case.objects.get().state == CaseState.RECEIVED

    answer = send(case, "withdrawal/", why="不再需要办理", signed="on", handed="on", **IDENTIFIED)

    assert answer.status_code == 302, words(answer)
    assert Case.objects.get().state == CaseState.WITHDRAWN
    printed = words(signed_in("clerk").get(answer.headers["Location"]))
    assert "终止办理通知书" in printed
    assert "送达回证" in printed
    assert list(WindowVisit.objects.values_list("act", "name")) == [
        ("withdraw", "示例负责人"),
        ("hand_over", "示例负责人"),
    ]
    assert Delivery.objects.get().to_name == "示例负责人"
    assert "不再需要办理" in words(signed_in("reviewer").get(f"/desk/cases/{case.number}/"))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"identified": ""}, "请核对来人的身份证件"),
        ({"signed": ""}, "签字后勾选"),
        ({"why": "", "reason": " "}, "请选择或者填写撤回原因"),
        ({"why": "别的"}, "选择"),
        ({"reason": "长" * 301}, "最多 300 个字"),
        ({"relation": "receiver", "agent_name": "王收发"}, "请选择来人与申请人的关系"),
        ({"relation": "agent", "agent_name": "李代理"}, "请填写代理人的身份证号"),
        (
            {"relation": "agent", "agent_name": "李代理", "agent_number": "310114198506151038"},
            "代理人的证件号码不对",
        ),
    ],
)
def test_whoever_may_not_withdraw_or_was_not_identified_withdraws_nothing(
    sent: dict[str, str], sentence: str
):
    case = cases.receive()
    good = IDENTIFIED | {"why": "不再需要办理", "signed": "on"}

    answer = send(case, "withdrawal/", **good | sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert Case.objects.get().state == CaseState.RECEIVED
    assert not WindowVisit.objects.exists()


def test_an_agent_known_since_receipt_is_chosen_and_not_typed_again():
    case = cases.receive()
    services.note_assistance(
        number=case.number,
        kind=AssistanceKind.PROXY,
        agent_name="李代理",
        agent_number=registers.ZHANG,
        consented=True,
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    assert "收件时的代理人 李代理" in words(signed_in("clerk").get(at(case, "withdrawal/")))

    send(
        case,
        "withdrawal/",
        relation="same_agent",
        identified="on",
        why="不再需要办理",
        signed="on",
    )

    visit = WindowVisit.objects.get()
    assert (visit.name, visit.number_masked) == ("李代理", "310***********1037")
    assert registers.ZHANG not in str(list(WindowVisit.objects.values()))


def test_a_decided_case_is_not_withdrawn_nor_changed_at_the_window():
    case = cases.decided()

    for page, sent in (
        ("withdrawal/", {"why": "不再需要办理", "signed": "on"}),
        ("contact/", {"phone": "13900005678"}),
        ("material-withdrawal/", {"why": "内容有误，需要更换", "material": "layout"}),
    ):
        assert "作出决定以前才能办理" in words(signed_in("clerk").get(at(case, page)))
        answer = send(case, page, **IDENTIFIED | sent)
        assert answer.status_code == 422, page
    assert Case.objects.get().state == CaseState.APPROVED
    assert not WindowVisit.objects.exists()


# Handing over.


@pytest.mark.req("CASE-05")
def test_the_result_is_handed_over_from_the_page_of_the_case_and_closes_it():
    case = cases.decided()
    shown = words(signed_in("clerk").get(at(case)))
    assert "当场送达并打印送达回证" in shown
    assert "准予行政许可决定书" in shown

    answer = send(case, "hand-over/", **IDENTIFIED)

    assert answer.status_code == 302, words(answer)
    assert Case.objects.get().state == CaseState.CLOSED
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.relation) == (DeliveryChannel.PRINT, "legal_rep")
    printed = words(signed_in("clerk").get(answer.headers["Location"]))
    assert "送达回证" in printed
    assert "示例负责人" in printed
    assert "当场送达并打印" not in words(signed_in("clerk").get(at(case)))


def test_a_relative_or_receiver_takes_a_letter_and_nothing_is_handed_over_twice():
    case = cases.in_state(CaseState.NOT_ACCEPTED)
    sent = {"relation": "receiver", "agent_name": "王收发", "identified": "on"}
    version = Case.objects.get().version

    assert send(case, "hand-over/", version=version, **sent).status_code == 302
    again = send(case, "hand-over/", version=version, **sent)

    assert again.status_code == 422
    assert "没有等待当面送达的文书" in words(again)
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("sent", [{"identified": ""}, {"relation": "receiver", "agent_name": ""}])
def test_a_hand_over_without_a_look_at_the_card_or_a_name_leaves_the_case_open(
    sent: dict[str, str],
):
    case = cases.decided()

    answer = send(case, "hand-over/", **IDENTIFIED | sent)

    assert answer.status_code == 422
    assert Case.objects.get().state == CaseState.APPROVED
    assert not Delivery.objects.exists()


def test_what_is_under_way_by_post_is_not_handed_over_beside():
    case = cases.sent()

    assert "邮件在途" in words(signed_in("clerk").get(at(case)))
    answer = send(case, "hand-over/", **IDENTIFIED)

    assert answer.status_code == 422
    assert "还在途中，请先登记签收或者退回" in words(answer)


def test_what_came_through_the_portal_was_delivered_there():
    case = cases.submit(cases.draft().id)
    services.decline_case(
        number=case.number,
        reason="不属于本机关职权",
        article="行政许可法 第三十二条",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )

    assert "没有等待当面送达的文书" in words(signed_in("clerk").get(at(case, "hand-over/")))


# A material taken back, and new contacts.


def reviewed_with_papers(papers: str) -> CaseView:
    case = cases.receive(item_slug=papers, paper=["layout", "rules"])
    services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY
    )
    return services.assign_case(
        number=case.number, to=cases.REVIEWER.ref, by=cases.REVIEWER, at=cases.FRIDAY
    )


@pytest.mark.req("CASE-05")
def test_a_material_taken_back_stays_on_record_and_the_reviewer_sees_it(papers: str):
    case = reviewed_with_papers(papers)

    answer = send(
        case,
        "material-withdrawal/",
        material="layout",
        why="内容有误，需要更换",
        **IDENTIFIED,
    )

    assert answer.status_code == 302, words(answer)
    row = CaseMaterial.objects.get(material_id="layout")
    assert (row.state, row.upload_refs, row.checked_by) == ("withdrawn", [], "")
    assert MaterialWithdrawal.objects.get().taken_as == "original"
    assert "撤回了“平面图”" in Message.objects.get(to_ref=cases.REVIEWER.ref).body
    for page in ("", "review/"):
        shown = words(signed_in("reviewer").get(f"/desk/cases/{case.number}/{page}"))
        assert "申请人撤回了材料" in shown
        assert "存档备查，不作依据：内容有误，需要更换" in shown
    proposal = services.propose(
        number=case.number,
        outcome=Outcome.GRANT,
        opinion="符合",
        by=cases.REVIEWER,
        at=cases.FRIDAY,
    )
    with pytest.raises(services.DecisionRefusedError, match="还没有收到“平面图”，不能准予"):
        services.decide(
            number=proposal.number,
            outcome=Outcome.GRANT,
            calendar=cases.CALENDAR,
            by=cases.APPROVER,
            at=cases.FRIDAY,
        )
    assert "收取后补材料（o）" in words(signed_in("clerk").get(at(case)))
    assert send(case, "materials/", receive="1", paper=["layout"], **HEAD).status_code == 302
    assert CaseMaterial.objects.get(material_id="layout").state == "filed"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"material": ""}, "请选择要撤回的材料"),
        ({"material": "application"}, "请选择要撤回的材料"),
        ({"why": "", "reason": ""}, "请选择或者填写撤回原因"),
        ({"identified": ""}, "请核对来人的身份证件"),
    ],
)
def test_bad_input_takes_no_material_back(papers: str, sent: dict[str, str], sentence: str):
    case = reviewed_with_papers(papers)
    good = IDENTIFIED | {"material": "layout", "why": "内容有误，需要更换"}

    answer = send(case, "material-withdrawal/", **good | sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not MaterialWithdrawal.objects.exists()


@pytest.mark.req("CASE-05")
def test_a_new_telephone_is_used_from_then_on_and_shown_masked():
    case = reviewed_with_papers(_published())
    before = Case.objects.get().phone_masked

    answer = send(case, "contact/", phone="139 0000 5678", address="嘉定区示例路9号", **IDENTIFIED)

    assert answer.status_code == 302, words(answer)
    assert Case.objects.get().phone_masked == "139****5678" != before
    shown = words(signed_in("clerk").get(at(case)))
    assert "139****5678" in shown
    assert "示例路9号" not in shown
    told = Message.objects.get(to_ref=cases.REVIEWER.ref)
    assert "变更了联系电话、送达地址" in told.body
    assert "13900005678" not in told.body
    assert ContactChange.objects.get().address == "嘉定区示例路9号"


def _published() -> str:
    definition = cases.restaurant(slug=PAPERS)
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    return PAPERS


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "请至少填写一项新的联系方式"),
        ({"phone": "12"}, "电话应为11位手机号"),
        ({"address": "长" * 201}, "送达地址最多200个字"),
        ({"contact_name": "长" * 61}, "联系人最多60个字"),
        ({"phone": "13900005678", "identified": ""}, "请核对来人的身份证件"),
    ],
)
def test_bad_input_changes_no_contact(sent: dict[str, str], sentence: str):
    case = cases.receive()

    answer = send(case, "contact/", **IDENTIFIED | sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not ContactChange.objects.exists()


def test_the_same_contact_again_says_that_nothing_changes():
    case = cases.receive()
    assert send(case, "contact/", phone="13900005678", **IDENTIFIED).status_code == 302

    again = send(case, "contact/", phone="13900005678", **IDENTIFIED)

    assert again.status_code == 422
    assert "没有要变更的内容" in words(again)


def test_only_letters_just_made_are_printed_here():
    case = cases.decided()
    decision = CaseDocument.objects.get(kind="grant_decision").pk

    assert signed_in("clerk").get(at(case, f"print/?id={decision}")).status_code == 404
    assert signed_in("clerk").get(at(case, "print/")).status_code == 404
    assert signed_in("clerk").get(at(case, "print/?id=x")).status_code == 404


def test_a_new_address_is_read_whole_with_a_purpose_that_is_written_down():
    case = cases.receive()
    send(case, "contact/", phone="13900005678", address="嘉定区示例路9号", **IDENTIFIED)
    clerk = signed_in("clerk")

    file = words(clerk.get(f"/desk/cases/{case.number}/"))
    assert "联系方式（申请人已变更）" in file
    assert "示例路9号" not in file
    path = f"/desk/cases/{case.number}/reveal/contact.address/"
    assert "送达地址" in words(clerk.get(path))
    shown = clerk.post(path, {"purpose": "联系申请人办理"})

    assert "嘉定区示例路9号" in words(shown)
    (row,) = trail(act="audit.read")
    assert row.detail["fields"] == ["送达地址"]
    unchanged = cases.receive().number
    assert clerk.get(f"/desk/cases/{unchanged}/reveal/contact.phone/").status_code == 404
