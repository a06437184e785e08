"""How to make valid lines of the lists of supervised subjects."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from yiwang.organisations.permissions import Actor, Post
from yiwang.supervision import services

MORNING = dt.datetime(2026, 3, 9, 9, 0, tzinfo=timezone.get_default_timezone())
MONDAY = dt.date(2026, 3, 9)


def supervisor_of(department: str) -> Actor:
    """Return a person who may read the list of `department`."""
    return Actor(ref="user:jg-liu", posts={department: frozenset({Post.SUPERVISOR})})


def add(**changes: Any) -> bool:
    """Put a subject on a list by the ordinary act."""
    arguments: dict[str, Any] = {
        "subject_ref": "entity:91310114MA1GT00X0X",
        "name": "上海嘉禾餐饮管理有限公司",
        "item_slug": "food-business",
        "item_name": "食品经营许可",
        "department": "market",
        "case_number": "JD20260309-0001",
        "licence_identifier": "1.2.156.3005.2.0001",
        "listed_on": MONDAY,
        "by": "job:double-notice",
        "at": MORNING,
    }
    return services.add_subject(**(arguments | changes))
