"""A small invented district with two items, and how to walk cases through it."""

from __future__ import annotations

import datetime as dt
import functools
import io
from collections.abc import Callable, Mapping
from typing import Any

import pyvips
from django.db import transaction
from django.utils import timezone

from tests.factories import registers
from tests.factories.assessments import assess_if_automatic
from yiwang.cases import queries, services
from yiwang.cases.policy.interested import InterestedKind
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terminating import TerminationGround
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, Relation
from yiwang.cases.queries import CaseView
from yiwang.catalogue import queries as queries_of_items
from yiwang.catalogue import services as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.content.models import District
from yiwang.documents import services as documents
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences.models import LicenceType
from yiwang.licences.policy.numbers import NumberRule, SerialScope
from yiwang.licences.policy.states import HolderKind
from yiwang.licences.policy.types import FieldDefinition, TypeDefinition, to_plain
from yiwang.organisations.models import Department
from yiwang.organisations.permissions import Actor, Post

ZONE = timezone.get_default_timezone()
FRIDAY = dt.datetime(2026, 3, 6, 9, 0, tzinfo=ZONE)
"""The day on which the walks begin; limits below are counted from it."""

RESTAURANT, CARD = "restaurant", "old-age-card"
FIRM_REF = f"entity:{registers.FIRM}"


def days(first: str, last: str) -> set[dt.date]:
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return {begin + dt.timedelta(days=step) for step in range((end - begin).days + 1)}


CALENDAR = WorkdayCalendar(
    first=dt.date(2026, 1, 1),
    last=dt.date(2026, 12, 31),
    holidays=frozenset(
        days("2026-01-01", "2026-01-03")
        | days("2026-02-15", "2026-02-23")
        | days("2026-04-04", "2026-04-06")
        | days("2026-05-01", "2026-05-05")
        | days("2026-06-19", "2026-06-21")
        | days("2026-09-25", "2026-09-27")
        | days("2026-10-01", "2026-10-07")
    ),
    workdays=frozenset(
        dt.date.fromisoformat(day)
        for day in (
            "2026-01-04",
            "2026-02-14",
            "2026-02-28",
            "2026-05-09",
            "2026-09-20",
            "2026-10-10",
        )
    ),
)
"""Working days of 2026."""

ENDING = WorkdayCalendar(
    first=dt.date(2026, 1, 1),
    last=dt.date(2026, 3, 15),
    holidays=frozenset(),
    workdays=frozenset(),
)
"""A calendar that ends nine days after the walks begin."""

CLERK = Actor(
    ref="user:clerk",
    name="陈窗口",
    posts={"centre": frozenset({Post.COUNTER_CLERK})},
    ip="10.0.0.1",
)
REVIEWER = Actor(ref="user:reviewer", name="李审查", posts={"market": frozenset({Post.REVIEWER})})
SECOND_REVIEWER = Actor(
    ref="user:reviewer2", name="王审查", posts={"market": frozenset({Post.REVIEWER})}
)
APPROVER = Actor(ref="user:approver", name="赵审批", posts={"market": frozenset({Post.APPROVER})})
BOTH = Actor(
    ref="user:both",
    name="孙兼任",
    posts={"market": frozenset({Post.REVIEWER, Post.APPROVER})},
)
HEAD = Actor(ref="user:head", name="周负责", posts={"market": frozenset({Post.DEPARTMENT_HEAD})})
STRANGER = Actor(
    ref="user:stranger",
    name="吴外人",
    posts={"housing": frozenset({Post.COUNTER_CLERK, Post.REVIEWER, Post.APPROVER})},
)
FIRM = Actor(ref="user:firm", name="上海示例餐饮管理有限公司", subjects=frozenset({FIRM_REF}))
NOBODY = Actor(ref="user:nobody", name="无关人员", subjects=frozenset({"person:" + "0" * 32}))
CLOCK = Actor(ref="job:deem-accepted")
EXPIRY = Actor(ref="job:end-corrections")

HEAD_OF_FIRM = services.Visitor(
    relation=Relation.LEGAL_REP, name="示例负责人", identified=True, window="A03"
)
"""Whoever heads the firm, at a window, with the card on the desk."""

ANSWERS: Mapping[str, object] = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": 80,
    "phone": "13900001234",
}


