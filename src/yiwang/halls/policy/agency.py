"""What the agency window promises (代办窗口)."""

from __future__ import annotations

from datetime import date, timedelta

ANSWER_WORKDAYS = 2
"""Working days in which a department's liaison answers the agent; the district's own choice."""

LONGEST_MANDATE_DAYS = 1096
"""Longest mandate of a firm, in days: three years, as the term of an elected board; own choice."""

TEXT_LENGTH = 1_000
LINE_LENGTH = 120

FREE = "代办服务不收费，由政务服务中心提供；法律、法规规定的行政事业性收费按公布的标准另计。"
"""Said wherever the service is offered; the plan, 三(二)2."""


def mandate_problem(*, begins: date, last: date) -> str:
    """Return why a mandate may not run like that; empty: it may."""
    if last < begins:
        return "委托的最后一天不能早于开始的一天，请核对委托书。"
    if last - begins >= timedelta(days=LONGEST_MANDATE_DAYS):
        return "委托期限最长三年，请填写较早的日期，到期可以再委托。"
    return ""
