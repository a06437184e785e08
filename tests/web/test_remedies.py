"""Pages and letters name the same ways to contest a decision."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from tests.factories.catalogue import an_item
from yiwang.cases.policy import remedies
from yiwang.cases.policy.letters import remedies as letter_lines
from yiwang.web.remedies import remedy_words


def numbers(text: str) -> list[str]:
    return re.findall(r"[0-9]+", text)


@pytest.mark.parametrize(("days", "months"), [(60, 6), (90, 12)])
def test_page_and_letter_take_their_days_from_one_place(
    monkeypatch: pytest.MonkeyPatch, days: int, months: int
):
    monkeypatch.setattr(remedies, "REVIEW_APPEAL_DAYS", days)
    monkeypatch.setattr(remedies, "SUIT_MONTHS", months)
    item = an_item(litigation_body="示例市铁路运输法院")

    (letter,) = letter_lines(item)
    with translation.override("zh-hans"):
        page = remedy_words(item)

    assert numbers(letter) == numbers(page) == [str(days), str(months)]
    for named in ("示例区人民政府", "示例市铁路运输法院"):
        assert named in letter
        assert named in page


def test_the_days_are_those_of_the_law():
    """行政复议法 第二十条; 行政诉讼法 第四十六条."""
    ways = remedies.remedies_of(an_item())

    assert (ways.review_days, ways.suit_months) == (60, 6)


def test_an_item_that_names_nobody_sends_to_whoever_is_competent():
    item = an_item(review_body="", litigation_body="")

    (letter,) = letter_lines(item)
    with translation.override("zh-hans"):
        page = remedy_words(item)
    with translation.override("en"):
        english = remedy_words(item)

    for named in ("有管辖权的行政复议机关", "有管辖权的人民法院"):
        assert named in letter
        assert named in page
    assert not re.search(r"[\u4e00-\u9fff]", english)
