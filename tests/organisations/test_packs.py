from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories.audit import NOON
from yiwang.audit import queries as trail
from yiwang.config import env
from yiwang.content.policy.folders import find
from yiwang.content.policy.packs import Change, PackFile
from yiwang.kernel.identifiers import uscc
from yiwang.organisations import queries
from yiwang.organisations.packs import DEPARTMENTS
from yiwang.organisations.policy.departments import parse
from yiwang.organisations.policy.terms import DepartmentKind


def number(place: int) -> str:
    return uscc.generate(department="1", kind="1", division="319901", body=f"XXXX09{place:02d}")


def unit(code: str = "market", place: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"示例区{code}局",
        "short_name": code,
        "uscc": number(place),
        "kind": "department",
        "from": date(2026, 1, 1),
    } | changes


def move(**changes: Any) -> dict[str, Any]:
    return {
        "department": "health",
        "deciding": "centre",
        "basis": "改革方案",
        "from": date(2026, 1, 1),
    } | changes


def file(
    *units: dict[str, Any], moves: Any = None, name: str = "units", **changes: Any
) -> PackFile:
    content = {"source": "虚构", "departments": list(units)} | changes
    if moves is not None:
        content["concentrations"] = moves
    return PackFile(
        pack="test",
        section="departments",
        name=name,
        path=f"packs/test/departments/{name}.yaml",
        content=content,
    )


HEALTH_AND_CENTRE = (unit("health", 2), unit("centre", 3, kind="centre"))


def load(*files: PackFile) -> None:
    assert DEPARTMENTS.check(files) == []
    DEPARTMENTS.apply(files, by="system:test", at=NOON)


@pytest.mark.django_db
def test_departments_are_loaded_in_the_order_of_kind_and_file():
    load(file(unit("nanxiang", 4, kind="town"), unit("market", 1), unit("civil", 5)))

    views = queries.departments(on=date(2026, 3, 9))

    assert [view.code for view in views] == ["market", "civil", "nanxiang"]
    assert queries.department("nanxiang").kind is DepartmentKind.TOWN
    assert [view.code for view in queries.departments(kind=DepartmentKind.TOWN)] == ["nanxiang"]


@pytest.mark.django_db
def test_loading_again_changes_nothing():
    written = file(*HEALTH_AND_CENTRE, moves=[move()])
    assert {line.change for line in DEPARTMENTS.diff([written])} == {Change.ADD}
    load(written)

    assert DEPARTMENTS.diff([written]) == []


@pytest.mark.django_db
def test_renamed_department_keeps_its_old_name_in_the_trail():
    load(file(unit()))
    renamed = file(unit(name="示例区新市场局"))

    (line,) = DEPARTMENTS.diff([renamed])
    load(renamed)

    assert (line.change, line.detail) == (Change.CHANGE, "原名示例区market局")
    assert queries.department("market").name == "示例区新市场局"
    (row, _) = trail.trail(target="department:market")
    assert row.detail["before"]["name"] == "示例区market局"


@pytest.mark.django_db
def test_department_has_its_days():
    load(file(unit(until=date(2026, 7, 1))))

    assert [len(queries.departments(on=day)) for day in (date(2025, 12, 31), date(2026, 1, 1))] == [
        0,
        1,
    ]
    assert [len(queries.departments(on=day)) for day in (date(2026, 6, 30), date(2026, 7, 1))] == [
        1,
        0,
    ]


@pytest.mark.django_db
def test_items_are_decided_by_the_seal_department_while_power_is_concentrated():
    load(file(*HEALTH_AND_CENTRE, moves=[move(until=date(2026, 7, 1))]))

    deciding = {
        day: queries.deciding_department("health", on=day)
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    }

    assert list(deciding.values()) == ["health", "centre", "centre", "health"]
    assert queries.deciding_department("centre", on=date(2026, 3, 9)) == "centre"


