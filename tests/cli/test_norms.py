"""We know that an operator takes a table of normative documents in whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Operate
from tests.factories import cases, desk
from yiwang.catalogue.models import Norm
from yiwang.cli import norms as commands

HEAD = (
    "number,title,issuer,issued_on,valid_from,valid_until,department,"
    "legality,fair_competition,replaces\n"
)
GOOD = (
    "示例府规〔2020〕1号,甲办法,示例区人民政府,2020-01-02,2020-02-01,,market,passed,passed,\n"
    "示例府规(2025)9号,乙办法,示例区人民政府,2025-01-02,2025-02-01,2030-01-31,market,passed,exempt,"
    "示例府规〔2020〕1号\n"
)


@pytest.fixture(autouse=True)
def _district(keepers_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "now", lambda: cases.FRIDAY)
    assert desk.KEEPERS


def table(folder: Path, rows: str, *, head: str = HEAD, encoding: str = "utf-8-sig") -> str:
    path = folder / "norms.csv"
    path.write_bytes((head + rows).encode(encoding))
    return str(path)


@pytest.mark.req("REG-04")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_is_entered_once_and_again_changes_nothing(
    operate: Operate, tmp_path: Path, encoding: str
) -> None:
    path = table(tmp_path, GOOD, encoding=encoding)

    checked = operate("norms", "import", path, "--as", "legal", "--dry-run")
    assert "2 件可以登记" in checked.output
    assert not Norm.objects.exists()
    first = operate("norms", "import", path, "--as", "legal")
    again = operate("norms", "import", path, "--as", "legal")

    assert "新登记 2 件" in first.output, first.output
    assert "新登记 0 件，已登记且相同 2 件" in again.output
    assert "示例府规〔2020〕1号" not in operate("norms", "list").output
    assert "已废止 至 2025-01-31" in operate("norms", "list", "--all").output
    assert operate("norms", "due").exit_code == 0
    Norm.objects.filter(number="示例府规〔2025〕9号").update(valid_until="2026-04-01")
    due = operate("norms", "due")
    assert due.exit_code == 1
    assert "2026-04-01 到期，剩" in due.output


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (GOOD.replace("2025-02-01", "明年"), "第3行.valid_from"),
        (GOOD.replace("2025-01-02,2025-02-01", "2025-03-02,2025-02-01"), "早于印发日期"),
        (GOOD.replace("exempt", "maybe"), "第3行.fair_competition"),
        (GOOD.replace("market", "nowhere"), "没有部门“nowhere”"),
        (GOOD + GOOD.splitlines()[0] + "\n", "写了两次"),
        (GOOD.replace("示例府规(2025)9号", "九号"), "不是完整的文号"),
        (GOOD.replace(",甲办法,", ",,"), "第2行.title"),
        ("", "没有规范性文件"),
        (GOOD.replace("market", "market,x,y,z,w,v"), "列数多于表头"),
    ],
)
def test_a_fault_names_its_line_and_nothing_is_entered(
    operate: Operate, tmp_path: Path, rows: str, told: str
) -> None:
    result = operate("norms", "import", table(tmp_path, rows), "--as", "legal")

    assert result.exit_code == 1
    assert told in result.output
    assert "没有登记任何文件" in result.output
    assert not Norm.objects.exists()


def test_a_table_of_another_kind_or_another_content_is_refused_whole(
    operate: Operate, tmp_path: Path
) -> None:
    wrong = operate("norms", "import", table(tmp_path, "a\n", head="x\n"), "--as", "legal")
    assert "缺少列 number" in wrong.output
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x00")
    bad = operate("norms", "import", str(tmp_path / "bytes.csv"), "--as", "legal")
    assert "不是 UTF-8 或者 GB 18030" in bad.output
    nobody = operate("norms", "import", table(tmp_path, GOOD), "--as", "owner")
    assert "没有“登记、更正、延长、废止规范性文件”的权限" in str(nobody.exception or nobody.output)
    assert not Norm.objects.exists()

    operate("norms", "import", table(tmp_path, GOOD.splitlines()[0] + "\n"), "--as", "legal")
    other = operate(
        "norms", "import", table(tmp_path, GOOD.replace("甲办法", "丙办法")), "--as", "legal"
    )
    assert "已经登记，内容不同" in str(other.exception or other.output)
    assert Norm.objects.count() == 1


def test_the_yaml_of_a_pack_is_read_too(operate: Operate, tmp_path: Path) -> None:
    path = tmp_path / "norms.yaml"
    path.write_text(
        "source: 虚构\nnorms:\n  - {number: 示例府规〔2024〕2号, title: 丁办法, issuer: 示例区,"
        " issued_on: 2024-01-01, valid_from: 2024-01-01, department: market, legality: passed,"
        " fair_competition: passed}\n",
        encoding="utf-8",
    )
    assert "新登记 1 件" in operate("norms", "import", str(path), "--as", "legal").output

    path.write_text("norms: [", encoding="utf-8")
    assert operate("norms", "import", str(path), "--as", "legal").exit_code == 1
