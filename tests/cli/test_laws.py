"""We know that an operator learns which items stand on an older text of a law."""

from __future__ import annotations

import json

from tests.catalogue.test_laws import CITES, NEWER, article, load
from tests.cli.conftest import Operate
from tests.factories.catalogue import publish


def test_the_list_names_item_law_and_dates(operate: Operate) -> None:
    load(article(), NEWER)
    publish(basis=CITES)

    result = operate("laws", "outdated")

    assert result.exit_code == 1
    assert "《食品安全法》第三十五条第一款 2021-04-29 → 2027-01-01，条文有变化" in result.output
    assert json.loads(operate("laws", "outdated", "--json").output)["newest"] == "2027-01-01"
    assert operate("laws", "outdated", "--department", "health").exit_code == 0


def test_nothing_to_do_says_so(operate: Operate) -> None:
    result = operate("laws", "outdated")

    assert result.exit_code == 0
    assert "都是最新文本" in result.output