def restaurant(**changes: Any) -> dict[str, Any]:
    """Return the definition of a licence with every sort of material."""
    definition: dict[str, Any] = {
        "slug": RESTAURANT,
        "name": "餐饮服务许可（新办）",
        "item_type": "licence",
        "task_code": "11310114XXXX01011H4310131001000",
        "handling_code": "11310114XXXX01011H431013100100001",
        "department": "market",
        "audiences": ["entity"],
        "field": "市场准入",
        "themes": ["开办企业"],
        "aliases": ["开饭店"],
        "summary": "开饭店要取得的许可。",
        "case_kind": "promised",
        "channels": ["portal", "counter"],
        "onsite_times": 0,
        "onsite_reason": "",
        "limit": {
            "statutory_workdays": 20,
            "promised_workdays": 5,
            "source": "行政许可法 第四十二条第一款",
            "effective_on": dt.date(2026, 1, 1),
        },
        "fees": [],
        "minutes_to_fill": 10,
        "basis": [
            {"law": "食品安全法", "article": "第三十五条", "version": "2021-04-29", "note": "许可"}
        ],
        "conditions": ["有合适的场所。"],
        "questionnaire": [
            {
                "id": "kind",
                "label": "经营方式",
                "kind": "choice",
                "options": {"catering": "餐饮服务", "canteen": "单位食堂"},
            },
            {
                "id": "raw_food",
                "label": "是否制售生食？",
                "kind": "yes_no",
                "optional": True,
            },
        ],
        "sections": [
            {
                "id": "place",
                "title": "场所",
                "questions": [
                    {"id": "address", "label": "经营场所地址", "kind": "text"},
                    {
                        "id": "area_m2",
                        "label": "面积",
                        "kind": "number",
                        "unit": "平方米",
                        "minimum": 1,
                        "maximum": 10000,
                    },
                    {"id": "phone", "label": "联系电话", "kind": "phone"},
                ],
            }
        ],
        "materials": [
            {
                "id": "application",
                "name": "申请书",
                "source": "form",
                "waive_by": "generated",
                "basis": "行政许可法 第二十九条",
                "accept_standard": "由填写内容生成。",
            },
            {
                "id": "representative",
                "name": "负责人身份证",
                "source": "government",
                "waive_by": "register",
                "waive_ref": "entity.uscc",
                "basis": "行政许可法 第三十一条",
                "accept_standard": "与登记一致。",
            },
            {
                "id": "layout",
                "name": "平面图",
                "source": "applicant",
                "basis": "食品安全法 第三十三条",
                "accept_standard": "看得清。",
            },
            {
                "id": "rules",
                "name": "规章制度",
                "source": "applicant",
                "necessity": "tolerable",
                "tolerance_days": 3,
                "basis": "食品安全法 第三十三条",
                "accept_standard": "有自查内容。",
            },
            {
                "id": "room",
                "name": "专间说明",
                "source": "applicant",
                "necessity": "conditional",
                "needed_when": {"raw_food": True},
                "basis": "食品安全法 第三十三条",
                "accept_standard": "写明位置。",
            },
        ],
        "flow": [
            {"role": "accept", "name": "受理", "workdays": 1, "text": "受理"},
            {"role": "review", "name": "审查", "workdays": 2, "text": "审查"},
            {"role": "decide", "name": "决定", "workdays": 1, "text": "决定"},
            {"role": "decide", "name": "制证", "workdays": 1, "text": "制证"},
            {"role": "deliver", "name": "送达", "workdays": 0, "text": "送达"},
        ],
        "result": {
            "kind": "licence",
            "name": "餐饮服务许可证",
            "licence_type": "restaurant",
            "valid_months": 60,
            "scope_fields": ["address", "kind"],
        },
        "supervision": {
            "department": "market",
            "method": "双随机抽查",
            "basis": "食品安全法 第一百一十条",
        },
        "service_points": [{"name": "示例区行政服务中心"}],
        "consult_phone": "021-00000001",
        "complaint_phone": "021-12345",
        "review_body": "示例区人民政府",
        "litigation_body": "有管辖权的人民法院",
        "faq": [
            {"question": "多久？", "answer": "五个工作日。"},
            {"question": "收费吗？", "answer": "不收费。"},
            {"question": "能网办吗？", "answer": "能。"},
        ],
        "declaration": "我承诺所填内容真实。",
        "source": "测试",
        "source_year": 2026,
        "effective_on": dt.date(2026, 1, 1),
    }
    return definition | changes


