"""We know that an operator opens a second district by one command, or reads every fault."""

from __future__ import annotations

import json
from pathlib import Path

from tests.catalogue.test_foreign import ROW, table
from tests.cli.conftest import Operate
from yiwang.catalogue.foreign import CatalogueRefusedError

DISTRICT = ("--district-code", "319902", "--district-name", "示例市第二区")


def test_the_command_writes_a_pack_and_says_how_to_run_it(operate: Operate, tmp_path: Path) -> None:
    file = table(tmp_path / "items.csv", ROW)

    result = operate(
        "catalogue", "import", str(file), "--pack", "second", "--into", str(tmp_path), *DISTRICT
    )

    assert result.exit_code == 0, result.output
    assert "事项 1 项，部门 1 个" in result.output
    assert f"YIWANG_PACKS={tmp_path} YIWANG_DISTRICT=second" in result.output
    district = (tmp_path / "second" / "district.yaml").read_text(encoding="utf-8")
    assert "name: 第二区" in district
    assert "city_name: 示例市" in district


def test_programs_read_the_answer_as_json(operate: Operate, tmp_path: Path) -> None:
    file = table(tmp_path / "items.csv", ROW)
    words = ["catalogue", "import", str(file), "--pack", "x2", "--into", str(tmp_path), "--json"]

    assert json.loads(operate(*words, *DISTRICT).output)["items"] == 1


def test_a_file_with_faults_writes_nothing(operate: Operate, tmp_path: Path) -> None:
    file = table(tmp_path / "items.csv", ROW, ROW)

    result = operate(
        "catalogue", "import", str(file), "--pack", "second", "--into", str(tmp_path), *DISTRICT
    )

    assert isinstance(result.exception, CatalogueRefusedError)
    assert "第 3 行" in str(result.exception)
    assert not (tmp_path / "second").exists()
