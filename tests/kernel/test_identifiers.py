"""Every worked example and every trap of the identifiers the platform knows."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.identifiers import (
    citizen_id,
    divisions,
    food,
    items,
    licence_id,
    projects,
    query_code,
    real_estate,
    uscc,
)
from yiwang.kernel.identifiers.checked import Checked, normalise
from yiwang.kernel.identifiers.checksums import ALPHABET_36, mod_11_10, mod_37_36

TODAY = dt.date(2026, 3, 6)


def assert_refused(answer: Checked, reason: str, words: str) -> None:
    assert not answer.ok
    assert answer.reason == reason
    assert words in answer.message
    assert answer.message.endswith("。")


# --- unified social credit identifier ---------------------------------------------------------


def test_uscc_weights_are_those_of_the_standard():
    assert uscc.WEIGHTS == (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def test_uscc_worked_example_gives_check_character_3():
    assert uscc.check_character("91350100M000100Y4") == "3"
    assert uscc.organisation_check("M000100Y") == "4"


def test_uscc_remainder_zero_gives_0_and_not_31():
    stem = next(
        candidate
        for number in range(1000)
        for candidate in [f"91310114XXXX0{number:03d}"]
        for candidate in [candidate + uscc.organisation_check(candidate[8:])]
        if uscc.check_character(candidate) == "0"
    )

    assert uscc.check(stem + "0").ok


@pytest.mark.parametrize(
    "value",
    [
        "91350100M000100Y43",
        "91310114XXXX00019T",
        "91310114XXXX00027M",
        "92310114XXXX00035D",
        "11310114XXXX01011H",
        "12310114XXXX0102X6",
        "52310114XXXX02014T",
        "11370800MB28559184",
    ],
)
def test_uscc_accepts_the_known_right_codes(value: str):
    answer = uscc.check(value)

    assert answer.ok
    assert answer.message == ""
    assert answer.parts["division"] == value[2:8]
    assert answer.parts["organisation"] == value[8:17]


@pytest.mark.parametrize(
    ("value", "computed"),
    [("91350100M0001TGQXM", "1"), ("91350211M0000XUF46", "R"), ("91350203M0001FUE2P", "J")],
)
def test_uscc_of_the_pilot_years_fails_its_check_and_may_be_confirmed(value: str, computed: str):
    answer = uscc.check(value)

    assert uscc.check_character(value[:17]) == computed
    assert_refused(answer, "check_character", "可由审查人员注明理由和依据后确认")
    assert answer.confirmable
    assert answer.parts["organisation"] == value[8:17]


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        pytest.param("91350100M000100Y4", "length", "应为18位，现为17位", id="too short"),
        pytest.param("91350100M000100Y433", "length", "现为19位", id="too long"),
        pytest.param("", "length", "现为0位", id="empty"),
        pytest.param("91350100M000100Y4Z", "characters", "请核对其中的“Z”", id="letter Z"),
        pytest.param("9135O100M000100Y43", "characters", "“O”", id="O for 0"),
        pytest.param("91350100m000100y43", "characters", "大写字母", id="small letters"),
        pytest.param("９1350100M000100Y43", "characters", "“９”", id="full-width digit"),
        pytest.param("9135010AM000100Y43", "division", "第3至8位", id="letter in division"),
        pytest.param("91350100M000100Y44", "check_character", "校验码不符", id="wrong check"),
    ],
)
def test_uscc_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(uscc.check(value), reason, words)


def test_uscc_with_a_wrong_inner_code_is_told_apart_from_a_wrong_check():
    stem = "91310114XXXX00018"

    answer = uscc.check(stem + uscc.check_character(stem))

    assert_refused(answer, "organisation_check", "第9至17位")
    assert answer.confirmable


def test_uscc_with_a_rare_kind_of_body_passes_with_a_warning():
    value = uscc.generate(department="9", kind="9", division="310114", body="XXXX0001")

    answer = uscc.check(value)

    assert answer.ok
    assert "不常见" in answer.warning


@given(
    st.sampled_from("123456789ANY"),
    st.sampled_from("1239"),
    st.integers(0, 999_999).map("{:06d}".format),
    st.text(uscc.ALPHABET, min_size=8, max_size=8),
    st.integers(0, 17),
    st.sampled_from(uscc.ALPHABET),
)
def test_uscc_generated_passes_and_any_single_slip_fails(
    department: str, kind: str, division: str, body: str, place: int, character: str
):
    value = uscc.generate(department=department, kind=kind, division=division, body=body)
    slipped = value[:place] + character + value[place + 1 :]

    assert uscc.check(value).ok
    assert uscc.check(slipped).ok == (slipped == value)


@pytest.mark.parametrize("body", ["XXXX000", "XXXX000I", "XXXX00011"])
def test_uscc_generator_refuses_what_has_no_code(body: str):
    with pytest.raises(ValueError, match="alphabet"):
        uscc.generate(department="9", kind="1", division="310114", body=body)


@pytest.mark.parametrize("value", ["M000100Y4", "M000100Y-4"])
def test_organisation_code_passes_with_and_without_hyphen(value: str):
    assert uscc.check_organisation_code(value).value == "M000100Y4"


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("M000100Y5", "check_character", "校验码不符"),
        ("M000100Y", "length", "8位数字或大写字母加1位"),
        ("M000-100Y4", "length", "8位数字或大写字母加1位"),
    ],
)
def test_organisation_code_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(uscc.check_organisation_code(value), reason, words)


# --- citizen identity number ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "character"), [("11010519491231002", "X"), ("44052418800101001", "4")]
)
def test_citizen_id_worked_examples(stem: str, character: str):
    assert citizen_id.check_character(stem) == character


@pytest.mark.parametrize(
    ("value", "kind", "gender", "born_on"),
    [
        ("31011420000101001X", "resident", "male", "2000-01-01"),
        ("310114194910010027", "resident", "female", "1949-10-01"),
        ("310114198506151037", "resident", "male", "1985-06-15"),
    ],
)
def test_citizen_id_accepts_the_invented_persons(value: str, kind: str, gender: str, born_on: str):
    answer = citizen_id.check(value, on=TODAY)

    assert answer.ok
    assert (answer.parts["kind"], answer.parts["gender"]) == (kind, gender)
    assert answer.parts["born_on"] == born_on


@pytest.mark.parametrize(
    ("division", "kind"),
    [("810000", "hong_kong"), ("820000", "macao"), ("830000", "taiwan"), ("931156", "foreigner")],
)
def test_citizen_id_knows_residents_from_elsewhere(division: str, kind: str):
    value = citizen_id.generate(division=division, born_on=dt.date(1990, 5, 5), sequence=12)

    answer = citizen_id.check(value, on=TODAY)

    assert answer.ok
    assert answer.parts["kind"] == kind


def test_citizen_id_of_a_foreigner_names_province_and_nationality():
    value = citizen_id.generate(division="931156", born_on=dt.date(1990, 5, 5), sequence=1)

    parts = citizen_id.check(value, on=TODAY).parts

    assert (parts["province"], parts["nationality"]) == ("31", "156")
    assert "division" not in parts


def test_citizen_id_of_a_withdrawn_county_still_passes():
    value = citizen_id.generate(division="310109", born_on=dt.date(1960, 2, 29), sequence=3)
    luwan = citizen_id.generate(division="310103", born_on=dt.date(1960, 2, 29), sequence=3)

    assert citizen_id.check(value, on=TODAY).ok
    assert citizen_id.check(luwan, on=TODAY).ok


def test_citizen_id_takes_a_small_x_and_stores_a_capital():
    answer = citizen_id.check("31011420000101001x", on=TODAY)

    assert answer.ok
    assert answer.value == "31011420000101001X"


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        pytest.param("31011420000101001", "length", "应为18位，现为17位", id="short"),
        pytest.param("310114850615103", "length", "现为15位", id="old number at the counter"),
        pytest.param("3101142000010100XX", "characters", "末位为数字或X", id="X inside"),
        pytest.param("31011420000101001Y", "characters", "末位为数字或X", id="other letter"),
        pytest.param("３10114198506151037", "characters", "应为数字", id="full-width digit"),
        pytest.param("٣10114198506151037", "characters", "应为数字", id="Arabic digit"),
        pytest.param("310114199902301037", "date", "“19990230”不存在", id="30 February"),
        pytest.param("310114190002291037", "date", "不存在", id="1900 is no leap year"),
        pytest.param("310114000001011037", "date", "不存在", id="year 0"),
        pytest.param("310114202603071037", "future", "晚于今天", id="born tomorrow"),
        pytest.param("310114187501011037", "age", "超过150年", id="151 years old"),
        pytest.param("990114198506151037", "check_character", "校验码不符", id="foreigner form"),
        pytest.param("000114198506151037", "division", "“00”", id="no such province"),
        pytest.param("310114198506151038", "check_character", "逐位核对", id="wrong check"),
        pytest.param("310114198506151073", "check_character", "逐位核对", id="swapped digits"),
    ],
)
def test_citizen_id_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(citizen_id.check(value, on=TODAY), reason, words)


def test_citizen_id_of_somebody_born_today_passes():
    value = citizen_id.generate(division="310114", born_on=TODAY, sequence=1)

    assert citizen_id.check(value, on=TODAY).ok
    assert citizen_id.check(value, on=TODAY - dt.timedelta(days=1)).reason == "future"


def test_citizen_id_of_fifteen_digits_passes_in_archives_only():
    answer = citizen_id.check("110105491231002", on=TODAY, archive=True)

    assert answer.ok
    assert answer.value == "11010519491231002X"
    assert citizen_id.from_15("110105491231002") == "11010519491231002X"
    with pytest.raises(ValueError, match="15 digits"):
        citizen_id.from_15("11010549123100")


@given(
    st.integers(110000, 659999).map(str),
    st.dates(dt.date(1900, 1, 1), TODAY),
    st.integers(0, 999),
    st.integers(0, 16),
    st.sampled_from("0123456789"),
)
def test_citizen_id_of_which_one_digit_slipped_never_passes(
    division: str, born_on: dt.date, sequence: int, place: int, digit: str
):
    value = citizen_id.generate(division=division, born_on=born_on, sequence=sequence)
    slipped = value[:place] + digit + value[place + 1 :]

    assert slipped == value or not citizen_id.check(slipped, on=TODAY).ok


@pytest.mark.parametrize(("division", "sequence"), [("31011", 1), ("310114", 1000)])
def test_citizen_id_generator_refuses_what_has_no_number(division: str, sequence: int):
    with pytest.raises(ValueError, match="division of 6 digits"):
        citizen_id.generate(division=division, born_on=TODAY, sequence=sequence)


# --- e-licence identifier ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "11100000000013338W011.11430000006122244L.20230000403.001.U",
        "11100000MB03271699022.340100.000000016.001.9",
        "11100000000013338W009.11330105002500287C.2025052201.002.0",
        "11310114XXXX01011H001.11310114XXXX01011H.20260101000001.001.7",
    ],
)
def test_licence_identifier_accepts_the_known_ones(value: str):
    assert licence_id.check(f"1.2.156.3005.2.{value}").ok


def test_licence_identifier_is_built_with_its_check():
    value = licence_id.generate(
        type_code="11310114XXXX01011H001", issuer="11310114XXXX01011H", serial="20260101000001"
    )

    assert value == ("1.2.156.3005.2.11310114XXXX01011H001.11310114XXXX01011H.20260101000001.001.7")
    assert licence_id.check(value).parts["serial"] == "20260101000001"


GOOD_LICENCE = "1.2.156.3005.2.11310114XXXX01011H001.11310114XXXX01011H.20260101000001.001.7"


@pytest.mark.parametrize(
    ("old", "new", "reason", "words"),
    [
        pytest.param("1.2.156.3005.2.", "", "root", "1.2.156.3005.2.", id="no root"),
        pytest.param(".001.7", ".7", "segments", "应有5段", id="no version"),
        pytest.param("11H001.", "11H01.", "type_code", "类型代码", id="short type"),
        pytest.param(".11310114XXXX01011H.", ".1131.", "issuer", "颁发机构", id="short issuer"),
        pytest.param("20260101000001", "2026-01", "serial", "流水号", id="hyphen in serial"),
        pytest.param("20260101000001", "", "serial", "流水号", id="no serial"),
        pytest.param(".001.7", ".01.7", "version", "版本号", id="short version"),
        pytest.param("000001.001.7", "000002.001.7", "check_character", "校验位", id="slip"),
    ],
)
def test_licence_identifier_says_what_is_wrong(old: str, new: str, reason: str, words: str):
    assert_refused(licence_id.check(GOOD_LICENCE.replace(old, new)), reason, words)


def test_licence_identifier_is_not_built_from_bad_parts():
    with pytest.raises(ValueError, match="流水号"):
        licence_id.generate(
            type_code="11310114XXXX01011H001", issuer="11310114XXXX01011H", serial="a"
        )


@given(st.text(ALPHABET_36, min_size=1, max_size=60), st.data())
def test_mod_37_36_finds_every_single_slip(text: str, data: st.DataObject):
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from(ALPHABET_36))
    slipped = text[:place] + character + text[place + 1 :]

    assert (mod_37_36(slipped) == mod_37_36(text)) == (slipped == text)


@given(st.text("0123456789", min_size=1, max_size=30), st.data())
def test_mod_11_10_finds_every_single_slip(text: str, data: st.DataObject):
    place = data.draw(st.integers(0, len(text) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    slipped = text[:place] + digit + text[place + 1 :]

    assert (mod_11_10(slipped) == mod_11_10(text)) == (slipped == text)


# --- item codes -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["370117002011", "370117002016", "310131001000"])
def test_basic_code_accepts_the_known_ones(value: str):
    assert items.check(value).parts["item_type"] == "01"


def test_implementation_code_accepts_a_published_one():
    answer = items.check("11370800MB285591843370117002011")

    assert answer.ok
    assert answer.parts["body"] == "11370800MB28559184"
    assert answer.parts["level"] == "3"
    assert answer.parts["main"] == "002"
    assert answer.parts["sub"] == "011"


def test_implementation_code_is_joined_from_its_parts():
    value = items.implementation_code(body="11310114XXXX01011H", level="4", basic="310131001000")

    assert value == "11310114XXXX01011H4310131001000"
    assert items.check(value + "01").parts["serial"] == "01"
    with pytest.raises(ValueError, match="行使层级"):
        items.implementation_code(body="11310114XXXX01011H", level="7", basic="310131001000")


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("3701170020", "length", "12位（基本编码）、31位（实施编码）或33位"),
        ("37011700201A", "characters", "全部为数字"),
        ("379917002011", "item_type", "“99”不是事项类型"),
        ("11370800MB285591853370117002011", "body_check_character", "实施主体"),
        ("11370800MB285591849370117002011", "exercise_level", "应为1至6"),
        ("11370800MB285591843379917002011", "item_type", "“99”"),
        ("11370800MB2855918433701170020110A", "serial", "末两位"),
        ("11370800MB28559184937011700201101", "exercise_level", "应为1至6"),
    ],
)
def test_item_code_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(items.check(value), reason, words)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (items.check_basic, "应为12位"),
        (items.check_implementation, "应为31位"),
        (items.check_handling, "应为33位"),
    ],
)
def test_item_code_of_the_wrong_length_names_the_right_one(check, words: str):
    assert_refused(check("1"), "length", words)


# --- divisions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("310000", "province"),
        ("320500", "city"),
        ("310114", "county"),
        ("310114004", "town"),
        ("310114004024", "village"),
    ],
)
def test_division_code_tells_its_level(value: str, level: str):
    assert divisions.check(value).parts["level"] == level


def test_division_code_of_a_town_names_all_above_it():
    parts = divisions.check("310114401005").parts

    assert parts["province"] == "310000"
    assert parts["county"] == "310114"
    assert parts["town"] == "310114401"
    assert parts["town_kind"] == "zone"


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("31011", "length", "6位、9位或12位"),
        ("31O114", "characters", "全部为数字"),
        ("990114", "province", "“99”"),
    ],
)
def test_division_code_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(divisions.check(value), reason, words)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("310000", "310114", True),
        ("320500", "320583", True),
        ("310114", "310114102", True),
        ("310114102", "310114102003", True),
        ("310114", "310115", False),
        ("310114102", "310114", False),
    ],
)
def test_division_covers_what_lies_in_it(outer: str, inner: str, expected: bool):
    assert divisions.covers(outer, inner) is expected


# --- project code -----------------------------------------------------------------------------


def test_project_code_accepts_a_published_one_and_builds_ours():
    assert projects.check("2311-330109-04-01-789813").warning == ""
    assert (
        projects.generate(month="2601", region="310114", department="04", kind="01", random="12345")
        == "2601-310114-04-01-123458"
    )


def test_project_code_of_the_old_scheme_begins_with_the_year():
    answer = projects.check("2018-310114-04-01-123456")

    assert answer.ok
    assert answer.parts["time_form"] == "year"


def test_project_code_2012_is_december_2020():
    assert projects.check("2012-310114-04-01-123456").parts["time_form"] == "month"


def test_project_code_with_a_wrong_check_digit_is_warned_about_only():
    answer = projects.check("2311-330109-04-01-789814")

    assert answer.ok
    assert "末位校验不符" in answer.warning


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("231133010904 01789813", "segments", "24位"),
        ("2311-330109-04-01-78981", "segments", "2601-310114-04-01-123458"),
        ("2311-33O109-04-01-789813", "characters", "全部为数字"),
        ("2313-330109-04-01-789813", "month", "“2313”"),
        ("1411-330109-04-01-789813", "month", "2015至2020"),
    ],
)
def test_project_code_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(projects.check(value), reason, words)


def test_project_code_is_not_built_from_a_bad_month():
    with pytest.raises(ValueError, match="第一段"):
        projects.generate(month="2613", region="310114", department="04", kind="01", random="12345")


# --- query code -------------------------------------------------------------------------------


def test_query_code_holds_district_and_day():
    value = query_code.generate(prefix="JD", received_on=TODAY, serial=46_655)

    answer = query_code.check(value)

    assert value.startswith("JD260306ZZZ")
    assert len(value) == 12
    assert answer.parts["received_on"] == "2026-03-06"


@given(st.integers(0, query_code.SERIALS - 1), st.integers(0, 11), st.sampled_from(ALPHABET_36))
def test_query_code_of_which_one_character_slipped_never_passes(
    serial: int, place: int, character: str
):
    value = query_code.generate(prefix="JD", received_on=TODAY, serial=serial)
    slipped = value[:place] + character + value[place + 1 :]

    assert query_code.check(value).ok
    assert slipped == value or not query_code.check(slipped).ok


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("JD260306ZZZ", "length", "应为12位，现为11位"),
        ("2D260306ZZZJ", "characters", "2位字母、6位数字"),
        ("jd260306zzzj", "characters", "大写字母"),
        ("JD261306ZZZJ", "date", "“261306”不存在"),
        ("JD260306ZZ0J", "check_character", "注意0和O"),
    ],
)
def test_query_code_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(query_code.check(value), reason, words)


@pytest.mark.parametrize(("prefix", "serial"), [("J", 0), ("J1", 0), ("JD", -1), ("JD", 46_656)])
def test_query_code_is_not_built_out_of_bounds(prefix: str, serial: int):
    with pytest.raises(ValueError, match="prefix|serial"):
        query_code.generate(prefix=prefix, received_on=TODAY, serial=serial)


def test_what_a_person_typed_becomes_a_code():
    assert normalise(" jd２60306 zzzj ") == "JD260306ZZZJ"


# --- real-estate unit and food licence --------------------------------------------------------


def test_real_estate_unit_accepts_the_example_and_prints_it_in_groups():
    answer = real_estate.check("310114 001002 GB00001 F00010001")

    assert answer.ok
    assert answer.value == "310114001002GB00001F00010001"
    assert answer.parts["fixture"] == "F"
    assert real_estate.grouped(answer.value) == "310114 001002 GB00001 F00010001"


def test_real_estate_unit_without_building_ends_in_w():
    assert real_estate.check("310114001002GB00001W00000000").ok


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("310114001002GB00001F0001000", "length", "应为28位，现为27位"),
        ("310114001002gb00001F00010001", "characters", "大写字母"),
        ("3101140010020000001F00010001", "form", "字母的位置"),
        ("310114001002XB00001F00010001", "ownership", "G、J或Z"),
        ("310114001002GB00001X00010001", "fixture", "F、L、Q或W"),
        ("310114001002GB00001W00000001", "fixture", "W00000000"),
    ],
)
def test_real_estate_unit_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(real_estate.check(value), reason, words)


def test_food_licence_number_is_built_and_accepted():
    assert food.generate(kind="1", division="310114", serial=1) == "JY13101140000019"
    assert food.check("JY13101140000019").parts["serial"] == "000001"


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        ("JY1310114000001", "length", "应为16位，现为15位"),
        ("SC13101140000019", "characters", "以JY开头"),
        ("JY43101140000019", "kind", "1（食品销售）"),
        ("JY13101140000018", "check_character", "校验码不符"),
    ],
)
def test_food_licence_number_says_what_is_wrong(value: str, reason: str, words: str):
    assert_refused(food.check(value), reason, words)


@pytest.mark.parametrize(
    ("kind", "division", "serial"), [("4", "310114", 1), ("1", "31", 1), ("1", "310114", 10**6)]
)
def test_food_licence_number_is_not_built_out_of_bounds(kind: str, division: str, serial: int):
    with pytest.raises(ValueError, match="kind|serial"):
        food.generate(kind=kind, division=division, serial=serial)


@given(st.text(max_size=40))
def test_no_check_ever_fails_on_a_text(value: str):
    for check in (
        uscc.check,
        uscc.check_organisation_code,
        licence_id.check,
        items.check,
        divisions.check,
        projects.check,
        query_code.check,
        real_estate.check,
        food.check,
    ):
        answer = check(value)
        assert answer.ok == (answer.message == "")
    assert isinstance(citizen_id.check(value, on=TODAY, archive=True), Checked)
