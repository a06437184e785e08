"""On what grounds an open case is ended without a decision (终止办理).

Source:
    行政许可法 第三十二条 (what needs no licence; correction), 第七十条 (death, end of the body,
    force majeure: written for what was granted, taken here for what was asked for);
    上海市优化营商环境条例 第二十四条 (容缺). Other laws have grounds that name their article.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.terms import Term

_LAW = "《中华人民共和国行政许可法》"


class TerminationGround(Term):
    """Why handling ends (终止事由)."""

    INCAPABLE = "incapable", "申请人死亡或者丧失行为能力"
    BODY_ENDED = "body_ended", "申请的法人或者其他组织依法终止"
    NO_LONGER_NEEDED = "no_longer_needed", "依据修改或者废止，申请的事项不再需要办理"
    FORCE_MAJEURE = "force_majeure", "因不可抗力，申请的事项无法实施"
    NOT_COMPLETED = "not_completed", "承诺容缺后补的材料逾期没有补齐"
    OTHER = "other", "法律、法规、规章规定的其他情形"
    NOT_CORRECTED = "not_corrected", "逾期未提交补正材料"


ARTICLES: Mapping[TerminationGround, str] = {
    TerminationGround.INCAPABLE: f"参照{_LAW}第七十条第二项",
    TerminationGround.BODY_ENDED: f"参照{_LAW}第七十条第三项",
    TerminationGround.NO_LONGER_NEEDED: f"参照{_LAW}第三十二条第一款第一项",
    TerminationGround.FORCE_MAJEURE: f"参照{_LAW}第七十条第五项",
    TerminationGround.NOT_COMPLETED: "《上海市优化营商环境条例》第二十四条",
    TerminationGround.NOT_CORRECTED: f"{_LAW}第三十二条第一款第四项",
}
"""Ground -> article; the ground that is not here names its own."""

BY_CLOCK = frozenset({TerminationGround.NOT_CORRECTED})
"""Grounds that a day decides: no person ends a case on them, and the clock on no other."""

BY_PERSON = tuple(ground for ground in TerminationGround if ground not in BY_CLOCK)
"""Grounds that the deciding department finds, in the order they are offered."""
