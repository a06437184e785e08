"""What is asked of registers by machine, and when an answer is not to be believed; pure.

A check asks one question about one applicant on one day and gets declared fields. Slow, down and
wrong are outcomes like any other: a machine that does not know hands over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from yiwang.kernel.terms import Term
from yiwang.registers.policy.terms import EntityStatus, Gender
from yiwang.rules.policy.tables import FactKind

TEXT_LENGTH = 200
"""Longest text an answer may hold, in characters."""


class Trouble(Term):
    """Why a register gave nothing to rely on (核验未成的原因)."""

    SLOW = "slow", "未在规定时间内答复"
    DOWN = "down", "无法连接"
    WRONG = "wrong", "答复不可信"
    UNKNOWN = "unknown", "没有记录"


@dataclass(frozen=True, kw_only=True)
class CheckField:
    """One field of an answer.

    Attributes:
        options: Values a choice may have.
    """

    name: str
    label: str
    kind: FactKind
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a check promises.

    Attributes:
        version: Raised when the meaning of a field changes; kept with each run.
        fields: Field name to what it holds.
        contradiction: Returns what in an answer cannot be true together; empty: nothing.
    """

    name: str
    version: str
    label: str
    fields: Mapping[str, CheckField]
    contradiction: Callable[[Mapping[str, object]], str] = field(default=lambda _fields: "")


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a check may know of the case.

    Attributes:
        number: Citizen number or USCC, whole.
        wanted: Fields that the rules read; others need not be worked out.
    """

    case_number: str
    item_slug: str
    applicant_ref: str
    applicant_name: str
    number: str
    on: date
    at: datetime
    answers: Mapping[str, object]
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class CheckAnswer:
    """What a register said."""

    fields: Mapping[str, object]
    source: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class CheckDown:
    """A register that gave nothing to rely on.

    Attributes:
        message: What happened, in one sentence without personal data.
    """

    trouble: Trouble
    message: str
    source: str
    asked_at: datetime


class Check(Protocol):
    """One check, of our own registers or of another department's system."""

    @property
    def declared(self) -> Declared:
        """Name, version and fields."""

    def ask(self, asking: Asking) -> CheckAnswer | CheckDown:
        """Ask; never raises on what the register does."""


_TYPES: Mapping[FactKind, tuple[type, ...]] = {
    FactKind.TEXT: (str,),
    FactKind.NUMBER: (int, float),
    FactKind.DATE: (date,),
    FactKind.YES_NO: (bool,),
    FactKind.CHOICE: (str,),
}


def fault(declared: Declared, fields: Mapping[str, object]) -> str:
    """Return why an answer is not to be believed: one sentence; empty: it is.

    Fields that were not promised, types that were not promised, and answers that contradict
    themselves. A promised field may be missing: then the fact is not known.
    """
    for name, value in fields.items():
        promised = declared.fields.get(name)
        if promised is None:
            return f"答复里有没有约定的内容“{name[:40]}”。"
        if value is None:
            continue
        if isinstance(value, bool) and promised.kind is not FactKind.YES_NO:
            return f"答复里的“{promised.label}”不是{promised.kind.label}。"
        if not isinstance(value, _TYPES[promised.kind]):
            return f"答复里的“{promised.label}”不是{promised.kind.label}。"
        if isinstance(value, str) and len(value) > TEXT_LENGTH:
            return f"答复里的“{promised.label}”过长。"
        if promised.options and value not in promised.options:
            return f"答复里的“{promised.label}”不在约定的取值之内。"
        if isinstance(value, float) and value != value:
            return f"答复里的“{promised.label}”不是数字。"
    return declared.contradiction(fields)


