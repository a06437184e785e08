"""Labels and hints of every field of an item, and on which topic of the editor it stands.

The one table for forms, failing checks and comparisons. A field of `ItemVersion` or its parts
without a row here fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import FieldShape, classes


@dataclass(frozen=True, kw_only=True)
class Words:
    """How one field is shown.

    Attributes:
        long: Several lines high.
        choices: Where the choices come from: departments, licence_types, register, questions,
            waivers, scenarios, items; empty: free text or the members of the term.
        most: Longest text in characters.
        fixed: Not edited: the platform gives it, or it was decided when the item began.
        needed: A file may leave it out, yet a check before publication asks for it.
    """

    label: object
    hint: object = ""
    long: bool = False
    choices: str = ""
    most: int = 200
    fixed: bool = False
    needed: bool = False


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One page of the editor.

    Attributes:
        fields: Names of the fields of `ItemVersion` on it.
    """

    key: str
    title: object
    fields: tuple[str, ...]
    hint: object = field(default="")


def _w(label: object, hint: object = "", **more: object) -> Words:
    return Words(label=label, hint=hint, **more)  # type: ignore[arg-type]  # named in the table


LONG = 2_000

TOPICS: tuple[Topic, ...] = (
    Topic(
        key="basics",
        title=_("基本信息"),
        fields=(
            "name",
            "summary",
            "aliases",
            "item_type",
            "audiences",
            "field",
            "themes",
            "focus",
            "task_code",
            "handling_code",
            "external_code",
            "parent",
            "power_source",
            "body_kind",
            "entrusting_department",
            "joint_departments",
            "effective_on",
            "source",
            "source_year",
            "common",
            "slug",
            "version",
            "department",
        ),
    ),
    Topic(
        key="limits",
        title=_("时限与收费"),
        fields=(
            "case_kind",
            "limit",
            "special_steps",
            "site_check",
            "fees",
            "pay_online",
            "minutes_to_fill",
        ),
    ),
    Topic(
        key="conditions",
        title=_("受理条件"),
        fields=("conditions", "quantity_limit", "intermediaries", "declaration", "direct_safety"),
    ),
    Topic(
        key="materials",
        title=_("材料"),
        fields=("materials", "mail_materials", "tolerance_issue_first", "correction_days"),
    ),
    Topic(
        key="commitment",
        title=_("告知承诺"),
        fields=("commitment", "commitment_when", "commitment_conditions", "commitment_terms"),
        hint=_("一次告知条件、材料和后果；申请人书面承诺后当日作出决定，之后核查。"),
    ),
    Topic(
        key="situations",
        title=_("情形引导与情形"),
        fields=("questionnaire", "scenarios", "handling_items"),
        hint=_("不登录就能回答的问题，决定要哪些材料；不得问个人信息。"),
    ),
    Topic(
        key="form",
        title=_("申请表"),
        fields=("sections",),
        hint=_("每一部分是申请人填写的一页；登记库里已有的不问，填写预填字段。"),
    ),
    Topic(
        key="handling",
        title=_("办理环节"),
        fields=(
            "flow",
            "channels",
            "onsite_times",
            "onsite_reason",
            "online_depth",
            "mobile",
            "self_terminal",
            "bookable",
            "cross_area",
            "in_hall",
            "not_in_hall_reason",
            "reform_mode",
            "reform_since",
            "reform_doc",
            "reform_pilot",
            "one_window",
        ),
    ),
    Topic(key="auto", title=_("自动办理规则"), fields=("auto_decide", "auto_rules")),
    Topic(key="basis", title=_("依据"), fields=("basis",)),
    Topic(
        key="result",
        title=_("结果与监管"),
        fields=("result", "mail_result", "public", "supervision"),
    ),
    Topic(
        key="places",
        title=_("办理地点与咨询"),
        fields=("service_points", "consult_phone", "complaint_phone"),
    ),
    Topic(key="faq", title=_("常见问题"), fields=("faq",)),
    Topic(
        key="rights",
        title=_("权利义务"),
        fields=("rights", "duties", "review_body", "litigation_body"),
    ),
    Topic(
        key="english",
        title=_("英文"),
        fields=("english",),
        hint=_("没有译文的地方，英文页面显示中文并说明。"),
    ),
)

