"""The checks before publication: each is a named rule whose failure says what puts it right.

Source:
    The cross-field checks of the national implementation list; 行政许可法 第三十条 (what must be
    displayed), 第五十八条 (fees); 国务院关于在线政务服务的若干规定 第七条 (shared data is not asked
    for again); 上海市优化营商环境条例 第二十四条 (no catch-all conditions, one standard for every
    channel).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from yiwang.catalogue.policy.automatic import (
    automatic_by_rules,
    automatic_facts_exist,
    automatic_rules_stand,
    automatic_without_a_look,
)
from yiwang.catalogue.policy.english import translatable
from yiwang.catalogue.policy.items import (
    ITEM_TYPE_CODES,
    Audience,
    CaseKind,
    Channel,
    Commitment,
    ItemType,
    ItemVersion,
    MaterialSource,
    Necessity,
    OnCommitment,
    OnlineDepth,
    Op,
    PowerSource,
    Question,
    QuestionKind,
    ReformMode,
    ResultKind,
    StepRole,
    WaiveBy,
    When,
    scenario_answers,
)
from yiwang.catalogue.policy.parsing import Problem
from yiwang.catalogue.policy.registered import REGISTER_FIELDS
from yiwang.kernel.identifiers import items as item_codes

LICENCE_FLOW_STEPS = 5
"""Fewest steps of a licence's flow (受理、审核、审批、办结、送达)."""

REGISTER_LABELS: Mapping[str, str] = {
    "姓名": "person.name",
    "申请人姓名": "person.name",
    "性别": "person.gender",
    "出生日期": "person.born_on",
    "身份证号": "person.id_number",
    "身份证号码": "person.id_number",
    "公民身份号码": "person.id_number",
    "户籍地址": "person.hukou",
    "单位名称": "entity.name",
    "企业名称": "entity.name",
    "统一社会信用代码": "entity.uscc",
    "法定代表人": "entity.legal_representative",
    "成立日期": "entity.established_on",
}
"""Labels that ask for what a register holds, and the field that holds it."""

CATCH_ALL = re.compile(
    r"其他(?:相关)?(?:材料|资料|条件|情形|文件|证明|要求)|相关(?:材料|资料|证明文件)|等材料|等资料"
    r"|法律、?法规、?(?:规章)?规定的其他|认为(?:需要|必要)的"
)
"""Wording that leaves open what is asked for (兜底条款)."""

NUMBER_PHONE = re.compile(r"021-\d{5,8}")
"""A telephone number of the city with its area code."""

ENDINGS: Mapping[str, ResultKind] = {
    "证": ResultKind.LICENCE,
    "证书": ResultKind.LICENCE,
    "卡": ResultKind.LICENCE,
    "批复": ResultKind.DECISION,
    "文": ResultKind.DOCUMENT,
}
"""Ending of the result's name -> kind of result it must have."""

MARKUP = re.compile(r"<\s*/?\s*[a-zA-Z!][^>]*>|javascript:|&#\w+;", re.IGNORECASE)
"""What a browser could take for code."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")

MOST_REPEATS = 50
"""Most answers to one section; more is a table, not a form."""

SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
NAME = re.compile(r"[a-z][a-z0-9_]*")

CORRECTION_DAYS_MOST = 365
"""Longest period to file a correction that an item may give, in calendar days."""

Findings = Iterator[tuple[str, str, str]]
"""Place, message and remedy of each finding."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One named rule."""

    name: str
    find: Callable[[ItemVersion], Findings]


def failures(version: ItemVersion) -> list[Problem]:
    """Return what keeps `version` from being published; empty when nothing does."""
    return [
        Problem(place=place, message=message, remedy=remedy, rule=check.name)
        for check in CHECKS
        for place, message, remedy in check.find(version)
    ]


def promise_within_law(version: ItemVersion) -> Findings:
    """The promised limit is not longer than the statutory one (承诺时限不得超过法定时限)."""
    limit = version.limit
    if not 0 <= version.correction_days <= CORRECTION_DAYS_MOST:
        yield (
            "correction_days",
            f"补正期限为{version.correction_days}天。",
            f"请填写1至{CORRECTION_DAYS_MOST}的自然日数；按本区的期限办理的不写。",
        )
    if min(limit.promised_workdays, limit.statutory_workdays) < 0:
        yield "limit", "期限不能为负数。", "当场办结的填 0。"
    if limit.promised_workdays > limit.statutory_workdays:
        yield (
            "limit.promised_workdays",
            f"承诺{limit.promised_workdays}个工作日，超过法定的{limit.statutory_workdays}个工作日。",
            "请缩短承诺时限，或者更正法定时限及其依据。",
        )
    if not limit.source:
        yield "limit.source", "没有写明期限的依据。", "请写明法律条款或者文件。"


def steps_within_promise(version: ItemVersion) -> Findings:
    """The steps together take no longer than was promised."""
    total = sum(step.workdays for step in version.flow)
    if total > version.limit.promised_workdays:
        yield (
            "flow",
            f"各环节合计{total}个工作日，超过承诺的{version.limit.promised_workdays}个工作日。",
            "请缩短环节时间，或者在法定时限内延长承诺时限。",
        )


