"""Invented cases of the demonstration that stand where the law lets a case stand.

One waits for its correction, one for a decision, one for experts, one for its hearing, one for
other departments; one is late, one owes a paper, one may be handed over, one firm moved. So no desk
begins empty. Only invented firms and persons appear, and everything goes through the services.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yiwang.cases.policy.procedure import InquiryAnswer
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services import CorrectionLine, SignedAtWindow
from yiwang.catalogue.policy.items import ItemVersion, MaterialSource
from yiwang.cli.demo import CENTRE
from yiwang.cli.demo_cases import FIRMS as EARLIER
from yiwang.cli.demo_cases import FIRST_DAY, PLACE, firm, item_of, led, staff
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor, Post
from yiwang.registers.cast import Cast, CastEntity, CastPerson, demo_cast, enter

WINDOW = "A01"

PERSONS: Mapping[str, CastPerson] = {
    "printer": led("陈示印", date(1982, 5, 6), 111, "示印路41号"),
    "bath": led("楮例汤", date(1977, 11, 23), 112, "例汤路42号"),
    "hair": led("卫虚剪", date(1990, 7, 14), 113, "虚剪路43号"),
    "songs": led("韩虚音", date(1985, 3, 8), 114, "虚音路44号"),
    "late": led("杨样灶", date(1988, 10, 2), 115, "样灶路45号"),
    "papers": led("朱缺例", date(1992, 12, 19), 116, "缺例路46号"),
    "talent": led("秦假才", date(1980, 8, 30), 117, "假才路47号"),
    "agency": led("许设派", date(1975, 4, 17), 118, "设派路48号"),
}
FIRMS: Mapping[str, CastEntity] = {
    "printer": firm("XXXX0021", "上海示印包装印刷有限公司", "printer", "C2319", "示印路41号"),
    "bath": firm("XXXX0022", "上海例汤浴场有限公司", "bath", "O8051", "例汤路42号"),
    "hair": firm("XXXX0023", "上海虚剪美发有限公司", "hair", "O8040", "虚剪路43号"),
    "songs": firm("XXXX0024", "上海虚音文化娱乐有限公司", "songs", "R9011", "虚音路44号"),
    "late": firm("XXXX0025", "上海样灶餐饮管理有限公司", "late", "H6210", "样灶路45号"),
    "papers": firm("XXXX0026", "上海缺例餐饮管理有限公司", "papers", "H6210", "缺例路46号"),
    "talent": firm("XXXX0027", "上海假才人力资源有限公司", "talent", "L7262", "假才路47号"),
    "agency": firm("XXXX0028", "上海设派人力资源有限公司", "agency", "L7262", "设派路48号"),
}

DINER: dict[str, Any] = {
    "business_type": "catering",
    "hot_food": True,
    "raw_food": False,
    "online_sales": False,
    "area_m2": 90,
    "kitchen_area_m2": 30,
    "seats": 40,
    "manager_training": True,
    "staff_count": 6,
    "catering_scope": ["hot"],
}
HYGIENE: dict[str, Any] = {
    "request_kind": "first",
    "central_air": False,
    "rebuilt": False,
    "reused_articles": True,
    "water_source": "mains",
    "disinfection": "own",
    "health_certified": True,
}
PRINTING: dict[str, Any] = {
    "request_kind": "first",
    "printing_kind": "packaging",
    "sole_trader": False,
    "area_m2": 300,
    "capital_cny_10k": 100,
    "staff_count": 12,
    "machines_count": 0,
}
SINGING: dict[str, Any] = {
    "request_kind": "first",
    "venue_kind": "song",
    "fire_checked": True,
    "venue_name": "虚音歌厅（示例）",
    "area_m2": 420,
    "rooms": 18,
    "floor": "地上二层",
    "investors_count": 1,
    "investor_name_1": "韩虚音",
    "investor_number_1": PERSONS["songs"].id_number,
    "investor_role_1": "representative",
    "no_bar_1": True,
}
TALENT: dict[str, Any] = {
    "request_kind": "first",
    "business_kind": ["placement"],
    "online_site": False,
    "foreign_invested": False,
    "area_m2": 80,
    "capital_cny_10k": 60,
    "staff_count": 5,
    "qualified_count": 3,
}
PHARMACY: dict[str, Any] = {
    "request_kind": "new",
    "store_kind": "single",
    "prescription": True,
    "cold_storage": False,
    "herbal": False,
    "area_m2": 120,
    "has_store": False,
    "quality_manager": "陈设想",
    "pharmacist_name": "吴例药",
    "pharmacist_number": "演药000001",
    "drug_scope": ["otc_b", "otc_a", "rx"],
}
SOIL: dict[str, Any] = {
    "request_kind": "new",
    "area_assessed": False,
    "document_kind": "report",
    "spoil": False,
    "filed_project": True,
    "project_code": "2601-310114-04-01-123458",
    "project_name": "示例厂房新建工程",
    "project_place": "上海市嘉定区安亭镇示例路1号",
    "land_ha": 2,
    "earth_10k": 1.5,
    "spoil_places_count": 0,
    "measures_cny_10k": 80,
}
MOVED: dict[str, Any] = {
    "request_kind": "register",
    "change_items": ["address", "scope"],
    "articles_change": False,
    "paper_licence_held": False,
    "new_address": "上海市嘉定区安亭镇例迁路48号",
    "delivery_address": "上海市嘉定区安亭镇例迁路48号",
    "from_outside": False,
    "new_scope": "出版物零售；餐饮服务；烟草制品零售",
    "shareholders_count": 0,
}
ROAD: dict[str, Any] = {
    "action": "dig",
    "request_kind": "new",
    "affects_traffic": True,
    "young_road": False,
    "site_manager": "赵虚构",
    "site_phone": "14000000005",
    "project_name": "示例厂房给水管接入工程",
    "places_count": 1,
    "road_name_1": "示例路（虚构路至样本路）",
    "road_part_1": "carriageway",
    "road_area_1": 45,
}


def prepare(*, at: datetime) -> bool:
    """Make the cases, once; tell whether they were made now.

    Nothing is made where the calendar does not hold the days; an item that the district's packs do
    not hold is left out.

    Args:
        at: Moment of the start; the cases lie before it.
    """
    from django.db import transaction

    from yiwang.content import queries as content
    from yiwang.registers import queries as registers

    if registers.find_entity(uscc=FIRMS["printer"].uscc) is not None:
        return False
    calendar = content.workday_calendar()
    today = at.astimezone(PLACE).date()
    try:
        calendar.add_workdays(today - timedelta(days=FIRST_DAY), 1)
        calendar.add_workdays(today, FIRST_DAY)
    except CalendarGapError:
        return False
    with transaction.atomic():
        desks = _Desks(
            at=at, calendar=calendar, cast=demo_cast(at=at), own=enter(PERSONS, FIRMS, at=at)
        )
        desks.before_acceptance()
        desks.under_review()
        desks.stopped()
        desks.joint()
        desks.late()
        desks.decided()
        desks.registered()
        desks.agency()
        _report(at=at)
    return True


def _report(*, at: datetime) -> None:
    """Do what the hourly and nightly jobs do, so that nobody waits for them."""
    from procrastinate.contrib.django import app

    from yiwang.cases import services
    from yiwang.cases.tasks import REPORTED_BY
    from yiwang.content import queries as content

    services.report_missed_clocks(by=REPORTED_BY, at=at)
    services.measure_finished(calendar=content.workday_calendar(), at=at)
    app.configure_task("yiwang.archives.make_due", queue="maintenance").defer(
        timestamp=int(at.timestamp())
    )


@dataclass(frozen=True, kw_only=True)
class _Desks:
    """The invented cases of one start."""

    at: datetime
    calendar: WorkdayCalendar
    cast: Cast
    own: Cast

    def day(self, back: int, hour: int = 10) -> datetime:
        """Return a moment so many working days before the start, at an hour of the place."""
        today = self.at.astimezone(PLACE).date()
        found = self.calendar.add_workdays(today, -back)
        return datetime(found.year, found.month, found.day, hour, tzinfo=PLACE)

    def later(self, workdays: int, hour: int) -> datetime:
        """Return a moment so many working days after the start, at an hour of the place."""
        found = self.calendar.add_workdays(self.at.astimezone(PLACE).date(), workdays)
        return datetime(found.year, found.month, found.day, hour, tzinfo=PLACE)

    def _taken(
        self,
        slug: str,
        applicant_ref: str,
        answers: Mapping[str, Any],
        *,
        back: int,
        missing: Collection[str] = (),
        tolerance: bool = False,
    ) -> tuple[str, ItemVersion] | None:
        """Take an application in at the window, with its papers; None: no such item here."""
        from yiwang.cases import services

        at = self.day(back, 9)
        item = item_of(slug, at.date())
        if item is None:
            return None
        papers = {one.id for one in item.materials if one.source is not MaterialSource.FORM}
        told = services.briefing_of(item, answers, applicant_ref, on=at.date())
        case = services.receive_at_counter(
            item_slug=slug,
            applicant_ref=applicant_ref,
            answers=answers,
            uploads={},
            window=WINDOW,
            idempotency_key=f"demo-{slug}-{applicant_ref}",
            calendar=self.calendar,
            by=staff("clerk", Post.COUNTER_CLERK, CENTRE),
            at=at,
            paper=papers - set(missing),
            signed=SignedAtWindow(tolerance=tolerance, briefed=told.digest if told else ""),
        )
        return case.number, item

    def _reviewing(
        self, slug: str, applicant_ref: str, answers: Mapping[str, Any], *, back: int, **how: Any
    ) -> tuple[str, Actor, str] | None:
        """Bring a case under the review of the demonstration's reviewer."""
        from yiwang.cases import services

        taken = self._taken(slug, applicant_ref, answers, back=back, **how)
        if taken is None:
            return None
        number, item = taken
        reviewer = staff("reviewer", Post.REVIEWER, item.department)
        services.accept_case(
            number=number, calendar=self.calendar, by=reviewer, at=self.day(back, 11)
        )
        services.assign_case(number=number, to=reviewer.ref, by=reviewer, at=self.day(back, 12))
        return number, reviewer, item.department

    def before_acceptance(self) -> None:
        """One waits for acceptance; one was told, once, what is missing."""
        from yiwang.cases import services

        self._taken(
            "hr-service-licence",
            self.own.entities["agency"].ref,
            TALENT | {"premises_address": FIRMS["agency"].address},
            back=1,
        )
        taken = self._taken(
            "drug-retail",
            self.cast.entities["pharmacy"].ref,
            PHARMACY,
            back=4,
            missing=("quality_rules", "layout_plan"),
        )
        if taken is None:
            return
        number, item = taken
        services.ask_correction(
            number=number,
            lines=[
                CorrectionLine(
                    material_id="quality_rules",
                    what="药品质量管理制度目录没有提交",
                    why="药品管理法 第五十二条第四项",
                    example="列明采购、验收、储存、销售、处方审核和不良反应报告各项制度的名称",
                ),
                CorrectionLine(
                    material_id="layout_plan",
                    what="营业场所平面布置图没有提交",
                    why="药品管理法 第五十二条第二项",
                    example="标明面积和处方药、非处方药的分区，手绘清楚也可以",
                ),
                CorrectionLine(
                    material_id="",
                    what="说明执业药师的在岗时间",
                    why="药品管理法 第五十二条第一项",
                ),
            ],
            by=staff("reviewer", Post.REVIEWER, item.department),
            at=self.day(3),
        )

    def under_review(self) -> None:
        """One is reviewed, one waits for a decision, one for more days, one still owes a paper."""
        from yiwang.cases import services

        self._reviewing("printing-business", self.own.entities["printer"].ref, PRINTING, back=5)
        case = self._reviewing(
            "public-place-hygiene",
            self.own.entities["bath"].ref,
            HYGIENE
            | {"place_kind": "bath", "capacity": 60, "area_m2": 500, "staff_count": 12}
            | {"manager_name": "楮例汤"},
            back=3,
        )
        if case is not None:
            number, reviewer, _department = case
            services.propose(
                number=number,
                outcome=Outcome.GRANT,
                opinion="平面布局、消毒间和水质资料经核对符合卫生要求，建议准予。",
                by=reviewer,
                at=self.day(1, 15),
            )
        case = self._reviewing(
            "public-place-hygiene",
            self.own.entities["hair"].ref,
            HYGIENE
            | {"place_kind": "hair", "capacity": 8, "area_m2": 70, "staff_count": 5}
            | {"manager_name": "卫虚剪"},
            back=4,
        )
        if case is not None:
            number, reviewer, _department = case
            services.ask_extension(
                number=number,
                reason="现场核查时店铺正在装修，须等装修完工后再核查一次。",
                workdays=5,
                by=reviewer,
                at=self.day(1, 16),
            )
        self._reviewing(
            "food-business",
            self.own.entities["papers"].ref,
            DINER | {"manager_name": "朱缺例"},
            back=3,
            missing=("safety_rules",),
            tolerance=True,
        )

    def stopped(self) -> None:
        """The clock of one stands still for experts, that of another for its hearing."""
        from yiwang.cases import services

        case = self._reviewing(
            "soil-water-plan",
            self.cast.entities["construction"].ref,
            SOIL
            | {
                "start_on": str(self.later(40, 9).date()),
                "end_on": str(self.later(60, 9).date()),
            },
            back=4,
        )
        if case is not None:
            number, reviewer, _department = case
            services.start_special(
                number=number,
                reason="报告书的土石方平衡和沉沙措施须由专家评审。",
                declared="方案报告书专家评审",
                calendar=self.calendar,
                by=reviewer,
                at=self.day(2),
            )
        case = self._reviewing(
            "entertainment-venue", self.own.entities["songs"].ref, SINGING, back=8
        )
        if case is None:
            return
        number, reviewer, _department = case
        services.notify_hearing(
            number=number,
            reason="场所紧邻居民住宅，噪声关系相邻居民的重大利益。",
            calendar=self.calendar,
            by=reviewer,
            at=self.day(6),
        )
        services.request_hearing(
            number=number,
            text="相邻小区居民担心夜间噪声，申请人愿意当面说明隔声措施。",
            calendar=self.calendar,
            by=reviewer,
            at=self.day(4),
        )
        services.set_hearing(
            number=number,
            held_at=self.later(9, 14),
            place="区行政服务中心三楼听证室（示例）",
            chair="user:head",
            calendar=self.calendar,
            by=reviewer,
            at=self.at,  # the chair's account begins with the start
        )

    def joint(self) -> None:
        """Two departments were asked about one case; one has answered."""
        from yiwang.cases import services

        start = self.later(15, 9).date()
        case = self._reviewing(
            "road-occupation",
            self.cast.entities["construction"].ref,
            ROAD | {"start_on": str(start), "end_on": str(start + timedelta(days=10))},
            back=2,
        )
        if case is None:
            return
        number, reviewer, _department = case
        services.ask_departments(
            number=number,
            departments=["police", "greening"],
            question="请就掘路期间的交通组织和行道树保护提出意见。",
            calendar=self.calendar,
            by=reviewer,
            at=self.day(1, 10),
        )
        services.give_opinion(
            number=number,
            answer=InquiryAnswer.AGREE,
            opinion="同意，施工时在树穴外一米设围挡。",
            by=staff("reviewer", Post.REVIEWER, "greening"),
            at=self.day(1, 16),
        )

    def late(self) -> None:
        """The promised day of one went by; the day of the law is still to come."""
        self._reviewing(
            "food-business",
            self.own.entities["late"].ref,
            DINER | {"manager_name": "杨样灶"},
            back=12,
        )

    def decided(self) -> None:
        """One licence waits at the window to be handed over."""
        from yiwang.cases import services

        case = self._reviewing(
            "hr-service-licence",
            self.own.entities["talent"].ref,
            TALENT | {"premises_address": FIRMS["talent"].address},
            back=4,
        )
        if case is None:
            return
        number, reviewer, department = case
        services.propose(
            number=number,
            outcome=Outcome.GRANT,
            opinion="场所、开办资金和专职人员符合条件，建议准予。",
            by=reviewer,
            at=self.day(3, 15),
        )
        services.decide(
            number=number,
            outcome=Outcome.GRANT,
            calendar=self.calendar,
            by=staff("approver", Post.APPROVER, department),
            at=self.day(2, 10),
        )

    def registered(self) -> None:
        """A firm that holds a licence moved and widened its scope; departments are told of it."""
        from yiwang.cases import services
        from yiwang.registers import queries as registers

        holder = registers.find_entity(uscc=EARLIER["reader"].uscc)
        if holder is None:
            return
        taken = self._taken(
            "company-change",
            holder.ref,
            MOVED | {"decided_on": self.day(5).date().isoformat()},
            back=1,
        )
        if taken is None:
            return
        number, item = taken
        services.accept_case(
            number=number,
            calendar=self.calendar,
            by=staff("reviewer", Post.REVIEWER, item.department),
            at=self.day(1, 14),
        )
        services.decide(
            number=number,
            outcome=Outcome.GRANT,
            calendar=self.calendar,
            by=staff("approver", Post.APPROVER, item.department),
            at=self.day(1, 15),
        )

    def agency(self) -> None:
        """A clerk handles the matter of a firm and has asked the liaison of a department."""
        from yiwang.halls.queries.agency import cases_of
        from yiwang.halls.services import agency

        clerk = staff("clerk", Post.COUNTER_CLERK, CENTRE)
        today = self.at.astimezone(PLACE).date()
        mandate = agency.record_mandate(
            uscc=self.cast.entities["construction"].uscc,
            matter="示例厂房新建工程的全部审批",
            signed_by="赵虚构",
            phone="021-00000010",
            last_on=self.later(90, 9).date(),
            department=CENTRE,
            by=clerk,
            at=self.at,
        )
        running, _finished = cases_of(mandate, by=clerk, today=today, calendar=self.calendar)
        for case in running[:1]:
            department = case.deciding_department
            agency.appoint_liaison(
                department=department,
                login="reviewer",
                by=staff("head", Post.DEPARTMENT_HEAD, department),
                at=self.at,
            )
            agency.ask_liaison(
                mandate=mandate.id,
                case_number=case.number,
                text="企业问：开工日期提前三天，要不要重新申请？",
                calendar=self.calendar,
                by=clerk,
                at=self.at,
            )
