"""Loading packs: all of it or nothing, twice the same as once, every mistake with its place."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.content.conftest import AT, NOTICE, manifest
from yiwang.content import models, queries, registry, services
from yiwang.content.registry import Change, DiffLine, PackError, PackFile
from yiwang.kernel.workdays import CalendarGapError

pytestmark = pytest.mark.django_db

Load = Callable[..., services.PackReport]
Write = Callable[..., Path]

TEXTS = """\
texts:
  - key: remedies.review
    text: 可以申请行政复议。
    source: 行政复议法
"""

DISTRICT = """\
code: "319901"
name: 示例区
short_name: 示例
name_en: Example District
letters: EX
city_code: "319900"
city_name: 示例市
site_name: 示例区政务服务
site_name_en: Example
organiser: 示例区人民政府
hotline: "12345"
source: 虚构
town_units:
  - {code: "319901001", slug: hexin, name: 河心街道, kind: street}
  - {code: "319901101", slug: nanwan, name: 南湾镇, kind: town}
"""


@pytest.fixture
def national(write: Write) -> None:
    write("national/pack.yaml", manifest("national"))
    write("national/holidays/2026.yaml", NOTICE)


def only_error(report: services.PackReport) -> str:
    (error,) = report.errors
    assert report.loaded == []
    assert models.LoadedPack.objects.count() == 0
    return str(error)


def test_loading_applies_records_and_tells(national: None, load: Load, trail: list[Any]):
    report = load("national")

    assert report.ok
    assert report.loaded == ["national"]
    assert [str(line) for line in report.diff] == [
        "+ [holidays] 国务院办公厅关于2026年部分节假日安排的通知：放假 3 天，调休上班 1 天"
    ]
    (row,) = trail
    assert row["act"] == "content.load"
    assert row["target"] == "pack:national"
    assert row["actor"] == "user:operator"
    assert row["at"] == AT
    assert row["detail"]["version"] == "1"
    assert not queries.workday_calendar().is_workday(dt.date(2026, 1, 2))


def test_loading_twice_changes_nothing(national: None, load: Load, trail: list[Any]):
    load("national")

    report = load("national")

    assert (report.diff, report.loaded) == ([], [])
    assert len(trail) == 1
    assert models.HolidayNotice.objects.count() == 1
    assert models.LoadedPack.objects.count() == 1


def test_checking_shows_the_difference_and_keeps_nothing(national: None, load: Load):
    report = load("national", apply=False)

    assert len(report.diff) == 1
    assert report.loaded == []
    assert models.HolidayNotice.objects.count() == 0
    assert models.LoadedPack.objects.count() == 0


def test_a_changed_notice_is_a_new_revision_and_the_old_one_stays(
    national: None, load: Load, write: Write
):
    load("national")
    assert queries.workday_calendar().is_workday(dt.date(2026, 1, 4))
    write("national/holidays/2026.yaml", NOTICE.replace("    worked: [2026-01-04]\n", ""))

    report = load("national")

    assert str(report.diff[0]).startswith("~ [holidays]")
    assert "2026-01-04" in report.diff[0].detail
    assert models.HolidayNotice.objects.filter(slug="2026").count() == 2
    assert not queries.workday_calendar().is_workday(dt.date(2026, 1, 4))
    (notice,) = queries.notices()
    assert len(notice.days) == 3


def test_a_changed_source_is_said_to_change_no_day(national: None, load: Load, write: Write):
    load("national")
    write("national/holidays/2026.yaml", NOTICE.replace("source: 试验", "source: 政府网"))

    assert load("national").diff[0].detail == "日期不变，说明有变"


def test_a_notice_that_was_taken_out_of_the_pack_stays_loaded(
    national: None, load: Load, root: Path, write: Write
):
    load("national")
    (root / "national/holidays/2026.yaml").unlink()
    write(
        "national/holidays/2027.yaml",
        NOTICE.replace("2026", "2027").replace("    worked: [2027-01-04]\n", ""),
    )

    report = load("national")

    assert report.errors == []
    assert [notice.year for notice in queries.notices()] == [2026, 2027]


def test_the_calendar_can_be_asked_as_it_was_known(load: Load, write: Write, national: None):
    write(
        "national/holidays/2026-more.yaml",
        "year: 2026\nsupplement: true\ntitle: 补充通知\nissued_on: 2026-02-01\nsource: 试验\n"
        "festivals:\n  - name: 纪念日\n    first: 2026-09-03\n",
    )
    load("national")

    day = dt.date(2026, 9, 3)

    assert not queries.workday_calendar().is_workday(day)
    assert queries.workday_calendar(known_on=dt.date(2026, 1, 31)).is_workday(day)


def test_the_calendar_costs_one_query_once_made(
    national: None, load: Load, django_assert_num_queries: Any
):
    load("national")
    first = queries.workday_calendar()

    with django_assert_num_queries(1):
        second = queries.workday_calendar()

    assert first is second


def test_no_calendar_loaded_is_a_refusal():
    with pytest.raises(CalendarGapError, match="packs/national"):
        queries.workday_calendar()


def test_a_second_yearly_notice_for_a_loaded_year_is_refused(
    national: None, load: Load, write: Write, root: Path
):
    load("national")
    (root / "national/holidays/2026.yaml").rename(root / "national/holidays/again.yaml")

    report = load("national")

    assert "已由先前装入的另一份年度通知安排" in str(report.errors[0])
    assert report.loaded == []


def test_one_file_name_in_two_packs_is_refused(national: None, load: Load, write: Write):
    write("city/pack.yaml", manifest("city", requires="[national]"))
    write("city/holidays/2026.yaml", NOTICE)

    assert "同名" in only_error(load("city"))


def test_required_packs_are_loaded_before(national: None, load: Load, write: Write):
    write("city/pack.yaml", manifest("city", requires="[national]"))
    write("district/pack.yaml", manifest("district", requires="[city, national]"))

    report = load("district")

    assert report.packs == report.loaded == ["national", "city", "district"]
    assert [pack.name for pack in queries.loaded_packs()] == ["city", "district", "national"]


@pytest.mark.django_db(transaction=True)
def test_two_loadings_at_once_load_once(national: None, load: Load, trail: list[Any]):
    reports: list[services.PackReport] = []
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        try:
            reports.append(load("national"))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(report.loaded) for report in reports) == [0, 1]
    assert models.HolidayNotice.objects.count() == 1
    assert len(trail) == 1


# --- packs that are wrong ---------------------------------------------------------------------


def test_a_missing_pack_says_where_it_should_be(load: Load):
    assert only_error(load("nowhere")) == (
        "packs/nowhere/pack.yaml:\n"
        "  没有这个文件。\n"
        "  请把内容包“nowhere”放到 packs/ 之下，或核对名称。"
    )


def test_a_missing_requirement_names_who_requires_it(load: Load, write: Write):
    write("city/pack.yaml", manifest("city", requires="[national]"))

    text = only_error(load("city"))

    assert text.startswith("packs/city/pack.yaml:6: requires\n")
    assert "需要内容包“national”，但没有 packs/national/pack.yaml。" in text


def test_a_circle_of_requirements_is_shown(load: Load, write: Write):
    write("a/pack.yaml", manifest("a", requires="[b]"))
    write("b/pack.yaml", manifest("b", requires="[a]"))

    assert "成环：a → b → a" in only_error(load("a"))


@pytest.mark.parametrize("name", ["../etc", "National", "a b", "", ".", "/etc"])
def test_a_name_that_leaves_the_folder_is_refused(load: Load, name: str):
    assert "不能作内容包的名称" in only_error(load(name))


def test_a_requirement_that_leaves_the_folder_is_refused(load: Load, write: Write):
    write("city/pack.yaml", manifest("city", requires='["../city"]'))

    assert "不能作内容包的名称" in only_error(load("city"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"name": "other"}, "name\n  为“other”，与文件夹“national”不同", id="name"),
        pytest.param({"vresion": "1"}, "vresion\n  不认识这个键", id="unknown key"),
        pytest.param({"version": "1"}, "version\n  应为文字，现为 “1”", id="version is a number"),
        pytest.param({"effective_on": "2026-02-30"}, "日期“2026-02-30”不存在", id="no such day"),
        pytest.param({"effective_on": "明天"}, "effective_on\n  应为日期", id="day in words"),
        pytest.param({"source": ""}, "source\n  没有填写", id="no source"),
        pytest.param({"requires": "national"}, "requires\n  应为列表", id="no list"),
        pytest.param({"title": "!!python/name:os.system x"}, "标签", id="python tag"),
    ],
)
def test_a_bad_manifest_is_refused(load: Load, write: Write, changes: dict[str, str], words: str):
    write("national/pack.yaml", manifest("national", **changes))

    assert words in only_error(load("national"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(b"a: " + "嘉".encode("gbk"), "不是 UTF-8", id="encoding"),
        pytest.param(b"x" * 10_000_000, "超过上限 1000000 字节", id="ten megabytes"),
        pytest.param(b"a: &a [1]\nb: *a", "锚点或别名", id="alias"),
        pytest.param(b"year: 2026\nyear: 2027", "写了两次", id="key twice"),
        pytest.param(b"", "空的", id="empty"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_loading(
    national: None, load: Load, write: Write, text: bytes, words: str
):
    write("national/holidays/2027.yaml", text)

    error = only_error(load("national"))

    assert error.startswith("packs/national/holidays/2027.yaml:")
    assert words in error


@pytest.mark.parametrize("path", ["holidays/2026.yml", "holidays/2026.json", "notes.txt"])
def test_files_that_do_not_belong_are_refused(national: None, load: Load, write: Write, path: str):
    write(f"national/{path}", "a: 1")

    assert "内容包里不能有这样的文件" in only_error(load("national"))


def test_folders_in_folders_and_links_are_refused(national: None, load: Load, root: Path):
    (root / "national/holidays/deep").mkdir()
    (root / "national/link.yaml").symlink_to("/etc/hostname")

    report = load("national")

    assert [error.file for error in report.errors] == [
        "packs/national/holidays/deep",
        "packs/national/link.yaml",
    ]


def test_a_readme_and_hidden_files_are_left_alone(national: None, load: Load, write: Write):
    write("national/README.md", "# 说明")
    write("national/holidays/README.md", "# 说明")
    write("national/.hidden", "x")

    assert load("national").ok


def test_an_unknown_section_lists_the_known_ones(national: None, load: Load, write: Write):
    write("national/holydays/2026.yaml", NOTICE)

    text = only_error(load("national"))

    assert "没有“holydays”这个部分" in text
    assert "holidays" in text


def test_too_many_files_are_refused(
    national: None, load: Load, write: Write, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("yiwang.content.policy.folders.MOST_FILES", 1)
    write("national/holidays/2027.yaml", NOTICE)

    assert "有 2 个文件，超过上限 1 个" in only_error(load("national"))


def test_a_file_without_permission_is_refused(
    national: None, load: Load, monkeypatch: pytest.MonkeyPatch
):
    def closed(self: Path, mode: str = "r") -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)

    assert "文件打不开（Permission denied）" in only_error(load("national"))


# --- sections in turn -------------------------------------------------------------------------


class Things:
    """A section that keeps what it was asked."""

    def __init__(self) -> None:
        self.errors: list[PackError] = []
        self.fails = False
        self.applied: list[str] = []

    def check(self, files: Sequence[PackFile]) -> list[PackError]:
        return self.errors

    def diff(self, files: Sequence[PackFile]) -> list[DiffLine]:
        return [
            DiffLine(section="things", change=Change.ADD, what=file.name)
            for file in files
            if file.path not in self.applied
        ]

    def apply(self, files: Sequence[PackFile], *, by: str, at: dt.datetime) -> None:
        if self.fails:
            raise RuntimeError("broken")
        self.applied.extend(file.path for file in files)


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Things:
    loader = Things()
    monkeypatch.setattr(registry, "_loaders", dict(registry.loaders()))
    registry.register("things", loader)
    return loader


def test_a_section_of_another_package_is_loaded_in_the_order_of_packs(
    things: Things, national: None, load: Load, write: Write
):
    write("national/things/b.yaml", "x: 1")
    write("city/pack.yaml", manifest("city", requires="[national]"))
    write("city/things/a.yaml", "x: 1")

    load("city")

    assert things.applied == ["packs/national/things/b.yaml", "packs/city/things/a.yaml"]


def test_a_section_without_difference_is_not_applied(
    things: Things, national: None, load: Load, write: Write
):
    write("national/things/a.yaml", "x: 1")
    load("national")
    load("national")

    assert things.applied == ["packs/national/things/a.yaml"]


def test_an_error_in_one_section_keeps_all_of_them_out(
    things: Things, national: None, load: Load, write: Write
):
    file = write("national/things/a.yaml", "x: 1")
    things.errors = [PackError(file=str(file), place="x", message="错。", remedy="改。")]

    report = load("national")

    assert not report.ok
    assert models.HolidayNotice.objects.count() == 0


def test_sections_after_a_wrong_one_are_named_as_unchecked(
    things: Things, national: None, load: Load, write: Write
):
    write("national/things/a.yaml", "x: 1")
    write("national/holidays/2026.yaml", NOTICE.replace("2026-01-04", "2026-01-05"))

    report = load("national")

    assert report.unchecked == ["things"]
    assert things.applied == []


def test_a_loader_that_breaks_leaves_nothing_behind(
    things: Things, national: None, load: Load, write: Write, trail: list[Any]
):
    write("national/things/a.yaml", "x: 1")
    things.fails = True

    with pytest.raises(RuntimeError, match="broken"):
        load("national")

    assert models.HolidayNotice.objects.count() == 0
    assert trail == []


def test_two_loaders_for_one_section_are_a_mistake(things: Things):
    registry.register("things", things)
    with pytest.raises(ValueError, match="two loaders for the section things"):
        registry.register("things", Things())


# --- district and texts -----------------------------------------------------------------------


@pytest.fixture
def example(national: None, write: Write) -> None:
    write("example/pack.yaml", manifest("example", requires="[national]"))
    write("example/district.yaml", DISTRICT)


def test_the_district_is_the_one_this_installation_serves(example: None, load: Load, settings: Any):
    load("example")
    settings.DISTRICT = "example"

    district = queries.district()

    assert (district.code, district.letters) == ("319901", "EX")
    assert [town.slug for town in district.town_units] == ["hexin", "nanwan"]
    assert district.effective_on == dt.date(2026, 1, 1)


def test_the_district_costs_one_query_once_read(
    example: None, load: Load, django_assert_num_queries: Any
):
    load("example")
    first = queries.district("example")

    with django_assert_num_queries(1):
        second = queries.district("example")

    assert first is second


def test_a_district_that_is_not_loaded_is_a_mistake():
    with pytest.raises(LookupError, match="nowhere is not loaded"):
        queries.district("nowhere")


def test_a_changed_district_keeps_what_held_before(example: None, load: Load, write: Write):
    load("example")
    write(
        "example/district.yaml",
        DISTRICT.replace("示例区人民政府", "示例区政府") + "effective_on: 2027-01-01\n",
    )

    report = load("example")

    assert str(report.diff[0]) == "~ [district] 示例区：街镇 2 个"
    assert queries.district("example").organiser == "示例区政府"
    before = queries.district("example", on=dt.date(2026, 6, 1))
    assert before.organiser == "示例区人民政府"
    assert len(before.town_units) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param('code: "319901"', "code: 319901", "code\n  应为文字", id="number as code"),
        pytest.param('code: "319901"', 'code: "31990"', "不是6位行政区划代码", id="short code"),
        pytest.param("letters: EX", "letters: ex", "两个大写字母", id="small letters"),
        pytest.param('"319901101"', '"310114101"', "以“319901”开头", id="town elsewhere"),
        pytest.param('"319901101"', '"3199011"', "不是本区街镇的代码", id="short town"),
        pytest.param('"319901101"', '"319901001"', "与“河心街道”重复", id="town code twice"),
        pytest.param("slug: nanwan", "slug: hexin", "与“河心街道”重复", id="slug twice"),
        pytest.param("slug: nanwan", "slug: 南湾", "小写字母、数字和连字符", id="Chinese slug"),
        pytest.param("kind: town", "kind: city", "下列之一：new_area", id="unknown kind"),
        pytest.param("hotline:", "hot_line:", "不认识这个键", id="unknown key"),
        pytest.param("name: 南湾镇, ", "", "name\n  没有填写", id="town without a name"),
    ],
)
def test_a_bad_district_is_refused(
    example: None, load: Load, write: Write, old: str, new: str, words: str
):
    write("example/district.yaml", DISTRICT.replace(old, new, 1))

    report = load("example")

    assert any(words in str(error) for error in report.errors), report.errors
    assert models.District.objects.count() == 0


def test_two_files_for_one_district_are_refused(example: None, load: Load, write: Write):
    write("example/district/other.yaml", DISTRICT)

    assert "一个内容包只写一个区" in only_error(load("example"))


def test_the_district_speaks_before_the_nation(
    example: None, load: Load, write: Write, settings: Any
):
    settings.DISTRICT = "example"
    write("national/texts/remedies.yaml", TEXTS)
    load("example")
    first = queries.text("remedies.review")
    write("example/texts/remedies.yaml", TEXTS.replace("可以", "您可以"))
    load("example")
    second = queries.text("remedies.review")

    assert str(first) == "可以申请行政复议。"
    assert str(second) == "您可以申请行政复议。"
    assert queries.text("remedies.nothing") is None


def test_a_text_of_another_district_is_not_ours(
    example: None, load: Load, write: Write, settings: Any
):
    settings.DISTRICT = "elsewhere"
    write("example/texts/remedies.yaml", TEXTS)
    load("example")

    assert queries.text("remedies.review") is None


def test_a_changed_text_keeps_what_held_before(national: None, load: Load, write: Write):
    write("national/texts/a.yaml", TEXTS)
    load("national")
    later = TEXTS.replace("可以", "应当可以") + "    effective_on: 2027-01-01\n"
    write("national/texts/a.yaml", later)

    report = load("national")

    assert str(report.diff[0]).startswith("~ [texts] remedies.review")
    assert [row.revision for row in models.Text.objects.order_by("revision")] == [1, 2]
    assert load("national").diff == []


def test_a_text_that_held_on_a_day_can_be_asked_for(
    example: None, load: Load, write: Write, settings: Any
):
    settings.DISTRICT = "example"
    write("example/texts/a.yaml", TEXTS)
    load("example")
    later = TEXTS.replace("可以", "应当可以") + "    effective_on: 2027-01-01\n"
    write("example/texts/a.yaml", later)
    load("example")

    assert str(queries.text("remedies.review", on=dt.date(2026, 5, 1))) == "可以申请行政复议。"
    assert str(queries.text("remedies.review")) == "应当可以申请行政复议。"


def test_a_text_written_from_memory_is_shown_as_unverified(
    example: None, load: Load, write: Write, settings: Any
):
    settings.DISTRICT = "example"
    write("example/texts/a.yaml", TEXTS + '    note: "条文号 [from memory]"\n')
    load("example")

    text = queries.text("remedies.review")

    assert text is not None
    assert text.unverified


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("key: remedies.review", "key: 复议", "小写字母、数字和下划线"),
        ("text: 可以", "test: 可以", "不认识这个键"),
        ("    source: 行政复议法\n", "", "source\n  没有填写"),
    ],
)
def test_a_bad_text_is_refused(
    national: None, load: Load, write: Write, old: str, new: str, words: str
):
    write("national/texts/a.yaml", TEXTS.replace(old, new))

    report = load("national")

    assert any(words in str(error) for error in report.errors)


def test_a_key_written_twice_in_one_pack_is_refused(national: None, load: Load, write: Write):
    write("national/texts/a.yaml", TEXTS)
    write("national/texts/b.yaml", TEXTS)

    assert "“remedies.review”已写在 packs/national/texts/a.yaml" in only_error(load("national"))