def flow_complete(version: ItemVersion) -> Findings:
    """The flow accepts, decides and delivers; a licence has at least five steps and one FAQ."""
    if not version.flow:
        yield "flow", "没有办理环节。", "请至少写明受理、决定和送达。"
        return
    roles = {step.role for step in version.flow}
    for role in (StepRole.ACCEPT, StepRole.DECIDE, StepRole.DELIVER):
        if role not in roles:
            yield "flow", f"没有“{role.label}”环节。", f"请补上{role.label}环节。"
    if version.item_type is not ItemType.LICENCE:
        return
    if len(version.flow) < LICENCE_FLOW_STEPS:
        yield (
            "flow",
            f"行政许可只有{len(version.flow)}个环节。",
            f"请写明至少{LICENCE_FLOW_STEPS}个环节，如受理、审查、决定、制证、送达。",
        )
    if not version.faq:
        yield "faq", "行政许可没有常见问题。", "请至少写一个常见问题和答复。"


def kind_fits_limit(version: ItemVersion) -> Findings:
    """What is done on the spot is 即办件, and nothing else is."""
    at_once = version.limit.promised_workdays == 0
    if at_once != (version.case_kind is CaseKind.IMMEDIATE):
        right = CaseKind.IMMEDIATE if at_once else CaseKind.PROMISED
        yield (
            "case_kind",
            f"承诺{version.limit.promised_workdays}个工作日的事项不是{version.case_kind.label}。",
            f"请改为 {right.value}（{right.label}），或者更正承诺时限。",
        )


def result_fits_kind(version: ItemVersion) -> Findings:
    """The result's name and kind agree, and a licence names the type that is issued."""
    result = version.result
    if not result.name:
        yield "result.name", "没有结果名称。", "请写明申请人最后拿到什么。"
    for ending, kind in ENDINGS.items():
        if result.name.endswith(ending) and result.kind is not kind:
            yield (
                "result.kind",
                f"“{result.name}”以“{ending}”结尾，但结果类型是{result.kind.label}。",
                f"请改为 {kind.value}（{kind.label}），或者更正结果名称。",
            )
    if result.kind is ResultKind.LICENCE and not result.licence_type:
        yield "result.licence_type", "出证办结但没有证照类型。", "请填写证照类型的 key。"
    if result.kind is not ResultKind.LICENCE and result.licence_type:
        yield "result.licence_type", "不出证但填写了证照类型。", "请删去，或者改为出证办结。"


def visits_have_reason(version: ItemVersion) -> Findings:
    """Whoever must come in person is told why; whoever need not is not."""
    if version.onsite_times > 0 and not version.onsite_reason:
        yield "onsite_reason", "要求到现场但没有理由。", "请写明必须到现场的原因，或者改为 0 次。"
    if version.onsite_times == 0 and version.onsite_reason:
        yield "onsite_reason", "不用到现场却写了到现场的理由。", "请删去理由，或者更正到场次数。"
    if version.reform_mode is ReformMode.CANCEL:
        return  # nobody applies, by whichever way
    if version.onsite_times == 0 and not (
        Channel.PORTAL in version.channels or version.mail_materials
    ):
        yield (
            "channels",
            "不用到现场，但既不能网上办，也不能邮寄材料。",
            "请开通网上办理或者材料邮寄，或者更正到场次数。",
        )
    if not version.channels:
        yield "channels", "没有办理渠道。", "请至少开通窗口办理。"


def fees_have_basis(version: ItemVersion) -> Findings:
    """A fee stands on a law or an administrative regulation (行政许可法 第五十八条)."""
    for index, fee in enumerate(version.fees):
        if not fee.basis:
            yield (
                f"fees[{index}].basis",
                f"“{fee.name}”没有依据。",
                "请写明收费依据，没有依据的不得收费。",
            )


def phones_differ(version: ItemVersion) -> Findings:
    """A complaint reaches somebody else than who is asked for advice."""
    for place, phone in (
        ("consult_phone", version.consult_phone),
        ("complaint_phone", version.complaint_phone),
    ):
        if phone and not NUMBER_PHONE.fullmatch(phone):
            yield place, f"“{phone}”不是带区号的电话号码。", "请按 021-12345 的样式填写。"
    if not version.complaint_phone:
        yield "complaint_phone", "没有监督投诉电话。", "请填写，如 021-12345。"
    elif version.complaint_phone == version.consult_phone:
        yield (
            "complaint_phone",
            "投诉电话与咨询电话相同。",
            "请填写不同的电话，投诉不应由被投诉人接听。",
        )


def supervisor_named(version: ItemVersion) -> Findings:
    """No item is published without a department that supervises it afterwards (谁审批谁监管)."""
    named = version.supervision
    for place, value, what in (
        ("department", named.department, "由哪个部门监管"),
        ("method", named.method, "怎样监管"),
        ("basis", named.basis, "监管的依据"),
    ):
        if not value:
            yield (
                f"supervision.{place}",
                f"没有写明批准之后{what}。",
                "没有监管责任的事项不能发布，请按三定职责补上。",
            )


