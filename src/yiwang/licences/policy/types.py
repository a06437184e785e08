"""The definition of a type of licence, and how a pack file says it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.kernel.identifiers import uscc
from yiwang.licences.policy.numbers import (
    NAMED,
    PLACE,
    CheckAlgorithm,
    NumberPart,
    NumberRule,
    SerialScope,
)
from yiwang.licences.policy.states import HolderKind

VALID_MONTHS_MAX = 1_200


@dataclass(frozen=True, kw_only=True)
class FieldDefinition:
    """One field printed on the licence, in the order of printing.

    Attributes:
        label: As printed.
        required: A licence cannot be issued without it.
        personal: Hidden from the public.
        asked_as: How application forms ask for it; such a label is printed as `label`.
        shown_as: Words of a form -> words on the licence.
    """

    label: str
    required: bool = False
    personal: bool = False
    asked_as: tuple[str, ...] = ()
    shown_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TypeDefinition:
    """One type of licence (证照类型).

    Attributes:
        code: USCC of the body that defined the type, and three digits.
        slug: Short name in lower-case English; may stand for the code.
        holder: Who may hold it.
        number_label: What the number is called on the sheet.
        holder_name_label: What the holder's name is called on the sheet.
        holder_number_label: What the holder's number is called on the sheet.
        defined_by: Name of the body that defined the type.
        department: Code of the department that issues it.
        valid_months: Validity from issue; 0: without end.
        copies: Names of the copies (正本, 副本).
        basis: Law and article the licence stands on.
        number: How its number is made.
        fields: What is printed besides; other labels may be printed after these.
        source: Where the facts come from.
        effective_on: Day from which the definition holds.
    """

    code: str
    slug: str
    name: str
    holder: HolderKind
    number_label: str
    holder_name_label: str
    holder_number_label: str
    defined_by: str
    department: str
    valid_months: int
    copies: tuple[str, ...]
    basis: str
    number: NumberRule
    fields: tuple[FieldDefinition, ...]
    source: str
    effective_on: date

    @property
    def personal_labels(self) -> frozenset[str]:
        """Return the labels of fields that the public does not see."""
        return frozenset(one.label for one in self.fields if one.personal)


def as_printed(
    definition: TypeDefinition, answers: Sequence[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return `answers` in the order, under the labels and in the words of the licence.

    What the definition does not know keeps its label and follows in the order given; empty
    texts are left out. Answers that are printed under one label are joined.
    """
    by_label = {asked: one for one in definition.fields for asked in (one.label, *one.asked_as)}
    found: dict[str, list[str]] = {one.label: [] for one in definition.fields}
    for label, text in answers:
        one = by_label.get(label.strip())
        shown = one.shown_as.get(text.strip(), text.strip()) if one else text.strip()
        found.setdefault(one.label if one else label.strip(), []).append(shown)
    return tuple(
        (label, "；".join(text for text in texts if text))
        for label, texts in found.items()
        if any(texts)
    )


def parse(file: PackFile) -> tuple[TypeDefinition | None, list[PackError]]:
    """Return the type of licence that `file` defines, or all that is wrong with it.

    The name of the file is the short name of the type.
    """
    errors: list[PackError] = []
    fields = Fields(file, errors)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{1,59}", file.name):
        fields.refuse(
            "", f"文件名“{file.name}”不能作为简名。", "请用小写英文字母、数字和下划线命名。"
        )
    code = fields.text("code", longest=40)
    if code and not (re.fullmatch(r"[0-9A-Z]{18}[0-9]{3}", code) and uscc.check(code[:18]).ok):
        fields.refuse(
            "code",
            f"为“{code}”，不是证照类型代码。",
            "应为定义机构的统一社会信用代码（18位，校验码正确）加3位数字。",
        )
    holder = fields.choice("holder", [kind.value for kind in HolderKind], default="any")
    person = holder == HolderKind.PERSON
    effective_on = fields.day("effective_on", required=False) or file.effective_on
    if effective_on is None:
        fields.refuse("effective_on", "没有填写。", "请在本文件或 pack.yaml 中写明生效日期。")
    texts = {
        name: fields.text(name, longest=200)
        for name in ("name", "defined_by", "department", "basis", "source")
    }
    definition = TypeDefinition(
        code=code,
        slug=file.name,
        holder=HolderKind(holder),
        number_label=fields.text("number_label", required=False, default="编号", longest=20),
        holder_name_label=fields.text(
            "holder_name_label", required=False, default="姓名" if person else "名称", longest=20
        ),
        holder_number_label=fields.text(
            "holder_number_label",
            required=False,
            default="公民身份号码" if person else "统一社会信用代码",
            longest=20,
        ),
        valid_months=fields.whole("valid_months", least=0, most=VALID_MONTHS_MAX),
        copies=tuple(fields.texts("copies", required=False)),
        number=_parse_number(fields.inner("number")),
        fields=_parse_fields(fields),
        effective_on=effective_on or date.min,
        **texts,
    )
    fields.done()
    return (None if errors else definition), errors


