"""The words of items: no field without its label, no row without its name."""

from __future__ import annotations

from yiwang.catalogue.policy.checks import REGISTER_FIELDS
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.shapes import Shape, classes, shapes
from yiwang.web.officer.items.words import REGISTERED, ROW_WORDS, TOPIC_OF, TOPICS, WORDS


def test_every_field_of_an_item_and_its_parts_has_a_label():
    fields = {one.key for owner in classes() for one in shapes(owner)}

    assert fields - set(WORDS) == set()
    assert set(WORDS) - fields == set()


def test_every_row_has_a_name_and_every_field_of_the_item_a_topic():
    rows = {
        one.of.__name__ for owner in classes() for one in shapes(owner) if one.shape is Shape.ROWS
    }

    assert rows - set(ROW_WORDS) == set()
    assert {one.name for one in shapes(ItemVersion)} == set(TOPIC_OF)
    assert sum(len(topic.fields) for topic in TOPICS) == len(TOPIC_OF)


def test_every_register_field_has_words():
    assert set(REGISTERED) == set(REGISTER_FIELDS)