TOPIC_OF: Mapping[str, Topic] = {name: topic for topic in TOPICS for name in topic.fields}
"""Field of `ItemVersion` -> the topic it stands on."""

_LINES = _("每行一条。")

WORDS: Mapping[str, Words] = {
    "ItemVersion.slug": _w(_("标识"), _("网址中的名字，建立后不能改。"), fixed=True),
    "ItemVersion.version": _w(_("版本"), _("发布时由系统编号。"), fixed=True),
    "ItemVersion.name": _w(_("事项名称")),
    "ItemVersion.item_type": _w(_("事项类型")),
    "ItemVersion.task_code": _w(_("实施编码"), _("31 位。"), most=31),
    "ItemVersion.handling_code": _w(_("业务办理项编码"), _("33 位，实施编码加两位序号。"), most=33),
    "ItemVersion.department": _w(
        _("实施部门"), _("建立后不能改。"), choices="departments", fixed=True
    ),
    "ItemVersion.audiences": _w(_("服务对象")),
    "ItemVersion.field": _w(_("领域"), _("如 市场准入。"), most=40),
    "ItemVersion.themes": _w(_("主题"), _LINES),
    "ItemVersion.aliases": _w(_("群众的说法"), _("老百姓会怎样搜索，每行一条。")),
    "ItemVersion.summary": _w(_("一句话说明"), _("用老百姓的话写一两句。"), long=True, most=400),
    "ItemVersion.case_kind": _w(_("办件类型"), _("承诺时限为当场的是即办件。")),
    "ItemVersion.channels": _w(_("办理形式")),
    "ItemVersion.onsite_times": _w(_("到办事现场次数")),
    "ItemVersion.onsite_reason": _w(
        _("必须到现场的原因"), _("次数为 0 的留空。"), long=True, most=LONG
    ),
    "ItemVersion.limit": _w(_("办结时限")),
    "ItemVersion.fees": _w(_("收费项目"), _("不收费的不用填写。")),
    "ItemVersion.minutes_to_fill": _w(_("填表大约几分钟")),
    "ItemVersion.basis": _w(_("设定依据")),
    "ItemVersion.conditions": _w(
        _("受理条件"), _("每行一条，逐项写明，不写“其他条件”。"), long=True, most=LONG
    ),
    "ItemVersion.questionnaire": _w(_("情形引导的问题")),
    "ItemVersion.sections": _w(_("申请表的部分")),
    "ItemVersion.materials": _w(_("申请材料")),
    "ItemVersion.flow": _w(_("办理环节"), _("各环节工作日之和不超过承诺时限。")),
    "ItemVersion.result": _w(_("办理结果")),
    "ItemVersion.supervision": _w(_("办结后的监管")),
    "ItemVersion.service_points": _w(_("办理地点"), _("不知道的留空，不要猜。")),
    "ItemVersion.consult_phone": _w(_("咨询电话"), _("如 021-12345；不知道的留空。")),
    "ItemVersion.complaint_phone": _w(_("监督投诉电话"), _("不能与咨询电话相同。")),
    "ItemVersion.review_body": _w(_("行政复议机关")),
    "ItemVersion.litigation_body": _w(_("行政诉讼法院")),
    "ItemVersion.faq": _w(_("常见问题")),
    "ItemVersion.declaration": _w(
        _("申请人的承诺"), _("申请人提交前确认的全文。"), long=True, most=LONG
    ),
    "ItemVersion.source": _w(_("内容来源"), _("事实从哪里来，如哪份办事指南。"), most=400),
    "ItemVersion.source_year": _w(_("来源年份")),
    "ItemVersion.effective_on": _w(
        _("生效日期"), _("新版本从这天零时起用；晚于今天的应为工作日。")
    ),
    "ItemVersion.public": _w(_("公开准予的决定"), _("个人待遇类不公开。")),
    "ItemVersion.quantity_limit": _w(_("数量限制"), _("没有的写“无数量限制”。")),
    "ItemVersion.common": _w(_("列为常办"), _("排在首页前面。")),
    "ItemVersion.cross_area": _w(_("通办范围"), _("如 全市通办；只在本区的留空。")),
    "ItemVersion.mail_materials": _w(_("材料可以邮寄")),
    "ItemVersion.mail_result": _w(_("结果可以邮寄")),
    "ItemVersion.reform_mode": _w(
        _("证照分离改革方式"), _("直接取消审批的不选办理形式；改为备案的是即办件，不是行政许可。")
    ),
    "ItemVersion.reform_since": _w(_("改革自哪天起"), _("文件规定的日期；没有改革方式的留空。")),
    "ItemVersion.reform_doc": _w(
        _("改革依据的文件"), _("文件名称或者文号；没有改革方式的留空。"), most=400
    ),
    "ItemVersion.reform_pilot": _w(_("改革试点")),
    "ReformPilot.basis": _w(_("试点的依据"), _("哪个机关以哪份文件同意试点。"), most=400),
    "ReformPilot.ends_on": _w(_("试点到哪天为止"), _("与评估日期至少填写一个。")),
    "ReformPilot.review_on": _w(_("试点哪天评估"), _("与结束日期至少填写一个。")),
    "ItemVersion.focus": _w(_("重点领域")),
    "ItemVersion.external_code": _w(_("原系统编码"), most=80),
    "ItemVersion.parent": _w(_("主项"), choices="items"),
    "ItemVersion.power_source": _w(_("权力来源")),
    "ItemVersion.body_kind": _w(_("实施主体性质")),
    "ItemVersion.entrusting_department": _w(_("委托部门"), _("上级委托的才填写。")),
    "ItemVersion.joint_departments": _w(_("联办机构"), choices="departments"),
    "ItemVersion.handling_items": _w(
        _("业务办理项"), _("第一个条件成立的就是办件的业务办理项；只有一种的不用填写。")
    ),
    "ItemVersion.scenarios": _w(_("办理情形")),
    "ItemVersion.online_depth": _w(_("网上办理深度"), _("不选的由系统按渠道推算。")),
    "ItemVersion.mobile": _w(_("适合手机办理")),
    "ItemVersion.self_terminal": _w(_("自助终端可以办理")),
    "ItemVersion.bookable": _w(_("可以预约")),
    "ItemVersion.pay_online": _w(_("网上支付")),
    "ItemVersion.in_hall": _w(_("进驻政务大厅")),
    "ItemVersion.not_in_hall_reason": _w(
        _("不进驻的原因"), _("进驻的留空。"), long=True, most=LONG
    ),
    "ItemVersion.special_steps": _w(_("特别程序"), _("听证、检验、评审等，写明依据。")),
    "ItemVersion.intermediaries": _w(_("中介服务"), _("只能是法律、行政法规要求的。")),
    "ItemVersion.commitment": _w(_("告知承诺")),
    "ItemVersion.commitment_when": _w(
        _("哪些情形可以告知承诺"), _("全部条件成立才可以；没有条件的总是可以。")
    ),
    "ItemVersion.commitment_conditions": _w(_("告知的条件"), _("逐条写明，由申请人逐条确认。")),
    "ItemVersion.commitment_terms": _w(_("告知的内容")),
    "ItemVersion.direct_safety": _w(
        _("直接涉及安全的原因"),
        _(
            "直接涉及公共安全、生态环境、人身健康、生命财产安全的写明，不得实行告知承诺；其他的留空。"
        ),
        long=True,
        most=400,
    ),
    "ItemVersion.tolerance_issue_first": _w(
        _("先出证后补齐"), _("容缺的材料可以在出结果之后补齐。")
    ),
    "ItemVersion.correction_days": _w(
        _("补正期限（天）"), _("自然日，自告知之日起；不写或者写0的按本区的期限。")
    ),
    "ToldCondition.id": _w(_("标识"), _("小写英文字母、数字和下划线，不重复。"), most=60),
    "ToldCondition.text": _w(_("条件"), _("申请人承诺做到什么。"), long=True, most=LONG),
    "ToldCondition.basis": _w(_("依据"), most=400),
    "CommitmentTerms.consequences": _w(_("不履行承诺的后果"), _LINES, long=True, most=LONG),
    "CommitmentTerms.check_method": _w(_("核查方式")),
    "CommitmentTerms.check_months": _w(_("决定后几个月内核查")),
    "CommitmentTerms.correction_days": _w(_("责令改正的期限（天）"), _("自然日。")),
    "CommitmentTerms.publish": _w(_("公开承诺书")),
    "CommitmentTerms.source": _w(_("列入告知承诺清单的来源"), most=400),
    "ItemVersion.site_check": _w(
        _("必须现场核查"), _("两名以上工作人员现场核查并记录以后才能准予。")
    ),
    "ItemVersion.auto_decide": _w(_("无人干预自动办理")),
    "ItemVersion.auto_rules": _w(_("自动办理规则")),
    "ItemVersion.rights": _w(_("依法享有的权利"), _LINES, long=True, most=LONG),
    "ItemVersion.duties": _w(_("依法履行的义务"), _LINES, long=True, most=LONG),
    "ItemVersion.one_window": _w(_("与一窗通对照")),
    "ItemVersion.english": _w(_("英文")),
    "Limit.statutory_workdays": _w(_("法定办结时限"), _("工作日；当场办结的填 0。")),
    "Limit.promised_workdays": _w(_("承诺办结时限"), _("工作日，不超过法定时限。")),
    "Limit.source": _w(_("时限的依据"), most=400),
    "Limit.effective_on": _w(_("时限自哪天起")),
    "Fee.name": _w(_("收费项目")),
    "Fee.basis": _w(_("收费依据"), most=400),
    "Fee.amount_cny": _w(_("金额（元）"), _("视情况而定的留空。")),
    "Basis.law": _w(_("法律法规名称"), _("全称，不加书名号。"), choices="laws", most=300),
    "Basis.article": _w(_("条款"), _("如 第三十五条第一款；引用整份文件的留空。")),
    "Basis.version": _w(_("文本日期"), _("如 2021-04-29；用最新文本的留空。"), most=10),
    "Basis.note": _w(_("说明"), most=400),
    "Question.id": _w(_("标识"), _("小写英文字母、数字和下划线，不重复。"), most=60),
    "Question.label": _w(_("题目")),
    "Question.kind": _w(_("回答方式")),
    "Question.hint": _w(_("提示"), long=True, most=400),
    "Question.optional": _w(_("选填")),
    "Question.options": _w(_("选项"), _("单选、多选才有。")),
    "Question.prefill": _w(
        _("预填字段"), _("登记库里已有的，选一个字段，不再问。"), choices="register"
    ),
    "Question.when": _w(_("在什么情况下问"), _("全部条件成立才问；没有条件的总是问。")),
    "Question.unit": _w(_("单位"), _("数字才有，如 平方米。"), most=20),
    "Question.minimum": _w(_("最小值")),
    "Question.maximum": _w(_("最大值")),
    "Question.max_length": _w(_("最多字数")),
    "Question.personal": _w(_("个人信息"), _("显示时默认遮盖。")),
    "Question.whole": _w(_("只收整数")),
    "Option.value": _w(_("值"), _("小写英文，不显示给申请人。"), most=60),
    "Option.label": _w(_("显示的文字")),
    "When.question": _w(_("前面的问题"), choices="questions"),
    "When.op": _w(_("比较")),
    "When.value": _w(_("值"), _("是否题填 是 或 否；单选填选项的值；“属于”可填几个，用顿号分开。")),
    "Section.id": _w(_("标识"), _("小写英文字母、数字和下划线，不重复。"), most=60),
    "Section.title": _w(_("标题")),
    "Section.questions": _w(_("问题")),
    "Section.repeats": _w(_("重复填写")),
    "Repeats.noun": _w(_("每一份填写的是什么"), _("如 股东。"), most=20),
    "Repeats.minimum": _w(_("最少几份")),
    "Repeats.maximum": _w(_("最多几份")),
    "Repeats.ask": _w(_("问几份的题目"), _("留空的由系统写。")),
    "Repeats.unit": _w(_("量词"), most=10),
    "Material.id": _w(_("标识"), _("小写英文字母、数字和下划线，不重复。"), most=60),
    "Material.name": _w(_("材料名称")),
    "Material.source": _w(_("来源渠道")),
    "Material.necessity": _w(_("必要性")),
    "Material.waive_by": _w(_("免于提交方式"), _("政府部门核发的应当免交。")),
    "Material.waive_ref": _w(_("免交的证照或登记字段"), choices="waivers"),
    "Material.needed_when": _w(_("视情形提交的条件")),
    "Material.form": _w(_("材料形式"), _("如 原件、复印件、电子或复印件。")),
    "Material.copies": _w(_("份数")),
    "Material.basis": _w(_("要求提供的依据"), most=400, needed=True),
    "Material.accept_standard": _w(
        _("受理标准"), _("窗口核对什么，逐项写明。"), long=True, most=LONG, needed=True
    ),
    "Material.fill_notes": _w(_("填报须知"), _("怎样准备。"), long=True, most=LONG),
    "Material.tolerance_days": _w(
        _("容缺补齐期限"), _("工作日；可容缺而填 0 的按区里统一的期限。")
    ),
    "Material.key": _w(_("主要材料"), _("证明法定条件，不能容缺。")),
    "Material.on_commitment": _w(_("告知承诺时怎样提交")),
    "Material.commitment_days": _w(_("决定后几个工作日补交"), _("不是决定后补交的填 0。")),
    "Material.holder": _w(_("材料是谁的"), _("可以是别人的，预检不提示与申请人不一致，由人核对。")),
    "Material.not_waived_reason": _w(
        _("不能免交的原因"), _("政府部门核发而仍须提交的才填写。"), long=True, most=LONG
    ),
    "FlowStep.role": _w(_("环节")),
    "FlowStep.name": _w(_("名称")),
    "FlowStep.workdays": _w(_("工作日"), _("即时完成的填 0。")),
    "FlowStep.text": _w(_("说明"), long=True, most=LONG),
    "Result.kind": _w(_("结果类型")),
    "Result.name": _w(_("结果名称")),
    "Result.licence_type": _w(_("证照类型"), _("出证办结的才选。"), choices="licence_types"),
    "Result.valid_months": _w(_("有效期（月）"), _("长期有效的填 0。")),
    "Result.scope_fields": _w(_("印在证照上的回答"), choices="questions"),
    "Result.renewal_lead_workdays": _w(_("届满前几个工作日申请延续"), _("没有的填 0。")),
    "Result.sample": _w(_("结果样本的说明"), long=True, most=LONG),
    "Supervision.department": _w(_("监管部门"), choices="departments"),
    "Supervision.method": _w(_("监管方式"), most=400),
    "Supervision.basis": _w(_("监管依据"), most=400),
    "ServicePoint.name": _w(_("名称")),
    "ServicePoint.address": _w(_("地址")),
    "ServicePoint.hours": _w(_("时间")),
    "ServicePoint.phone": _w(_("电话"), most=40),
    "Faq.question": _w(_("问题")),
    "Faq.answer": _w(_("答复"), long=True, most=LONG),
    "HandlingItem.code": _w(_("编码"), _("实施编码加两位序号。"), most=33),
    "HandlingItem.name": _w(_("名称")),
    "HandlingItem.kind": _w(_("种类")),
    "HandlingItem.when": _w(_("条件"), _("没有条件的只能排在最后。")),
    "Scenario.id": _w(_("标识"), _("小写英文字母、数字和下划线，不重复。"), most=60),
    "Scenario.name": _w(_("情形名称")),
    "Scenario.answers": _w(_("这一情形的回答")),
    "Scenario.based_on": _w(_("在哪个情形的基础上"), choices="scenarios"),
    "Given.question": _w(_("情形引导的问题"), choices="questions"),
    "Given.value": _w(_("回答"), _("是否题填 是 或 否；单选填选项的值；多选用顿号分开。")),
    "SiteCheckDuty.basis": _w(_("必须现场核查的依据"), _("法律法规和条款。"), most=400),
    "SiteCheckDuty.when": _w(
        _("在什么情况下必须核查"), _("全部条件成立才必须；没有条件的总是必须。")
    ),
    "SpecialStep.name": _w(_("名称")),
    "SpecialStep.workdays": _w(_("工作日")),
    "SpecialStep.basis": _w(_("依据"), most=400),
    "SpecialStep.counted": _w(_("计入期限")),
    "Intermediary.name": _w(_("名称")),
    "Intermediary.basis": _w(_("依据"), most=400),
    "OneWindow.function": _w(_("一窗通的功能"), _("没有同样功能的留空。")),
    "OneWindow.difference": _w(_("不同之处"), _("没有不同的留空。"), long=True, most=LONG),
    "English.name": _w(_("英文名称")),
    "English.summary": _w(_("英文说明"), long=True, most=1_000),
    "English.result": _w(_("结果的英文名称")),
    "English.onsite_reason": _w(_("到场原因的英文"), long=True, most=LONG),
    "English.declaration": _w(_("承诺的英文"), long=True, most=LONG),
    "English.texts": _w(_("逐处译文")),
    "EnglishText.at": _w(_("位置")),
    "EnglishText.text": _w(_("译文"), long=True, most=LONG),
}
"""`Class.field` -> how it is shown."""

