"""Decision tables for the tests."""

from __future__ import annotations

from typing import Any

from yiwang.rules.policy.tables import (
    ANY,
    Cell,
    CellOp,
    Fact,
    FactKind,
    FactOption,
    Row,
    RuleOutcome,
    RuleSet,
    Value,
)

AGE = Fact(
    name="age",
    label="年龄",
    kind=FactKind.NUMBER,
    source="check:population.age",
    unit="岁",
    whole=True,
    minimum=0,
    maximum=120,
)
HOME = Fact(
    name="home",
    label="户籍",
    kind=FactKind.CHOICE,
    source="check:population.home",
    options=(FactOption(value="here", label="本市"), FactOption(value="away", label="外省市")),
)
ALIVE = Fact(name="alive", label="在世", kind=FactKind.YES_NO, source="check:population.alive")


def cell(op: str, *values: Value) -> Cell:
    """Return a cell."""
    return Cell(op=CellOp(op), values=values)


def row(row_id: str, *cells: Cell, grant: bool = True, reason: str = "理由") -> Row:
    """Return a row."""
    outcome = RuleOutcome.GRANT if grant else RuleOutcome.HAND_OVER
    return Row(id=row_id, cells=cells, outcome=outcome, reason=reason)


def table(*rows: Row, facts: tuple[Fact, ...] = (AGE, HOME, ALIVE), **more: Any) -> RuleSet:
    """Return a table."""
    return RuleSet(name="表", facts=facts, rows=rows, **more)


def card() -> RuleSet:
    """Return the table of an old person's card."""
    return table(
        row("dead", ANY, ANY, cell("eq", False), grant=False, reason="登记为已去世，须核实"),
        row("old", cell("ge", 60), cell("eq", "here"), ANY, reason="年满六十周岁的本市户籍老人"),
        row("rest", ANY, ANY, ANY, grant=False, reason="不符合自动准予的情形"),
    )
