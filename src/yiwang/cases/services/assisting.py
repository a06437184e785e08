"""Writing down help at the window, with the consent of who is helped (帮办、代办)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case
from yiwang.cases.models.assisting import CaseAssistance
from yiwang.cases.policy.assisting import NAME_LENGTH, AssistanceKind
from yiwang.cases.policy.deadlines import day_of
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import citizen_id
from yiwang.kernel.identifiers.checked import normalise
from yiwang.kernel.masking import mask_number
from yiwang.organisations.permissions import Actor, Permission, require


class AssistanceRefusedError(RefusedError):
    """Help cannot be written down like that."""

    code = "cases.assistance_refused"


@transaction.atomic
def note_assistance(
    *,
    number: str,
    kind: AssistanceKind,
    agent_name: str = "",
    agent_number: str = "",
    consented: bool,
    by: Actor,
    at: datetime,
) -> None:
    """Write down who helped with a case at the window, once.

    Args:
        number: The case that was taken in.
        kind: Whether the applicant or an agent stood at the window.
        agent_name: Of the agent; empty without one.
        agent_number: Citizen number of the agent; kept masked only.
        consented: Whether who is helped agreed, or the agent showed the authorisation.
        by: Took the case in.
        at: Moment of helping.

    Raises:
        AssistanceRefusedError: no consent, no agent named, or a number that cannot be.
        PermissionRefusedError: `by` receives no cases there.
        ObjectDoesNotExist: no such case.

    Source:
        民法典 第一百六十五条 (written authority of an agent); 沪营商条例 第二十五条 (assistance).
    """
    case = Case.objects.get(number=number)
    require(by, Permission.CASE_RECEIVE, department=case.intake_department)
    if not consented:
        raise AssistanceRefusedError(
            "帮办要申请人同意，代办要核对授权委托书，请确认后勾选“已同意”。"
        )
    name, masked = agent_name.strip()[:NAME_LENGTH], ""
    if kind is AssistanceKind.PROXY:
        if not name:
            raise AssistanceRefusedError("请填写代理人姓名。")
        checked = citizen_id.check(normalise(agent_number), on=day_of(at))
        if not checked.ok:
            raise AssistanceRefusedError(f"代理人的证件号码不对：{checked.message}")
        masked = mask_number(checked.value)
    else:
        name = ""
    _row, added = CaseAssistance.objects.get_or_create(
        case=case,
        defaults={
            "kind": kind.value,
            "assisted_by": by.ref,
            "assisted_by_name": by.name or by.ref,
            "agent_name": name,
            "agent_number_masked": masked,
            "consented_at": at,
        },
    )
    if added:
        audit.record(
            at=at,
            actor=by.ref,
            act="cases.assist",
            target=f"case:{number}",
            department=case.intake_department,
            detail={"kind": kind.value},
            on_behalf_of=case.applicant_ref,
            ip=by.ip,
        )
