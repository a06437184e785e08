"""We know that another platform's catalogue is taken over as it is, or refused with every fault."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.factories.catalogue import PACKS
from yiwang.audit import services as audit
from yiwang.catalogue import foreign, listed
from yiwang.catalogue.models import CatalogItem, Item
from yiwang.catalogue.policy.items import ItemType
from yiwang.content.services import PackReport, load_packs
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.organisations import queries as organisations

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = date(2026, 3, 2)

ROW = {
    "department": "区示例局",
    "main_item": "未分类",
    "item_name": "示例证核发",
    "item_code": "319A00001-319901000000-000-1-00",
    "base_code": "319A00001",
    "task_type": "1",
    "dept_uscc": "11319901XXXX01011F",
}
WISH = foreign.DistrictWish(
    pack="second",
    code="319902",
    name="第二示例区",
    city_name="示例市",
    letters="DE",
    hotline="12345",
    source="虚构",
    effective_on=date(2026, 1, 1),
)


def table(path: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(root: Path, name: str = "second") -> PackReport:
    return load_packs(
        root=PACKS,
        extra=root,
        names=[name],
        by="job:test",
        at=AT,
        apply=True,
        record=audit.record,
    )


def many(*changes: dict[str, str]) -> list[dict[str, str]]:
    return [ROW | {"item_code": f"319A{n:05}-00"} | change for n, change in enumerate(changes)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_as_it_is(tmp_path: Path, encoding: str) -> None:
    (row,) = foreign.read_rows(table(tmp_path / "items.csv", ROW, encoding=encoding))

    assert (row.name, row.department) == ("示例证核发", "区示例局")
    assert (row.item_type, row.main_item) == (ItemType.LICENCE, "")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ROW, ROW], "第 3 行：编码 319A00001-319901000000-000-1-00 与第 2 行重复"),
        ([ROW | {"task_type": "11"}], "第 2 行：事项类型“11”不认识，应为 1 行政许可"),
        ([ROW | {"item_name": " "}], "第 2 行：item_name与表头不符或者没有填写"),
        ([], "没有事项"),
    ],
)
def test_each_fault_is_named_with_its_line(
    tmp_path: Path, rows: list[dict[str, str]], words: str
) -> None:
    with pytest.raises(foreign.CatalogueRefusedError, match=words):
        foreign.read_rows(table(tmp_path / "items.csv", *rows))


def test_many_faults_are_counted_and_not_all_told(tmp_path: Path) -> None:
    rows = [ROW | {"item_code": str(n), "task_type": "?"} for n in range(30)]

    with pytest.raises(foreign.CatalogueRefusedError, match="另有 10 处"):
        foreign.read_rows(table(tmp_path / "items.csv", *rows))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,code\na,b\n", "缺少列 department"),
        (b"PK\x03\x04\x00\x00", "不是 UTF-8 或者 GB 18030"),
        (b"\xff\xfe\x00\x00", "不是 UTF-8 或者 GB 18030"),
        (b"", "缺少列 department"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "items.csv"
    file.write_bytes(content)

    with pytest.raises(foreign.CatalogueRefusedError, match=words):
        foreign.read_rows(file)


def test_a_table_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "LARGEST_BYTES", 10)

    with pytest.raises(foreign.CatalogueRefusedError, match="超过"):
        foreign.read_rows(table(tmp_path / "items.csv", ROW))


def test_a_pack_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    rows = foreign.read_rows(table(tmp_path / "items.csv", ROW))
    foreign.write_pack(rows, into=tmp_path, wish=WISH)

    with pytest.raises(foreign.CatalogueRefusedError, match="已经存在"):
        foreign.write_pack(rows, into=tmp_path, wish=WISH)
    assert not list(tmp_path.glob(".*part"))


@pytest.mark.django_db
def test_the_pack_loads_once_and_keeps_names_codes_and_departments(tmp_path: Path) -> None:
    rows = many(
        {"department": "区示例局"},
        {"department": "区实例局", "dept_uscc": "wrong", "main_item": "主要事项"},
        {"task_type": "20", "base_code": ""},
    )
    written = foreign.write_pack(
        foreign.read_rows(table(tmp_path / "items.csv", *rows)), into=tmp_path, wish=WISH
    )

    report = load(tmp_path)

    assert [str(error) for error in report.errors] == []
    assert (written.items, written.departments) == (3, 2)
    units = {unit.name: unit.uscc for unit in organisations.departments()}
    assert units == {"区示例局": "11319901XXXX01011F", "区实例局": ""}
    second = Item.objects.get(external_code="319A00001-00")
    assert (second.main_item, second.catalog_item.name) == ("主要事项", "示例证核发")
    assert Item.objects.get(external_code="319A00002-00").catalog_item is None
    assert load(tmp_path).diff == []


@pytest.mark.django_db
def test_a_listed_item_takes_no_application_and_hides_nothing_that_is_known(
    tmp_path: Path,
) -> None:
    foreign.write_pack(
        foreign.read_rows(table(tmp_path / "items.csv", ROW)), into=tmp_path, wish=WISH
    )
    load(tmp_path)

    (row,) = listed.listed_page(on=DAY).rows

    assert not row.has_guide
    assert row.external_code == ROW["item_code"]
    assert listed.listed_item(row.slug, on=DAY) == row


@pytest.mark.django_db
def test_the_list_pages_by_key_and_counts(tmp_path: Path) -> None:
    rows = many(*[{"item_name": f"事项{n:03}", "task_type": "20"} for n in range(130)], ROW)
    foreign.write_pack(
        foreign.read_rows(table(tmp_path / "items.csv", *rows)), into=tmp_path, wish=WISH
    )
    load(tmp_path)

    first = listed.listed_page(on=DAY)
    rest = listed.listed_page(on=DAY, after=first.after)
    licences = listed.listed_page(on=DAY, item_type=ItemType.LICENCE)

    assert (len(first.rows), len(rest.rows), rest.after) == (100, 31, "")
    assert len({row.slug for row in (*first.rows, *rest.rows)}) == first.total == 131
    assert first.types == {"licence": 1, "public_service": 130}
    assert [row.name for row in licences.rows] == ["示例证核发"]
    for odd in ("x'", "999999"):
        with pytest.raises(PageKeyRefusedError):
            listed.listed_page(on=DAY, after=odd)


@pytest.mark.corpus("YIWANG_DISTRICT_ITEMS")
@pytest.mark.django_db
@pytest.mark.req("ITEM-01")
def test_the_catalogue_of_a_real_district_is_taken_over_whole(tmp_path: Path) -> None:
    source = Path(os.environ["YIWANG_DISTRICT_ITEMS"])
    written = foreign.write_pack(foreign.read_rows(source), into=tmp_path, wish=WISH)

    report = load(tmp_path)

    assert [str(error) for error in report.errors] == []
    assert (written.items, written.departments) == (1135, 34)
    kinds = Counter(Item.objects.values_list("item_type", flat=True))
    assert kinds == {
        "licence": 536,
        "public_service": 348,
        "other_power": 182,
        "confirmation": 50,
        "benefit": 9,
        "ruling": 8,
        "award": 2,
    }
    codes = set(Item.objects.values_list("external_code", flat=True))
    with source.open(encoding="utf-8-sig") as file:
        assert codes == {row["item_code"] for row in csv.DictReader(file)}
    assert CatalogItem.objects.count() == written.entries
    assert load(tmp_path).diff == []
