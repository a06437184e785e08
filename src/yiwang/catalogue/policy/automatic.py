"""The checks before publication of what a machine may grant (自动办理的发布前检查).

Source:
    行政许可法 第三十四条第三款 (what must be seen on the spot is seen by two people);
    个人信息保护法 第二十四条 (automated decisions are transparent and explained).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from yiwang.catalogue.policy.items import (
    Audience,
    Commitment,
    ItemType,
    ItemVersion,
    Question,
    QuestionKind,
    StepRole,
)
from yiwang.catalogue.policy.registered import REGISTER_FIELDS
from yiwang.rules.policy.checking import problems
from yiwang.rules.policy.parts import Fact, FactKind
from yiwang.rules.policy.sources import (
    CASE_FIELDS,
    CHECK_NAMES,
    REGISTER_KINDS,
    SourceKind,
    check_kind,
    source_parts,
)

Findings = Iterator[tuple[str, str, str]]

ON_SITE = re.compile(
    r"(?<!不)(?<!不用)(?<!不必)(?<!无需)(?<!不需要)(?<!不用到)(?<!不到)"
    r"(?:现场|实地|到场|上门)[^，。；]{0,4}?(?:核查|检查|勘验|踏勘|核验|查验|检验|评定|验收|考核)"
)
"""Words for looking at a place before the decision."""

QUESTION_KINDS: Mapping[QuestionKind, FactKind] = {
    QuestionKind.TEXT: FactKind.TEXT,
    QuestionKind.LONG_TEXT: FactKind.TEXT,
    QuestionKind.PHONE: FactKind.TEXT,
    QuestionKind.USCC: FactKind.TEXT,
    QuestionKind.CITIZEN_ID: FactKind.TEXT,
    QuestionKind.NUMBER: FactKind.NUMBER,
    QuestionKind.DATE: FactKind.DATE,
    QuestionKind.YES_NO: FactKind.YES_NO,
    QuestionKind.CHOICE: FactKind.CHOICE,
}
"""How a question is answered -> the kind of fact it makes; several choices make none."""


def automatic_by_rules(version: ItemVersion) -> Findings:
    """What is granted without a person is granted by a decision table (自动办理要有规则)."""
    if version.auto_decide and version.auto_rules is None:
        yield (
            "auto_decide",
            "写了无人干预自动办理，却没有自动办理规则。",
            "请写出规则（auto_rules），或者不列为自动办理。",
        )


def automatic_rules_stand(version: ItemVersion) -> Findings:
    """A decision table has no gap, no contradiction, no idle row, and its examples come out."""
    if version.auto_rules is None:
        return
    for one in problems(version.auto_rules):
        yield f"auto_rules.{one.place}", one.message, one.remedy


def automatic_facts_exist(version: ItemVersion) -> Findings:
    """Every fact of a decision table comes from a question, a register or a check that exists."""
    if version.auto_rules is None:
        return
    for index, fact in enumerate(version.auto_rules.facts):
        for message, remedy in _source(version, fact):
            yield f"auto_rules.facts[{index}].source", f"“{fact.label}”：{message}", remedy


def automatic_without_a_look(version: ItemVersion) -> Findings:
    """What needs a look on the spot is not granted by machine."""
    duty = version.site_check
    if version.auto_decide and duty is not None and not duty.when:
        yield (
            "auto_decide",
            "准予前必须现场核查，不能由系统自动准予。",
            "请取消自动办理；只有部分情形必须核查的，请写明是哪些情形。",
        )
        return
    watched = version.item_type is ItemType.LICENCE or version.commitment is not Commitment.NONE
    if not (version.auto_decide and watched):
        return
    before = [one for one in version.flow if one.role in {StepRole.ACCEPT, StepRole.REVIEW}]
    texts = [f"{one.name}：{one.text}" for one in before]
    texts += [one.name for one in version.special_steps]
    for text in texts:
        if ON_SITE.search(text):
            yield (
                "auto_decide",
                f"决定前要到现场看（{text[:40]}），不能由系统自动准予。",
                "请取消自动办理；确实不用到现场的，请更正办理环节和特别程序。",
            )
            return


def _source(version: ItemVersion, fact: Fact) -> Iterator[tuple[str, str]]:
    kind, rest = source_parts(fact.source)
    if not fact.source.strip():
        return  # said of the fact itself
    if kind is None:
        kinds = "、".join(f"{one.value}:（{one.label}）" for one in SourceKind)
        yield f"看不懂来源“{fact.source}”。", f"请以这些开头：{kinds}。"
    elif kind is SourceKind.ANSWER:
        yield from _answer(version, fact, rest)
    elif kind is SourceKind.REGISTER:
        yield from _register(version, fact, rest)
    elif kind is SourceKind.CHECK:
        yield from _kind(fact, check_kind(rest), rest, names=CHECK_NAMES, noun="数据核验")
    else:
        found = CASE_FIELDS.get(rest)
        yield from _kind(
            fact, found[1] if found else None, rest, names=CASE_FIELDS, noun="办件字段"
        )


def _kind(
    fact: Fact, held: FactKind | None, rest: str, *, names: Mapping[str, object], noun: str
) -> Iterator[tuple[str, str]]:
    if held is None:
        yield f"没有{noun}“{rest}”。", f"可用的：{'、'.join(names)}。"
    elif not _fits(fact.kind, held):
        yield (
            f"{noun}“{rest}”是{held.label}，而事实写成了{fact.kind.label}。",
            f"请把事实的类型改为{held.label}。",
        )


def _fits(fact: FactKind, held: FactKind) -> bool:
    words = {FactKind.TEXT, FactKind.CHOICE}
    return fact is held or (held in words and fact in words)


def _answer(version: ItemVersion, fact: Fact, rest: str) -> Iterator[tuple[str, str]]:
    questions: Mapping[str, Question] = {one.id: one for one in version.questions()}
    question = questions.get(rest)
    if question is None:
        yield f"没有问题“{rest}”。", f"可用的：{'、'.join(questions) or '（没有问题）'}。"
        return
    held = QUESTION_KINDS.get(question.kind)
    if held is None:
        yield (
            f"问题“{question.label}”的回答方式是{question.kind.label}，规则只看一个值。",
            "请改用单选的问题，或者不看这个问题。",
        )
    elif fact.kind is not held:
        yield (
            f"问题“{question.label}”的回答是{held.label}，而事实写成了{fact.kind.label}。",
            f"请把事实的类型改为{held.label}。",
        )
    elif held is FactKind.CHOICE:
        offered = {one.value for one in question.options}
        if offered != {one.value for one in fact.options}:
            yield (
                f"选项与问题“{question.label}”的不一致。",
                f"请列出同样的选项：{'、'.join(sorted(offered))}。",
            )


def _register(version: ItemVersion, fact: Fact, rest: str) -> Iterator[tuple[str, str]]:
    if rest not in REGISTER_FIELDS:
        yield f"没有登记字段“{rest}”。", f"可用的：{'、'.join(sorted(REGISTER_FIELDS))}。"
        return
    subjects = {"person": Audience.PERSON, "entity": Audience.ENTITY}
    if subjects[rest.partition(".")[0]] not in version.audiences:
        yield f"{rest} 不属于该事项的服务对象。", "请更正来源或者服务对象。"
    held = REGISTER_KINDS.get(rest, FactKind.TEXT)
    yield from _kind(fact, held, rest, names=dict.fromkeys(REGISTER_FIELDS, ""), noun="登记字段")