def read_plain(declared: Declared, fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a JSON answer with its days as days; anything else stays as it came."""
    typed: dict[str, object] = {}
    for name, value in fields.items():
        promised = declared.fields.get(name)
        if promised is not None and promised.kind is FactKind.DATE and isinstance(value, str):
            try:
                typed[name] = date.fromisoformat(value)
            except ValueError:
                typed[name] = value
        else:
            typed[name] = value
    return typed


def _field(name: str, label: str, kind: FactKind, *options: str) -> tuple[str, CheckField]:
    return name, CheckField(name=name, label=label, kind=kind, options=options)


def _population(fields: Mapping[str, object]) -> str:
    if fields.get("hukou_in_district") is True and fields.get("hukou_in_city") is False:
        return "答复自相矛盾：户籍在本区，却不在本市。"
    return ""


POPULATION = Declared(
    name="population",
    version="1",
    label="人口库",
    fields=dict(
        (
            _field("age", "周岁年龄", FactKind.NUMBER),
            _field("hukou_in_city", "户籍在本市", FactKind.YES_NO),
            _field("hukou_in_district", "户籍在本区", FactKind.YES_NO),
            _field("gender", "性别", FactKind.CHOICE, "male", "female"),
            _field("answers_agree", "填写的姓名、号码与登记一致", FactKind.YES_NO),
        )
    ),
    contradiction=_population,
)


def _entity(fields: Mapping[str, object]) -> str:
    status, alive = fields.get("status"), fields.get("open")
    if status is not None and alive is not None and alive is not (status == "active"):
        return "答复自相矛盾：登记状态与是否存续对不上。"
    return ""


ENTITY = Declared(
    name="entity",
    version="1",
    label="法人库",
    fields=dict(
        (
            _field(
                "status", "登记状态", FactKind.CHOICE, "active", "revoked", "cancelled", "moved"
            ),
            _field("open", "存续（在营）", FactKind.YES_NO),
            _field("years", "成立年数", FactKind.NUMBER),
            _field("in_district", "住所在本区", FactKind.YES_NO),
        )
    ),
    contradiction=_entity,
)


def _earlier(fields: Mapping[str, object]) -> str:
    count = fields.get("granted_last_year")
    if fields.get("granted_same_item") is False and isinstance(count, int) and count > 0:
        return "答复自相矛盾：没有准予过，一年内却有准予的记录。"
    return ""


EARLIER_CASES = Declared(
    name="earlier_cases",
    version="1",
    label="本平台办件记录",
    fields=dict(
        (
            _field("running_same_item", "同一事项还有正在办的件", FactKind.YES_NO),
            _field("granted_same_item", "同一事项已经准予过", FactKind.YES_NO),
            _field("granted_last_year", "一年内同一事项准予的次数", FactKind.NUMBER),
        )
    ),
    contradiction=_earlier,
)

TRUST_RECORD = Declared(
    name="trust_record",
    version="1",
    label="信用约束记录",
    fields=dict((_field("clear", "没有正在执行的信用约束", FactKind.YES_NO),)),
)

LICENCES = "licences"
"""Its fields are types of licence: `check:licences.<type>` asks whether a valid one is held."""


def licences_declared(wanted: frozenset[str], names: Mapping[str, str]) -> Declared:
    """Return what the check of licences promises for the types `wanted`."""
    return Declared(
        name=LICENCES,
        version="1",
        label="电子证照库",
        fields={
            slug: CheckField(
                name=slug,
                label=f"持有有效的{names.get(slug, slug)}",
                kind=FactKind.YES_NO,
            )
            for slug in sorted(wanted)
        },
    )


def _insurance(fields: Mapping[str, object]) -> str:
    if fields.get("contributing") is True and fields.get("insured") is False:
        return "答复自相矛盾：没有参保，却在缴费。"
    until = fields.get("last_paid_on")
    since = fields.get("insured_since")
    if isinstance(since, date) and isinstance(until, date) and until < since:
        return "答复自相矛盾：最近缴费早于参保。"
    return ""


SOCIAL_INSURANCE = Declared(
    name="social_insurance",
    version="1",
    label="社会保险经办系统",
    fields=dict(
        (
            _field("insured", "参加本市社会保险", FactKind.YES_NO),
            _field("contributing", "单位正在缴费", FactKind.YES_NO),
            _field("insured_since", "参保日期", FactKind.DATE),
            _field("last_paid_on", "最近缴费到账日期", FactKind.DATE),
            _field("leaving_reported", "原单位已办退工", FactKind.YES_NO),
            _field("pension", "正在领取养老金", FactKind.YES_NO),
        )
    ),
    contradiction=_insurance,
)


def _marriage(fields: Mapping[str, object]) -> str:
    count = fields.get("records")
    if fields.get("found") is True and count == 0:
        return "答复自相矛盾：查到了，却没有一条记录。"
    if fields.get("found") is False and isinstance(count, int) and count > 0:
        return "答复自相矛盾：没有查到，却有记录。"
    return ""


MARRIAGE_ARCHIVE = Declared(
    name="marriage_archive",
    version="1",
    label="婚姻登记档案目录",
    fields=dict(
        (
            _field("found", "查到本人的登记", FactKind.YES_NO),
            _field("records", "符合的记录数", FactKind.NUMBER),
            _field("spouse_agrees", "对方姓名相符", FactKind.YES_NO),
        )
    ),
    contradiction=_marriage,
)

OWN: Mapping[str, Declared] = {
    one.name: one for one in (POPULATION, ENTITY, EARLIER_CASES, TRUST_RECORD)
}
"""Checks of what this platform holds."""

OUTSIDE: Mapping[str, Declared] = {one.name: one for one in (SOCIAL_INSURANCE, MARRIAGE_ARCHIVE)}
"""Checks of other departments' systems; unless an address is configured, they are down."""


def checks_of(sources: list[str]) -> dict[str, frozenset[str]]:
    """Return check name to the fields that `check:<name>.<field>` sources read."""
    found: dict[str, set[str]] = {}
    for source in sources:
        kind, _colon, rest = source.partition(":")
        if kind == "check":
            name, _dot, field_name = rest.partition(".")
            found.setdefault(name, set()).add(field_name)
    return {name: frozenset(fields) for name, fields in found.items()}


def anniversary(born: date, years: int) -> date:
    """Return the day somebody completes `years`; of the 29th of February the first of March."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def years_between(begin: date, on: date) -> int:
    """Return the completed years (周岁)."""
    years = on.year - begin.year
    return years if anniversary(begin, years) <= on else years - 1


RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "check:population.age": ("person.born_on",),
    "check:population.hukou_in_city": ("person.hukou",),
    "check:population.hukou_in_district": ("person.hukou",),
    "check:population.gender": ("person.gender",),
    "check:population.answers_agree": ("person.name", "person.id_number"),
    "check:entity.status": ("entity.status",),
    "check:entity.open": ("entity.status",),
    "check:entity.years": ("entity.established_on",),
    "check:entity.in_district": ("entity.address",),
}
"""What a check tells -> the register fields that tell the same thing."""


def register_fields(source: str) -> tuple[str, ...]:
    """Return the register fields that a fact is about, by the source that the rules name."""
    kind, _colon, rest = source.partition(":")
    return (rest,) if kind == "register" else RESTS_ON.get(source, ())


def registers_disagree(source: str, value: object, held: Mapping[str, str], *, on: date) -> bool:
    """Tell whether a check says otherwise than the register of this platform.

    Args:
        source: The source of the fact, as the rules name it.
        value: What the check said; None: nothing.
        held: Register field to what is registered, in words and ISO days.
        on: Day on which ages count.
    """
    status = held.get("entity.status")
    known: Mapping[str, object] = {
        "check:population.age": _years(held.get("person.born_on"), on),
        "check:population.gender": _value(Gender, held.get("person.gender")),
        "check:entity.status": _value(EntityStatus, status),
        "check:entity.open": None if status is None else status == EntityStatus.ACTIVE.label,
        "check:entity.years": _years(held.get("entity.established_on"), on),
    }
    ours = known.get(source)
    return value is not None and ours is not None and value != ours


def _years(begin: str | None, on: date) -> int | None:
    return years_between(date.fromisoformat(begin), on) if begin else None


def _value(terms: type[Term], label: str | None) -> str | None:
    return next((one.value for one in terms if one.label == label), None)
