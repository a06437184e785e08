from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.identifiers import batch, citizen_id, uscc

TODAY = dt.date(2026, 3, 6)

usccs = st.builds(
    uscc.generate,
    department=st.sampled_from("159NY"),
    kind=st.sampled_from("129"),
    division=st.integers(110000, 659999).map(str),
    body=st.text(uscc.ALPHABET, min_size=8, max_size=8),
)
citizen_ids = st.builds(
    citizen_id.generate,
    division=st.integers(100000, 999999).map(str),
    born_on=st.dates(dt.date(1850, 1, 1), dt.date(2030, 12, 31)),
    sequence=st.integers(0, 999),
)


def mistyped(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One character of a right value changed, or one put in or left out."""
    return st.builds(
        lambda value, place, text: (
            value[: place % len(value)] + text + value[place % len(value) + 1 :]
        ),
        values,
        st.integers(0, 100),
        st.text(st.characters(max_codepoint=0x9FFF), max_size=2) | st.sampled_from("0123456789Xx"),
    )


@given(st.lists(usccs | mistyped(usccs) | st.text(max_size=20), max_size=30))
def test_a_column_of_usccs_gets_the_answers_of_the_single_check(values: list[str]):
    assert batch.check_usccs(values).tolist() == [uscc.check(value).ok for value in values]


@given(
    st.lists(citizen_ids | mistyped(citizen_ids) | st.text("0123456789xX", max_size=19)),
    st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)),
)
def test_a_column_of_citizen_ids_gets_the_answers_of_the_single_check(
    values: list[str], on: dt.date
):
    assert batch.check_citizen_ids(values, on=on).tolist() == [
        citizen_id.check(value, on=on).ok for value in values
    ]


def test_columns_longer_than_a_chunk_keep_their_order():
    right = uscc.generate(department="9", kind="1", division="310114", body="XXXX0001")
    values = [right] * (batch.CHUNK + 3)
    values[batch.CHUNK] = "short"
    values[1] = right[:-1] + "Z"

    answer = batch.check_usccs(values)

    assert sorted((~answer).nonzero()[0].tolist()) == [1, batch.CHUNK]


def test_an_empty_column_has_no_answers():
    assert batch.check_usccs([]).tolist() == []
    assert batch.check_citizen_ids([], on=TODAY).tolist() == []


def test_full_width_digits_and_halves_of_characters_are_wrong_not_fatal():
    values = ["９１350100M000100Y43", "\ud800" * 18, "91350100M000100Y43"]

    assert batch.check_usccs(values).tolist() == [False, False, True]
    assert batch.check_citizen_ids(values, on=TODAY).tolist() == [False, False, False]
