"""Each letter holds what the law wants in it, in a case that was walked to that letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import cases
from tests.factories.desk import hire
from yiwang.cases import services
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.procedure import HearingEnd
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, Relation

pytestmark = pytest.mark.usefixtures("whole_district")

AT = cases.FRIDAY
K = DocumentKind
APPLICANT = "上海示例餐饮管理有限公司"
REMEDIES = ("60日内向示例区人民政府申请行政复议", "6个月内依法向有管辖权的人民法院提起行政诉讼")


def on(day: str, hour: int = 9) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=cases.ZONE)


def whole() -> dict[str, Any]:
    """Return what is handed in: a scan, and a paper."""
    return {"uploads": {"layout": [cases.upload("user:clerk")]}, "paper": ["rules"]}


def corrected() -> str:
    line = services.CorrectionLine(
        material_id="layout", what="平面图看不清", why="受理标准：看得清", example="重拍一张"
    )
    other = services.CorrectionLine(material_id="", what="补充门牌", why="地址不完整")
    number = cases.receive(**whole()).number
    services.ask_correction(number=number, lines=[line, other], by=cases.CLERK, at=AT)
    return number


def declined(*, no_need: bool) -> str:
    number = cases.receive(**whole()).number
    services.decline_case(
        number=number,
        reason="场所在河道管理范围内，不属于本机关职权",
        article=f"行政许可法 第三十二条第一款{'第一项' if no_need else '第二项'}",
        elsewhere="" if no_need else "示例区水务局",
        no_need=no_need,
        by=cases.REVIEWER,
        at=AT,
    )
    return number


def extended() -> str:
    number = cases.reviewing(**whole()).number
    services.ask_extension(number=number, reason="等待工程验收", by=cases.REVIEWER, at=AT)
    services.decide_extension(
        number=number, approve=True, calendar=cases.CALENDAR, by=cases.HEAD, at=AT
    )
    return number


def heard() -> str:
    hire("approver", "reviewer", "reviewer2")
    number = cases.hearing(number=cases.reviewing(**whole()).number).number
    common: dict[str, Any] = {"number": number, "calendar": cases.CALENDAR}
    services.request_hearing(text="不相邻", by=cases.FIRM, at=on("2026-03-13"), **common)
    services.set_hearing(
        held_at=on("2026-03-26"),
        place="行政服务中心三楼",
        chair="user:approver",
        by=cases.REVIEWER,
        at=on("2026-03-16"),
        **common,
    )
    services.end_hearing(
        end=HearingEnd.HELD,
        record="申请人提交测绘图。",
        signed_by=["赵审批", "申请人代表"],
        by=cases.REVIEWER,
        at=on("2026-03-26", 11),
        **common,
    )
    return number


def delivered() -> str:
    number = cases.decided(**whole()).number
    services.deliver_case(
        number=number,
        channel=DeliveryChannel.PRINT,
        recipient="店长",
        relation=Relation.AGENT,
        by=cases.CLERK,
        at=AT,
    )
    return number


def site_checked() -> str:
    hire("reviewer", "reviewer2")
    number = cases.reviewing(**whole()).number
    services.record_site_check(
        number=number,
        second_officer="user:reviewer2",
        checked_on=AT.date(),
        place="示例路11号",
        found="与平面图一致",
        witness="店长",
        by=cases.REVIEWER,
        at=AT,
    )
    return number


def sides_told() -> str:
    number = cases.reviewing(**whole()).number
    cases.tell_interested(number)
    return number


def through(state: CaseState) -> Callable[[], str]:
    """Return how a case with its materials gets into a state."""
    return lambda: cases.in_state(state, **whole()).number


S = CaseState
LETTERS: list[tuple[DocumentKind, Callable[[], str], tuple[str, ...]]] = [
    (
        K.RECEIPT,
        through(S.RECEIVED),
        (
            "申请书（免于提交，",
            "平面图（已提交，电子扫描件1个）",
            "规章制度（已提交，原件1份）",
            "收件时间：2026-03-06 09:00",
            "收件人员：陈窗口",
            "收件窗口：A03",
        ),
    ),
    (
        K.CORRECTION_NOTICE,
        corrected,
        (
            "全部内容",
            "1. 平面图看不清。理由：受理标准：看得清。示例：重拍一张。提交形式：原件1份",
            "2. 补充门牌。理由：地址不完整",
            "请于2026年4月5日前",
            "办理进度页面或者收件窗口提交，也可以邮寄到示例区行政服务中心（以收到的日期为准）",
            "本告知只作一次",
        ),
    ),
    (
        K.ACCEPTANCE_NOTICE,
        through(S.ACCEPTED),
        (
            "自2026年3月6日起予以受理",
            "法定办结时限为20个工作日，至2026年4月3日",
            "承诺办结时限为5个工作日，至2026年3月13日",
            "咨询电话：021-00000001",
        ),
    ),
    (
        K.NON_ACCEPTANCE,
        lambda: declined(no_need=False),
        (
            "理由：场所在河道管理范围内",
            "依据：行政许可法 第三十二条第一款第二项",
            "请向示例区水务局提出申请",
            *REMEDIES,
        ),
    ),
    (
        K.NO_NEED_NOTICE,
        lambda: declined(no_need=True),
        ("理由：场所在河道管理范围内", "依据：行政许可法 第三十二条", *REMEDIES),
    ),
    (
        K.SPECIAL_NOTICE,
        through(S.SPECIAL),
        (
            "依法需要检测。理由：须检测用水水质",
            "第四十五条",
            "所需时间为5个工作日",
            "预计至2026年3月13日",
            "不计算在办理期限内",
        ),
    ),
    (
        K.EXTENSION_NOTICE,
        extended,
        (
            "理由：等待工程验收",
            "本机关负责人（周负责）批准",
            "延长10个工作日，至2026年3月27日",
            "第四十二条",
        ),
    ),
    (
        K.HEARING_RIGHT,
        heard,
        (
            "经营场所与居民楼相邻",
            "要求听证的权利",
            "起5个工作日内（2026年3月13日前）",
            "不承担",
            "费用",
        ),
    ),
    (
        K.HEARING_NOTICE,
        heard,
        (
            "听证时间：2026年03月26日 09:00",
            "听证地点：行政服务中心三楼",
            "听证主持人：赵审批",
            "申请回避",
            "公开举行听证",
        ),
    ),
    (
        K.HEARING_ANNOUNCEMENT,
        heard,
        ("听证时间：2026年03月26日 09:00", "听证地点：行政服务中心三楼", "经营场所与居民楼相邻"),
    ),
    (
        K.HEARING_RECORD,
        heard,
        ("申请人提交测绘图。", "签字或者盖章：赵审批、申请人代表", "听证主持人：赵审批"),
    ),
    (
        K.SITE_CHECK_RECORD,
        site_checked,
        (
            "核查日期：2026年3月6日",
            "核查地点：示例路11号",
            "核查人员：李审查、王审查",
            "在场的申请人一方：店长",
            "与平面图一致",
        ),
    ),
    (
        K.INTERESTED_NOTICE,
        sides_told,
        (
            "利害关系人：邻居甲",
            "联系方式：示例区示例镇示例路13号201室",
            f"申请人：{APPLICANT}",
            "直接关系您的重大利益：楼上住户受油烟影响",
            "有权进行陈述和申辩",
            "2026年3月13日前",
        ),
    ),
    (
        K.VIEWS_NOTICE,
        sides_told,
        (
            "利害关系人：邻**",
            "直接关系他人的重大利益：楼上住户受油烟影响",
            "有权进行陈述和申辩",
            "2026年3月13日前",
            "计算在办理期限内",
        ),
    ),
    (
        K.REVIEW_OPINION,
        through(S.DECISION_PENDING),
        ("平面图（已提交", "建议准予。符合条件", "审查人：李审查，2026-03-06 09:00"),
    ),
    (
        K.APPROVAL_FORM,
        through(S.APPROVED),
        (
            "审查人：李审查，2026-03-06 09:00",
            "核准人：赵审批，2026-03-06 09:00",
            "依据：《食品安全法》",
        ),
    ),
    (
        K.GRANT_DECISION,
        through(S.APPROVED),
        (
            "决定准予",
            "事实和理由：申请材料齐全",
            "依据：《食品安全法》第三十五条",
            "结果：餐饮服务许可证",
            "自2026年3月6日至2031年3月6日",
            "接受监督检查。监管方式：双随机抽查",
        ),
    ),
    (
        K.REFUSAL_DECISION,
        through(S.REJECTED),
        ("不予准许", "理由：场所不符合要求", "依据：食品安全法 第三十三条", *REMEDIES),
    ),
    (
        K.DELIVERY_RECEIPT,
        delivered,
        (
            "送达文书：准予行政许可决定书",
            "送达方式：窗口领取",
            "送达日期：2026年3月6日",
            "签收人：店长",
            "与受送达人关系：代理人",
            "送达人：陈窗口",
        ),
    ),
    (K.END_NOTICE, through(S.WITHDRAWN), ("应您的申请", "终止办理", "可以重新提出申请")),
    (
        K.END_NOTICE,
        through(S.TERMINATED),
        (
            "终止事由：申请的法人或者其他组织依法终止",
            "查明：主体已注销",
            "终止办理",
            *REMEDIES,
        ),
    ),
    *(
        (
            kind,
            through(state),
            (
                "事由：",
                "查明的事实：提交的平面图系伪造。",
                "证据：现场检查笔录",
                f"依据：《中华人民共和国行政许可法》{article}",
                consequence,
                *REMEDIES,
            ),
        )
        for kind, state, article, consequence in (
            (K.REVOCATION, S.REVOKED, "第六十九条", "该许可不再有效"),
            (K.RETRACTION, S.RETRACTED, "第八条", "该许可不再有效"),
            (K.DEREGISTRATION, S.DEREGISTERED, "第七十条", "不得再凭该许可开展活动"),
        )
    ),
]
"""Letter -> how a case comes to it, and what must stand in it beside what stands in every one."""


@pytest.mark.parametrize(
    ("kind", "walk", "wanted"),
    [pytest.param(*row, id=f"{row[0].value}-{place}") for place, row in enumerate(LETTERS)],
)
def test_a_letter_holds_what_it_must(kind, walk, wanted):
    number = walk()
    case = cases.page(number).case
    row = CaseDocument.objects.get(case__number=number, kind=kind.value)
    text = "\n".join(
        [
            *(f"{label}：{value}" for label, value in row.body["facts"]),
            *row.body["paragraphs"],
            *row.body["remedies"],
        ]
    )

    everywhere = ["事项：餐饮服务许可（新办）", "示例区市场监管局"]
    if kind is K.INTERESTED_NOTICE:  # to somebody else: nothing by which to ask for the case
        assert number not in text
        assert case.query_code not in text
    elif kind is not K.HEARING_ANNOUNCEMENT:  # public: it names neither case nor applicant
        everywhere += [f"办件编号：{number}", f"查询码：{case.query_code}", APPLICANT]
    for words in (*everywhere, *wanted):
        assert words in text, f"{words}\n—\n{text}"
    assert row.number.startswith("市场监管局")
    assert "〔2026〕" in row.number
    assert (row.title, row.seal_department) == (kind.label, "market")
    assert row.issued_at


def test_on_the_portal_the_receipt_counts_files_and_names_the_platform():
    draft = cases.draft()
    services.attach(
        draft_id=draft.id, material_id="layout", upload_ref=cases.upload(), by=cases.FIRM, at=AT
    )
    case = cases.submit(draft.id, tolerance_signed=True)
    body = CaseDocument.objects.get(case__number=case.number, kind="receipt").body

    assert "平面图（已提交，电子文件1个）" in body["paragraphs"]
    assert "规章制度（容缺后补）" in body["paragraphs"]
    assert ["收件人员", "一网通办平台"] in body["facts"]


def test_every_letter_of_a_case_is_in_the_table_or_tested_where_it_is_made():
    elsewhere = {
        K.COMMITMENT_LETTER,
        K.TOLERANCE_COMMITMENT,
        K.CERTIFICATE_COMMITMENT,
        K.PERMITS_TOLD,
        K.ORDER_TO_CORRECT,
        K.STATEMENT_RIGHT,
        K.RENEWAL_RECORD,
        K.DOCUMENT_FIX,
    }

    assert {row[0] for row in LETTERS} == set(K) - elsewhere
