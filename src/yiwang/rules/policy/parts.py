"""What a decision table is made of: facts, cells, rows, test rows, and the bounds of each.

Source:
    个人信息保护法 第二十四条 (an automated decision is explained, and a person may be asked for);
    行政许可法 第三十八条 (a refusal gives reasons and remedies, so a person refuses).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.kernel.terms import Term

MOST_FACTS = 20
MOST_ROWS = 100
MOST_CELLS = 1_000
"""Most rows times facts; a lawyer reads no larger table."""

MOST_TESTS = 100
MOST_VALUES = 50
"""Most values in one cell, and most options of a choice."""

MOST_TEXT = 500
"""Longest text that a fact may hold, in characters."""

MOST_WORDS = 200
"""Longest label, text value or reason, in characters."""

MOST_NUMBER = 10**15
"""Numbers beyond it are taken for mistakes."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
"""Names of facts, of options and of rows."""

Value = str | int | float | bool | date
"""What a fact holds once it is read."""


class RuleOutcome(Term):
    """What a table decides; there is no refusal among it."""

    GRANT = "grant", "准予"
    HAND_OVER = "hand_over", "转人工"


class FactKind(Term):
    """What kind of value a fact holds."""

    TEXT = "text", "文字"
    NUMBER = "number", "数字"
    DATE = "date", "日期"
    YES_NO = "yes_no", "是否"
    CHOICE = "choice", "选项"


class Measure(Term):
    """How a date is compared: as a day, or as the time from it to the day of the application."""

    DAY = "day", "日期本身"
    DAYS = "days", "距申请日的天数"
    YEARS = "years", "到申请日已满的年数"


class CellOp(Term):
    """How a cell compares a fact with its values; the list is closed."""

    ANY = "any", "不限"
    EQ = "eq", "等于"
    NE = "ne", "不等于"
    IN = "in", "属于"
    NOT_IN = "not_in", "不属于"
    GT = "gt", "大于"
    GE = "ge", "不小于"
    LT = "lt", "小于"
    LE = "le", "不大于"
    BETWEEN = "between", "介于（含两端）"
    PREFIX = "prefix", "开头是"
    KNOWN = "known", "有值"
    UNKNOWN = "unknown", "没有值"


_ANY = frozenset({CellOp.ANY, CellOp.KNOWN, CellOp.UNKNOWN})
_SAME = frozenset({CellOp.EQ, CellOp.NE, CellOp.IN, CellOp.NOT_IN})
_ORDER = frozenset({CellOp.GT, CellOp.GE, CellOp.LT, CellOp.LE, CellOp.BETWEEN})

OPS: Mapping[FactKind, frozenset[CellOp]] = {
    FactKind.TEXT: _ANY | _SAME | {CellOp.PREFIX},
    FactKind.NUMBER: _ANY | _SAME | _ORDER,
    FactKind.DATE: _ANY | _SAME | _ORDER,
    FactKind.YES_NO: _ANY | {CellOp.EQ},
    FactKind.CHOICE: _ANY | _SAME,
}
"""Kind of fact -> the operators its cells may use."""

WITHOUT_VALUE = _ANY
"""Operators that compare with nothing."""

SEVERAL = frozenset({CellOp.IN, CellOp.NOT_IN, CellOp.BETWEEN, CellOp.PREFIX})
"""Operators that take several values; all others take one or none."""


@dataclass(frozen=True, kw_only=True)
class FactOption:
    """One value of a choice."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One declared fact; the table knows of nothing else.

    Attributes:
        source: Where it comes from: `answer:<question id>`, `register:person.born_on`,
            `check:<check>.<field>`, `case:<field>`; see `sources`.
        options: The values of a choice.
        minimum, maximum: Bounds of a number, inclusive; a value outside goes to a person.
        whole: A number without decimals.
        measure: How a date is compared.
        future: Whether the day may lie after the day of the application.
        optional: Whether it may be missing; a missing fact that may not be goes to a person.
    """

    name: str
    label: str
    kind: FactKind
    source: str
    options: tuple[FactOption, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    measure: Measure = Measure.DAY
    future: bool = False
    optional: bool = False

    @property
    def compared_as(self) -> FactKind:
        """The kind that its cells compare: a measured date is a number."""
        measured = self.kind is FactKind.DATE and self.measure is not Measure.DAY
        return FactKind.NUMBER if measured else self.kind

    @property
    def in_wholes(self) -> bool:
        """Whether the numbers that its cells compare have no decimals."""
        return self.whole or self.kind is FactKind.DATE


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: an operator and its values; ANY asks nothing."""

    op: CellOp = CellOp.ANY
    values: tuple[Value, ...] = ()


ANY = Cell()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: a cell for each fact, in their order; all of them must hold.

    Attributes:
        reason: On what ground it grants, or why a person must look; read by the applicant.
    """

    id: str
    cells: tuple[Cell, ...]
    outcome: RuleOutcome
    reason: str

    @property
    def otherwise(self) -> bool:
        """Whether it asks nothing and so takes everything that is left (其他情形)."""
        return all(cell.op is CellOp.ANY for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class Given:
    """One fact of a test row; None: it is missing."""

    fact: str
    value: Value | None


@dataclass(frozen=True, kw_only=True)
class TestRow:
    """One case with the outcome that it must have; it runs whenever the table is saved.

    Attributes:
        on: Day of the application, for dates.
        row: Id of the row that must decide; empty: any.
    """

    __test__ = False

    name: str
    given: tuple[Given, ...]
    expect: RuleOutcome
    row: str = ""
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """A decision table: the first row that holds decides; where none holds, a person does.

    Attributes:
        note: From when and on what ground the table is used.
    """

    name: str
    facts: tuple[Fact, ...]
    rows: tuple[Row, ...]
    tests: tuple[TestRow, ...] = ()
    note: str = ""
