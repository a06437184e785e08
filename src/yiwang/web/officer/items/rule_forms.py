"""Forms of a decision table: the table itself, one fact, one row, one test row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue.policy.automatic import QUESTION_KINDS
from yiwang.catalogue.policy.checks import MARKUP
from yiwang.catalogue.policy.items import ItemVersion, QuestionKind
from yiwang.rules.policy.parts import (
    MOST_TEXT,
    MOST_WORDS,
    OPS,
    SEVERAL,
    WITHOUT_VALUE,
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
)
from yiwang.rules.policy.plain import REMEDIES, typed
from yiwang.rules.policy.sources import (
    CASE_FIELDS,
    CHECK_FIELDS,
    CHECK_NAMES,
    LICENCES,
    SourceKind,
    reading_words,
)
from yiwang.rules.policy.wording import label_of
from yiwang.web.officer.items.forms import REVISION_MAX, Choices, PartForm
from yiwang.web.officer.items.words import REGISTERED

SEPARATORS = re.compile(r"[、，,;；\n]+")
"""Between several values of one cell."""

OP = "op-"
VALUE = "value-"
GIVEN = "given-"
"""Begin the names of the fields of a cell and of a test row, before the name of the fact."""

YES, NO = "yes", "no"


def _plain(value: str) -> None:
    if found := MARKUP.search(value):
        raise ValidationError(
            _("“%(code)s”像是网页代码，请只写文字，去掉尖括号里的标签。")
            % {"code": found.group()[:40]}
        )


def _text(label: Any, hint: Any = "", *, most: int = MOST_WORDS, long: bool = False) -> forms.Field:
    field = forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput,
        validators=[_plain],
        error_messages={
            "max_length": _l("文字太长，最多 %(limit_value)d 个字，请缩短。"),
            "null_characters_not_allowed": _l("含有看不见的控制字符，请删去。"),
        },
    )
    field.unmarked = True  # type: ignore[attr-defined]
    field.widget.attrs["autocomplete"] = "off"
    return field


def _choice(
    label: Any, choices: Choices, hint: Any = "", *, radios: bool = False, needed: bool = False
) -> forms.ChoiceField:
    message = _("“%(label)s”请从所列选项中选择。") % {"label": label}
    field = forms.ChoiceField(
        label=label,
        help_text=hint,
        required=needed,
        choices=list(choices),
        widget=forms.RadioSelect if radios else forms.Select,
        error_messages={"invalid_choice": message, "required": message},
    )
    field.unmarked = True  # type: ignore[attr-defined]
    return field


def _number(label: Any) -> forms.FloatField:
    field = forms.FloatField(
        label=label,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": _("“%(label)s”应为数字。") % {"label": label}},
    )
    field.unmarked = True  # type: ignore[attr-defined]
    return field


def _box(label: Any, hint: Any = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, help_text=hint, required=False)


def _members(terms: Any) -> list[tuple[str, str]]:
    return [(one.value, _(one.label)) for one in terms]


class RuleForm(forms.Form):
    """What all these forms share: they hand back the revision that the page showed."""

    use_required_attribute = False
    revision = PartForm.base_fields["revision"]

    def __init__(self, *, revision: int, data: Any = None, initial: Any = None) -> None:
        shown = {"revision": min(revision, REVISION_MAX)} | (initial or {})
        super().__init__(data=data, initial=shown, auto_id="f_%s")


class TableForm(RuleForm):
    """The table as a whole."""

    auto_decide = _box(
        _l("无人干预自动办理"),
        _l("勾选并发布后，符合规则的申请由系统当场准予；系统从不作不予的决定。"),
    )
    name = _text(_l("规则名称"), _l("如 老年人优待证补发。"))
    note = _text(_l("说明"), _l("依据什么、从何时起使用；公开给申请人看。"), long=True)


class FactForm(RuleForm):
    """One fact."""

    def __init__(
        self, fact: Fact | None, *, version: ItemVersion, types: Choices, revision: int, data: Any
    ) -> None:
        held = fact or Fact(name="", label="", kind=FactKind.NUMBER, source="")
        initial = {
            "name": held.name,
            "label": held.label,
            "kind": held.kind.value,
            "source": held.source,
            "options": "\n".join(f"{one.value} = {one.label}" for one in held.options),
            "unit": held.unit,
            "minimum": held.minimum,
            "maximum": held.maximum,
            "whole": held.whole,
            "measure": held.measure.value,
            "future": held.future,
            "optional": held.optional,
        }
        super().__init__(revision=revision, data=data, initial=initial)
        self.version = version
        self.fields |= {
            "label": _text(_l("名称"), _l("申请人看得懂的说法，如 年龄。"), most=60),
            "name": _text(_l("标识"), _l("小写英文字母、数字和下划线，不重复，如 age。"), most=60),
            "source": _choice(
                _l("从哪里来"),
                _sources(version, types, held.source),
                _l("规则只能看这里列出的来源。"),
            ),
            "kind": _choice(_l("类型"), _members(FactKind), radios=True, needed=True),
            "options": _text(
                _l("选项"),
                _l("类型为选项的才填，每行一个：值 = 显示的文字；来源是单选题的，留空就照题目。"),
                most=5_000,
                long=True,
            ),
            "unit": _text(_l("单位"), _l("数字才有，如 岁。"), most=20),
            "minimum": _number(_l("可能的最小值")),
            "maximum": _number(_l("可能的最大值")),
            "whole": _box(_l("只收整数")),
            "measure": _choice(_l("日期怎样比较"), _members(Measure), radios=True, needed=True),
            "future": _box(_l("日期可以晚于申请日")),
            "optional": _box(
                _l("可以没有值"),
                _l("不勾选的，没有查到这个事实就转人工；勾选的，准予的行要写明“没有值”才算数。"),
            ),
        }

    def clean_options(self) -> tuple[FactOption, ...]:
        """Read the options, one per line."""
        found = []
        for line in str(self.cleaned_data["options"]).splitlines():
            if not line.strip():
                continue
            value, sign, label = line.partition("=")
            if not sign or not value.strip() or not label.strip():
                raise ValidationError(
                    _("“%(line)s”请写成“值 = 显示的文字”。") % {"line": line.strip()[:60]}
                )
            found.append(FactOption(value=value.strip(), label=label.strip()))
        return tuple(found)

    def fact(self) -> Fact:
        """Return the fact as typed; a choice without options takes those of its question."""
        cleaned = self.cleaned_data
        kind = FactKind(cleaned["kind"])
        options = cleaned["options"]
        if kind is FactKind.CHOICE and not options:
            asked = {f"answer:{one.id}": one for one in self.version.questions()}
            question = asked.get(cleaned["source"])
            options = tuple(
                FactOption(value=one.value, label=one.label)
                for one in (question.options if question else ())
            )
        return Fact(
            name=cleaned["name"].strip(),
            label=cleaned["label"].strip(),
            kind=kind,
            source=cleaned["source"],
            options=options,
            unit=cleaned["unit"].strip(),
            minimum=cleaned["minimum"],
            maximum=cleaned["maximum"],
            whole=cleaned["whole"],
            measure=Measure(cleaned["measure"]),
            future=cleaned["future"],
            optional=cleaned["optional"],
        )


def _sources(version: ItemVersion, types: Choices, held: str) -> list[tuple[str, Any]]:
    answers = [
        (f"{SourceKind.ANSWER.value}:{one.id}", one.label)
        for one in version.questions()
        if one.kind in QUESTION_KINDS and one.kind is not QuestionKind.LONG_TEXT
    ]
    groups: list[tuple[str, Any]] = [
        ("", _("请选择")),
        (_(SourceKind.ANSWER.label), answers),
        (
            _(SourceKind.REGISTER.label),
            [(f"{SourceKind.REGISTER.value}:{one}", words) for one, words in REGISTERED.items()],
        ),
    ]
    for check, fields in CHECK_FIELDS.items():
        groups.append(
            (
                _(CHECK_NAMES[check]),
                [
                    (f"{SourceKind.CHECK.value}:{check}.{one}", _(words))
                    for one, (words, _kind) in fields.items()
                ],
            )
        )
    groups.append(
        (
            _(CHECK_NAMES[LICENCES]),
            [
                (
                    f"{SourceKind.CHECK.value}:{LICENCES}.{slug}",
                    _("持有有效的%(name)s") % {"name": name},
                )
                for slug, name in types
            ],
        )
    )
    groups.append(
        (
            _(SourceKind.CASE.label),
            [
                (f"{SourceKind.CASE.value}:{one}", _(words))
                for one, (words, _kind) in CASE_FIELDS.items()
            ],
        )
    )
    known = {value for _label, group in groups if isinstance(group, list) for value, _w in group}
    if held and held not in known:
        gone = reading_words(held, questions={})
        groups.append((held, _("%(source)s（已经没有）") % {"source": gone}))
    return [one for one in groups if one[1]]


class RowForm(RuleForm):
    """One row: an operator and values for each fact, the outcome and its reason.

    A row is for a person until somebody chooses otherwise.
    """

    def __init__(self, row: Row | None, *, rules: RuleSet, revision: int, data: Any) -> None:
        held = row or Row(
            id=_free_id(rules),
            cells=tuple(Cell() for _fact in rules.facts),
            outcome=RuleOutcome.HAND_OVER,
            reason="",
        )
        self.rules = rules
        initial: dict[str, Any] = {
            "id": held.id,
            "outcome": held.outcome.value,
            "reason": held.reason,
        }
        for fact, cell in zip(rules.facts, held.cells, strict=False):
            initial |= _cell_initial(fact, cell)
        super().__init__(revision=revision, data=data, initial=initial)
        for fact in rules.facts:
            self.fields |= _cell_fields(fact)
        self.fields |= {
            "outcome": _choice(
                _l("结果"),
                _members(RuleOutcome),
                _l("没有“不予”：系统认为不该准予的，一律交给工作人员。"),
                radios=True,
                needed=True,
            ),
            "reason": _text(_l("理由"), _l("准予的依据，或者为什么要人工办理；公开给申请人看。")),
            "id": _text(_l("行号"), _l("小写英文字母和数字，不重复，如 r1。"), most=60),
        }

    def clean(self) -> dict[str, Any]:
        """Read the values of each cell by the kind of its fact."""
        cleaned = super().clean() or {}
        for fact in self.rules.facts:
            try:
                cleaned[f"cell-{fact.name}"] = _cell(fact, cleaned)
            except ValidationError as error:
                place = f"{VALUE}{fact.name}"
                self.add_error(place if place in self.fields else f"{OP}{fact.name}", error)
        return cleaned

    def row(self) -> Row:
        """Return the row as typed."""
        cleaned = self.cleaned_data
        return Row(
            id=cleaned["id"].strip(),
            cells=tuple(cleaned[f"cell-{fact.name}"] for fact in self.rules.facts),
            outcome=RuleOutcome(cleaned["outcome"]),
            reason=cleaned["reason"].strip(),
        )


def _free_id(rules: RuleSet) -> str:
    taken = {row.id for row in rules.rows}
    return next(f"r{n}" for n in range(1, len(taken) + 2) if f"r{n}" not in taken)


def _ops(fact: Fact) -> list[tuple[str, str]]:
    offered = OPS[fact.compared_as]
    if not fact.optional:
        offered = offered - {CellOp.KNOWN, CellOp.UNKNOWN}
    if fact.kind is FactKind.YES_NO:
        words = [("any", _(CellOp.ANY.label)), (YES, _("为是")), (NO, _("为否"))]
        left = offered - {CellOp.ANY, CellOp.EQ}
        return words + [(one.value, _(one.label)) for one in CellOp if one in left]
    return [(one.value, _(one.label)) for one in CellOp if one in offered]


def _cell_fields(fact: Fact) -> dict[str, forms.Field]:
    label = label_of(fact)
    fields: dict[str, forms.Field] = {
        f"{OP}{fact.name}": _choice(
            _("“%(label)s”怎样比较") % {"label": label}, _ops(fact), needed=True
        )
    }
    if fact.kind is FactKind.CHOICE:
        several = forms.MultipleChoiceField(
            label=_("“%(label)s”的选项") % {"label": label},
            required=False,
            choices=[(one.value, one.label) for one in fact.options],
            widget=forms.CheckboxSelectMultiple,
            help_text=_("不限的不用勾选。"),
            error_messages={
                "invalid_choice": _("“%(label)s”请从所列选项中选择。") % {"label": label}
            },
        )
        several.unmarked = True  # type: ignore[attr-defined]
        fields[f"{VALUE}{fact.name}"] = several
    elif fact.kind is not FactKind.YES_NO:
        unit = f"（{fact.unit}）" if fact.unit else ""
        hint = {
            FactKind.NUMBER: _("填数字；“介于”填两个，“属于”可填几个，用顿号分开；不限的留空。"),
            FactKind.DATE: _("如 2026-01-31；“介于”填两个，用顿号分开；不限的留空。"),
        }.get(fact.compared_as, _("“属于”“开头是”可填几个，用顿号分开；不限的留空。"))
        fields[f"{VALUE}{fact.name}"] = _text(
            _("“%(label)s”的值%(unit)s") % {"label": label, "unit": unit}, hint, most=2_000
        )
    return fields


def _cell_initial(fact: Fact, cell: Cell) -> dict[str, Any]:
    op, value = f"{OP}{fact.name}", f"{VALUE}{fact.name}"
    if fact.kind is FactKind.YES_NO:
        answered = cell.op is CellOp.EQ and bool(cell.values)
        return {op: (YES if cell.values[0] else NO) if answered else cell.op.value}
    if fact.kind is FactKind.CHOICE:
        return {op: cell.op.value, value: [str(one) for one in cell.values]}
    words = [one.isoformat() if isinstance(one, date) else str(one) for one in cell.values]
    return {op: cell.op.value, value: "、".join(words)}


def _cell(fact: Fact, cleaned: Mapping[str, Any]) -> Cell:
    chosen = cleaned.get(f"{OP}{fact.name}", CellOp.ANY.value)
    if chosen in {YES, NO}:
        return Cell(op=CellOp.EQ, values=(chosen == YES,))
    op = CellOp(chosen)
    given = cleaned.get(f"{VALUE}{fact.name}") or ""
    if op in WITHOUT_VALUE:
        if given:
            raise ValidationError(
                _("“%(label)s”选了“%(op)s”，请清空值，或者换一种比较。")
                % {"label": label_of(fact), "op": _(op.label)}
            )
        return Cell(op=op)
    typed_in = given if isinstance(given, list) else _split(given, op)
    values = []
    for one in typed_in:
        value = typed(one, fact.compared_as)
        if value is None:
            raise ValidationError(
                _("“%(value)s”不是“%(label)s”的值。") % {"value": one[:60], "label": label_of(fact)}
                + _(REMEDIES[fact.compared_as])
            )
        values.append(value)
    if not values:
        raise ValidationError(
            _("“%(label)s”请填写要比较的值，或者选“不限”。") % {"label": label_of(fact)}
        )
    if op is CellOp.BETWEEN and (len(values) != 2 or values[0] > values[1]):
        raise ValidationError(
            _("“%(label)s”选了“%(op)s”，请填两个值，先小后大，用顿号分开。")
            % {"label": label_of(fact), "op": _(op.label)}
        )
    if op not in SEVERAL and len(values) > 1:
        if op is not CellOp.EQ and op is not CellOp.NE:
            raise ValidationError(
                _("“%(label)s”选了“%(op)s”，只能填一个值。")
                % {"label": label_of(fact), "op": _(op.label)}
            )
        op = CellOp.IN if op is CellOp.EQ else CellOp.NOT_IN
    return Cell(op=op, values=tuple(values))


def _split(text: str, op: CellOp) -> Sequence[str]:
    if op in SEVERAL:
        return [one.strip() for one in SEPARATORS.split(text) if one.strip()]
    return [text.strip()] if text.strip() else []


class TryForm(RuleForm):
    """One test row: values of the facts and what must come out."""

    def __init__(self, test: TestRow | None, *, rules: RuleSet, revision: int, data: Any) -> None:
        held = test or TestRow(name="", given=(), expect=RuleOutcome.GRANT)
        self.rules = rules
        self.held = {one.fact: one.value for one in held.given}
        initial: dict[str, Any] = {
            "name": held.name,
            "on": held.on,
            "expect": held.expect.value,
            "row": held.row,
        }
        for fact in rules.facts:
            initial[f"{GIVEN}{fact.name}"] = _given_shown(self.held.get(fact.name))
        super().__init__(revision=revision, data=data, initial=initial)
        self.fields["name"] = _text(_l("名称"), _l("这是怎样的人，如 刚满六十岁。"), most=100)
        for fact in rules.facts:
            self.fields[f"{GIVEN}{fact.name}"] = _given_field(fact)
        if any(fact.kind is FactKind.DATE for fact in rules.facts):
            self.fields["on"] = _day(_l("申请日"))
        self.fields |= {
            "expect": _choice(_l("应当的结果"), _members(RuleOutcome), radios=True, needed=True),
            "row": _choice(
                _l("应当由哪一行决定"),
                [
                    ("", _("任何一行")),
                    *(
                        (one.id, _("第 %(n)s 行（%(id)s）") % {"n": n, "id": one.id})
                        for n, one in enumerate(rules.rows, start=1)
                    ),
                    *([(held.row, held.row)] if held.row not in _ids(rules) else []),
                ],
            ),
        }

    def test(self) -> TestRow:
        """Return the test row as typed."""
        cleaned = self.cleaned_data
        return TestRow(
            name=cleaned["name"].strip(),
            on=cleaned.get("on"),
            given=tuple(
                Given(fact=fact.name, value=value)
                for fact in self.rules.facts
                if (value := _given(fact, cleaned.get(f"{GIVEN}{fact.name}"))) is not None
            ),
            expect=RuleOutcome(cleaned["expect"]),
            row=cleaned["row"],
        )


def _ids(rules: RuleSet) -> set[str]:
    return {"", *(row.id for row in rules.rows)}


def _given_field(fact: Fact) -> forms.Field:
    if fact.kind is FactKind.YES_NO:
        return _choice(fact.label, [("", _("没有值")), (YES, _("是")), (NO, _("否"))])
    if fact.kind is FactKind.CHOICE:
        options = [(one.value, one.label) for one in fact.options]
        return _choice(fact.label, [("", _("没有值")), *options])
    if fact.kind is FactKind.DATE:
        return _day(fact.label)
    field = _text(fact.label, _("留空表示没有查到。"), most=MOST_TEXT)
    field.unit = fact.unit  # type: ignore[attr-defined]
    return field


def _day(label: Any) -> forms.DateField:
    field = forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("“%(label)s”应为日期，如 2026-03-06。") % {"label": label}},
    )
    field.unmarked = True  # type: ignore[attr-defined]
    return field


def _given_shown(value: Any) -> Any:
    if isinstance(value, bool):
        return YES if value else NO
    return "" if value is None else value


def _given(fact: Fact, value: Any) -> Any:
    if value in (None, ""):
        return None
    if fact.kind is FactKind.YES_NO:
        return value == YES
    if fact.kind is FactKind.NUMBER:
        number = typed(value.strip(), FactKind.NUMBER)
        return value.strip() if number is None else number
    return value.strip() if isinstance(value, str) else value
