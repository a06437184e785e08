"""What a key may be for that an applicant makes for a program (专用令牌)."""

from __future__ import annotations

from yiwang.kernel.terms import Term

OWN_TOKEN_PREFIX = "ywo_"  # noqa: S105 - shows scanners what a leaked token is

OWN_TOKENS_MAX = 20
"""Keys of one account that may be open at a time."""

PURPOSE_LENGTH = 60
ITEMS_MAX = 20


class OwnScope(Term):
    """One kind of thing a program may do for an applicant."""

    READ_CASES = "read_cases", "查看办件、文书和材料"
    FILE = "file", "填报、提交、补正、撤回申请，终止代办委托"
    WALLET = "wallet", "查看和出示电子证照"
    MESSAGES = "messages", "查看消息、更改通知设置"
    VISITS = "visits", "预约和取消预约"
    ASK = "ask", "提问和评价"
    OWN_DATA = "own_data", "查看本人信息和查看记录"
