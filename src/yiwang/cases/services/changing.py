"""What the applicant may change before the decision: a material, and how they are reached."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.cases.models import Case, CaseMaterial, ContactChange, MaterialWithdrawal, Message
from yiwang.cases.policy.answers import PHONE
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.policy.visiting import ADDRESS_LENGTH, CONTACT_LENGTH, WindowAct
from yiwang.cases.queries import CaseView, case_view, dialled
from yiwang.cases.services.steps import Capacity, begin, move, written
from yiwang.cases.services.visiting import Visitor, note_visit
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.masking import mask_phone
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Actor, Permission

STAFF = "user:"


class ChangeRefusedError(RefusedError):
    """The material cannot be taken back, or the applicant not reached, like that."""

    code = "cases.change_refused"


@transaction.atomic
def withdraw_material(
    *,
    number: str,
    material_id: str,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    visitor: Visitor | None = None,
) -> CaseView:
    """Take a filed material back before the decision (撤回材料).

    It stays on record with its files and its day; the case no longer rests on it. What the item
    asks for has to be filed again before anything is granted, and the reviewer is told.

    Args:
        number: Case number.
        material_id: The material.
        reason: Why, in the applicant's words.
        by: Acts for the applicant, or holds a post at a window of the case.
        at: Moment of withdrawal.
        version: Row version `by` saw.
        visitor: Who came to the window for it; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: decided or finished already.
        ChangeRefusedError: the material was not filed.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.
        TextRefusedError: the reason is missing or too long.
    """
    case, acting = begin(number, Step.WITHDRAW_MATERIAL, by=by, version=version)
    material = (
        CaseMaterial.objects.select_for_update()
        .filter(case=case, material_id=material_id, state=MaterialState.FILED.value)
        .first()
    )
    if material is None:
        raise ChangeRefusedError("这项材料没有提交或者已经撤回，请从已提交的材料中选择一项。")
    reason = written(reason, "撤回理由")
    _seen(case, WindowAct.WITHDRAW_MATERIAL, visitor, acting=acting, by=by, at=at)
    MaterialWithdrawal.objects.create(
        case=case,
        material_id=material.material_id,
        name=material.name,
        upload_refs=material.upload_refs,
        taken_as=material.taken_as,
        reason=reason,
        at=at,
        by=by.ref,
        by_name=by.name or by.ref,
    )
    material.state, material.source = MaterialState.WITHDRAWN.value, "申请人撤回"
    material.upload_refs, material.taken_as, material.due_on = [], "", None
    material.checked_by, material.checked_at = "", None
    material.save(
        update_fields=[
            "state",
            "source",
            "upload_refs",
            "taken_as",
            "due_on",
            "checked_by",
            "checked_at",
        ]
    )
    move(
        case,
        Step.WITHDRAW_MATERIAL,
        acting=acting,
        by=by,
        at=at,
        reason=f"“{material.name}”：{reason}",
    )
    _tell_staff(
        case,
        title=f"申请人撤回了材料（{case.query_code}）",
        body=f"“{case.item_name}”的申请人撤回了“{material.name}”：{reason}"
        "撤回的材料不再作为审查依据，重新提交以前不能准予。",
        at=at,
    )
    if acting.post:
        _tell_applicant(
            case,
            f"材料已撤回（{case.query_code}）",
            f"已在窗口撤回“{material.name}”，需要时请重新提交；不是您本人要求的，请联系窗口。",
            at=at,
        )
    return case_view(case)


@transaction.atomic
def change_contact(
    *,
    number: str,
    by: Actor,
    at: datetime,
    contact_name: str = "",
    phone: str = "",
    address: str = "",
    version: int | None = None,
    visitor: Visitor | None = None,
) -> CaseView:
    """Say how the applicant is reached from now on (变更联系方式); what is left empty stays.

    Args:
        number: Case number.
        by: Acts for the applicant, or holds a post at a window of the case.
        at: Moment of the change.
        contact_name: Who is to be asked for.
        phone: Telephone.
        address: Where letters and licences are sent.
        version: Row version `by` saw.
        visitor: Who came to the window for it; None: an account of the applicant's.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor takes things in here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: decided or finished already.
        ChangeRefusedError: nothing changes, or a telephone that cannot be.
        VisitRefusedError: at a window, and whoever is there was not identified or may not.
    """
    case, acting = begin(number, Step.CHANGE_CONTACT, by=by, version=version)
    given = {
        "contact_name": " ".join(contact_name.split()),
        "phone": dialled(phone),
        "address": " ".join(address.split()),
    }
    _check(given, phone)
    last = ContactChange.objects.filter(case=case).order_by("-id").first()
    held = {name: getattr(last, name) if last else "" for name in given}
    changed = [LABELS[name] for name, value in given.items() if value and value != held[name]]
    if not changed:
        raise ChangeRefusedError("没有要变更的内容，请填写新的联系人、联系电话或者送达地址。")
    _seen(case, WindowAct.CHANGE_CONTACT, visitor, acting=acting, by=by, at=at)
    ContactChange.objects.create(
        case=case,
        at=at,
        by=by.ref,
        **{name: value or held[name] for name, value in given.items()},
    )
    if given["phone"]:
        case.phone_masked = mask_phone(given["phone"])
    words = "、".join(changed)
    move(
        case,
        Step.CHANGE_CONTACT,
        acting=acting,
        by=by,
        at=at,
        changed=["phone_masked"],
        reason=words,
    )
    _tell_staff(
        case,
        title=f"申请人变更了联系方式（{case.query_code}）",
        body=f"“{case.item_name}”的申请人变更了{words}，联系和送达请以办件中的为准。",
        at=at,
    )
    if acting.post:
        _tell_applicant(
            case,
            f"联系方式已变更（{case.query_code}）",
            f"已在窗口变更{words}；不是您本人要求的，请联系窗口。",
            at=at,
        )
    return case_view(case)


LABELS = {"contact_name": "联系人", "phone": "联系电话", "address": "送达地址"}


def _check(given: dict[str, str], phone: str) -> None:
    if phone.strip() and not PHONE.fullmatch(given["phone"]):
        raise ChangeRefusedError("电话应为11位手机号，或者区号加固定电话号码，请核对。")
    for name, longest in (("contact_name", CONTACT_LENGTH), ("address", ADDRESS_LENGTH)):
        if len(given[name]) > longest:
            raise ChangeRefusedError(f"{LABELS[name]}最多{longest}个字，请删减。")


def _seen(
    case: Case,
    act: WindowAct,
    visitor: Visitor | None,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> None:
    if acting.post:
        note_visit(case, act, visitor, acting=acting, by=by, at=at)


def _tell_staff(case: Case, *, title: str, body: str, at: datetime) -> None:
    """Tell whoever holds or reviewed the case; where nobody does, all who could review it."""
    to = {ref for ref in (case.assigned_to, case.reviewed_by) if ref.startswith(STAFF)}
    if not to and case.accepted_on is not None:
        to = {
            f"{STAFF}{one.login}"
            for one in organisations.staff_with(
                Permission.CASE_REVIEW, department=case.deciding_department, at=at
            )
        }
    for ref in sorted(to):
        Message.objects.create(to_ref=ref, case=case, title=title, body=body, at=at)


def _tell_applicant(case: Case, title: str, body: str, *, at: datetime) -> None:
    Message.objects.create(to_ref=case.applicant_ref, case=case, title=title, body=body, at=at)