def basis_present(version: ItemVersion) -> Findings:
    """Law and article are cited, by a number that can be looked up."""
    if not version.basis:
        yield "basis", "没有设定依据。", "请写明法律、法规或者规章及其条款。"
    for index, basis in enumerate(version.basis):
        place = f"basis[{index}]"
        if not basis.law:
            yield f"{place}.law", "没有法律名称。", "请写明全称。"
        if basis.article and not basis.article.startswith("第"):
            yield (
                f"{place}.article",
                f"“{basis.article}”不是条号。",
                "请按“第三十五条”的样式填写；整份文件作为依据的，留空并在 note 写明文号。",
            )
        if not basis.article and not basis.note:
            yield (
                f"{place}.note",
                "没有条号。",
                "请填写条号；整份文件作为依据的，在 note 写明文号。",
            )


def no_catch_all(version: ItemVersion) -> Findings:
    """Conditions and materials are closed lists (不得含有兜底条款)."""
    texts = {f"conditions[{index}]": text for index, text in enumerate(version.conditions)}
    for index, material in enumerate(version.materials):
        texts[f"materials[{index}].name"] = material.name
        texts[f"materials[{index}].fill_notes"] = material.fill_notes
        texts[f"materials[{index}].accept_standard"] = material.accept_standard
    for place, text in texts.items():
        if found := CATCH_ALL.search(text):
            yield place, f"“{found.group()}”没有说清是什么。", "请逐项列明，未列明的不得要求。"
    if not version.conditions:
        yield "conditions", "没有受理条件。", "请逐条写明。"


def materials_have_basis(version: ItemVersion) -> Findings:
    """Each material says on what ground it is asked for and what the counter looks at."""
    for index, material in enumerate(version.materials):
        if not material.basis:
            yield (
                f"materials[{index}].basis",
                f"“{material.name}”没有依据。",
                "请写明要求提交的依据；没有依据的请删去。",
            )
        if not material.accept_standard:
            yield (
                f"materials[{index}].accept_standard",
                f"“{material.name}”没有受理标准。",
                "请写明窗口核对什么。",
            )


def government_materials_waived(version: ItemVersion) -> Findings:
    """What a department made is fetched, not asked for (两个免于提交)."""
    for index, material in enumerate(version.materials):
        place = f"materials[{index}]"
        if (
            material.source is MaterialSource.GOVERNMENT
            and material.waive_by is WaiveBy.NONE
            and not material.not_waived_reason
        ):
            yield (
                f"{place}.waive_by",
                f"“{material.name}”由政府部门核发，却要申请人提交。",
                "请改为电子证照或者数据共享免交；确实不能共享的，在 not_waived_reason 写明原因。",
            )
        if material.waive_by is not WaiveBy.NONE and material.not_waived_reason:
            yield (
                f"{place}.not_waived_reason",
                f"“{material.name}”已经免交，又写了不能免交的原因。",
                "请删去其中一项。",
            )
        if material.waive_by in {WaiveBy.LICENCE, WaiveBy.REGISTER} and not material.waive_ref:
            yield (
                f"{place}.waive_ref",
                f"“{material.name}”没有写明用什么代替。",
                "请填写证照类型的 key 或者共享数据字段，如 entity.name。",
            )
        if (
            material.waive_by is WaiveBy.REGISTER
            and material.waive_ref
            and material.waive_ref not in REGISTER_FIELDS
        ):
            yield (
                f"{place}.waive_ref",
                f"没有共享数据字段 {material.waive_ref}。",
                f"可用的字段：{'、'.join(sorted(REGISTER_FIELDS))}。",
            )


def necessity_fits(version: ItemVersion) -> Findings:
    """A conditional material says when; a tolerable one says by when."""
    for index, material in enumerate(version.materials):
        place = f"materials[{index}]"
        conditional = material.necessity is Necessity.CONDITIONAL
        if conditional != bool(material.needed_when):
            yield (
                f"{place}.needed_when",
                f"“{material.name}”是{material.necessity.label}的材料，"
                f"{'没有' if conditional else '却'}写明何时提交。",
                "视情形提交的写明情形，其他材料不写。",
            )
        tolerable = material.necessity is Necessity.TOLERABLE
        if material.tolerance_days > 0 and not tolerable:
            yield (
                f"{place}.tolerance_days",
                f"“{material.name}”的补齐期限与“{material.necessity.label}”不符。",
                "可容缺的材料写明几个工作日内补齐，填 0 的按区里统一的期限；其他材料填 0。",
            )


