"""An archivist saves a finished case."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.journeys import acts, handling
from tests.journeys.handling import DESK, Staff


@pytest.mark.req("NFR-03")
def test_an_archivist_saves_a_finished_case_and_that_is_on_the_trail(
    visit: Visit, staff: Staff, tmp_path: Path
):
    applicant = visit(login="pharmacy")
    number = handling.apply(applicant, "上海样例大药房有限公司", acts.sheet(tmp_path))
    handling.grant_all(visit, number)
    made = staff.run("archive", "make", "--case", number)
    assert "SM3" in made.stdout
    archivist = visit(login="archivist", size=DESK)
    archivist.goto("/desk/archives/")
    archivist.get_by_label("办件编号或者查询码").fill(number)
    acts.press(archivist, "查找")
    archivist.get_by_role("row").nth(1).get_by_role("rowheader").get_by_role("link").click()

    data = acts.download(archivist, "下载归档包")

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = package.namelist()
        told = json.loads(package.read("manifest.json"))
    assert told["case"] == number
    assert {"form.json", "events.json", "signature.json"} <= set(names)
    assert staff.run("archive", "verify", "--case", number).returncode == 0
    auditor = visit(login="auditor", size=DESK)
    auditor.goto("/desk/trail/")
    expect(acts.main(auditor)).to_contain_text("归档")
