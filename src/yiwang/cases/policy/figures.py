"""The figures over finished cases, each with what it counts, and the trips behind two of them.

Source:
    国务院关于加快推进“互联网+政务服务”工作的指导意见 (国发〔2016〕55号), “最多跑一次”;
    行政许可法 第三十二条 (correction, deemed acceptance), 第三十四条 (on the spot), 第四十二条
    (limits); 上海市优化营商环境条例 第二十四条 (tolerance, commitment).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from yiwang.cases.policy.deadlines import day_of
from yiwang.kernel.terms import Term

MONTHS_OF_A_QUARTER = 3


class CaseFigure(Term):
    """The figures over finished cases (办件指标)."""

    ON_SPOT = "on_spot", "当场办结"
    ZERO_VISITS = "zero_visits", "一次也不用跑"
    ONE_VISIT = "one_visit", "只跑一次"
    MORE_VISITS = "more_visits", "跑两次以上"
    LATE_PROMISED = "late_promised", "超过承诺时限"
    LATE_STATUTORY = "late_statutory", "超过法定时限"
    DEEMED = "deemed", "逾期视为受理"
    CORRECTED = "corrected", "补正"
    WINDOW_SUCCESS = "window_success", "窗口一次收件成功"
    AUTOMATIC = "automatic", "自动办理"
    SHARED = "shared", "材料由数据共享取得"
    TOLERANCE = "tolerance", "容缺材料按期补齐"
    CHECKED = "checked", "承诺按期核查"
    CHECK_FAILED = "check_failed", "核查发现未履行承诺"
    REVIEWED_RIGHT = "reviewed_right", "抽查复核同意"
    OVERDUE = "overdue", "在办超期"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What a figure counts.

    Attributes:
        part: What stands above the line.
        whole: What stands below it; empty: the figure is a number and no share.
    """

    part: str
    whole: str = ""


_DECIDED = "期间办结、作出过决定的办件"
_ACCEPTED = "期间办结、受理过的办件"

DEFINITIONS: Mapping[CaseFigure, Definition] = {
    CaseFigure.ON_SPOT: Definition(part="收件当日作出决定的", whole=_DECIDED),
    CaseFigure.ZERO_VISITS: Definition(part="申请人一次也没有到窗口的", whole=_DECIDED),
    CaseFigure.ONE_VISIT: Definition(part="申请人到过窗口一次的", whole=_DECIDED),
    CaseFigure.MORE_VISITS: Definition(part="申请人到过窗口两次以上的", whole=_DECIDED),
    CaseFigure.LATE_PROMISED: Definition(part="决定日期晚于承诺办结期限的", whole=_DECIDED),
    CaseFigure.LATE_STATUTORY: Definition(part="决定日期晚于法定办结期限的", whole=_DECIDED),
    CaseFigure.DEEMED: Definition(part="逾期不告知、自收件之日起即为受理的", whole=_ACCEPTED),
    CaseFigure.CORRECTED: Definition(part="一次性告知过补正的", whole="期间办结的办件"),
    CaseFigure.WINDOW_SUCCESS: Definition(
        part="一次收齐、没有告知补正也没有不予受理的", whole="期间办结、由窗口收件的办件"
    ),
    CaseFigure.AUTOMATIC: Definition(part="由规则自动准予、无人干预的", whole=_DECIDED),
    CaseFigure.SHARED: Definition(
        part="由数据共享或者电子证照取得、申请人免于提交的材料",
        whole="期间办结的办件应有的材料（系统自动生成的除外）",
    ),
    CaseFigure.TOLERANCE: Definition(
        part="不晚于承诺日期补齐的", whole="补齐日期在期间内、已经补齐或者已经逾期的容缺承诺"
    ),
    CaseFigure.CHECKED: Definition(
        part="首次核查不晚于核查期限的", whole="期间以告知承诺准予、已经核查或者核查期限已过的"
    ),
    CaseFigure.CHECK_FAILED: Definition(
        part="责令过改正或者提请过撤销的", whole="期间以告知承诺准予、已经核查的"
    ),
    CaseFigure.REVIEWED_RIGHT: Definition(
        part="复核结论为同意的", whole="决定日期在期间内、抽查或者申请人要求复核、已经复核的"
    ),
    CaseFigure.OVERDUE: Definition(
        part="今天仍在办、本部门当前期限已过的办件（补正中的由申请人掌握时间，不计），不分期间"
    ),
}
"""Figure -> what it counts, as it is shown beside it."""

VISITS_SAY = (
    "到窗口次数：窗口收件、到窗口补正、补交材料、撤回材料、变更联系方式、领取，同一天只算一次；"
    "现场核查、网上和邮寄不算；算到办结为止。"
)
DAYS_SAY = (
    "办理用时：受理次日到作出决定的工作日，特别程序和听证的时间不计；"
    "中位数是把用时排序后居中的一个。"
)


@dataclass(frozen=True, kw_only=True)
class Share:
    """One figure.

    Attributes:
        whole: What it is a share of; None: it is a number.
    """

    key: CaseFigure
    part: int
    whole: int | None

    @property
    def pct(self) -> float | None:
        """The share in percent; None where there is nothing to be a share of."""
        return 100 * self.part / self.whole if self.whole else None


def visits(moments: Iterable[datetime]) -> int:
    """Return how often somebody came to a window: days on which they did (到窗口次数).

    Who hands in and takes the result at one visit came once.
    """
    return len({day_of(at) for at in moments})


def quarter_of(day: date) -> date:
    """Return the first day of the quarter in which `day` lies."""
    month = (day.month - 1) // MONTHS_OF_A_QUARTER * MONTHS_OF_A_QUARTER + 1
    return date(day.year, month, 1)
