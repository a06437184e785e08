"""A small invented hall with two zones, and how to fill its queue."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.factories import cases
from yiwang.content.policy.packs import PackFile
from yiwang.halls import services
from yiwang.halls.policy.parsing import parse
from yiwang.halls.policy.plans import HallPlan
from yiwang.halls.policy.terms import Priority, TakenAt
from yiwang.halls.queries import TicketView
from yiwang.organisations.permissions import Actor, Post

HALL = "hall"
OTHER_CLERK = Actor(
    ref="user:clerk2", name="林窗口", posts={"centre": frozenset({Post.COUNTER_CLERK})}
)
CENTRE_HEAD = Actor(
    ref="user:hallhead", name="秦主任", posts={"centre": frozenset({Post.DEPARTMENT_HEAD})}
)
KIOSK = Actor(ref="public:web")
NOON = cases.FRIDAY.replace(hour=10)
"""A Friday, an hour after opening."""


def content(**changes: Any) -> dict[str, Any]:
    """Return what a pack says about the hall."""
    return {
        "code": HALL,
        "name": "示例大厅",
        "department": "centre",
        "hours": [{"from_day": 1, "to_day": 5, "from": "09:00", "to": "17:00"}],
        "priority": {"kinds": ["elder", "disabled"], "in_a_row": 2, "source": "虚构"},
        "zones": [
            {
                "code": "general",
                "name": "综合区",
                "letter": "A",
                "windows": 3,
                "booking": {"windows": 2, "slot_minutes": 30, "per_window": 1, "days_ahead": 7},
            },
            {
                "code": "housing",
                "name": "房产区",
                "letter": "B",
                "windows": 1,
                "departments": ["housing"],
            },
        ],
        "standards": [
            {"code": "low-desk", "text": "有低位服务台。", "source": "虚构"},
            {"code": "display", "text": "有叫号显示。", "source": "虚构"},
        ],
        "facts": [{"label": "综合窗口", "value": "3个", "source": "虚构"}],
        **changes,
    }


def file(*halls: dict[str, Any]) -> PackFile:
    """Return the file of a pack."""
    return PackFile(
        pack="test",
        section="halls",
        name="hall",
        path="packs/test/halls/hall.yaml",
        content={"source": "虚构", "halls": list(halls) or [content()]},
    )


def plan(**changes: Any) -> HallPlan:
    """Return the hall as it is read from a pack."""
    (found,), errors = parse(file(content(**changes)))
    assert errors == []
    return found


def open_hall(**changes: Any) -> HallPlan:
    """Load the hall."""
    found = plan(**changes)
    services.save_hall(found, by="system:test", at=cases.FRIDAY)
    return found


def take(minutes: float = 0, priority: Priority = Priority.NONE, **changes: Any) -> TicketView:
    """Take a ticket some minutes after ten."""
    known: dict[str, Any] = {
        "hall": HALL,
        "zone": "general",
        "priority": priority,
        "taken_by": TakenAt.KIOSK,
        "calendar": cases.CALENDAR,
        "by": KIOSK,
        "at": later(minutes),
    }
    return services.take_ticket(**(known | changes))


def call(minutes: float = 30, window: str = "A01", by: Actor = cases.CLERK) -> TicketView | None:
    """Call the next one."""
    return services.call_next(hall=HALL, window=window, by=by, at=later(minutes))


def later(minutes: float) -> dt.datetime:
    """Return the moment some minutes after ten."""
    return NOON + dt.timedelta(minutes=minutes)
