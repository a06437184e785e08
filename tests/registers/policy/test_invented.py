import datetime as dt
from itertools import islice

import pytest

from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.registers.cast import ENTITIES, PERSONS
from yiwang.registers.policy import invented
from yiwang.registers.policy.invented import Representative, Town
from yiwang.registers.policy.terms import kind_of

TODAY = dt.date(2026, 3, 9)
TOWNS = [Town("310114102", "南翔镇"), Town("310114103", "安亭镇")]


def persons(count=1_500, seed="7"):
    return list(
        invented.persons(
            seed=seed, count=count, towns=TOWNS, as_of=TODAY, district_name="上海市嘉定区"
        )
    )


def entities(count=3_000, seed="7"):
    return list(
        invented.entities(
            seed=seed,
            count=count,
            towns=TOWNS,
            representatives=[Representative("person:" + "0" * 32, "张示例", dt.date(1980, 1, 1))],
            as_of=TODAY,
            city_name="上海",
            district_name="上海市嘉定区",
        )
    )


def test_invented_numbers_are_right_and_nobodys_twice():
    people = persons()

    assert len({row.id_number for row in people}) == len(people)
    for row in people:
        checked = citizen_id.check(row.id_number, on=TODAY)
        assert checked.ok
        assert checked.parts["gender"] == row.gender
        assert checked.parts["born_on"] == row.born_on.isoformat()


def test_invented_codes_are_right_and_nobodys_twice():
    firms = entities()

    assert len({row.uscc for row in firms}) == len(firms)
    for row in firms:
        assert uscc.check(row.uscc).ok
        assert row.uscc[8:11] == "XXX"
        assert row.kind is kind_of(row.uscc)


def test_no_two_invented_firms_share_a_name():
    firms = entities()

    assert len({row.name for row in firms}) == len(firms)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    assert persons(50) == persons(50)
    assert entities(50) == entities(50)
    assert persons(50) != persons(50, seed="8")


def test_a_larger_population_begins_with_the_smaller_one():
    whole = list(
        islice(
            invented.persons(
                seed="7",
                count=2 * invented.BLOCK,
                towns=TOWNS,
                as_of=TODAY,
                district_name="上海市嘉定区",
            ),
            invented.BLOCK,
        )
    )
    assert whole == persons(invented.BLOCK)


def test_nobody_is_born_tomorrow_and_the_first_is_an_adult():
    people = persons()

    assert all(row.born_on <= TODAY for row in people)
    assert invented.years_between(people[0].born_on, TODAY) >= invented.ADULT_YEARS


def test_firms_are_founded_by_adults_and_not_in_the_future():
    for row in entities():
        assert dt.date(1998, 1, 1) <= row.established_on <= TODAY


def test_invented_numbers_and_codes_are_not_those_of_the_cast():
    assert all(
        int(member.id_number[14:17]) < invented.FIRST_SEQUENCE for member in PERSONS.values()
    )
    assert all(member.uscc[8:12] == "XXXX" for member in ENTITIES.values())
    assert all(row.uscc[8:12] != "XXXX" for row in entities(200))


def test_a_full_day_moves_on_to_the_day_before():
    used = invented.Counter()
    day = dt.date(1990, 5, 2)
    line = [invented._place_in_line(day, invented.Gender.FEMALE, used) for _ in range(401)]

    assert len(set(line)) == 401
    assert line[399] == (day, 998)
    assert line[400] == (dt.date(1990, 5, 1), 200)


def test_short_names_do_not_repeat_until_the_tables_end():
    limit = len(invented.NAME_FIRST) * len(invented.NAME_SECOND)
    names = {invented.short_name(number) for number in range(3 * limit)}

    assert len(names) == 3 * limit
    assert len(invented.short_name(0)) == 2
    with pytest.raises(ValueError, match="more names"):
        invented.short_name(limit * (1 + len(invented.NAME_THIRD)))


def test_body_codes_count_in_the_alphabet_of_the_code():
    assert invented.body_code(0) == "XXX00000"
    assert invented.body_code(31) == "XXX00010"
    with pytest.raises(ValueError, match="no body code"):
        invented.body_code(31**5)


def test_the_tables_hold_each_character_once():
    for table in (invented.NAME_FIRST, invented.NAME_SECOND, invented.NAME_THIRD):
        assert len(set(table)) == len(table)


def test_phones_of_the_invented_are_given_to_nobody():
    assert all(row.phone[:3] == "140" for row in persons(300) if row.phone)
    assert all(row.phone.startswith("021-0") for row in entities(100))
