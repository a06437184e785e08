import datetime as dt

import pytest

from tests.factories.registers import (
    FIRM,
    LEGACY,
    LOADER,
    MONDAY,
    MORNING,
    code,
    save_entity,
    save_person,
    staff,
)
from yiwang.audit import queries as trail
from yiwang.organisations.permissions import PermissionRefusedError, Post
from yiwang.registers import queries, services
from yiwang.registers.models import LegalEntity, Place, UsccException
from yiwang.registers.policy.records import RecordRefusedError
from yiwang.registers.policy.terms import EntityKind, EntityStatus
from yiwang.registers.services import NumberInvalidError, StaleRecordError

pytestmark = pytest.mark.django_db

REVIEWER = staff(Post.REVIEWER)


def confirm(**changes):
    arguments = {
        "uscc": LEGACY,
        "reason": "试点时期赋码，执照在用",
        "evidence": "营业执照正本，登记系统截图",
        "by": REVIEWER,
        "at": MORNING,
    }
    services.confirm_uscc_exception(**(arguments | changes))


def save_place(**changes):
    arguments = {
        "address": "上海市嘉定区南翔镇示例路11号",
        "town_code": "310114102",
        "source": "测试来源",
        "by": LOADER,
        "at": MORNING,
    }
    return services.save_place(**(arguments | changes))


def test_a_saved_entity_is_shown_with_source():
    view = save_entity()

    assert view == queries.entity("entity:" + FIRM) == queries.find_entity(uscc=FIRM.lower())
    assert view.kind is EntityKind.ENTERPRISE
    assert view.status is EntityStatus.ACTIVE
    assert (view.source, view.source_as_of, view.loaded_at) == ("测试来源", MONDAY, MORNING)


def test_the_name_of_a_registered_representative_comes_from_the_person():
    person = save_person()

    firm = save_entity(representative_ref=person.ref)

    assert firm.representative_name == "张示例"
    assert queries.entities_represented_by(person.ref) == [firm]


def test_the_same_code_is_the_same_entity():
    save_entity()
    later = save_entity(name="上海示例餐饮服务有限公司", status=EntityStatus.CANCELLED)

    assert LegalEntity.objects.count() == 1
    assert later.name == "上海示例餐饮服务有限公司"
    assert later.status is EntityStatus.CANCELLED


def test_older_data_on_an_entity_does_not_overwrite_newer():
    save_entity()

    with pytest.raises(StaleRecordError, match="2026-03-09"):
        save_entity(source_as_of=dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"uscc": FIRM[:-1] + "U"}, "校验码不符", id="check character"),
        pytest.param({"uscc": FIRM[:16] + "8T"}, "逐位核对", id="inner check"),
        pytest.param({"uscc": FIRM[:-1]}, "应为18位", id="17 characters"),
        pytest.param({"uscc": FIRM[:-1] + "Z"}, "不使用I、O、S、V、Z", id="Z"),
        pytest.param({"uscc": ""}, "应为18位", id="empty"),
        pytest.param({"uscc": LEGACY}, "注明理由和依据", id="unconfirmed pilot code"),
    ],
)
def test_a_wrong_code_says_what_would_be_right(changes, words):
    with pytest.raises(NumberInvalidError, match=words):
        save_entity(**changes)

    assert not LegalEntity.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"name": " "}, "名称不能为空", id="no name"),
        pytest.param({"name": "司" * 201}, "200 个字", id="name too long"),
        pytest.param({"established_on": dt.date(2026, 3, 10)}, "成立日期", id="future"),
        pytest.param({"source_as_of": dt.date(2030, 1, 1)}, "数据日期", id="future data"),
        pytest.param({"town_code": "南翔"}, "9 位数字", id="town"),
        pytest.param({"industry_code": "餐饮"}, "行业代码", id="industry"),
        pytest.param({"capital_cny": -1}, "注册资本", id="capital"),
        pytest.param({"representative_ref": "user:x"}, "人口库", id="representative"),
        pytest.param({"representative_name": "张3"}, "间隔号", id="representative's name"),
        pytest.param({"phone": "12"}, "区号", id="phone"),
        pytest.param({"address": "路" * 201}, "门牌号", id="address"),
        pytest.param({"source": " "}, "数据来源", id="no source"),
    ],
)
def test_another_wrong_value_of_an_entity_says_what_would_be_right(changes, words):
    with pytest.raises(RecordRefusedError, match=words):
        save_entity(**changes)


