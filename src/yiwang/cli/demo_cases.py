"""Invented cases of the demonstration, so that officers' pages are not empty on the first run.

Everything goes through the services, as the persons of the demonstration would do it on days that
lie before the start; only invented firms and persons appear.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.cases.policy.bans import BAN_ARTICLE, BanKind
from yiwang.cases.policy.commitments import CheckOutcome, SignedBy
from yiwang.cases.queries import CaseView
from yiwang.catalogue.policy.items import CheckMethod, ItemVersion
from yiwang.kernel import events
from yiwang.kernel.identifiers import uscc
from yiwang.kernel.workdays import CalendarGapError, WorkdayCalendar
from yiwang.organisations.permissions import Actor, Post
from yiwang.registers.cast import (
    DIVISION,
    Cast,
    CastEntity,
    CastPerson,
    citizen_number,
    demo_cast,
    enter,
)

PLACE = ZoneInfo("Asia/Shanghai")
BOOKS, CARD, ARCHIVE = "publication-retail", "senior-card", "marriage-archive-search"
EQUIPMENT = "special-equipment-registration"
FIRST_DAY = 100
"""How many days before the start the oldest of these cases came in."""
SAMPLE_SEED = "demo"
SYSTEM_CODE, SYSTEM_NAME = "demo-archive", "档案查询系统（演示）"


def led(name: str, born_on: date, sequence: int, street: str) -> CastPerson:
    """Return an invented person of Nanxiang."""
    return CastPerson(
        id_number=citizen_number(born_on, sequence),
        name=name,
        phone=f"1400000{sequence:04d}",
        town="310114102",
        address=f"上海市嘉定区南翔镇{street}",
    )


def firm(body: str, name: str, led_by: str, industry: str, street: str) -> CastEntity:
    """Return an invented firm of Nanxiang."""
    return CastEntity(
        uscc=uscc.generate(department="9", kind="1", division=DIVISION, body=body),
        name=name,
        led_by=led_by,
        town="310114102",
        address=f"上海市嘉定区南翔镇{street}",
        industry=industry,
        established_on=date(2022, 3, 1),
        phone="021-00000009",
        capital_cny=500_000,
    )


PERSONS: Mapping[str, CastPerson] = {
    "reader": led("钱样书", date(1981, 4, 2), 101, "样书路21号"),
    "paper": led("吴示纸", date(1986, 9, 15), 103, "示纸路22号"),
    "copy": led("郑虚本", date(1979, 1, 20), 104, "虚本路23号"),
    "storage": led("冯假设", date(1984, 6, 9), 105, "假设路24号"),
    "elder_a": led("褚例一", date(1950, 2, 3), 106, "例一路31号"),
    "elder_b": led("卫例二", date(1947, 8, 19), 107, "例二路32号"),
    "elder_c": led("蒋例三", date(1953, 12, 1), 108, "例三路33号"),
}
FIRMS: Mapping[str, CastEntity] = {
    "reader": firm("XXXX0011", "上海样书文化传播有限公司", "reader", "F5243", "样书路21号"),
    "paper": firm("XXXX0012", "上海示纸书刊有限公司", "paper", "F5243", "示纸路22号"),
    "copy": firm("XXXX0013", "上海虚本图书有限公司", "copy", "F5243", "虚本路23号"),
    "storage": firm("XXXX0014", "上海假设仓储有限公司", "storage", "G5990", "假设路24号"),
}

BOOKSHOP: Mapping[str, Any] = {
    "request_kind": "first",
    "sales_mode": "shop",
    "rented": False,
    "area_m2": 60,
    "publication_scope": ["books", "periodicals"],
    "imported": False,
}
FORKLIFT: Mapping[str, Any] = {
    "request_kind": "transfer",
    "equipment_kind": "truck",
    "public_place": False,
    "safety_manager": "冯假设",
    "equipment_code": "演叉000001",
    "maker": "示例叉车厂",
    "serial_number": "演000001",
    "certificate_number": "演证000001",
    "count": 1,
}
SENIOR: Mapping[str, Any] = {
    "request_kind": "first",
    "collected_by_other": False,
    "collect_at": "nanxiang",
}
SEARCH: Mapping[str, Any] = {
    "record_kind": "marriage",
    "registered_here": True,
    "purpose": "house",
    "spouse_name": "尤示范",
    "year_then": 2015,
    "place_then": "嘉定区",
}


def prepare(*, at: datetime) -> bool:
    """Make the cases, once; tell whether they were made now.

    Nothing is made where the district's packs do not hold the items, or the calendar not the days.

    Args:
        at: Moment of the start; the cases lie before it.
    """
    from django.db import transaction

    from yiwang.content import queries as content
    from yiwang.registers import queries as registers

    if registers.find_entity(uscc=FIRMS["reader"].uscc) is not None:
        return False
    calendar = content.workday_calendar()
    today = at.astimezone(PLACE).date()
    try:
        calendar.add_workdays(today - timedelta(days=FIRST_DAY), 1)
        calendar.add_workdays(today, FIRST_DAY)
    except CalendarGapError:
        return False
    with transaction.atomic():
        town = _Town(at=at, calendar=calendar, cast=enter(PERSONS, FIRMS, at=at))
        with events.together():  # months in one moment: a check is told of behind its grant
            town.commitments(demo_cast(at=at))
        town.ban()
        town.automatic_grants()
        town.gateway()
    return True


@dataclass(frozen=True, kw_only=True)
class _Holder:
    """Who applies, and the actor who does it for them."""

    ref: str
    by: Actor


@dataclass(frozen=True, kw_only=True)
class _Town:
    """The invented cases of one start."""

    at: datetime
    calendar: WorkdayCalendar
    cast: Cast

    def day(self, back: int, hour: int = 10) -> datetime:
        """Return a moment so many days before the start, at an hour of the place."""
        moment = self.at.astimezone(PLACE) - timedelta(days=back)
        return moment.replace(hour=hour, minute=0, second=0, microsecond=0)

    def commitments(self, cast: Cast) -> None:
        """One waits for its check, one was ordered to correct, one reported, one is barred."""
        item = item_of(BOOKS, self.day(FIRST_DAY).date())
        if item is None:
            return
        snack_bar = cast.entities["snack_bar"]
        self._committed(item, self._firm("reader"), back=20)
        ordered = self._committed(
            item,
            _Holder(
                ref=snack_bar.ref,
                by=Actor(
                    ref="user:citizen",
                    name=cast.persons["youth"].name,
                    subjects=frozenset({snack_bar.ref}),
                ),
            ),
            back=45,
            publication_scope=["newspapers", "periodicals"],
            area_m2=12,
        )
        self._checked(
            ordered, item, CheckOutcome.CORRECT, "书报架摆在人行道上，与申请的地址不一致。", 3
        )
        reported = self._committed(item, self._firm("paper"), back=50)
        self._checked(
            reported, item, CheckOutcome.CORRECT, "经营场所已搬到隔壁，与申请的地址不一致。", 18
        )
        self._reported(reported)
        broken = self._committed(item, self._firm("copy"), back=90)
        self._checked(
            broken, item, CheckOutcome.REVOKE, "申请的地址没有书店，多次联系不上经营者。", 40
        )
        self._revoked(broken, item)

    def _firm(self, role: str) -> _Holder:
        firm, person = self.cast.entities[role], self.cast.persons[role]
        return _Holder(
            ref=firm.ref,
            by=Actor(ref=person.ref, name=person.name, subjects=frozenset({firm.ref})),
        )

    def _person(self, role: str) -> _Holder:
        person = self.cast.persons[role]
        return _Holder(
            ref=person.ref,
            by=Actor(ref=person.ref, name=person.name, subjects=frozenset({person.ref})),
        )

    def _submitted(
        self,
        slug: str,
        holder: _Holder,
        answers: Mapping[str, Any],
        *,
        at: datetime,
        commits: ItemVersion | None = None,
        by_person: bool = False,
    ) -> CaseView:
        from yiwang.cases import services

        draft = services.save_draft(
            draft_id=None,
            item_slug=slug,
            applicant_ref=holder.ref,
            answers=answers,
            by=holder.by,
            at=at,
        )
        if commits is not None:
            services.sign_commitment(
                draft_id=draft.id,
                confirmed=[one.id for one in commits.commitment_conditions],
                accepted=True,
                signed_how=SignedBy.ACCOUNT,
                by=holder.by,
                at=at,
            )
        return services.submit_case(
            draft_id=draft.id,
            declaration_accepted=True,
            idempotency_key=f"demo-{draft.id}",
            by_person=by_person,
            calendar=self.calendar,
            by=holder.by,
            at=at,
        )

    def _committed(self, item: ItemVersion, holder: _Holder, *, back: int, **answers: Any) -> str:
        from yiwang.cases import services

        case = self._submitted(
            BOOKS, holder, {**BOOKSHOP, **answers}, at=self.day(back, 9), commits=item
        )
        services.accept_case(
            number=case.number,
            calendar=self.calendar,
            by=staff("reviewer", Post.REVIEWER, item.department),
            at=self.day(back, 10),
        )
        services.grant_on_commitment(
            number=case.number,
            calendar=self.calendar,
            by=staff("approver", Post.APPROVER, item.department),
            at=self.day(back, 11),
        )
        return case.number

    def _checked(
        self, number: str, item: ItemVersion, outcome: CheckOutcome, facts: str, back: int
    ) -> None:
        from yiwang.cases import services

        services.record_check(
            number=number,
            outcome=outcome,
            method=CheckMethod.SITE,
            facts=facts,
            conditions=[item.commitment_conditions[-1].id],
            second_officer="沈同行",
            by=staff("supervisor", Post.SUPERVISOR, item.supervision.department),
            at=self.day(back, 14),
        )

    def _reported(self, number: str) -> None:
        from yiwang.cases import services

        services.report_correction(
            number=number,
            text="已经搬回申请的地址营业，门口换了招牌。",
            by=self._firm("paper").by,
            at=self.day(2, 15),
        )

    def _revoked(self, number: str, item: ItemVersion) -> None:
        from yiwang.cases import services

        services.propose_end(
            number=number,
            ground="commitment_broken",
            facts="申请的地址没有书店，承诺的经营场所不存在。",
            evidence="现场核查记录",
            calendar=self.calendar,
            by=staff("reviewer", Post.REVIEWER, item.department),
            at=self.day(39, 9),
        )
        services.state_views(
            number=number, text="没有意见。", by=self._firm("copy").by, at=self.day(37, 16)
        )
        services.decide_end(
            number=number,
            reason="承诺的经营场所不存在，查明属实。",
            public_interest="撤销不损害公共利益。",
            by=staff("approver", Post.APPROVER, item.department),
            at=self.day(30, 10),
        )

    def ban(self) -> None:
        """A firm that applied with an invented certificate may not apply again for a year."""
        from yiwang.cases import services

        item = item_of(EQUIPMENT, self.day(15).date())
        if item is None:
            return
        case = self._submitted(EQUIPMENT, self._firm("storage"), FORKLIFT, at=self.day(15, 9))
        facts = "填写的原使用登记证编号查无此证，叉车也不在申请的地址，属于提供虚假材料。"
        services.decline_case(
            number=case.number,
            reason=facts,
            article=BAN_ARTICLE[BanKind.FALSE_MATERIAL],
            by=staff("reviewer", Post.REVIEWER, item.department),
            at=self.day(14, 10),
        )
        services.impose_ban(
            number=case.number,
            kind=BanKind.FALSE_MATERIAL,
            facts=facts,
            by=staff("approver", Post.APPROVER, item.department),
            at=self.day(13, 10),
        )

    def automatic_grants(self) -> None:
        """Three cards that rules gave out yesterday evening, and the samples of that day."""
        from yiwang.cases import services
        from yiwang.cases.services.automatic import SYSTEM

        yesterday = self.day(1, 21)
        if item_of(CARD, yesterday.date()) is None:
            return
        for place, role in enumerate(("elder_a", "elder_b", "elder_c")):
            moment = yesterday + timedelta(minutes=7 * place)
            case = self._submitted(CARD, self._person(role), SENIOR, at=moment)
            services.decide_by_rules(case=case, calendar=self.calendar, at=moment)
        for draw in (services.draw_sample, services.draw_handled):
            draw(day=yesterday.date(), seed=SAMPLE_SEED, by=SYSTEM, at=self.at)

    def gateway(self) -> None:
        """A department that had a system of its own: one case taken, one answer out of order.

        It ends with the day before the start, so that no case of a visitor goes there.
        """
        from yiwang.cli.output import operator_actor
        from yiwang.exchange import services
        from yiwang.exchange.policy.terms import Algorithm, Begin, PartnerKind, PushKind

        item = item_of(ARCHIVE, self.day(3).date())
        if item is None:
            return
        partner = services.register_partner(
            code=SYSTEM_CODE,
            name=SYSTEM_NAME,
            department=item.department,
            kind=PartnerKind.FILES,
            begins=Begin.RECEIVED,
            item_slug=ARCHIVE,
            valid_from=self.day(3).date(),
            valid_until=self.day(0).date(),
            by=operator_actor(),
            at=self.day(3, 8),
        )
        services.make_keys(
            code=SYSTEM_CODE,
            algorithm=Algorithm.HMAC_SHA256,
            by=operator_actor(),
            at=self.day(3, 8),
        )
        for role, back, sequence in (("reader", 2, 2), ("paper", 1, 1)):
            moment = self.day(back, 13)
            case = self._submitted(ARCHIVE, self._person(role), SEARCH, at=moment, by_person=True)
            services.queue_push(number=case.number, kind=PushKind.RECEIVED)
            services.push_due(partner_id=partner.id, clock=partial(_same, moment))
            message = {
                "id": f"demo-return-{sequence}",
                "case": case.number,
                "sequence": sequence,
                "kind": "acknowledge",
                "their_number": f"演档-{sequence}",
            }
            services.receive(
                partner=partner,
                raw=json.dumps(message).encode(),
                signed_id=str(message["id"]),
                calendar=self.calendar,
                at=moment + timedelta(minutes=20),
            )
        services.expire_held(at=self.at)


def _same(moment: datetime) -> datetime:
    return moment


def item_of(slug: str, on: date) -> ItemVersion | None:
    """Return the version in force; None: this district does not hold it on that day."""
    from yiwang.catalogue import queries as catalogue

    try:
        return catalogue.item(slug, on=on)
    except LookupError:
        return None


def staff(login: str, post: Post, department: str) -> Actor:
    """Return an account of the demonstration acting from one of its posts."""
    from yiwang.cli.demo import STAFF

    name = next(one.name for one in STAFF if one.login == login)
    return Actor(ref=f"user:{login}", name=name, posts={department: frozenset({post})})
