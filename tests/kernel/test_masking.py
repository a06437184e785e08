from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import masking


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        pytest.param("310114198506151037", "310***********1037", id="citizen id"),
        pytest.param("91310114XXXX00019T", "913***********019T", id="uscc"),
        pytest.param("13800001234", "138****1234", id="mobile"),
        pytest.param("12345678", "1******8", id="too short for seven open characters"),
        pytest.param("123", "***", id="very short"),
        pytest.param("", "", id="empty"),
    ],
)
def test_mask_number_shows_three_and_four(number: str, shown: str):
    assert masking.mask_number(number) == shown
    assert masking.mask_phone(number) == shown


def test_mask_number_on_public_pages_shows_one_and_one():
    assert masking.mask_number_public("310114198506151037") == "3****************7"


@given(st.text(max_size=40))
def test_mask_number_hides_at_least_two_characters_and_keeps_the_length(number: str):
    for mask in (masking.mask_number, masking.mask_number_public):
        shown = mask(number)
        assert len(shown) == len(number)
        assert shown.count("*") >= min(len(number), 2)


@pytest.mark.parametrize(
    ("name", "shown"), [("王小明", "王**"), ("李四", "李*"), ("欧", "*"), ("", "")]
)
def test_mask_name_keeps_the_first_character(name: str, shown: str):
    assert masking.mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("上海市嘉定区南翔镇古猗园路1号", "上海市嘉定区南翔镇****"),
        ("上海市嘉定区嘉定镇街道城中路5号", "上海市嘉定区嘉定镇街道****"),
        ("上海市嘉定区塔城路1号阳光小区2栋", "上海市嘉定区****"),
        ("嘉定区菊园新区胜竹路2000号", "嘉定区菊园新区****"),
        ("古猗园路1号大润发超市", "****"),
        ("", ""),
    ],
)
def test_mask_address_stops_at_the_town(address: str, shown: str):
    assert masking.mask_address(address) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("欧阳示例", "欧***"),
        ("女", "*"),
        ("1949-10-01", "1949-**-**"),
        ("上海市嘉定区南翔镇示例路1号", "上海市嘉定区南翔镇****"),
        ("13900001234", "139****1234"),
        ("", ""),
    ],
)
def test_mask_words_hides_a_personal_value_by_what_it_looks_like(words: str, shown: str):
    assert masking.mask_words(words) == shown
