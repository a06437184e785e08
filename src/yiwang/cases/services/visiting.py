"""Writing down who stood at a window for an act on a case (窗口来人登记)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from yiwang.audit import services as audit
from yiwang.cases.models import Case, CaseAssistance, WindowVisit
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import PLACE, day_of
from yiwang.cases.policy.mailed import Mailed
from yiwang.cases.policy.terms import DocumentKind, PaperForm, Relation
from yiwang.cases.policy.visiting import BRINGING, FOR_THE_APPLICANT, WindowAct
from yiwang.cases.services import kept
from yiwang.cases.services.steps import Capacity, heading, issue, version_of
from yiwang.catalogue.policy.items import Audience
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import citizen_id
from yiwang.kernel.identifiers.checked import normalise
from yiwang.kernel.masking import mask_number
from yiwang.organisations.permissions import Actor
from yiwang.registers import queries as registers

NAME_LENGTH = 60


class VisitRefusedError(RefusedError):
    """Whoever stands at the window cannot do that for the applicant."""

    code = "cases.visit_refused"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who stands at the window.

    Attributes:
        relation: To the applicant.
        name: Of an agent, a relative or a receiver; the applicant and the head of a firm are
            known and not typed.
        number: Citizen number of an agent; kept masked only.
        same_agent: The agent who handed the application in, whose name the case holds.
        identified: The card was looked at, and of an agent the mandate.
        window: Label of the window.
    """

    relation: Relation = Relation.SELF
    name: str = ""
    number: str = ""
    same_agent: bool = False
    identified: bool = False
    window: str = ""


def note_visit(
    case: Case,
    act: WindowAct,
    visitor: Visitor | None,
    *,
    acting: Capacity,
    by: Actor,
    at: datetime,
) -> WindowVisit:
    """Write down who stood at the window, in the transaction of the act.

    Raises:
        VisitRefusedError: nobody is named, somebody who may not act for the applicant, or the card
            was not looked at.

    Source:
        民法典 第一百六十五条 (written authority of an agent).
    """
    if visitor is None:
        raise VisitRefusedError(f"在窗口{act.label}，请先登记来人与申请人的关系，并核对身份证件。")
    name, masked = _named(case, act, visitor, at=at)
    if act not in BRINGING and not visitor.identified:
        raise VisitRefusedError(
            "请核对来人的身份证件原件，代理人的还要核对授权委托书，再勾选“已核对”。"
        )
    row = WindowVisit.objects.create(
        case=case,
        act=act.value,
        relation=visitor.relation.value,
        name=name,
        number_masked=masked,
        identified=visitor.identified,
        window=visitor.window.strip()[:40],
        at=at,
        by=by.ref,
        by_name=by.name or by.ref,
    )
    audit.record(
        at=at,
        actor=by.ref,
        act="cases.window_visit",
        target=f"case:{case.number}",
        detail={"act": act.value, "relation": visitor.relation.value},
        department=acting.department,
        ip=by.ip,
        on_behalf_of=case.applicant_ref,
    )
    return row


def head_of(case_ref: str) -> str:
    """Return the name of the legal representative of a firm as registered; empty: none, a person.

    Raises:
        LookupError: nobody is registered under that ref.
    """
    held = registers.prefill(case_ref).get("entity.legal_representative")
    return held.value if held else ""


def _named(case: Case, act: WindowAct, visitor: Visitor, *, at: datetime) -> tuple[str, str]:
    """Return name and masked number of who is there."""
    firm = case.applicant_kind == Audience.ENTITY.value
    relation = visitor.relation
    if relation is Relation.SELF and firm:
        raise VisitRefusedError("申请人是单位，请选择法定代表人（负责人）或者代理人。")
    if relation is Relation.LEGAL_REP and not firm:
        raise VisitRefusedError("申请人是个人，请选择本人或者代理人。")
    if act not in BRINGING | {WindowAct.HAND_OVER} and relation not in FOR_THE_APPLICANT:
        raise VisitRefusedError(
            f"{act.label}只能由申请人、法定代表人（负责人）或者持授权委托书的代理人办理。"
        )
    if relation is Relation.SELF:
        return case.applicant_name, case.applicant_number_masked
    name = visitor.name.strip()[:NAME_LENGTH]
    if relation is Relation.LEGAL_REP:
        name = head_of(case.applicant_ref) or name
        if not name:
            raise VisitRefusedError("登记库没有这个单位的法定代表人，请填写来人姓名。")
        return name, ""
    if relation is Relation.AGENT and visitor.same_agent:
        agent = CaseAssistance.objects.filter(case=case).exclude(agent_name="").first()
        if agent is None:
            raise VisitRefusedError("本办件收件时没有登记代理人，请填写来人的姓名和证件号码。")
        return agent.agent_name, agent.agent_number_masked
    if not name:
        raise VisitRefusedError("请填写来人姓名。")
    if relation is not Relation.AGENT or (act in BRINGING and not visitor.number.strip()):
        return name, ""
    checked = citizen_id.check(normalise(visitor.number), on=day_of(at))
    if not checked.ok:
        raise VisitRefusedError(f"代理人的证件号码不对：{checked.message}")
    return name, mask_number(checked.value)


def form_words(taken_as: str, files: int, *, copies: int = 1, scanned: str = "电子扫描件") -> str:
    """Return in which form something was taken in, as a receipt says it.

    Example:
        `原件1份`, `复印件2份，另存扫描件1个`, `电子扫描件1个`.
    """
    form = PaperForm(taken_as)
    if form is PaperForm.ELECTRONIC:
        return f"{scanned}{files}个"
    also = f"，另存扫描件{files}个" if files else ""
    return f"{form.label}{copies}份{also}"


def issue_further_receipt(
    case: Case,
    what: str,
    lines: Sequence[str],
    *,
    came: WindowVisit | Mailed,
    by: Actor,
    at: datetime,
) -> int:
    """Write the receipt of what was brought or posted later, and return its id (收件凭证)."""
    brought_by, window, subject = (
        (came.came, "", "letter")
        if isinstance(came, Mailed)
        else (f"{came.name}（{Relation(came.relation).label}）", came.window, str(came.pk))
    )
    item = version_of(case)
    seal = kept.department(case.deciding_department)
    return issue(
        case,
        DocumentKind.RECEIPT,
        body=letters.further_receipt(
            heading(case, item, seal.name),
            what=what,
            received=f"{at.astimezone(PLACE):%Y-%m-%d %H:%M}",
            taken_by=by.name or by.ref,
            brought_by=brought_by,
            window=window,
            materials=lines,
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"窗口已收到您的“{item.name}”申请{what}的材料：{'；'.join(lines)}。",
        subject=subject,
    )
