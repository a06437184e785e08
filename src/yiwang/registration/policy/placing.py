"""What became of a phrase of a registered scope that no rule places (经营范围用语的确认)."""

from __future__ import annotations

from yiwang.kernel.terms import Term

NOTE_LENGTH = 500


class PhraseState(Term):
    """Whether a phrase of a registered scope needs a permit (用语确认情况)."""

    WAITING = "waiting", "待确认"
    NEED = "need", "需要许可"
    NO_NEED = "no_need", "不需要许可"


def need_words(*, phrase: str, item_name: str, department: str) -> str:
    """Return what the firm reads of a phrase that needs a permit."""
    return (
        f"您登记的经营范围用语“{phrase}”，经确认需要办理“{item_name}”，由{department}办理。"
        "取得许可以前不开展这项经营活动。"
    )


def no_need_words(*, phrase: str, note: str) -> str:
    """Return what the firm reads of a phrase that needs none."""
    return f"您登记的经营范围用语“{phrase}”，经登记机关确认不需要办理许可。说明：{note}"
