"""We know that a case does to the licence what its handling item says (新办、变更、延续、注销)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories import cases
from yiwang.cases.queries import CaseView
from yiwang.cases.services import DecisionRefusedError
from yiwang.licences import queries as licences
from yiwang.licences.models import Licence
from yiwang.licences.policy.states import LicenceState

pytestmark = pytest.mark.usefixtures("easy_district")

WAYS = ("issue", "change", "renew", "reissue", "cancel")


def definition() -> dict[str, Any]:
    whole = cases.without_materials(effective_on="2026-02-01")
    code = whole["task_code"]
    question = {
        "id": "way",
        "label": "要办什么？",
        "kind": "choice",
        "options": {way: way for way in WAYS},
    }
    return whole | {
        "questionnaire": [*whole["questionnaire"], question],
        "handling_items": [
            {"code": f"{code}{n:02}", "name": way, "kind": way, "when": {"way": way}}
            for n, way in enumerate(WAYS, start=1)
        ],
        "handling_code": f"{code}01",
    }


def granted(way: str, **answers: Any) -> CaseView:
    return cases.decided(answers=cases.ANSWERS | {"way": way} | answers)


def held() -> Any:
    return licences.valid_licence(cases.FIRM_REF, "restaurant", on=cases.FRIDAY.date())


@pytest.fixture(autouse=True)
def _ways(easy_district: None) -> None:
    cases.publish(definition())


def test_the_number_of_a_case_begins_with_the_code_of_its_handling_item():
    case = granted("renew")

    assert case.number.startswith(f"{definition()['task_code']}03")


def test_a_change_makes_the_next_version_under_the_same_number():
    first = granted("issue")
    changed = granted("change", address="嘉定区马陆镇示例路2号")

    licence = held()
    assert licence.identifier == changed.licence_identifier != first.licence_identifier
    assert licence.number == licences.licence(first.licence_identifier).number
    assert Licence.objects.get(identifier=first.licence_identifier).state == LicenceState.REPLACED
    assert licence.valid_until == licences.licence(first.licence_identifier).valid_until


def test_a_renewal_holds_longer():
    granted("issue")
    Licence.objects.update(valid_until=date(2026, 6, 1))

    granted("renew")

    assert held().valid_until > date(2026, 6, 1)


def test_a_change_of_what_was_given_before_the_platform_issues_a_first_version():
    case = granted("reissue")

    assert held().identifier == case.licence_identifier


def test_a_deregistration_ends_the_licence_and_issues_none():
    first = granted("issue")
    case = granted("cancel")

    assert case.licence_identifier == ""
    assert held() is None
    assert Licence.objects.get(identifier=first.licence_identifier).state == LicenceState.CANCELLED


def test_a_deregistration_of_what_is_not_held_here_issues_none():
    assert granted("cancel").licence_identifier == ""
    assert not Licence.objects.exists()


def test_one_of_several_licences_is_named_or_nothing_is_decided():
    first, second = granted("issue"), granted("issue")
    wanted = licences.licence(second.licence_identifier).number

    with pytest.raises(DecisionRefusedError, match="写明证照编号"):
        granted("cancel")
    granted("cancel", address=wanted)

    states = dict(Licence.objects.values_list("identifier", "state"))
    assert states[first.licence_identifier] == LicenceState.VALID
    assert states[second.licence_identifier] == LicenceState.CANCELLED
