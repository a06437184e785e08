"""What applicants are told of machines, and how they ask for a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.factories import automatic, cases
from tests.factories.automatic import Register
from tests.factories.desk import PASSWORD
from tests.factories.organisations import PROGRAM
from tests.factories.portal import signed_in
from yiwang.cases.models import Case
from yiwang.cases.models.automatic import AutoReview
from yiwang.cases.policy.checks import Trouble
from yiwang.cases.services import checks
from yiwang.organisations import services
from yiwang.organisations.models import User
from yiwang.registers.models import Person

pytestmark = pytest.mark.usefixtures("portal")


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


@pytest.fixture
def register() -> Iterator[Register]:
    register = Register()
    undo = checks.put_in_place(register)
    yield register
    undo()


@pytest.fixture
def elder(register: Register) -> Client:
    automatic.card_type()
    cases.publish(automatic.senior())
    person = automatic.elder()
    services.create_applicant_account(
        login="elder",
        password=PASSWORD,
        phone="",
        subject_ref=person.ref,
        name=person.name,
        by=PROGRAM,
        at=cases.FRIDAY,
    )
    User.objects.filter(login="elder").update(password_changed_at=cases.FRIDAY)
    return signed_in("elder")


def check_page(client: Client) -> str:
    ref = next(iter(_subjects()))
    begun = client.post("/items/senior/apply/", {"applicant": ref, "kind": "first"})
    assert begun.status_code == 302
    return f"{begun['Location']}check/"


def _subjects() -> set[str]:
    return {person.ref for person in Person.objects.filter(name="王示范")}


def test_before_submitting_one_reads_that_and_by_which_rule_a_machine_may_decide(elder):
    page = words(elder.get(check_page(elder)))

    assert "可能由系统自动作出决定" in page
    assert "从出生日期到申请日已满的年数不小于 65 年" in page
    assert "我要求由工作人员办理" in page


def test_the_case_says_that_a_machine_granted_it_why_and_takes_the_wish_for_a_person(elder):
    elder.post(check_page(elder), {"promise": "on"})
    case = Case.objects.get()
    path = f"/cases/{case.number}/"

    receipt = words(elder.get(f"{path}receipt/"))
    page = words(elder.get(path))
    asked = elder.post(f"{path}person/", {"reason": "请人看看名字"})
    after = words(elder.get(path))

    assert case.state == "closed"
    assert "已准予。" in receipt
    assert "/licences/" in receipt.split("<main", 1)[1]
    assert "告知是否受理" not in receipt
    assert "本件由系统按公布的规则自动准予" in page
    assert "社会保险经办系统（测试）" in page
    assert asked.status_code == 302
    assert AutoReview.objects.get().asked_reason == "请人看看名字"
    assert "工作人员正在核对" in after


def test_who_ticks_the_box_waits_for_a_person(elder):
    elder.post(check_page(elder), {"promise": "on", "by_person": "on"})
    case = Case.objects.get()

    page = words(elder.get(f"/cases/{case.number}/"))
    receipt = words(elder.get(f"/cases/{case.number}/receipt/"))

    assert case.state == "received"
    assert "告知是否受理" in receipt
    assert "申请人要求人工办理" in page


def test_while_a_register_is_down_one_may_still_ask_for_a_person(elder, register):
    register.trouble = Trouble.DOWN
    elder.post(check_page(elder), {"promise": "on"})
    case = Case.objects.get()
    path = f"/cases/{case.number}/"

    page = words(elder.get(path))
    empty = elder.post(f"{path}person/", {"reason": ""})
    elder.post(f"{path}person/", {"reason": "不想等"})

    assert "系统过几分钟再查" in page
    assert empty.status_code == 422
    assert "申请人要求人工办理" in words(elder.get(path))
