"""An invented card that rules give to the old, registers that answer as told, and an old woman."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.factories import cases, registers
from yiwang.cases import services
from yiwang.cases.policy.checks import OUTSIDE, Asking, CheckAnswer, CheckDown, Declared, Trouble
from yiwang.cases.queries import CaseView
from yiwang.licences.models import LicenceType
from yiwang.licences.policy.numbers import NumberRule, SerialScope
from yiwang.licences.policy.states import HolderKind
from yiwang.licences.policy.types import TypeDefinition, to_plain
from yiwang.organisations.permissions import Actor
from yiwang.registers.queries import PersonView

SENIOR = "senior"
SUNDAY_NIGHT = dt.datetime(2026, 3, 8, 23, 50, tzinfo=cases.ZONE)
"""Ten minutes before midnight on a Sunday: nobody is at a desk."""

BORN = dt.date(1949, 10, 1)

RULES: Mapping[str, Any] = {
    "name": "敬老卡",
    "note": "自2026年起",
    "facts": [
        {"name": "kind", "label": "办哪一种", "kind": "choice", "source": "answer:kind",
         "options": {"first": "第一次申领", "lost": "补办"}},
        {"name": "born_on", "label": "出生日期", "kind": "date", "measure": "years",
         "source": "register:person.born_on"},
        {"name": "here", "label": "户籍在本市", "kind": "yes_no",
         "source": "check:population.hukou_in_city"},
        {"name": "held", "label": "已有敬老卡", "kind": "yes_no",
         "source": "check:licences.senior_card"},
        {"name": "pension", "label": "正在领取养老金", "kind": "yes_no",
         "source": "check:social_insurance.pension"},
    ],
    "rows": [
        {"id": "first", "when": {"kind": "first", "born_on": "≥ 65", "here": True, "held": False},
         "outcome": "grant", "reason": "已满65周岁，本市户籍，还没有敬老卡"},
        {"id": "lost", "when": {"kind": "lost", "here": True, "held": True},
         "outcome": "grant", "reason": "持有有效的敬老卡"},
        {"id": "otherwise", "outcome": "hand_over", "reason": "其他情形由工作人员核对"},
    ],
    "tests": [
        {"name": "老人", "day": "2026-03-08", "expect": "grant", "row": "first",
         "facts": {"kind": "first", "born_on": "1949-10-01", "here": True, "held": False,
                   "pension": True}},
        {"name": "年轻人", "day": "2026-03-08", "expect": "hand_over", "row": "otherwise",
         "facts": {"kind": "first", "born_on": "1990-10-01", "here": True, "held": False,
                   "pension": False}},
    ],
}  # fmt: skip
"""First card at 65 for the city's own; another for whoever has one; all else by a person."""


def without(name: str) -> dict[str, Any]:
    """Return the rules without one fact."""
    return {
        **RULES,
        "facts": [one for one in RULES["facts"] if one["name"] != name],
        "tests": [
            one | {"facts": {key: value for key, value in one["facts"].items() if key != name}}
            for one in RULES["tests"]
        ],
    }


def senior(**changes: Any) -> dict[str, Any]:
    """Return the definition of the item."""
    return (
        cases.card()
        | {
            "name": "敬老卡申领",
            "auto_decide": True,
            "auto_rules": RULES,
            "slug": SENIOR,
            "task_code": "11310114XXXX01011H4310731002000",
            "handling_code": "11310114XXXX01011H431073100200001",
            "case_kind": "promised",
            "limit": cases.restaurant()["limit"],
            "questionnaire": [
                {
                    "id": "kind",
                    "label": "办哪一种",
                    "kind": "choice",
                    "options": {"first": "第一次申领", "lost": "补办"},
                }
            ],
            "handling_items": [
                {
                    "code": "11310114XXXX01011H431073100200001",
                    "name": "首次申领",
                    "kind": "issue",
                    "when": {"kind": "first"},
                },
                {
                    "code": "11310114XXXX01011H431073100200002",
                    "name": "补办",
                    "kind": "reissue",
                    "when": {"kind": "lost"},
                },
            ],
            "result": {"kind": "licence", "name": "敬老卡", "licence_type": "senior_card"},
            "flow": cases.restaurant()["flow"],
        }
        | changes
    )


def card_type() -> None:
    """Make the type of licence that the item issues."""
    definition = TypeDefinition(
        code="11310114XXXX01011H002",
        slug="senior_card",
        name="敬老卡",
        holder=HolderKind.PERSON,
        number_label="卡号",
        holder_name_label="姓名",
        holder_number_label="公民身份号码",
        defined_by="示例市民政局",
        department="market",
        valid_months=0,
        copies=(),
        basis="老年人权益保障法 第三十三条",
        number=NumberRule(pattern="JLK{serial:8}", scope=SerialScope.TYPE),
        fields=(),
        source="测试",
        effective_on=dt.date(2026, 1, 1),
    )
    LicenceType.objects.create(
        code=definition.code,
        slug=definition.slug,
        name=definition.name,
        holder_kind=definition.holder.value,
        department_code="market",
        definition=to_plain(definition),
        changed_at=cases.FRIDAY,
    )


def elder(**changes: Any) -> PersonView:
    """Enter the old woman."""
    return registers.save_person(
        **{
            "id_number": registers.number(2, born_on=BORN),
            "name": "王示范",
            "phone": "14000000003",
        }
        | changes
    )


def for_herself(person: PersonView) -> Actor:
    """Return the person as an applicant."""
    return Actor(ref="user:elder", name=person.name, subjects=frozenset({person.ref}))


@dataclass(kw_only=True)
class Register:
    """A register that answers as told, and remembers what it was asked."""

    declared: Declared = OUTSIDE["social_insurance"]
    fields: Mapping[str, object] = field(default_factory=lambda: {"pension": True})
    trouble: Trouble | None = None
    asked: list[Asking] = field(default_factory=list)

    def ask(self, asking: Asking) -> CheckAnswer | CheckDown:
        """Answer."""
        self.asked.append(asking)
        if self.trouble is not None:
            return CheckDown(
                trouble=self.trouble,
                message=f"{self.declared.label}：{self.trouble.label}。",
                source=self.declared.label,
                asked_at=asking.at,
            )
        return CheckAnswer(
            fields=self.fields, source=f"{self.declared.label}（测试）", asked_at=asking.at
        )


def submit(
    person: PersonView,
    *,
    kind: str = "first",
    at: dt.datetime = SUNDAY_NIGHT,
    by_person: bool = False,
    key: str = "once",
    slug: str = SENIOR,
    answers: Mapping[str, object] | None = None,
) -> CaseView:
    """Fill in and submit through the portal."""
    by = for_herself(person)
    draft = services.save_draft(
        draft_id=None,
        item_slug=slug,
        applicant_ref=person.ref,
        answers={"kind": kind} if answers is None else answers,
        by=by,
        at=at,
    )
    case = services.submit_case(
        draft_id=draft.id,
        declaration_accepted=True,
        idempotency_key=key,
        calendar=cases.CALENDAR,
        by=by,
        at=at,
        by_person=by_person,
    )
    return services.decide_by_rules(case=case, calendar=cases.CALENDAR, at=at)
