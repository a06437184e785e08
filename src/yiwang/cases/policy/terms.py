"""Closed lists of the case file other than its states."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.clocks import DayUnit
from yiwang.kernel.terms import Term


class MaterialState(Term):
    """How a material of the case stands (材料状态)."""

    WAIVED = "waived", "免于提交"
    FILED = "filed", "已提交"
    TOLERATED = "tolerated", "容缺后补"
    PROMISED = "promised", "决定后补交"
    MISSING = "missing", "缺少"
    WITHDRAWN = "withdrawn", "已撤回"


NOT_THERE = frozenset(
    {
        MaterialState.MISSING,
        MaterialState.TOLERATED,
        MaterialState.PROMISED,
        MaterialState.WITHDRAWN,
    }
)
"""States of a material that nobody can look at."""


class PaperForm(Term):
    """In which form a material was taken in (材料形式); the receipt says it."""

    ORIGINAL = "original", "原件"
    COPY = "copy", "复印件"
    ELECTRONIC = "electronic", "电子文件"


class FileStanding(Term):
    """How a file of a material stands after a correction (文件效力); a replaced one is kept."""

    AS_FILED = "as_filed", "申请时提交"
    CORRECTED = "corrected", "补正后"
    REPLACED = "replaced", "补正前（已被替换）"


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
    SITE_CHECK_RECORD = "site_check_record", "现场核查记录"
    SPECIAL_NOTICE = "special_notice", "特别程序告知书"
    HEARING_RIGHT = "hearing_right", "行政许可听证告知书"
    HEARING_NOTICE = "hearing_notice", "行政许可听证通知书"
    HEARING_ANNOUNCEMENT = "hearing_announcement", "行政许可听证公告"
    HEARING_RECORD = "hearing_record", "听证笔录"
    EXTENSION_NOTICE = "extension_notice", "延长期限告知书"
    INTERESTED_NOTICE = "interested_notice", "利害关系人告知书"
    VIEWS_NOTICE = "views_notice", "陈述意见权利告知书"
    REVIEW_OPINION = "review_opinion", "审查意见"
    APPROVAL_FORM = "approval_form", "审批表"
    DELIVERY_RECEIPT = "delivery_receipt", "送达回证"
    REVOCATION = "revocation", "撤销行政许可决定书"
    RETRACTION = "retraction", "撤回行政许可决定书"
    DEREGISTRATION = "deregistration", "注销行政许可决定书"
    COMMITMENT_LETTER = "commitment_letter", "告知承诺书"
    TOLERANCE_COMMITMENT = "tolerance_commitment", "容缺受理承诺书"
    CERTIFICATE_COMMITMENT = "certificate_commitment", "证明事项告知承诺书"
    PERMITS_TOLD = "permits_told", "许可事项告知承诺书"
    ORDER_TO_CORRECT = "order_to_correct", "责令限期改正通知书"
    STATEMENT_RIGHT = "statement_right", "陈述申辩权利告知书"
    RENEWAL_RECORD = "renewal_record", "准予延续决定书"
    DOCUMENT_FIX = "document_fix", "文书更正通知书"


NUMBER_WORDS: Mapping[DocumentKind, str] = {
    DocumentKind.RECEIPT: "收",
    DocumentKind.CORRECTION_NOTICE: "补",
    DocumentKind.ACCEPTANCE_NOTICE: "受",
    DocumentKind.NON_ACCEPTANCE: "不受",
    DocumentKind.NO_NEED_NOTICE: "免",
    DocumentKind.GRANT_DECISION: "准",
    DocumentKind.REFUSAL_DECISION: "不准",
    DocumentKind.END_NOTICE: "终",
    DocumentKind.SITE_CHECK_RECORD: "核",
    DocumentKind.SPECIAL_NOTICE: "特",
    DocumentKind.HEARING_RIGHT: "听告",
    DocumentKind.HEARING_NOTICE: "听通",
    DocumentKind.HEARING_ANNOUNCEMENT: "听公",
    DocumentKind.HEARING_RECORD: "听录",
    DocumentKind.EXTENSION_NOTICE: "延",
    DocumentKind.INTERESTED_NOTICE: "利",
    DocumentKind.VIEWS_NOTICE: "意",
    DocumentKind.REVIEW_OPINION: "审意",
    DocumentKind.APPROVAL_FORM: "审",
    DocumentKind.DELIVERY_RECEIPT: "送",
    DocumentKind.REVOCATION: "撤",
    DocumentKind.RETRACTION: "回",
    DocumentKind.DEREGISTRATION: "注",
    DocumentKind.COMMITMENT_LETTER: "诺",
    DocumentKind.TOLERANCE_COMMITMENT: "容",
    DocumentKind.CERTIFICATE_COMMITMENT: "证",
    DocumentKind.PERMITS_TOLD: "许",
    DocumentKind.ORDER_TO_CORRECT: "改",
    DocumentKind.STATEMENT_RIGHT: "陈",
    DocumentKind.RENEWAL_RECORD: "续",
    DocumentKind.DOCUMENT_FIX: "更",
}
"""Word of the kind in a document number (文号), after the department's name."""


