"""How places, values, rows and differences of an item are put into words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from yiwang.catalogue.policy.comparing import Difference, Kind, Piece, compare, pieces
from yiwang.catalogue.policy.items import (
    FlowStep,
    Given,
    HandlingItem,
    ItemVersion,
    Question,
    When,
)
from yiwang.catalogue.policy.parsing import Problem
from yiwang.catalogue.policy.shapes import FieldShape, Shape, shape_of, shapes
from yiwang.kernel.terms import Term
from yiwang.rules.policy.comparing import rule_differences
from yiwang.rules.policy.parts import RuleSet
from yiwang.rules.policy.wording import fact_words, row_words, test_words
from yiwang.web.citizen.guides import workdays
from yiwang.web.officer.items.words import ROW_WORDS, TOPIC_OF, Topic, words_of

STEP = re.compile(r"([a-z_]+)|\[([^\]]*)\]")
RULE_PART = re.compile(r"auto_rules\.(facts|rows|tests)\[(\d+)\]")
CUT = 60
"""Characters of a row's name in a list."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A failing check with its words and the page on which it is put right."""

    where: str
    message: str
    remedy: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The failing checks of one topic."""

    topic: Topic
    rows: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference as it is read: where, what happened, both sides with their marks."""

    where: str
    kind: Kind
    old: Sequence[Piece]
    new: Sequence[Piece]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a list of the editor.

    Attributes:
        at: Its place.
        notes: Further words, such as how many rows it holds itself.
    """

    at: str
    name: str
    notes: str
    first: bool
    last: bool


@dataclass(frozen=True, kw_only=True)
class RowList:
    """One list of rows of the editor."""

    id: str
    label: object
    hint: object
    noun: object
    new: str
    rows: tuple[Row, ...]


def faults(version: ItemVersion, problems: Sequence[Problem], *, draft: int) -> list[Faults]:
    """Return failing checks by topic, in the order of the editor."""
    found: dict[str, list[Fault]] = {}
    topics: dict[str, Topic] = {}
    for problem in problems:
        where, href, topic = locate(version, problem.place, draft=draft)
        topics[topic.key] = topic
        found.setdefault(topic.key, []).append(
            Fault(where=where, message=problem.message, remedy=problem.remedy, href=href)
        )
    ordered = [topic for topic in dict.fromkeys(TOPIC_OF.values()) if topic.key in found]
    return [Faults(topic=topic, rows=tuple(found[topic.key])) for topic in ordered]


def locate(version: ItemVersion, place: str, *, draft: int) -> tuple[str, str, Topic]:
    """Return the words of a place that a check named, the page that edits it, and its topic."""
    if place.startswith("auto_rules"):
        return _locate_rule(place, draft=draft)
    words: list[str] = []
    path: list[str] = []
    row: list[str] = []
    anchor = ""
    value: Any = version
    shape: FieldShape | None = None
    for name, inside in STEP.findall(place.replace(" ", "")):
        owner: type = type(value)
        if name:
            if not dataclasses.is_dataclass(value) or isinstance(value, RuleSet):
                break
            if name not in {one.name for one in shapes(owner)}:
                break
            shape = shape_of(owner, name)
            value = getattr(value, name)
            words.append(str(words_of(shape).label))
            path.append(name)
            anchor = f"rows-{name}" if shape.shape is Shape.ROWS else f"f_{'-'.join(path)}"
        elif isinstance(value, tuple) and shape is not None and shape.shape is Shape.ROWS:
            index = _index(value, inside)
            if index is None:
                break
            value = value[index]
            words.append(row_name(value))
            row += [*path, str(index)]
            path = []
            anchor = ""
        else:
            break
    first = place.partition(".")[0].partition("[")[0]
    if english := re.fullmatch(r"english\.texts\[(.+)\]", place):
        anchor = f"f_en-{english[1]}"
    topic = TOPIC_OF.get(first, TOPIC_OF["name"])
    if row and first != "english":
        href = reverse("officer:draft_row", args=[draft, ".".join(row)])
    else:
        href = reverse("officer:draft_topic", args=[draft, topic.key])
    return " › ".join(words) or str(topic.title), href + (f"#{anchor}" if anchor else ""), topic


def _locate_rule(place: str, *, draft: int) -> tuple[str, str, Topic]:
    """Locate a place of the decision table: the part, or the whole table."""
    own = TOPIC_OF["auto_rules"]
    words = str(words_of(shape_of(ItemVersion, "auto_rules")).label)
    found = RULE_PART.match(place)
    if found is None:
        return words, reverse("officer:draft_topic", args=[draft, own.key]), own
    kind, index = found.groups()
    nouns = {
        "facts": _("第 %(n)s 个事实"),
        "rows": _("第 %(n)s 行"),
        "tests": _("第 %(n)s 个测试行"),
    }
    href = reverse("officer:draft_rule_part", args=[draft, kind, index])
    return f"{words} › {nouns[kind] % {'n': int(index) + 1}}", href, own


def _index(rows: tuple[Any, ...], inside: str) -> int | None:
    if inside.isdecimal() and int(inside) < len(rows):
        return int(inside)
    for index, row in enumerate(rows):
        if inside and inside in {getattr(row, "id", None), getattr(row, "at", None)}:
            return index
    return None


def row_name(row: Any, version: ItemVersion | None = None) -> str:
    """Return what a row is called in a list; conditions in the words of `version`'s questions."""
    if isinstance(row, str):
        text = row
    elif isinstance(row, When | Given):
        known = {one.id: one for one in version.questions()} if version else {}
        question = known.get(row.question)
        op = f" {_(row.op.label)} " if isinstance(row, When) else _("：")
        named = question.label if question else row.question
        text = f"{named}{op}{_answer_words(row.value, question)}"
    else:
        text = next(
            (
                str(value)
                for name in ("name", "title", "label", "law", "question", "at", "text")
                if (value := getattr(row, name, ""))
            ),
            _("（未命名）"),
        )
        if article := getattr(row, "article", ""):
            text = f"{text} {article}"
    return text if len(text) <= CUT else f"{text[:CUT]}…"


