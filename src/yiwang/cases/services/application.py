"""What was handed in: answers and materials checked against the item version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from yiwang.cases.models import CaseMaterial
from yiwang.cases.policy.answers import kept_answers, problems
from yiwang.cases.policy.commitments import tolerable
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.terms import MaterialState, PaperForm
from yiwang.cases.policy.towns import CollectAt
from yiwang.cases.policy.visiting import usual_form
from yiwang.cases.queries.commitments import tolerance_barred
from yiwang.cases.services.signing import last_day
from yiwang.cases.services.steps import Capacity
from yiwang.cases.services.submitted_once import SubmissionRefusedError
from yiwang.cases.services.visiting import form_words
from yiwang.catalogue.policy.items import (
    Answer,
    Channel,
    ItemVersion,
    Material,
    OnCommitment,
    WaiveBy,
    asked,
    needed,
)
from yiwang.catalogue.towns import TownWindow
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.registers import queries as registers
from yiwang.registers.queries import Prefilled


class IncompleteError(RefusedError):
    """Answers or materials are missing or wrong; all of them are named at once.

    Attributes:
        problems: Question or material id to the sentence about it, in the order asked.
    """

    code = "cases.incomplete"

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(f"还有{len(problems)}处需要补充或改正：{' '.join(problems.values())}")
        self.problems = dict(problems)


PROMISED_INSTEAD = "证明事项告知承诺书"


COMMITTED_INSTEAD = "告知承诺书"
"""Sources of a material in whose place a written promise stands."""


ON_PAPER = "窗口收取纸质材料"


IN_THE_LETTER = "信函所附纸质材料"
"""Sources of a material that was not uploaded."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What both doors bring in."""

    item: ItemVersion
    applicant_ref: str
    registered: Mapping[str, Prefilled]
    answers: dict[str, Answer]
    uploads: Mapping[str, Sequence[str]]
    channel: Channel
    intake_department: str
    window: str
    phone: str
    town: str
    key: str
    declaration: str
    acting: Capacity
    complete: bool
    paper: Mapping[str, PaperForm | None] = field(default_factory=dict)
    committed: bool = False
    tolerated: bool = False
    certified: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    by_person: bool = False
    briefed: str = ""
    town_window: TownWindow | None = None
    collect: CollectAt | None = None
    letter: Mailed | None = None

    def received_on(self, today: date) -> date:
        """Return the day of receipt: of a letter, the day on which it was got."""
        return self.letter.received_on if self.letter else today


def checked_answers(application: Application, today: date) -> dict[str, Answer]:
    """Return the answers that are kept: to questions that are asked.

    Raises:
        IncompleteError: something is missing or wrong in a draft that goes on by itself.
    """
    registered = {prefilled.value for prefilled in application.registered.values()}
    found = {
        problem.question_id: problem.message
        for problem in problems(
            application.item, application.answers, today=today, registered=registered
        )
    }
    if found and not application.complete:
        raise IncompleteError(found)
    return kept_answers(application.item, application.answers)


def require_complete(
    application: Application,
    answers: Mapping[str, Answer],
    materials: Sequence[CaseMaterial],
    today: date,
) -> None:
    """Name everything that is missing, answers and materials together, at once."""
    if not application.complete:
        return
    registered = {prefilled.value for prefilled in application.registered.values()}
    found = {
        problem.question_id: problem.message
        for problem in problems(
            application.item, application.answers, today=today, registered=registered
        )
    }
    for material in materials:
        if material.state == MaterialState.MISSING:
            found[material.material_id] = f"请上传“{material.name}”。"
    if found:
        raise IncompleteError(found)


def handed_in(application: Application, rows: Sequence[CaseMaterial]) -> list[str]:
    """Name each material as the receipt does: how it stands, and in which form it was taken.

    Source:
        行政许可法 第三十二条第二款 (written proof of what was handed in).
    """
    copies = {one.id: one.copies for one in application.item.materials}
    scanned = "电子文件" if application.channel is Channel.PORTAL else "电子扫描件"
    lines = []
    for row in rows:
        words = [MaterialState(row.state).label]
        if row.taken_as:
            words.append(
                form_words(
                    row.taken_as,
                    len(row.upload_refs),
                    copies=copies[row.material_id],
                    scanned=scanned,
                )
            )
        elif row.source:
            words.append(row.source)
        lines.append(f"{row.name}（{'，'.join(words)}）")
    return lines


