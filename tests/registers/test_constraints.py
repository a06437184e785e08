"""Each constraint of the registers, broken once by a writer that goes round the services."""

import datetime as dt
import os
import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tests.factories.registers import FIRM, LEGACY, MORNING, save_entity, save_person
from yiwang.registers.models import (
    LegalEntity,
    LegalEntityHistory,
    Person,
    PersonHistory,
    Place,
    PlaceHistory,
    PopulationLoad,
    UsccException,
)

pytestmark = pytest.mark.django_db

SOURCE = {"source": "测试来源", "source_as_of": dt.date(2026, 3, 9), "loaded_at": MORNING}
SEALED, INDEX = os.urandom(60), os.urandom(32)


def person(**changes):
    values = {
        "name": "张示例",
        "name_pinyin": "zhang",
        "gender": "male",
        "born_on": dt.date(1985, 6, 15),
        "number_sealed": SEALED,
        "number_index": INDEX,
    }
    return Person.objects.create(**(SOURCE | values | changes))


def entity(**changes):
    values = {"uscc": FIRM, "name": "示例", "name_pinyin": "shi li", "kind": "enterprise"}
    return LegalEntity.objects.create(**(SOURCE | values | changes))


def place(**changes):
    return Place.objects.create(
        **(SOURCE | {"address": "示例路1号", "town_code": "310114102"} | changes)
    )


def exception(**changes):
    values = {
        "uscc": LEGACY,
        "reason": "试点赋码",
        "evidence": "执照正本",
        "confirmed_by": "user:x",
        "confirmed_at": MORNING,
    }
    return UsccException.objects.create(**(values | changes))


def load(**changes):
    values = {"seed": "7", "persons": 1, "enterprises": 1, "loaded_at": MORNING, "loaded_by": "x"}
    return PopulationLoad.objects.create(**(values | changes))


@pytest.mark.parametrize("make", [person, entity, place, exception, load])
def test_the_valid_row_of_these_tests_is_taken(make):
    assert make().pk is not None


@pytest.mark.parametrize(
    ("make", "changes", "name"),
    [
        (person, {"name": " "}, "person_has_a_name"),
        (person, {"gender": "x"}, "person_gender_is_known"),
        (person, {"born_on": dt.date(2026, 3, 10)}, "person_is_born_before_the_source_date"),
        (person, {"hukou_division": "31"}, "person_hukou_is_a_division"),
        (person, {"hukou_town": "310114"}, "person_hukou_is_a_division"),
        (person, {"number_sealed": b"310114198506151037"}, "person_number_is_sealed"),
        (person, {"number_index": b"1"}, "person_number_is_sealed"),
        (person, {"phone_sealed": SEALED}, "person_phone_is_sealed_with_its_index"),
        (
            person,
            {"phone_sealed": b"14000000001", "phone_index": INDEX},
            "person_phone_is_sealed_with_its_index",
        ),
        (person, {"source": ""}, "person_has_a_source"),
        (entity, {"uscc": "9131"}, "legalentity_uscc_has_its_form"),
        (entity, {"uscc": FIRM[:-1] + "O"}, "legalentity_uscc_has_its_form"),
        (entity, {"name": ""}, "legalentity_has_a_name"),
        (entity, {"kind": "x"}, "legalentity_kind_is_known"),
        (entity, {"status": "x"}, "legalentity_status_is_known"),
        (entity, {"town_code": "1"}, "legalentity_town_is_a_code"),
        (entity, {"industry_code": "6210"}, "legalentity_industry_is_a_code"),
        (entity, {"representative_ref": "张"}, "legalentity_representative_is_a_person"),
        (
            entity,
            {"established_on": dt.date(2026, 3, 10)},
            "legalentity_is_established_before_the_source_date",
        ),
        (entity, {"capital_cny": -1}, "legalentity_capital_is_not_negative"),
        (entity, {"source": " "}, "legalentity_has_a_source"),
        (place, {"address": " "}, "place_has_an_address"),
        (place, {"town_code": ""}, "place_town_is_a_code"),
        (place, {"lon": 121}, "place_coordinates_come_together"),
        (place, {"lon": 31, "lat": 121}, "place_coordinates_come_together"),
        (place, {"source": ""}, "place_has_a_source"),
        (exception, {"uscc": "x"}, "usccexception_has_its_form"),
        (exception, {"reason": ""}, "usccexception_has_reason_and_evidence"),
        (exception, {"evidence": "图"}, "usccexception_has_reason_and_evidence"),
        (load, {"seed": " "}, "populationload_seed_is_named"),
    ],
)
def test_the_database_refuses(make, changes, name):
    with pytest.raises(IntegrityError, match=f"registers_{name}"), transaction.atomic():
        make(**changes)


def test_a_number_belongs_to_one_person_and_a_code_to_one_body():
    person()
    entity()
    place()

    with pytest.raises(IntegrityError, match="number_index"), transaction.atomic():
        person()
    with pytest.raises(IntegrityError, match="uscc"), transaction.atomic():
        entity()
    with pytest.raises(IntegrityError, match="registers_place_is_known_once"), transaction.atomic():
        place()


def test_history_holds_the_row_as_it_was_before():
    view = save_person()
    assert not PersonHistory.objects.exists()

    save_person(name="张示范")

    (before,) = PersonHistory.objects.all()
    assert (before.name, before.pgh_label) == ("张示例", "changed")
    assert f"person:{before.pgh_obj_id.hex}" == view.ref


def test_history_sees_writers_that_go_round_the_services():
    save_entity()

    LegalEntity.objects.update(name="改名")
    LegalEntity.objects.all().delete()

    assert list(LegalEntityHistory.objects.order_by("pgh_id").values_list("pgh_label", "name")) == [
        ("changed", "上海示例餐饮管理有限公司"),
        ("deleted", "改名"),
    ]


def test_a_write_that_changes_nothing_leaves_no_history():
    place()

    Place.objects.update(address="示例路1号")

    assert not PlaceHistory.objects.exists()


def history_row():
    save_person()
    save_person(name="张示范")
    return PersonHistory


@pytest.mark.parametrize(
    ("make", "column"),
    [
        pytest.param(history_row, "name", id="history"),
        pytest.param(lambda: type(exception()), "reason", id="exceptions"),
    ],
)
def test_what_is_only_added_to_is_neither_changed_nor_emptied(make, column):
    model = make()

    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        model.objects.update(**{column: "改写"})
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        model.objects.all().delete()
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {model._meta.db_table}")


def test_tables_that_are_only_added_to_say_so():
    assert all(
        model.append_only
        for model in (UsccException, PersonHistory, LegalEntityHistory, PlaceHistory)
    )


def test_records_say_what_they_are_and_no_more():
    row = person(id=uuid.UUID(int=1))

    assert str(row) == "person:" + "0" * 31 + "1"
    assert str(entity()) == f"entity:{FIRM}"
    assert str(exception()) == LEGACY
    assert str(load()) == "7"
