"""We know that each figure of the catalogue is reckoned, and adds up to the items behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories.catalogue import PUBLISHED_AT, an_item, item_checker, publish
from yiwang.catalogue import reports, services
from yiwang.catalogue.policy import reports as policy
from yiwang.catalogue.policy.items import ItemType, ItemVersion
from yiwang.catalogue.policy.listed import ListedItem
from yiwang.catalogue.policy.reports import DecidedChange, Figure, FigureKey, KnownItem
from yiwang.kernel.paging import PageKeyRefusedError

DAY = date(2026, 3, 6)


def item(slug: str, **changes: Any) -> ItemVersion:
    return an_item(slug=slug, name=f"事项{slug}", **changes)


def limit(statutory: int, promised: int) -> dict[str, Any]:
    return {
        "statutory_workdays": statutory,
        "promised_workdays": promised,
        "source": "行政许可法 第四十二条",
        "effective_on": "2026-01-01",
    }


def material(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "source": "government", "basis": "依据"} | changes


def figures(*versions: ItemVersion, **more: Any) -> dict[FigureKey, Figure]:
    found = policy.report(versions, **more)
    return {one.key: one for group in found.values() for one in group}


VARIED = (
    item("a", limit=limit(20, 5)),
    item("b", limit=limit(10, 0), case_kind="immediate", item_type="benefit", onsite_times=1),
    item("c", limit=limit(0, 0), in_hall=False, not_in_hall_reason="涉密", reform_mode="commit"),
    item("d", channels=["counter"], onsite_times=2, item_type="public_service", mobile=False),
    item("e", commitment="certificate", focus="business", self_terminal=True),
    item("f", one_window={"function": "设立登记", "difference": "多一步"}, audiences=["person"]),
    item("g", one_window={"function": "设立登记", "difference": ""}, reform_mode="optimise"),
    item("h", one_window={"function": "", "difference": "没有"}, item_type="inspection"),
)


def test_every_figure_has_a_definition_with_its_source_in_both_languages():
    assert set(policy.DEFINITIONS) == set(policy.FigureGroup)
    for definition in policy.DEFINITIONS.values():
        assert definition.text
        assert definition.text_en
        assert definition.source


def test_every_key_is_reckoned_once():
    found = policy.report(VARIED)

    keys = [one.key for group in found.values() for one in group]
    assert sorted(keys) == sorted(FigureKey)
    assert list(found) == list(policy.FigureGroup)


@pytest.mark.parametrize("key", list(FigureKey))
def test_the_lines_of_each_figure_add_up_to_it(key: FigureKey):
    one = figures(*VARIED)[key]

    assert one.numerator == sum(line.numerator for line in one.lines)
    assert len(set(one.slugs)) == len(one.slugs)
    if one.counted:
        assert one.numerator == len(one.lines)
    else:
        assert one.denominator == sum(line.denominator for line in one.lines)


def test_compression_weighs_days_and_counts_on_the_spot_as_none():
    one = figures(item("a", limit=limit(20, 5)), item("b", limit=limit(10, 0)))[
        FigureKey.COMPRESSION
    ]

    assert (one.numerator, one.denominator) == (25, 30)
    assert one.share == pytest.approx(1 - 5 / 30)


def test_what_the_law_gives_no_days_for_has_no_compression():
    one = figures(item("a", limit=limit(0, 0)))[FigureKey.COMPRESSION]

    assert one.share is None


def test_forms_made_by_the_system_count_on_neither_side_of_the_reduction():
    one = figures(
        item(
            "a",
            materials=[
                material("form", source="form", waive_by="generated"),
                material("card", waive_by="register", waive_ref="person.id_number"),
                material("licence", waive_by="licence", waive_ref="business_licence"),
                material("plan", source="applicant"),
                material("report", source="third_party"),
            ],
        )
    )[FigureKey.REDUCTION]

    assert (one.numerator, one.denominator) == (2, 4)


def test_types_count_listed_items_too_and_guides_do_not():
    listed = [KnownItem(slug="x", name="x", item_type=ItemType.PENALTY, department="market")]

    found = figures(*VARIED, listed=listed)

    assert found[FigureKey.ITEMS].numerator == len(VARIED) + 1
    assert found[FigureKey.TYPE_PENALTY].slugs == ("x",)
    assert found[FigureKey.GUIDES].numerator == len(VARIED)
    per_type = [found[FigureKey(f"type_{kind.value}")].numerator for kind in ItemType]
    assert sum(per_type) == len(VARIED) + 1


def test_visits_add_up_and_nobody_has_to_come_for_what_is_fully_online():
    found = figures(*VARIED)

    visits = [found[key] for key in FigureKey if key.value.startswith("visits_")]
    assert sum(one.numerator for one in visits) == len(VARIED)
    assert set(found[FigureKey.FULLY_ONLINE].slugs) <= set(found[FigureKey.VISITS_NONE].slugs)
    assert "d" not in found[FigureKey.ONLINE].slugs
    assert "d" not in found[FigureKey.MOBILE].slugs
    assert found[FigureKey.TERMINAL].slugs == ("e",)


def test_reform_counts_licences_for_firms_only_and_names_those_without_a_mode():
    found = figures(*VARIED)

    assert found[FigureKey.REFORM_COMMIT].slugs == ("c",)
    assert found[FigureKey.REFORM_OPTIMISE].slugs == ("g",)
    assert found[FigureKey.REFORM_UNMARKED].slugs == ("a", "e")
    assert found[FigureKey.REFORM_ALL].denominator == 4
    assert found[FigureKey.REFORM_ALL].numerator == 2


def test_what_was_turned_into_a_filing_counts_by_its_mode_and_each_line_says_by_which_document():
    filed = item(
        "a",
        item_type="other_power",
        reform_mode="file",
        reform_since="2021-07-01",
        reform_doc="示例府规〔2021〕7号",
        reform_pilot={"basis": "批复", "ends_on": "2026-06-30", "review_on": "2026-06-01"},
    )

    found = figures(filed, item("b"), item("c", reform_mode="commit"))

    said = "自2021-07-01起；示例府规〔2021〕7号；试点：批复，至2026-06-30，2026-06-01评估"
    assert found[FigureKey.REFORM_ALL].denominator == 3
    for key in (FigureKey.REFORM_FILE, FigureKey.REFORM_PILOT):
        assert [(line.slug, line.note) for line in found[key].lines] == [("a", said)]
    assert found[FigureKey.REFORM_COMMIT].lines[0].note == ""


def test_what_the_hall_does_not_handle_carries_its_reason():
    found = figures(*VARIED)[FigureKey.NOT_IN_HALL]

    assert [(line.slug, line.note) for line in found.lines] == [("c", "涉密")]


def test_comparison_with_the_start_up_window_tells_same_different_and_missing():
    found = figures(*VARIED)

    assert found[FigureKey.WINDOW_COMPARED].slugs == ("f", "g", "h")
    assert found[FigureKey.WINDOW_SAME].slugs == ("g",)
    assert found[FigureKey.WINDOW_DIFFERS].slugs == ("f",)
    assert found[FigureKey.WINDOW_NONE].slugs == ("h",)
    assert found[FigureKey.WINDOW_DIFFERS].lines[0].note == "设立登记；多一步"


def change(slug: str, document: str, *, cancels: bool = False) -> DecidedChange:
    return DecidedChange(
        slug=slug,
        name=slug,
        department="market",
        cancels=cancels,
        document=document,
        on=DAY,
        offered=not cancels,
    )


def test_an_item_decided_on_several_times_counts_once():
    changes = [
        change("a", "1号"),
        change("a", "2号"),
        change("b", "3号"),
        change("b", "4号", cancels=True),
        change("b", "5号"),
    ]

    found = figures(changes=changes)

    assert found[FigureKey.CHANGED].numerator == 2
    assert found[FigureKey.ADJUSTED].lines[0].note == "2号（2026-03-06）"
    assert [(one.slug, one.linked) for one in found[FigureKey.CANCELLED].lines] == [("b", False)]
    assert found[FigureKey.CANCELLED].lines[0].note == "4号（2026-03-06）"


def test_a_district_without_items_has_no_shares():
    found = figures()

    assert {one.numerator for one in found.values()} == {0}
    assert {one.share for one in found.values()} == {None}


@pytest.mark.django_db
def test_the_report_of_a_day_reads_versions_listed_items_and_decisions(
    django_assert_max_num_queries: Any,
):
    publish()
    publish(
        item(
            "closed",
            task_code="11310114XXXX01011H4310131098000",
            handling_code="11310114XXXX01011H431013109800001",
        )
    )
    services.list_items(
        items=[
            ListedItem(
                slug="fine",
                name="罚款",
                item_type=ItemType.PENALTY,
                department="market",
                source="虚构",
            )
        ],
        pack="example",
        by="job:test",
        at=PUBLISHED_AT,
    )
    services.cancel_item(
        slug="closed", from_on=DAY, document="示府〔2026〕1号", by=item_checker(), at=PUBLISHED_AT
    )

    reports.item_report(on=DAY)
    with django_assert_max_num_queries(4):
        found = reports.item_report(on=DAY)

    assert found.figure(FigureKey.ITEMS).slugs == ("stall-permit", "fine")
    assert found.figure(FigureKey.CANCELLED).slugs == ("closed",)
    assert "示府〔2026〕1号" in found.figure(FigureKey.CANCELLED).lines[0].note
    assert reports.item_report(on=date(2026, 3, 1)).figure(FigureKey.CHANGED).numerator == 0


def test_lines_are_paged_by_key_without_losing_one():
    one = figures(*VARIED)[FigureKey.ITEMS]

    seen, after = [], ""
    while True:
        page = reports.lines_page(one, after=after, limit=3)
        seen += [line.slug for line in page.lines]
        after = page.after
        if not after:
            break

    assert tuple(seen) == one.slugs
    with pytest.raises(PageKeyRefusedError):
        reports.lines_page(one, after="nonsense")
    assert len(reports.lines_page(one, limit=5000).lines) <= reports.PAGE
