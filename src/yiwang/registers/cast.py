"""The fixed little cast of the demonstration: seven invented persons and four invented bodies.

Their given names say that they are examples (示例, 样例, 示范 …). Codes and numbers are the ones
set apart for tests: organisation codes beginning with XXXX, sequences below 200. They live in
Jiading because their numbers carry its division.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries, sealing, services
from yiwang.registers.models import Person
from yiwang.registers.population import SOURCE, PopulationRefusedError
from yiwang.registers.queries import EntityView, PersonView

DIVISION = "310114"
SETUP = Actor(ref="system:demo", name="演示环境")


@dataclass(frozen=True, kw_only=True)
class CastPerson:
    """An invented person as entered."""

    id_number: str
    name: str
    phone: str
    town: str
    address: str


@dataclass(frozen=True, kw_only=True)
class CastEntity:
    """An invented body as entered; `led_by` is the key of its legal representative."""

    uscc: str
    name: str
    led_by: str
    town: str
    address: str
    industry: str
    established_on: date
    phone: str
    capital_cny: int


@dataclass(frozen=True, kw_only=True)
class Cast:
    """The cast as it stands in the registers, by role.

    Attributes:
        persons: restaurateur, youth, elder, pharmacist, builder, mother, retiree.
        entities: restaurant, pharmacy, snack_bar, construction.
    """

    persons: Mapping[str, PersonView]
    entities: Mapping[str, EntityView]


def citizen_number(born_on: date, sequence: int) -> str:
    """Return a number of an invented person; sequences below 200 are theirs."""
    return citizen_id.generate(division=DIVISION, born_on=born_on, sequence=sequence)


PERSONS: Mapping[str, CastPerson] = {
    "restaurateur": CastPerson(
        id_number="310114198506151037",
        name="张示例",
        phone="14000000001",
        town="310114102",
        address="上海市嘉定区南翔镇示例路1号101室",
    ),
    "youth": CastPerson(
        id_number="31011420000101001X",
        name="李样例",
        phone="14000000002",
        town="310114401",
        address="上海市嘉定区菊园新区样本路2号202室",
    ),
    "elder": CastPerson(
        id_number="310114194910010027",
        name="王示范",
        phone="",
        town="310114004",
        address="上海市嘉定区嘉定镇街道示例路3号303室",
    ),
    "pharmacist": CastPerson(
        id_number=citizen_number(date(1990, 3, 12), 14),
        name="陈设想",
        phone="14000000004",
        town="310114118",
        address="上海市嘉定区江桥镇样本路4号404室",
    ),
    "builder": CastPerson(
        id_number=citizen_number(date(1978, 11, 2), 21),
        name="赵虚构",
        phone="14000000005",
        town="310114103",
        address="上海市嘉定区安亭镇虚构路5号505室",
    ),
    "mother": CastPerson(
        id_number=citizen_number(date(1993, 5, 20), 32),
        name="周假设",
        phone="14000000006",
        town="310114106",
        address="上海市嘉定区马陆镇假设路6号606室",
    ),
    "retiree": CastPerson(
        id_number=citizen_number(date(1959, 4, 11), 43),
        name="孙例如",
        phone="14000000007",
        town="310114102",
        address="上海市嘉定区南翔镇假设路7号707室",
    ),
}

ENTITIES: Mapping[str, CastEntity] = {
    "restaurant": CastEntity(
        uscc="91310114XXXX00019T",
        name="上海示例餐饮管理有限公司",
        led_by="restaurateur",
        town="310114102",
        address="上海市嘉定区南翔镇示例路11号",
        industry="H6210",
        established_on=date(2019, 5, 8),
        phone="021-00000001",
        capital_cny=1_000_000,
    ),
    "pharmacy": CastEntity(
        uscc="91310114XXXX00027M",
        name="上海样例大药房有限公司",
        led_by="pharmacist",
        town="310114118",
        address="上海市嘉定区江桥镇样本路12号",
        industry="F5251",
        established_on=date(2021, 9, 1),
        phone="021-00000002",
        capital_cny=2_000_000,
    ),
    "snack_bar": CastEntity(
        uscc="92310114XXXX00035D",
        name="上海市嘉定区菊园新区示范小吃店",
        led_by="youth",
        town="310114401",
        address="上海市嘉定区菊园新区样本路13号",
        industry="H6291",
        established_on=date(2024, 3, 18),
        phone="021-00000003",
        capital_cny=50_000,
    ),
    "construction": CastEntity(
        uscc=uscc.generate(department="9", kind="1", division=DIVISION, body="XXXX0004"),
        name="上海虚构建设工程有限公司",
        led_by="builder",
        town="310114103",
        address="上海市嘉定区安亭镇虚构路14号",
        industry="E4790",
        established_on=date(2012, 7, 30),
        phone="021-00000004",
        capital_cny=50_000_000,
    ),
}


def demo_cast(*, at: datetime, by: Actor = SETUP) -> Cast:
    """Enter the cast where it is missing, and return it; a second call changes nothing.

    Raises:
        PopulationRefusedError: this is no demonstration.
        PermissionRefusedError: `by` may not write.
    """
    return enter(PERSONS, ENTITIES, at=at, by=by)


@transaction.atomic
def enter(
    persons: Mapping[str, CastPerson],
    entities: Mapping[str, CastEntity],
    *,
    at: datetime,
    by: Actor = SETUP,
) -> Cast:
    """Enter invented persons and bodies where they are missing, and return them by role.

    Raises:
        PopulationRefusedError: this is no demonstration.
        PermissionRefusedError: `by` may not write.
    """
    if not settings.DEMO:
        raise PopulationRefusedError(
            "只有演示环境可以装入虚构人员；如确为演示，请以 YIWANG_DEMO=1 启动。"
        )
    known = {role: _person(member, at=at, by=by) for role, member in persons.items()}
    return Cast(
        persons=known,
        entities={
            role: _entity(member, led_by=known[member.led_by], at=at, by=by)
            for role, member in entities.items()
        },
    )


def _person(member: CastPerson, *, at: datetime, by: Actor) -> PersonView:
    index = sealing.index(member.id_number, field=sealing.NUMBER)
    held = Person.objects.filter(number_index=index).first()
    if held is not None:
        return queries.person(held.ref)
    return services.save_person(
        id_number=member.id_number,
        name=member.name,
        source=SOURCE,
        hukou_division=DIVISION,
        hukou_town=member.town,
        hukou_address=member.address,
        address=member.address,
        phone=member.phone,
        by=by,
        at=at,
    )


def _entity(member: CastEntity, *, led_by: PersonView, at: datetime, by: Actor) -> EntityView:
    held = queries.find_entity(uscc=member.uscc)
    if held is not None:
        return held
    return services.save_entity(
        uscc=member.uscc,
        name=member.name,
        source=SOURCE,
        address=member.address,
        town_code=member.town,
        industry_code=member.industry,
        representative_ref=led_by.ref,
        representative_name=led_by.name,
        established_on=member.established_on,
        phone=member.phone,
        capital_cny=member.capital_cny,
        by=by,
        at=at,
    )