def _parse_fields(fields: Fields) -> tuple[FieldDefinition, ...]:
    found: list[FieldDefinition] = []
    for row in fields.rows("fields", required=False):
        one = FieldDefinition(
            label=row.text("label", longest=40),
            required=row.flag("required"),
            personal=row.flag("personal"),
            asked_as=tuple(row.texts("asked_as", required=False)),
            shown_as=_parse_words(row),
        )
        row.done()
        if one.label and one.label in {known.label for known in found}:
            row.refuse("label", f"“{one.label}”写了两次。", "请删去其中一行。")
        found.append(one)
    return tuple(found)


def _parse_words(field_row: Fields) -> dict[str, str]:
    words = {}
    for pair in field_row.rows("shown_as", required=False):
        words[pair.text("text", longest=200)] = pair.text("shown", longest=200)
        pair.done()
    return words


def _parse_number(rule: Fields | None) -> NumberRule:
    if rule is None:
        return NumberRule(pattern="", scope=SerialScope.TYPE)
    pattern = rule.text("pattern", longest=60)
    check = CheckAlgorithm(
        rule.choice("check", [c.value for c in CheckAlgorithm], required=False, default="none")
    )
    parts = {}
    for row in rule.rows("parts", required=False):
        name = row.text("name", longest=20)
        values = {}
        for pair in row.rows("values", required=False):
            values[pair.text("text", longest=60)] = pair.text("code", longest=10)
            pair.done()
        parts[name] = NumberPart(
            field=row.text("field", longest=40),
            values=values,
            otherwise=row.text("otherwise", longest=10),
        )
        row.done()
    scope = SerialScope(
        rule.choice("scope", [s.value for s in SerialScope], required=False, default="type")
    )
    source = rule.text("source", longest=200)
    rule.done()
    _check_pattern(rule, pattern, parts=parts, check=check, scope=scope)
    return NumberRule(pattern=pattern, scope=scope, check=check, parts=parts, source=source)


def _check_pattern(
    rule: Fields,
    pattern: str,
    *,
    parts: Mapping[str, NumberPart],
    check: CheckAlgorithm,
    scope: SerialScope,
) -> None:
    named = [match.group(1) for match in PLACE.finditer(pattern)]
    if pattern and re.search(r"[{}]", PLACE.sub("", pattern)):
        rule.refuse("pattern", "花括号不成对或写法不对。", "请写成 {serial:6} 的形式。")
    if unknown := [name for name in named if name not in NAMED and name not in parts]:
        rule.refuse(
            "pattern",
            f"其中的“{unknown[0]}”没有定义。",
            f"可用：{'、'.join(sorted(NAMED))}，以及 parts 中写明的名称。",
        )
    if pattern and named.count("serial") != 1:
        rule.refuse("pattern", "没有流水号，编号会重复。", "请写入一个 {serial:N}。")
    if ("check" in named) is not (check is not CheckAlgorithm.NONE):
        rule.refuse("check", "与 pattern 不一致。", "pattern 中有 {check} 时写明算法，没有时不写。")
    if scope is SerialScope.YEAR and "year" not in named:
        rule.refuse("scope", "按年度编号而编号中没有年份，会重复。", "请在 pattern 中写入 {year}。")


def to_plain(definition: TypeDefinition) -> dict[str, Any]:
    """Return `definition` as JSON-ready values; `from_plain` reads them back."""
    number = definition.number
    return {
        **{
            name: getattr(definition, name)
            for name in (
                "code",
                "slug",
                "name",
                "number_label",
                "holder_name_label",
                "holder_number_label",
                "defined_by",
                "department",
                "valid_months",
                "basis",
                "source",
            )
        },
        "holder": definition.holder.value,
        "copies": list(definition.copies),
        "number": {
            "pattern": number.pattern,
            "scope": number.scope.value,
            "check": number.check.value,
            "parts": {
                name: {
                    "field": part.field,
                    "values": dict(part.values),
                    "otherwise": part.otherwise,
                }
                for name, part in number.parts.items()
            },
            "source": number.source,
        },
        "fields": [
            {
                "label": one.label,
                "required": one.required,
                "personal": one.personal,
                "asked_as": list(one.asked_as),
                "shown_as": dict(one.shown_as),
            }
            for one in definition.fields
        ],
        "effective_on": definition.effective_on.isoformat(),
    }


def from_plain(plain: Mapping[str, Any]) -> TypeDefinition:
    """Return the definition that `to_plain` gave."""
    number = plain["number"]
    return TypeDefinition(
        **{
            **plain,
            "holder": HolderKind(plain["holder"]),
            "copies": tuple(plain["copies"]),
            "number": NumberRule(
                pattern=number["pattern"],
                scope=SerialScope(number["scope"]),
                check=CheckAlgorithm(number["check"]),
                parts={name: NumberPart(**part) for name, part in number["parts"].items()},
                source=number["source"],
            ),
            "fields": tuple(
                FieldDefinition(**{**one, "asked_as": tuple(one["asked_as"])})
                for one in plain["fields"]
            ),
            "effective_on": date.fromisoformat(plain["effective_on"]),
        }
    )
