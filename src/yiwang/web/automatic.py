"""Rules in plain words, as applicants are told them before they submit (自动办理告知)."""

from __future__ import annotations

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.rules.policy.tables import RuleOutcome
from yiwang.rules.policy.wording import row_words


def granting_rules(item: ItemVersion) -> list[str]:
    """Return by which rules a machine may grant an item, a sentence each; empty: by none."""
    rules = item.auto_rules
    if rules is None or not item.auto_decide:
        return []
    return [row_words(rules, row) for row in rules.rows if row.outcome is RuleOutcome.GRANT]
