"""What rules and people differed about, in words without anything personal (规则回放的分歧)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from yiwang.cases.policy.replaying import DifferenceKind, HandOverCause
from yiwang.cases.queries import automatic
from yiwang.cases.queries.automatic import ComparedFact, DifferenceRow, GroundRow
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import Actor
from yiwang.rules.policy.wording import inner
from yiwang.web.downloads import BOM, csv_line

UNUSABLE = frozenset(
    {
        _n("没有值"),
        _n("不是数字"),
        _n("不是可用的数字"),
        _n("不是整数"),
        _n("低于可能的最小值"),
        _n("超过可能的最大值"),
        _n("不是日期"),
        _n("是日期，而没有申请日可以对照"),
        _n("晚于申请日"),
        _n("不是“是”或“否”"),
        _n("不是文字"),
        _n("文字太长"),
        _n("不是选项"),
        _n("不在所列选项中"),
    }
)
"""Why the rules cannot use a fact, as `rules.policy.evaluating` says it."""

PAGE = 200
"""Rows of a file that are read together."""


@dataclass(frozen=True, kw_only=True)
class ShownGround:
    """A ground as a page shows it.

    Attributes:
        why: Why people refused, or why the rules handed over.
        rule: The row that would have granted, or what keeps the nearest row from it.
    """

    number: int
    count: int
    revoked: int
    why: str
    rule: str


def shown_ground(ground: GroundRow) -> ShownGround:
    """Return a ground in words."""
    refused = ground.kind is DifferenceKind.GRANT_REFUSE
    if ground.other:
        why, rule = _("其他原因（种类太多，没有逐一汇总）"), ""
    elif refused:
        unmet = [_("不符合“%(text)s”") % {"text": inner(one.rstrip("。"))} for one in ground.unmet]
        why = "；".join((*unmet, articles_words(ground.articles)))
        rule = _row(ground)
    else:
        why, rule = _cause(ground), _widening(ground)
    return ShownGround(
        number=ground.number, count=ground.count, revoked=ground.revoked, why=why, rule=rule
    )


def articles_words(articles: tuple[str, ...]) -> str:
    """Return the articles that a refusal cites; one may cite none that can be read."""
    return "、".join(articles) or _("没有写明条款")


def _row(ground: GroundRow) -> str:
    if not ground.row_number:
        return ground.row_id
    return _("第 %(n)s 行（%(reason)s）") % {
        "n": ground.row_number,
        "reason": ground.row_reason.rstrip("。"),
    }


def _cause(ground: GroundRow) -> str:
    if ground.cause is HandOverCause.FACT and ground.lacking:
        return _("“%(label)s”%(why)s") % {"label": ground.lacking[0].label, "why": _(ground.why)}
    if ground.cause is HandOverCause.ROW:
        return _row(ground)
    return _(ground.cause.label) if ground.cause else ""


def _widening(ground: GroundRow) -> str:
    """Return what stands between these cases and a grant."""
    if ground.cause is HandOverCause.MATERIALS:
        return _("系统不审看材料，改规则不能减少；请看这些材料能否免交。")
    if ground.cause is HandOverCause.FACT:
        return _("事实不能用时，规则不看任何一行。")
    if not ground.near_number:
        return _("表里没有准予的行。")
    if not ground.lacking:
        return _("没有前面这一行，第 %(n)s 行就会准予。") % {"n": ground.near_number}
    cells = "、".join(f"{one.label}“{inner(one.asked)}”" for one in ground.lacking)
    return _("最接近的是第 %(n)s 行（准予），没有符合的是：%(cells)s") % {
        "n": ground.near_number,
        "cells": cells,
    }


def compared_words(one: ComparedFact) -> str:
    """Return one comparison; the value stands in it only where it is not personal."""
    if not one.row_number:
        return _("“%(label)s”不能用，没有看任何一行") % {"label": one.label}
    given = {"n": one.row_number, "label": one.label, "asked": inner(one.asked), "value": one.value}
    if one.value and one.passed:
        return _("第 %(n)s 行：“%(label)s”为 %(value)s，要求“%(asked)s”，符合") % given
    if one.value:
        return _("第 %(n)s 行：“%(label)s”为 %(value)s，要求“%(asked)s”，不符合") % given
    if one.passed:
        return _("第 %(n)s 行：“%(label)s”要求“%(asked)s”，符合") % given
    return _("第 %(n)s 行：“%(label)s”要求“%(asked)s”，不符合") % given


@dataclass(frozen=True, kw_only=True)
class ShownDifference:
    """A case as the page lists it."""

    row: DifferenceRow
    articles: str
    path: list[str]


def shown_difference(row: DifferenceRow) -> ShownDifference:
    """Return a case in words."""
    return ShownDifference(
        row=row,
        articles=articles_words(row.articles) if row.refused_by else "",
        path=[compared_words(one) for one in row.path],
    )


def difference_lines(replay_id: int, *, by: Actor, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the file of all cases that a replay lists, of both kinds."""
    yield BOM + csv_line(
        [
            _("分歧"),
            _("查询码"),
            _("审批部门"),
            _("决定"),
            _("不予的依据"),
            _("审查意见"),
            _("决定前的经过"),
            _("规则的行"),
            _("规则的理由"),
            _("规则怎样判断"),
        ]
    )
    for kind in DifferenceKind:
        after = 0
        while rows := automatic.differences(replay_id, by=by, kind=kind, limit=PAGE, after=after):
            for row in rows:
                yield csv_line(_cells(row, names))
            after = rows[-1].id


def _cells(row: DifferenceRow, names: Mapping[str, str]) -> list[str]:
    shown = shown_difference(row)
    refused = row.kind is DifferenceKind.GRANT_REFUSE
    return [
        _words(row.kind),
        row.query_code,
        names.get(row.department, row.department),
        _words(row.refused_by) or (_("不予") if refused else _("准予")),
        shown.articles,
        _words(row.proposed),
        "、".join(
            [_words(one) for one in row.weighed]
            + [
                _("%(department)s不同意") % {"department": names.get(code, code)}
                for code in row.disagreed
            ]
        ),
        row.row_id,
        row.reason,
        "；".join(shown.path),
    ]


def _words(term: Term | None) -> str:
    return _(term.label) if term else ""
