"""The shape of one item version (实施清单的一个版本): the single source of guide, form and clocks.

An item version is stored once, as the pack or the editor gave it, and never changed after
publication. Everything a channel shows is read from these classes.

Source:
    Field names follow GB/T 39554 and the tables of the national implementation list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from yiwang.kernel.terms import Term
from yiwang.rules.policy.parts import RuleSet


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
    """Through which door an application comes in (办理形式).

    Letters come to every item that is done at counters; an item may name them, and need not.

    Source:
        行政许可法 第二十九条第三款.
    """

    PORTAL = "portal", "网上办理"
    COUNTER = "counter", "窗口办理"
    LETTER = "letter", "信函办理"


class PowerSource(Term):
    """Where the department's power comes from (权力来源) [from memory]."""

    STATUTORY = "statutory", "法定本级行使"
    AUTHORISED = "authorised", "上级授权"
    ENTRUSTED = "entrusted", "上级委托"
    DELEGATED = "delegated", "上级下放"


class BodyKind(Term):
    """In what quality the department acts (实施主体性质); codes of GB/T 39046 A.3."""

    STATUTORY = "statutory", "法定机关"
    AUTHORISED = "authorised", "授权组织"
    ENTRUSTED = "entrusted", "受委托组织"


class HandlingKind(Term):
    """What a handling item does to the result (业务办理项)."""

    ISSUE = "issue", "新办"
    CHANGE = "change", "变更"
    RENEW = "renew", "延续"
    REISSUE = "reissue", "补证"
    CANCEL = "cancel", "注销"
    OTHER = "other", "办理"


class OnlineDepth(Term):
    """What can be done online (网上办理深度), several at once."""

    CONSULT = "consult", "互联网咨询"
    RECEIVE = "receive", "互联网收件"
    PRE_REVIEW = "pre_review", "互联网预审"
    ACCEPT = "accept", "互联网受理"
    HANDLE = "handle", "互联网办理"
    RESULT = "result", "互联网办理结果信息反馈"
    LICENCE = "licence", "互联网电子证照反馈"


class Commitment(Term):
    """Whether the item is handled on notice and commitment (告知承诺)."""

    NONE = "none", "不实行告知承诺"
    LICENCE = "licence", "审批告知承诺"
    CERTIFICATE = "certificate", "证明事项告知承诺"


class OnCommitment(Term):
    """When a material is filed by who chose notice and commitment (告知承诺时的提交时间)."""

    NOW = "now", "随申请提交"
    LATER = "later", "决定后补交"
    REPLACED = "replaced", "以承诺代替"


class PaperHolder(Term):
    """In whose name a material is (材料是谁的)."""

    APPLICANT = "applicant", "申请人"
    OTHER = "other", "可以是别人，如房东、股东、经办人"


class CheckMethod(Term):
    """How it is checked after the decision whether a commitment is kept (核查方式)."""

    DATA = "data", "数据核验"
    DOCUMENTS = "documents", "材料核查"
    SITE = "site", "现场核查"


class ReformMode(Term):
    """How the separation of permits changed a licence for firms (证照分离改革方式)."""

    CANCEL = "cancel", "直接取消审批"
    FILE = "file", "审批改为备案"
    COMMIT = "commit", "实行告知承诺"
    OPTIMISE = "optimise", "优化审批服务"


class Focus(Term):
    """The fields on which the district's plan concentrates (三个领域)."""

    BUSINESS = "business", "商事登记"
    CONSTRUCTION = "construction", "建筑许可"
    LIVELIHOOD = "livelihood", "民生服务"


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
    whole: bool = False
    """A number without decimals (整数)."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One topic of the form: one page for the applicant."""

    id: str
    title: str
    questions: tuple[Question, ...]
    repeats: Repeats | None = None
    """Set: the whole section is answered once for each of several things (重复填写)."""


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How often a section is answered.

    Attributes:
        noun: What one answer describes, such as 股东.
        minimum, maximum: Fewest and most answers, inclusive.
    """

    noun: str
    minimum: int = 1
    maximum: int = 10
    ask: str = ""
    """The question how many there are; empty: 要填写几个 and the noun."""

    unit: str = "个"


@dataclass(frozen=True, kw_only=True)
class HandlingItem:
    """One way the item is handled, with its own 33-digit code (业务办理项).

    Attributes:
        code: The implementation code and two digits.
        when: Conditions on the guiding questions; the first handling item whose conditions hold
            is that of the case.
    """

    code: str
    name: str
    kind: HandlingKind
    when: tuple[When, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Given:
    """One answer that a scenario takes as given."""

    question: str
    value: str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One common situation with its own guide (办理情形): answers to the guiding questions.

    Attributes:
        based_on: Id of the scenario whose answers it takes over before its own; empty: none.
    """

    id: str
    name: str
    answers: tuple[Given, ...]
    based_on: str = ""


