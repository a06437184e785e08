"""Reading the section `registration` of a pack: how a district runs the two notices."""

from __future__ import annotations

from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.registration.policy.notices import (
    CHANGES,
    LATE_AFTER_MINUTES,
    ChangeRule,
    ExitRule,
    NoticeKind,
    NoticeRules,
    ScopeRule,
    Stage,
)

WORKDAYS_MAX = 250
MINUTES_MAX = 30 * 24 * 60


def parse(file: PackFile) -> tuple[NoticeRules | None, list[PackError]]:
    """Return the rules of one file, or all that is wrong with it."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    rules = []
    for row in fields.rows("rules"):
        rules.append(
            ScopeRule(
                keywords=tuple(row.texts("keywords")),
                item=row.text("item", longest=80),
                item_name=row.text("item_name", longest=200),
                department=row.text("department", longest=32),
                stage=Stage(
                    row.choice(
                        "stage",
                        [one.value for one in Stage],
                        required=False,
                        default=Stage.POST.value,
                    )
                ),
                source=row.text("source", longest=300, required=False),
                effective_on=row.day("effective_on", required=False),
                ended_on=row.day("ended_on", required=False),
            )
        )
        if rules[-1].ended_on and rules[-1].effective_on and _no_day(rules[-1]):
            row.refuse("ended_on", "不晚于开始施行的日期。", "请写不再施行的第一天。")
        row.done()
    changes = []
    for row in fields.rows("changes", required=False):
        kinds = [one.value for one in CHANGES]
        kind = NoticeKind(row.choice("kind", kinds, default=kinds[0]))
        renames = row.flag("renames")
        if renames and kind is not NoticeKind.NAME:
            row.refuse("renames", "只用于名称变更（kind: name）。", "请删去这一项。")
        changes.append(
            ChangeRule(
                item=row.text("item", longest=80),
                question=row.text("question", longest=80),
                kind=kind,
                options=tuple(row.texts("options")),
                text=row.text("text", longest=80),
                renames=renames,
            )
        )
        row.done()
    exits = []
    for row in fields.rows("exits", required=False):
        question = row.text("question", longest=80, required=False)
        exits.append(
            ExitRule(
                item=row.text("item", longest=80),
                question=question,
                options=tuple(row.texts("options", required=bool(question))),
                part=tuple(row.texts("part", required=False)),
            )
        )
        row.done()
    follow = fields.whole("follow_workdays", least=1, most=WORKDAYS_MAX)
    found = NoticeRules(
        registrar=fields.text("registrar", longest=32),
        centre=fields.text("centre", longest=32),
        items=tuple(fields.texts("items")),
        scope_questions=tuple(fields.texts("scope_questions")),
        claim_workdays=fields.whole("claim_workdays", least=1, most=WORKDAYS_MAX),
        follow_workdays=follow,
        inspect_workdays=fields.whole(
            "inspect_workdays", least=1, most=WORKDAYS_MAX, required=False, default=follow
        ),
        late_after_minutes=fields.whole(
            "late_after_minutes",
            least=1,
            most=MINUTES_MAX,
            required=False,
            default=LATE_AFTER_MINUTES,
        ),
        changes=tuple(changes),
        exits=tuple(exits),
        rules=tuple(rules),
        source=fields.text("source", longest=500),
        general=tuple(fields.texts("general", required=False)),
        name_questions=tuple(fields.texts("name_questions", required=False)),
    )
    if same := _twice(rules):
        fields.refuse(
            "rules",
            f"事项“{same}”在同一天有两条规则。",
            "请把关键词合并到一条，或者写明前一条的 ended_on。",
        )
    general = {"".join(one.split()) for one in found.general}
    if both := [word for rule in rules for word in rule.words if word in general]:
        fields.refuse("general", f"“{both[0]}”既写作需要许可，又写作不需要许可。", "请只留一处。")
    fields.done()
    return (None if errors else found), errors


def _no_day(rule: ScopeRule) -> bool:
    return (rule.ended_on or date.max) <= (rule.effective_on or date.min)


def _twice(rules: list[ScopeRule]) -> str:
    """Return an item for which two rules hold on the same day; empty: there is none."""
    for place, one in enumerate(rules):
        for other in rules[place + 1 :]:
            if (
                one.item == other.item
                and (one.effective_on or date.min) < (other.ended_on or date.max)
                and (other.effective_on or date.min) < (one.ended_on or date.max)
            ):
                return one.item
    return ""
