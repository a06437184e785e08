"""The door to decision tables: their parts and how one is evaluated."""

from yiwang.rules.policy.checking import problems, run_test
from yiwang.rules.policy.comparing import rule_differences
from yiwang.rules.policy.evaluating import (
    CheckedCell,
    NearGrant,
    RefusedFact,
    Verdict,
    evaluate,
    nearest_grant,
    verdict_to_plain,
)
from yiwang.rules.policy.parts import (
    ANY,
    Cell,
    CellOp,
    Fact,
    FactKind,
    FactOption,
    Given,
    Measure,
    Row,
    RuleOutcome,
    RuleSet,
    TestRow,
    Value,
)
from yiwang.rules.policy.plain import RuleFormatError, rules_from_plain, rules_to_plain
from yiwang.rules.policy.soundness import ProblemKind, RuleProblem

__all__ = [
    "ANY",
    "Cell",
    "CellOp",
    "CheckedCell",
    "Fact",
    "FactKind",
    "FactOption",
    "Given",
    "Measure",
    "NearGrant",
    "ProblemKind",
    "RefusedFact",
    "Row",
    "RuleFormatError",
    "RuleOutcome",
    "RuleProblem",
    "RuleSet",
    "TestRow",
    "Value",
    "Verdict",
    "evaluate",
    "nearest_grant",
    "problems",
    "rule_differences",
    "rules_from_plain",
    "rules_to_plain",
    "run_test",
    "verdict_to_plain",
]
