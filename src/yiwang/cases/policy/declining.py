"""Turning applications away at a counter, and who looks at it again (不予收件、不予受理的核实).

Source:
    上海市优化营商环境条例 第二十五条: staff of a window may not refuse to take in an application
    except where law says so; where they do, the departments verify it. 行政许可法 第三十二条.
"""

from __future__ import annotations

from yiwang.kernel.terms import Term


class TurnedAwayVerdict(Term):
    """What the deciding department found about an application not taken in (核实结论)."""

    RIGHT = "right", "核实无误"
    TAKE_IN = "take_in", "应当收件"