ROW_WORDS: Mapping[str, object] = {
    "Fee": _("收费项目"),
    "Basis": _("依据"),
    "Question": _("问题"),
    "Option": _("选项"),
    "When": _("条件"),
    "Section": _("部分"),
    "Material": _("材料"),
    "ToldCondition": _("条件"),
    "FlowStep": _("环节"),
    "ServicePoint": _("地点"),
    "Faq": _("常见问题"),
    "HandlingItem": _("业务办理项"),
    "Scenario": _("情形"),
    "Given": _("回答"),
    "SpecialStep": _("特别程序"),
    "Intermediary": _("中介服务"),
    "EnglishText": _("译文"),
}
"""Class of a row -> what one row is called."""

REGISTERED: Mapping[str, object] = {
    "person.name": _("个人：姓名"),
    "person.id_number": _("个人：公民身份号码"),
    "person.phone": _("个人：电话"),
    "person.address": _("个人：住址"),
    "person.gender": _("个人：性别"),
    "person.born_on": _("个人：出生日期"),
    "person.hukou": _("个人：户籍地址"),
    "entity.name": _("单位：名称"),
    "entity.uscc": _("单位：统一社会信用代码"),
    "entity.address": _("单位：住所"),
    "entity.legal_representative": _("单位：法定代表人"),
    "entity.phone": _("单位：电话"),
    "entity.kind": _("单位：类型"),
    "entity.established_on": _("单位：成立日期"),
    "entity.industry": _("单位：行业"),
    "entity.town": _("单位：所在街镇"),
}
"""Register field -> its words."""

CLASSES: tuple[type, ...] = classes(ItemVersion)


def words_of(shape: FieldShape) -> Words:
    """Return how a field is shown."""
    return WORDS[shape.key]


def topic(key: str) -> Topic:
    """Return one page of the editor.

    Raises:
        LookupError: no such page.
    """
    for one in TOPICS:
        if one.key == key:
            return one
    raise LookupError(f"no topic {key}")