def tolerance_allowed(version: ItemVersion) -> Findings:
    """What proves a condition of the law is never missing, and there is time to file the rest.

    Source:
        上海市优化营商环境条例 第二十四条 (容缺受理).
    """
    tolerable = [
        (f"materials[{index}]", material)
        for index, material in enumerate(version.materials)
        if material.necessity is Necessity.TOLERABLE
    ]
    for place, material in tolerable:
        if material.key:
            yield (
                f"{place}.necessity",
                f"“{material.name}”证明法定条件，不能容缺。",
                "主要材料请改为须提交；不是主要材料的，取消“主要材料”。",
            )
        if (
            not version.tolerance_issue_first
            and material.tolerance_days > version.limit.promised_workdays
        ):
            yield (
                f"{place}.tolerance_days",
                f"“{material.name}”可以{material.tolerance_days}个工作日内补齐，"
                f"晚于承诺的{version.limit.promised_workdays}个工作日。",
                "补齐才能出结果的，期限不得晚于承诺时限；可以先出证后补齐的，请写明。",
            )
    if version.tolerance_issue_first and not tolerable:
        yield (
            "tolerance_issue_first",
            "没有可容缺的材料，却写了先出证后补齐。",
            "请删去，或者写明哪些材料可容缺。",
        )


def commitment_told(version: ItemVersion) -> Findings:
    """A licence on commitment tells everything beforehand, and nothing else has such terms.

    Source:
        上海市优化营商环境条例 第二十七条.
    """
    terms = version.commitment_terms
    licence = version.commitment is Commitment.LICENCE
    if licence != (terms is not None):
        yield (
            "commitment_terms",
            "实行审批告知承诺，却没有写明告知的内容。"
            if licence
            else "没有实行审批告知承诺，却写了告知的内容。",
            "实行审批告知承诺的事项写明告知内容，其他的不写。",
        )
    if terms is None:
        yield from _no_commitment_remains(version)
        return
    ids = [one.id for one in version.commitment_conditions]
    if not ids:
        yield "commitment_conditions", "没有写明告知的条件。", "请逐条写明，由申请人逐条确认。"
    for index, one in enumerate(version.commitment_conditions):
        place = f"commitment_conditions[{index}]"
        if ids.count(one.id) > 1 or not NAME.fullmatch(one.id):
            yield (
                f"{place}.id",
                f"标识“{one.id}”重复或者不合格式。",
                "请用小写英文字母、数字和下划线，每个只用一次。",
            )
        if not one.text:
            yield f"{place}.text", "没有写明条件。", "请写明申请人承诺做到什么。"
        elif found := CATCH_ALL.search(one.text):
            yield f"{place}.text", f"“{found.group()}”没有说清是什么。", "请逐项列明。"
    if not terms.consequences:
        yield "commitment_terms.consequences", "没有写明不履行承诺的后果。", "请逐条写明。"
    if not terms.source:
        yield "commitment_terms.source", "没有写明列入告知承诺清单的来源。", "请写明文件或者清单。"
    if terms.check_months < 1:
        yield "commitment_terms.check_months", "没有核查期限。", "请写明决定后几个月内核查，如 2。"
    if terms.correction_days < 1:
        yield "commitment_terms.correction_days", "没有改正期限。", "请写明责令改正的天数，如 30。"
    known = {question.id: question for question in version.questionnaire}
    for when in version.commitment_when:
        yield from _condition("commitment_when", when, known)
    for index, material in enumerate(version.materials):
        later = material.on_commitment is OnCommitment.LATER
        if later != (material.commitment_days > 0):
            yield (
                f"materials[{index}].commitment_days",
                f"“{material.name}”的补交期限与“{material.on_commitment.label}”不符。",
                "决定后补交的写明几个工作日，其他的填 0。",
            )


def _no_commitment_remains(version: ItemVersion) -> Findings:
    for place, held in (
        ("commitment_conditions", version.commitment_conditions),
        ("commitment_when", version.commitment_when),
    ):
        if held:
            yield place, "没有实行审批告知承诺，却写了这一项。", "请删去，或者写明告知的内容。"
    for index, material in enumerate(version.materials):
        if material.on_commitment is not OnCommitment.NOW or material.commitment_days:
            yield (
                f"materials[{index}].on_commitment",
                f"没有实行审批告知承诺，“{material.name}”却写了承诺后怎样提交。",
                "请改为随申请提交，期限填 0。",
            )


def commitment_allowed(version: ItemVersion) -> Findings:
    """No licence on commitment where a breach harms directly, or where the result is given at once.

    Source:
        上海市优化营商环境条例 第二十七条: not for what directly touches public safety, ecology,
        health, life and property, nor for what the law has decided on the spot.
    """
    if version.commitment is not Commitment.LICENCE:
        return
    if version.direct_safety:
        yield (
            "commitment",
            f"本事项{version.direct_safety.rstrip('。')}，不得实行告知承诺。",
            "请改为不实行告知承诺。",
        )
    if version.case_kind is CaseKind.IMMEDIATE or version.limit.statutory_workdays == 0:
        yield (
            "commitment",
            "依法当场作出决定的事项，不需要告知承诺。",
            "请改为不实行告知承诺，或者更正办件类型和时限。",
        )


