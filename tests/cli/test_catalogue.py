"""We know that an operator opens a second district by one command, or reads every fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.catalogue.test_foreign import ROW, table
from tests.catalogue.test_laws import CITES, article, load
from tests.cli.conftest import Operate
from tests.factories.catalogue import a_writer, an_item, definition, publish
from yiwang.catalogue import services
from yiwang.catalogue.foreign import CatalogueRefusedError
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.content.policy import reading

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)

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


def test_a_sound_catalogue_says_so(operate: Operate) -> None:
    publish()

    result = operate("catalogue", "check")

    assert result.exit_code == 0
    assert "都通过发布前检查" in result.output


def test_what_fails_in_force_or_in_a_draft_is_told_with_its_remedy(operate: Operate) -> None:
    publish(basis=[CITES[0] | {"article": "第九百条"}])
    load(article())
    number = services.begin_draft(slug="stall-permit", by=a_writer(), at=AT)
    services.save_draft(
        draft=number,
        definition=definition(conditions=["其他条件"], basis=CITES),
        revision=1,
        by=a_writer(),
        at=AT,
    )

    result = operate("catalogue", "check")

    assert result.exit_code == 1
    assert "stall-permit（在用版本）basis[0].article：" in result.output
    assert f"stall-permit（草稿 {number}）conditions[0]：" in result.output
    assert operate("catalogue", "check", "another-item").exit_code == 0
    assert "编写中 第2次修订" in operate("catalogue", "drafts").output


def test_the_check_is_narrowed_to_the_items_of_a_pack(operate: Operate) -> None:
    publish()
    number = services.begin_draft(slug="stall-permit", by=a_writer(), at=AT)
    services.save_draft(
        draft=number, definition=definition(faq=[]), revision=1, by=a_writer(), at=AT
    )

    assert operate("catalogue", "check", "--pack", "example").exit_code == 1
    assert operate("catalogue", "check", "--pack", "other").exit_code == 0
    assert operate("catalogue", "check", "other-item", "--pack", "example").exit_code == 0


def test_an_item_written_out_and_loaded_again_is_the_same(operate: Operate) -> None:
    published = publish(summary="“引号”：冒号 # 井号，\n换行", aliases=["no", "1e3", "2026-01-01"])

    text = operate("catalogue", "export", "stall-permit").output

    assert parse_item(reading.read(text.encode()).content, version=1) == published
    assert an_item() != published
    assert operate("catalogue", "export", "nothing").exit_code == 1
    assert operate("catalogue", "export", "stall-permit", "--version", "9").exit_code == 1
