"""Turning applications away at a counter, and who looks at it again (不予收件、不予受理的核实).

Source:
    上海市优化营商环境条例 第二十五条: staff of a window may not refuse to take in an application
    except where law says so; where they do, the departments verify it. 行政许可法 第三十二条.
"""

from __future__ import annotations

import re

from yiwang.kernel.terms import Term

_NOT_COMPETENT = re.compile(
    r"第\s*(三十二|32)\s*条\s*(第\s*(一|1)\s*款)?\s*第?\s*[（(]?\s*(二|2)\s*[）)]?\s*项"
)
"""However it is cited; only the first paragraph of the article has items."""

UNNAMED = (
    "以不属于本机关职权范围为由不予受理的，要告知申请人向哪个机关申请："
    "请填写“有权受理的机关”；不是这个理由的，请改写法律依据。"
)


def leaves_applicant_without_authority(article: str, elsewhere: str) -> bool:
    """Tell whether a refusal rests on want of competence and names nobody who is competent.

    Source:
        行政许可法 第三十二条第一款第二项 (告知申请人向有关行政机关申请).
    """
    return not elsewhere.strip() and rests_on_want_of_competence(article)


OTHER_GROUND = (
    "依法不需要取得许可的，依据是行政许可法第三十二条第一款第一项，不是第二项（不属于职权范围），"
    "请改写法律依据。"
)


def rests_on_want_of_competence(article: str) -> bool:
    """Tell whether a refusal names the article of want of competence.

    Source:
        行政许可法 第三十二条第一款第二项; where no permission is needed, it is 第一项.
    """
    return _NOT_COMPETENT.search(article) is not None


class TurnedAwayVerdict(Term):
    """What the deciding department found about an application not taken in (核实结论)."""

    RIGHT = "right", "核实无误"
    TAKE_IN = "take_in", "应当收件"
