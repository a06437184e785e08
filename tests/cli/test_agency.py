"""We know that an operator sees which departments nobody answers the agency window for."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Operate
from tests.factories import cases
from yiwang.cli import agency as commands
from yiwang.halls.services.agency import appoint_liaison
from yiwang.organisations.models import User

pytestmark = pytest.mark.usefixtures("desk_world")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "now", lambda: cases.FRIDAY)


@pytest.mark.req("HALL-07")
def test_departments_are_listed_with_their_liaisons_and_the_missing_ones_alone(
    operate: Operate,
) -> None:
    appoint_liaison(department="market", login="reviewer", by=cases.HEAD, at=cases.FRIDAY)

    every, missing = operate("agency", "liaisons"), operate("agency", "liaisons", "--missing")

    assert (every.exit_code, missing.exit_code) == (1, 1)
    assert "（reviewer） 2026-03-06 起" in every.output
    assert "market" not in missing.output
    assert "housing" in missing.output
    assert "还没有指定" in missing.output
    (housing,) = [
        json.loads(line)
        for line in operate("agency", "liaisons", "--missing", "--json").output.splitlines()
    ]
    assert (housing["department"], housing["login"], housing["stands"]) == ("housing", "", False)


def test_somebody_who_left_is_missing_and_nobody_missing_says_so(operate: Operate) -> None:
    appoint_liaison(department="market", login="reviewer", by=cases.HEAD, at=cases.FRIDAY)
    User.objects.filter(login="stranger").update(is_active=False)
    whole = operate("agency", "liaisons", "--missing")
    assert (whole.exit_code, whole.output) == (0, "每个部门都有联络员。\n")

    User.objects.filter(login="reviewer").update(is_active=False)
    gone = operate("agency", "liaisons", "--missing")
    assert gone.exit_code == 1
    assert "已不在岗位上，请部门负责人另行指定" in gone.output
