"""The four modes of 证照分离: in the editor, the guide, the counter, the letter, the report."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client

from tests.factories import cases, portal
from tests.factories.desk import signed_in
from tests.web.officer.keeping import ITEM, begun, fields, fill, number, words
from yiwang.cases.models import Case, CaseDocument, Draft
from yiwang.cases.policy.states import CaseState
from yiwang.cases.services import accept_case
from yiwang.catalogue import drafts
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy.items import ItemVersion, ReformMode
from yiwang.organisations.models import User
from yiwang.organisations.permissions import Actor, Post
from yiwang.organisations.services import create_applicant_account

pytestmark = [pytest.mark.usefixtures("keepers"), pytest.mark.thorough]

TODAY = cases.FRIDAY.date()
REFORMED = {"reform_since": dt.date(2021, 7, 1), "reform_doc": "示例府规〔2021〕7号"}
WAY = (("owner", "submit"), ("head", "approve"), ("legal", "approve"), ("checker", "approve"))


def firm() -> Client:
    create_applicant_account(
        login="firm",
        password=portal.PASSWORD,
        phone="",
        subject_ref=cases.FIRM_REF,
        name="示例餐饮",
        by=portal.PROGRAM,
        at=cases.FRIDAY,
    )
    User.objects.filter(login="firm").update(password_changed_at=cases.FRIDAY)
    return portal.signed_in("firm")


def handling(draft: str, **changes: Any) -> Any:
    return fill(signed_in("owner"), f"{draft}edit/handling/", **changes)


def published(draft: str) -> None:
    for login, what in WAY:
        answer = fill(signed_in(login), f"{draft}{what}/")
        assert answer.status_code == 302, words(answer)


def kept(draft: str) -> ItemVersion:
    by = Actor(ref="user:owner", posts={"market": frozenset({Post.ITEM_OWNER})})
    return drafts.draft(number(draft), by=by).version


def exported(slug: str) -> dict[str, str]:
    answer = Client().get("/opendata/items.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    name = catalogue.item(slug, on=TODAY).name
    return next(row for row in csv.DictReader(io.StringIO(text)) if name in row.values())


@pytest.mark.req("REG-01")
def test_a_mode_with_its_day_document_and_trial_stands_in_guide_report_and_table():
    draft = begun()
    handling(draft, reform_mode="optimise")

    refused = fill(signed_in("owner"), f"{draft}submit/")

    assert refused.status_code == 422
    assert "没有写“优化审批服务”自哪天起。" in words(refused)
    assert "没有写“优化审批服务”依据的文件。" in words(refused)

    answer = handling(
        draft,
        reform_since="2025-10-01",
        reform_doc="示例府规〔2025〕9号",
        reform_pilot__present="on",
        reform_pilot__basis="示例市政府同意试点的批复",
        reform_pilot__ends_on="2026-12-31",
    )
    assert answer.status_code == 302, words(answer)
    published(draft)

    said = "自2025-10-01起；示例府规〔2025〕9号；试点：示例市政府同意试点的批复，至2026-12-31"
    name = catalogue.item(ITEM, on=TODAY).name
    assert said in words(Client().get(f"/items/{ITEM}/"))
    for figure in ("reform_all", "reform_optimise", "reform_pilot"):
        page = words(Client().get(f"/reports/items/{figure}/"))
        assert "共 1 项" in page
        assert name in page
        assert said in page
    row = exported(ITEM)
    assert row["证照分离改革方式"] == "优化审批服务"
    assert row["改革自哪天起"] == "2025-10-01"
    assert row["改革依据的文件"] == "示例府规〔2025〕9号"
    assert row["改革试点"] == "示例市政府同意试点的批复，至2026-12-31"


def test_a_wrong_day_is_told_at_its_field_and_nothing_typed_is_lost():
    draft = begun()

    answer = handling(draft, reform_mode="commit", reform_since="去年", reform_doc="7号")

    assert answer.status_code == 422
    assert "“改革自哪天起”应为日期，如 2026-03-06。" in words(answer)
    assert fields(answer)["reform_doc"] == "7号"
    assert fields(answer)["reform_since"] == "去年"


def test_a_trial_that_is_not_ticked_is_not_kept_and_a_day_may_be_emptied():
    draft = begun()
    handling(
        draft,
        reform_mode="commit",
        reform_since="2025-10-01",
        reform_doc="9号",
        reform_pilot__basis="没有勾选",
        reform_pilot__ends_on="没有勾选",
    )
    assert kept(draft).reform_since == dt.date(2025, 10, 1)
    assert kept(draft).reform_pilot is None

    handling(draft, reform_mode="", reform_since="", reform_doc="")

    version = kept(draft)
    assert (version.reform_mode, version.reform_since, version.reform_pilot) == (None, None, None)


@pytest.mark.req("REG-01")
def test_nobody_applies_for_an_approval_that_was_cancelled_and_everybody_reads_why():
    client = firm()
    draft = begun()
    handling(draft, reform_mode="cancel", reform_since="2025-10-01", reform_doc="9号")
    refused = fill(signed_in("owner"), f"{draft}submit/")
    assert "审批已经直接取消，却还有办理渠道。" in words(refused)
    handling(draft, channels=[])
    published(draft)
    told = "这项审批已经直接取消，不用申请"

    guide = words(client.get(f"/items/{ITEM}/"))
    begin = words(client.get(f"/items/{ITEM}/apply/"))
    sent = client.post(f"/items/{ITEM}/apply/", {"applicant": cases.FIRM_REF})
    counter = signed_in("clerk").get(f"/counter/{cases.FIRM_REF}/{ITEM}/")

    assert told in guide
    assert "在线办理" not in guide
    assert told in begin
    assert "开始填写" not in begin
    assert sent.status_code in {403, 422}
    assert "已经直接取消审批（自2025-10-01起；9号），不用申请" in words(sent)
    assert counter.status_code == 404
    assert not Draft.objects.exists()
    assert not Case.objects.exists()
    assert "共 1 项" in words(Client().get("/reports/items/reform_cancel/"))


def filing() -> dict[str, Any]:
    at_once = cases.card()
    return cases.without_materials(
        slug="restaurant-filing",
        name="餐饮备案",
        item_type="other_power",
        task_code="11310114XXXX01011H4311031009000",
        handling_code="11310114XXXX01011H431103100900001",
        case_kind="immediate",
        limit=at_once["limit"],
        flow=at_once["flow"],
        reform_mode="file",
        **REFORMED,
    )


@pytest.mark.req("REG-01")
def test_a_whole_filing_is_filed_on_the_spot_with_a_number_and_no_licence_decision():
    cases.publish(filing())
    case = cases.receive(item_slug="restaurant-filing")
    case = accept_case(number=case.number, calendar=cases.CALENDAR, by=cases.CLERK, at=cases.FRIDAY)

    sent = {"outcome": "grant", "version": str(case.version)}
    page = f"/desk/cases/{case.number}/decide/"
    before = words(signed_in("approver").post(page, sent))
    answer = signed_in("approver").post(page, sent | {"confirmed": "1"})

    assert answer.status_code == 302, words(answer)
    filed = cases.page(case.number)
    letter = CaseDocument.objects.get(case__number=case.number, kind="grant_decision")
    said = "您报送的“餐饮备案”材料齐全、符合法定形式，本机关予以备案。"
    assert filed.case.state is CaseState.APPROVED
    assert letter.title == "备案通知书"
    assert "备〔2026〕1号" in letter.number
    assert "准" not in letter.number
    assert said in letter.body["paragraphs"]
    assert said in before
    assert "备案通知书" in before
    assert "许可决定" not in "".join((letter.title, *letter.body["paragraphs"]))
    assert Case.objects.get(number=case.number).licence_identifier
    assert "共 1 项" in words(Client().get("/reports/items/reform_file/"))
    assert catalogue.item("restaurant-filing", on=TODAY).reform_mode is ReformMode.FILE
