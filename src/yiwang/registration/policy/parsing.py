"""Reading the section `registration` of a pack: how a district runs the two notices."""

from __future__ import annotations

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
    twice,
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
            )
        )
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
    )
    if same := twice(rule.item for rule in rules):
        fields.refuse("rules", f"事项“{same[0]}”写了两次。", "请把关键词合并到一条。")
    fields.done()
    return (None if errors else found), errors
