"""The words for the acts of the trail."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

import yiwang
from yiwang.audit.queries import READ_ACT
from yiwang.cases.policy.automatic import SwitchAct
from yiwang.cases.policy.states import Step
from yiwang.catalogue.policy.drafting import DraftStep
from yiwang.exchange.policy.terms import ReturnKind
from yiwang.licences.policy.states import LicenceStep
from yiwang.ratings.policy.clocks import TaskStep
from yiwang.registration.policy.notices import NoticeStep
from yiwang.web import acts

ACT = re.compile(r"[a-z]+\.[a-z_]*[a-z]")
SOURCE = Path(yiwang.__file__).parent
COMPUTED = {
    "archives/services/ending.py": {
        f"archives.{act}"
        for act in (
            "place_hold",
            "propose_lift",
            "lift_hold",
            "propose_destruction",
            "decide_destruction",
        )
    },
    "notices/services/choosing.py": {
        f"notices.{act}" for act in ("confirm_contact", "remove_contact", "save_choice")
    },
    "cases/services/assessing.py": {
        f"cases.assessment_{act}"
        for act in (
            "approve",
            "archive",
            "begin",
            "delete",
            "discard",
            "load",
            "return",
            "submit",
            "write",
        )
    },
    "cases/services/sampling.py": {"cases.automatic_sample", "cases.handled_sample"},
    "cases/services/steps.py": {f"cases.{step.value}" for step in Step},
    "cases/services/switching.py": {f"cases.automatic_{act.value}" for act in SwitchAct},
    "catalogue/services/drafting.py": {f"catalogue.draft_{step.value}" for step in DraftStep},
    "catalogue/services/publishing.py": {"catalogue.cancel_item", "catalogue.suspend_item"},
    "consultations/services.py": {
        f"consultations.{act}" for act in ("ask", "answer", "transfer", "publish", "withdraw")
    },
    "exchange/services/receiving.py": {f"exchange.{kind.value}" for kind in ReturnKind},
    "halls/services/agency.py": {
        f"halls.{act}"
        for act in ("record_mandate", "end_mandate", "ask_liaison", "answer_question")
    },
    "halls/services/__init__.py": {
        f"halls.{act}"
        for act in (
            "call_ticket",
            "finish_ticket",
            "miss_ticket",
            "recall_ticket",
            "return_ticket",
            "start_ticket",
            "take_ticket",
            "tie_ticket",
            "transfer_ticket",
        )
    },
    "licences/services.py": {f"licences.{step.value}" for step in LicenceStep},
    "ratings/services.py": {f"ratings.{step.value}" for step in TaskStep},
    "registration/services.py": {
        *(f"registration.{step.value}" for step in NoticeStep),
        "registration.remind",
        "registration.escalate",
    },
}
"""Module -> the acts that it puts together from a closed list."""


def places() -> Iterator[tuple[str, ast.expr]]:
    """Return every expression that the code hands on as an act, with its module."""
    for module in sorted(SOURCE.rglob("*.py")):
        name = str(module.relative_to(SOURCE))
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call):
                yield from ((name, word.value) for word in node.keywords if word.arg == "act")
                if isinstance(node.func, ast.Name) and node.func.id == "_trace":
                    yield from ((name, value) for value in node.args)


def recorded() -> set[str]:
    """Return the acts that the code writes out; a catalogue's own history has no package."""
    return {
        str(part.value)
        for _, value in places()
        for part in ast.walk(value)
        if isinstance(part, ast.Constant) and ACT.fullmatch(str(part.value))
    }


def test_every_act_that_is_recorded_has_words():
    known = recorded() | {READ_ACT} | set().union(*COMPUTED.values())

    assert len(recorded()) > 30
    assert known - set(acts.ACTS) == set()
    assert set(acts.ACTS) - known == set()


def test_acts_are_put_together_only_where_this_test_knows_the_list():
    computed = {
        name
        for name, value in places()
        if any(isinstance(part, ast.JoinedStr) for part in ast.walk(value))
    }

    assert computed <= set(COMPUTED)


def test_no_two_acts_share_their_words():
    assert [name for name, count in Counter(acts.ACTS.values()).items() if count > 1] == []


def test_words_lead_to_the_code_in_either_language_and_anything_else_stays():
    assert acts.code(" 受理 ") == "cases.accept"
    with translation.override("en"):
        for act in acts.ACTS:
            assert acts.code(acts.words(act)) == act
    assert acts.code("cases.") == "cases."
    assert acts.words("later.act") == "later.act"
