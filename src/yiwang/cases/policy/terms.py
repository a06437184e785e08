"""Closed lists of the case file other than its states."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.terms import Term


class MaterialState(Term):
    """How a material of the case stands (材料状态)."""

    WAIVED = "waived", "免于提交"
    FILED = "filed", "已提交"
    TOLERATED = "tolerated", "容缺后补"
    MISSING = "missing", "缺少"


class Outcome(Term):
    """What is proposed or decided (审批结论)."""

    GRANT = "grant", "准予"
    REFUSE = "refuse", "不予"


class DocumentKind(Term):
    """Letters and records that a case gives rise to (办件文书)."""

    RECEIPT = "receipt", "收件凭证"
    CORRECTION_NOTICE = "correction_notice", "申请材料补正告知书"
    ACCEPTANCE_NOTICE = "acceptance_notice", "受理通知书"
    NON_ACCEPTANCE = "non_acceptance", "不予受理决定书"
    NO_NEED_NOTICE = "no_need_notice", "不受理告知书"
    GRANT_DECISION = "grant_decision", "准予行政许可决定书"
    REFUSAL_DECISION = "refusal_decision", "不予行政许可决定书"
    END_NOTICE = "end_notice", "终止办理通知书"


NUMBER_WORDS: Mapping[DocumentKind, str] = {
    DocumentKind.RECEIPT: "收",
    DocumentKind.CORRECTION_NOTICE: "补",
    DocumentKind.ACCEPTANCE_NOTICE: "受",
    DocumentKind.NON_ACCEPTANCE: "不受",
    DocumentKind.NO_NEED_NOTICE: "免",
    DocumentKind.GRANT_DECISION: "准",
    DocumentKind.REFUSAL_DECISION: "不准",
    DocumentKind.END_NOTICE: "终",
}
"""Word of the kind in a document number (文号), after the department's name."""


class DeliveryChannel(Term):
    """How a result reached the applicant (送达方式)."""

    IN_APP = "in_app", "平台送达"
    PRINT = "print", "窗口领取"
    POST = "post", "邮寄"


class Tab(Term):
    """A view of the work queue (工作台页签)."""

    MINE = "mine", "我的待办"
    TO_ACCEPT = "to_accept", "待受理"
    CORRECTION = "correction", "补正中"
    REVIEWING = "reviewing", "审查中"
    TO_DECIDE = "to_decide", "待决定"
    TO_DELIVER = "to_deliver", "待送达"
    SOON = "soon", "即将超期"
    OVERDUE = "overdue", "已超期"
    FINISHED = "finished", "已办结"
