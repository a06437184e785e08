"""The end of what was granted (撤销、撤回、注销): kinds, grounds of the law, what each leads to.

Source:
    行政许可法 第八条 (撤回), 第六十九条 (撤销), 第七十条 (注销), 第三十六条 (陈述和申辩).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.cases.policy.letters import Body, Heading, chinese_day, remedies
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DocumentKind
from yiwang.kernel.terms import Term
from yiwang.licences.policy.states import LicenceStep

STATEMENT_LIMIT_WORKDAYS = 5
"""Working days in which the holder may state views. No law sets it; docs/decisions/0016 does."""

DEREGISTER_AFTER_DAYS = 30
"""Calendar days after expiry at which a licence is deregistered by the clock. 许可法 第七十条
第一项 sets no day; docs/decisions/0016 does."""


class EndKind(Term):
    """How a granted licence ends before or after its time (终结方式)."""

    REVOKE = "revoke", "撤销"
    RETRACT = "retract", "撤回"
    DEREGISTER = "deregister", "注销"


class EndOutcome(Term):
    """What was decided on a proposal (处理结果)."""

    ENDED = "ended", "决定终结"
    DECLINED = "declined", "不予终结"


class NotEnded(Term):
    """Why nothing is ended (不予终结的原因)."""

    NOT_PROVEN = "not_proven", "事实不成立或者证据不足"
    PUBLIC_INTEREST = "public_interest", "撤销可能对公共利益造成重大损害"
    DISCRETION = "discretion", "依法可以不撤销"


@dataclass(frozen=True, kw_only=True)
class EndGround:
    """One ground of the law.

    Attributes:
        code: Stored value.
        kind: What it is a ground for.
        text: The case of the law in short.
        article: Where it stands.
        must: The authority has no choice once the facts stand.
        effect: What the letter says about loss and compensation.
    """

    code: str
    kind: EndKind
    text: str
    article: str
    must: bool = False
    effect: str = ""


_LICENCE_LAW = "《中华人民共和国行政许可法》"
_PAID = (
    "被许可人的合法权益因此受到损害的，可以依照《中华人民共和国行政许可法》第六十九条第四款"
    "要求本机关依法给予赔偿。"
)
_NOT_PROTECTED = (
    "依照《中华人民共和国行政许可法》第六十九条第四款，被许可人基于该行政许可取得的利益不受保护。"
)
_COMPENSATED = (
    "由此给被许可人造成财产损失的，本机关依照《中华人民共和国行政许可法》第八条第二款依法给予补偿。"
)


def _may(code: str, text: str, place: str) -> EndGround:
    article = f"{_LICENCE_LAW}第六十九条第一款第{place}项"
    return EndGround(code=code, kind=EndKind.REVOKE, text=text, article=article, effect=_PAID)


def _end(code: str, text: str, place: str) -> EndGround:
    return EndGround(
        code=code,
        kind=EndKind.DEREGISTER,
        text=text,
        article=f"{_LICENCE_LAW}第七十条第{place}项",
        must=True,
    )


GROUNDS: Mapping[str, EndGround] = {
    one.code: one
    for one in (
        _may("abuse", "工作人员滥用职权、玩忽职守作出准予决定", "一"),
        _may("beyond_power", "超越法定职权作出准予决定", "二"),
        _may("procedure", "违反法定程序作出准予决定", "三"),
        _may("unqualified", "申请人不具备申请资格或者不符合法定条件", "四"),
        _may("other_revocation", "依法可以撤销的其他情形", "五"),
        EndGround(
            code="fraud",
            kind=EndKind.REVOKE,
            text="以欺骗、贿赂等不正当手段取得",
            article=f"{_LICENCE_LAW}第六十九条第二款",
            must=True,
            effect=_NOT_PROTECTED,
        ),
        EndGround(
            code="commitment_broken",
            kind=EndKind.REVOKE,
            text="未履行告知承诺，逾期不改正或者改正后仍不符合条件",
            article="《上海市优化营商环境条例》第二十七条",
            must=True,
        ),
        EndGround(
            code="law_changed",
            kind=EndKind.RETRACT,
            text="所依据的法律、法规、规章修改或者废止，为了公共利益的需要",
            article=f"{_LICENCE_LAW}第八条第二款",
            effect=_COMPENSATED,
        ),
        EndGround(
            code="facts_changed",
            kind=EndKind.RETRACT,
            text="所依据的客观情况发生重大变化，为了公共利益的需要",
            article=f"{_LICENCE_LAW}第八条第二款",
            effect=_COMPENSATED,
        ),
        _end("expired", "有效期届满未延续", "一"),
        _end("person_gone", "公民死亡或者丧失行为能力", "二"),
        _end("body_ended", "法人或者其他组织依法终止", "三"),
        _end("licence_ended", "许可依法被撤销、撤回，或者许可证件依法被吊销", "四"),
        _end("force_majeure", "因不可抗力导致许可事项无法实施", "五"),
        _end("other_deregistration", "法律、法规规定应当注销的其他情形", "六"),
    )
}
"""Code -> ground."""

COMMITMENT_BROKEN = frozenset({"commitment_broken", "fraud"})
"""Grounds of revocation that go on the record of who committed."""

EXPIRED = "expired"
"""The one ground that a clock can establish."""

STEP: Mapping[EndKind, Step] = {
    EndKind.REVOKE: Step.REVOKE,
    EndKind.RETRACT: Step.RETRACT,
    EndKind.DEREGISTER: Step.DEREGISTER,
}

LICENCE_STEP: Mapping[EndKind, LicenceStep] = {
    EndKind.REVOKE: LicenceStep.REVOKE,
    EndKind.RETRACT: LicenceStep.WITHDRAW,
    EndKind.DEREGISTER: LicenceStep.CANCEL,
}

LETTER: Mapping[EndKind, DocumentKind] = {
    EndKind.REVOKE: DocumentKind.REVOCATION,
    EndKind.RETRACT: DocumentKind.RETRACTION,
    EndKind.DEREGISTER: DocumentKind.DEREGISTRATION,
}

HEARD = frozenset({EndKind.REVOKE, EndKind.RETRACT})
"""Before which the holder is told and may state views."""

CONSEQUENCE: Mapping[EndKind, str] = {
    EndKind.REVOKE: "自本决定送达之日起，该许可不再有效，您不得继续从事该许可所准予的活动。",
    EndKind.RETRACT: "自本决定送达之日起，该许可不再有效，您不得继续从事该许可所准予的活动。",
    EndKind.DEREGISTER: "该许可的登记已经注销，不得再凭该许可开展活动；今后需要的，请重新申请。",
}


def grounds(kind: EndKind) -> tuple[EndGround, ...]:
    """Return the grounds of one kind in the order of the law."""
    return tuple(one for one in GROUNDS.values() if one.kind is kind)


def reasons_against(ground: EndGround) -> tuple[NotEnded, ...]:
    """Return why a proposal on `ground` may be declined.

    Source:
        行政许可法 第六十九条第一款 (may), 第二款 (must), 第三款 (public interest).
    """
    found = [NotEnded.NOT_PROVEN]
    if ground.kind is EndKind.REVOKE:
        found.append(NotEnded.PUBLIC_INTEREST)
    if not ground.must:
        found.append(NotEnded.DISCRETION)
    return tuple(found)


def statement_letter(
    heading: Heading, *, ground: EndGround, facts: str, evidence: str, until: date
) -> Body:
    """Return what the notice of the right to be heard (陈述申辩权利告知书) says.

    Source:
        行政许可法 第七条, 第三十六条.
    """
    return _body(
        heading,
        [
            f"本机关拟{ground.kind.label}您取得的“{heading.item.name}”，现告知如下：",
            f"拟查明的事实：{facts}",
            f"证据：{evidence}",
            f"依据：{ground.article}（{ground.text}）。",
            f"您有权陈述和申辩。请于{chinese_day(until)}前在办件页面填写，或者到收件窗口当面说明；"
            "逾期未说明的，本机关依法作出决定。",
        ],
        [],
    )


def ending_letter(
    heading: Heading,
    *,
    ground: EndGround,
    facts: str,
    evidence: str,
    reason: str,
    statement: str,
    public_interest: str,
    compensation: str,
    licence_number: str,
) -> Body:
    """Return what the decision to end says: ground, facts, consequence, remedies.

    Source:
        行政许可法 第八条, 第六十九条, 第七十条, 第三十八条第二款 (remedies, likewise).
    """
    named = f"（证照编号{licence_number}）" if licence_number else ""
    paragraphs = [
        f"本机关决定{ground.kind.label}您取得的“{heading.item.name}”{named}。",
        f"事由：{ground.text}。",
        f"查明的事实：{facts}",
        f"证据：{evidence}",
    ]
    if ground.kind in HEARD:
        paragraphs.append(
            f"您的陈述和申辩：{statement}" if statement else "您在规定期限内未提出陈述和申辩。"
        )
    paragraphs.append(f"理由：{reason}")
    if public_interest:
        paragraphs.append(f"公共利益：{public_interest}")
    paragraphs += [f"依据：{ground.article}。", CONSEQUENCE[ground.kind]]
    if ground.effect:
        paragraphs.append(ground.effect)
    if compensation:
        paragraphs.append(f"补偿：{compensation}")
    return _body(heading, paragraphs, remedies(heading.item))


def _body(heading: Heading, paragraphs: list[str], remedy: list[str]) -> Body:
    return {
        "facts": [
            ["办件编号", heading.case_number],
            ["查询码", heading.query_code],
            ["事项", heading.item.name],
            ["被许可人", heading.applicant_name],
            ["决定机关", heading.department_name],
        ],
        "paragraphs": paragraphs,
        "remedies": remedy,
    }