def _answer_words(value: Any, question: Question | None) -> str:
    labels = {option.value: option.label for option in question.options} if question else {}
    if isinstance(value, tuple):
        return "、".join(labels.get(str(one), str(one)) for one in value)
    return labels.get(str(value), "") or value_words(value)


def row_notes(row: Any) -> str:
    """Return what else a list says of a row."""
    if isinstance(row, Question):
        notes = [row.id, str(_(row.kind.label))]
        if row.prefill:
            notes.append(_("预填"))
        if row.when:
            notes.append(_("有条件"))
        return " · ".join(notes)
    if isinstance(row, FlowStep):
        return f"{_(row.role.label)} · {workdays(row.workdays)}"
    if isinstance(row, HandlingItem):
        return f"{_(row.kind.label)} · {row.code}"
    parts = [
        str(_(value.label))
        for name in ("necessity", "source", "waive_by")
        if isinstance(value := getattr(row, name, None), Term)
    ]
    for name in ("questions", "answers"):
        if inner := getattr(row, name, None):
            parts.append(_("%(n)s 行") % {"n": len(inner)})
    value = getattr(row, "value", None)
    if isinstance(value, str) and hasattr(row, "label"):
        parts.append(value)
    return " · ".join(parts)


def row_lists(
    value: Any, listed: Sequence[FieldShape], *, version: ItemVersion, prefix: str = ""
) -> list[RowList]:
    """Return the lists of rows that stand on the page of `value`, a part of `version`."""
    lists = []
    for shape in listed:
        assert shape.of is not None
        words = words_of(shape)
        held = getattr(value, shape.name)
        place = f"{prefix}{shape.name}"
        lists.append(
            RowList(
                id=shape.name,
                label=words.label,
                hint=words.hint,
                noun=ROW_WORDS[shape.of.__name__],
                new=f"{place}.new",
                rows=tuple(
                    Row(
                        at=f"{place}.{index}",
                        name=row_name(row, version),
                        notes=row_notes(row),
                        first=index == 0,
                        last=index == len(held) - 1,
                    )
                    for index, row in enumerate(held)
                ),
            )
        )
    return lists


