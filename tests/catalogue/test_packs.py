"""We know that packs load items once, show what changes, and are refused with place and remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories.catalogue import PACKS, definition, item_checker, pack_files, pack_items
from yiwang.audit import services as audit
from yiwang.catalogue import queries, services
from yiwang.catalogue.policy.english import untranslated
from yiwang.catalogue.policy.items import Focus
from yiwang.content.services import PackReport, load_packs

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 1, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pack = tmp_path / "trial"
    (pack / "catalogue").mkdir(parents=True)
    (pack / "pack.yaml").write_text(
        "name: trial\ntitle: 试验\nversion: '1'\neffective_on: 2026-01-01\nsource: 虚构\n",
        encoding="utf-8",
    )
    return tmp_path


def write(root: Path, plain: object, name: str = "stall-permit") -> None:
    text = plain if isinstance(plain, str) else yaml.safe_dump(plain, allow_unicode=True)
    (root / "trial" / "catalogue" / f"{name}.yaml").write_text(text, encoding="utf-8")


def load(root: Path, *, at: datetime = AT, apply: bool = True) -> PackReport:
    return load_packs(
        root=root, names=["trial"], by="job:packs", at=at, apply=apply, record=audit.record
    )


def refusal(root: Path) -> str:
    report = load(root)
    assert not report.ok
    assert queries.items(on=date(2026, 3, 2)) == []
    return "\n".join(str(error) for error in report.errors)


def test_a_pack_is_loaded_once(root: Path) -> None:
    write(root, definition())

    first = load(root)
    again = load(root, at=LATER)

    assert [str(line) for line in first.diff] == ["+ [catalogue] 摆摊许可（示例）"]
    assert again.diff == []
    assert queries.item("stall-permit", on=date(2026, 4, 1)).version == 1


def test_a_trial_run_shows_the_change_and_keeps_nothing(root: Path) -> None:
    write(root, definition())
    load(root)
    write(root, definition(summary="摆摊之前办。", minutes_to_fill=6))

    trial = load(root, at=LATER, apply=False)

    assert [str(line) for line in trial.diff] == [
        "~ [catalogue] 摆摊许可（示例）：summary：在公共场地摆摊之前要取得的许可。 → 摆摊之前办。",
        "~ [catalogue] 摆摊许可（示例）：minutes_to_fill：5 → 6",
    ]
    assert queries.item("stall-permit", on=date(2026, 4, 1)).version == 1


def test_changed_content_becomes_the_next_version(root: Path) -> None:
    write(root, definition())
    load(root)
    write(root, definition(summary="摆摊之前办。"))
    load(root, at=LATER)

    assert queries.item("stall-permit", on=date(2026, 3, 31)).version == 1
    assert queries.item("stall-permit", on=date(2026, 4, 1)).version == 2


def test_an_item_left_out_of_the_pack_stays_and_is_told(root: Path) -> None:
    write(root, definition())
    load(root)
    write(root, definition(slug="second-permit", name="第二许可"), name="second-permit")
    (root / "trial" / "catalogue" / "stall-permit.yaml").unlink()

    report = load(root, at=LATER)

    assert "= [catalogue] 摆摊许可（示例）" in "\n".join(str(line) for line in report.diff)
    assert len(queries.items(on=date(2026, 4, 1))) == 2


def test_a_later_pack_overrides_an_earlier_one(root: Path) -> None:
    write(root, definition())
    town = root / "town"
    (town / "catalogue").mkdir(parents=True)
    (town / "pack.yaml").write_text(
        "name: town\ntitle: 镇\nversion: '1'\neffective_on: 2026-01-01\nsource: 虚构\n"
        "requires: [trial]\n",
        encoding="utf-8",
    )
    (town / "catalogue" / "stall-permit.yaml").write_text(
        yaml.safe_dump(definition(summary="镇里的说法。"), allow_unicode=True), encoding="utf-8"
    )

    load_packs(root=root, names=["town"], by="job:packs", at=AT, apply=True, record=audit.record)

    assert queries.item("stall-permit", on=date(2026, 3, 2)).summary == "镇里的说法。"
    assert len(queries.items(on=date(2026, 3, 2))) == 1


BAD: list[tuple[str, object, list[str]]] = [
    ("an unknown key", definition(nmae="x"), ["nmae", "是否为 name？"]),
    (
        "no supervisor",
        definition(supervision={"department": "", "method": "", "basis": ""}),
        ["supervision.department", "没有监管责任的事项不能发布"],
    ),
    ("another file name", definition(slug="other"), ["slug", "other.yaml"]),
    ("a list", [definition()], ["键: 值"]),
    ("text", "摆摊", ["键: 值"]),
    ("nothing", "", ["空"]),
    ("a key twice", "slug: a\nslug: b\n", ["stall-permit.yaml:2"]),
    ("an alias", "a: &a 1\nb: *a\n", ["stall-permit.yaml"]),
    ("a tag", "a: !!python/object:os.system x\n", ["stall-permit.yaml"]),
    ("broken YAML", "slug: [a\n", ["stall-permit.yaml"]),
    ("a catch-all", definition(conditions=["其他材料齐全。"]), ["conditions[0]", "请逐项列明"]),
]


@pytest.mark.parametrize(("plain", "words"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_a_bad_file_is_refused_with_place_and_remedy(
    root: Path, plain: object, words: list[str]
) -> None:
    write(root, plain)

    told = refusal(root)

    assert "trial/catalogue/stall-permit.yaml" in told
    for word in words:
        assert word in told


def test_a_mistake_names_its_line(root: Path) -> None:
    plain: dict[str, Any] = definition()
    plain["limit"]["promised_workdays"] = 25
    write(root, plain)
    text = (root / "trial" / "catalogue" / "stall-permit.yaml").read_text(encoding="utf-8")
    line = text.splitlines().index("  promised_workdays: 25") + 1

    assert f"stall-permit.yaml:{line}: limit.promised_workdays" in refusal(root)


def test_one_bad_file_keeps_all_out(root: Path) -> None:
    write(root, definition())
    write(root, definition(slug="bad", faq=[]), name="bad")

    assert "常见问题" in refusal(root)


def test_a_withdrawn_item_is_not_brought_back_by_a_pack(root: Path) -> None:
    write(root, definition())
    load(root)
    services.cancel_item(
        slug="stall-permit",
        from_on=date(2026, 3, 2),
        document="嘉府办发〔2026〕1号",
        by=item_checker(),
        at=AT,
    )

    assert load(root, at=LATER).ok
    write(root, definition(summary="又来。"))
    report = load(root, at=LATER)

    assert "请先由事项管理员恢复该事项" in str(report.errors[0])


@pytest.mark.parametrize("district", ["jiading", "example"])
def test_the_real_packs_load_with_all_they_require(district: str) -> None:
    report = load_packs(
        root=PACKS, names=[district], by="job:packs", at=AT, apply=True, record=audit.record
    )

    assert [str(error) for error in report.errors] == []
    found = queries.items(on=date(2026, 3, 2))
    assert {one.slug for one in found} == {file.name for file in pack_files(district)}


def test_the_departments_of_items_are_those_of_the_pack(root: Path) -> None:
    load_packs(
        root=PACKS, names=["example"], by="job:packs", at=AT, apply=True, record=audit.record
    )
    write(root, definition(slug="fourth-permit", department="nobody"), name="fourth-permit")

    report = load(root)

    assert "没有部门“nobody”" in str(report.errors[0])
    assert "market" in str(report.errors[0])


def test_the_codes_of_items_begin_with_the_code_of_their_department() -> None:
    codes = {
        row["code"]: row["uscc"]
        for path in (PACKS / "jiading" / "departments").glob("*.yaml")
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))["departments"]
    }

    wrong = {
        version.slug: version.department
        for version in pack_items()
        if not version.task_code.startswith(codes.get(version.department, "?"))
    }

    assert wrong == {}


def test_the_licences_that_items_speak_of_exist() -> None:
    keys = {path.stem for path in (PACKS / "jiading" / "licences").glob("*.yaml")}

    spoken = {version.result.licence_type for version in pack_items()} | {
        material.waive_ref
        for version in pack_items()
        for material in version.materials
        if material.waive_by == "licence"
    }

    assert spoken - {""} <= keys


def test_the_district_has_the_items_that_the_plan_is_about() -> None:
    found = pack_items()

    assert len(found) >= 14
    assert all(2 <= len(version.questionnaire) < 7 for version in found)
    assert all(version.consult_phone != version.complaint_phone for version in found)
    assert all("2019" in version.source for version in found if version.source_year == 2019)


def test_every_item_of_the_district_stands_on_an_entry_of_the_basic_catalogue() -> None:
    text = (PACKS / "jiading" / "basic_catalogue" / "entries.yaml").read_text(encoding="utf-8")
    entries = {entry["code"]: entry["type"] for entry in yaml.safe_load(text)["entries"]}
    items = pack_items("jiading")

    assert {one.basic_code: one.item_type.value for one in items} == entries


def test_the_pack_of_the_district_is_whole() -> None:
    items = pack_items("jiading")

    assert len(items) >= 60
    assert {one.focus for one in items} == set(Focus)
    assert {one.slug: untranslated(one) for one in items if untranslated(one)} == {}
