"""Acts on a case through its pages: second steps, refusals, two people at once."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services import (
    CorrectionLine,
    FiledLine,
    ask_correction,
    file_correction,
    propose,
)

pytestmark = pytest.mark.usefixtures("desk")


def send(login, case, page, **sent):
    return signed_in(login).post(
        f"/desk/cases/{case.number}/{page}/", {"version": case.version, **sent}
    )


def state_of(case):
    return cases.page(case.number).case.state


def test_a_whole_application_is_accepted_in_one_step_and_its_materials_are_noted():
    case = cases.receive()

    answer = send("clerk", case, "accept", checked="on")

    assert answer.status_code == 302
    assert state_of(case) is CaseState.ACCEPTED
    assert all(one.checked_at for one in cases.page(case.number).materials)


def test_nothing_is_accepted_unlooked_at():
    case = cases.receive()

    answer = send("clerk", case, "accept")

    assert answer.status_code == 422
    assert "请先核对材料并勾选" in words(answer)
    assert state_of(case) is CaseState.RECEIVED


def with_papers(**changes):
    """Take in an application for an item that asks for a plan and for rules."""
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)
    return cases.receive(item_slug="with-papers", **changes)


def test_what_offices_provide_is_not_on_the_list_and_its_answers_are_put_right_in_words():
    case = with_papers()

    page = signed_in("clerk").get(f"/desk/cases/{case.number}/correct/")

    fields = set(page.context["form"].fields)
    assert {"what_layout", "what_rules", "other_0"} <= fields
    assert not {"what_application", "what_representative"} & fields
    assert "系统生成的表格和由数据、证照库提供的材料不用申请人提交" in words(page)
    assert '<section class="yw-box"><fieldset class="yw-field">' in page.content.decode()
    sent = {"other_0": "申请书的门牌号不完整", "confirmed": "1"}
    assert send("clerk", case, "correct", what_layout="", **sent).status_code == 302
    (line,) = cases.page(case.number).correction.lines
    assert (line.material_id, line.what) == ("", "申请书的门牌号不完整")


def test_no_paper_is_asked_for_of_what_was_handed_in_as_a_file():
    case = with_papers(uploads={"layout": [cases.upload("user:clerk")]})
    layout = "以电子文件提交，不要求纸质。"
    assert words(signed_in("clerk").get(f"/desk/cases/{case.number}/correct/")).count(layout) == 1

    paper = {"more_layout": "请交纸质原件", "confirmed": "1"}
    refused = send("clerk", case, "correct", **paper)
    assert refused.status_code == 422
    assert "“平面图”以电子文件提交，不得再要求纸质材料" in words(refused)
    assert 'href="#id_more_layout"' in refused.content.decode()
    assert "请交纸质原件" in refused.content.decode()
    assert state_of(case) is CaseState.RECEIVED

    asked = {"more_rules": "请交纸质原件", "other_0": "请交委托书原件"}
    shown = words(send("clerk", case, "correct", **asked))
    assert "清单中有要求纸质的内容" in shown
    assert send("clerk", case, "correct", **asked, confirmed="1").status_code == 302


def test_a_correction_is_shown_whole_before_it_is_sent():
    case = with_papers()
    wrong = {"what_layout": "未签字或者未盖章", "other_0": "补充门牌号"}

    first = send("clerk", case, "correct", **wrong)

    assert first.status_code == 200
    shown = words(first)
    assert "未签字或者未盖章" in shown
    assert "补充门牌号" in shown
    assert "补正只能告知一次" in shown
    assert case.query_code in shown
    assert state_of(case) is CaseState.RECEIVED

    again = send("clerk", case, "correct", **wrong, edit="1")
    assert 'value="补充门牌号"' in again.content.decode()

    assert send("clerk", case, "correct", **wrong, confirmed="1").status_code == 302
    assert state_of(case) is CaseState.CORRECTION
    correction = cases.page(case.number).correction
    assert correction is not None
    assert len(correction.lines) == 2


def test_an_empty_correction_and_an_unknown_phrase_are_refused():
    case = with_papers()
    material = "layout"

    answer = send("clerk", case, "correct")
    assert "请至少选择一项问题" in words(answer)
    assert f'href="#id_what_{material}"' in answer.content.decode()
    answer = send("clerk", case, "correct", **{f"what_{material}": "瞎写"}, confirmed="1")
    assert answer.status_code == 422
    assert state_of(case) is CaseState.RECEIVED


def test_a_second_correction_is_not_offered():
    case = cases.correcting()

    answer = send("clerk", case, "correct", other_0="还有", confirmed="1")

    assert answer.status_code == 422
    assert "不能一次性告知补正" in words(answer)
    assert "还有" in answer.content.decode()


def test_a_refusal_to_accept_names_reason_basis_and_remedies_before_it_is_sent():
    case = cases.receive()
    sent = {"kind": "decline", "reason": "不属于本机关职权", "article": "行政许可法第三十二条"}

    first = words(send("reviewer", case, "decline", **sent))

    for part in ("不属于本机关职权", "行政许可法第三十二条", "60 日内向", "6 个月内向", "不能撤销"):
        assert part in first
    assert state_of(case) is CaseState.RECEIVED

    send("reviewer", case, "decline", **sent, confirmed="1")
    assert state_of(case) is CaseState.NOT_ACCEPTED


def test_a_refusal_for_want_of_competence_asks_at_its_field_who_is_competent():
    case = cases.receive()
    sent = {"kind": "decline", "reason": "不属于本机关职权", "confirmed": "1"} | {
        "article": "《中华人民共和国行政许可法》第三十二条第一款第二项"
    }

    asked = send("reviewer", case, "decline", **sent)

    assert asked.status_code == 422
    assert "请填写“有权受理的机关”" in str(asked.context["form"].errors["elsewhere"])
    assert "不属于本机关职权" in asked.content.decode()
    assert state_of(case) is CaseState.RECEIVED

    send("reviewer", case, "decline", **sent, elsewhere="示例区水务局")
    assert state_of(case) is CaseState.NOT_ACCEPTED
    letters = [one.body for one in cases.page(case.number).documents]
    assert "请向示例区水务局提出申请。" in str(letters)


@pytest.mark.parametrize("missing", ["kind", "reason", "article"])
def test_a_refusal_to_accept_without_its_parts_says_which(missing):
    case = cases.receive()
    sent = {"kind": "decline", "reason": "理由", "article": "条款", missing: " ", "confirmed": "1"}

    answer = send("reviewer", case, "decline", **sent)

    assert answer.status_code == 422
    assert "请" in str(answer.context["form"].errors[missing])
    assert state_of(case) is CaseState.RECEIVED


def test_a_reviewer_proposes_and_another_decides_in_a_second_step():
    case = cases.accepted()
    send("reviewer", case, "review", outcome="grant", opinion="符合条件")
    case = cases.page(case.number).case
    assert case.state is CaseState.DECISION_PENDING

    first = words(send("approver", case, "decide", outcome="grant"))
    assert "确认准予" in first
    assert "餐饮服务许可证" in first
    assert state_of(case) is CaseState.DECISION_PENDING

    send("approver", case, "decide", outcome="grant", confirmed="1")
    assert state_of(case) is CaseState.APPROVED


def test_a_refusal_ticks_the_conditions_that_are_not_met_and_keeps_them_when_going_back():
    case = cases.reviewed()
    page = signed_in("approver").get(f"/desk/cases/{case.number}/decide/")
    assert page.context["form"].fields["unmet"].choices == [(1, "有合适的场所。")]
    said = {"outcome": "refuse", "reason": "场所太小", "article": "第三十三条", "unmet": "1"}

    both = send("approver", case, "decide", outcome="grant", unmet="1")
    assert both.status_code == 422
    assert "不能准予；请取消勾选" in words(both)
    odd = send("approver", case, "decide", **said | {"unmet": "2"})
    assert "请从本事项公布的条件中选择" in str(odd.context["form"].errors["unmet"])
    first = send("approver", case, "decide", **said)
    assert "不符合本事项公布的下列条件： 有合适的场所。" in words(first)
    again = send("approver", case, "decide", **said, edit="1")
    assert again.context["form"]["unmet"].subwidgets[0].data["selected"]
    assert again.content.decode().count(" checked") == 2, "the outcome and the condition"
    assert state_of(case) is CaseState.DECISION_PENDING

    assert send("approver", case, "decide", **said, confirmed="1").status_code == 302
    assert state_of(case) is CaseState.REJECTED


@pytest.mark.parametrize("missing", ["outcome", "opinion"])
def test_a_review_without_its_parts_keeps_what_was_typed(missing):
    case = cases.accepted()
    sent = {"outcome": "grant", "opinion": "写了很久的意见", missing: ""}

    answer = send("reviewer", case, "review", **sent)

    assert answer.status_code == 422
    assert missing in answer.context["form"].errors
    if missing != "opinion":
        assert "写了很久的意见" in answer.content.decode()


def test_a_refusal_explains_itself_or_is_not_made():
    case = cases.reviewed()

    answer = send("approver", case, "decide", outcome="refuse", confirmed="1")

    assert answer.status_code == 422
    assert "请填写不予的理由" in words(answer)
    assert "请填写不予的法律依据" in words(answer)
    send(
        "approver",
        case,
        "decide",
        outcome="refuse",
        reason="不符合",
        article="三十三条",
        confirmed="1",
    )
    assert state_of(case) is CaseState.REJECTED


def test_whoever_reviewed_reads_clearly_why_they_may_not_decide():
    case = cases.accepted()
    send("both", case, "review", outcome="grant", opinion="符合条件")
    case = cases.page(case.number).case
    both = signed_in("both")

    shown = words(both.get(f"/desk/cases/{case.number}/decide/"))
    answer = send("both", case, "decide", outcome="grant", confirmed="1")

    assert "审查和决定不能由同一人作出，请由本部门其他审批人员决定" in shown
    assert answer.status_code == 422
    assert "您审查过本办件" in words(answer)
    assert state_of(case) is CaseState.DECISION_PENDING


def test_two_reviewers_at_once_lose_nothing():
    case = cases.accepted()
    propose(
        number=case.number,
        outcome=Outcome.GRANT,
        opinion="先到的意见",
        by=cases.SECOND_REVIEWER,
        at=cases.FRIDAY,
    )

    answer = send("reviewer", case, "review", outcome="refuse", opinion="后到的意见")

    assert answer.status_code == 422
    shown = words(answer)
    assert "办件刚由王审查于03月06日 09:00办理" in shown
    assert "请刷新后再办" in shown
    assert "后到的意见" in shown
    opinion = cases.page(case.number).opinion
    assert opinion is not None
    assert opinion.text == "先到的意见"


def test_a_conflict_is_shown_and_the_same_words_can_be_sent_again():
    case = cases.receive()
    stale = {"version": case.version - 1, "checked": "on"}
    clerk = signed_in("clerk")

    answer = clerk.post(f"/desk/cases/{case.number}/accept/", stale)

    assert answer.status_code == 422
    fresh = answer.context["form"].data["version"]
    again = clerk.post(f"/desk/cases/{case.number}/accept/", stale | {"version": fresh})
    assert again.status_code == 302


@pytest.mark.parametrize("version", ["", "x", "99999999999999999999"])
def test_a_broken_version_is_refused(version):
    case = cases.receive()

    answer = signed_in("clerk").post(
        f"/desk/cases/{case.number}/accept/", {"version": version, "checked": "on"}
    )

    assert answer.status_code == 422
    assert state_of(case) is CaseState.RECEIVED


def test_a_result_is_handed_over_and_a_parcel_needs_its_number():
    case = cases.decided()

    assert "请填写邮件号码" in words(send("clerk", case, "deliver", channel="post"))
    assert send("clerk", case, "deliver").status_code == 422
    send("clerk", case, "deliver", channel="print", result="本人签收")

    assert state_of(case) is CaseState.CLOSED


def test_a_head_gives_a_case_to_somebody_who_may_handle_it():
    case = cases.accepted()

    answer = send("head", case, "assign", to="user:reviewer2")

    assert answer.status_code == 302
    assert cases.page(case.number).case.assigned_to == "user:reviewer2"
    refused = send("head", cases.page(case.number).case, "assign", to="user:clerk")
    assert "请从所列人员中选择" in words(refused)


@pytest.mark.parametrize(
    "given",
    [
        {"outcome": "grant"},
        {"outcome": "refuse", "reason": "场所不符合要求", "article": "《食品安全法》第三十五条"},
    ],
)
def test_the_letter_is_read_before_the_decision_as_it_is_issued_after_it(given):
    case = cases.reviewed()
    path = f"/desk/cases/{case.number}/decide/"
    sent = given | {"version": str(case.version)}
    approver = signed_in("approver")

    before = approver.post(path, sent)
    approver.post(path, sent | {"confirmed": "1"})

    issued = CaseDocument.objects.filter(case__number=case.number).latest("pk")
    shown = words(before)
    assert issued.title in shown
    for paragraph in (*issued.body["paragraphs"], *issued.body["remedies"]):
        assert paragraph in shown


def test_a_head_gives_out_ticked_cases_together_and_reads_who_holds_how_many():
    first, second, other = cases.accepted(), cases.accepted(), cases.accepted()
    head = signed_in("head")
    ticked = [f"{one.number}@{one.version}" for one in (first, second)]

    answer = head.post(
        "/desk/assign/", {"case": ticked, "to": "user:reviewer2", "tab": "reviewing"}, follow=True
    )

    assert "已分派2件。" in words(answer)
    assert "王审查（在办 2 件）" in words(answer)
    for case, holder in ((first, "user:reviewer2"), (second, "user:reviewer2"), (other, "")):
        assert cases.page(case.number).case.assigned_to == holder


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "请先勾选办件，再选择承办人"),
        ({"to": "user:reviewer2", "case": ["{number}"]}, "页面不完整，请刷新后再办"),
        ({"to": "user:reviewer2", "case": ["{number}@" + "9" * 30]}, "页面不完整"),
        ({"to": "user:reviewer2", "case": ["none@1"]}, "办件"),
        ({"to": "user:reviewer2", "case": ["{number}@999"]}, "请刷新"),
        ({"to": "user:clerk", "case": ["{number}@{version}"]}, "请从可分派人员中选择"),
        ({"to": "user:nobody", "case": ["{number}@{version}"]}, "请从可分派人员中选择"),
    ],
)
def test_what_cannot_be_given_out_together_says_why_and_stays(sent, sentence):
    case = cases.accepted()
    places = {"{number}": case.number, "{version}": str(case.version)}
    ticked = sent.get("case", [])
    for place, value in places.items():
        ticked = [one.replace(place, value) for one in ticked]

    answer = signed_in("head").post("/desk/assign/", sent | {"case": ticked}, follow=True)

    assert sentence in words(answer)
    assert cases.page(case.number).case.assigned_to == ""


def test_only_who_gives_out_work_sees_the_ticks_and_may_send_them():
    case = cases.accepted()
    sent = {"case": [f"{case.number}@{case.version}"], "to": "user:reviewer"}

    assert "把勾选的办件分派给" not in words(signed_in("reviewer").get("/desk/?tab=reviewing"))
    assert signed_in("reviewer").post("/desk/assign/", sent).status_code == 403
    other = words(signed_in("stranger").post("/desk/assign/", sent, follow=True))
    assert f"{case.number}：" in other
    assert case.query_code not in other
    late = sent | {"case": [f"{case.number}@999"]}
    assert f"{case.query_code}：" in words(
        signed_in("head").post("/desk/assign/", late, follow=True)
    )
    assert cases.page(case.number).case.assigned_to == ""
    assert signed_in("head").get("/desk/assign/").headers["Location"] == "/desk/"


def test_the_reviewer_is_not_offered_for_the_decision():
    case = cases.accepted()
    send("both", case, "review", outcome="grant", opinion="符合条件")

    staff = signed_in("head").get(f"/desk/cases/{case.number}/assign/").context["staff"]

    assert [one.login for one in staff] == ["approver"]


def test_numbers_are_masked_and_a_full_view_needs_a_purpose_and_leaves_a_trace():
    case = cases.receive()
    clerk = signed_in("clerk")
    page = words(clerk.get(f"/desk/cases/{case.number}/"))
    assert "139****1234" in page
    assert "13900001234" not in page

    empty = clerk.post(f"/desk/cases/{case.number}/reveal/phone/", {"purpose": "好奇"})
    assert empty.status_code == 422
    assert "13900001234" not in words(empty)
    shown = clerk.post(f"/desk/cases/{case.number}/reveal/phone/", {"purpose": "联系申请人办理"})

    assert "13900001234" in words(shown)
    (row,) = trail(act="audit.read", target=case.applicant_ref)
    assert row.actor == "user:clerk"
    assert row.purpose == "联系申请人办理"


def test_a_registered_number_is_shown_whole_by_the_register():
    case = cases.receive()

    shown = signed_in("clerk").post(
        f"/desk/cases/{case.number}/reveal/entity.phone/", {"purpose": "联系申请人办理"}
    )

    assert "021-00000001" in words(shown)


@pytest.mark.parametrize("key", ["area_m2", "person.id_number", "nothing"])
def test_only_hidden_values_can_be_shown_whole(key):
    case = cases.receive()

    answer = signed_in("clerk").get(f"/desk/cases/{case.number}/reveal/{key}/")

    assert answer.status_code == 404


def test_papers_of_a_case_open_for_its_people_only():
    case = cases.decided()
    other = cases.receive()
    clerk = signed_in("clerk")
    letter = cases.page(case.number).documents[0].id

    opened = clerk.get(f"/desk/cases/{case.number}/letters/{letter}/")
    assert opened.content.startswith(b"%PDF")
    assert opened.headers["Cache-Control"] == "no-store"
    assert clerk.get(f"/desk/cases/{case.number}/licence/").content.startswith(b"%PDF")
    assert clerk.get(f"/desk/cases/{other.number}/letters/{letter}/").status_code == 404
    assert clerk.get(f"/desk/cases/{other.number}/licence/").status_code == 404
    assert clerk.get(f"/desk/cases/{other.number}/files/{'0' * 32}/").status_code == 404


def test_the_file_of_a_correction_comes_first_and_what_it_replaces_is_closed():
    old, new = cases.upload(cases.CLERK.ref), cases.upload()
    case = with_papers(uploads={"layout": [old]})
    ask_correction(
        number=case.number,
        lines=[CorrectionLine(material_id="layout", what="看不清", why="看得清")],
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    correction = cases.page(case.number).correction
    assert correction is not None
    file_correction(
        number=case.number,
        lines=[FiledLine(line_id=correction.lines[0].id, upload_refs=[new])],
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )

    page = signed_in("clerk").get(f"/desk/cases/{case.number}/").content.decode()

    marked = page.index(f"补正后 {cases.FRIDAY:%Y-%m-%d}")
    assert page.index(new.removeprefix("upload:")) < marked < page.index("补正前的 1 个文件")
    assert page.index("补正前的 1 个文件") < page.index(old.removeprefix("upload:"))
