"""The decision table of an item: edited in a draft, read by reviewers (自动办理规则)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import drafts
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.policy import editing
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.licences import queries as licences
from yiwang.rules.policy.checking import problems, run_test
from yiwang.rules.policy.parts import ANY, Fact, Row, RuleOutcome, RuleSet, TestRow
from yiwang.rules.policy.plain import rules_to_plain
from yiwang.rules.policy.sources import reading_words
from yiwang.rules.policy.wording import cell_words, fact_words, label_of, row_words, test_words
from yiwang.web.officer.items import showing
from yiwang.web.officer.items.editor import Editing, OneDraft
from yiwang.web.officer.items.pages import OneItem
from yiwang.web.officer.items.rule_forms import FactForm, RowForm, RuleForm, TableForm, TryForm
from yiwang.web.officer.items.words import TOPICS, topic
from yiwang.web.views import found

KINDS: Mapping[str, Any] = {
    "facts": _l("事实"),
    "rows": _l("规则行"),
    "tests": _l("测试行"),
}
"""What a table is made of, by its name in addresses."""

NEW = "new"
NUMBER = re.compile(r"0|[1-9]\d{0,3}", re.ASCII)
WISH = re.compile(r"(facts|rows|tests)\.(\d{1,4}):(up|down)", re.ASCII)

NO_RULES = RuleSet(name="", facts=(), rows=())


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """One row of the table as it is read."""

    row: Row
    cells: Sequence[tuple[str, str, bool]]
    """Words of the fact, words of the cell, whether it asks anything."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class ShownTest:
    """One test row with what came out.

    Attributes:
        by: Which row should decide, as it is numbered; empty: any.
    """

    test: TestRow
    by: str
    passed: bool
    outcome: RuleOutcome
    sentences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ShownRules:
    """A table as it is read: facts, rows, tests with their outcome, and what is wrong."""

    rules: RuleSet
    facts: Sequence[tuple[Fact, str, str]]
    rows: Sequence[ShownRow]
    tests: Sequence[ShownTest]
    problems: Sequence[str]


def shown(rules: RuleSet, version: ItemVersion) -> ShownRules:
    """Return a table in words, with its test rows run and its problems found.

    Args:
        rules: The table.
        version: The item it stands in; its questions say what a source asks for.
    """
    questions = {one.id: one.label for one in version.questions()}
    types = {one.slug: one.name for one in licences.licence_types()}
    tests = [(test, run_test(rules, test)) for test in rules.tests]
    return ShownRules(
        rules=rules,
        facts=[
            (
                fact,
                fact_words(fact, sourced=False),
                reading_words(fact.source, questions=questions, licences=types),
            )
            for fact in rules.facts
        ],
        rows=[
            ShownRow(
                row=row,
                cells=[
                    (label_of(fact), cell_words(fact, cell), cell != ANY)
                    for fact, cell in zip(rules.facts, row.cells, strict=False)
                ],
                sentence=row_words(rules, row),
            )
            for row in rules.rows
        ],
        tests=[
            ShownTest(
                test=test,
                by=row_number(rules, test.row),
                passed=passed,
                outcome=verdict.outcome,
                sentences=verdict.sentences or (verdict.reason,),
            )
            for test, (passed, verdict) in tests
        ],
        problems=[one.sentence for one in problems(rules)],
    )


def row_number(rules: RuleSet, row: str) -> str:
    """Return `第 2 行` for the id of a row; an id that stands nowhere is shown as it is."""
    numbers = {one.id: n for n, one in enumerate(rules.rows, start=1)}
    return _("第 %(n)s 行") % {"n": numbers[row]} if row in numbers else row


class OneTable(Editing):
    """What pages that write a decision table share."""

    @property
    def rules(self) -> RuleSet:
        """The table of the draft; an empty one where it has none."""
        return self.version.auto_rules or NO_RULES

    @property
    def home(self) -> str:
        """The page of the whole table."""
        return reverse("officer:draft_rules", args=[self.draft.line.id])

    def with_rules(self, rules: RuleSet, **fields: Any) -> dict[str, Any]:
        """Return the definition with another table."""
        plain = None if rules == NO_RULES else rules_to_plain(rules)
        return editing.with_fields(self.draft.definition, (), {"auto_rules": plain} | fields)

    def go_on(self) -> HttpResponse:
        """Follow the button that was pressed: a part to open, to add, to remove."""
        wish = self.request.POST.get("go", "")
        removing = wish.startswith("remove:")
        kind, _dot, at = wish.removeprefix("remove:").partition(".")
        if kind in KINDS and (at == NEW or NUMBER.fullmatch(at)):
            name = "officer:remove_rule_part" if removing else "officer:draft_rule_part"
            return redirect(name, number=self.draft.line.id, kind=kind, at=at)
        return redirect(self.home)


