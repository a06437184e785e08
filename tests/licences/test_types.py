"""Types of licences in packs: the shipped ones load, wrong ones say where and how to mend."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.content import files_of, loaded
from tests.factories.licences import definition
from tests.factories.organisations import NOON
from tests.factories.organisations import department as unit
from yiwang.content.policy.packs import Change, PackFile
from yiwang.kernel.identifiers import uscc
from yiwang.licences import queries
from yiwang.licences.packs import LICENCE_TYPES
from yiwang.licences.policy.types import as_printed, from_plain, parse, to_plain

CODE = uscc.generate(department="1", kind="1", division="310000", body="XXXX0201") + "001"


def file(
    name: str = "example", *, pack: str = "example", rank: int = 0, **changes: Any
) -> PackFile:
    content: dict[str, Any] = {
        "code": CODE,
        "name": "示例许可证",
        "holder": "entity",
        "defined_by": "示例市市场监督管理局",
        "department": "market",
        "valid_months": 60,
        "basis": "示例法 第一条",
        "number": {"pattern": "示{serial:6}", "source": "自定"},
        "fields": [{"label": "经营场所"}],
        "source": "自定",
        "effective_on": NOON.date(),
    }
    content = {key: value for key, value in (content | changes).items() if value is not None}
    return PackFile(
        pack=pack,
        section="licences",
        name=name,
        path=f"packs/{pack}/licences/{name}.yaml",
        content=content,
        rank=rank,
    )


def problems(given: PackFile) -> str:
    return "\n".join(str(error) for error in parse(given)[1])


def test_every_shipped_type_reads_and_survives_storage():
    files = files_of("jiading", "licences") + files_of("example", "licences")
    assert len(files) >= 13

    found = [parse(one) for one in files]

    assert [errors for _, errors in found if errors] == []
    for made, _ in found:
        assert made is not None
        assert from_plain(to_plain(made)) == made
    codes = [made.code for made, _ in found if made]
    assert len(set(codes)) == len(codes)
    assert all("XXXX" in code for code in codes), "codes are invented and look it"


@pytest.mark.parametrize("pack", ["jiading", "example"])
def test_every_item_of_a_pack_finds_its_type_of_licence(pack):
    types = {one.name: parse(one)[0] for one in files_of(pack, "licences")}
    wanted = {
        one.content["result"]["licence_type"]: one.content["department"]
        for one in files_of(pack, "catalogue")
        if one.content.get("result", {}).get("licence_type")
    }

    assert wanted
    for slug, department in wanted.items():
        made = types[slug]
        assert made is not None
        assert made.department == department


def test_every_material_waived_by_a_licence_names_a_type():
    types = {one.name for one in files_of("jiading", "licences")}
    named = {
        material["waive_ref"]
        for one in files_of("jiading", "catalogue")
        for material in one.content.get("materials", [])
        if material.get("waive_by") == "licence"
    }

    assert named
    assert named <= types


def number_rule(**changes: Any) -> dict[str, Any]:
    return {"pattern": "示{serial:6}", "source": "自定"} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "123"}, "code\n  为“123”，不是证照类型代码。\n  应为定义机构的统一社会信用代码"),
        ({"code": CODE[:17] + "Z001"}, "校验码正确"),
        ({"code": None}, "code\n  没有填写"),
        ({"holder": "animal"}, "holder\n  为 “animal”，不在可选值之中"),
        ({"valid_months": -1}, "valid_months\n  为 -1，超出范围"),
        ({"colour": "red"}, "colour\n  不认识这个键"),
        ({"source": None}, "source\n  没有填写"),
        ({"effective_on": None}, "effective_on\n  没有填写"),
        ({"number": None}, "number\n  没有填写"),
        ({"number": number_rule(pattern="示例")}, "number.pattern\n  没有流水号，编号会重复"),
        ({"number": number_rule(pattern="{serial:6}{kind}")}, "其中的“kind”没有定义"),
        ({"number": number_rule(pattern="{serial:6")}, "花括号不成对"),
        ({"number": number_rule(pattern="{serial:6}{check}")}, "number.check\n  与 pattern 不一致"),
        ({"number": number_rule(check="mod_11_10")}, "与 pattern 不一致"),
        ({"number": number_rule(scope="year")}, "编号中没有年份，会重复"),
        ({"fields": [{"label": "甲"}, {"label": "甲"}]}, "“甲”写了两次"),
        ({"fields": [{"required": True}]}, "fields[0].label\n  没有填写"),
    ],
)
def test_a_wrong_file_says_where_and_how_to_mend_it(changes, words):
    assert words in problems(file(**changes))


def test_a_file_name_is_the_short_name():
    assert "文件名“食品”不能作为简名" in problems(file("食品"))


def test_answers_are_printed_under_the_labels_and_in_the_words_of_the_licence():
    printed = as_printed(
        definition(),
        [
            ("您打算怎样经营食品？", "销售食品（商店、超市、小卖部）"),
            ("经营场所地址", "示例路1号"),
            ("备注", " 无 "),
            ("销售哪些食品？", "预包装食品"),
            ("制售哪些食品？", "热食类食品"),
            ("空的", " "),
        ],
    )

    assert printed == (
        ("经营场所", "示例路1号"),
        ("主体业态", "食品销售经营者"),
        ("经营项目", "预包装食品；热食类食品"),
        ("备注", "无"),
    )


@pytest.mark.django_db
def test_loading_adds_changes_and_then_changes_nothing():
    unit("market")
    first = [file()]

    assert LICENCE_TYPES.check(first) == []
    assert [line.change for line in LICENCE_TYPES.diff(first)] == [Change.ADD]
    LICENCE_TYPES.apply(first, by="user:operator", at=NOON)
    assert LICENCE_TYPES.diff(first) == []
    assert queries.licence_type("example").name == "示例许可证"
    assert queries.licence_type(CODE).slug == "example"

    second = [file(valid_months=36)]
    assert [line.change for line in LICENCE_TYPES.diff(second)] == [Change.CHANGE]
    LICENCE_TYPES.apply(second, by="user:operator", at=NOON)
    assert queries.licence_type("example").definition.valid_months == 36


@pytest.mark.django_db
def test_a_later_pack_overrides_an_earlier_one():
    unit("market")
    files = [file(pack="jiading", rank=2, valid_months=24), file(pack="shanghai", rank=1)]

    LICENCE_TYPES.apply(files, by="user:operator", at=NOON)

    assert queries.licence_type("example").definition.valid_months == 24


@pytest.mark.django_db
def test_an_unknown_department_a_second_code_and_a_second_file_are_refused():
    unit("market")
    other = CODE[:-3] + "002"

    errors = LICENCE_TYPES.check(
        [file(), file("twin"), file("lost", code=other, department="nowhere"), file()]
    )

    said = "\n".join(map(str, errors))
    assert "已用于“example”" in said
    assert "没有编码为“nowhere”的部门" in said
    assert "有同名文件" in said


@pytest.mark.django_db
def test_there_is_no_such_type():
    with pytest.raises(LookupError):
        queries.licence_type("nothing")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pack", "slug"), [("jiading", "food_business"), ("example", "stall_permit")]
)
def test_the_shipped_packs_load_with_their_types(pack, slug):
    report = loaded(pack)

    assert report.errors == []
    assert queries.licence_type(slug).slug == slug
    assert loaded(pack).diff == []