def card(**changes: Any) -> dict[str, Any]:
    """Return the definition of an item whose result is given at once, without a licence."""
    return restaurant(
        slug=CARD,
        name="老年优待确认",
        item_type="confirmation",
        task_code="11310114XXXX01011H4310731001000",
        handling_code="11310114XXXX01011H431073100100001",
        audiences=["person"],
        case_kind="immediate",
        limit={
            "statutory_workdays": 0,
            "promised_workdays": 0,
            "source": "行政许可法 第三十四条第二款",
            "effective_on": dt.date(2026, 1, 1),
        },
        questionnaire=[],
        sections=[
            {
                "id": "who",
                "title": "申请人",
                "questions": [{"id": "note", "label": "备注", "kind": "text", "optional": True}],
            }
        ],
        materials=[
            {
                "id": "application",
                "name": "申请书",
                "source": "form",
                "waive_by": "generated",
                "basis": "老年人权益保障法 第五十三条",
                "accept_standard": "由填写内容生成。",
            }
        ],
        flow=[
            {"role": role, "name": name, "workdays": 0, "text": name}
            for role, name in (
                ("accept", "受理"),
                ("review", "审查"),
                ("decide", "决定"),
                ("deliver", "送达"),
            )
        ],
        result={"kind": "document", "name": "老年优待确认书"},
        **changes,
    )


@transaction.atomic
def publish(definition: Mapping[str, Any]) -> ItemVersion:
    """Publish an item as from a pack, in force since the first of January, and assessed."""
    version = catalogue.publish_from_pack(
        version=parse_item(dict(definition)),
        pack="test",
        by="system:test",
        at=dt.datetime(2026, 1, 1, 8, 0, tzinfo=ZONE),
    )
    assert version is not None
    assess_if_automatic(version)
    return version


def department(code: str, name: str, *, kind: str = "department") -> None:
    """Make one unit."""
    Department.objects.create(
        code=code,
        name=f"示例区{name}",
        short_name=name,
        uscc="11310114XXXX01011H",
        kind=kind,
        valid_from=dt.date(2020, 1, 1),
    )


def licence_type() -> None:
    """Make the type of licence that the restaurant item issues."""
    definition = TypeDefinition(
        code="11310114XXXX01011H001",
        slug="restaurant",
        name="餐饮服务许可证",
        holder=HolderKind.ENTITY,
        number_label="许可证编号",
        holder_name_label="名称",
        holder_number_label="统一社会信用代码",
        defined_by="示例区市场局",
        department="market",
        valid_months=60,
        copies=(),
        basis="食品安全法 第三十五条",
        number=NumberRule(pattern="JY{serial:8}", scope=SerialScope.TYPE),
        fields=(FieldDefinition(label="经营场所地址", required=True),),
        source="测试",
        effective_on=dt.date(2026, 1, 1),
    )
    LicenceType.objects.create(
        code=definition.code,
        slug=definition.slug,
        name=definition.name,
        holder_kind=definition.holder.value,
        department_code="market",
        definition=to_plain(definition),
        changed_at=FRIDAY,
    )


def district(*, items: bool = True) -> None:
    """Make the invented district: units, two items, a type of licence, a firm."""
    department("market", "市场监管局")
    department("housing", "建设局")
    department("centre", "行政服务中心", kind="centre")
    District.objects.create(
        pack="jiading",
        revision=1,
        code="310114",
        name="示例区",
        short_name="示例",
        name_en="Example",
        letters="JD",
        city_code="310100",
        city_name="示例市",
        site_name="示例区政务服务",
        site_name_en="Example",
        organiser="示例区人民政府",
        effective_on=dt.date(2026, 1, 1),
        source="测试",
        sha256="0" * 64,
    )
    licence_type()
    registers.save_entity()
    if items:
        publish(restaurant())
        publish(card())


def easy_district() -> None:
    """Make the district with a restaurant item for which nothing is handed in, and the card."""
    district(items=False)
    publish(without_materials())
    publish(card())


_serial = iter(range(1, 10**9))


def receive(**changes: Any) -> CaseView:
    """Take a case in at the comprehensive window, with the plan missing unless told."""
    arguments: dict[str, Any] = {
        "item_slug": RESTAURANT,
        "applicant_ref": FIRM_REF,
        "answers": ANSWERS,
        "uploads": {},
        "window": "A03",
        "idempotency_key": f"key-{next(_serial)}",
        "calendar": CALENDAR,
        "by": CLERK,
        "at": FRIDAY,
    }
    if changes.pop("tolerance_signed", False):
        changes["signed"] = services.SignedAtWindow(tolerance=True)
    if changes.pop("read_out", False):
        changes["signed"] = services.SignedAtWindow(briefed=briefed(**(arguments | changes)))
    return services.receive_at_counter(**(arguments | changes))


