"""Whoever is granted a permit stands on the list of the department that supervises."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.faults.district import ROOT
from tests.journeys import acts, handling
from tests.journeys.handling import DESK, Staff


@pytest.mark.req("SUP-03", "SUP-07")
def test_the_grant_puts_the_holder_on_the_supervisors_list(
    visit: Visit, staff: Staff, tmp_path: Path
):
    number = handling.apply(
        visit(login="restaurant"), "上海示例餐饮管理有限公司", acts.sheet(tmp_path)
    )
    handling.grant_all(visit, number)

    supervisor = visit(size=DESK)
    staff.first_sign_in(supervisor, staff.create("market", "supervisor"))
    row = handling.supervised(supervisor, number)
    expect(row).to_contain_text("上海示例餐饮管理有限公司")
    expect(row).to_contain_text(acts.FOOD)
    expect(row).to_contain_text("2026-10-12")

    other = visit(size=DESK)
    staff.first_sign_in(other, staff.create("housing", "supervisor"))
    other.goto(f"/desk/subjects/?text={number}")
    expect(acts.main(other)).to_contain_text("没有符合条件的监管对象")
    other.goto(f"/desk/subjects/?text={number}&department=market")
    assert "上海示例餐饮管理有限公司" not in other.content()


@pytest.mark.req("SUP-03", "SUP-07")
@pytest.mark.parametrize(
    ("department", "sentence"),
    [
        pytest.param("department: market", "", id="somebody does"),
        pytest.param('department: ""', "没有写明批准之后由哪个部门监管。", id="nobody does"),
        pytest.param("department: fairies", "fairies", id="no such department"),
    ],
)
def test_an_item_that_nobody_supervises_cannot_be_published(
    staff: Staff, tmp_path: Path, department: str, sentence: str
):
    shutil.copytree(ROOT / "packs", tmp_path / "packs")
    file = tmp_path / "packs" / "jiading" / "catalogue" / "food-business.yaml"
    plain = file.read_text()
    assert plain.count("supervision:\n  department: market") == 1
    file.write_text(
        plain.replace("supervision:\n  department: market", f"supervision:\n  {department}")
    )

    done = staff.run("packs", "check", "--root", str(tmp_path / "packs"), check=False)

    assert done.returncode == (2 if sentence else 0), done.stderr
    assert sentence in done.stderr
    assert ("food-business.yaml" in done.stderr) is bool(sentence)
    assert ("supervision.department" in done.stderr) is bool(sentence)
