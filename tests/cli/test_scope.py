"""We know that an operator can try a scope against the rules that are loaded."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Operate
from tests.factories import cases
from tests.factories.registration import SCOPE, prepare
from yiwang.cli import scope as commands


@pytest.fixture(autouse=True)
def _district(keepers_world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "now", lambda: cases.FRIDAY)
    prepare()


def test_each_phrase_is_placed_and_what_goes_to_a_person_is_the_exit_status(operate: Operate):
    found = operate("scope", "check", SCOPE)
    assert found.exit_code == 1
    lines = found.output.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        "需要许可",
        "需要许可",
        "不需要许可",
        "交工作人员确认",
    ]
    assert "餐饮服务许可（新办）（restaurant）" in lines[0]
    assert operate("scope", "check", "软件开发").exit_code == 0


def test_programs_read_it_as_json(operate: Operate):
    found = json.loads(operate("scope", "check", "--json", "餐饮服务").output)
    assert found["permits"][0]["item"] == "restaurant"


@pytest.mark.parametrize(
    ("text", "said"), [("", "请填写经营范围"), ("饭" * 10_000, "最多2,000个字")]
)
def test_what_cannot_be_read_is_said_and_is_another_exit_status(
    operate: Operate, text: str, said: str
):
    found = operate("scope", "check", text)
    assert found.exit_code == 2
    assert said in found.output
