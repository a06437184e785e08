"""The rules of commitment and tolerance, without a database."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases
from yiwang.cases.policy.commitments import (
    BARS_COMMITMENT,
    BARS_TOLERANCE,
    Finding,
    Record,
    RecordKind,
    barred,
    correct_due_on,
    digests,
    post_check_due_on,
    tolerable,
    tolerance_due_on,
)
from yiwang.catalogue.policy.parsing import parse_item

DAY = dt.date(2026, 3, 6)


def record(kind=RecordKind.BROKEN_COMMITMENT, **changes):
    facts = {
        "kind": kind,
        "reason": "没有自查制度。",
        "from_on": dt.date(2026, 1, 1),
        "until_on": dt.date(2026, 12, 31),
    }
    return Record(**(facts | changes))


@pytest.mark.parametrize(
    ("changes", "open_on"),
    [
        pytest.param({}, False, id="within its time"),
        pytest.param({"until_on": DAY}, False, id="its last day counts"),
        pytest.param({"until_on": dt.date(2026, 3, 5)}, True, id="over since yesterday"),
        pytest.param({"from_on": dt.date(2026, 3, 7)}, True, id="from tomorrow on"),
        pytest.param({"repaired_on": DAY}, True, id="repaired today"),
        pytest.param({"repaired_on": dt.date(2026, 3, 7)}, False, id="repaired tomorrow"),
        pytest.param({"until_on": None}, False, id="without end"),
        pytest.param({"kind": RecordKind.BROKEN_TOLERANCE}, True, id="of another convenience"),
    ],
)
def test_a_record_bars_within_its_time_until_repaired(changes, open_on):
    assert (barred([record(**changes)], BARS_COMMITMENT, on=DAY) == "") is open_on


def test_the_sentence_names_the_reason_and_the_longest_end():
    both = [record(until_on=dt.date(2026, 4, 1)), record(RecordKind.SERIOUS, until_on=None)]

    assert "（没有自查制度），在信用修复以前不能适用" in barred(both, BARS_COMMITMENT, on=DAY)
    assert "至2026年4月1日不能适用" in barred(both[:1], BARS_COMMITMENT, on=DAY)
    assert barred(both, BARS_TOLERANCE, on=DAY)


@pytest.mark.parametrize(
    ("changes", "due_on"),
    [
        pytest.param({}, "2026-03-11", id="the item's own days"),
        pytest.param({"material_days": 0}, "2026-03-13", id="the district's, cut at the promise"),
        pytest.param({"material_days": 8}, "2026-03-13", id="the item's, cut at the promise"),
        pytest.param({"material_days": 0, "issue_first": True}, "2026-03-20", id="issue first"),
        pytest.param({"promised_workdays": 0}, "2026-03-06", id="nothing is left on the spot"),
    ],
)
def test_the_last_day_of_a_tolerated_material(changes, due_on):
    facts = {
        "received_on": DAY,
        "material_days": 3,
        "default_days": 10,
        "promised_workdays": 5,
        "issue_first": False,
        "calendar": cases.CALENDAR,
    }

    assert tolerance_due_on(**(facts | changes)) == dt.date.fromisoformat(due_on)


def test_months_end_with_the_month_and_days_are_calendar_days():
    assert post_check_due_on(decided_on=dt.date(2026, 12, 31), months=2) == dt.date(2027, 2, 28)
    assert correct_due_on(ordered_on=DAY, days=60) == dt.date(2026, 5, 5)


def test_key_materials_and_results_on_the_spot_are_never_tolerated():
    plain = cases.restaurant()
    rules = next(one for one in plain["materials"] if one["id"] == "rules")
    assert tolerable(parse_item(plain), parse_item(plain).materials[3])

    rules["key"] = True
    assert not tolerable(parse_item(plain), parse_item(plain).materials[3])
    rules["key"] = False
    plain["limit"] |= {"promised_workdays": 0}
    assert not tolerable(parse_item(plain), parse_item(plain).materials[3])


def test_both_hashes_are_of_the_text_as_it_is_written():
    found = digests("abc")

    assert found.sha256.startswith("ba7816bf8f01cfea")
    assert found.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_shares_of_nothing_are_not_told():
    nothing = Finding(due=0, in_time=0, failed=0, passed=0)

    assert (nothing.in_time_pct, nothing.failed_pct) == (None, None)
    assert Finding(due=4, in_time=3, failed=1, passed=3).in_time_pct == 75
