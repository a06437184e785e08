import pytest

from tests.factories.registers import (
    MORNING,
    ZHANG,
    applicant,
    number,
    save_entity,
    save_person,
    staff,
)
from yiwang.audit import queries as trail
from yiwang.organisations.permissions import PermissionRefusedError, Post
from yiwang.registers import queries, services
from yiwang.registers.policy.records import RecordRefusedError
from yiwang.registers.queries import NumberRefusedError
from yiwang.registers.services import RevealRefusedError

pytestmark = pytest.mark.django_db

CLERK = staff(Post.COUNTER_CLERK)


def find(**changes):
    arguments = {"id_number": ZHANG, "by": CLERK, "at": MORNING, "purpose": "窗口收件核对身份"}
    return queries.find_person(**(arguments | changes))


def reveal(ref, **changes):
    arguments = {
        "ref": ref,
        "keys": ["person.id_number"],
        "purpose": "核对证件原件",
        "by": CLERK,
        "at": MORNING,
    }
    return services.reveal_answers(**(arguments | changes))


def test_a_person_is_found_by_the_whole_number_and_shown_masked():
    person = save_person()

    found = find()

    assert found == person
    assert ZHANG not in repr(found)


def test_a_search_is_traced_without_the_number_whether_found_or_not():
    person = save_person()

    find()
    assert find(id_number=number(7)) is None

    missed, hit = trail.trail(act="registers.find_person")
    assert (hit.target, hit.detail, hit.purpose) == (
        person.ref,
        {"found": True},
        "窗口收件核对身份",
    )
    assert (missed.target, missed.detail) == ("person:none", {"found": False})
    assert ZHANG not in str(hit)
    assert number(7) not in str(missed)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param({"id_number": ZHANG[:-1] + "1"}, NumberRefusedError, "校验码", id="check"),
        pytest.param({"id_number": "310114850615103"}, NumberRefusedError, "18位", id="15"),
        pytest.param({"id_number": "%"}, NumberRefusedError, "18位", id="wild card"),
        pytest.param({"purpose": ""}, RecordRefusedError, "用途", id="no purpose"),
        pytest.param({"purpose": "查一查"}, RecordRefusedError, "4 至 500", id="short purpose"),
        pytest.param(
            {"by": staff(Post.REVIEWER)},
            PermissionRefusedError,
            "按证件查找",
            id="without permission",
        ),
        pytest.param({"by": applicant()}, PermissionRefusedError, "按证件查找", id="applicant"),
    ],
)
def test_a_search_that_may_not_be_says_why_and_leaves_no_trail(changes, error, words):
    save_person()

    with pytest.raises(error, match=words):
        find(**changes)

    assert trail.trail(act="registers.find_person") == []


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("person.gender", "gender", "男"),
        ("person.born_on", "born_on", "1985-06-15"),
        ("person.id_number", "id_number", ZHANG),
        ("person.phone", "phone", "14000000001"),
        ("person.address", "address", "上海市嘉定区南翔镇示例路1号"),
        ("person.hukou", "hukou_address", "上海市嘉定区南翔镇样本路2号"),
    ],
)
def test_staff_see_an_answer_whole_and_the_look_is_traced_without_it(key, field, value):
    person = save_person()

    assert reveal(person.ref, keys=[key]) == {key: value}

    (line,) = trail.trail(target=person.ref, act="audit.read")
    assert line.actor == "user:w-chen"
    assert line.purpose == "核对证件原件"
    assert line.detail == {"fields": [field]}
    assert line.ip == "10.0.0.9"
    assert value not in str(line)


def test_the_person_themself_sees_it_and_that_is_traced_too():
    person = save_person()

    shown = reveal(person.ref, by=applicant(person.ref), purpose="本人查看")

    assert shown == {"person.id_number": ZHANG}

    assert len(trail.trail(target=person.ref, act="audit.read")) == 1


def test_what_is_personal_of_a_firm_is_revealed_like_that_of_a_person():
    person = save_person()
    firm = save_entity(phone="14000000009", representative_ref=person.ref)

    assert firm.phone == "140****0009"
    shown = reveal(firm.ref, keys=["entity.phone", "entity.legal_representative"])

    assert shown == {"entity.phone": "14000000009", "entity.legal_representative": "张示例"}
    (line,) = trail.trail(target=firm.ref, act="audit.read")
    assert line.detail == {"fields": ["phone", "representative_name"]}


def test_a_person_without_a_phone_has_none_to_show():
    person = save_person(phone="")

    assert not person.has_phone
    assert person.phone == ""
    with pytest.raises(RevealRefusedError, match="已经是完整内容"):
        reveal(person.ref, keys=["person.phone"])
    assert trail.trail(target=person.ref, act="audit.read") == []


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        pytest.param({"purpose": ""}, RecordRefusedError, "查看用途", id="no purpose"),
        pytest.param({"purpose": "  查 "}, RecordRefusedError, "4 至 500", id="short purpose"),
        pytest.param({"keys": ["person.name"]}, RevealRefusedError, "完整内容", id="not hidden"),
        pytest.param({"keys": ["number_sealed"]}, RevealRefusedError, "完整内容", id="column"),
        pytest.param({"keys": []}, RevealRefusedError, "完整内容", id="nothing"),
        pytest.param({"by": staff(Post.SUPERVISOR)}, PermissionRefusedError, "查看完整", id="post"),
        pytest.param({"by": applicant()}, PermissionRefusedError, "查看完整", id="somebody else"),
        pytest.param(
            {"department": "housing"}, PermissionRefusedError, "查看完整", id="department"
        ),
        pytest.param({"by": staff(Post.SYSTEM_ADMIN)}, PermissionRefusedError, "权限", id="admin"),
    ],
)
def test_a_reveal_that_may_not_be_says_why_and_leaves_no_trail(changes, error, words):
    person = save_person()

    with pytest.raises(error, match=words):
        reveal(person.ref, **changes)

    assert trail.trail(target=person.ref, act="audit.read") == []