def briefed(
    *,
    item_slug: str,
    applicant_ref: str,
    answers: Mapping[str, Any],
    at: dt.datetime = FRIDAY,
    **_others: Any,
) -> str:
    """Return what a confirmation names of what the applicant is told first; empty: nothing is."""
    item = queries_of_items.item(item_slug, on=at.date())
    told = services.briefing_of(item, dict(answers), applicant_ref, on=at.date())
    return told.digest if told else ""


def without_materials(**changes: Any) -> dict[str, Any]:
    """Return the restaurant item with only materials that nobody hands in."""
    definition = restaurant(**changes)
    kept = [one for one in definition["materials"] if one.get("waive_by")]
    return definition | {"materials": kept}


def accepted(**changes: Any) -> CaseView:
    """Return a case that was received whole and accepted."""
    case = receive(**changes)
    return services.accept_case(number=case.number, calendar=CALENDAR, by=CLERK, at=FRIDAY)


def reviewed(**changes: Any) -> CaseView:
    """Return a case that waits for its decision."""
    case = accepted(**changes)
    return services.propose(
        number=case.number, outcome=Outcome.GRANT, opinion="符合条件", by=REVIEWER, at=FRIDAY
    )


def decided(outcome: Outcome = Outcome.GRANT, **changes: Any) -> CaseView:
    """Return a case that was decided and waits for delivery at the window."""
    case = reviewed(**changes)
    return services.decide(
        number=case.number,
        outcome=outcome,
        reason="" if outcome is Outcome.GRANT else "场所不符合要求",
        article="" if outcome is Outcome.GRANT else "食品安全法 第三十三条",
        calendar=CALENDAR,
        by=APPROVER,
        at=FRIDAY,
    )


def correcting(**changes: Any) -> CaseView:
    """Return a case whose applicant was told once what is missing."""
    case = receive(**changes)
    return services.ask_correction(
        number=case.number,
        lines=[services.CorrectionLine(material_id="", what="补充地址门牌", why="地址不完整")],
        by=CLERK,
        at=FRIDAY,
    )


def reviewing(**changes: Any) -> CaseView:
    """Return an accepted case that the reviewer took."""
    return services.assign_case(
        number=accepted(**changes).number, to=REVIEWER.ref, by=REVIEWER, at=FRIDAY
    )


def tell_interested(number: str, **changes: Any) -> CaseView:
    """Tell the neighbour upstairs, and the applicant."""
    arguments: dict[str, Any] = {
        "kind": InterestedKind.PERSON,
        "name": "邻居甲",
        "reached": "示例区示例镇示例路13号201室",
        "interest": "楼上住户受油烟影响",
        "calendar": CALENDAR,
        "by": REVIEWER,
        "at": FRIDAY,
    }
    return services.tell_interested(number=number, **(arguments | changes))


def special(**changes: Any) -> CaseView:
    """Return a case whose limit does not run because something is tested."""
    arguments: dict[str, Any] = {
        "number": changes.get("number") or reviewing().number,
        "kind": StopReason.TESTING,
        "workdays": 5,
        "reason": "须检测用水水质",
        "calendar": CALENDAR,
        "by": REVIEWER,
        "at": FRIDAY,
    }
    return services.start_special(**(arguments | changes))


def hearing(**changes: Any) -> CaseView:
    """Return a case whose applicant was told the right to a hearing."""
    arguments: dict[str, Any] = {
        "number": changes.get("number") or reviewing().number,
        "reason": "经营场所与居民楼相邻",
        "calendar": CALENDAR,
        "by": REVIEWER,
        "at": FRIDAY,
    }
    return services.notify_hearing(**(arguments | changes))


GROUNDS = {
    CaseState.REVOKED: "fraud",
    CaseState.RETRACTED: "facts_changed",
    CaseState.DEREGISTERED: "body_ended",
}
"""How what was granted ends -> a ground on which it does."""


def sent(**changes: Any) -> CaseView:
    """Return a decided case whose decision is under way by post."""
    return services.send_result(
        number=decided(**changes).number, carrier="EMS", tracking_number="1", by=CLERK, at=FRIDAY
    )


def closed(**changes: Any) -> CaseView:
    """Return a case whose result was handed over at the window."""
    return services.deliver_case(
        number=decided(**changes).number, channel=DeliveryChannel.PRINT, by=CLERK, at=FRIDAY
    )


def propose_end(number: str, ground: str = "fraud", **changes: Any) -> CaseView:
    """Propose to end what a closed case granted."""
    arguments: dict[str, Any] = {
        "number": number,
        "ground": ground,
        "facts": "提交的平面图系伪造。",
        "evidence": "现场检查笔录；鉴定意见。",
        "compensation": "按评估价补偿。",
        "calendar": CALENDAR,
        "by": REVIEWER,
        "at": FRIDAY,
    }
    return services.propose_end(**(arguments | changes))


