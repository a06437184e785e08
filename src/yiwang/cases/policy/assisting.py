"""Help at the window: filling in for somebody, or taking in from an agent (帮办、代办)."""

from __future__ import annotations

from yiwang.kernel.terms import Term


class AssistanceKind(Term):
    """How the applicant was helped."""

    ASSISTED = "assisted", "本人到场，工作人员帮填"
    PROXY = "proxy", "代理人到场"


NAME_LENGTH = 60
