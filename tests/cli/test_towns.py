"""An operator lists in which mode items are done at the centres of towns."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.cli.conftest import Operate
from tests.factories import cases, towns
from tests.factories.towns import sink
from yiwang.catalogue.policy.towns import InNameOf, TownMode

LATER = dt.date(2099, 1, 1)


@pytest.fixture(autouse=True)
def _two_towns(easy_district: None) -> None:
    towns.make()
    sink(TownMode.FORWARDED, until=LATER)
    sink(TownMode.DIRECT, in_name_of=InNameOf.TOWN, first=LATER, document="示例府办〔2099〕1号")
    sink(TownMode.DIRECT, item=cases.CARD, centre="anting-centre")


def test_the_list_names_item_centre_mode_days_and_document(operate: Operate) -> None:
    result = operate("catalogue", "towns")

    assert result.exit_code == 0, result.output
    assert "restaurant  餐饮服务许可（新办）  各受理中心  收受分离  2026-01-01" in result.output
    assert "安亭镇受理中心  直接受理" in result.output
    assert "2099〕" not in result.output


def test_it_is_narrowed_by_item_and_centre_and_shows_what_is_to_come(operate: Operate) -> None:
    of_item = operate("catalogue", "towns", "--item", cases.RESTAURANT, "--all").output
    at_centre = operate("catalogue", "towns", "--centre", "nanxiang-centre", "--json").output

    assert "以街镇名义受理  2099-01-01起  示例府办〔2099〕1号" in of_item
    assert cases.CARD not in of_item
    (row,) = [json.loads(line) for line in at_centre.splitlines()]
    assert (row["item"], row["mode"], row["centre"]) == (cases.RESTAURANT, "forwarded", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--item", "moon"), "没有现行的事项“moon”，请核对标识。"),
        (("--centre", "market"), "没有社区事务受理服务中心“market”，请填写下列之一："),
    ],
)
def test_an_unknown_item_or_centre_says_what_to_do(
    operate: Operate, words: tuple[str, str], sentence: str
) -> None:
    result = operate("catalogue", "towns", *words)

    assert result.exit_code == 1
    assert sentence in result.output
