"""Reading a scope of business (经营范围): which permits it needs, and what nobody can tell by rule.

A phrase needs a permit when it names what a rule names and nothing else; it needs none when the
list of the district says so. Whatever else is written is left to a person, never guessed.

Source:
    上海市优化营商环境条例 第十七条 (the registrar tells which permits a scope needs); 市场主体登记
    管理条例 第十四条 (general, permitted and pre-approved entries of a scope).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from yiwang.kernel.errors import RefusedError
from yiwang.registration.policy.notices import NoticeKind, NoticeRules, ScopeRule, Stage

SCOPE_MAX = 2_000
"""Longest scope that is read, in characters. Our own choice; forms ask for 1,000 at most."""

KEYWORD_MAX = 80
"""Longest word of a scope that a notice names."""

_CLOSINGS = re.compile(r"[（【\[]?(?:除)?依法须经批准的项目[^（）【】\[\]；;\n]*[）】\]]?")
"""The fixed sentences after the entries of a scope."""

_HEADINGS = re.compile(r"(?:许可经营项目|一般经营项目|许可项目|一般项目|经营范围)[：:]")
_EXCEPT = re.compile(r"（(?:不含|不包括|除)[^（）]*）|(?:不含|不包括)[^（）]*$")
"""What a phrase leaves out: words in there are no business of the firm."""

_BRACKETED = re.compile(r"（[^（）]*）")
_SAME = str.maketrans({"(": "（", ")": "）", "【": "（", "】": "）", ";": "；", ",": "，"})
_HARD, _SOFT = "；。\n\r", "，、"


class ScopeRefusedError(RefusedError):
    """The scope cannot be read."""

    code = "registration.scope_refused"


@dataclass(frozen=True, kw_only=True)
class Needed:
    """A permit that a scope needs, and the phrases that it follows from."""

    rule: ScopeRule
    phrases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """A phrase that nobody can place by rule (需要人工确认).

    Attributes:
        near: Permits whose words stand in it beside others; they may be meant or not.
    """

    phrase: str
    near: tuple[ScopeRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a scope needs.

    Attributes:
        needed: Permits, in the order of the rules.
        general: Phrases that need none.
        unclear: Phrases for a person.
    """

    needed: tuple[Needed, ...] = ()
    general: tuple[str, ...] = ()
    unclear: tuple[Unclear, ...] = ()


@dataclass
class _Found:
    needed: dict[str, list[str]] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)


def checked(text: str) -> str:
    """Return a scope that can be read, trimmed.

    Raises:
        ScopeRefusedError: it is empty, too long, or holds what is no text.
    """
    text = text.strip()
    if not text:
        raise ScopeRefusedError("请填写经营范围，例如“餐饮服务；软件开发”。")
    if len(text) > SCOPE_MAX:
        raise ScopeRefusedError(
            f"经营范围最多{SCOPE_MAX:,}个字，现为{len(text):,}个字，请分几次查询。"
        )
    if any(not (one.isprintable() or one in "\r\n\t") for one in text):
        raise ScopeRefusedError("经营范围里有无法显示的字符，请删去后重新粘贴。")
    if not any(phrases(text)):
        raise ScopeRefusedError("没有读到经营项目，请写明做什么，例如“餐饮服务；软件开发”。")
    return text


