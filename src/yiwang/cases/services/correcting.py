"""The one correction (一次性补正), and materials filed later (容缺后补)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.events import CaseCorrected
from yiwang.cases.models import Case, CaseMaterial, Correction, CorrectionItem
from yiwang.cases.policy import letters, mailed
from yiwang.cases.policy.correcting import (
    ON_PAPER,
    asks_for_paper,
    correctable,
    counts_electronically,
)
from yiwang.cases.policy.deadlines import correction_due_on, day_of, notice_due_on
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.states import DECIDED, FINISHED, STEPS, CaseState, Step
from yiwang.cases.policy.terms import NOT_THERE, DocumentKind, MaterialState, PaperForm
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.queries.visiting import may_come
from yiwang.cases.services import kept, tolerating
from yiwang.cases.services.drafting import check_uploads
from yiwang.cases.services.steps import (
    Capacity,
    begin,
    capacity,
    heading,
    issue,
    locked,
    move,
    version_of,
    written,
)
from yiwang.cases.services.visiting import (
    Visitor,
    form_words,
    issue_further_receipt,
    note_visit,
)
from yiwang.catalogue.policy.items import Channel, ItemVersion
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
    """What the applicant files for one line: files, or words where no file is asked for.

    Attributes:
        paper: How it was taken in on paper at a window; None: not on paper.
    """

    line_id: int
    upload_refs: Sequence[str] = field(default_factory=tuple)
    answer: str = ""
    paper: PaperForm | None = None

    @property
    def open(self) -> bool:
        """Whether nothing was filed."""
        return not (self.upload_refs or self.paper or self.answer.strip())


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What came for one material: files, paper, or both.

    Attributes:
        paper: How it was taken in on paper at a window; None: not on paper.
    """

    material_id: str
    upload_refs: Sequence[str] = field(default_factory=tuple)
    paper: PaperForm | None = None


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
        CorrectionRefusedError: asked before, no line, a line about an unknown material or one that
            offices provide, or paper of what came electronically.
        TextRefusedError: a line does not say what or why.

    Source:
        行政许可法 第三十二条第一款第四项, 第七十二条第四项 (telling it all at once is a duty);
        上海市优化营商环境条例 第二十四条 (no paper beside what came electronically).
    """
    case, acting = begin(number, Step.ASK_CORRECTION, by=by, version=version)
    if Correction.objects.filter(case=case).exists():
        raise CorrectionRefusedError(
            "补正只能告知一次，本办件已经告知过；请按现有材料受理，或者作出不予受理决定。"
        )
    if not lines or len(lines) > LINES_MAX:
        raise CorrectionRefusedError(f"请列出1至{LINES_MAX}项需要补正的内容，一次告知。")
    item = version_of(case)
    held = {row.material_id: row for row in CaseMaterial.objects.filter(case=case)}
    _check_asked(lines, held, item, online=case.channel == Channel.PORTAL)
    due_on = correction_due_on(asked_on=day_of(at), days=kept.correction_days(item, on=day_of(at)))
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
    forms = {
        one.id: "电子文件，不要求纸质"
        if case.channel == Channel.PORTAL
        else f"{one.form}{one.copies}份"
        + ("，或者电子文件" if _is_electronic(held.get(one.id), online=False) else "")
        for one in item.materials
    }
    department = kept.department(case.acceptor)
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


def _check_asked(
    lines: Sequence[CorrectionLine],
    held: Mapping[str, CaseMaterial],
    item: ItemVersion,
    *,
    online: bool,
) -> None:
    """Stop a line that asks for what the applicant cannot or need not hand in."""
    by_id = {one.id: one for one in item.materials}
    for line in lines:
        if not line.material_id:
            continue
        row = held.get(line.material_id)
        if row is None:
            raise CorrectionRefusedError("有一项不在本办件的材料清单中，请从清单中选择。")
        if not correctable(by_id.get(line.material_id), MaterialState(row.state)):
            raise CorrectionRefusedError(
                f"“{row.name}”不由申请人提交（{row.source}），不能要求补正；"
                "填写的内容有误的，请作为其他需要补正的内容列出。"
            )
        words = f"{line.what}。{line.example}"
        if _is_electronic(row, online=online) and asks_for_paper(words):
            raise CorrectionRefusedError(
                f"“{row.name}”以电子文件提交，不得再要求纸质材料，请改为要求补正后的电子文件。"
            )


def _is_electronic(row: CaseMaterial | None, *, online: bool) -> bool:
    taken = PaperForm(row.taken_as) if row is not None and row.taken_as else None
    return counts_electronically(online=online, taken_as=taken)


@transaction.atomic
def file_correction(
    *,
    number: str,
    lines: Sequence[FiledLine],
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    version: int | None = None,
    visitor: Visitor | None = None,
    letter: Mailed | None = None,
) -> CaseView:
    """File the correction (提交补正): every line needs a file, a paper or an answer.

    The five days of the notice start anew: an application counts as received when it is whole.
    At a window a receipt says what was brought.

    Args:
        number: Case number.
        lines: What is filed, line by line.
        calendar: Covers the five days of the notice.
        by: The applicant, or a clerk for whoever brings it to a window.
        at: Moment of filing.
        version: Row version `by` saw.
        visitor: Who brought it; None: the applicant's own account, or another department's system.
        letter: The letter that a window got it by; the days count from the day it was got.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: neither the applicant nor a window that receives.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: nothing to correct.
        CorrectionRefusedError: a line is left open, or is not one of this case; a letter that
            cannot be, or that no window got.
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
    _check_paper(acting, [line.paper for line in lines])
    check_uploads([ref for line in lines for ref in line.upload_refs], by=by)
    filed_on = _filed_on(letter, correction, acting=acting, at=at)
    due_on = notice_due_on(received_on=filed_on, calendar=calendar)

    for item in items:
        line = filed[item.pk]
        item.upload_refs = list(line.upload_refs)
        item.answer = line.answer.strip() or (
            f"{ON_PAPER}（{line.paper.label}）" if line.paper else ""
        )
    CorrectionItem.objects.bulk_update(items, ["upload_refs", "answer"])
    receipt = [_take_line(case, item, filed[item.pk], at=at) for item in items]
    correction.filed_by, correction.filed_at = by.ref, at
    correction.save(update_fields=["filed_by", "filed_at"])
    case.corrected_on = filed_on
    case.due_on = case.notice_due_on = due_on
    move(
        case,
        Step.FILE_CORRECTION,
        acting=acting,
        by=by,
        at=at,
        changed=["corrected_on", "due_on", "notice_due_on"],
        reason=letter.came if letter else "",
    )
    if letter is not None:
        issue_further_receipt(case, "补正", receipt, came=letter, by=by, at=at)
    elif visitor is not None and acting.post:
        visit = note_visit(case, WindowAct.FILE_CORRECTION, visitor, acting=acting, by=by, at=at)
        issue_further_receipt(case, "补正", receipt, came=visit, by=by, at=at)
    events.publish(
        CaseCorrected(
            number=case.number,
            item_slug=case.item_slug,
            corrected_on=case.corrected_on,
            deciding_department=case.deciding_department,
        )
    )
    return case_view(case)


