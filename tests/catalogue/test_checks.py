"""We know that each rule before publication stops what it is there to stop, and says the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.catalogue import TASK_CODE, an_item, changed, definition, pack_items
from yiwang.catalogue.policy.checks import CHECKS, failures
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item

NUMBER = {"id": "seats", "label": "座位", "kind": "number", "unit": "个"}


def question(**changes: Any) -> dict[str, Any]:
    whole = definition()
    whole["sections"][0]["questions"][1] = NUMBER | changes
    return whole


def material(**changes: Any) -> dict[str, Any]:
    whole = definition()
    whole["materials"][0] |= changes
    return whole


def handled(*several: dict[str, Any], **changes: Any) -> dict[str, Any]:
    first = {"code": f"{TASK_CODE}01", "name": "新办", "kind": "issue"}
    return definition(handling_items=[first | one for one in several or (changes,)])


def handled_first() -> dict[str, Any]:
    return {"code": f"{TASK_CODE}01"}


def situations(*several: dict[str, Any]) -> dict[str, Any]:
    first = {"id": "one", "name": "卖吃的", "answers": {"sells": "food"}}
    return definition(scenarios=[first | one for one in several])


def repeating(repeats: dict[str, Any], *, scope: bool = False, **of: Any) -> dict[str, Any]:
    whole = definition()
    section = {"id": "more", "title": "摊位", "questions": [NUMBER | of], "repeats": repeats}
    whole["sections"].append(section)
    whole["result"] |= {"scope_fields": ["seats"]} if scope else {}
    return whole


def reformed(mode: str = "commit", **changes: Any) -> dict[str, Any]:
    whole = {"reform_mode": mode, "reform_since": "2025-10-01", "reform_doc": "9号"}
    return definition(**(whole | changes))


def on_trial(**changes: Any) -> dict[str, Any]:
    return reformed(reform_pilot={"basis": "批复", "ends_on": "2026-12-31"} | changes)


def in_words(texts: dict[str, str], *, name: str = "Stall permit") -> dict[str, Any]:
    return definition(english={"name": name, "summary": "To sell.", "texts": texts})


def told(text: str) -> list[dict[str, Any]]:
    return [{"id": "place", "text": text}]


def committed(terms: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    whole = {
        "commitment": "licence",
        "commitment_terms": TERMS | (terms or {}),
        "commitment_conditions": TOLD,
    }
    return definition(**(whole | changes))


TERMS = {
    "consequences": ["不履行承诺的，责令限期改正；逾期不改正的，撤销许可。"],
    "check_method": "site",
    "check_months": 2,
    "correction_days": 30,
    "publish": True,
    "source": "示例清单",
}
TOLD = told("有固定的摊位。")
FOUR_STEPS = definition()["flow"][:2] + definition()["flow"][3:]
NO_LICENCE = {"kind": "decision", "name": "批复"}
FROM_GOVERNMENT = material(source="government", waive_by="none")
NO_SUCH_FIELD = material(waive_by="register", waive_ref="entity.tax")


def automatic(rows: list[dict[str, Any]] | None = None, **fact: Any) -> dict[str, Any]:
    """Return an item that a machine grants to whoever sells food."""
    sells = {
        "name": "sells",
        "label": "卖什么",
        "kind": "choice",
        "source": "answer:sells",
        "options": {"food": "食品", "goods": "百货"},
    }
    rules = {
        "name": "摆摊",
        "facts": [sells | fact],
        "rows": rows
        or [
            {"id": "food", "when": {"sells": "food"}, "outcome": "grant", "reason": "食品摊"},
            {"id": "rest", "outcome": "hand_over", "reason": "须核实"},
        ],
        "tests": [{"name": "食品", "facts": {"sells": "food"}, "expect": "grant", "row": "food"}],
    }
    return definition(auto_decide=True, auto_rules=rules)


def looked_at(**changes: Any) -> dict[str, Any]:
    whole = automatic()
    whole["flow"][1] |= changes
    return whole


TRIAL = "2026-12-31"
TEXT = {"kind": "text", "options": {}}
ONLY_FOOD = [{"id": "food", "when": {"sells": "food"}, "outcome": "grant", "reason": "食品摊"}]
CONTRARY = [
    {"id": "all", "when": {"sells": {"in": ["food", "goods"]}}, "outcome": "grant", "reason": "摊"},
    {"id": "goods", "when": {"sells": "goods"}, "outcome": "hand_over", "reason": "须核实"},
]

FAILING = [
    ("automatic_by_rules", definition(auto_decide=True), "请写出规则"),
    ("automatic_rules_stand", automatic(ONLY_FOOD), "卖什么是“百货”：没有一行说到"),
    ("automatic_rules_stand", automatic(CONTRARY), "第 1 行准予，而第 2 行要转人工"),
    ("automatic_rules_stand", automatic([{**ONLY_FOOD[0], "reason": ""}]), "没有写理由"),
    ("automatic_rules_stand", automatic([{**ONLY_FOOD[0], "when": {"sells": "goods"}}]), "食品"),
    ("automatic_facts_exist", automatic(source="answer:sold"), "没有问题“sold”"),
    ("automatic_facts_exist", automatic(source="sells"), "看不懂来源“sells”"),
    ("automatic_facts_exist", automatic(source="register:entity.tax"), "没有登记字段“entity.tax”"),
    ("automatic_facts_exist", automatic(source="register:person.name"), "不属于该事项的服务对象"),
    ("automatic_facts_exist", automatic(source="check:tax.paid"), "没有数据核验“tax.paid”"),
    ("automatic_facts_exist", automatic(source="check:entity.open"), "请把事实的类型改为是否"),
    ("automatic_facts_exist", automatic(source="case:mood"), "没有办件字段“mood”"),
    ("automatic_facts_exist", automatic(source="case:received_on"), "类型改为日期"),
    ("automatic_facts_exist", automatic(**TEXT), "请把事实的类型改为选项"),
    ("automatic_facts_exist", automatic(options={"food": "食品"}), "请列出同样的选项：food、goods"),
    ("automatic_without_a_look", looked_at(text="到摊位现场核查。"), "请取消自动办理"),
    ("automatic_without_a_look", looked_at(name="实地检查"), "不能由系统自动准予"),
    ("promise_within_law", changed("limit.promised_workdays", 21), "请缩短承诺时限"),
    ("promise_within_law", changed("limit.statutory_workdays", -1), "当场办结的填 0"),
    ("promise_within_law", changed("limit.source", ""), "写明法律条款"),
    ("steps_within_promise", changed("flow.1.workdays", 9), "请缩短环节时间"),
    ("flow_complete", definition(flow=[]), "受理、决定和送达"),
    ("flow_complete", changed("flow.0.role", "review"), "请补上受理环节"),
    ("flow_complete", changed("flow.4.role", "review"), "请补上送达环节"),
    (
        "flow_complete",
        definition(flow=FOUR_STEPS),
        "至少5个环节",
    ),
    ("flow_complete", definition(faq=[]), "常见问题"),
    ("kind_fits_limit", definition(case_kind="immediate"), "promised（承诺件）"),
    ("kind_fits_limit", changed("limit.promised_workdays", 0), "immediate（即办件）"),
    ("result_fits_kind", changed("result.kind", "decision"), "licence（出证办结）"),
    ("result_fits_kind", changed("result.licence_type", ""), "证照类型的 key"),
    ("result_fits_kind", changed("result.name", ""), "最后拿到什么"),
    (
        "result_fits_kind",
        definition(result=NO_LICENCE | {"licence_type": "x"}),
        "请删去",
    ),
    ("visits_have_reason", definition(onsite_times=1), "必须到现场的原因"),
    ("visits_have_reason", definition(onsite_reason="核对"), "请删去理由"),
    ("visits_have_reason", definition(channels=["counter"]), "请开通网上办理"),
    ("visits_have_reason", definition(channels=[]), "请至少开通窗口办理"),
    ("fees_have_basis", definition(fees=[{"name": "工本费", "basis": ""}]), "没有依据的不得收费"),
    ("phones_differ", definition(consult_phone="021-12345"), "请填写不同的电话"),
    ("phones_differ", definition(complaint_phone=""), "021-12345"),
    ("phones_differ", definition(consult_phone="59999078"), "带区号"),
    ("supervisor_named", changed("supervision.department", ""), "没有监管责任的事项不能发布"),
    ("supervisor_named", changed("supervision.method", ""), "没有监管责任的事项不能发布"),
    ("supervisor_named", changed("supervision.basis", ""), "没有监管责任的事项不能发布"),
    ("basis_present", definition(basis=[]), "请写明法律"),
    ("basis_present", changed("basis.0.article", "42"), "第三十五条"),
    ("basis_present", changed("basis.0.law", ""), "全称"),
    ("basis_present", changed("basis.0.article", ""), "文号"),
    ("no_catch_all", definition(conditions=["法律、法规规定的其他条件。"]), "请逐项列明"),
    ("no_catch_all", definition(conditions=[]), "请逐条写明"),
    ("no_catch_all", material(name="营业执照等材料"), "请逐项列明"),
    ("no_catch_all", material(fill_notes="窗口认为需要的"), "请逐项列明"),
    ("no_catch_all", material(accept_standard="附其他相关材料"), "请逐项列明"),
    ("materials_have_basis", material(basis=""), "没有依据的请删去"),
    ("materials_have_basis", material(accept_standard=""), "窗口核对什么"),
    (
        "government_materials_waived",
        material(source="government", waive_by="none"),
        "not_waived_reason",
    ),
    ("government_materials_waived", material(not_waived_reason="接口未通"), "请删去其中一项"),
    ("government_materials_waived", material(waive_by="licence"), "证照类型的 key"),
    (
        "government_materials_waived",
        material(waive_by="register", waive_ref="entity.tax"),
        "可用的字段",
    ),
    ("necessity_fits", material(necessity="conditional"), "写明情形"),
    ("necessity_fits", material(needed_when={"sells": "food"}), "写明情形"),
    ("necessity_fits", material(tolerance_days=5), "几个工作日内补齐"),
    ("tolerance_allowed", material(necessity="tolerable", key=True), "不能容缺"),
    (
        "tolerance_allowed",
        material(necessity="tolerable", tolerance_days=30),
        "不得晚于承诺时限",
    ),
    ("promise_within_law", definition(correction_days=366), "1至365的自然日数"),
    ("tolerance_allowed", definition(tolerance_issue_first=True), "哪些材料可容缺"),
    ("commitment_told", definition(commitment="licence"), "写明告知内容"),
    ("commitment_told", definition(commitment_terms=TERMS), "其他的不写"),
    ("commitment_told", definition(commitment_conditions=TOLD), "请删去"),
    ("commitment_told", material(on_commitment="replaced"), "请改为随申请提交"),
    ("commitment_told", committed(commitment_conditions=[]), "逐条确认"),
    ("commitment_told", committed(commitment_conditions=TOLD + TOLD), "每个只用一次"),
    ("commitment_told", committed(commitment_conditions=told("")), "承诺做到什么"),
    ("commitment_told", committed(commitment_conditions=told("其他条件。")), "逐项列明"),
    ("commitment_told", committed({"consequences": []}), "不履行承诺的后果"),
    ("commitment_told", committed({"source": ""}), "文件或者清单"),
    ("commitment_told", committed({"check_months": 0}), "核查期限"),
    ("commitment_told", committed({"correction_days": 0}), "责令改正的天数"),
    ("commitment_told", committed(commitment_when={"nothing": True}), "前面的问题"),
    (
        "commitment_told",
        committed(materials=[definition()["materials"][0] | {"on_commitment": "later"}]),
        "写明几个工作日",
    ),
    ("commitment_allowed", committed(direct_safety="直接涉及公共安全"), "不实行告知承诺"),
    ("commitment_allowed", committed(case_kind="immediate"), "不需要告知承诺"),
    ("site_check_founded", definition(site_check={"basis": ""}), "写明法律法规和条款"),
    (
        "site_check_founded",
        definition(site_check={"basis": "食品安全法", "when": {"nothing": True}}),
        "前面的问题",
    ),
    ("ids_once", question(id="sells"), "只能用一次"),
    ("ids_once", question(id="座位"), "小写英文字母"),
    ("ids_once", material(id="health"), "只能用一次"),
    ("conditions_look_back", question(when={"later": True}), "只能引用排在前面的问题"),
    ("conditions_look_back", question(when={"seats": {"gt": 1}}), "只能引用排在前面的问题"),
    ("conditions_look_back", question(when={"sells": "books"}), "请从 food、goods 中选择"),
    ("conditions_look_back", question(when={"sells": {"eq": ["food"]}}), "用列表"),
    ("conditions_look_back", question(when={"sells": {"in": "food"}}), "用列表"),
    ("conditions_look_back", question(when={"holder": {"gt": 3}}), "不能比较大小"),
    ("conditions_look_back", changed("materials.1.needed_when", {"nothing": True}), "前面的问题"),
    ("conditions_look_back", changed("result.scope_fields", ["nothing"]), "没有问题 nothing"),
    ("questions_complete", changed("questionnaire.0.options", {"food": "食品"}), "列出全部选项"),
    ("questions_complete", question(options={"a": "甲", "b": "乙"}), "不能有选项"),
    ("questions_complete", question(unit=""), "请填写 unit"),
    ("questions_complete", question(minimum=9, maximum=3), "请更正上下限"),
    ("questions_complete", question(label=""), "问什么"),
    (
        "questions_complete",
        changed(
            "questionnaire.0.options",
            [{"value": "a", "label": "甲"}, {"value": "a", "label": "乙"}],
        ),
        "只能用一次",
    ),
    ("questions_complete", definition(sections=[]), "没有问题"),
    ("registers_answer_first", question(label="统一社会信用代码"), "prefill: entity.uscc"),
    ("registers_answer_first", question(prefill="entity.tax"), "可用的字段"),
    ("registers_answer_first", question(prefill="person.name"), "服务对象"),
    ("registers_answer_first", changed("questionnaire.0.prefill", "entity.name"), "请移到表单里"),
    ("registers_answer_first", changed("questionnaire.0.personal", True), "请移到表单里"),
    ("codes_well_formed", definition(handling_code=f"{TASK_CODE}0"), "33位"),
    ("codes_well_formed", definition(task_code=TASK_CODE.replace("099", "098")), "加两位序号"),
    ("codes_well_formed", definition(item_type="benefit"), "行政给付应为05"),
    ("codes_well_formed", definition(slug="Stall_Permit"), "连字符"),
    ("handling_items_reached", handled(code=f"{TASK_CODE}99"), "应为其中一项的编码"),
    ("handling_items_reached", handled(code="12"), "应为实施编码加两位序号"),
    ("handling_items_reached", handled(handled_first(), {}), "每个业务办理项用不同"),
    (
        "handling_items_reached",
        handled(handled_first(), {"code": f"{TASK_CODE}02"}),
        "只能排在最后",
    ),
    ("handling_items_reached", handled(when={"nothing": True}), "前面的问题"),
    ("scenarios_stand", situations({"id": "A"}), "小写英文字母"),
    ("scenarios_stand", situations({"based_on": "nothing"}), "排在前面的情形标识"),
    ("scenarios_stand", situations({"based_on": "two"}, {"id": "two", "based_on": "one"}), "一圈"),
    ("scenarios_stand", situations({"answers": {"sells": "books"}}), "请从 food、goods 中选择"),
    ("scenarios_stand", situations({"answers": {"nothing": True}}), "前面的问题"),
    ("entrusted_by_somebody", definition(power_source="entrusted"), "写明委托部门"),
    ("entrusted_by_somebody", definition(entrusting_department="市局"), "其他的留空"),
    ("hall_or_reason", definition(in_hall=False), "应进必进"),
    ("hall_or_reason", definition(not_in_hall_reason="涉密"), "应进必进"),
    ("reform_told", definition(reform_since="2025-10-01"), "请选择改革方式"),
    ("reform_told", definition(reform_doc="9号"), "请选择改革方式"),
    ("reform_told", reformed(reform_since=None), "文件规定的起始日期"),
    ("reform_told", reformed(reform_since="2030-01-01"), "从那天起生效"),
    ("reform_told", reformed(reform_doc=""), "文件名称或者文号"),
    ("reform_told", on_trial(basis=""), "哪个机关以哪份文件"),
    ("reform_told", on_trial(ends_on=None), "哪天评估"),
    ("reform_told", on_trial(ends_on="2025-09-30"), "更正其中一个日期"),
    ("reform_told", on_trial(review_on="2025-09-30"), "更正其中一个日期"),
    ("reform_told", reformed("cancel"), "不再收件"),
    ("reform_told", reformed("file"), "不作许可决定"),
    ("reform_told", reformed("file"), "承诺时限填 0"),
    (
        "online_as_told",
        definition(online_depth=["handle"], onsite_times=1, onsite_reason="核对"),
        "到场次数为 0",
    ),
    (
        "online_as_told",
        definition(online_depth=["receive"], channels=["counter"], mail_materials=True),
        "删去深度",
    ),
    ("online_as_told", definition(pay_online=True), "写明收费项目"),
    (
        "online_as_told",
        definition(special_steps=[{"name": "听证", "workdays": 20, "basis": ""}]),
        "没有依据的不得不计入期限",
    ),
    ("online_as_told", definition(intermediaries=[{"name": "检测", "basis": ""}]), "请删去"),
    ("sections_repeat_soundly", repeating({"noun": ""}), "最少不小于 0"),
    ("sections_repeat_soundly", repeating({"noun": "摊位", "minimum": 3, "maximum": 2}), "最多"),
    ("sections_repeat_soundly", repeating({"noun": "摊位", "maximum": 51}), "50"),
    ("sections_repeat_soundly", repeating({"noun": "摊位"}, prefill="entity.name"), "预填"),
    ("sections_repeat_soundly", repeating({"noun": "摊位"}, scope=True), "不能印在证照上"),
    ("texts_are_plain", definition(summary="点<script>这里"), "网页代码"),
    ("texts_are_plain", changed("faq.0.answer", "见 javascript:alert(1)"), "只写文字"),
    ("texts_are_plain", material(fill_notes="<img src=x onerror=alert(1)>"), "只写文字"),
    ("english_fits", in_words({"conditions.9": "One"}), "没有“conditions.9”这一处"),
    ("english_fits", in_words({"conditions.0": "一条"}), "英文里有中文"),
    ("english_fits", in_words({}, name=""), "请写英文"),
    ("words_present", definition(aliases=[]), "供搜索"),
    ("words_present", definition(summary=""), "老百姓的话"),
    ("words_present", definition(declaration=""), "承诺"),
    ("words_present", definition(service_points=[]), "只写名称"),
    ("words_present", definition(minutes_to_fill=0), "1 分钟"),
]


@pytest.mark.parametrize(
    ("rule", "plain", "words"), FAILING, ids=[f"{rule}-{words}" for rule, _, words in FAILING]
)
def test_a_rule_stops_what_it_is_there_to_stop(
    rule: str, plain: dict[str, Any], words: str
) -> None:
    found = [failure for failure in failures(parse_item(plain)) if failure.rule == rule]

    assert any(words in f"{failure.message}{failure.remedy}" for failure in found), found
    assert all(failure.place and failure.remedy for failure in found)


def test_a_fact_without_a_source_is_told_once() -> None:
    told = [one.message for one in failures(parse_item(automatic(source=""))) if "来源" in str(one)]

    assert told == ["没有写明事实从哪里来。"]


def test_every_rule_has_an_example_that_breaks_it() -> None:
    assert {check.name for check in CHECKS} == {rule for rule, _, _ in FAILING}


@pytest.mark.parametrize(
    "plain", [reformed(), reformed("cancel", channels=[]), on_trial(ends_on=None, review_on=TRIAL)]
)
def test_a_mode_with_its_day_and_document_may_be_published(plain: dict[str, Any]) -> None:
    assert failures(parse_item(plain)) == []


def test_the_smallest_definition_may_be_published() -> None:
    assert failures(an_item()) == []


@pytest.mark.parametrize(
    "version", pack_items("jiading") + pack_items("example"), ids=lambda version: version.slug
)
def test_every_item_of_the_packs_may_be_published(version: ItemVersion) -> None:
    assert [str(failure) for failure in failures(version)] == []


def test_a_licence_on_commitment_that_tells_everything_may_be_published() -> None:
    assert failures(parse_item(committed())) == []


def test_a_tolerable_material_may_leave_its_days_to_the_district() -> None:
    plain = material(necessity="tolerable")

    assert failures(parse_item(plain)) == []


def test_a_question_is_placed_where_it_stands_in_the_file() -> None:
    found = failures(parse_item(question(unit="")))

    assert [failure.place for failure in found] == ["sections[0].questions[1]"]