def changes(old: ItemVersion, new: ItemVersion, *, names: Mapping[str, str]) -> list[Change]:
    """Return what differs between two versions, in words.

    Args:
        old: The earlier version.
        new: The later one.
        names: Code of a department -> its name.
    """
    found = []
    for one in compare(old, new):
        if isinstance(one.old, RuleSet) and isinstance(one.new, RuleSet):
            found += _rule_changes(one)
        else:
            found.append(_change(one, new, names))
    return found


def _rule_changes(one: Difference) -> list[Change]:
    """Return what changed in a decision table, a sentence for each change."""
    where = str(words_of(one.place[-1][0]).label)
    return [
        Change(where=where, kind=one.kind, old=(), new=(Piece(text=sentence, marked=False),))
        for sentence in rule_differences(one.old, one.new)
    ]


def _change(one: Difference, version: ItemVersion, names: Mapping[str, str]) -> Change:
    where = []
    for shape, row in one.place:
        where.append(str(words_of(shape).label))
        if row is not None and not isinstance(row, str):
            where.append(row_name(row, version))
    if one.kind is Kind.MOVED:
        old, new = (_("第 %(n)s 位") % {"n": n} for n in (one.old, one.new))
        return _side_by_side(" › ".join(where), one.kind, old, new, whole=True)
    shape = one.place[-1][0]
    old, new = (_words(shape, value, names) for value in (one.old, one.new))
    return _side_by_side(" › ".join(where), one.kind, old, new, whole=False)


def _side_by_side(where: str, kind: Kind, old: str, new: str, *, whole: bool) -> Change:
    if whole or not old or not new:
        left = (Piece(text=old, marked=True),) if old else ()
        right = (Piece(text=new, marked=True),) if new else ()
        return Change(where=where, kind=kind, old=left, new=right)
    before, after = pieces(old, new)
    return Change(where=where, kind=kind, old=before, new=after)


def _words(shape: FieldShape, value: Any, names: Mapping[str, str]) -> str:
    if words_of(shape).choices == "departments":
        held = value if isinstance(value, tuple) else (value,)
        return "、".join(names.get(one, one) for one in held if one)
    return value_words(value)


def value_words(value: Any) -> str:
    """Return a value as a person reads it; nothing for what is missing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Term):
        return str(_(value.label))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "、".join(value_words(one) for one in value)
    if isinstance(value, RuleSet):
        return "\n".join(rule_lines(value))
    if dataclasses.is_dataclass(value):
        return "\n".join(_lines(value))
    return str(value)


def _lines(value: Any) -> list[str]:
    owner: type = type(value)
    lines = []
    for shape in shapes(owner):
        held = getattr(value, shape.name)
        if held in (None, "", ()) or held == shape.default:
            continue
        if shape.shape is Shape.ROWS:
            text = "、".join(row_name(row) for row in held)
        else:
            text = value_words(held)
        lines.append(f"{words_of(shape).label}{_('：')}{text}")
    return lines


def rule_lines(rules: RuleSet) -> list[str]:
    """Return a decision table line by line, for reading two of them side by side."""
    facts = [f"{_('事实')}{_('：')}{fact_words(fact)}" for fact in rules.facts]
    rows = [f"{row.id}{_('：')}{row_words(rules, row)}" for row in rules.rows]
    tests = [f"{_('测试行')}{_('：')}{test_words(test)}" for test in rules.tests]
    head = [text for text in (rules.name, rules.note) if text]
    return [*head, *facts, *rows, *tests]
