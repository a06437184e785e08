"""Personal data on the pages of a case: one value is masked everywhere or nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cases, registers
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.policy.terms import Outcome
from yiwang.licences import queries as licences
from yiwang.licences.models import LicenceType

pytestmark = pytest.mark.usefixtures("desk")

HEAD = "欧阳示例"
BEFORE_DECISION = (
    ("clerk", "accept/"),
    ("reviewer", ""),
    ("reviewer", "review/"),
    ("approver", "decide/"),
)


def asking(kind: str, *fields: str) -> list[dict[str, Any]]:
    """Return a topic that asks for what a register holds."""
    return [
        {
            "id": "held",
            "title": "申请人",
            "questions": [
                {
                    "id": field,
                    "label": field,
                    "kind": "text",
                    "prefill": f"{kind}.{field}",
                    "personal": True,
                    "optional": True,
                }
                for field in fields
            ],
        }
    ]


def firm_led_by_somebody() -> Any:
    registers.save_entity(representative_name=HEAD, address="上海市嘉定区样本路9号")
    definition = cases.without_materials(slug="led")
    definition["handling_code"] = "11310114XXXX01011H431013100100004"
    definition["sections"] = [
        *definition["sections"],
        *asking("entity", "legal_representative"),
    ]
    cases.publish(definition)
    answers = dict(cases.ANSWERS) | {"legal_representative": HEAD}
    return cases.receive(item_slug="led", answers=answers)


def test_who_leads_a_firm_is_hidden_in_its_registration_as_in_its_application():
    number = firm_led_by_somebody().number

    for login, page in BEFORE_DECISION:
        shown = words(signed_in(login).get(f"/desk/cases/{number}/{page}"))
        assert HEAD not in shown, page
        assert shown.count("欧***") == 2, page
    clerk = signed_in("clerk")
    file = clerk.get(f"/desk/cases/{number}/").content.decode()
    address = f"/desk/cases/{number}/reveal/entity.legal_representative/"
    assert address in file
    whole = clerk.post(address, {"purpose": "核对申请人身份"})
    assert HEAD in words(whole)
    (row,) = trail(act="audit.read", target=cases.FIRM_REF)
    assert (row.purpose, row.detail["fields"]) == ("核对申请人身份", ["representative_name"])


def test_what_the_register_holds_of_a_person_is_hidden_but_the_name_that_heads_the_case():
    person = registers.save_person()
    definition = cases.card() | {"slug": "held-card"}
    definition["handling_code"] = "11310114XXXX01011H431073100100002"
    definition["sections"] = asking("person", "name", "born_on", "hukou")
    cases.publish(definition)
    held = {
        "name": "张示例",
        "born_on": person.born_on.isoformat(),
        "hukou": "上海市嘉定区南翔镇样本路2号",
    }
    number = cases.receive(item_slug="held-card", applicant_ref=person.ref, answers=held).number
    clerk = signed_in("clerk")

    shown = words(clerk.get(f"/desk/cases/{number}/"))

    for secret in (held["born_on"], "样本路2号", "示例路1号", person.gender.label, registers.ZHANG):
        assert secret not in shown, secret
    assert "张*" not in shown
    assert shown.count(f"{person.born_on:%Y}-**-**") == 2
    for field, whole in (
        ("gender", person.gender.label),
        ("born_on", held["born_on"]),
        ("hukou", held["hukou"]),
    ):
        address = f"/desk/cases/{number}/reveal/person.{field}/"
        assert whole in words(clerk.post(address, {"purpose": "核对申请人身份"})), field
    looks = [row.detail["fields"] for row in trail(act="audit.read", target=person.ref)]
    assert [fields for fields in looks if len(fields) == 1] == [
        ["hukou_address"],
        ["born_on"],
        ["gender"],
    ]


def test_what_is_handed_over_hides_the_personal_fields_of_the_licence():
    number = firm_led_by_somebody().number
    shared: dict[str, Any] = {"number": number, "at": cases.FRIDAY}
    services.accept_case(calendar=cases.CALENDAR, by=cases.CLERK, **shared)
    services.propose(outcome=Outcome.GRANT, opinion="符合", by=cases.REVIEWER, **shared)
    services.decide(outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=cases.APPROVER, **shared)
    licence = licences.by_case(number)
    assert licence is not None
    label = licence.fields[0][0]
    kind = LicenceType.objects.get(code=licence.type_code)
    kind.definition["fields"] = [{"label": label, "personal": True, "asked_as": [], "shown_as": {}}]
    kind.save()

    shown = words(signed_in("clerk").get(f"/desk/cases/{number}/deliver/"))

    whole = dict(licence.fields)[label]
    assert label in shown
    assert whole not in shown


def test_all_that_is_hidden_is_shown_by_one_look_that_names_it():
    number = firm_led_by_somebody().number
    reviewer = signed_in("reviewer")
    address = f"/desk/cases/{number}/reveal/application.answers/"
    file = reviewer.get(f"/desk/cases/{number}/").content.decode()
    assert address in file

    empty = reviewer.post(address, {})
    whole = reviewer.post(address, {"purpose": "核实申请材料"})

    assert empty.status_code == 422
    assert HEAD not in words(empty)
    assert HEAD in words(whole)
    assert "13900001234" in words(whole)
    (row,) = trail(act="audit.read", target=cases.FIRM_REF)
    assert (row.actor, row.purpose) == ("user:reviewer", "核实申请材料")
    assert sorted(row.detail["fields"]) == ["legal_representative", "联系电话"]


def test_all_that_the_registers_hold_hidden_is_shown_by_one_look():
    number = firm_led_by_somebody().number
    clerk = signed_in("clerk")
    address = f"/desk/cases/{number}/reveal/register.answers/"
    assert address in clerk.get(f"/desk/cases/{number}/").content.decode()

    whole = clerk.post(address, {"purpose": "核对申请人身份"})

    assert "021-00000001" in words(whole)
    (row,) = trail(act="audit.read", target=cases.FIRM_REF)
    assert row.detail["fields"] == ["phone", "representative_name"]


def test_where_nothing_is_hidden_there_is_nothing_to_show_at_once():
    person = registers.save_person()
    number = cases.receive(item_slug=cases.CARD, applicant_ref=person.ref, answers={}).number

    answer = signed_in("clerk").get(f"/desk/cases/{number}/reveal/application.answers/")

    assert answer.status_code == 404
