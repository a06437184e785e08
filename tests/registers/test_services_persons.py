import datetime as dt

import pytest
from django.db import connection

from tests.factories.registers import (
    LOADER,
    MONDAY,
    MORNING,
    ZHANG,
    applicant,
    number,
    save_person,
    staff,
)
from yiwang.audit import queries as trail
from yiwang.organisations.permissions import PermissionRefusedError, Post
from yiwang.registers import queries, services
from yiwang.registers.models import Person
from yiwang.registers.policy.records import RecordRefusedError
from yiwang.registers.policy.terms import Gender
from yiwang.registers.services import NumberInvalidError, StaleRecordError

pytestmark = pytest.mark.django_db


def test_a_saved_person_is_shown_masked_with_source():
    view = save_person()

    assert view.name == "张示例"
    assert view.id_number == "310***********1037"
    assert view.phone == "140****0001"
    assert view.address == view.hukou_address == "上海市嘉定区南翔镇****"
    assert (view.source, view.source_as_of, view.loaded_at) == ("测试来源", MONDAY, MORNING)


def test_birth_date_and_gender_are_read_from_the_number():
    view = save_person()

    assert view.born_on == dt.date(1985, 6, 15)
    assert view.gender is Gender.MALE


def test_neither_number_nor_phone_stands_in_the_table():
    save_person()

    with connection.cursor() as cursor:
        cursor.execute("SELECT registers_person::text FROM registers_person")
        (stored,) = cursor.fetchone()

    for plain in (ZHANG, ZHANG.encode().hex(), "14000000001", b"14000000001".hex()):
        assert plain not in stored


def test_the_trail_of_a_save_names_the_person_and_never_the_number():
    view = save_person()

    (line,) = trail.trail(act="registers.save_person")
    assert line.target == view.ref
    assert line.detail == {"new": True, "source": "测试来源"}
    assert ZHANG not in str(line)


def test_the_same_number_is_the_same_person():
    first = save_person()
    second = save_person(name="张示范", phone="", id_number=" ３１０１１４198506151037 ")

    assert second.ref == first.ref
    assert second.name == "张示范"
    assert not second.has_phone
    assert Person.objects.count() == 1


def test_a_final_small_x_is_taken():
    assert save_person(id_number="31011420000101001x").id_number == "310***********001X"


@pytest.mark.parametrize("name", ["刘䶮", "王𬭊", "阿卜杜拉·买买提"])
def test_rare_names_survive_the_database(name):
    assert queries.person(save_person(name=name).ref).name == name


def test_older_data_does_not_overwrite_newer():
    view = save_person()

    with pytest.raises(StaleRecordError, match="不能用旧数据覆盖"):
        save_person(name="旧名字", source_as_of=dt.date(2026, 3, 8))

    assert queries.person(view.ref).name == "张示例"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"id_number": ZHANG[:-1] + "8"}, "校验码不符", id="check digit"),
        pytest.param({"id_number": ""}, "应为18位", id="empty"),
        pytest.param({"id_number": "310114850615103"}, "应为18位", id="15 digits"),
        pytest.param(
            {"id_number": number(born_on=dt.date(2026, 3, 10))}, "晚于今天", id="born tomorrow"
        ),
        pytest.param({"id_number": number(born_on=dt.date(1850, 1, 1))}, "150年", id="too old"),
        pytest.param({"id_number": "310114198502301031"}, "不存在", id="30 February"),
        pytest.param({"id_number": "310114198506151\x0037"}, "数字", id="null character"),
    ],
)
def test_a_wrong_number_says_what_would_be_right(changes, words):
    with pytest.raises(NumberInvalidError, match=words):
        save_person(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"name": ""}, "姓名不能为空", id="no name"),
        pytest.param({"name": "张" * 51}, "50 个字", id="name too long"),
        pytest.param({"phone": "123"}, "11 位数字", id="phone"),
        pytest.param({"hukou_division": "嘉定"}, "6 位数字", id="division"),
        pytest.param({"hukou_town": "310114"}, "9 位数字", id="town"),
        pytest.param({"address": "路" * 201}, "200 个字", id="address"),
        pytest.param({"source": ""}, "数据来源", id="no source"),
        pytest.param({"source_as_of": dt.date(2026, 3, 10)}, "不能晚于今天", id="future data"),
        pytest.param({"source_as_of": dt.date(1980, 1, 1)}, "早于出生日期", id="before birth"),
    ],
)
def test_another_wrong_value_says_what_would_be_right(changes, words):
    with pytest.raises(RecordRefusedError, match=words):
        save_person(**changes)

    assert not Person.objects.exists()


def test_today_is_the_day_in_china():
    born_today = number(born_on=dt.date(2026, 3, 10))
    just_past_midnight = dt.datetime(2026, 3, 9, 16, 30, tzinfo=dt.UTC)

    assert save_person(id_number=born_today, at=just_past_midnight).born_on == dt.date(2026, 3, 10)


def test_an_archive_number_of_15_digits_is_kept_in_its_long_form():
    view = save_person(id_number="310114850615103", archive=True)

    assert view.id_number == "310***********1037"
    assert save_person().ref == view.ref


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(applicant("person:" + "0" * 32), id="applicant"),
        pytest.param(staff(Post.REVIEWER), id="reviewer"),
        pytest.param(staff(Post.SYSTEM_ADMIN), id="system administrator"),
    ],
)
def test_only_those_who_receive_cases_and_programs_enter_persons(by):
    with pytest.raises(PermissionRefusedError, match="窗口收件"):
        save_person(by=by)


def test_a_counter_clerk_enters_a_person():
    assert save_person(by=staff(Post.COUNTER_CLERK)).name == "张示例"


@pytest.mark.parametrize(
    "ref", ["person:" + "0" * 32, "person:1", "person:", "", "entity:x", "person:../../x"]
)
def test_a_person_nobody_entered_is_not_found(ref):
    with pytest.raises(LookupError):
        queries.person(ref)


def test_a_refused_save_leaves_no_trail():
    with pytest.raises(NumberInvalidError):
        save_person(id_number="1")

    assert trail.trail(act="registers.") == []


def test_saving_takes_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        services.save_person(
            id_number=ZHANG, name="张示例", source="测试来源", by=LOADER, at=MORNING
        )