class EditRules(OneTable):
    """The table: facts, rows in their order, test rows with their outcome, what is wrong."""

    template_name = "officer/drafts/rules.html"

    def form(self) -> forms.Form:
        """Return the form of the table as a whole."""
        sent = self.request.POST if self.request.method == "POST" else None
        return TableForm(
            revision=self.draft.line.revision,
            data=sent,
            initial={
                "auto_decide": self.version.auto_decide,
                "name": self.rules.name,
                "note": self.rules.note,
            },
        )

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition with what was typed, and a part moved, if any."""
        cleaned = form.cleaned_data
        rules = replace(self.rules, name=cleaned["name"].strip(), note=cleaned["note"].strip())
        if wish := WISH.fullmatch(self.request.POST.get("move", "")):
            kind, index, way = wish.groups()
            rules = moved(rules, kind, int(index), -1 if way == "up" else 1)
        return self.with_rules(rules, auto_decide=cleaned["auto_decide"])

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Stay, follow the pressed button, or go on to the next topic."""
        if "next" in self.request.POST:
            place = TOPICS.index(topic("auto")) + 1
            return redirect(
                "officer:draft_topic", number=self.draft.line.id, topic=TOPICS[place].key
            )
        return self.go_on()

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the table in words and the failing checks of the topic."""
        faults = showing.faults(
            self.version, drafts.problems(self.version), draft=self.draft.line.id
        )
        counts = {group.topic.key: len(group.rows) for group in faults}
        own = topic("auto")
        return super().context(
            shown=shown(self.rules, self.version),
            topic=own,
            topics=[(one, counts.get(one.key, 0)) for one in TOPICS],
            faults=[one for one in faults if one.topic is own],
            back=reverse("officer:draft", args=[self.draft.line.id]),
            **given,
        )


def with_parts(rules: RuleSet, kind: str, parts: Sequence[Any]) -> RuleSet:
    """Return the table with other facts, rows or test rows."""
    changes: Any = {kind: tuple(parts)}
    return replace(rules, **changes)


def moved(rules: RuleSet, kind: str, index: int, steps: int) -> RuleSet:
    """Return the table with a part moved; at either end it stays.

    Raises:
        LookupError: there is no such part.
    """
    parts: list[Any] = list(getattr(rules, kind))
    if index >= len(parts):
        raise LookupError(f"no {kind} {index}")
    target = min(max(index + steps, 0), len(parts) - 1)
    order = list(range(len(parts)))
    order.insert(target, order.pop(index))
    changed = with_parts(rules, kind, [parts[one] for one in order])
    if kind == "facts":
        rows = tuple(
            replace(row, cells=tuple(row.cells[one] for one in order)) for row in rules.rows
        )
        changed = replace(changed, rows=rows)
    return changed


class EditPart(OneTable):
    """One fact, one row or one test row."""

    template_name = "officer/drafts/rule_part.html"

    @property
    def kind(self) -> str:
        """facts, rows or tests."""
        kind: str = self.kwargs["kind"]
        if kind not in KINDS:
            raise Http404(kind)
        return kind

    @cached_property
    def index(self) -> int | None:
        """Number of the part; None: a new one."""
        at = self.kwargs["at"]
        if at == NEW:
            return None
        if not NUMBER.fullmatch(at) or int(at) >= len(getattr(self.rules, self.kind)):
            raise Http404(at)
        return int(at)

    @property
    def part(self) -> Any:
        """The part as it is kept; None: a new one."""
        return None if self.index is None else getattr(self.rules, self.kind)[self.index]

    def form(self) -> forms.Form:
        """Return the form of the part."""
        sent = self.request.POST if self.request.method == "POST" else None
        revision = self.draft.line.revision
        if self.kind == "facts":
            types = [(one.slug, one.name) for one in licences.licence_types()]
            return FactForm(
                self.part, version=self.version, types=types, revision=revision, data=sent
            )
        if self.kind == "rows":
            return RowForm(self.part, rules=self.rules, revision=revision, data=sent)
        return TryForm(self.part, rules=self.rules, revision=revision, data=sent)

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition with the part as typed."""
        if isinstance(form, FactForm):
            return self.with_rules(with_fact(self.rules, self.index, form.fact()))
        made = form.row() if isinstance(form, RowForm) else form.test()
        parts: list[Any] = list(getattr(self.rules, self.kind))
        if self.index is None:
            parts.append(made)
        else:
            parts[self.index] = made
        return self.with_rules(with_parts(self.rules, self.kind, parts))

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Go back to the table, or on to the next new part."""
        if "more" in self.request.POST:
            return redirect(
                "officer:draft_rule_part", number=self.draft.line.id, kind=self.kind, at=NEW
            )
        return redirect(f"{self.home}#{self.kind}")

    def name(self) -> str:
        """Return what the part is called."""
        part = self.part
        if isinstance(part, Fact):
            return part.label or part.name
        if isinstance(part, Row):
            return _("第 %(n)s 行（%(id)s）") % {"n": (self.index or 0) + 1, "id": part.id}
        return test_words(replace(part, row="")) if part else ""

    def context(self, **given: Any) -> dict[str, Any]:
        """Add what the part is, what came out of a test, and the way back."""
        noun = KINDS[self.kind]
        existing = self.index is not None
        part = self.part
        tried = None
        if isinstance(part, TestRow):
            tried = shown(replace(self.rules, tests=(part,)), self.version).tests[0]
        number = self.draft.line.id
        return super().context(
            title=noun if existing else _("新增%(noun)s") % {"noun": noun},
            row_name=self.name(),
            existing=existing,
            sentence=row_words(self.rules, part) if isinstance(part, Row) else "",
            tried=tried,
            missing=self.kind != "facts" and not self.rules.facts,
            back=f"{self.home}#{self.kind}",
            remove=reverse("officer:remove_rule_part", args=[number, self.kind, self.kwargs["at"]])
            if existing
            else "",
            **given,
        )


def with_fact(rules: RuleSet, index: int | None, fact: Fact) -> RuleSet:
    """Return the table with a fact added or replaced; test rows follow a change of its name.

    Cells of another kind of fact ask nothing any more, so that nothing is compared with what it
    is not.
    """
    if index is None:
        return replace(
            rules,
            facts=(*rules.facts, fact),
            rows=tuple(replace(row, cells=(*row.cells, ANY)) for row in rules.rows),
        )
    before = rules.facts[index]
    facts = (*rules.facts[:index], fact, *rules.facts[index + 1 :])
    rows = rules.rows
    if fact.compared_as is not before.compared_as:
        rows = tuple(
            replace(row, cells=(*row.cells[:index], ANY, *row.cells[index + 1 :])) for row in rows
        )
    tests = tuple(
        replace(
            test,
            given=tuple(
                replace(one, fact=fact.name) if one.fact == before.name else one
                for one in test.given
            ),
        )
        for test in rules.tests
    )
    return replace(rules, facts=facts, rows=rows, tests=tests)


def without(rules: RuleSet, kind: str, index: int) -> RuleSet:
    """Return the table without a part; a fact takes its cells and its values in tests along."""
    parts: list[Any] = list(getattr(rules, kind))
    gone = parts.pop(index)
    changed = with_parts(rules, kind, parts)
    if kind != "facts":
        return changed
    return replace(
        changed,
        rows=tuple(
            replace(row, cells=(*row.cells[:index], *row.cells[index + 1 :])) for row in rules.rows
        ),
        tests=tuple(
            replace(test, given=tuple(one for one in test.given if one.fact != gone.name))
            for test in rules.tests
        ),
    )


class RemovePart(EditPart):
    """Second step of removing a part: names it and what goes with it (UX-18)."""

    template_name = "officer/drafts/remove.html"

    def form(self) -> forms.Form:
        """Return the form that hands back the revision."""
        sent = self.request.POST if self.request.method == "POST" else None
        return RuleForm(revision=self.draft.line.revision, data=sent)

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition without the part."""
        if self.index is None:
            raise LookupError("a part that is not there yet")
        return self.with_rules(without(self.rules, self.kind, self.index))

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Go back to the table."""
        return redirect(f"{self.home}#{self.kind}")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what would go; a part that is not there yet cannot."""
        if self.index is None:
            return redirect(self.home)
        return super().get(request, *args, **kwargs)


def _reading(version: ItemVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "auto_decide": version.auto_decide,
        "shown": shown(version.auto_rules, version) if version.auto_rules else None,
    }


class ReadRules(OneDraft):
    """The table of a draft for those who review it."""

    template_name = "officer/items/rules.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        line = self.draft.line
        words = _("草稿（第 %(n)s 次修订）") % {"n": line.revision}
        back = reverse("officer:draft", args=[line.id])
        assess = reverse("officer:item_assessments", args=[line.slug]) + f"?draft={line.id}"
        return self.render(
            _reading(self.version) | {"which": words, "back": back, "assess": assess}
        )


class VersionRules(OneItem):
    """The table of one version, past, in force or coming."""

    template_name = "officer/items/rules.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        slug, number = self.kwargs["slug"], self.kwargs["version"]
        version = found(lambda: catalogue.item_version(slug, number))
        words = _("第 %(n)s 版") % {"n": number}
        back = reverse("officer:item", args=[slug])
        assess = reverse("officer:item_assessments", args=[slug])
        return self.render(_reading(version) | {"which": words, "back": back, "assess": assess})
