import pytest

from yiwang.registers.policy import pinyin
from yiwang.registers.policy.records import PINYIN_MAX


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("张示例", "zhang shi li"),
        ("单示例", "shan shi li"),
        ("曾示例", "zeng shi li"),
        ("欧阳示例", "ou yang shi li"),
        ("单", "dan"),
        ("Mary", "mary"),
    ],
)
def test_people_sort_by_the_reading_of_their_surname(name, key):
    assert pinyin.name_key(name) == key


def test_a_rare_character_still_has_a_key():
    assert pinyin.name_key("王𬭊")
    assert pinyin.name_key("刘䶮").startswith("liu ")


def test_the_key_fits_its_column():
    assert len(pinyin.entity_key("装" * 200)) == PINYIN_MAX