def ids_once(version: ItemVersion) -> Findings:
    """Questions, sections and materials are known by ids that occur once."""
    groups = {
        "问题": [question.id for question in version.questions()],
        "表单部分": [section.id for section in version.form_sections],
        "材料": [material.id for material in version.materials],
    }
    for what, ids in groups.items():
        for one in dict.fromkeys(ids):
            if ids.count(one) > 1:
                yield what, f"标识 {one} 用了{ids.count(one)}次。", "每个标识只能用一次，请改名。"
            if not NAME.fullmatch(one):
                yield what, f"“{one}”不能作标识。", "请用小写英文字母、数字和下划线，以字母开头。"


def _placed(version: ItemVersion) -> Iterator[tuple[str, Question]]:
    """Yield each question with its place, in the order asked."""
    for index, question in enumerate(version.questionnaire):
        yield f"questionnaire[{index}]", question
    for at, section in enumerate(version.sections):
        for index, question in enumerate(section.questions):
            yield f"sections[{at}].questions[{index}]", question


def conditions_look_back(version: ItemVersion) -> Findings:
    """A condition refers to an earlier question and to a value it can have."""
    known: dict[str, Question] = {}
    for place, question in _placed(version):
        for when in question.when:
            yield from _condition(f"{place}.when", when, known)
        known[question.id] = question
    for index, material in enumerate(version.materials):
        for when in material.needed_when:
            yield from _condition(f"materials[{index}].needed_when", when, known)
    for one in version.result.scope_fields:
        if one not in known:
            yield "result.scope_fields", f"没有问题 {one}。", "请填写已有问题的标识。"


def _condition(place: str, when: When, known: Mapping[str, Question]) -> Findings:
    question = known.get(when.question)
    if question is None:
        yield (
            place,
            f"引用了 {when.question}，前面没有这个问题。",
            "只能引用排在前面的问题，请调整顺序或者改正标识。",
        )
        return
    if (when.op is Op.IN) != isinstance(when.value, tuple):
        yield place, f"“{when.op.label}”与值的形式不符。", "属于（in）用列表，其他用单个值。"
        return
    values = when.value if isinstance(when.value, tuple) else (when.value,)
    if question.kind in {QuestionKind.CHOICE, QuestionKind.CHOICES}:
        options = [option.value for option in question.options]
        for value in values:
            if value not in options:
                yield (
                    place,
                    f"问题 {question.id} 没有选项 {value}。",
                    f"请从 {'、'.join(options)} 中选择。",
                )
    elif question.kind is QuestionKind.YES_NO and not all(isinstance(v, bool) for v in values):
        yield place, f"问题 {question.id} 的回答是是否。", "请填写 true 或 false。"
    elif when.op in {Op.GT, Op.GE, Op.LT, Op.LE} and question.kind is not QuestionKind.NUMBER:
        yield place, f"问题 {question.id} 不是数字，不能比较大小。", "请改用 eq 或者 in。"


def questions_complete(version: ItemVersion) -> Findings:
    """Choices have options, numbers a unit, and bounds that leave room."""
    for place, question in _placed(version):
        choice = question.kind in {QuestionKind.CHOICE, QuestionKind.CHOICES}
        if choice and len(question.options) < 2:
            yield place, "选项少于两个。", "请列出全部选项；只有一种可能的不必问。"
        if not choice and question.options:
            yield (
                place,
                f"“{question.kind.label}”的问题不能有选项。",
                "请改为单选或多选，或者删去选项。",
            )
        values = [option.value for option in question.options]
        if len(values) != len(set(values)):
            yield place, "有重复的选项。", "每个选项的值只能用一次。"
        if question.kind is QuestionKind.NUMBER and not question.unit:
            yield place, "数字没有单位。", "请填写 unit，如 平方米、人、个。"
        low, high = question.minimum, question.maximum
        if low is not None and high is not None and low > high:
            yield place, f"最小值{low:g}大于最大值{high:g}。", "请更正上下限。"
        if not question.label:
            yield place, "没有题目。", "请写明问什么。"
    if not version.sections or not all(section.questions for section in version.sections):
        yield "sections", "表单或者其中一部分没有问题。", "请补上问题，或者删去空的部分。"


def registers_answer_first(version: ItemVersion) -> Findings:
    """What a register holds is not asked; the guiding questions need no log-in.

    A section that repeats asks about others than the applicant, whom no register is asked for.
    """
    subjects = {"person": Audience.PERSON, "entity": Audience.ENTITY}
    others = {q.id for section in version.sections if section.repeats for q in section.questions}
    for place, question in _placed(version):
        field = REGISTER_LABELS.get(question.label) if question.id not in others else None
        if field is not None and not question.prefill:
            yield place, f"“{question.label}”登记库里已有。", f"请填写 prefill: {field}，不得再问。"
        if not question.prefill:
            continue
        if question.prefill not in REGISTER_FIELDS:
            yield (
                place,
                f"没有登记字段 {question.prefill}。",
                f"可用的字段：{'、'.join(sorted(REGISTER_FIELDS))}。",
            )
        elif subjects[question.prefill.split(".")[0]] not in version.audiences:
            yield (
                place,
                f"{question.prefill} 不属于该事项的服务对象。",
                "请更正 prefill 或者 audiences。",
            )
    for index, question in enumerate(version.questionnaire):
        if question.prefill or question.personal:
            yield (
                f"questionnaire[{index}]",
                "情形引导不登录，不能用登记数据，也不能问个人信息。",
                "请移到表单里。",
            )


