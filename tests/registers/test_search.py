import pytest
from django.db import connection

from tests.factories.registers import code, save_entity
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.registers import queries
from yiwang.registers.queries import SearchRefusedError

pytestmark = pytest.mark.django_db

NAMES = [
    "上海华信贸易有限公司",
    "上海安华信息科技有限公司",
    "上海信华物流有限公司",
    "嘉定区南翔镇华信小吃店",
    "100%示例（上海）有限公司",
    "上海鑫_源有限公司",
]


@pytest.fixture
def firms():
    return [save_entity(uscc=code(place), name=name) for place, name in enumerate(NAMES, 1)]


def found(text, **changes):
    return [row.name for row in queries.search_entities(text, **changes).rows]


def test_two_characters_find_every_name_that_holds_them_by_pinyin(firms):
    assert found("华信") == [
        "嘉定区南翔镇华信小吃店",
        "上海安华信息科技有限公司",
        "上海华信贸易有限公司",
    ]


def test_characters_that_are_not_together_are_not_found(firms):
    assert found("信贸公司") == []


def test_signs_of_the_database_are_ordinary_characters(firms):
    assert found("0%") == ["100%示例（上海）有限公司"]
    assert found("鑫_") == ["上海鑫_源有限公司"]
    assert found("%%") == []
    assert found("'; --") == []
    assert found("\\\\") == []
    assert found("华\x00信") != []


def test_half_width_brackets_find_full_width_ones(firms):
    assert found("(上海)") == ["100%示例（上海）有限公司"]


def test_the_beginning_of_a_code_finds_its_holder(firms):
    assert found(firms[0].uscc) == [NAMES[0]]
    assert len(found("91310114xxxx")) == len(NAMES)


@pytest.mark.parametrize("text", ["", " ", "华", "\x00"])
def test_a_search_by_one_character_says_what_is_needed(text):
    with pytest.raises(SearchRefusedError, match="连续的两个字"):
        queries.search_entities(text)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_between_one_and_a_hundred_rows(limit):
    with pytest.raises(ValueError, match="limit"):
        queries.search_entities("华信", limit=limit)


def test_pages_follow_each_other_without_gap_or_repetition(firms):
    seen, after = [], ""
    while True:
        page = queries.search_entities("有限公司", after=after, limit=2)
        seen += [row.name for row in page.rows]
        after = page.after
        if not after:
            break

    assert seen == found("有限公司")
    assert len(set(seen)) == len(seen) == 5


def test_pages_go_on_among_equal_names():
    for place in range(1, 6):
        save_entity(uscc=code(place))

    first = queries.search_entities("示例", limit=3)
    second = queries.search_entities("示例", after=first.after, limit=3)

    assert [row.uscc for row in first.rows + second.rows] == [code(place) for place in range(1, 6)]
    assert second.after == ""


@pytest.mark.parametrize("after", ["|", "shang hai|", "a|b|c"])
def test_a_key_nobody_gave_out_harms_nothing(firms, after):
    assert len(queries.search_entities("有限", after=after).rows) <= len(NAMES)


@pytest.mark.parametrize("after", ["x", "\x00|\x00"])
def test_what_cannot_be_a_key_is_refused(after):
    with pytest.raises(PageKeyRefusedError):
        queries.search_entities("有限", after=after)


def test_a_page_takes_one_query(firms, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.search_entities("有限公司")


def test_the_bigram_index_carries_the_search(firms):
    rows = queries.LegalEntity.objects.named_like("华信")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "registers_entity_bigrams" in rows.explain()