def material_rows(
    application: Application,
    answers: Mapping[str, Answer],
    *,
    calendar: WorkdayCalendar,
    today: date,
) -> list[CaseMaterial]:
    """Say how each material stands; of a letter the days to file run from when it was got.

    Where the last day was over before a letter was entered, nothing is left to promise: the
    material is missing and told with the others, once.
    """
    item, received_on = application.item, application.received_on(today)
    rows = [_material(application, material, today=today) for material in needed(item, answers)]
    by_id = {material.id: material for material in item.materials}
    missing = [one for one in rows if one.state == MaterialState.MISSING]
    tolerable_ones = [one for one in missing if tolerable(item, by_id[one.material_id])]
    if application.tolerated and tolerable_ones:
        reason = tolerance_barred(application.applicant_ref, on=today)
        if reason:
            raise SubmissionRefusedError(f"不能容缺受理：{reason}")
        for row in tolerable_ones:
            due_on = last_day(
                item, by_id[row.material_id], received_on=received_on, calendar=calendar
            )
            if due_on >= today:
                row.state, row.due_on = MaterialState.TOLERATED.value, due_on
    return rows


def _material(application: Application, material: Material, *, today: date) -> CaseMaterial:
    """Say how one material stands: waived, filed, replaced by a commitment, to come, or missing.

    Source:
        上海市优化营商环境条例 第二十四条、第二十七条, 两个免于提交.
    """
    row = CaseMaterial(material_id=material.id, name=material.name)
    refs = list(application.uploads.get(material.id, ()))
    source = _waived_by(application, material, today)
    on_paper = material.id in application.paper
    if refs:
        row.state, row.upload_refs, row.source = MaterialState.FILED.value, refs, "申请人提交"
        row.taken_as = PaperForm.ELECTRONIC.value
    elif source:
        row.state, row.source = MaterialState.WAIVED.value, source
    elif on_paper:
        row.state = MaterialState.FILED.value
        row.source = IN_THE_LETTER if application.letter else ON_PAPER
    elif application.committed and material.on_commitment is OnCommitment.REPLACED:
        row.state, row.source = MaterialState.WAIVED.value, COMMITTED_INSTEAD
    elif application.committed and material.on_commitment is OnCommitment.LATER:
        row.state, row.source = MaterialState.PROMISED.value, COMMITTED_INSTEAD
    elif material.id in application.certified:
        row.state, row.source = MaterialState.WAIVED.value, PROMISED_INSTEAD
    else:
        row.state = MaterialState.MISSING.value
    if on_paper and row.state == MaterialState.FILED.value:
        form = application.paper[material.id] or usual_form(material.form)
        row.taken_as = form.value
    return row


def _waived_by(application: Application, material: Material, today: date) -> str:
    """Return the source that makes the material unnecessary; empty: it must be handed in."""
    if material.waive_by is WaiveBy.GENERATED:
        return WaiveBy.GENERATED.label
    if material.waive_by is WaiveBy.REGISTER:
        held = application.registered.get(material.waive_ref)
        return held.source_label if held else ""
    if material.waive_by is WaiveBy.LICENCE and licences.has_valid(
        application.applicant_ref, material.waive_ref, on=today
    ):
        return WaiveBy.LICENCE.label
    return ""


def with_known(
    item: ItemVersion, answers: Mapping[str, Answer], registered: Mapping[str, Prefilled]
) -> dict[str, Answer]:
    """Add what the registers answer to questions that are asked and were left open.

    Whoever applies need not send what is known, through whichever door.
    """
    known = {
        question.id: registered[question.prefill].value
        for question in asked(item, answers)
        if question.prefill in registered and answers.get(question.id) in (None, "")
    }
    return {**answers, **known}


def registered_of(applicant_ref: str) -> Mapping[str, Prefilled]:
    """Return what the registers hold about an applicant."""
    return registers.prefill(applicant_ref)


def registered_value(application: Application, key: str) -> str:
    """Return what the registers hold about the applicant under a key, or nothing."""
    held = application.registered.get(key)
    return held.value if held else ""
