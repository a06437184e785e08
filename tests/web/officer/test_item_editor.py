"""The editor of items in the browser: every topic, every row, nothing typed is lost."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.keeping import begun, fields, fill, number, words
from yiwang.audit import queries as audit
from yiwang.catalogue import drafts
from yiwang.catalogue.policy.items import QuestionKind
from yiwang.organisations.permissions import Actor, Post
from yiwang.web.officer.items.words import TOPICS

pytestmark = [pytest.mark.usefixtures("keepers"), pytest.mark.thorough]

OWNER = Actor(ref="user:owner", posts={"market": frozenset({Post.ITEM_OWNER})})


ITEM = "diner"
"""An item with every sort of material."""


@pytest.fixture
def keepers(keepers):
    cases.publish(cases.restaurant(slug=ITEM))


@pytest.fixture
def draft(keepers) -> str:
    return begun(item=ITEM)


def kept(draft: str) -> drafts.DraftView:
    return drafts.draft(number(draft), by=OWNER)


@pytest.mark.parametrize("topic", [one.key for one in TOPICS])
def test_saving_a_topic_untouched_changes_nothing(draft, topic):
    before = kept(draft)

    answer = fill(signed_in("owner"), f"{draft}edit/{topic}/")

    assert answer.status_code == 302, words(answer)
    assert kept(draft).definition == before.definition
    assert kept(draft).line.revision == 1


@pytest.mark.parametrize(
    "at",
    [
        "basis.0",
        "materials.1",
        "materials.4",
        "materials.4.needed_when.0",
        "questionnaire.0",
        "questionnaire.0.options.1",
        "sections.0",
        "sections.0.questions.1",
        "flow.2",
        "faq.0",
        "service_points.0",
    ],
)
def test_saving_a_row_untouched_changes_nothing(draft, at):
    before = kept(draft)

    answer = fill(signed_in("owner"), f"{draft}rows/{at}/")

    assert answer.status_code == 302, words(answer)
    assert kept(draft).definition == before.definition


def test_a_promise_is_changed_on_its_topic(draft):
    answer = fill(signed_in("owner"), f"{draft}edit/limits/", limit__promised_workdays="4")

    assert answer.status_code == 302
    assert kept(draft).version.limit.promised_workdays == 4
    assert kept(draft).line.revision == 2
    assert audit.trail(target=f"item:{ITEM}")[0].act == "catalogue.draft_save"


def test_lists_of_sentences_are_one_per_line(draft):
    fill(signed_in("owner"), f"{draft}edit/conditions/", conditions="甲。\r\n\r\n  乙。 \r\n")

    assert kept(draft).version.conditions == ("甲。", "乙。")


def test_terms_choices_days_and_boxes_are_kept(draft):
    fill(
        signed_in("owner"),
        f"{draft}edit/basics/",
        audiences=["person", "entity"],
        focus="livelihood",
        effective_on="2026-04-01",
        common="on",
        joint_departments=["market"],
    )

    version = kept(draft).version
    assert [one.value for one in version.audiences] == ["person", "entity"]
    assert version.focus == "livelihood"
    assert version.effective_on.isoformat() == "2026-04-01"
    assert version.common
    assert version.joint_departments == ("market",)


def test_a_new_row_is_added_at_the_end_and_the_next_may_follow(draft):
    owner = signed_in("owner")

    answer = fill(owner, f"{draft}rows/faq.new/", question="要预约吗？", answer="不用。", more="1")

    assert answer.headers["Location"] == f"{draft}rows/faq.new/"
    assert kept(draft).version.faq[-1].question == "要预约吗？"


def test_a_new_question_leads_to_its_own_page_for_options_and_conditions(draft):
    owner = signed_in("owner")
    answer = fill(
        owner,
        f"{draft}rows/sections.0.questions.new/",
        id="sells_drinks",
        label="卖饮料吗？",
        kind=["choice"],
    )
    page = answer.headers["Location"]
    assert page == f"{draft}rows/sections.0.questions.3/"

    fill(owner, f"{page.removesuffix('/')}.options.new/", value="yes", label="卖")
    fill(owner, f"{page.removesuffix('/')}.options.new/", value="no", label="不卖")
    fill(
        owner,
        f"{page.removesuffix('/')}.when.new/",
        question="raw_food",
        op=["eq"],
        value="是",
    )

    question = kept(draft).version.sections[0].questions[3]
    assert question.kind is QuestionKind.CHOICE
    assert [option.label for option in question.options] == ["卖", "不卖"]
    assert question.when[0].value is True


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"question": "kind", "op": ["in"], "value": "餐饮服务、canteen"}, ("catering", "canteen")),
        ({"question": "area_m2", "op": ["gt"], "value": "100"}, 100),
        ({"question": "raw_food", "op": ["eq"], "value": "否"}, False),
    ],
)
def test_a_condition_is_read_by_the_kind_of_its_question(draft, changes, value):
    fill(signed_in("owner"), f"{draft}rows/materials.4.needed_when.0/", **changes)

    assert kept(draft).version.materials[4].needed_when[0].value == value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"question": "raw_food", "op": ["eq"], "value": "也许"}, "请填“是”或“否”"),
        ({"question": "area_m2", "op": ["gt"], "value": "很大"}, "请填数字"),
        ({"question": "kind", "op": ["eq"], "value": ""}, "请填写“值”"),
    ],
)
def test_a_condition_that_cannot_be_read_says_how_to_write_it(draft, changes, sentence):
    answer = fill(signed_in("owner"), f"{draft}rows/materials.4.needed_when.0/", **changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert fields(answer)["value"] == changes["value"]


def test_rows_move_by_buttons_and_the_typed_fields_are_saved_with_them(draft):
    owner = signed_in("owner")

    fill(owner, f"{draft}edit/materials/", mail_materials="on", move="materials.2:up")

    version = kept(draft).version
    assert [one.id for one in version.materials][:3] == ["application", "layout", "representative"]
    assert version.mail_materials


def test_opening_a_row_saves_what_was_typed_first(draft):
    answer = fill(signed_in("owner"), f"{draft}edit/limits/", minutes_to_fill="25", go="fees.new")

    assert answer.headers["Location"] == f"{draft}rows/fees.new/"
    assert kept(draft).version.minutes_to_fill == 25


def test_a_row_is_removed_in_a_second_step_that_names_it(draft):
    owner = signed_in("owner")
    asked = fill(owner, f"{draft}edit/faq/", go="remove:faq.1")
    page = asked.headers["Location"]

    assert "收费吗？" in words(owner.get(page))
    fill(owner, page)

    assert [one.question for one in kept(draft).version.faq] == ["多久？", "能网办吗？"]


def test_an_optional_group_is_there_only_when_its_box_is_ticked(draft):
    owner = signed_in("owner")
    path = f"{draft}rows/sections.0/"

    fill(owner, path, repeats__present="on", repeats__noun="门店", repeats__maximum="3")
    assert kept(draft).version.sections[0].repeats.noun == "门店"
    fill(owner, path, repeats__present=None)
    assert kept(draft).version.sections[0].repeats is None


def test_english_is_written_beside_each_chinese_text(draft):
    answer = fill(
        signed_in("owner"),
        f"{draft}edit/english/",
        english__present="on",
        english__name="Restaurant licence",
        english__summary="For whoever opens a restaurant.",
        **{"en-materials.layout": "Plan of the premises"},
    )

    assert answer.status_code == 302, words(answer)
    english = kept(draft).version.english
    assert english.name == "Restaurant licence"
    assert [(one.at, one.text) for one in english.texts] == [
        ("materials.layout", "Plan of the premises")
    ]


@pytest.mark.parametrize(
    ("topic", "changes", "sentence"),
    [
        ("basics", {"name": "甲" * 10_000}, "“事项名称”不超过 200 个字，现在有 10000 个字"),
        ("basics", {"summary": "甲" * 10_000}, "“一句话说明”不超过 400 个字"),
        ("conditions", {"conditions": "甲" * 10_000}, "“受理条件”不超过 2000 个字"),
        ("conditions", {"conditions": "\n".join("甲" * 400)}, "“受理条件”最多 300 条"),
        ("basics", {"name": "<script>alert(1)</script>"}, "像是网页代码"),
        ("rights", {"rights": "查看 <b>进度</b>"}, "像是网页代码"),
        ("english", {"en-conditions.0": "<img src=x>"}, "像是网页代码"),
        ("basics", {"effective_on": "明天"}, "“生效日期”应为日期"),
        ("basics", {"item_type": "wonder"}, "“事项类型”请从所列选项中选择"),
        ("basics", {"audiences": ["nobody"]}, "“服务对象”请从所列选项中选择"),
        ("basics", {"parent": "no-such-item"}, "“主项”请从所列选项中选择"),
        ("limits", {"minutes_to_fill": "一刻钟"}, "“填表大约几分钟”应为整数"),
        ("limits", {"limit__promised_workdays": ""}, "请填写“承诺办结时限”"),
        ("limits", {"limit__promised_workdays": "-1"}, "不小于 0"),
        ("limits", {"limit__promised_workdays": "9" * 30}, "不大于"),
        ("result", {"result__licence_type": "nothing"}, "“证照类型”请从所列选项中选择"),
        ("result", {"supervision__department": "nowhere"}, "“监管部门”请从所列选项中选择"),
        ("basics", {"revision": "x"}, "页面不完整"),
    ],
)
def test_bad_input_is_refused_in_words_and_stays_on_the_page(draft, topic, changes, sentence):
    answer = fill(signed_in("owner"), f"{draft}edit/{topic}/", **changes)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "错误：" in answer.content.decode()
    name, value = next(iter(changes.items()))
    if name not in {"item_type", "audiences", "parent", "revision"} and "__licence" not in name:
        typed = fields(answer).get(name.replace("__", "-"))
        assert typed == value or "department" in name
    assert kept(draft).line.revision == 1


def test_a_row_with_scripts_is_refused_and_stays_on_the_page(draft):
    answer = fill(
        signed_in("owner"),
        f"{draft}rows/faq.0/",
        answer='<a href="javascript:alert(1)">看这里</a>',
    )

    assert answer.status_code == 422
    assert "像是网页代码" in words(answer)
    assert '<a href="javascript' not in answer.content.decode()


def test_a_second_click_writes_nothing_twice(draft):
    owner = signed_in("owner")
    path = f"{draft}edit/limits/"
    sent = fields(owner.get(path)) | {"limit-promised_workdays": "4"}

    first, second = owner.post(path, sent), owner.post(path, sent)

    assert (first.status_code, second.status_code) == (302, 302)
    assert kept(draft).line.revision == 2


def test_the_second_of_two_owners_is_told_keeps_what_they_typed_and_sees_the_difference(draft):
    path = f"{draft}edit/limits/"
    hers = fields(signed_in("owner2").get(path)) | {"limit-promised_workdays": "3"}
    fill(signed_in("owner"), path, limit__promised_workdays="4")

    answer = signed_in("owner2").post(path, hers)

    assert answer.status_code == 422
    page = words(answer)
    assert "冯编写已经保存过这份草稿" in page
    assert "有人在您之后保存过" in page
    assert "已经保存的" in page
    assert "承诺办结时限" in page
    assert fields(answer)["limit-promised_workdays"] == "3"
    assert kept(draft).version.limit.promised_workdays == 4

    again = signed_in("owner2").post(path, fields(answer))

    assert again.status_code == 302
    assert kept(draft).version.limit.promised_workdays == 3


def test_what_another_removed_meanwhile_is_said(draft):
    owner, second = signed_in("owner"), signed_in("owner2")
    sent = fields(second.get(f"{draft}rows/faq.2/")) | {"answer": "可以的。"}
    fill(owner, f"{draft}rows/faq.2/remove/")

    answer = second.post(f"{draft}rows/faq.2/", sent)

    assert answer.status_code == 404
    assert len(kept(draft).version.faq) == 2


def test_failing_checks_stand_beside_the_text_and_lead_to_their_field(draft):
    owner = signed_in("owner")
    fill(owner, f"{draft}edit/limits/", limit__promised_workdays="30")
    fill(owner, f"{draft}rows/materials.2/", basis="")

    page = owner.get(draft).content.decode()

    assert f'href="{draft}edit/limits/#f_limit-promised_workdays"' in page
    assert f'href="{draft}rows/materials.2/#f_basis"' in page
    assert 'id="f_limit-promised_workdays"' in owner.get(f"{draft}edit/limits/").content.decode()
    assert 'id="f_basis"' in owner.get(f"{draft}rows/materials.2/").content.decode()
    assert "申请材料 › 平面图 › 要求提供的依据" in words(owner.get(draft))


@pytest.mark.parametrize(
    "at",
    [
        "colour.0",
        "materials",
        "materials.99",
        "materials.x",
        "limit",
        "materials.0.needed_when",
        "sections.0.questions.0.options.0.x.y.z",
        "slug.new",
        "materials.new.needed_when.new",
    ],
)
def test_a_place_that_does_not_exist_is_not_found(draft, at):
    assert signed_in("owner").get(f"{draft}rows/{at}/").status_code == 404


def test_unknown_fields_and_buttons_do_nothing(draft):
    owner = signed_in("owner")

    assert fill(owner, f"{draft}edit/faq/", colour="red", slug="other").status_code == 302
    assert fill(owner, f"{draft}edit/faq/", go="colour.0").status_code == 404
    assert fill(owner, f"{draft}edit/faq/", move="faq.9:up").status_code == 422
    assert owner.get(f"{draft}edit/colour/").status_code == 404
    assert kept(draft).line.revision == 1


def test_only_writers_open_the_editor_and_only_while_it_is_written(draft):
    head = signed_in("head").get(f"{draft}edit/limits/")
    outsider = signed_in("owner-housing").get(f"{draft}edit/limits/")
    fill(signed_in("owner"), f"{draft}edit/limits/", limit__promised_workdays="5")

    assert head.status_code == 403
    assert outsider.status_code == 403


def yaml_of(draft):
    return fields(signed_in("owner").get(f"{draft}yaml/"))


def test_the_expert_page_writes_the_same_thing(draft):
    owner = signed_in("owner")
    untouched = owner.post(f"{draft}yaml/", yaml_of(draft))
    sent = yaml_of(draft)
    sent["text"] = sent["text"].replace("promised_workdays: 5", "promised_workdays: 4")

    answer = owner.post(f"{draft}yaml/", sent)

    assert untouched.status_code == 302
    assert answer.headers["Location"] == f"{draft}changes/"
    assert kept(draft).version.limit.promised_workdays == 4
    assert kept(draft).line.revision == 2


def test_an_uploaded_file_counts_before_the_text(draft):
    sent = yaml_of(draft)
    text = sent["text"].replace("开饭店要取得的许可。", "开饭店之前办。")
    sent["file"] = SimpleUploadedFile("item.yaml", text.encode())

    signed_in("owner").post(f"{draft}yaml/", sent)

    assert kept(draft).version.summary == "开饭店之前办。"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("a: &x 1\nb: *x\n", "锚点或别名", id="anchors"),
        pytest.param("a: !!python/object 1\n", "标签", id="tags"),
        pytest.param("a: [1\n", "不是正确的 YAML", id="not YAML"),
        pytest.param("", "文件是空的", id="nothing"),
        pytest.param("colour: red\n", "不认识这个键", id="unknown keys"),
        pytest.param("- 1\n", "应为“键: 值”的结构", id="a list"),
        pytest.param("x: " + "y" * 256_001, "256 kB", id="too large"),
    ],
)
def test_yaml_that_is_not_an_item_is_refused_with_its_sentence(draft, text, sentence):
    answer = signed_in("owner").post(f"{draft}yaml/", yaml_of(draft) | {"text": text})

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert fields(answer)["text"].strip() == text.strip()
    assert kept(draft).line.revision == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("slug: diner", "slug: other", "标识和实施部门不能在草稿里更改", id="slug"),
        pytest.param(
            "summary: 开饭店要取得的许可。", f"summary: {'长' * 6_000}", "最多5000个字", id="long"
        ),
        pytest.param(
            "summary: 开饭店要取得的许可。", 'summary: "a\\0b"', "看不见的控制字符", id="control"
        ),
    ],
)
def test_yaml_that_cannot_be_kept_is_refused_with_its_sentence(draft, old, new, sentence):
    sent = yaml_of(draft)
    assert old in sent["text"]

    answer = signed_in("owner").post(
        f"{draft}yaml/", sent | {"text": sent["text"].replace(old, new)}
    )

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_a_new_item_is_begun_and_written_from_nothing():
    owner = signed_in("owner")
    answer = owner.post(
        "/desk/drafts/new/",
        {
            "name": "夜市摆摊备案",
            "slug": "night-stall",
            "item_type": "other_power",
            "department": "market",
        },
    )
    draft = answer.headers["Location"]

    page = words(owner.get(draft))
    assert "新事项" in page
    assert "处待改" in page
    assert owner.get(f"{draft}preview/").status_code == 200
    assert "这是第一版" in words(owner.get(f"{draft}changes/"))
    for topic in TOPICS:
        assert fill(owner, f"{draft}edit/{topic.key}/").status_code == 302, topic.key


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "请填写事项名称"),
        ({"name": "甲" * 10_000}, "名称不超过 200 个字"),
        ({"name": "<script>x</script>"}, "像是网页代码"),
        ({"slug": "Night Stall"}, "标识只能用小写英文字母"),
        ({"slug": ITEM}, "已有事项使用"),
        ({"item_type": ""}, "请选择事项类型"),
        ({"department": "housing"}, "请从您任职的部门中选择"),
    ],
)
def test_a_new_item_that_cannot_be_is_refused_with_its_sentence(changes, sentence):
    form = {"name": "夜市", "slug": "night", "item_type": "licence", "department": "market"}

    answer = signed_in("owner").post("/desk/drafts/new/", form | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_the_editor_offers_what_registers_and_types_know(draft):
    owner = signed_in("owner")

    material = owner.get(f"{draft}rows/materials.1/").content.decode()
    question = owner.get(f"{draft}rows/sections.0.questions.0/").content.decode()
    result = owner.get(f"{draft}edit/result/").content.decode()

    assert '<option value="entity.uscc" selected>' in material
    assert '<option value="restaurant">' in material
    assert '<option value="person.name">' in question
    assert '<option value="restaurant" selected>' in result