@dataclass(frozen=True, kw_only=True)
class SpecialStep:
    """A step whose days are not counted in the limit, or are (特别程序).

    Source: 行政许可法 第四十五条.
    """

    name: str
    workdays: int
    basis: str
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class SiteCheckDuty:
    """That two officers check on the spot before the item is granted (必须现场核查).

    Attributes:
        basis: Law and article that ask for it.
        when: Guiding answers with which it is asked for; empty: always.

    Source: 行政许可法 第三十四条第三款.
    """

    basis: str
    when: tuple[When, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Intermediary:
    """A paid service of a third party that the item requires by law (中介服务).

    Source: 优化营商环境条例 第四十三条 (only with a legal basis).
    """

    name: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class OneWindow:
    """How the item compares with the start-up window 一窗通 (ITEM-06).

    Attributes:
        function: The function of 一窗通 that does the same; empty: it has none.
        difference: What differs; empty: nothing.
    """

    function: str
    difference: str


@dataclass(frozen=True, kw_only=True)
class ReformPilot:
    """The reform goes beyond the list of the city on trial (证照分离改革试点).

    Attributes:
        basis: Who lets the department try it, by which document.
        ends_on: Last day of the trial; None: open until it is reviewed.
        review_on: Day on which it is decided whether to go on; None: at its end.
    """

    basis: str
    ends_on: date | None = None
    review_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class EnglishText:
    """One text in English, by the place of the Chinese one.

    Attributes:
        at: `conditions.0`, `materials.<id>`, `materials.<id>.fill_notes`, `questions.<id>`,
            `questions.<id>.hint`, `questions.<id>.<option>`, `sections.<id>`, `flow.0`,
            `flow.0.text`, `handling.<serial>`, `scenarios.<id>`, `faq.0.question`,
            `faq.0.answer`, `rights.0`, `duties.0`.
    """

    at: str
    text: str


@dataclass(frozen=True, kw_only=True)
class English:
    """The same version in English; what has no text here is shown in Chinese and says so."""

    name: str
    summary: str
    result: str = ""
    onsite_reason: str = ""
    declaration: str = ""
    texts: tuple[EnglishText, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ToldCondition:
    """One condition that is told, and confirmed by who commits (告知的条件)."""

    id: str
    text: str
    basis: str = ""


@dataclass(frozen=True, kw_only=True)
class CommitmentTerms:
    """What is told besides the conditions before somebody commits (告知的内容).

    Attributes:
        consequences: What follows when the commitment is not kept, one sentence each.
        check_method: How it is checked afterwards.
        check_months: Months after the decision by which it is checked.
        correction_days: Calendar days of an order to correct.
        publish: Whether the letter is published (承诺书公开).
        source: Where the item is listed as run on notice and commitment.

    Source:
        上海市优化营商环境条例 第二十七条 (conditions and materials told once, decision at once,
        check afterwards, order to correct, revocation).
    """

    consequences: tuple[str, ...]
    check_method: CheckMethod
    check_months: int
    correction_days: int
    publish: bool
    source: str


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
        tolerance_days: Working days to file it later when it may be missing; 0 of a tolerable
            material: as the district has set.
        key: It proves a condition of the law (主要材料), so it may never be missing.
        on_commitment: When it is filed by who chose notice and commitment.
        commitment_days: Working days after the decision to file what is filed later.
        holder: In whose name it is; another's is not doubted for being another's.
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
    key: bool = False
    on_commitment: OnCommitment = OnCommitment.NOW
    commitment_days: int = 0
    holder: PaperHolder = PaperHolder.APPLICANT


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
    renewal_lead_workdays: int = 0
    """Working days before the end by which to ask for renewal (行政许可法 第五十条); 0: none."""

    sample: str = ""
    """What the result shows, in words; a licence shows the specimen of its type instead."""


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

    reform_mode: ReformMode | None = None
    """How the separation of permits changed it (证照分离改革方式)."""

    reform_since: date | None = None
    """Day from which the mode applies; written exactly where there is a mode."""

    reform_doc: str = ""
    """Title or number of the document that gave it the mode (文件名称或者文号)."""

    reform_pilot: ReformPilot | None = None
    """Set: the mode is tried beyond the list of the city."""

    focus: Focus | None = None
    """The field of the district's plan it belongs to (三个领域)."""

    external_code: str = ""
    """The code another system knows the item by, kept as it is."""

    parent: str = ""
    """Slug of the main item it belongs to (主项); empty: it stands alone."""

    power_source: PowerSource = PowerSource.STATUTORY
    body_kind: BodyKind = BodyKind.STATUTORY

    entrusting_department: str = ""
    """Who entrusted the power (委托部门); named exactly when the power is entrusted."""

    joint_departments: tuple[str, ...] = ()
    """Codes of departments that handle it together (联办机构)."""

    handling_items: tuple[HandlingItem, ...] = ()
    """The ways it is handled (业务办理项); empty: one way, under `handling_code`."""

    scenarios: tuple[Scenario, ...] = ()
    """Common situations with a guide of their own (办理情形)."""

    online_depth: tuple[OnlineDepth, ...] = ()
    """What can be done online; empty: as the channels tell (see `online_depth_of`)."""

    mobile: bool = True
    """Whether it is fit for a phone (移动端办理)."""

    self_terminal: bool = False
    """Whether terminals in the halls offer it (自助终端办理)."""

    bookable: bool = False
    """Whether a time at the counter can be booked (预约办理)."""

    pay_online: bool = False
    """Whether fees are paid online (网上支付)."""

    in_hall: bool = True
    """Whether the district's service centre handles it (进驻政务大厅)."""

    not_in_hall_reason: str = ""
    """Why not (不进驻中心负面清单); written exactly when `in_hall` is false."""

    special_steps: tuple[SpecialStep, ...] = ()
    """Steps outside or inside the limit (特别程序)."""

    site_check: SiteCheckDuty | None = None
    """Set: nobody and nothing grants it before two officers were on the spot (必须现场核查)."""

    intermediaries: tuple[Intermediary, ...] = ()
    """Required services of third parties (中介服务)."""

    commitment: Commitment = Commitment.NONE
    """Whether it is handled on notice and commitment (告知承诺)."""

    commitment_terms: CommitmentTerms | None = None
    """What is told besides the conditions; written exactly where a licence is given so."""

    commitment_conditions: tuple[ToldCondition, ...] = ()
    """The conditions told, each confirmed for itself."""

    commitment_when: tuple[When, ...] = ()
    """Answers with which the way is open; empty: always."""

    direct_safety: str = ""
    """Why it directly touches safety, ecology, health, life or property, which bars commitment."""

    tolerance_issue_first: bool = False
    """Whether the result is given before a tolerated material is filed (先出证后补齐)."""

    correction_days: int = 0
    """Calendar days to file a correction (补正期限); 0: those of the district."""

    auto_decide: bool = False
    """Whether a rule set may grant it without a person (无人干预自动办理)."""

    auto_rules: RuleSet | None = None
    """By which table it is granted without a person (自动办理规则)."""

    rights: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()

    one_window: OneWindow | None = None
    """Comparison with 一窗通, for items of a firm's life."""

    english: English | None = None
    """The guide in English."""

    def questions(self) -> tuple[Question, ...]:
        """Return the guiding questions and those of the form, in the order asked."""
        return self.questionnaire + tuple(q for s in self.form_sections for q in s.questions)

    @cached_property
    def form_sections(self) -> tuple[Section, ...]:
        """The form as it is asked: a section that repeats is unrolled, a topic for each answer.

        Every other rule (conditions, checks, masking, documents) then reads plain questions and
        knows nothing of repetition.
        """
        return tuple(page for section in self.sections for page in unrolled(section))

    @property
    def basic_code(self) -> str:
        """The code of the catalogue item (基本编码), 12 characters."""
        return self.task_code[19:31]

    def handling_of(self, answers: Mapping[str, Answer]) -> HandlingItem | None:
        """Return the handling item of a case with `answers`: the first that fits, if any."""
        return next((one for one in self.handling_items if holds(one.when, answers)), None)

    def must_check_site(self, answers: Mapping[str, Answer]) -> bool:
        """Tell whether a case with `answers` is granted only after a check on the spot."""
        return self.site_check is not None and holds(self.site_check.when, answers)

    def handling_for(self, answers: Mapping[str, Answer]) -> str:
        """Return the handling code of a case with `answers`."""
        handling = self.handling_of(answers)
        return handling.code if handling else self.handling_code or self.task_code


def unrolled(section: Section) -> tuple[Section, ...]:
    """Return `section` itself, or how many there are and a topic for each of the most allowed.

    Copy `n` of question `name` is `name_n`; it is asked when at least `n` are wanted.
    """
    repeats = section.repeats
    if repeats is None:
        return (section,)
    counter = Question(
        id=f"{section.id}_count",
        label=repeats.ask or f"要填写几{repeats.unit}{repeats.noun}？",
        kind=QuestionKind.NUMBER,
        unit=repeats.unit,
        minimum=repeats.minimum,
        maximum=repeats.maximum,
        whole=True,
    )
    copies = (_copy(section, repeats, counter.id, n) for n in range(1, repeats.maximum + 1))
    return (Section(id=section.id, title=section.title, questions=(counter,)), *copies)


def _copy(section: Section, repeats: Repeats, counter: str, n: int) -> Section:
    wanted = When(question=counter, op=Op.GE, value=n)
    return Section(
        id=f"{section.id}_{n}",
        title=f"{repeats.noun} {n}",
        questions=tuple(
            replace(
                question,
                id=f"{question.id}_{n}",
                label=f"{repeats.noun} {n}：{question.label}",
                when=(
                    wanted,
                    *(replace(when, question=f"{when.question}_{n}") for when in question.when),
                ),
            )
            for question in section.questions
        ),
    )


def scenario_answers(version: ItemVersion, scenario_id: str) -> dict[str, Answer]:
    """Return what a scenario takes as given, with what it is based on; unasked answers are dropped.

    Raises:
        LookupError: no such scenario, or scenarios based on each other in a circle.
    """
    known = {scenario.id: scenario for scenario in version.scenarios}
    chain: list[Scenario] = []
    wanted = scenario_id
    while wanted:
        if wanted not in known or known[wanted] in chain:
            raise LookupError(f"scenario {wanted} is missing or stands on itself")
        chain.append(known[wanted])
        wanted = known[wanted].based_on
    given = {one.question: one.value for part in reversed(chain) for one in part.answers}
    answers: dict[str, Answer] = {}
    for question in version.questionnaire:
        if question.id in given and holds(question.when, answers):
            answers[question.id] = given[question.id]
    return answers


def reform_words(version: ItemVersion) -> str:
    """Return since when and by which document an item has its mode, and of a trial its bounds."""
    since = f"自{version.reform_since.isoformat()}起" if version.reform_since else ""
    pilot = f"试点：{pilot_words(version.reform_pilot)}" if version.reform_pilot else ""
    return "；".join(filter(None, (since, version.reform_doc, pilot)))


def pilot_words(pilot: ReformPilot) -> str:
    """Return the basis of a trial with its end and the day of its review."""
    ends = f"至{pilot.ends_on.isoformat()}" if pilot.ends_on else ""
    review = f"{pilot.review_on.isoformat()}评估" if pilot.review_on else ""
    return "，".join(filter(None, (pilot.basis, ends, review)))


def online_depth_of(version: ItemVersion) -> tuple[OnlineDepth, ...]:
    """Return what can be done online: as written, else as channels, visits and result tell."""
    if version.online_depth or Channel.PORTAL not in version.channels:
        return version.online_depth
    depth = [OnlineDepth.CONSULT, OnlineDepth.RECEIVE, OnlineDepth.PRE_REVIEW]
    if version.onsite_times == 0:
        depth += [OnlineDepth.ACCEPT, OnlineDepth.HANDLE, OnlineDepth.RESULT]
        if version.result.licence_type:
            depth.append(OnlineDepth.LICENCE)
    return tuple(depth)


def fully_online(version: ItemVersion) -> bool:
    """Tell whether nobody has to come (全程网办, Ⅳ级): handled online and no visit."""
    return version.onsite_times == 0 and OnlineDepth.HANDLE in online_depth_of(version)


def takes_letters(version: ItemVersion) -> bool:
    """Tell whether an application may be sent by post.

    Every licence that is applied for at counters is; another item is where it says so.

    Source:
        行政许可法 第二十九条第三款.
    """
    licence = version.item_type is ItemType.LICENCE and Channel.COUNTER in version.channels
    return licence or Channel.LETTER in version.channels


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


def commitment_open(version: ItemVersion, answers: Mapping[str, Answer]) -> bool:
    """Tell whether the item offers notice and commitment to a case with `answers` (告知承诺)."""
    return version.commitment_terms is not None and holds(version.commitment_when, answers)


def needed(version: ItemVersion, answers: Mapping[str, Answer]) -> tuple[Material, ...]:
    """Return the materials that belong to a case with `answers`, waived ones included."""
    return tuple(
        material
        for material in version.materials
        if material.necessity is not Necessity.CONDITIONAL or holds(material.needed_when, answers)
    )
