"""The section `assessments` of a pack: nothing automatic goes live without one."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories import cases
from tests.factories.catalogue import PACKS
from yiwang.audit import services as audit
from yiwang.cases.policy.assessing import POINTS, AssessmentState
from yiwang.cases.queries import assessing
from yiwang.content import services as content
from yiwang.content.services import PackReport
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

AT = dt.datetime(2026, 1, 5, 9, tzinfo=cases.ZONE)
AUDITOR = Actor(ref="user:auditor", posts={EVERYWHERE: frozenset({Post.AUDIT_ADMIN})})
SLUG = "senior-card"
FILE = f"assessments/{SLUG}.yaml"
ITEM = f"catalogue/{SLUG}.yaml"

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The packs with one automatic item of the district, to be changed."""
    for name in ("national", "shanghai", "jiading"):
        shutil.copytree(PACKS / name, tmp_path / name)
    home = tmp_path / "jiading"
    for section in ("catalogue", "assessments"):
        for path in (home / section).glob("*.yaml"):
            if path.stem != SLUG:
                path.unlink()
    shutil.rmtree(home / "scenes")
    shutil.rmtree(home / "registration")
    (home / "town_items.yaml").unlink()
    return tmp_path


def change(root: Path, name: str, how: Change) -> None:
    path = root / "jiading" / name
    found = yaml.safe_load(path.read_text())
    how(found)
    path.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False))


def load(root: Path) -> PackReport:
    return content.load_packs(
        root=root, names=["jiading"], by="user:ops", at=AT, apply=True, record=audit.record
    )


def told(root: Path) -> str:
    return "\n".join(str(error) for error in load(root).errors)


def put(name: str, value: Any) -> Change:
    def how(found: dict[str, Any]) -> None:
        found[name] = value

    return how


def more_data(found: dict[str, Any]) -> None:
    """Have the rules read whether a pension is paid."""
    rules = found["auto_rules"]
    rules["facts"].append(
        {
            "name": "pension",
            "label": "正在领取养老金",
            "kind": "yes_no",
            "source": "check:social_insurance.pension",
        }
    )
    for test in rules["tests"]:
        test["facts"]["pension"] = False


def test_an_assessment_comes_with_its_item_and_a_second_loading_changes_nothing(db, root):
    assert load(root).errors == []

    (one,) = assessing.assessments(SLUG, by=AUDITOR)
    assert one.state is AssessmentState.APPROVED
    assert one.approved_by_name == "区民政局负责人（示例）"
    assert one.review_on == dt.date(2028, 1, 1)
    assert "人口库：户籍在本市" in [read.words for read in one.reads]
    again = load(root)
    assert [line for line in again.diff if line.section == "assessments"] == []


def test_a_changed_assessment_is_the_next_and_the_earlier_one_is_archived(db, root):
    load(root)
    change(root, FILE, put("risks", "登记过期会使迁出的人仍然得卡。"))

    assert load(root).errors == []

    new, old = assessing.assessments(SLUG, by=AUDITOR)
    assert (new.state, old.state) == (AssessmentState.APPROVED, AssessmentState.ARCHIVED)


def test_an_automatic_item_without_an_assessment_is_refused(db, root):
    (root / "jiading" / FILE).unlink()

    said = told(root)

    assert ITEM in said
    assert "“敬老卡申领、发放”还没有经批准的个人信息保护影响评估。" in said
    assert f"请在 {FILE} 写明评估，并在 reads 里补上 answer:request_kind、" in said
    assert assessing.assessments(SLUG, by=AUDITOR) == []


def test_new_data_without_a_new_assessment_are_refused_and_named(db, root):
    load(root)
    change(root, ITEM, more_data)

    said = told(root)

    assert "没有评估过的数据（社会保险经办系统：正在领取养老金）" in said
    assert "在 reads 里补上 check:social_insurance.pension。" in said


def test_other_thresholds_need_no_new_assessment(db, root):
    load(root)

    def older(found: dict[str, Any]) -> None:
        found["auto_rules"]["rows"][0]["when"]["born_on"] = "≥ 66"
        found["auto_rules"]["tests"] = found["auto_rules"]["tests"][1:]

    change(root, ITEM, older)

    assert load(root).errors == []
    (one,) = assessing.assessments(SLUG, by=AUDITOR)
    assert assessing.assessment(one.id, by=AUDITOR).covers == (1, 2)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        pytest.param(
            put("approved_by", "区民政局事项管理员（示例）"),
            "评估须由编写人以外的另一人批准",
            id="one",
        ),
        pytest.param(put("risks", ""), "risks", id="empty point"),
        pytest.param(put("conclusion", "maybe"), "fit、unfit", id="conclusion"),
        pytest.param(put("reads", ["population"]), "看不懂来源“population”", id="source"),
        pytest.param(put("item", "other-card"), "与文件名“senior-card”不一致", id="name"),
        pytest.param(put("approved_on", "去年"), "approved_on", id="day"),
        pytest.param(put("signature", "张三"), "signature", id="unknown key"),
        pytest.param(put("conclusion", "unfit"), "结论是不可以自动办理", id="says no"),
        pytest.param(put("reads", ["answer:request_kind"]), "没有评估过的数据", id="reads less"),
    ],
)
def test_a_bad_assessment_says_what_is_wrong(db, root, how, words):
    change(root, FILE, how)

    assert words in told(root)
    assert assessing.assessments(SLUG, by=AUDITOR) == []


def test_an_assessment_of_nothing_is_refused(db, root):
    path = root / "jiading" / "assessments" / "nothing.yaml"
    text = (root / "jiading" / FILE).read_text().replace(f"item: {SLUG}", "item: nothing")
    path.write_text(text)

    assert "没有事项“nothing”" in told(root)


def test_an_assessment_of_an_item_without_rules_is_refused(db, root):
    def without(found: dict[str, Any]) -> None:
        del found["auto_rules"]
        found["auto_decide"] = False

    change(root, ITEM, without)

    assert "没有自动办理规则，没有可以评估的" in told(root)


def test_every_point_of_the_law_stands_in_every_file_of_the_district():
    for path in (PACKS / "jiading" / "assessments").glob("*.yaml"):
        found = yaml.safe_load(path.read_text())
        assert set(POINTS) < set(found), path.name
        assert "示例" in found["approved_by"], path.name
