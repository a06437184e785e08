"""Errors that can be put right on the spot are put right on the spot (当场更正)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from yiwang.cases.models import Case, CaseEvent, CaseMaterial, Message, SpotFix
from yiwang.cases.policy import letters
from yiwang.cases.policy.answers import (
    is_hidden,
    kept_answers,
    mask,
    plain_answers,
    problems,
)
from yiwang.cases.policy.deadlines import PLACE, day_of
from yiwang.cases.policy.on_spot import same_application
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DocumentKind, MaterialState, PaperForm, Relation
from yiwang.cases.policy.visiting import WindowAct
from yiwang.cases.queries import CaseView, case_view, dialled
from yiwang.cases.services import kept
from yiwang.cases.services.answers import answer_text
from yiwang.cases.services.briefing import briefing_for
from yiwang.cases.services.correcting import Brought
from yiwang.cases.services.drafting import check_uploads
from yiwang.cases.services.steps import begin, heading, issue, move, version_of, written
from yiwang.cases.services.visiting import Visitor, form_words, note_visit
from yiwang.catalogue.policy.items import Answer, ItemVersion, Question, QuestionKind, asked
from yiwang.documents import services as documents
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.masking import mask_phone
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

BASIS = "行政许可法 第三十二条第一款第三项"
EXCHANGED = "申请人当场更换"
"""Source of a material that was exchanged on the spot."""


class SpotFixRefusedError(RefusedError):
    """It cannot be put right on the spot like that."""

    code = "cases.spot_fix_refused"


@dataclass(frozen=True, kw_only=True)
class FixedAnswer:
    """One answer as it should read; None: it is left open."""

    question_id: str
    value: object


@transaction.atomic
def ask_on_spot(
    *, number: str, what: str, by: Actor, at: datetime, version: int | None = None
) -> CaseView:
    """Ask the applicant to put an error right on the spot, at the counter or on the portal.

    It is not the one notice of what is to be corrected (一次性告知补正), and no clock stops.

    Args:
        number: Case number.
        what: What is wrong, and how it should be; the applicant reads it.
        by: Accepts in a department of the case.
        at: Moment of asking.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not accept here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        TextRefusedError: nothing is said, or too much.

    Source:
        行政许可法 第三十二条第一款第三项.
    """
    case, acting = begin(number, Step.ASK_ON_SPOT, by=by, version=version)
    text = written(what, "需要当场更正的内容")
    move(case, Step.ASK_ON_SPOT, acting=acting, by=by, at=at, reason=text, basis=BASIS)
    Message.objects.create(
        to_ref=case.applicant_ref,
        case=case,
        title=f"请当场更正（{case.query_code}）",
        body=f"“{case.item_name}”的申请有可以当场更正的错误：{text.removesuffix('。')}。"
        "请在办件页面选择“当场更正”，或者到窗口更正；不是补正，受理期限照常计算。",
        at=at,
    )
    return case_view(case)


@transaction.atomic
def fix_on_spot(
    *,
    number: str,
    fix: FixedAnswer | Brought,
    by: Actor,
    at: datetime,
    version: int | None = None,
    visitor: Visitor | None = None,
) -> CaseView:
    """Put one answer or one material right while the case waits for acceptance (当场更正).

    What stood there before is kept; the receipt says both. It is not the one notice of what is
    to be corrected, and no clock stops or starts.

    Args:
        number: Case number.
        fix: The answer as it should read, or what was brought in the place of a material.
        by: Acts for the applicant who was asked, or holds a post at a window of the case.
        at: Moment of the correction.
        version: Row version `by` saw.
        visitor: Who stands at the window; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not waiting for acceptance.
        SpotFixRefusedError: the applicant was not asked; the answer is not one of the case, comes
            from a register, is wrong or changes what is asked or needed; the material was not
            filed, or nothing was brought in its place.
        DraftRefusedError: a file is not theirs.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.

    Source:
        行政许可法 第三十二条第一款第三项.
    """
    case, acting = begin(number, Step.FIX_ON_SPOT, by=by, version=version)
    if not acting.post and not asked_on_spot(case):
        raise SpotFixRefusedError(
            "工作人员没有请您当场更正；如需更正，请到窗口办理，或者等待工作人员告知。"
        )
    visit = (
        note_visit(case, WindowAct.FIX_ON_SPOT, visitor, acting=acting, by=by, at=at)
        if acting.post
        else None
    )
    shared = {"case": case, "at": at, "by": by.ref, "by_name": by.name or by.ref}
    if isinstance(fix, FixedAnswer):
        row, line = _answered(case, fix, SpotFix(**shared), today=day_of(at))
    else:
        if fix.paper and not acting.post:
            raise SpotFixRefusedError("纸质材料请交到服务窗口；在网上请上传照片或者扫描件。")
        check_uploads(list(fix.upload_refs), by=by)
        row, line = _exchanged(case, fix, SpotFix(**shared))
    row.save(force_insert=True)
    case.fixed_answers = dict(case.fixed_answers)
    if row.question_id:
        case.fixed_answers[row.question_id] = row.new_answer
    move(
        case,
        Step.FIX_ON_SPOT,
        acting=acting,
        by=by,
        at=at,
        changed=["fixed_answers", "phone_masked"],
        reason=line,
        basis=BASIS,
    )
    item, seal = version_of(case), kept.department(case.deciding_department)
    issue(
        case,
        DocumentKind.RECEIPT,
        body=letters.spot_receipt(
            heading(case, item, seal.name),
            received=f"{at.astimezone(PLACE):%Y-%m-%d %H:%M}",
            taken_by=by.name or by.ref if acting.post else "一网通办平台",
            fixed_by=f"{visit.name}（{Relation(visit.relation).label}）"
            if visit
            else case.applicant_name,
            window=visit.window if visit else "",
            lines=[line],
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请已当场更正：{line}。",
        subject=f"fix.{row.pk}",
    )
    return case_view(case)


def asked_on_spot(case: Case) -> bool:
    """Tell whether the applicant was asked to put something right on the spot."""
    return CaseEvent.objects.filter(case=case, step=Step.ASK_ON_SPOT.value).exists()


def _answered(case: Case, fix: FixedAnswer, row: SpotFix, *, today: date) -> tuple[SpotFix, str]:
    """Check an answer, put it into the row and the telephone of the case, and say what changed."""
    item, old = version_of(case), plain_answers(case.answers_now())
    question = next((one for one in asked(item, old) if one.id == fix.question_id), None)
    if question is None:
        raise SpotFixRefusedError("申请内容中没有这一项，请从列出的内容中选择。")
    held = registers.prefill(case.applicant_ref).get(question.prefill) if question.prefill else None
    if held and held.value:
        raise SpotFixRefusedError(
            f"“{question.label}”来自登记信息，不在这里更正；登记有误的，请先向登记机关更正。"
        )
    new = old | _plain(question, fix.value)
    before, after = old.get(question.id), new[question.id]
    if before == after:
        raise SpotFixRefusedError(f"“{question.label}”与原来填写的相同，请填写更正后的内容。")
    wrong = [one for one in problems(item, new, today=today) if one.question_id == question.id]
    if wrong:
        raise SpotFixRefusedError(wrong[0].message)
    if not same_application(item, old, new):
        raise SpotFixRefusedError(
            f"更正“{question.label}”后要填写的内容或者要交的材料会改变，不能当场更正；"
            "请撤回后重新申请，或者由窗口一次性告知补正。"
        )
    if _told_otherwise(item, old, new, case.applicant_name, on=today):
        raise SpotFixRefusedError(
            f"更正“{question.label}”后需要办理的许可要重新告知、由申请人重新确认，不能当场更正；"
            "请撤回后重新申请。"
        )
    if question.kind is QuestionKind.PHONE and case.phone_masked in {
        "",
        mask_phone(dialled(str(before or ""))),
    }:
        case.phone_masked = mask_phone(dialled(str(after or "")))
    row.question_id, row.name = question.id, question.label
    row.old_answer, row.new_answer = _stored(before), _stored(after)
    return row, f"“{question.label}”由“{_words(question, before)}”更正为“{_words(question, after)}”"


def _told_otherwise(
    item: ItemVersion,
    old: Mapping[str, Answer],
    new: Mapping[str, Answer],
    applicant_name: str,
    *,
    on: date,
) -> bool:
    """Tell whether the applicant would be told something else first (提交前告知)."""
    before, after = (
        briefing_for(item, kept_answers(item, dict(one)), applicant_name=applicant_name, on=on)
        for one in (old, new)
    )
    return (before and before.digest) != (after and after.digest)


def _plain(question: Question, value: object) -> dict[str, Answer]:
    try:
        return plain_answers({question.id: value})
    except ValueError:
        raise SpotFixRefusedError(f"“{question.label}”的格式不正确，请重新填写。") from None


def _stored(value: Answer) -> object:
    return list(value) if isinstance(value, tuple) else value


def _words(question: Question, value: Answer) -> str:
    """Return an answer as trail and receipt say it: a personal one masked."""
    if value is None:
        return "没有填写"
    words = answer_text(question, value)
    return mask(question, words) if is_hidden(question) else words


def _exchanged(case: Case, brought: Brought, row: SpotFix) -> tuple[SpotFix, str]:
    """Put what was brought in the place of a filed material, and say what was exchanged."""
    material = (
        CaseMaterial.objects.select_for_update()
        .filter(case=case, material_id=brought.material_id, state=MaterialState.FILED.value)
        .first()
    )
    if material is None:
        raise SpotFixRefusedError("这项材料没有提交，不能更换；还没有提交的材料请直接补交。")
    if not (brought.upload_refs or brought.paper):
        raise SpotFixRefusedError(
            f"请提交更换后的“{material.name}”：上传文件，或者在窗口收取纸质。"
        )
    for ref in brought.upload_refs:
        documents.mark_used(ref=ref, used_by=f"case:{case.number}")
    row.material_id, row.name = material.material_id, material.name
    row.old_refs, row.old_form = material.upload_refs, material.taken_as
    row.new_refs = list(brought.upload_refs)
    row.new_form = (brought.paper or PaperForm.ELECTRONIC).value
    material.upload_refs, material.taken_as = row.new_refs, row.new_form
    material.source = EXCHANGED
    material.checked_by, material.checked_at = "", None
    material.save(update_fields=["upload_refs", "taken_as", "source", "checked_by", "checked_at"])
    copies = next(
        (one.copies for one in version_of(case).materials if one.id == material.material_id), 1
    )
    words = form_words(row.new_form, len(row.new_refs), copies=copies)
    return row, f"“{material.name}”已更换（{words}）"