def codes_well_formed(version: ItemVersion) -> Findings:
    """The codes have the national form and name the type of the item."""
    checked = item_codes.check_handling(version.handling_code)
    if not checked.ok:
        yield "handling_code", checked.message, "请按实施编码加两位序号填写。"
    elif not version.handling_code.startswith(version.task_code) or len(version.task_code) != (
        item_codes.IMPLEMENTATION_LENGTH
    ):
        yield (
            "task_code",
            "实施编码与业务办理项编码不一致。",
            "业务办理项编码应为实施编码加两位序号。",
        )
    elif version.task_code[21:23] != ITEM_TYPE_CODES[version.item_type]:
        yield (
            "task_code",
            f"编码中的事项类型是{version.task_code[21:23]}，"
            f"{version.item_type.label}应为{ITEM_TYPE_CODES[version.item_type]}。",
            "请更正编码或者事项类型。",
        )
    if not SLUG.fullmatch(version.slug):
        yield "slug", f"“{version.slug}”不能作网址。", "请用小写英文字母、数字和连字符。"


def words_present(version: ItemVersion) -> Findings:
    """Guide, search and check page have their words, and the facts have a source."""
    for place, value, remedy in (
        ("name", version.name, "请填写事项名称。"),
        ("summary", version.summary, "请用老百姓的话写一两句说明。"),
        ("aliases", version.aliases, "请写几个老百姓会用的说法，供搜索。"),
        ("themes", version.themes, "请至少写一个主题。"),
        ("field", version.field, "请填写所属领域。"),
        ("department", version.department, "请填写实施部门。"),
        ("audiences", version.audiences, "请写明服务对象。"),
        ("declaration", version.declaration, "请写明申请人提交前要作的承诺。"),
        ("source", version.source, "请写明内容从哪里来。"),
        ("review_body", version.review_body, "请写明向谁申请行政复议。"),
        ("litigation_body", version.litigation_body, "请写明向哪里提起行政诉讼。"),
        ("service_points", version.service_points, "请写明办理地点；不知道地址的只写名称。"),
    ):
        if not value:
            yield place, "没有填写。", remedy
    if version.minutes_to_fill < 1:
        yield "minutes_to_fill", "没有填写大约要几分钟。", "请填写至少 1 分钟。"


def handling_items_reached(version: ItemVersion) -> Findings:
    """Each handling item has a code of its own and can be reached by answers (业务办理项)."""
    codes = [handling.code for handling in version.handling_items]
    if codes and version.handling_code not in codes:
        yield (
            "handling_items",
            f"没有编码为 {version.handling_code} 的业务办理项。",
            "handling_code 应为其中一项的编码。",
        )
    known = {question.id: question for question in version.questionnaire}
    for index, handling in enumerate(version.handling_items):
        place = f"handling_items[{index}]"
        checked = item_codes.check_handling(handling.code)
        if not checked.ok or not handling.code.startswith(version.task_code):
            yield (
                f"{place}.code",
                f"“{handling.code}”不是本事项的编码。",
                "应为实施编码加两位序号。",
            )
        if codes.count(handling.code) > 1:
            yield (
                f"{place}.code",
                f"编码 {handling.code} 重复。",
                "每个业务办理项用不同的两位序号。",
            )
        if not handling.when and index < len(codes) - 1:
            yield (
                f"{place}.when",
                f"“{handling.name}”没有条件，排在后面的业务办理项永远到不了。",
                "没有条件的只能排在最后，请调整顺序或者写明条件。",
            )
        for when in handling.when:
            yield from _condition(f"{place}.when", when, known)


def scenarios_stand(version: ItemVersion) -> Findings:
    """Scenarios answer guiding questions and stand on no circle (办理情形)."""
    known = {question.id: question for question in version.questionnaire}
    ids = [scenario.id for scenario in version.scenarios]
    for index, scenario in enumerate(version.scenarios):
        place = f"scenarios[{index}]"
        if ids.count(scenario.id) > 1 or not NAME.fullmatch(scenario.id):
            yield (
                f"{place}.id",
                f"标识“{scenario.id}”重复或者不合格式。",
                "请用小写英文字母、数字和下划线，每个只用一次。",
            )
        try:
            scenario_answers(version, scenario.id)
        except LookupError:
            yield (
                f"{place}.based_on",
                f"情形“{scenario.name}”所依据的情形不存在，或者互相依据成了一圈。",
                f"请填写排在前面的情形标识：{'、'.join(ids[:index]) or '（没有，请留空）'}。",
            )
        for given in scenario.answers:
            op = Op.IN if isinstance(given.value, tuple) else Op.EQ
            when = When(question=given.question, op=op, value=given.value)
            yield from _condition(f"{place}.answers", when, known)
            question = known.get(given.question)
            several = question is not None and question.kind is QuestionKind.CHOICES
            if question is not None and several != isinstance(given.value, tuple):
                yield (
                    f"{place}.answers",
                    f"“{given.question}”的回答形式不对。",
                    "多选的问题写列表，其他的写单个值。",
                )


