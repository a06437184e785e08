"""What was put right on the spot, as pages show it: what stood there, and what stands there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from yiwang.cases.policy.answers import is_hidden, mask
from yiwang.cases.queries import CasePage
from yiwang.cases.queries.on_spot import spot_fixes
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.web.forms import in_words


@dataclass(frozen=True, kw_only=True)
class FixRow:
    """One thing that was put right.

    Attributes:
        files: Keys of the files that were handed in before.
    """

    name: str
    before: str
    after: str
    at: datetime
    by: str
    files: Sequence[str] = field(default_factory=tuple)


def rows(page: CasePage, item: ItemVersion, *, masked: bool) -> list[FixRow]:
    """Return what was put right, oldest first; `masked`: for staff, personal answers hidden."""
    questions = {one.id: one for one in item.questions()}

    def words(key: str, value: object) -> str:
        question = questions[key]
        shown = in_words(question, value) or _("没有填写")
        return mask(question, shown) if masked and is_hidden(question) else shown

    return [
        FixRow(
            name=one.name,
            before=words(one.question_id, one.old_answer)
            if one.question_id
            else (_(one.old_form.label) if one.old_form else ""),
            after=words(one.question_id, one.new_answer) if one.question_id else _("已更换"),
            at=one.at,
            by=one.by_name,
            files=[ref.removeprefix("upload:") for ref in one.old_refs],
        )
        for one in spot_fixes(page)
    ]
