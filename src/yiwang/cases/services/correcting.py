"""The one correction (一次性补正), and materials filed later (容缺后补)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CaseCorrected
from yiwang.cases.models import Case, CaseMaterial, Correction, CorrectionItem
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import correction_due_on, day_of, notice_due_on
from yiwang.cases.policy.states import DECIDED, ENDED, FINISHED, STEPS, CaseState, Step
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Outcome
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import kept, tolerating
from yiwang.cases.services.drafting import check_uploads
from yiwang.cases.services.steps import (
    begin,
    capacity,
    heading,
    issue,
    locked,
    move,
    version_of,
    written,
)
from yiwang.documents import services as documents
from yiwang.kernel import events
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

LINES_MAX = 60


class CorrectionRefusedError(RefusedError):
    """The correction cannot be asked for, or filed, like that."""

    code = "cases.correction_refused"


@dataclass(frozen=True, kw_only=True)
class CorrectionLine:
    """One thing to complete.

    Attributes:
        material_id: The material; empty: something else, such as an answer.
        what: What is missing or wrong.
        why: Why, with the article or the acceptance standard.
        example: What a right one looks like; empty: none.
    """

    material_id: str
    what: str
    why: str
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class FiledLine:
    """What the applicant files for one line: files, or words where no file is asked for."""

    line_id: int
    upload_refs: Sequence[str] = field(default_factory=tuple)
    answer: str = ""


@transaction.atomic
def ask_correction(
    *,
    number: str,
    lines: Sequence[CorrectionLine],
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Tell the applicant everything that is missing or wrong, once (一次性告知补正).

    The clock of the five days stops; the applicant has the days of the item to file, else
    those of the district.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not accept in this department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        CorrectionRefusedError: asked before, no line, or a line about an unknown material.
        TextRefusedError: a line does not say what or why.

    Source:
        行政许可法 第三十二条第一款第四项, 第七十二条第四项 (telling it all at once is a duty).
    """
    case, acting = begin(number, Step.ASK_CORRECTION, by=by, version=version)
    if Correction.objects.filter(case=case).exists():
        raise CorrectionRefusedError(
            "补正只能告知一次，本办件已经告知过；请按现有材料受理，或者作出不予受理决定。"
        )
    if not lines or len(lines) > LINES_MAX:
        raise CorrectionRefusedError(f"请列出1至{LINES_MAX}项需要补正的内容，一次告知。")
    known = set(CaseMaterial.objects.filter(case=case).values_list("material_id", flat=True))
    if any(line.material_id and line.material_id not in known for line in lines):
        raise CorrectionRefusedError("有一项不在本办件的材料清单中，请从清单中选择。")
    due_on = correction_due_on(
        asked_on=day_of(at), days=kept.correction_days(version_of(case), on=day_of(at))
    )
    correction = Correction.objects.create(case=case, asked_by=by.ref, asked_at=at, due_on=due_on)
    items = [
        CorrectionItem(
            correction=correction,
            material_id=line.material_id,
            what=written(line.what, "补正内容"),
            why=written(line.why, "补正理由"),
            example=line.example.strip(),
        )
        for line in lines
    ]
    CorrectionItem.objects.bulk_create(items)
    case.due_on = due_on
    move(case, Step.ASK_CORRECTION, acting=acting, by=by, at=at, changed=["due_on"])
    item = version_of(case)
    forms = {one.id: f"{one.form}{one.copies}份" for one in item.materials}
    department = kept.department(case.deciding_department)
    issue(
        case,
        DocumentKind.CORRECTION_NOTICE,
        body=letters.correction_notice(
            heading(case, item, department.name),
            lines=[
                (one.what, one.why, one.example, forms.get(one.material_id, "")) for one in items
            ],
            due_on=due_on,
        ),
        item=item,
        seal=department,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请需要补正，请于{letters.chinese_day(due_on)}前提交。",
    )
    return case_view(case)


