"""What a correction may ask for (一次性补正): nothing that offices hold, no paper twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from yiwang.cases.policy.terms import FileStanding, MaterialState, PaperForm
from yiwang.catalogue.policy.items import Material, WaiveBy

PROVIDED = frozenset({WaiveBy.GENERATED, WaiveBy.LICENCE, WaiveBy.REGISTER})
"""Ways in which offices, and not applicants, provide a material."""

ON_PAPER = "窗口收取纸质材料"
"""Source of a material that was taken in on paper and not scanned."""

_PAPER = re.compile(
    r"纸质|纸面|"
    r"(?:提交|递交|补交|提供|出示|携带|邮寄|寄送|[交带寄补])[^，。；]{0,8}?(?:原件|复印件)|"
    r"(?:原件|复印件)[一二两三四五六七八九十\d]+份"
)
_NOT_PAPER = re.compile(
    r"(?:不要求|不需要|不得|不再|无需|无须|不用|不必)[^，。；]{0,8}(?:纸质|纸面|原件|复印件)[^，。；]*|"
    r"(?:纸质|纸面|原件|复印件)[^，。；]{0,6}(?:扫描|照片|拍照|图片|电子)"
)


def correctable(material: Material | None, state: MaterialState) -> bool:
    """Tell whether an applicant can hand a material in anew.

    What the platform generates from the answers, or a register or the licence library provides, is
    none: what is wrong in it is put right as an answer, or where it is kept.

    Args:
        material: As the item version has it; None: not in it.
        state: How it stands in the case.

    Source:
        国务院关于在线政务服务的若干规定 第七条 (what offices share is not asked for).
    """
    provided = material is not None and material.waive_by in PROVIDED
    return not (provided and state is MaterialState.WAIVED)


def counts_electronically(*, online: bool, taken_as: PaperForm | None) -> bool:
    """Tell whether a material came, or comes, electronically, so that no paper is asked for.

    Args:
        online: Whether the case came by the portal.
        taken_as: In which form the material was taken in; None: it was not.

    Source:
        上海市优化营商环境条例 第二十四条 (已在线收取规范化电子材料的，不得要求再提供纸质材料).
    """
    return taken_as is PaperForm.ELECTRONIC or (online and taken_as is None)


def asks_for_paper(words: str) -> bool:
    """Tell whether words of a correction ask for paper.

    Example:
        `请提交纸质原件` does; `原件扫描件不清晰`, `复印件未注明与原件一致` and `不要求纸质` do not.
    """
    return _PAPER.search(_NOT_PAPER.sub("", words)) is not None


def standings(
    refs: Sequence[str], *, corrected: Collection[str], on_paper: bool
) -> tuple[FileStanding, ...]:
    """Return how each file of a material stands: what a correction brought replaces the earlier.

    Args:
        refs: Files of the material, in the order in which they came.
        corrected: Files that came with the correction, for any material.
        on_paper: Whether paper came last, without a file, so that no file is in force.

    Example:
        Of `[old, new]` with `new` from the correction `old` is replaced; of `[new, later]` nothing
        is.
    """
    last = max((place for place, ref in enumerate(refs) if ref in corrected), default=-1)
    return tuple(
        FileStanding.CORRECTED
        if ref in corrected
        else FileStanding.REPLACED
        if on_paper or place < last
        else FileStanding.AS_FILED
        for place, ref in enumerate(refs)
    )
