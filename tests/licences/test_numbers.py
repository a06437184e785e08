"""Numbers printed on licences: by rule, with check digits, never beyond their places."""

from __future__ import annotations

import datetime as dt

import pytest

from yiwang.kernel.identifiers import food
from yiwang.licences.policy.numbers import (
    CheckAlgorithm,
    NumberPart,
    NumberRule,
    SerialScope,
    compose,
    scope_key,
)

DAY = dt.date(2026, 3, 9)
FOOD = NumberRule(
    pattern="JY{kind}{division}{serial:6}{check}",
    scope=SerialScope.TYPE,
    check=CheckAlgorithm.MOD_11_10,
    parts={"kind": NumberPart(field="主体业态", values={"食品销售经营者": "1"}, otherwise="2")},
)
YEARLY = NumberRule(pattern="沪嘉〔{year}〕第{serial:5}号", scope=SerialScope.YEAR)


def number(rule: NumberRule, serial: int, **fields: str) -> str:
    return compose(rule, serial=serial, on=DAY, division="310114", fields=fields)


def test_the_example_of_the_food_licence():
    assert number(FOOD, 1, 主体业态="食品销售经营者") == "JY13101140000019"


@pytest.mark.parametrize("serial", [1, 2, 99, 123_456, 999_999])
def test_every_food_licence_number_passes_its_own_check(serial):
    assert food.check(number(FOOD, serial)).ok


def test_a_part_follows_the_field_and_has_a_fallback():
    assert number(FOOD, 1, 主体业态="食品销售经营者")[2] == "1"
    assert number(FOOD, 1, 主体业态="别的")[2] == "2"
    assert number(FOOD, 1)[2] == "2"


def test_a_number_by_year_names_the_year():
    assert number(YEARLY, 7) == "沪嘉〔2026〕第00007号"


def test_a_serial_that_no_longer_fits_stops_instead_of_repeating():
    with pytest.raises(ValueError, match="no longer fits 5 digits"):
        number(YEARLY, 100_000)


def test_serials_by_year_start_anew_and_others_do_not():
    assert scope_key(YEARLY, type_code="T", on=DAY) == "T:2026"
    assert scope_key(FOOD, type_code="T", on=DAY) == "T"
