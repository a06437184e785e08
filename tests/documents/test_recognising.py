"""Reading invented papers off disturbed pictures: what is found, what is not, and bad input."""

from __future__ import annotations

import socket
from functools import cache

import pytest
import pyvips
from structlog.testing import capture_logs

from tests.factories import papers
from yiwang.documents import recognising
from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.readings import (
    Line,
    Page,
    Reading,
    ReadingState,
    from_plain,
    rows,
    to_plain,
)

SEALED = papers.ISSUER


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a picture of an invented business licence."""
    from django.conf import settings

    before = settings.KEYS_DIR
    settings.KEYS_DIR = tmp_path_factory.mktemp("keys")
    try:
        return papers.picture(papers.licence().pdf())
    finally:
        settings.KEYS_DIR = before


def read(content: bytes, kind: MediaType = MediaType.JPEG) -> Reading:
    return Reading(state=ReadingState.READ, pages=tuple(recognising.read_pages(content, kind)))


def found(reading: Reading) -> set[str]:
    text = "".join(reading.text.split())
    return {word for word in papers.licence().must if word in text}


@cache
def all_of_it() -> set[str]:
    return set(papers.licence().must)


MISSED = {
    "blurred 8": {papers.USCC, papers.FIRM, "2036年02月28日"},
    "dark 10 %": {papers.USCC},
    "cut right": {"2036年02月28日"},
}
"""Disturbance -> what nobody can read off the picture any more."""

SEAL_WORDS_LOST = {"blurred 4", "blurred 8", "600 px", "cut right", "photo, blurred 2"}


@pytest.mark.thorough
@pytest.mark.parametrize("name", papers.DISTURBANCES)
def test_what_is_read_off_a_disturbed_picture(drawn, name):
    reading = read(papers.DISTURBANCES[name](drawn))

    assert all_of_it() - found(reading) <= MISSED.get(name, set())
    assert (name == "cut right") == (not reading.seals)
    if name not in SEAL_WORDS_LOST:
        assert [seal.text for seal in reading.seals] == [SEALED]


def test_a_scan_is_read_whole_with_its_seal_and_lies_straight(drawn):
    reading = read(papers.jpeg(drawn))

    assert found(reading) == all_of_it()
    (page,) = reading.pages
    assert (page.turned, page.tilt, page.touching) == (0, 0.0, 0)
    assert reading.sure_share > 0.95
    (seal,) = reading.seals
    assert (seal.red, seal.text) == (True, SEALED)


@pytest.mark.parametrize(("turn", "quarters"), [("rot90", 3), ("rot180", 2), ("rot270", 1)])
def test_a_page_that_lies_or_stands_on_its_head_is_set_upright(drawn, turn, quarters):
    small = drawn.resize(0.5)
    reading = read(papers.jpeg(getattr(small, turn)()))

    assert reading.pages[0].turned == quarters
    assert found(reading) == all_of_it()


def test_how_far_a_page_is_askew_and_whether_it_is_cut_off_is_measured(drawn):
    small = drawn.resize(0.5)
    askew = read(papers.jpeg(small.rotate(15, background=255))).pages[0]
    cut = read(papers.jpeg(small.crop(0, 0, int(small.width * 0.7), small.height))).pages[0]

    assert 14 < askew.tilt < 16
    assert cut.touching >= 2


def test_the_seal_of_a_grey_copy_is_found_by_its_shape(drawn):
    (seal,) = read(papers.jpeg(drawn.colourspace("b-w"))).seals

    assert (seal.red, seal.text) == (False, SEALED)


def test_a_page_without_words_has_no_lines_and_no_seals():
    white = (pyvips.Image.black(900, 1200, bands=3) + 255).copy(interpretation="srgb")

    (page,) = read(papers.jpeg(white)).pages

    assert (page.lines, page.seals) == ((), ())


@pytest.mark.thorough
def test_reading_is_done_by_a_process_of_its_own_and_nothing_of_the_text_is_logged(drawn):
    with capture_logs() as logs:
        reading = recognising.read(papers.jpeg(drawn.resize(0.5)), MediaType.JPEG)

    assert reading.state is ReadingState.READ
    assert found(reading) == all_of_it()
    assert reading.engine == recognising.ENGINE
    assert from_plain(to_plain(reading)) == reading
    assert logs == []


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [MediaType.JPEG, MediaType.PDF])
@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff broken", b"%PDF-1.7 broken"])
def test_a_broken_file_ends_in_an_answer(content, kind):
    with capture_logs() as logs:
        reading = recognising.read(content, kind)

    assert (reading.state, reading.pages) == (ReadingState.FAILED, ())
    assert [one["event"] for one in logs] == ["documents.reading_failed"]


@pytest.mark.parametrize(
    ("limit", "value"), [("WALL_SECONDS", 0.1), ("MEMORY_BYTES", 1), ("CPU_SECONDS", 1)]
)
def test_what_takes_too_long_or_too_much_ends_in_an_answer(drawn, limit, value, monkeypatch):
    monkeypatch.setattr(recognising, limit, value)

    reading = recognising.read(papers.jpeg(drawn), MediaType.JPEG)

    assert (reading.state, reading.whole) == (ReadingState.FAILED, False)


def test_pages_read_before_the_end_of_the_time_are_kept():
    page = Page(width=10, height=20)

    assert recognising.written(b'{"wid' + b"") == ()
    assert recognising.written(recognising.written_as(page) + b'{"width": 1') == (page,)


def test_a_program_without_a_reader_says_so(monkeypatch):
    monkeypatch.setattr(recognising, "available", lambda: False)

    assert recognising.read(b"anything", MediaType.PNG).state is ReadingState.MISSING


def test_the_model_is_in_its_wheel_and_nothing_is_fetched(drawn, monkeypatch):
    def no_network(*_args, **_options):
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    recognising.model.cache_clear()

    assert found(read(papers.jpeg(drawn.resize(0.5)))) == all_of_it()


def line(text: str, left: float, top: float) -> Line:
    right, bottom = left + 100, top + 20
    return Line(
        box=((left, top), (right, top), (right, bottom), (left, bottom)), text=text, confidence=1.0
    )


def test_what_stands_side_by_side_is_one_row():
    lines = [line("王示范", 150, 12), line("二", 0, 60), line("姓名：", 0, 10)]

    assert rows(lines) == ["姓名： 王示范", "二"]


def test_rows_of_a_page_askew_follow_its_slope():
    lines = [line("左", 0, 0), line("右", 400, 107), line("下", 0, 60)]

    assert rows(lines, 15.0) == ["左 右", "下"]
