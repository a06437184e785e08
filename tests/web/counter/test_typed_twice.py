"""Nothing is typed twice: what earlier cases and licences hold is offered, and the share is 0."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from tests.factories import cases, licences
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.models import Case
from yiwang.cases.policy.asking import Asked
from yiwang.cases.queries.asking import asked_again

pytestmark = pytest.mark.usefixtures("desk")

FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
SENT = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "receive": "1",
    "declared": "1",
}
DAY = cases.FRIDAY.date()


def receive(key: str, **changes: str) -> Case:
    answer = signed_in("clerk").post(FORM, SENT | {"key": key} | changes)
    assert answer.status_code == 302, words(answer)
    return Case.objects.order_by("-pk")[0]


@pytest.mark.req("CASE-05")
def test_the_second_application_offers_what_the_first_one_said_with_its_source():
    receive("k1")

    shown = signed_in("clerk").get(FORM)
    form = shown.context["form"]

    assert form["address"].value() == SENT["address"]
    assert form["area_m2"].value() == 80
    assert form["kind"].value() is None
    assert form["phone"].value() is None
    assert "来源：您以前的办件（餐饮服务许可（新办），2026-03-06）" in words(shown)


def test_what_is_offered_can_be_typed_over_and_the_newest_is_offered_next():
    receive("k1")
    receive("k2", address="嘉定区安亭镇示例路2号")

    form = signed_in("clerk").get(FORM).context["form"]

    assert form["address"].value() == "嘉定区安亭镇示例路2号"


def test_nothing_of_another_applicant_is_offered():
    receive("k1")
    from yiwang.cases.queries.asking import offered_answers
    from yiwang.catalogue import queries as catalogue

    item = catalogue.item(cases.RESTAURANT, on=DAY)

    assert offered_answers("entity:91310114XXXX00020R", item, on=DAY) == {}


def test_a_valid_licence_answers_a_question_of_its_very_words_and_an_expired_one_does_not():
    definition = cases.without_materials(slug="firm-place")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    place = next(
        question
        for section in definition["sections"]
        for question in section["questions"]
        if question["id"] == "address"
    )
    place["label"] = "经营场所"
    cases.publish(definition)
    form = f"/counter/{cases.FIRM_REF}/firm-place/"
    known = {
        "holder_ref": cases.FIRM_REF,
        "valid_from": dt.date(2026, 3, 1),
        "at": cases.FRIDAY - dt.timedelta(days=5),
        "fields": [("经营场所", "嘉定区新成路街道示例路1号")],
    }
    licences.issue(**known, valid_until=dt.date(2026, 3, 6))
    assert signed_in("clerk").get(form).context["form"]["address"].value() is None

    licences.issue(**known | {"case_number": "JD20260309-000002"})

    shown = signed_in("clerk").get(form)
    assert shown.context["form"]["address"].value() == "嘉定区新成路街道示例路1号"
    assert "来源：电子证照（" in words(shown)


@pytest.mark.req("CASE-05", "NFR-01")
def test_the_share_of_fields_asked_although_held_is_nought_and_is_published():
    receive("k1")
    receive("k2")

    assert asked_again(first=DAY, last=DAY)[""] == Asked(cases=2, fields=2, again=0)
    shown = words(Client().get("/reports/asking/"))
    assert "0.0%" in shown
    assert "怎样算" in shown


def test_a_field_that_was_put_blank_although_held_is_counted_whatever_the_page_says():
    receive("k1")
    second = receive("k2")
    second.asked.delete()

    services.note_asked(
        number=second.number, blank=["address", "kind"], by=cases.CLERK, at=cases.FRIDAY
    )
    services.note_asked(number=second.number, blank=[], by=cases.CLERK, at=cases.FRIDAY)

    found = asked_again(first=DAY, last=DAY)[""]
    assert (found.fields, found.again, found.share) == (3, 1, 33.3)


def test_nobody_notes_what_a_stranger_submitted():
    case = receive("k1")

    with pytest.raises(LookupError):
        services.note_asked(number=case.number, blank=[], by=cases.STRANGER, at=cases.FRIDAY)


def test_a_month_without_cases_has_no_share_instead_of_nought():
    assert asked_again(first=DAY, last=DAY)[""].share is None
    assert "这段时间没有办件" in words(Client().get("/reports/asking/"))