def _filed_on(
    letter: Mailed | None, correction: Correction, *, acting: Capacity, at: datetime
) -> date:
    """Return the day from which the days of the notice count anew."""
    if letter is None:
        return day_of(at)
    if not acting.post:
        raise CorrectionRefusedError("信函由服务窗口登记；在网上请直接提交补正。")
    asked_on = day_of(correction.asked_at)
    if wrong := mailed.problem(letter, today=day_of(at), asked_on=asked_on):
        raise CorrectionRefusedError(wrong)
    return letter.received_on


def _check_filed(items: Sequence[CorrectionItem], filed: Mapping[int, FiledLine]) -> None:
    open_lines = [f"“{item.what}”" for item in items if item.pk not in filed or filed[item.pk].open]
    if open_lines:
        raise CorrectionRefusedError(
            f"还有{len(open_lines)}项没有补正：{'、'.join(open_lines)}，请逐项上传文件或者填写说明。"
        )


def _check_paper(acting: Capacity, papers: Sequence[PaperForm | None]) -> None:
    if any(papers) and not acting.post:
        raise CorrectionRefusedError("纸质材料请交到服务窗口；在网上请上传照片或者扫描件。")


def _take_line(case: Case, item: CorrectionItem, line: FiledLine, *, at: datetime) -> str:
    """Take in what was filed for one line, and return its line of a receipt."""
    if item.material_id and (line.upload_refs or line.paper):
        brought = Brought(
            material_id=item.material_id, upload_refs=line.upload_refs, paper=line.paper
        )
        return _take(case, brought, at=at)
    for ref in line.upload_refs:
        documents.mark_used(ref=ref, used_by=f"case:{case.number}")
    form = line.paper or (PaperForm.ELECTRONIC if line.upload_refs else None)
    words = f"，{form_words(form.value, len(line.upload_refs))}" if form else ""
    return f"{item.what}（已补正{words}）"


