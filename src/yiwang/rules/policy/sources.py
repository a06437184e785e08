"""Where facts may come from: what the case, the registers and the checks of registers hold.

A table names a source; whoever runs it asks there. The lists are closed, so that a table that
names what nobody can ask is found before publication.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import Fact, FactKind


class SourceKind(Term):
    """Who answers for a fact."""

    ANSWER = "answer", "申请人填写"
    REGISTER = "register", "登记库"
    CHECK = "check", "数据核验"
    CASE = "case", "办件本身"


CASE_FIELDS: Mapping[str, tuple[str, FactKind]] = {
    "received_on": ("申请日", FactKind.DATE),
    "channel": ("申请渠道", FactKind.CHOICE),
    "applicant_kind": ("申请人类型", FactKind.CHOICE),
    "applicant_name": ("申请人名称", FactKind.TEXT),
    "town": ("所在街镇", FactKind.TEXT),
}
"""Field of a case -> its words and kind."""

REGISTER_NAMES: Mapping[str, str] = {
    "person.name": "个人：姓名",
    "person.id_number": "个人：公民身份号码",
    "person.phone": "个人：电话",
    "person.address": "个人：住址",
    "person.gender": "个人：性别",
    "person.born_on": "个人：出生日期",
    "person.hukou": "个人：户籍地址",
    "entity.name": "单位：名称",
    "entity.uscc": "单位：统一社会信用代码",
    "entity.address": "单位：住所",
    "entity.legal_representative": "单位：法定代表人",
    "entity.phone": "单位：电话",
    "entity.kind": "单位：类型",
    "entity.established_on": "单位：成立日期",
    "entity.industry": "单位：行业",
    "entity.town": "单位：所在街镇",
}
"""Register field -> its words; editors translate the same words."""

REGISTER_KINDS: Mapping[str, FactKind] = {
    "person.born_on": FactKind.DATE,
    "entity.established_on": FactKind.DATE,
}
"""Register fields that are no text."""

LICENCES = "licences"
"""The check whose fields are types of licence: whether a valid one is held."""

CHECK_FIELDS: Mapping[str, Mapping[str, tuple[str, FactKind]]] = {
    "population": {
        "age": ("周岁年龄", FactKind.NUMBER),
        "hukou_in_city": ("户籍在本市", FactKind.YES_NO),
        "hukou_in_district": ("户籍在本区", FactKind.YES_NO),
        "gender": ("性别", FactKind.CHOICE),
        "answers_agree": ("填写的姓名、号码与登记一致", FactKind.YES_NO),
    },
    "entity": {
        "status": ("登记状态", FactKind.CHOICE),
        "open": ("存续（在营）", FactKind.YES_NO),
        "years": ("成立年数", FactKind.NUMBER),
        "in_district": ("住所在本区", FactKind.YES_NO),
    },
    "earlier_cases": {
        "running_same_item": ("同一事项还有正在办的件", FactKind.YES_NO),
        "granted_same_item": ("同一事项已经准予过", FactKind.YES_NO),
        "granted_last_year": ("一年内同一事项准予的次数", FactKind.NUMBER),
    },
    "trust_record": {
        "clear": ("没有正在执行的信用约束", FactKind.YES_NO),
    },
    "social_insurance": {
        "insured": ("参加本市社会保险", FactKind.YES_NO),
        "contributing": ("单位正在缴费", FactKind.YES_NO),
        "insured_since": ("参保日期", FactKind.DATE),
        "last_paid_on": ("最近缴费到账日期", FactKind.DATE),
        "leaving_reported": ("原单位已办退工", FactKind.YES_NO),
        "pension": ("正在领取养老金", FactKind.YES_NO),
    },
    "marriage_archive": {
        "found": ("查到本人的登记", FactKind.YES_NO),
        "records": ("符合的记录数", FactKind.NUMBER),
        "spouse_agrees": ("对方姓名相符", FactKind.YES_NO),
    },
}
"""Check -> its fields, with their words and kinds; whoever asks registers promises the same."""

CHECK_NAMES: Mapping[str, str] = {
    "population": "人口库",
    "entity": "法人库",
    "earlier_cases": "本平台办件记录",
    "trust_record": "信用约束记录",
    LICENCES: "电子证照库",
    "social_insurance": "社会保险经办系统",
    "marriage_archive": "婚姻登记档案目录",
}
"""Check -> whom it asks."""


def source_parts(source: str) -> tuple[SourceKind | None, str]:
    """Return who answers and what is asked; None where nobody of that name answers."""
    kind, colon, rest = source.partition(":")
    if not colon or kind not in set(SourceKind):
        return None, source
    return SourceKind(kind), rest


def check_kind(rest: str) -> FactKind | None:
    """Return the kind of `<check>.<field>`; None where no such check or field exists."""
    name, _dot, field = rest.partition(".")
    if name == LICENCES and field:
        return FactKind.YES_NO
    found = CHECK_FIELDS.get(name, {}).get(field)
    return found[1] if found else None


def source_words(fact: Fact) -> str:
    """Return where a fact comes from, as an applicant reads it."""
    kind, rest = source_parts(fact.source)
    if kind is SourceKind.CHECK:
        return CHECK_NAMES.get(rest.partition(".")[0], SourceKind.CHECK.label)
    return kind.label if kind else "来源不明"


def reading_words(
    source: str,
    *,
    questions: Mapping[str, str],
    licences: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return who is asked and for what, as a person reads it: `人口库：户籍在本市`.

    Args:
        source: As a fact names it.
        questions: Id of a question of the form -> its label.
        licences: Short name of a type of licence -> its name.
    """
    kind, rest = source_parts(source)
    if kind is SourceKind.CHECK:
        name, _dot, field = rest.partition(".")
        what = CHECK_FIELDS.get(name, {}).get(field, (field,))[0]
        if name == LICENCES:
            what = f"持有有效的{licences.get(field, field)}"
        return f"{CHECK_NAMES.get(name, kind.label)}：{what}"
    if kind is None:
        return f"来源不明：{source}"
    named: Mapping[SourceKind, Mapping[str, str]] = {
        SourceKind.ANSWER: questions,
        SourceKind.REGISTER: {
            name: words.removeprefix("个人：").replace("：", "")
            for name, words in REGISTER_NAMES.items()
        },
        SourceKind.CASE: {name: words for name, (words, _kind) in CASE_FIELDS.items()},
    }
    return f"{kind.label}：{named[kind].get(rest, rest)}"