@transaction.atomic
def file_correction(
    *,
    number: str,
    lines: Sequence[FiledLine],
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """File the correction (提交补正): every line needs a file or an answer.

    The five days of the notice start anew: an application counts as received when it is whole.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: neither the applicant nor a window that receives.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: nothing to correct.
        CorrectionRefusedError: a line is left open, or is not one of this case.
        DraftRefusedError: a file is not theirs.
        CalendarGapError: the calendar ends before the date to be computed.
    """
    case, acting = begin(number, Step.FILE_CORRECTION, by=by, version=version)
    correction = Correction.objects.get(case=case)
    items = list(CorrectionItem.objects.filter(correction=correction).order_by("id"))
    filed = {line.line_id: line for line in lines}
    if set(filed) - {item.pk for item in items}:
        raise CorrectionRefusedError("有一项不属于本次补正，请刷新页面后重新提交。")
    _check_filed(items, filed)
    check_uploads([ref for line in lines for ref in line.upload_refs], by=by)
    due_on = notice_due_on(received_on=day_of(at), calendar=calendar)

    for item in items:
        item.upload_refs = list(filed[item.pk].upload_refs)
        item.answer = filed[item.pk].answer.strip()
    CorrectionItem.objects.bulk_update(items, ["upload_refs", "answer"])
    for item in items:
        _keep(case.pk, case.number, item.material_id, item.upload_refs)
        if item.material_id and item.upload_refs:
            tolerating.filed(case, item.material_id, at=at)
    correction.filed_by, correction.filed_at = by.ref, at
    correction.save(update_fields=["filed_by", "filed_at"])
    case.corrected_on = day_of(at)
    case.due_on = case.notice_due_on = due_on
    move(
        case,
        Step.FILE_CORRECTION,
        acting=acting,
        by=by,
        at=at,
        changed=["corrected_on", "due_on", "notice_due_on"],
    )
    events.publish(
        CaseCorrected(
            number=case.number,
            item_slug=case.item_slug,
            corrected_on=case.corrected_on,
            deciding_department=case.deciding_department,
        )
    )
    return case_view(case)


def _check_filed(items: Sequence[CorrectionItem], filed: Mapping[int, FiledLine]) -> None:
    open_lines = [
        f"“{item.what}”"
        for item in items
        if item.pk not in filed or not (filed[item.pk].upload_refs or filed[item.pk].answer.strip())
    ]
    if open_lines:
        raise CorrectionRefusedError(
            f"还有{len(open_lines)}项没有补正：{'、'.join(open_lines)}，请逐项上传文件或者填写说明。"
        )


def _keep(case_id: int, number: str, material_id: str, refs: Sequence[str]) -> None:
    for ref in refs:
        documents.mark_used(ref=ref, used_by=f"case:{number}")
    if not material_id or not refs:
        return
    material = CaseMaterial.objects.select_for_update().get(
        case_id=case_id, material_id=material_id
    )
    material.state, material.source = MaterialState.FILED.value, "申请人补正"
    material.upload_refs = [*material.upload_refs, *refs]
    material.due_on = None
    material.checked_by, material.checked_at = "", None
    material.save(
        update_fields=["state", "source", "upload_refs", "due_on", "checked_by", "checked_at"]
    )


@transaction.atomic
def file_material(
    *, number: str, material_id: str, upload_refs: Sequence[str], by: Actor, at: datetime
) -> CaseView:
    """File a material that was allowed to come later (容缺后补).

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: neither the applicant nor a window that receives.
        CorrectionRefusedError: nothing is to be filed for that material, or no file.
        DraftRefusedError: a file is not theirs.

    Source:
        上海市优化营商环境条例 第二十四条.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.FILE_CORRECTION], by)
    material = CaseMaterial.objects.filter(
        case=case, material_id=material_id, state__in=_LATER
    ).first()
    if material is None or not _may_come(case, material):
        raise CorrectionRefusedError("这项材料不需要后补，或者办件已有结果，请查看材料清单。")
    if not upload_refs:
        raise CorrectionRefusedError(f"请上传“{material.name}”的文件。")
    check_uploads(list(upload_refs), by=by)
    _keep(case.pk, case.number, material_id, upload_refs)
    tolerating.filed(case, material_id, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.file_material",
        target=f"case:{case.number}",
        detail={"material": material_id},
        department=acting.department,
        ip=by.ip,
        on_behalf_of="" if acting.post else case.applicant_ref,
    )
    return case_view(case)


_LATER = (MaterialState.TOLERATED.value, MaterialState.PROMISED.value)


def _may_come(case: Case, material: CaseMaterial) -> bool:
    """Tell whether a material may still be filed: before the decision, or as was allowed after."""
    if case.decided_at is None:
        return case.closed_at is None
    after_decision = (
        material.state == MaterialState.PROMISED or version_of(case).tolerance_issue_first
    )
    return after_decision and case.outcome == Outcome.GRANT and CaseState(case.state) not in ENDED


@transaction.atomic
def check_material(*, number: str, material_id: str, by: Actor, at: datetime) -> CaseView:
    """Note that a material was looked at and meets its acceptance standard (核对材料).

    Raises:
        CaseNotFoundError: no such case for these eyes, or no such material.
        PermissionRefusedError: `by` may not accept in this department.
        CorrectionRefusedError: the material is not there to be checked, or there is a result.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.ASK_CORRECTION], by)
    if CaseState(case.state) in DECIDED | FINISHED:
        raise CorrectionRefusedError("办件已有结果，材料不再核对，请查看办理经过。")
    material = CaseMaterial.objects.filter(case=case, material_id=material_id).first()
    if material is None or material.state in {
        MaterialState.MISSING.value,
        MaterialState.TOLERATED.value,
        MaterialState.PROMISED.value,
    }:
        raise CorrectionRefusedError("这项材料还没有提交，不能核对，请先收齐材料。")
    material.checked_by, material.checked_at = by.ref, at
    material.save(update_fields=["checked_by", "checked_at"])
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.check_material",
        target=f"case:{case.number}",
        detail={"material": material_id},
        department=acting.department,
        ip=by.ip,
    )
    return case_view(case)