def entrusted_by_somebody(version: ItemVersion) -> Findings:
    """An entrusted power names who entrusted it, and no other does (委托部门)."""
    entrusted = version.power_source is PowerSource.ENTRUSTED
    if entrusted != bool(version.entrusting_department):
        yield (
            "entrusting_department",
            f"权力来源是“{version.power_source.label}”，"
            f"{'没有' if entrusted else '却'}写明委托部门。",
            "上级委托的写明委托部门，其他的留空。",
        )


def hall_or_reason(version: ItemVersion) -> Findings:
    """What the service centre does not handle stands on the list with its reason (负面清单)."""
    if version.in_hall == bool(version.not_in_hall_reason):
        yield (
            "not_in_hall_reason",
            "不进驻中心没有写明原因。" if not version.in_hall else "进驻中心却写了不进驻的原因。",
            "“应进必进”：不进驻的写明原因，进驻的留空。",
        )


def reform_told(version: ItemVersion) -> Findings:
    """A mode of reform has its day and document, and the item is handled as it says (证照分离).

    Source:
        国务院关于深化“证照分离”改革进一步激发市场主体发展活力的通知（国发〔2021〕7号）.
    """
    mode, since = version.reform_mode, version.reform_since
    if mode is None:
        if since or version.reform_doc or version.reform_pilot:
            yield (
                "reform_mode",
                "没有证照分离改革方式，却写了它的日期、文件或者试点。",
                "请选择改革方式，或者删去这些内容。",
            )
        return
    if since is None:
        yield "reform_since", f"没有写“{mode.label}”自哪天起。", "请填写文件规定的起始日期。"
    elif since > version.effective_on:
        yield (
            "reform_since",
            f"改革自{since}起，晚于这一版本的生效日期{version.effective_on}。",
            "请更正日期，或者让这一版本从那天起生效。",
        )
    if not version.reform_doc:
        yield "reform_doc", f"没有写“{mode.label}”依据的文件。", "请填写文件名称或者文号。"
    yield from _pilot_told(version)
    yield from _handled_as_reformed(version, mode)


def _pilot_told(version: ItemVersion) -> Findings:
    pilot, since = version.reform_pilot, version.reform_since
    if pilot is None:
        return
    if not pilot.basis:
        yield "reform_pilot.basis", "试点没有依据。", "请写明哪个机关以哪份文件同意试点。"
    if pilot.ends_on is None and pilot.review_on is None:
        yield (
            "reform_pilot.ends_on",
            "试点没有期限，也没有评估的日期。",
            "请填写试点到哪天为止，或者哪天评估。",
        )
    for name, day in (("ends_on", pilot.ends_on), ("review_on", pilot.review_on)):
        if day and since and day < since:
            yield (
                f"reform_pilot.{name}",
                f"试点的日期{day}早于改革的起始日期{since}。",
                "请更正其中一个日期。",
            )


def _handled_as_reformed(version: ItemVersion, mode: ReformMode) -> Findings:
    if mode is ReformMode.CANCEL and version.channels:
        yield (
            "channels",
            "审批已经直接取消，却还有办理渠道。",
            "请删去全部办理渠道：不用申请的事项不再收件。",
        )
    if mode is not ReformMode.FILE:
        return
    if version.item_type is ItemType.LICENCE:
        yield (
            "item_type",
            "审批已经改为备案，事项类型却是行政许可。",
            "请改为其他行政权力等，备案不作许可决定。",
        )
    if version.case_kind is not CaseKind.IMMEDIATE:
        yield (
            "case_kind",
            "审批已经改为备案，却不是即办件。",
            "材料齐全的当场备案，请改为即办件，承诺时限填 0。",
        )


def site_check_founded(version: ItemVersion) -> Findings:
    """An obligatory check on the spot names its basis and looks at guiding questions.

    Source:
        行政许可法 第三十四条第三款.
    """
    duty = version.site_check
    if duty is None:
        return
    if not duty.basis:
        yield (
            "site_check.basis",
            "没有写明必须现场核查的依据。",
            "请写明法律法规和条款，没有的请删去。",
        )
    known = {question.id: question for question in version.questionnaire}
    for when in duty.when:
        yield from _condition("site_check.when", when, known)