def test_a_representative_who_is_not_registered_is_not_taken():
    with pytest.raises(LookupError):
        save_entity(representative_ref="person:" + "0" * 32)


def test_only_those_who_receive_cases_and_programs_enter_entities():
    with pytest.raises(PermissionRefusedError):
        save_entity(by=REVIEWER)
    with pytest.raises(PermissionRefusedError):
        save_place(by=REVIEWER)


def test_a_pilot_code_enters_after_a_reviewer_confirmed_it():
    confirm()

    view = save_entity(uscc=LEGACY)

    assert view.uscc == LEGACY
    assert queries.uscc_exception(LEGACY).confirmed_by == REVIEWER.ref
    assert queries.uscc_exception(FIRM) is None
    (line,) = trail.trail(act="registers.confirm_uscc_exception")
    assert line.target == f"entity:{LEGACY}"
    assert line.detail == {
        "reason": "试点时期赋码，执照在用",
        "evidence": "营业执照正本，登记系统截图",
    }


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param({"reason": ""}, RecordRefusedError, "写明理由", id="no reason"),
        pytest.param({"evidence": "图"}, RecordRefusedError, "写明依据", id="no evidence"),
        pytest.param({"uscc": FIRM}, NumberInvalidError, "不需要例外确认", id="right code"),
        pytest.param({"uscc": LEGACY[:-1]}, NumberInvalidError, "18位", id="wrong form"),
        pytest.param({"by": staff(Post.COUNTER_CLERK)}, PermissionRefusedError, "审查", id="clerk"),
        pytest.param({"department": "housing"}, PermissionRefusedError, "审查", id="department"),
    ],
)
def test_a_confirmation_that_may_not_be_says_why(changes, error, words):
    with pytest.raises(error, match=words):
        confirm(**changes)

    assert not UsccException.objects.exists()


def test_a_code_is_confirmed_once():
    confirm()

    with pytest.raises(NumberInvalidError, match="已经确认过"):
        confirm(reason="另一个理由")


@pytest.mark.parametrize("ref", ["entity:" + code(77), "entity:", FIRM, "person:x"])
def test_an_entity_nobody_entered_is_not_found(ref):
    save_entity()

    with pytest.raises(LookupError):
        queries.entity(ref)


def test_no_entity_has_a_code_with_a_wild_card():
    save_entity()

    assert queries.find_entity(uscc="%") is None
    assert queries.find_entity(uscc="") is None


def test_a_place_is_found_again_by_town_and_address():
    first = save_place()
    second = save_place(lon=121.323456, lat=31.298765)

    assert second.ref == first.ref
    assert (second.lon, second.lat) == (121.323456, 31.298765)
    assert queries.place(first.ref) == second
    assert Place.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"address": ""}, "地址不能为空", id="no address"),
        pytest.param({"town_code": ""}, "选择地址所在的街镇", id="no town"),
        pytest.param({"town_code": "1"}, "9 位数字", id="town"),
        pytest.param({"lon": 121.3}, "同时填写", id="half a coordinate"),
        pytest.param({"lon": 31.3, "lat": 121.3}, "我国范围", id="swapped"),
        pytest.param({"source_as_of": dt.date(2030, 1, 1)}, "数据日期", id="future data"),
    ],
)
def test_a_wrong_place_says_what_would_be_right(changes, words):
    with pytest.raises(RecordRefusedError, match=words):
        save_place(**changes)


def test_older_data_on_a_place_does_not_overwrite_newer():
    save_place()

    with pytest.raises(StaleRecordError):
        save_place(source_as_of=dt.date(2026, 1, 1))


@pytest.mark.parametrize("ref", ["place:" + "0" * 32, "place:x", ""])
def test_a_place_nobody_entered_is_not_found(ref):
    with pytest.raises(LookupError):
        queries.place(ref)