def _take(case: Case, brought: Brought, *, at: datetime) -> str:
    """Put what came beside its material, and return its line of a receipt."""
    for ref in brought.upload_refs:
        documents.mark_used(ref=ref, used_by=f"case:{case.number}")
    material = CaseMaterial.objects.select_for_update().get(
        case=case, material_id=brought.material_id
    )
    material.state = MaterialState.FILED.value
    material.source = "申请人补正" if brought.upload_refs else ON_PAPER
    material.taken_as = (brought.paper or PaperForm.ELECTRONIC).value
    material.upload_refs = [*material.upload_refs, *brought.upload_refs]
    material.due_on = None
    material.checked_by, material.checked_at = "", None
    material.save(
        update_fields=[
            "state",
            "source",
            "taken_as",
            "upload_refs",
            "due_on",
            "checked_by",
            "checked_at",
        ]
    )
    tolerating.filed(case, brought.material_id, at=at)
    copies = next(
        (one.copies for one in version_of(case).materials if one.id == material.material_id), 1
    )
    words = form_words(material.taken_as, len(brought.upload_refs), copies=copies)
    return f"{material.name}（{MaterialState.FILED.label}，{words}）"


@transaction.atomic
def file_material(
    *, number: str, material_id: str, upload_refs: Sequence[str], by: Actor, at: datetime
) -> CaseView:
    """File a material that may still come (容缺后补、撤回后重新提交).

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
    _file(
        case,
        Brought(material_id=material_id, upload_refs=upload_refs),
        acting=acting,
        by=by,
        at=at,
    )
    return case_view(case)


@transaction.atomic
def take_in_materials(
    *, number: str, materials: Sequence[Brought], visitor: Visitor, by: Actor, at: datetime
) -> CaseView:
    """Take in at a window what may still come, and give a receipt for it (窗口收取后补材料).

    Args:
        number: Case number.
        materials: What was brought.
        visitor: Who brought it.
        by: Holds a post at a window of the case.
        at: Moment of taking in.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: no window of the case that receives.
        CorrectionRefusedError: nothing was brought, or it does not have to come.
        DraftRefusedError: a file was not scanned by `by`.
        VisitRefusedError: nobody is named.
    """
    case = locked(number)
    acting = capacity(case, STEPS[Step.FILE_CORRECTION], by)
    if not acting.post:
        raise CorrectionRefusedError("本页供窗口收取材料，请在“我的办件”中补交。")
    if not materials:
        raise CorrectionRefusedError("还没有收到材料，请扫描、拍照或者勾选收取纸质材料。")
    lines = [_file(case, one, acting=acting, by=by, at=at) for one in materials]
    visit = note_visit(case, WindowAct.FILE_MATERIAL, visitor, acting=acting, by=by, at=at)
    issue_further_receipt(case, "补交", lines, came=visit, by=by, at=at)
    return case_view(case)


def _file(case: Case, brought: Brought, *, acting: Capacity, by: Actor, at: datetime) -> str:
    material = CaseMaterial.objects.filter(case=case, material_id=brought.material_id).first()
    if material is None or not may_come(case, material, version_of(case)):
        raise CorrectionRefusedError("这项材料不需要后补，或者办件已有结果，请查看材料清单。")
    if not (brought.upload_refs or brought.paper):
        raise CorrectionRefusedError(f"请上传“{material.name}”的文件。")
    check_uploads(list(brought.upload_refs), by=by)
    line = _take(case, brought, at=at)
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.file_material",
        target=f"case:{case.number}",
        detail={"material": brought.material_id},
        department=acting.department,
        ip=by.ip,
        on_behalf_of="" if acting.post else case.applicant_ref,
    )
    return line


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
    if material is None or MaterialState(material.state) in NOT_THERE:
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
