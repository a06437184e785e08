"""What an error that is put right on the spot may not change (当场更正).

Source:
    行政许可法 第三十二条第一款第三项.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.catalogue.policy.items import (
    Answer,
    ItemVersion,
    asked,
    commitment_open,
    needed,
)


def same_application(
    item: ItemVersion, old: Mapping[str, Answer], new: Mapping[str, Answer]
) -> bool:
    """Tell whether an answer that is put right leaves the rest of the application as it is.

    Another way of handling, another question or another material is no error that can be put
    right on the spot: the applicant would have to apply anew.
    """
    return _shape(item, old) == _shape(item, new)


def _shape(item: ItemVersion, answers: Mapping[str, Answer]) -> tuple[object, ...]:
    return (
        [one.id for one in asked(item, answers)],
        [one.id for one in needed(item, answers)],
        item.handling_for(answers),
        item.must_check_site(answers),
        commitment_open(item, answers),
    )
