"""How to make valid persons, legal entities and those who act on them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.organisations.permissions import Actor, Post
from yiwang.registers import services
from yiwang.registers.queries import EntityView, PersonView

MORNING = dt.datetime(2026, 3, 9, 9, 0, tzinfo=timezone.get_default_timezone())
MONDAY = dt.date(2026, 3, 9)
LOADER = Actor(ref="job:load-registers")
ZHANG = "310114198506151037"
"""An invented man, born 1985-06-15."""

FIRM = "91310114XXXX00019T"
LEGACY = "91350100M0001TGQXM"
"""A code of the pilot years whose check character is wrong (computed: 1)."""

TOWNS = [("310114102", "南翔镇"), ("310114103", "安亭镇"), ("310114401", "菊园新区")]


def staff(*posts: Post, department: str = "market", login: str = "w-chen") -> Actor:
    """Return a member of staff who holds `posts` in `department`."""
    return Actor(ref=f"user:{login}", posts={department: frozenset(posts)}, ip="10.0.0.9")


def applicant(*refs: str) -> Actor:
    """Return a person who may act for `refs`."""
    return Actor(ref="user:applicant", subjects=frozenset(refs))


def number(sequence: int = 1, *, born_on: dt.date = dt.date(1990, 1, 1)) -> str:
    """Return an invented citizen number with a right check character."""
    return citizen_id.generate(division="310114", born_on=born_on, sequence=sequence)


def code(place: int = 1, *, kind: str = "1") -> str:
    """Return an invented USCC with right check characters."""
    return uscc.generate(department="9", kind=kind, division="310114", body=f"XXXX{place:04d}")


def save_person(**changes: Any) -> PersonView:
    """Enter a person by the ordinary act."""
    arguments: dict[str, Any] = {
        "id_number": ZHANG,
        "name": "张示例",
        "source": "测试来源",
        "hukou_division": "310114",
        "hukou_town": "310114102",
        "hukou_address": "上海市嘉定区南翔镇样本路2号",
        "address": "上海市嘉定区南翔镇示例路1号",
        "phone": "14000000001",
        "by": LOADER,
        "at": MORNING,
    }
    return services.save_person(**(arguments | changes))


def save_entity(**changes: Any) -> EntityView:
    """Enter a legal entity by the ordinary act."""
    arguments: dict[str, Any] = {
        "uscc": FIRM,
        "name": "上海示例餐饮管理有限公司",
        "source": "测试来源",
        "address": "上海市嘉定区南翔镇示例路11号",
        "town_code": "310114102",
        "industry_code": "H6210",
        "established_on": dt.date(2019, 5, 8),
        "phone": "021-00000001",
        "capital_cny": 1_000_000,
        "by": LOADER,
        "at": MORNING,
    }
    return services.save_entity(**(arguments | changes))