INTERNAL_LETTERS = frozenset(
    {DocumentKind.REVIEW_OPINION, DocumentKind.APPROVAL_FORM, DocumentKind.INTERESTED_NOTICE}
)
"""Letters never told, shown, sent or handed to an applicant: for the file alone (内部文书), or to
an interested person, whose name and address are theirs."""


class ClockKind(Term):
    """The clocks of a case (期限种类)."""

    NOTICE = "notice", "受理或者一次性告知"
    CORRECTION = "correction", "提交补正"
    STATUTORY = "statutory", "法定办结"
    PROMISED = "promised", "承诺办结"
    DELIVERY = "delivery", "送达"
    PUBLICITY = "publicity", "公示决定"
    HEARING_REQUEST = "hearing_request", "要求听证"
    HEARING_HOLD = "hearing_hold", "组织听证"
    HEARING_NOTICE = "hearing_notice", "通知听证"
    INSPECTION_START = "inspection_start", "指派检验检测人员"
    SPECIAL_END = "special_end", "特别程序告知的用时"
    OPINION = "opinion", "反馈部门意见"
    TOLERANCE = "tolerance", "补齐容缺材料"
    POST_CHECK = "post_check", "事后核查"
    COMMITMENT_CORRECTION = "commitment_correction", "限期改正"
    STATEMENT = "statement", "陈述申辩"
    EVALUATION = "evaluation", "评价"


OF_THE_APPLICANT = frozenset(
    {
        ClockKind.CORRECTION,
        ClockKind.HEARING_REQUEST,
        ClockKind.TOLERANCE,
        ClockKind.COMMITMENT_CORRECTION,
        ClockKind.STATEMENT,
        ClockKind.EVALUATION,
    }
)
"""Clocks that run for the applicant: missed ones are no fault of the authority."""

IN_CALENDAR_DAYS = frozenset(
    {
        ClockKind.CORRECTION,
        ClockKind.POST_CHECK,
        ClockKind.COMMITMENT_CORRECTION,
        ClockKind.EVALUATION,
    }
)
"""Clocks that count every day, because no article of the licensing law sets them."""


def unit_of(kind: ClockKind) -> DayUnit:
    """Return what days a clock counts.

    Source:
        行政许可法 第八十二条: the limits of that law are working days.
    """
    return DayUnit.CALENDAR_DAY if kind in IN_CALENDAR_DAYS else DayUnit.WORKDAY


BEFORE_DECISION = frozenset(
    {
        ClockKind.HEARING_REQUEST,
        ClockKind.HEARING_HOLD,
        ClockKind.INSPECTION_START,
        ClockKind.SPECIAL_END,
        ClockKind.OPINION,
    }
)
"""Clocks that nobody can miss once there is a decision, or the case ended without one."""


class DeliveryChannel(Term):
    """How a result reached the applicant (送达方式)."""

    IN_APP = "in_app", "平台送达"
    PRINT = "print", "窗口领取"
    POST = "post", "邮寄"


class Relation(Term):
    """Who took a letter, to whom it is addressed (签收人与受送达人的关系)."""

    SELF = "self", "本人"
    LEGAL_REP = "legal_rep", "法定代表人或者负责人"
    AGENT = "agent", "代理人"
    FAMILY = "family", "同住成年家属"
    RECEIVER = "receiver", "收发人员"


DELIVERED_LETTERS = frozenset(
    {
        DocumentKind.NON_ACCEPTANCE,
        DocumentKind.NO_NEED_NOTICE,
        DocumentKind.END_NOTICE,
        DocumentKind.GRANT_DECISION,
        DocumentKind.REFUSAL_DECISION,
        DocumentKind.STATEMENT_RIGHT,
        DocumentKind.REVOCATION,
        DocumentKind.RETRACTION,
        DocumentKind.DEREGISTRATION,
        DocumentKind.RENEWAL_RECORD,
        DocumentKind.DOCUMENT_FIX,
    }
)
"""Letters whose delivery is proven. 行政许可法 第三十二条, 第三十八条, 第四十四条."""


class LetterState(Term):
    """Where the delivery of a letter stands (送达状态)."""

    NOT_NEEDED = "not_needed", "无需送达"
    WAITING = "waiting", "待送达"
    UNDER_WAY = "under_way", "寄送中"
    RETURNED = "returned", "已退回"
    DELIVERED = "delivered", "已送达"


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
