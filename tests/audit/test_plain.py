from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from yiwang.audit.policy.plain import holds_number, moment, plain, text
from yiwang.organisations.permissions import Post


def test_moment_is_the_same_in_every_zone():
    there = datetime(2026, 3, 9, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))

    assert moment(there) == moment(there.astimezone(UTC)) == "2026-03-09T04:00:00.000005Z"


def test_moment_needs_a_zone():
    with pytest.raises(ValueError, match="aware"):
        moment(datetime(2026, 3, 9))


def test_plain_writes_what_json_does_not_know():
    value = {
        "day": date(2026, 3, 9),
        "fee": Decimal("10.50"),
        "post": Post.REVIEWER,
        "set": {"b", "a"},
        "rows": ({"at": datetime(2026, 3, 9, tzinfo=UTC)},),
        1: True,
    }

    assert plain(value) == {
        "day": "2026-03-09",
        "fee": "10.50",
        "post": "reviewer",
        "set": ["a", "b"],
        "rows": [{"at": "2026-03-09T00:00:00.000000Z"}],
        "1": True,
    }


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_plain_takes_nothing_that_would_come_back_different(value):
    with pytest.raises(TypeError, match="the trail keeps no"):
        plain({"value": value})


def test_text_drops_what_the_database_cannot_keep():
    assert text("a\x00b\ud800c") == "a\ufffdb?c"


@pytest.mark.parametrize(
    ("value", "held"),
    [
        pytest.param("310114198506151037", True, id="alone"),
        pytest.param({"why": ["核对310114198506151037的材料"]}, True, id="inside a sentence"),
        pytest.param({"310114198506151037": 1}, True, id="as a key"),
        pytest.param(310114198506151037, True, id="as a whole number"),
        pytest.param("9310114198506151037", False, id="inside a longer number"),
        pytest.param("310***********1037", False, id="masked"),
        pytest.param(["91310114MA1GT0001X", None, True, 12], False, id="nothing of the kind"),
    ],
)
def test_number_is_found_wherever_it_stands(value, held):
    assert holds_number(value, is_number=lambda _: True) is held
