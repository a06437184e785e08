import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.registers import LOADER, MORNING, TOWNS, applicant
from yiwang.audit import queries as trail
from yiwang.config import prepare
from yiwang.kernel.identifiers import citizen_id, uscc
from yiwang.organisations import scope
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.registers import queries, services
from yiwang.registers.cast import ENTITIES, PERSONS, demo_cast
from yiwang.registers.models import LegalEntity, LegalEntityHistory, Person, PopulationLoad
from yiwang.registers.policy.records import RecordRefusedError
from yiwang.registers.population import (
    SOURCE,
    PopulationRefusedError,
    PopulationReport,
    generate_population,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demonstration(settings):
    settings.DEMO = True


def generate(**changes):
    arguments = {
        "seed": 7,
        "enterprises": 120,
        "persons": 60,
        "towns": TOWNS,
        "at": MORNING,
        "by": LOADER,
    }
    return generate_population(**(arguments | changes))


def number_of(ref):
    key = "person.id_number"
    return services.reveal_answers(
        ref=ref, keys=[key], purpose="检查演示数据", by=applicant(ref), at=MORNING
    )[key]


def test_two_thousand_firms_load_in_a_handful_of_queries():
    with CaptureQueriesContext(connection) as queries_made:
        report = generate(enterprises=2_000, persons=400)

    assert report == PopulationReport(seed="7", persons=400, enterprises=2_000, loaded=True)
    assert (Person.objects.count(), LegalEntity.objects.count()) == (400, 2_000)
    assert len(queries_made) <= 14


def test_what_is_loaded_can_be_read_like_any_record():
    generate()

    person = queries.person(Person.objects.order_by("pk").first().ref)
    assert person.source == SOURCE
    assert citizen_id.check(number_of(person.ref), on=MORNING.date()).ok
    firm = queries.search_entities("上海").rows[0]
    assert uscc.check(firm.uscc).ok
    assert firm.representative_name == queries.person(firm.representative_ref).name


def test_a_loaded_person_is_found_again_by_number():
    generate()
    row = Person.objects.exclude(phone_sealed=None).first()
    ref = row.ref

    assert (
        services.save_person(
            id_number=number_of(ref), name=row.name, source="更正", by=LOADER, at=MORNING
        ).ref
        == ref
    )


def test_representatives_are_adults():
    generate()

    refs = set(LegalEntity.objects.values_list("representative_ref", flat=True))
    for ref in refs:
        assert queries.person(ref).born_on <= dt.date(2008, 3, 9)


def test_the_same_seed_gives_the_same_population():
    generate()
    first = list(LegalEntity.objects.order_by("uscc").values_list("uscc", "name", "phone"))
    people = set(Person.objects.values_list("pk", "name", "number_index"))
    PopulationLoad.objects.all().delete()
    LegalEntity.objects.all().delete()
    Person.objects.all().delete()

    generate()

    assert list(LegalEntity.objects.order_by("uscc").values_list("uscc", "name", "phone")) == first
    assert {(pk, name, bytes(index)) for pk, name, index in people} == {
        (pk, name, bytes(index))
        for pk, name, index in Person.objects.values_list("pk", "name", "number_index")
    }


def test_a_second_load_changes_nothing():
    generate()

    assert generate().loaded is False
    assert generate(seed="7").loaded is False
    assert LegalEntity.objects.count() == 120
    assert len(trail.trail(act="registers.generate_population")) == 1


def test_a_load_leaves_one_line_in_the_trail_and_none_in_history():
    generate()

    (line,) = trail.trail(act="registers.")
    assert line.detail == {"seed": "7", "persons": 60, "enterprises": 120}
    assert not LegalEntityHistory.objects.exists()


def test_a_load_tells_how_far_it_is():
    told = []

    generate(progress=lambda stage, done, total: told.append((stage, done, total)))

    assert told == [("自然人", 60, 60), ("法人", 120, 120)]


@pytest.mark.parametrize(
    "changes", [{"seed": 8}, {"enterprises": 121}, {"persons": 61}], ids=["seed", "firms", "people"]
)
def test_another_population_is_not_poured_over_the_first(changes):
    generate()

    with pytest.raises(PopulationRefusedError, match="demo-reset"):
        generate(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"enterprises": -1}, "应为 0 至", id="negative"),
        pytest.param({"enterprises": 900_001}, "900,000", id="too many firms"),
        pytest.param({"persons": 1_000_001}, "1,000,000", id="too many persons"),
        pytest.param({"persons": 0}, "至少生成 1 名", id="nobody to represent"),
        pytest.param({"towns": []}, "没有街镇", id="no towns"),
        pytest.param({"towns": [("", "南翔镇")]}, "缺少代码", id="town without code"),
        pytest.param({"towns": [("310114102", "南\\N镇")]}, "反斜线", id="backslash"),
        pytest.param({"seed": " "}, "种子", id="no seed"),
        pytest.param({"seed": "7" * 41}, "40 个字符", id="long seed"),
    ],
)
def test_a_population_that_cannot_be_says_why(changes, words):
    with pytest.raises(PopulationRefusedError, match=words):
        generate(**changes)

    assert not Person.objects.exists()


@pytest.mark.parametrize("town", [("1", "南翔镇"), ("310114102", "南\x00镇")])
def test_a_town_of_a_wrong_form_is_refused(town):
    with pytest.raises(RecordRefusedError):
        generate(towns=[town])


def test_tabs_and_line_breaks_in_a_town_do_not_break_the_rows():
    with pytest.raises(RecordRefusedError, match="控制字符"):
        generate(towns=[("310114102", "南\t翔\n镇")])


def test_invented_people_belong_to_a_demonstration_only(settings):
    settings.DEMO = False

    with pytest.raises(PopulationRefusedError, match="YIWANG_DEMO=1"):
        generate()
    with pytest.raises(PopulationRefusedError, match="YIWANG_DEMO=1"):
        demo_cast(at=MORNING)


def test_an_applicant_generates_nobody():
    with pytest.raises(PermissionRefusedError):
        generate(by=applicant())


def test_no_firms_at_all_is_a_population_too():
    report = generate(enterprises=0, persons=5)

    assert (report.persons, report.enterprises) == (5, 0)


def test_one_person_can_represent_all_firms():
    generate(persons=1)

    assert LegalEntity.objects.values("representative_ref").distinct().count() == 1


def test_the_cast_stands_in_the_registers():
    cast = demo_cast(at=MORNING)

    assert set(cast.persons) == set(PERSONS)
    assert set(cast.entities) == set(ENTITIES)
    elder, restaurant = cast.persons["elder"], cast.entities["restaurant"]
    assert not elder.has_phone
    assert elder.born_on == dt.date(1949, 10, 1)
    assert restaurant.uscc == "91310114XXXX00019T"
    assert restaurant.representative_ref == cast.persons["restaurateur"].ref


def test_the_cast_enters_once():
    first = demo_cast(at=MORNING)
    second = demo_cast(at=MORNING + dt.timedelta(days=9))

    assert second == first


def test_cast_and_population_live_side_by_side():
    demo_cast(at=MORNING)
    generate(enterprises=500, persons=300)

    assert Person.objects.count() == 300 + len(PERSONS)
    assert LegalEntity.objects.count() == 500 + len(ENTITIES)


def test_the_serving_role_loads_through_row_security():
    prepare.grant()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE yiwang_web")
        with scope.everything():
            generate()
            assert (Person.objects.count(), LegalEntity.objects.count()) == (60, 120)
        cursor.execute("RESET ROLE")