def decide_end(number: str, **changes: Any) -> CaseView:
    """Decide that what was proposed to end ends."""
    arguments: dict[str, Any] = {
        "number": number,
        "reason": "事实清楚，证据充分。",
        "public_interest": "不会损害公共利益。",
        "by": APPROVER,
        "at": FRIDAY,
    }
    return services.decide_end(**(arguments | changes))


def ended(state: CaseState, **changes: Any) -> CaseView:
    """Return a case whose grant was ended; where the holder is heard, they spoke the same day."""
    number = closed(**changes).number
    propose_end(number, GROUNDS[state])
    if state is not CaseState.DEREGISTERED:
        services.state_views(number=number, text="不同意。", by=FIRM, at=FRIDAY)
    return decide_end(number)


def _withdrawn(**changes: Any) -> CaseView:
    return services.withdraw_case(
        number=receive(**changes).number, reason="不办了", by=FIRM, at=FRIDAY
    )


def terminate(number: str, **changes: Any) -> CaseView:
    """End a case because the firm was dissolved, unless `changes` say otherwise."""
    arguments: dict[str, Any] = {
        "number": number,
        "ground": TerminationGround.BODY_ENDED,
        "facts": "主体已注销，见注销通知书",
        "happened_on": FRIDAY.date(),
        "by": APPROVER,
        "at": FRIDAY,
    }
    return services.terminate_case(**(arguments | changes))


def _terminated(**changes: Any) -> CaseView:
    return terminate(receive(**changes).number)


def _declined(*, no_need: bool) -> Callable[..., CaseView]:
    return lambda **changes: services.decline_case(
        number=receive(**changes).number,
        reason="不属于本机关职权",
        article="行政许可法 第三十二条",
        no_need=no_need,
        by=REVIEWER,
        at=FRIDAY,
    )


MAKERS: Mapping[CaseState, Callable[..., CaseView]] = {
    CaseState.RECEIVED: receive,
    CaseState.CORRECTION: correcting,
    CaseState.NOT_ACCEPTED: _declined(no_need=False),
    CaseState.NO_NEED: _declined(no_need=True),
    CaseState.ACCEPTED: accepted,
    CaseState.REVIEWING: reviewing,
    CaseState.SPECIAL: lambda **changes: special(number=reviewing(**changes).number),
    CaseState.HEARING: lambda **changes: hearing(number=reviewing(**changes).number),
    CaseState.DECISION_PENDING: reviewed,
    CaseState.APPROVED: decided,
    CaseState.REJECTED: lambda **changes: decided(Outcome.REFUSE, **changes),
    CaseState.DELIVERING: sent,
    CaseState.CLOSED: closed,
    CaseState.WITHDRAWN: _withdrawn,
    CaseState.TERMINATED: _terminated,
    **{state: functools.partial(ended, state) for state in GROUNDS},
}
"""State -> how ordinary acts lead a case there."""


def in_state(state: CaseState, **changes: Any) -> CaseView:
    """Return a case in `state`, led there by ordinary acts; `changes` are those of `receive`."""
    return MAKERS[state](**changes)


def page(number: str, *, by: Actor = HEAD) -> queries.CasePage:
    """Return the whole file of a case."""
    return queries.case_page(number, by=by)


def upload(owner: str = "user:firm") -> str:
    """Upload a small picture and return its ref."""
    picture = pyvips.Image.black(40, 40).copy(interpretation="srgb").pngsave_buffer()
    return documents.accept_upload(
        file=io.BytesIO(picture), name="plan.png", size=len(picture), by=owner, at=FRIDAY
    ).ref


def draft(**changes: Any) -> queries.DraftView:
    """Save a draft of the firm."""
    arguments: dict[str, Any] = {
        "draft_id": None,
        "item_slug": RESTAURANT,
        "applicant_ref": FIRM_REF,
        "answers": ANSWERS,
        "by": FIRM,
        "at": FRIDAY,
    }
    return services.save_draft(**(arguments | changes))


def submit(draft_id: int, **changes: Any) -> CaseView:
    """Submit a draft of the firm."""
    arguments: dict[str, Any] = {
        "draft_id": draft_id,
        "declaration_accepted": True,
        "idempotency_key": "once",
        "calendar": CALENDAR,
        "by": FIRM,
        "at": FRIDAY,
    }
    return services.submit_case(**(arguments | changes))


def elder() -> str:
    """Enter an old man without a telephone and return his ref."""
    return registers.save_person(id_number="310114194910010027", name="沈示例", phone="").ref
