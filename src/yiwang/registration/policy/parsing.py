"""Reading the section `registration` of a pack: how a district runs the two notices."""

from __future__ import annotations

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.registration.policy.notices import NoticeRules, ScopeRule, twice

WORKDAYS_MAX = 250


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
    found = NoticeRules(
        registrar=fields.text("registrar", longest=32),
        centre=fields.text("centre", longest=32),
        items=tuple(fields.texts("items")),
        scope_questions=tuple(fields.texts("scope_questions")),
        claim_workdays=fields.whole("claim_workdays", least=1, most=WORKDAYS_MAX),
        follow_workdays=fields.whole("follow_workdays", least=1, most=WORKDAYS_MAX),
        rules=tuple(rules),
        source=fields.text("source", longest=500),
    )
    if same := twice(rule.item for rule in rules):
        fields.refuse("rules", f"事项“{same[0]}”写了两次。", "请把关键词合并到一条。")
    fields.done()
    return (None if errors else found), errors
