"""Closed lists of the halls package."""

from __future__ import annotations

from yiwang.kernel.terms import Term


class TicketState(Term):
    """How a queue ticket stands (排队号状态)."""

    WAITING = "waiting", "等候中"
    CALLED = "called", "已叫号"
    SERVING = "serving", "办理中"
    DONE = "done", "已办完"
    MISSED = "missed", "已过号"


class Priority(Term):
    """Why somebody is served before others (优先)."""

    NONE = "none", "普通"
    ELDER = "elder", "老年人"
    DISABLED = "disabled", "残疾人"
    PREGNANT = "pregnant", "孕妇或者带婴幼儿"
    SERVICEMAN = "serviceman", "现役军人、退役军人"


class TakenAt(Term):
    """Where a ticket was taken."""

    KIOSK = "kiosk", "自助机"
    CLERK = "clerk", "工作人员"
    APPOINTMENT = "appointment", "预约签到"


class AppointmentState(Term):
    """How an appointment stands (预约状态)."""

    BOOKED = "booked", "已预约"
    CANCELLED = "cancelled", "已取消"
    ARRIVED = "arrived", "已签到"
    MISSED = "missed", "未到场"


class StandardResult(Term):
    """How a hall meets one standard (标准化检查结果)."""

    MET = "met", "达标"
    PARTLY = "partly", "部分达标"
    NOT_MET = "not_met", "未达标"


class RecordKind(Term):
    """What a record about a member of the window staff is."""

    TRAINING = "training", "培训"
    CERTIFICATE = "certificate", "上岗证书"
