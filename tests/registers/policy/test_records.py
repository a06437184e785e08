import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.registers.policy import records
from yiwang.registers.policy.records import RecordRefusedError
from yiwang.registers.policy.terms import EntityKind, kind_of


@pytest.mark.parametrize(
    "name",
    [
        "张示例",
        "刘䶮",
        "王𬭊",
        "欧阳示例",
        "阿卜杜拉·买买提",
        "Mary-Jane O'Neil",
        "José Álvarez",
        "李",
    ],
)
def test_names_as_people_bear_them_are_kept(name):
    assert records.clean_person_name(f"  {name} ") == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("", "姓名不能为空", id="empty"),
        pytest.param("   ", "姓名不能为空", id="blank"),
        pytest.param("张" * 51, "不能超过 50 个字", id="too long"),
        pytest.param("张3", "只能是文字", id="digit"),
        pytest.param("张_三", "只能是文字", id="underscore"),
        pytest.param("<b>张</b>", "只能是文字", id="markup"),
        pytest.param("·张", "只能是文字", id="leading dot"),
        pytest.param("张\x00三", "控制字符", id="null character"),
        pytest.param("张\u202e三", "控制字符", id="direction override"),
        pytest.param("张\u200b三", "控制字符", id="zero width"),
    ],
)
def test_a_name_that_is_none_says_what_would_be_right(name, words):
    with pytest.raises(RecordRefusedError, match=words):
        records.clean_person_name(name)


@given(st.text(max_size=80))
def test_cleaning_a_name_twice_changes_nothing_more(text):
    try:
        once = records.clean_person_name(text)
    except RecordRefusedError:
        return

    assert records.clean_person_name(once) == once
    assert 0 < len(once) <= records.NAME_MAX


@given(st.text(max_size=250))
def test_cleaning_the_name_of_an_entity_twice_changes_nothing_more(text):
    try:
        once = records.clean_entity_name(text)
    except RecordRefusedError:
        return

    assert records.clean_entity_name(once) == once
    assert "\x00" not in once


def test_entity_names_hold_full_width_brackets():
    assert records.clean_entity_name("示例(上海)有限公司") == "示例（上海）有限公司"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        pytest.param(lambda: records.clean_entity_name("（）"), "名称不能为空", id="signs only"),
        pytest.param(lambda: records.clean_entity_name("司" * 201), "200 个字", id="long name"),
        pytest.param(lambda: records.clean_address("路" * 201), "200 个字", id="long address"),
        pytest.param(lambda: records.clean_source(" "), "数据来源", id="no source"),
        pytest.param(lambda: records.clean_mobile("12345678901"), "11 位数字", id="not mobile"),
        pytest.param(lambda: records.clean_mobile("1380000000"), "11 位数字", id="ten digits"),
        pytest.param(lambda: records.clean_mobile("١٣٨٠٠٠٠٠٠٠٠"), "11 位数字", id="Arabic digits"),
        pytest.param(lambda: records.clean_phone("69530000"), "带区号", id="no area code"),
        pytest.param(lambda: records.check_codes(division="3101"), "6 位数字", id="division"),
        pytest.param(lambda: records.check_codes(town="310114"), "9 位数字", id="town"),
        pytest.param(lambda: records.check_codes(industry="6210"), "一个字母", id="industry"),
        pytest.param(lambda: records.check_codes(industry="U6210"), "一个字母", id="section U"),
        pytest.param(
            lambda: records.check_day(
                dt.date(2026, 3, 10), what="成立日期", today=dt.date(2026, 3, 9)
            ),
            "成立日期不能晚于今天",
            id="future day",
        ),
        pytest.param(lambda: records.check_capital(-1), "以元为单位", id="negative capital"),
        pytest.param(lambda: records.check_capital(10**14), "以元为单位", id="wrong unit"),
        pytest.param(lambda: records.check_person_ref("张三"), "人口库", id="no ref"),
        pytest.param(lambda: records.check_reason("查"), "4 至 500 个字", id="short purpose"),
        pytest.param(lambda: records.check_reason(" " * 9), "操作日志", id="blank purpose"),
        pytest.param(lambda: records.check_reason("理" * 501), "4 至 500", id="long purpose"),
        pytest.param(lambda: records.check_coordinates(121.2, None), "同时填写", id="half"),
        pytest.param(lambda: records.check_coordinates(31.4, 121.2), "我国范围", id="swapped"),
        pytest.param(
            lambda: records.check_coordinates(float("nan"), 31.0), "我国范围", id="no number"
        ),
    ],
)
def test_a_wrong_value_says_what_would_be_right(call, words):
    with pytest.raises(RecordRefusedError, match=words):
        call()


@pytest.mark.parametrize(
    ("given_as", "kept"),
    [
        ("140 0000 0001", "14000000001"),
        ("+86 140-0000-0001", "14000000001"),
        ("１４０００００００１１", "14000000011"),
        ("", ""),
    ],
)
def test_mobile_numbers_are_kept_as_eleven_digits(given_as, kept):
    assert records.clean_mobile(given_as) == kept


def test_a_landline_with_area_code_is_a_telephone_of_a_firm():
    assert records.clean_phone("021-00000001") == "021-00000001"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("91310114XXXX00019T", EntityKind.ENTERPRISE),
        ("92310114XXXX00035D", EntityKind.INDIVIDUAL),
        ("11310114XXXX01011H", EntityKind.AUTHORITY),
        ("12310114XXXX0102X6", EntityKind.INSTITUTION),
        ("52310114XXXX02014T", EntityKind.PRIVATE_NONPROFIT),
        ("Y1310114XXXX02014T", EntityKind.OTHER),
    ],
)
def test_the_code_tells_the_kind_of_body(code, kind):
    assert kind_of(code) is kind
