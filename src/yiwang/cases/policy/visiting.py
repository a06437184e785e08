"""Whoever comes back to a window with a case: what for, and how that is written down (窗口来办)."""

from __future__ import annotations

from yiwang.cases.policy.terms import PaperForm, Relation
from yiwang.kernel.terms import Term

NUMBER_LENGTH = 20
CONTACT_LENGTH = 60
ADDRESS_LENGTH = 200


class WindowAct(Term):
    """What somebody did at a window on a case that was taken in before (窗口办理事由)."""

    FILE_CORRECTION = "file_correction", "提交补正"
    FILE_MATERIAL = "file_material", "补交材料"
    FIX_ON_SPOT = "fix_on_spot", "当场更正"
    WITHDRAW = "withdraw", "撤回申请"
    WITHDRAW_MATERIAL = "withdraw_material", "撤回材料"
    CHANGE_CONTACT = "change_contact", "变更联系方式"
    HAND_OVER = "hand_over", "当场送达"
    ASK_POSTING = "ask_posting", "要求邮寄结果"
    TAKE_POSTING_BACK = "take_posting_back", "取消邮寄结果"


BRINGING = frozenset({WindowAct.FILE_CORRECTION, WindowAct.FILE_MATERIAL})
"""Acts that only add papers: they are taken from whoever brings them, no card is asked for."""

FOR_THE_APPLICANT = frozenset({Relation.SELF, Relation.LEGAL_REP, Relation.AGENT})
"""Who may act for the applicant; family and receivers may only bring and take things.

Source:
    民法典 第一百六十五条.
"""


def usual_form(form: str) -> PaperForm:
    """Return in which form a paper is usually taken, by the words of the item (材料形式).

    Example:
        `原件或者照片` is taken as an original, `电子或复印件` at a window as a copy.
    """
    if "原件" in form:
        return PaperForm.ORIGINAL
    if "复印" in form or ("电子" in form and not any(one in form for one in ("纸质", "照片"))):
        return PaperForm.COPY
    return PaperForm.ORIGINAL
