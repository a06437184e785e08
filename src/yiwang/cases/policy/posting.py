"""Paper results sent home (结果邮寄): who may ask for them, until when, and where they go."""

from __future__ import annotations

from yiwang.cases.policy.answers import PHONE
from yiwang.cases.policy.states import ENDED, OPEN, CaseState
from yiwang.cases.policy.visiting import ADDRESS_LENGTH, CONTACT_LENGTH
from yiwang.kernel.terms import Term


class PostingState(Term):
    """Where a wish to have the result posted stands (结果邮寄状态)."""

    WAITING = "waiting", "待寄出"
    SENT = "sent", "已寄出"
    RETURNED = "returned", "已退回"
    TAKEN_BACK = "taken_back", "已取消"
    ENDED = "ended", "不再邮寄"


DECIDED = frozenset(
    {CaseState.APPROVED, CaseState.REJECTED, CaseState.DELIVERING, CaseState.CLOSED}
)
"""There is a result that can be posted, and nobody ended it since."""

LIVE = OPEN | DECIDED
"""There is a result that can be posted, or there may be one yet."""

ADDRESS_LEAST = 6
"""A shorter address leads nowhere."""


def state_problem(state: CaseState, *, by_mail: bool) -> str:
    """Return in one sentence why a result is not posted from this state; empty: it is.

    Args:
        state: Where the case stands.
        by_mail: The item says that its result may be posted (结果可以邮寄).

    Source:
        上海市优化营商环境条例 第二十四条 (applicants choose the channel).
    """
    if not by_mail:
        return "本事项的结果不能邮寄，请在平台查看，或者到窗口领取。"
    if state in ENDED:
        return f"本办件的结果{state.label}，不能再邮寄。"
    if state not in LIVE:
        return f"办件现为“{state.label}”，没有可以邮寄的结果，不会寄出邮件。"
    return ""


def place_problems(*, to_name: str, phone: str, address: str) -> dict[str, str]:
    """Return why a parcel would not arrive, one sentence under the name of what is wrong."""
    wrong = {}
    if not to_name:
        wrong["to_name"] = "请填写收件人。"
    elif len(to_name) > CONTACT_LENGTH:
        wrong["to_name"] = f"收件人最多{CONTACT_LENGTH}个字，请删减。"
    if not PHONE.fullmatch(phone):
        wrong["phone"] = "收件电话应为11位手机号，或者区号加固定电话号码，请核对。"
    if len(address) < ADDRESS_LEAST:
        wrong["address"] = "请填写完整的收件地址，写明街道、门牌和室号。"
    elif len(address) > ADDRESS_LENGTH:
        wrong["address"] = f"收件地址最多{ADDRESS_LENGTH}个字，请删减。"
    return wrong