def online_as_told(version: ItemVersion) -> Findings:
    """What is said of handling online agrees with channels, visits and fees."""
    depth = version.online_depth
    if OnlineDepth.HANDLE in depth and version.onsite_times > 0:
        yield (
            "online_depth",
            f"写了互联网办理，又要到现场{version.onsite_times}次。",
            "全程网办的到场次数为 0，请更正其中一项。",
        )
    if depth and Channel.PORTAL not in version.channels:
        yield "channels", "写了网上办理深度，却没有网上办理渠道。", "请补上 portal 或者删去深度。"
    if version.pay_online and not version.fees:
        yield "pay_online", "不收费，却写了网上支付。", "请删去 pay_online，或者写明收费项目。"
    for index, step in enumerate(version.special_steps):
        if not step.basis or step.workdays < 1:
            yield (
                f"special_steps[{index}]",
                f"特别程序“{step.name}”没有依据或者天数。",
                "请写明依据和工作日数，没有依据的不得不计入期限。",
            )
    for index, one in enumerate(version.intermediaries):
        if not one.basis:
            yield (
                f"intermediaries[{index}].basis",
                f"中介服务“{one.name}”没有依据。",
                "没有法律、行政法规或者国务院决定依据的中介服务请删去。",
            )


def sections_repeat_soundly(version: ItemVersion) -> Findings:
    """A section that repeats says of what, within bounds, and nothing outside looks into it."""
    inside: set[str] = set()
    for index, section in enumerate(version.sections):
        if section.repeats is None:
            continue
        repeats = section.repeats
        if not repeats.noun or not 0 <= repeats.minimum <= repeats.maximum <= MOST_REPEATS:
            yield (
                f"sections[{index}].repeats",
                f"“{section.title}”重复填写的名称或者次数不对。",
                f"请写明填写的是什么，最少不小于 0，最多不大于 {MOST_REPEATS}，最少不大于最多。",
            )
        own = {question.id for question in section.questions}
        inside |= own
        for question in section.questions:
            if question.prefill or any(when.question not in own for when in question.when):
                yield (
                    f"sections[{index}].questions",
                    f"重复填写的“{question.label}”引用了这一部分以外的内容。",
                    "重复填写的问题只能引用同一部分的问题，不能由登记数据预填。",
                )
    outside = [
        (when.question, place)
        for place, question in _placed(version)
        if question.id not in inside
        for when in question.when
    ]
    outside += [
        (w.question, f"materials[{m.id}]") for m in version.materials for w in m.needed_when
    ]
    outside += [(one, "result.scope_fields") for one in version.result.scope_fields]
    for question_id, place in outside:
        if question_id in inside:
            yield (
                place,
                f"引用了重复填写的问题 {question_id}。",
                "重复填写的回答有多份，不能作条件，也不能印在证照上。",
            )


def texts_are_plain(version: ItemVersion) -> Findings:
    """No text of an item carries markup or scripts: what is published is words."""
    for place, text in _texts(version):
        if found := MARKUP.search(text):
            yield (
                place,
                f"“{found.group()}”像是网页代码。",
                "请只写文字，去掉尖括号里的标签和 javascript: 链接。",
            )


def _texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from _texts(one, f"{place}[{index}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            inner = f"{place}.{field.name}" if place else field.name
            yield from _texts(getattr(value, field.name), inner)


def english_fits(version: ItemVersion) -> Findings:
    """Each English text stands for a Chinese one that exists, once, and holds no Chinese."""
    if version.english is None:
        return
    places = translatable(version)
    seen: set[str] = set()
    for text in version.english.texts:
        if text.at not in places or text.at in seen:
            yield (
                f"english.texts[{text.at}]",
                f"没有“{text.at}”这一处中文，或者写了两次。",
                "请按中文的位置填写，例如 conditions.0、materials.<标识>。",
            )
        seen.add(text.at)
        if CHINESE.search(text.text):
            yield f"english.texts[{text.at}]", "英文里有中文。", "请译成英文，或者删去这一行。"
    for place, one in (("name", version.english.name), ("summary", version.english.summary)):
        if not one or CHINESE.search(one):
            yield f"english.{place}", "英文没有填写，或者有中文。", "请写英文。"


CHECKS: tuple[Check, ...] = tuple(
    Check(name=find.__name__, find=find)
    for find in (
        promise_within_law,
        steps_within_promise,
        flow_complete,
        kind_fits_limit,
        result_fits_kind,
        visits_have_reason,
        fees_have_basis,
        phones_differ,
        supervisor_named,
        basis_present,
        no_catch_all,
        materials_have_basis,
        government_materials_waived,
        necessity_fits,
        tolerance_allowed,
        commitment_told,
        commitment_allowed,
        ids_once,
        conditions_look_back,
        questions_complete,
        registers_answer_first,
        codes_well_formed,
        words_present,
        handling_items_reached,
        scenarios_stand,
        entrusted_by_somebody,
        hall_or_reason,
        reform_told,
        online_as_told,
        site_check_founded,
        automatic_by_rules,
        automatic_rules_stand,
        automatic_facts_exist,
        automatic_without_a_look,
        sections_repeat_soundly,
        texts_are_plain,
        english_fits,
    )
)
"""Every rule, in the order in which its failures are told."""
