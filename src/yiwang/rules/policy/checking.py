"""What is wrong with a decision table before it may be published: exact, and bounded in time.

Gaps are reported although a person takes them, for a lawyer who left one out did not decide it.
A hand-over before a grant is how exceptions are written and no contradiction; a grant that takes
away what a later row hands over is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yiwang.rules.policy.evaluating import Verdict, evaluate
from yiwang.rules.policy.parts import RuleOutcome, RuleSet, TestRow
from yiwang.rules.policy.regions import (
    Box,
    Domain,
    box_words,
    boxes,
    domains,
    joined,
    meet,
    without,
)
from yiwang.rules.policy.soundness import ProblemKind, RuleProblem, unsound

MOST_STEPS = 200_000
"""Boxes looked at before the check gives up and says so; about a second."""

MOST_BOXES = 20_000
"""Boxes kept at a time."""

MOST_SHOWN = 10
"""Most gaps that are shown one by one."""

MOST_JOINED = 60
"""Most gaps that are put together before they are shown."""


class _TooLargeError(Exception):
    """The table falls into more boxes than are looked at."""


def problems(rule_set: RuleSet) -> tuple[RuleProblem, ...]:
    """Return everything that keeps a table from being published; empty: nothing does."""
    found = unsound(rule_set)
    if found:
        return tuple(found)
    return (*_regional(rule_set), *failing_tests(rule_set))


def failing_tests(rule_set: RuleSet) -> tuple[RuleProblem, ...]:
    """Return a problem for each test row that does not come out as it must, and for having none."""
    if not rule_set.tests:
        return (
            RuleProblem(
                kind=ProblemKind.TEST,
                place="tests",
                message="没有测试行。",
                remedy="请为每种结果至少写一个例子，保存时自动核对。",
            ),
        )
    return tuple(_failing(rule_set))


def run_test(rule_set: RuleSet, test: TestRow) -> tuple[bool, Verdict]:
    """Return whether a test row comes out as it must, and what came out."""
    verdict = evaluate(rule_set, {one.fact: one.value for one in test.given}, on=test.on)
    right = verdict.outcome is test.expect and test.row in ("", verdict.row_id)
    return right, verdict


def _failing(rule_set: RuleSet) -> Iterator[RuleProblem]:
    numbers = {row.id: index for index, row in enumerate(rule_set.rows, start=1)}
    for index, test in enumerate(rule_set.tests):
        place = f"tests[{index}]"
        name = test.name or f"第 {index + 1} 个测试行"
        if test.row and test.row not in numbers:
            yield RuleProblem(
                kind=ProblemKind.TEST,
                place=place,
                message=f"测试“{name}”要求由 {test.row} 行决定，而没有这一行。",
                remedy="请改成现有的行号，或者留空。",
            )
            continue
        right, verdict = run_test(rule_set, test)
        if right:
            continue
        wanted = f"应为{test.expect.label}" + (f"（第 {numbers[test.row]} 行）" if test.row else "")
        number = numbers.get(verdict.row_id)
        came = verdict.outcome.label + (f"（第 {number} 行）" if number else "")
        last = verdict.sentences[-1] if verdict.sentences else verdict.reason
        yield RuleProblem(
            kind=ProblemKind.TEST,
            place=place,
            message=f"测试“{name}”{wanted}，结果是{came}：{last}",
            remedy="请改规则，或者改这个测试行。",
        )


def _regional(rule_set: RuleSet) -> Iterator[RuleProblem]:
    cut = domains(rule_set)
    found: list[RuleProblem] = []
    try:
        found += _walk(rule_set, cut, boxes(rule_set, cut))
    except _TooLargeError:
        yield RuleProblem(
            kind=ProblemKind.TOO_LARGE,
            place="rows",
            message="表太复杂，无法查清有没有遗漏和矛盾。",
            remedy="请减少事实或不同的取值，或者拆成几个事项。",
        )
        return
    yield from found


def _walk(rule_set: RuleSet, cut: Sequence[Domain], held: Sequence[Box]) -> list[RuleProblem]:
    found: list[RuleProblem] = []
    left: list[Box] = [tuple(domain.whole for domain in cut)]
    steps = 0
    for index, row in enumerate(rule_set.rows):
        hit: list[Box] = []
        rest: list[Box] = []
        for box in left:
            steps += 1
            if steps > MOST_STEPS or len(rest) > MOST_BOXES:
                raise _TooLargeError
            both = meet(box, held[index])
            if both is None:
                rest.append(box)
                continue
            hit.append(both)
            rest += without(box, held[index])
        left = rest
        if not hit:
            found.append(_unreachable(rule_set, cut, held, index))
        elif row.outcome is RuleOutcome.GRANT:
            found += _taken_away(rule_set, cut, held, index, hit)
            steps += len(hit)
    return [*_gaps(left, cut), *found]


def _unreachable(
    rule_set: RuleSet, cut: Sequence[Domain], held: Sequence[Box], index: int
) -> RuleProblem:
    row = rule_set.rows[index]
    place = f"rows[{index}]"
    if not all(held[index]):
        names = [
            domain.fact.label for domain, mask in zip(cut, held[index], strict=True) if not mask
        ]
        return RuleProblem(
            kind=ProblemKind.UNREACHABLE,
            place=place,
            message=f"第 {index + 1} 行（{row.id}）“{'、'.join(names)}”一格没有值能符合。",
            remedy="请更正这一格，或者删去这一行。",
        )
    before = [
        f"第 {earlier + 1} 行" for earlier in range(index) if meet(held[earlier], held[index])
    ]
    return RuleProblem(
        kind=ProblemKind.UNREACHABLE,
        place=place,
        message=f"第 {index + 1} 行（{row.id}）永远用不到，前面的{'、'.join(before)}已经全部说到。",
        remedy="请把它移到前面，或者删去。",
    )


def _taken_away(
    rule_set: RuleSet,
    cut: Sequence[Domain],
    held: Sequence[Box],
    index: int,
    hit: Sequence[Box],
) -> Iterator[RuleProblem]:
    """Yield the later hand-overs of which a granting row takes something away."""
    for later in range(index + 1, len(rule_set.rows)):
        row = rule_set.rows[later]
        if row.outcome is RuleOutcome.GRANT or row.otherwise:
            continue
        both = next((one for box in hit if (one := meet(box, held[later]))), None)
        if both is not None:
            yield RuleProblem(
                kind=ProblemKind.OVERLAP,
                place=f"rows[{index}]",
                message=(
                    f"{box_words(both, cut)}：第 {index + 1} 行准予，"
                    f"而第 {later + 1} 行要转人工（{row.reason.rstrip('。')}），"
                    "先说到的算数。"
                ),
                remedy=f"请把第 {later + 1} 行移到前面，或者把其中一行写窄。",
            )


def _gaps(left: Sequence[Box], cut: Sequence[Domain]) -> Iterator[RuleProblem]:
    shown = joined(left) if len(left) <= MOST_JOINED else list(left)
    for box in shown[:MOST_SHOWN]:
        yield RuleProblem(
            kind=ProblemKind.GAP,
            place="rows",
            message=f"{box_words(box, cut)}：没有一行说到。",
            remedy="请补一行；确实都转人工的，最后加一行“其他情形”。",
        )
    if len(shown) > MOST_SHOWN:
        yield RuleProblem(
            kind=ProblemKind.GAP,
            place="rows",
            message=f"还有 {len(shown) - MOST_SHOWN} 种没有说到的情形没有列出。",
            remedy="请先补上面的。",
        )