def test_the_department_of_the_look_is_kept():
    person = save_person()

    reveal(person.ref, department="market")

    (line,) = trail.trail(target=person.ref, act="audit.read")
    assert line.department == "market"


@pytest.mark.parametrize("ref", ["person:" + "0" * 32, "person:x"])
def test_nobody_is_not_revealed(ref):
    with pytest.raises(LookupError):
        reveal(ref)


@pytest.mark.parametrize("ref", ["entity:91310114XXXX00027M", "case:1", "x"])
def test_no_firm_is_not_revealed(ref):
    with pytest.raises(LookupError):
        reveal(ref, keys=["entity.phone"])


def test_prefill_gives_values_with_source_and_hides_numbers():
    person = save_person()

    answers = queries.prefill(person.ref)

    assert answers["person.name"].value == "张示例"
    assert answers["person.gender"].value == "男"
    assert answers["person.born_on"].value == "1985-06-15"
    assert answers["person.hukou"].value == "上海市嘉定区南翔镇样本路2号"
    assert answers["person.address"].value == "上海市嘉定区南翔镇示例路1号"
    assert answers["person.id_number"].value == "310***********1037"
    assert answers["person.id_number"].masked
    assert answers["person.phone"].value == "140****0001"
    assert not answers["person.name"].masked
    assert answers["person.name"].source_label == "人口库（测试来源）"
    assert answers["person.name"].as_of.isoformat() == "2026-03-09"


def test_prefill_leaves_out_what_is_not_known():
    person = save_person(phone="", address="", hukou_address="")

    assert set(queries.prefill(person.ref)) == {
        "person.name",
        "person.gender",
        "person.born_on",
        "person.id_number",
    }


def test_prefill_of_a_firm_gives_all_that_is_public():
    person = save_person()
    firm = save_entity(representative_ref=person.ref)

    answers = {key: answer.value for key, answer in queries.prefill(firm.ref).items()}

    assert answers == {
        "entity.name": "上海示例餐饮管理有限公司",
        "entity.uscc": "91310114XXXX00019T",
        "entity.kind": "企业",
        "entity.status": "存续",
        "entity.address": "上海市嘉定区南翔镇示例路11号",
        "entity.town": "310114102",
        "entity.industry": "H6210",
        "entity.legal_representative": "张示例",
        "entity.established_on": "2019-05-08",
        "entity.phone": "021*****0001",
        "entity.capital": "1000000",
    }


def test_prefill_in_full_hides_nothing_and_is_traced():
    person = save_person()

    answers = services.prefill_in_full(
        ref=person.ref, purpose="本人申请预填", by=applicant(person.ref), at=MORNING
    )

    assert answers["person.id_number"].value == ZHANG
    assert answers["person.phone"].value == "14000000001"
    assert not any(answer.masked for answer in answers.values())
    (line,) = trail.trail(target=person.ref, act="audit.read")
    assert line.detail == {
        "fields": ["address", "born_on", "gender", "hukou_address", "id_number", "phone"]
    }


def test_prefill_in_full_of_a_firm_gives_its_phone():
    firm = save_entity()

    answers = services.prefill_in_full(
        ref=firm.ref, purpose="本企业申请预填", by=applicant(firm.ref), at=MORNING
    )

    assert answers["entity.phone"].value == "021-00000001"


def test_prefill_in_full_needs_permission_and_purpose():
    person = save_person()

    with pytest.raises(PermissionRefusedError):
        services.prefill_in_full(ref=person.ref, purpose="预填表单", by=applicant(), at=MORNING)
    with pytest.raises(RecordRefusedError):
        services.prefill_in_full(ref=person.ref, purpose="", by=CLERK, at=MORNING)


def test_several_answers_are_one_look_that_names_what_was_shown():
    person = save_person(hukou_address="")

    shown = reveal(
        person.ref,
        keys=["person.name", "person.born_on", "person.hukou", "person.id_number"],
        department="market",
    )

    assert shown == {"person.born_on": "1985-06-15", "person.id_number": ZHANG}
    (line,) = trail.trail(target=person.ref, act="audit.read")
    assert (line.purpose, line.department) == ("核对证件原件", "market")
    assert line.detail == {"fields": ["born_on", "id_number"]}


@pytest.mark.parametrize("ref", ["person:" + "0" * 32, "entity:none", "case:1", ""])
def test_nothing_registered_gives_nothing_to_prefill(ref):
    with pytest.raises(LookupError):
        queries.prefill(ref)
