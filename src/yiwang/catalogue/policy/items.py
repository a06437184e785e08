"""The shape of one item version (实施清单的一个版本): the single source of guide, form and clocks.

An item version is stored once, as the pack or the editor gave it, and never changed after
publication. Everything a channel shows is read from these classes.

Source:
    Field names follow GB/T 39554 and the tables of the national implementation list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from yiwang.kernel.terms import Term


class ItemType(Term):
    """Type of a service item (事项类型); the two-digit code stands in `ITEM_TYPE_CODES`."""

    LICENCE = "licence", "行政许可"
    PENALTY = "penalty", "行政处罚"
    COMPULSION = "compulsion", "行政强制"
    LEVY = "levy", "行政征收"
    BENEFIT = "benefit", "行政给付"
    INSPECTION = "inspection", "行政检查"
    CONFIRMATION = "confirmation", "行政确认"
    AWARD = "award", "行政奖励"
    RULING = "ruling", "行政裁决"
    OTHER_POWER = "other_power", "其他行政权力"
    PUBLIC_SERVICE = "public_service", "公共服务"


ITEM_TYPE_CODES: Mapping[ItemType, str] = {
    ItemType.LICENCE: "01",
    ItemType.PENALTY: "02",
    ItemType.COMPULSION: "03",
    ItemType.LEVY: "04",
    ItemType.BENEFIT: "05",
    ItemType.INSPECTION: "06",
    ItemType.CONFIRMATION: "07",
    ItemType.AWARD: "08",
    ItemType.RULING: "09",
    ItemType.OTHER_POWER: "10",
    ItemType.PUBLIC_SERVICE: "20",
}


class Audience(Term):
    """Who may apply (服务对象)."""

    PERSON = "person", "自然人"
    ENTITY = "entity", "法人及其他组织"


class CaseKind(Term):
    """Whether the result is given at once (办件类型)."""

    IMMEDIATE = "immediate", "即办件"
    PROMISED = "promised", "承诺件"


class Channel(Term):
    """Through which door an application comes in (办理形式)."""

    PORTAL = "portal", "网上办理"
    COUNTER = "counter", "窗口办理"


class ItemState(Term):
    """Where an item version stands between draft and withdrawal (事项版本状态)."""

    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "在用"
    SUPERSEDED = "superseded", "已被新版本替代"
    SUSPENDED = "suspended", "暂停"
    CANCELLED = "cancelled", "取消"


class QuestionKind(Term):
    """How a question is answered."""

    TEXT = "text", "文本"
    LONG_TEXT = "long_text", "多行文本"
    NUMBER = "number", "数字"
    DATE = "date", "日期"
    CHOICE = "choice", "单选"
    CHOICES = "choices", "多选"
    YES_NO = "yes_no", "是否"
    PHONE = "phone", "电话"
    USCC = "uscc", "统一社会信用代码"
    CITIZEN_ID = "citizen_id", "公民身份号码"


class Necessity(Term):
    """Whether a material must be handed in (材料必要性)."""

    REQUIRED = "required", "须提交"
    CONDITIONAL = "conditional", "视情形提交"
    TOLERABLE = "tolerable", "可容缺"


class MaterialSource(Term):
    """Who makes a material (来源渠道)."""

    APPLICANT = "applicant", "申请人自备"
    GOVERNMENT = "government", "政府部门核发"
    THIRD_PARTY = "third_party", "中介或法定机构产生"
    FORM = "form", "系统自动生成"


class WaiveBy(Term):
    """How a material need not be handed in (免于提交方式, 两个免于提交)."""

    NONE = "none", "不免交"
    LICENCE = "licence", "电子证照库调取"
    REGISTER = "register", "数据共享核验"
    COMMITMENT = "commitment", "告知承诺"
    GENERATED = "generated", "系统自动生成"


class ResultKind(Term):
    """What comes out (审批结果类型)."""

    LICENCE = "licence", "出证办结"
    DOCUMENT = "document", "出文办结"
    DECISION = "decision", "审批办结"


class StepRole(Term):
    """Which post handles a step of the flow (办理环节)."""

    APPLY = "apply", "申请"
    ACCEPT = "accept", "受理"
    REVIEW = "review", "审查"
    DECIDE = "decide", "决定"
    DELIVER = "deliver", "送达"


class Op(Term):
    """How a condition compares an answer with a value."""

    EQ = "eq", "等于"
    NE = "ne", "不等于"
    IN = "in", "属于"
    GT = "gt", "大于"
    GE = "ge", "不小于"
    LT = "lt", "小于"
    LE = "le", "不大于"


Answer = str | int | float | bool | tuple[str, ...] | None
"""An answer to a question; dates are ISO strings, several choices are a tuple."""


@dataclass(frozen=True, kw_only=True)
class When:
    """One condition on an earlier answer; several conditions must all hold."""

    question: str
    op: Op
    value: str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice of a question."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of the form or of the questionnaire.

    Attributes:
        id: Unique within the item version; lower-case English.
        prefill: Register field that answers it, `person.<field>` or `entity.<field>`; empty: none.
        when: Conditions on earlier answers; the question is asked when all of them hold.
        minimum, maximum: Bounds of a number, inclusive, in `unit`.
        max_length: Longest text in characters.
        personal: The answer is personal data and masked by default.
    """

    id: str
    label: str
    kind: QuestionKind
    hint: str = ""
    optional: bool = False
    options: tuple[Option, ...] = ()
    prefill: str = ""
    when: tuple[When, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    max_length: int = 200
    personal: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """One topic of the form: one page for the applicant."""

    id: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """One legal basis (设定依据): law, article and the date of the version cited."""

    law: str
    article: str
    version: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Material:
    """One material (申报材料).

    Attributes:
        waive_ref: Key of the licence type, or register field, that replaces it.
        not_waived_reason: Why a material made by a government department must still be filed.
        needed_when: Conditions for a conditional material.
        accept_standard: What the counter checks (受理标准).
        tolerance_days: Working days to file it later when it may be missing; 0: not allowed.
    """

    id: str
    name: str
    source: MaterialSource
    necessity: Necessity = Necessity.REQUIRED
    waive_by: WaiveBy = WaiveBy.NONE
    waive_ref: str = ""
    needed_when: tuple[When, ...] = ()
    form: str = "原件"
    copies: int = 1
    basis: str = ""
    accept_standard: str = ""
    fill_notes: str = ""
    tolerance_days: int = 0
    not_waived_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Both limits in working days; 0 means on the spot (当场). 法定办结时限、承诺办结时限."""

    statutory_workdays: int
    promised_workdays: int
    source: str
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class FlowStep:
    """One step of handling with its share of the promised time, in working days."""

    role: StepRole
    name: str
    workdays: int
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Fee:
    """One fee; `amount_cny` is None where the amount depends on the case."""

    name: str
    basis: str
    amount_cny: float | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the applicant gets.

    Attributes:
        licence_type: Key of the licence type issued on grant; empty: a decision only.
        valid_months: Validity from the day of decision; 0: without end.
        scope_fields: Question ids whose answers are printed on the licence.
    """

    kind: ResultKind
    name: str
    licence_type: str = ""
    valid_months: int = 0
    scope_fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """Who supervises afterwards, how and on what ground; no item is published without it."""

    department: str
    method: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class Faq:
    """One frequent question with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class ServicePoint:
    """Where and when the item is handled in person; unknown parts are empty, never guessed."""

    name: str
    address: str = ""
    hours: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemVersion:
    """One version of one item with every field that a channel uses.

    Attributes:
        slug: Stable key in addresses, lower-case English with hyphens.
        version: Counts from 1 per slug.
        task_code: Implementation code (实施编码), 31 characters.
        handling_code: Business handling item code (业务办理项编码), 33 characters.
        department: Code of the deciding department.
        questionnaire: Guiding questions before log-in (情形引导); they decide the materials.
        sections: The form.
        source_year: Year of the guide that the facts come from.
        district_phone: Consultation telephone; empty where unknown.
        summary: One or two sentences in the citizen's words.
        aliases: Citizens' words for it, for search.
    """

    slug: str
    version: int
    name: str
    item_type: ItemType
    task_code: str
    handling_code: str
    department: str
    audiences: tuple[Audience, ...]
    field: str
    themes: tuple[str, ...]
    aliases: tuple[str, ...]
    summary: str
    case_kind: CaseKind
    channels: tuple[Channel, ...]
    onsite_times: int
    onsite_reason: str
    limit: Limit
    fees: tuple[Fee, ...]
    minutes_to_fill: int
    basis: tuple[Basis, ...]
    conditions: tuple[str, ...]
    questionnaire: tuple[Question, ...]
    sections: tuple[Section, ...]
    materials: tuple[Material, ...]
    flow: tuple[FlowStep, ...]
    result: Result
    supervision: Supervision
    service_points: tuple[ServicePoint, ...]
    consult_phone: str
    complaint_phone: str
    review_body: str
    litigation_body: str
    faq: tuple[Faq, ...]
    declaration: str
    source: str
    source_year: int
    effective_on: date
    public: bool = True
    """Whether granted decisions are published (许可法 第四十条); false for personal benefits."""

    quantity_limit: str = "无数量限制"
    """Limit on the number of grants (数量限制); first come, first served (许可法 第五十七条)."""

    common: bool = False
    """Shown first on the home page as long as nobody has asked for more of another (常办)."""

    cross_area: str = ""
    """Where else the same item is handled (通办范围), such as 全市通办; empty: here only."""

    mail_materials: bool = False
    """Whether materials may be sent by post (材料邮寄)."""

    mail_result: bool = False
    """Whether the result is sent by post on request (结果邮寄)."""

    reform_mode: str = ""
    """How the separation of permits changed it (证照分离改革方式), such as 优化审批服务."""

    def questions(self) -> tuple[Question, ...]:
        """Return the guiding questions and those of the form, in the order asked."""
        return self.questionnaire + tuple(q for s in self.sections for q in s.questions)


def holds(conditions: tuple[When, ...], answers: Mapping[str, Answer]) -> bool:
    """Tell whether all `conditions` hold; an unanswered question makes its condition false."""
    return all(_holds(condition, answers.get(condition.question)) for condition in conditions)


def _holds(condition: When, answer: Answer) -> bool:
    value = condition.value
    if answer is None:
        return False
    if condition.op is Op.EQ:
        return answer == value
    if condition.op is Op.NE:
        return answer != value
    if condition.op is Op.IN:
        if not isinstance(value, tuple):
            return answer == value
        if isinstance(answer, tuple):
            return any(one in value for one in answer)
        return answer in value
    if isinstance(answer, bool | str | tuple) or not isinstance(value, int | float):
        return False
    return {
        Op.GT: answer > value,
        Op.GE: answer >= value,
        Op.LT: answer < value,
        Op.LE: answer <= value,
    }[condition.op]


def asked(version: ItemVersion, answers: Mapping[str, Answer]) -> tuple[Question, ...]:
    """Return the questions to be asked given `answers`; dropped answers count as not given."""
    kept: dict[str, Answer] = {}
    result = []
    for question in version.questions():
        if holds(question.when, kept):
            result.append(question)
            kept[question.id] = answers.get(question.id)
    return tuple(result)


def needed(version: ItemVersion, answers: Mapping[str, Answer]) -> tuple[Material, ...]:
    """Return the materials that belong to a case with `answers`, waived ones included."""
    return tuple(
        material
        for material in version.materials
        if material.necessity is not Necessity.CONDITIONAL or holds(material.needed_when, answers)
    )
