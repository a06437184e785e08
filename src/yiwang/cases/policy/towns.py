"""What follows from the mode in which a town's window took an application in (街镇窗口)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.terms import Term


class CollectAt(Term):
    """Where the applicant at a town's window chose to collect the result (统一出件)."""

    HERE = "here", "在收件窗口领取"
    DEPARTMENT = "department", "到主管部门领取"


def receipt_line(mode: TownMode, *, window: str, acceptor: str) -> str:
    """Return who accepts, as the receipt says it."""
    if mode is TownMode.DIRECT:
        return f"办理方式：直接受理，由{window}以{acceptor}的名义受理。"
    return f"办理方式：收受分离，由{window}收件，{acceptor}受理，受理或者告知的期限自收件之日起算。"


def collect_line(unit: str) -> str:
    """Return where the result is collected, as the receipt says it."""
    return f"领取结果：{unit}。"


def accepted_elsewhere(mode: TownMode, *, window: str, acceptor: str) -> str:
    """Return why somebody at the other desk of a case does not accept it, and who does."""
    if mode is TownMode.DIRECT:
        return f"本办件由{window}直接受理，请由该窗口受理或者告知补正。"
    return (
        f"本办件在{window}收件、由{acceptor}受理（收受分离），请等{acceptor}受理或者告知补正，"
        "本窗口可以查看进度和发放结果。"
    )


def collected_elsewhere(unit: str) -> str:
    """Return why a window does not hand the result out."""
    return f"申请人选择到{unit}领取结果，请引导申请人到{unit}领取。"


def not_here(
    item: str,
    *,
    window: str,
    places: Sequence[str],
    online: bool,
    coming: date | None,
) -> str:
    """Return why a town's window does not take an item in, and where it is done (首问负责).

    Args:
        item: Name of the item.
        window: Name of the centre.
        places: Names of the windows that take it in.
        online: Whether it may be filed through the portal.
        coming: Day from which this centre does it; None: not known.

    Source:
        上海市优化营商环境条例 第二十五条 (who is asked first leads to where it is done).
    """
    where = [f"到{'、'.join(places)}办理"] if places else []
    where += ["在网上提交"] if online else []
    begins = f"（自{coming.year}年{coming.month}月{coming.day}日起在本中心办理）" if coming else ""
    led = f"请引导申请人{'，或者'.join(where)}" if where else "请引导申请人拨打12345询问"
    return f"“{item}”现在不在{window}办理{begins}，{led}。"