@pytest.mark.django_db
def test_changed_end_of_a_concentration_is_loaded():
    load(file(*HEALTH_AND_CENTRE, moves=[move()]))

    load(file(*HEALTH_AND_CENTRE, moves=[move(until=date(2026, 2, 1))]))

    assert queries.deciding_department("health", on=date(2026, 3, 9)) == "health"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("files", "message", "remedy"),
    [
        pytest.param([file(unit("Market"))], "不是部门代号", "小写字母开头", id="code"),
        pytest.param(
            [file(unit(uscc=number(1)[:-1] + "!"))], "统一社会信用代码", "虚构代码", id="uscc"
        ),
        pytest.param([file(unit(kind="ministry"))], "不在可选值之中", "请改为下列之一", id="kind"),
        pytest.param([file(unit(name=""))], "不能为空", "请填写", id="name"),
        pytest.param(
            [file(unit(until=date(2026, 1, 1)))], "不晚于 from", "停用后的第一天", id="no day"
        ),
        pytest.param([file(unit(**{"from": "soon"}))], "应为日期", "2026-01-31", id="date"),
        pytest.param([file(unit(colour="red"))], "不认识这个键", "核对拼写", id="unknown key"),
        pytest.param([file("market")], "键: 值", "改写", id="text for a mapping"),
        pytest.param([file(source=None)], "没有填写", "source", id="no source"),
        pytest.param(
            [file(unit()), file(unit(place=2), name="more")], "已用于", "另取代号", id="code twice"
        ),
        pytest.param(
            [file(unit(), unit("civil"))], "的统一社会信用代码与", "核对两处", id="number twice"
        ),
        pytest.param(
            [file(unit(), moves=[move(deciding="nobody", department="market")])],
            "没有代号为“nobody”的部门",
            "先写入该部门",
            id="unknown department",
        ),
        pytest.param(
            [file(*HEALTH_AND_CENTRE, moves=[move(deciding="health")])],
            "与原审批部门相同",
            "集中行使审批权",
            id="itself",
        ),
        pytest.param(
            [file(*HEALTH_AND_CENTRE, moves=[move(), move(**{"from": date(2026, 5, 1)})])],
            "重叠",
            "写上 until",
            id="overlap",
        ),
    ],
)
def test_pack_that_is_wrong_says_where_and_how_to_mend_it(files, message, remedy):
    errors = DEPARTMENTS.check(files)

    assert any(message in error.message and remedy in error.remedy for error in errors)
    assert all(error.file.startswith("packs/test/departments/") for error in errors)


def test_what_is_wrong_in_a_file_is_left_out_of_what_it_says():
    written, errors = parse(file(unit(kind="ministry"), unit("civil", 2)))

    assert [one.code for one in written.departments] == ["civil"]
    assert len(errors) == 1


def ours(pack: str) -> list[PackFile]:
    found = find(root=env.ROOT / "packs", names=[pack])
    assert found.errors == []
    return [
        one
        for folder in found.folders
        if folder.manifest.name == pack
        for one in folder.files
        if one.section == "departments"
    ]


@pytest.mark.django_db
def test_jiading_has_the_units_that_the_plan_counts():
    load(*ours("jiading"))

    kinds = [view.kind for view in queries.departments()]

    assert {kind: kinds.count(kind) for kind in DepartmentKind} == {
        DepartmentKind.DEPARTMENT: 37,
        DepartmentKind.TOWN: 12,
        DepartmentKind.CENTRE: 1,
        DepartmentKind.COMMUNITY_CENTRE: 12,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("pack", ["jiading", "example"])
def test_codes_of_our_units_are_invented(pack):
    load(*ours(pack))

    assert all(view.uscc[8:12] == "XXXX" for view in queries.departments())


@pytest.mark.django_db
def test_example_district_decides_health_items_in_one_place():
    load(*ours("example"))

    assert queries.deciding_department("health", on=date(2026, 3, 9)) == "centre"


def test_unknown_department_is_a_mistake_of_the_caller(db):
    with pytest.raises(LookupError, match="no department nowhere"):
        queries.department("nowhere")
