"""Closed lists of the gateway."""

from __future__ import annotations

from yiwang.kernel.terms import Term


class PartnerKind(Term):
    """How a department's system is reached (接入方式)."""

    HTTP = "http", "接口推送"
    FILES = "files", "文件交换"


class Begin(Term):
    """From when on a case is sent to the department (推送起点)."""

    RECEIVED = "received", "收件后推送"
    ACCEPTED = "accepted", "受理后推送"


class Direction(Term):
    """Which way a message goes, or a key signs (方向)."""

    OUT = "out", "推送"
    IN = "in", "回传"


class PushKind(Term):
    """What is told to a department's system (推送内容)."""

    RECEIVED = "case.received", "收件"
    ACCEPTED = "case.accepted", "受理"
    CORRECTED = "case.corrected", "补正已提交"
    HEARING_ASKED = "case.hearing_asked", "要求听证"
    EXTENSION = "case.extension", "延长期限的审批"
    CLOSED = "case.closed", "办结"


class PushState(Term):
    """How a pushed message stands (推送状态)."""

    WAITING = "waiting", "待送出"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "未送达"
    GIVEN_UP = "given_up", "已放弃"


class ReturnKind(Term):
    """What a department's system tells (回传内容)."""

    ACKNOWLEDGE = "acknowledge", "签收"
    ACCEPT = "accept", "受理"
    CORRECTION = "correction", "要求补正"
    DECLINE = "decline", "不予受理"
    REVIEW = "review", "开始审查"
    SPECIAL_START = "special_start", "特别程序开始"
    SPECIAL_END = "special_end", "特别程序结束"
    HEARING_NOTIFY = "hearing_notify", "告知听证"
    HEARING_REQUEST = "hearing_request", "要求听证"
    HEARING_SET = "hearing_set", "通知听证的时间和地点"
    HEARING_END = "hearing_end", "听证结束"
    EXTENSION_ASK = "extension_ask", "报请延长期限"
    EXTENSION_DECIDE = "extension_decide", "不批准延长期限"
    SITE_CHECK = "site_check", "现场核查"
    OFFICERS_SENT = "officers_sent", "指派检验检测人员"
    OPINION = "opinion", "审查意见"
    RESULT = "result", "审批结果"
    DISPATCH = "dispatch", "寄出"
    DELIVERY = "delivery", "送达"
    DELIVERY_RETURN = "delivery_return", "邮件退回"


class ReturnState(Term):
    """How a message from a department stands (回传状态)."""

    APPLIED = "applied", "已办理"
    HELD = "held", "等待前一条"
    REFUSED = "refused", "已退回"
    DEAD = "dead", "未办理"
    GIVEN_UP = "given_up", "已放弃"


class Algorithm(Term):
    """How messages are signed (签名算法). RFC 9421 第3.3节."""

    HMAC_SHA256 = "hmac-sha256", "HMAC-SHA256"
    ED25519 = "ed25519", "Ed25519"