def phrases(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the entries of a scope, each with the parts that its commas make."""
    for entry in _split(_HEADINGS.sub("；", _CLOSINGS.sub("；", text.translate(_SAME))), _HARD):
        parts = tuple(_split(entry, _SOFT))
        if parts:
            yield "".join(entry.split()), parts


def read(rules: NoticeRules, text: str, *, on: date) -> Reading:
    """Return which permits a scope needs by the rules of a day, and what is left to a person.

    Args:
        rules: Of the district.
        text: As it is declared; the fixed closing sentences may stand in it.
        on: Day of the declaration.
    """
    open_rules = [one for one in rules.rules if one.holds(on)]
    general = {"".join(one.translate(_SAME).split()) for one in rules.general}
    found = _Found()
    for entry, parts in phrases(text):
        if entry in general:
            found.general.append(entry)
            continue
        whole = _named(open_rules, entry)
        for part in (entry,) if whole else parts:
            _place(open_rules, general, part, found)
    named = {one.phrase: one for one in found.unclear}
    return Reading(
        needed=tuple(
            Needed(rule=rule, phrases=tuple(dict.fromkeys(found.needed[rule.item])))
            for rule in open_rules
            if rule.item in found.needed
        ),
        general=tuple(dict.fromkeys(found.general)),
        unclear=tuple(named.values()),
    )


def _place(rules: Sequence[ScopeRule], general: set[str], phrase: str, found: _Found) -> None:
    if phrase in general:
        found.general.append(phrase)
    elif named := _named(rules, phrase):
        for rule in named:
            found.needed.setdefault(rule.item, []).append(phrase)
    else:
        within = _EXCEPT.sub("", phrase)
        near = tuple(rule for rule in rules if any(word in within for word in rule.words))
        found.unclear.append(Unclear(phrase=phrase, near=near))


def _named(rules: Sequence[ScopeRule], phrase: str) -> list[ScopeRule]:
    """Return the rules of which a phrase names the business, by the longest words that do.

    What stands in brackets only narrows it, unless a rule names that too.
    """
    within = _EXCEPT.sub("", phrase)
    for words in (within, _BRACKETED.sub("", within)):
        hits = [(len(one), rule) for rule in rules for one in rule.words if words.endswith(one)]
        if hits:
            longest = max(length for length, _rule in hits)
            return [rule for length, rule in hits if length == longest]
    return []


def _split(text: str, marks: str) -> Iterator[str]:
    """Cut a text at marks outside brackets; brackets that do not pair are cut through."""
    depth, begun = 0, 0
    paired = text.count("（") == text.count("）")
    for place, one in enumerate(text):
        if paired and one in "（）":
            depth = max(0, depth + (1 if one == "（" else -1))
        elif one in marks and not depth:
            yield from _kept(text[begun:place])
            begun = place + 1
    yield from _kept(text[begun:])


def _kept(part: str) -> Iterator[str]:
    trimmed = "".join(part.split()).strip("：:·.、，*-—")
    if any(one.isalnum() for one in trimmed):
        yield trimmed


@dataclass(frozen=True, kw_only=True)
class Match:
    """A permit that departments are told of, and the word of the scope that met it."""

    rule: ScopeRule
    keyword: str


def needed(rules: NoticeRules, scope: str, *, on: date) -> tuple[Match, ...]:
    """Return the permits after registration whose departments are told of a scope, each once.

    They are those it needs and those it may need: a department that is told for nothing says so,
    one that is not told never looks.
    """
    reading = read(rules, scope, on=on)
    words = {one.rule.item: one.phrases[0] for one in reading.needed}
    for one in reading.unclear:
        for rule in one.near:
            words.setdefault(rule.item, one.phrase)
    return tuple(
        Match(
            rule=rule,
            keyword=next((one for one in rule.keywords if one in scope), words[rule.item])[
                :KEYWORD_MAX
            ],
        )
        for rule in rules.rules
        if rule.item in words and rule.holds(on) and rule.stage is Stage.POST
    )


def scope_of(rules: NoticeRules, item: str, answers: Mapping[str, object]) -> str:
    """Return the scope that the answers of a registration declare; empty: none is declared."""
    if item not in rules.items:
        return ""
    wanted = [*rules.scope_questions]
    for rule in rules.changes:
        chosen = answers.get(rule.question)
        several = chosen if isinstance(chosen, list | tuple) else [chosen]
        if (
            rule.item == item
            and rule.kind is NoticeKind.SCOPE
            and set(rule.options) & {str(one) for one in several}
        ):
            wanted.append(rule.text)
    texts = [answers.get(one) for one in dict.fromkeys(wanted)]
    return "；".join(one.strip() for one in texts if isinstance(one, str) and one.strip())


def name_of(rules: NoticeRules, answers: Mapping[str, object]) -> str:
    """Return the name that a registration gives the business; empty: it has none yet."""
    texts = [answers.get(one) for one in rules.name_questions]
    return next((one.strip() for one in texts if isinstance(one, str) and one.strip()), "")


MEANINGS: Mapping[str, str] = {
    "cancel": "审批已经取消，不用申请，凭营业执照就可以经营，有关部门事后监管。",
    "file": "不用审批，把材料报给部门备案，材料齐全的当场办结。",
    "commit": "可以书面承诺符合条件，当场作出决定，部门事后核查。",
    "optimise": "仍要审批，材料、时间已经压缩，取得许可后再经营。",
}
"""Value of a reform mode -> what it means for the firm (证照分离改革方式的含义)."""

STAGE_MEANINGS: Mapping[Stage, str] = {
    Stage.POST: "先办营业执照，取得许可以后再经营这一项。",
    Stage.PRE: "先取得批准文件，再办理登记。",
}


@dataclass(frozen=True, kw_only=True)
class Permit:
    """A permit as the applicant is told of it.

    Attributes:
        item: Slug of the item.
        name: Its name.
        authority: Name of the department.
        stage: Before or after registration.
        mode: Value of the reform mode; empty: it has none.
        mode_label: Its name.
        mode_basis: Since when and by which document.
        phrases: Phrases of the scope that it follows from.
        source: What the rule rests on.
        offered: Whether it can be begun on this platform.
    """

    item: str
    name: str
    authority: str
    stage: Stage
    mode: str
    mode_label: str
    mode_basis: str
    phrases: tuple[str, ...]
    source: str
    offered: bool

    @property
    def mode_means(self) -> str:
        """What the mode means for the firm; empty: it has none."""
        return MEANINGS.get(self.mode, "")

    @property
    def stage_means(self) -> str:
        """What the stage means for the firm."""
        return STAGE_MEANINGS[self.stage]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an applicant is told of a scope (告知的许可清单).

    Attributes:
        scope: The text that was read.
        permits: Permits it needs.
        general: Phrases that need none.
        unclear: Phrases for a person, each with the names of permits that may be meant.
        rules_version: Serial of the rules.
        rules_on: Day from which they stand.
        source: What the rules rest on.
    """

    scope: str
    permits: tuple[Permit, ...]
    general: tuple[str, ...]
    unclear: tuple[tuple[str, tuple[str, ...]], ...]
    rules_version: int
    rules_on: date
    source: str

    @property
    def none_needed(self) -> bool:
        """Whether every phrase needs no permit."""
        return not self.permits and not self.unclear

    @property
    def question(self) -> str:
        """What to ask a person about the phrases that no rule places; empty: nothing."""
        if not self.unclear:
            return ""
        listed = "、".join(phrase for phrase, _near in self.unclear)
        return f"经营范围里的“{listed[:300]}”需要办理哪些许可？"


def told_paragraphs(told: Told, *, item_name: str, applicant_name: str) -> list[str]:
    """Return what the letter says that the applicant confirms (许可事项告知承诺书).

    Source:
        上海市优化营商环境条例 第十七条; 双告知 (申请人签署承诺书：知晓需要的审批和审批部门，取得
        审批前不从事相关经营活动).
    """
    lines = [
        f"事项：{item_name}。申请人：{applicant_name}。",
        f"申报的经营范围：{told.scope}",
        "一、登记机关告知：以上经营范围需要办理下列许可",
    ]
    for place, one in enumerate(told.permits, start=1):
        mode = f"；改革方式：{one.mode_label}，{one.mode_means}" if one.mode else ""
        lines.append(
            f"{place}. {one.name}：{one.stage.label}，由{one.authority}办理；"
            f"对应的经营范围用语：{'、'.join(one.phrases)}{mode}"
            + ("" if mode.endswith("。") else "。")
            + (f"依据：{one.source}。" if one.source else "")
        )
    if not told.permits:
        lines.append("按现行规则没有查到需要办理的许可。")
    if told.general:
        lines.append(f"不需要许可的用语：{'、'.join(told.general)}。")
    if told.unclear:
        listed = "、".join(phrase for phrase, _near in told.unclear)
        lines.append(f"规则没有列明、由登记机关工作人员确认后另行告知的用语：{listed}。")
    return [
        *lines,
        "二、申请人承诺",
        "已知悉以上需要办理的许可和审批部门；需要许可的项目，在取得许可以前不开展经营活动。",
        f"告知依据的规则：第{told.rules_version}版，{told.rules_on:%Y-%m-%d}起；{told.source}",
    ]
