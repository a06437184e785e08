"""Lists of supervised subjects: who comes on, who goes off, who may read."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from tests.factories import cases
from tests.factories.supervision import MONDAY, MORNING, add, supervisor_of
from yiwang.audit.queries import trail
from yiwang.cases.events import CaseGranted
from yiwang.cases.policy.terms import Outcome
from yiwang.kernel import events
from yiwang.kernel.paging import PageKeyRefusedError
from yiwang.licences.events import LicenceStateChanged
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post
from yiwang.supervision import queries, services
from yiwang.supervision.models import SupervisedSubject
from yiwang.supervision.policy.subjects import SubjectState

pytestmark = pytest.mark.django_db


def listed(department="market", **filters):
    return queries.subjects(by=supervisor_of(department), department=department, **filters)


def granted(**changes):
    facts = {
        "number": "JD20260309-0001",
        "item_slug": "food-business",
        "item_name": "食品经营许可",
        "holder_ref": "entity:91310114MA1GT00X0X",
        "holder_name": "上海嘉禾餐饮管理有限公司",
        "supervising_department": "market",
        "licence_identifier": "1.2.156.3005.2.0001",
        "granted_on": MONDAY,
    }
    return CaseGranted(**(facts | changes))


def test_a_grant_puts_the_holder_on_the_list_of_the_supervising_department():
    events.deliver(granted())

    (row,) = listed().rows
    assert row.name == "上海嘉禾餐饮管理有限公司"
    assert row.item_name == "食品经营许可"
    assert row.case_number == "JD20260309-0001"
    assert row.licence_identifier == "1.2.156.3005.2.0001"
    assert row.listed_on == MONDAY
    assert row.state is SubjectState.LISTED
    assert listed("health").rows == ()


def test_a_decision_lists_the_holder_with_the_licence_that_was_issued():
    cases.district(items=False)
    cases.publish(cases.without_materials())

    case = cases.decided()

    (row,) = listed().rows
    assert row.case_number == case.number
    assert row.licence_identifier == case.licence_identifier
    assert row.name == case.applicant_name


def test_a_refusal_lists_nobody():
    cases.district(items=False)
    cases.publish(cases.without_materials())

    cases.decided(Outcome.REFUSE)

    assert listed().rows == ()


def test_without_a_department_all_own_lists_are_read():
    add()
    add(department="health", licence_identifier="1.2.156.3005.2.0002", case_number="2")

    both = Actor(
        ref="user:both",
        posts={code: frozenset({Post.SUPERVISOR}) for code in ("market", "health")},
    )
    everywhere = Actor(ref="user:all", posts={EVERYWHERE: frozenset({Post.SUPERVISOR})})

    assert len(queries.subjects(by=both).rows) == 2
    assert len(queries.subjects(by=everywhere).rows) == 2
    assert len(queries.subjects(by=supervisor_of("health")).rows) == 1
    assert queries.subjects(by=Actor(ref="user:none")).rows == ()


def test_the_same_event_twice_lists_once():
    events.deliver(granted())
    events.deliver(granted())

    assert len(listed().rows) == 1
    assert len(trail(act="supervision.list_subject")) == 1


def test_a_holder_of_two_licences_stands_on_the_list_twice():
    assert add()
    assert add(licence_identifier="1.2.156.3005.2.0002", case_number="JD20260309-0002")

    assert len(listed().rows) == 2


def test_a_decision_without_a_licence_is_listed_once_per_case():
    assert add(licence_identifier="")
    assert not add(licence_identifier="")
    assert add(licence_identifier="", case_number="JD20260309-0002")

    assert len(listed().rows) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"department": ""}, "请先在事项清单中补充监管部门", id="nobody supervises"),
        pytest.param({"name": "  "}, "请核对办件的持证人信息", id="no name"),
        pytest.param({"subject_ref": ""}, "请核对办件的持证人信息", id="no ref"),
    ],
)
def test_add_subject_says_what_is_missing(changes, words):
    with pytest.raises(services.SubjectRefusedError, match=words):
        add(**changes)


def test_listing_is_in_the_trail():
    add()

    (row,) = trail(act="supervision.list_subject")
    assert row.target == "entity:91310114MA1GT00X0X"
    assert row.actor == "job:double-notice"


def remove(**changes):
    arguments = {
        "licence_identifier": "1.2.156.3005.2.0001",
        "reason": "证照已注销",
        "removed_on": dt.date(2026, 4, 1),
        "by": "job:double-notice",
        "at": MORNING,
    }
    return services.remove_subject(**(arguments | changes))


def test_an_ended_licence_takes_its_holder_off_and_keeps_the_line():
    add()

    assert remove()

    assert listed().rows == ()
    (row,) = listed(state=None).rows
    assert row.state is SubjectState.REMOVED
    assert row.removed_on == dt.date(2026, 4, 1)
    assert row.removed_reason == "证照已注销"
    assert not remove()


@pytest.mark.parametrize(
    ("state", "rows"),
    [("revoked", 0), ("cancelled", 0), ("forfeited", 0), ("suspended", 1), ("replaced", 1)],
)
def test_only_a_licence_that_ended_takes_its_holder_off(state, rows):
    add()

    events.deliver(
        LicenceStateChanged(
            identifier="1.2.156.3005.2.0001",
            holder_ref="entity:91310114MA1GT00X0X",
            state=state,
            reason="隐瞒真实情况",
            changed_at=MORNING,
        )
    )

    assert len(listed().rows) == rows
    if not rows:
        (row,) = listed(state=None).rows
        assert "隐瞒真实情况" in row.removed_reason


def test_removing_an_unknown_licence_changes_nothing():
    add(licence_identifier="")

    assert not remove()
    assert not remove(licence_identifier="")
    assert len(listed().rows) == 1


def test_a_list_is_read_by_its_own_department_only():
    add()

    with pytest.raises(PermissionRefusedError, match="查看监管对象"):
        queries.subjects(by=supervisor_of("health"), department="market")


def test_the_list_is_found_by_part_of_a_name_and_by_whole_numbers():
    add()
    add(
        name="嘉定镇悦享健身馆",
        licence_identifier="1.2.156.3005.2.0002",
        case_number="JD20260309-0002",
        item_name="公共场所卫生许可",
    )

    assert [row.name for row in listed(text="健身").rows] == ["嘉定镇悦享健身馆"]
    assert [row.name for row in listed(text="卫生").rows] == ["嘉定镇悦享健身馆"]
    assert len(listed(text=" JD20260309-0001 ").rows) == 1
    assert len(listed(text="1.2.156.3005.2.0001").rows) == 1
    assert listed(text="JD2026").rows == ()
    assert listed(text="%").rows == ()


def test_persons_are_masked_in_the_list():
    add(subject_ref="person:0af3", name="王小明")

    (row,) = listed().rows
    assert row.is_person
    assert "小" not in row.name


def test_the_list_pages_by_key_and_shows_every_line_once():
    for place in range(7):
        add(
            licence_identifier=f"1.2.156.3005.2.{place:04d}",
            case_number=f"JD20260309-{place:04d}",
            listed_on=MONDAY + dt.timedelta(days=place // 3),
        )

    seen, after = [], None
    while True:
        page = listed(after=after, limit=3)
        seen += [row.case_number for row in page.rows]
        after = page.next_after
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 7
    days = [
        row.listed_on
        for number in seen
        for row in [queries.subject_of_case(number)]
        if row is not None
    ]
    assert days == sorted(days, reverse=True)


def test_a_page_never_holds_more_than_a_hundred_and_asks_once(django_assert_num_queries):
    SupervisedSubject.objects.bulk_create(
        SupervisedSubject(
            subject_ref="entity:x",
            name=f"企业{place}",
            item_slug="food-business",
            item_name="食品经营许可",
            department_code="market",
            licence_identifier=f"L{place}",
            case_number=f"C{place}",
            listed_on=MONDAY,
        )
        for place in range(120)
    )

    with django_assert_num_queries(1):
        page = listed(limit=5000)

    assert len(page.rows) == 100
    assert page.next_after


@pytest.mark.parametrize("after", ["x", "2026-03-09", "2026-13-40_1", "_", "2026-03-09_x"])
def test_an_unreadable_place_in_the_list_says_to_start_again(after):
    with pytest.raises(PageKeyRefusedError, match="请从列表第一页重新打开"):
        listed(after=after)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("supervision_subject_state_known", {"state": "gone"}),
        ("supervision_subject_removed_says_when_and_why", {"state": "removed"}),
        (
            "supervision_subject_removed_says_when_and_why",
            {"removed_reason": "证照已注销"},
        ),
        ("supervision_subject_has_department", {"department_code": ""}),
    ],
)
def test_the_database_refuses_a_line_that_contradicts_itself(name, change):
    add()

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        SupervisedSubject.objects.update(**change)


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("supervision_subject_once_per_licence", "1.2.156.3005.2.0001"),
        ("supervision_subject_once_per_case", ""),
    ],
)
def test_the_database_refuses_the_same_line_twice(name, licence):
    add(licence_identifier=licence)
    row = SupervisedSubject.objects.get()
    row.pk = None

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row.save()


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_event_list_once():
    def worker(_):
        try:
            return add()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(worker, range(4)))

    assert sum(added) == 1
    assert SupervisedSubject.objects.count() == 1
