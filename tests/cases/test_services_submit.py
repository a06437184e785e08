"""Drafts, and submission through the portal."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import cases, registers
from yiwang.audit import queries as trail
from yiwang.cases import queries, services
from yiwang.cases.models import Case, Draft
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import MaterialState
from yiwang.cases.queries import CaseNotFoundError
from yiwang.documents import queries as documents
from yiwang.kernel.workdays import CalendarGapError
from yiwang.licences import services as licences
from yiwang.organisations.permissions import Actor

pytestmark = pytest.mark.usefixtures("district")

AT = cases.FRIDAY


def test_a_draft_keeps_incomplete_answers_ninety_days_and_is_listed():
    draft = cases.draft(answers={"kind": "catering"})

    later = cases.draft(draft_id=draft.id, answers={"area_m2": 30}, at=AT + dt.timedelta(days=10))

    assert later.answers == {"area_m2": 30}
    assert later.expires_on == dt.date(2026, 6, 14)
    today = dt.date(2026, 3, 20)
    assert [one.id for one in queries.drafts_of([cases.FIRM_REF], today=today)] == [draft.id]
    assert queries.drafts_of([cases.FIRM_REF], today=dt.date(2026, 6, 15)) == []


def test_a_draft_of_others_is_as_if_it_were_not_there():
    draft = cases.draft()

    for act in (
        lambda: queries.draft(draft.id, by=cases.NOBODY),
        lambda: queries.draft(draft.id + 1_000, by=cases.NOBODY),
        lambda: cases.draft(draft_id=draft.id, by=cases.NOBODY),
        lambda: cases.draft(draft_id=draft.id, item_slug=cases.CARD),
        lambda: cases.submit(draft.id, by=cases.NOBODY),
        lambda: services.delete_draft(draft_id=draft.id, by=cases.NOBODY, at=AT),
        lambda: services.detach(draft_id=draft.id, upload_ref="upload:x", by=cases.FIRM, at=AT),
    ):
        with pytest.raises(CaseNotFoundError, match="没有找到您可以查看的这个办件"):
            act()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"answers": {"kind": {"a": 1}}}, "格式不正确", id="an answer of no kind"),
        pytest.param({"answers": {"kind": [1, 2]}}, "格式不正确", id="a list of numbers"),
        pytest.param({"answers": {"address": "长" * 80_000}}, "过长，请删减", id="too much"),
    ],
)
def test_a_draft_that_cannot_be_kept_says_why(changes, words):
    with pytest.raises(services.DraftRefusedError, match=words):
        cases.draft(**changes)


def test_an_item_for_firms_is_not_offered_to_persons():
    person = registers.save_person()
    actor = registers.applicant(person.ref)

    with pytest.raises(services.NotEligibleError, match="面向法人及其他组织办理，请改用"):
        cases.draft(applicant_ref=person.ref, by=actor)


def test_everything_that_is_missing_or_wrong_is_named_at_once():
    draft = cases.draft(
        answers={"kind": "palace", "raw_food": True, "area_m2": 0, "phone": "12", "odd": "x"}
    )

    with pytest.raises(services.IncompleteError) as caught:
        cases.submit(draft.id)

    assert list(caught.value.problems) == [
        "odd",
        "kind",
        "address",
        "area_m2",
        "phone",
        "layout",
        "rules",
        "room",
    ]
    assert caught.value.message.startswith("还有8处需要补充或改正：")
    assert "“面积”应在1至10000之间（单位：平方米）。" in caught.value.message
    assert "请上传“平面图”。" in caught.value.message
    assert Case.objects.count() == 0


def test_materials_are_waived_filed_tolerated_or_not_needed():
    draft = cases.draft()
    ref = cases.upload()
    services.attach(draft_id=draft.id, material_id="layout", upload_ref=ref, by=cases.FIRM, at=AT)

    case = cases.submit(draft.id, tolerance_signed=True)

    found = {one.material_id: one for one in cases.page(case.number).materials}
    assert {key: one.state for key, one in found.items()} == {
        "application": MaterialState.WAIVED,
        "representative": MaterialState.WAIVED,
        "layout": MaterialState.FILED,
        "rules": MaterialState.TOLERATED,
    }
    assert found["representative"].source.startswith("法人库")
    assert found["rules"].due_on == dt.date(2026, 3, 11)
    assert found["layout"].upload_refs == (ref,)
    assert documents.upload(ref).used_by == f"case:{case.number}"


def test_a_valid_licence_waives_the_material_that_proves_it():
    licences.issue_licence(
        type_code="restaurant",
        holder_ref=cases.FIRM_REF,
        holder_name="上海示例餐饮管理有限公司",
        holder_number=registers.FIRM,
        issuer="market",
        fields=[("经营场所地址", "示例路")],
        valid_from=dt.date(2026, 1, 1),
        valid_until=dt.date(2026, 3, 7),
        case_number="",
        by=cases.APPROVER,
        at=AT,
    )
    definition = cases.without_materials(slug="renewal")
    definition["materials"].append(
        {
            "id": "old",
            "name": "原许可证",
            "source": "government",
            "waive_by": "licence",
            "waive_ref": "restaurant",
            "basis": "食品安全法 第三十五条",
            "accept_standard": "有效。",
        }
    )
    cases.publish(definition)
    valid = cases.draft(item_slug="renewal")
    expired = cases.draft(item_slug="renewal")

    assert cases.submit(valid.id).state is CaseState.RECEIVED
    with pytest.raises(services.IncompleteError, match="请上传“原许可证”"):
        cases.submit(expired.id, at=AT + dt.timedelta(days=3))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"declaration_accepted": False}, "勾选申请人声明", id="no declaration"),
        pytest.param({"idempotency_key": " "}, "提交编号应为1至80个可见字符", id="no key"),
        pytest.param({"idempotency_key": "x" * 81}, "提交编号应为1至80", id="long key"),
        pytest.param({"idempotency_key": "a\x00b"}, "提交编号应为1至80", id="odd key"),
        pytest.param({"at": AT + dt.timedelta(days=91)}, "已过保留期限", id="expired"),
    ],
)
def test_a_submission_that_cannot_be_taken_says_what_to_do(changes, words):
    draft = cases.draft()
    services.attach(
        draft_id=draft.id, material_id="layout", upload_ref=cases.upload(), by=cases.FIRM, at=AT
    )

    with pytest.raises(services.SubmissionRefusedError, match=words):
        cases.submit(draft.id, **changes)


def test_an_item_that_is_not_online_is_sent_to_the_window():
    cases.publish(
        cases.without_materials(slug="window-only", channels=["counter"], mail_materials=True)
    )

    with pytest.raises(services.SubmissionRefusedError, match="不在网上受理，请携带材料到服务窗口"):
        cases.submit(cases.draft(item_slug="window-only").id)


def test_a_deadline_beyond_the_calendar_is_shown_and_nothing_is_half_done():
    cases.publish(cases.without_materials(slug="easy"))
    draft = cases.draft(item_slug="easy")

    with pytest.raises(CalendarGapError, match="工作日历"):
        cases.submit(draft.id, calendar=cases.ENDING, at=AT + dt.timedelta(days=8))

    assert Case.objects.count() == 0
    assert Draft.objects.get(pk=draft.id).submitted_case is None


def test_submitting_twice_gives_the_same_case_and_ends_the_draft():
    cases.publish(cases.without_materials(slug="easy"))
    draft = cases.draft(item_slug="easy")

    first = cases.submit(draft.id)
    again = cases.submit(draft.id, idempotency_key="another")

    assert first.number == again.number
    assert Case.objects.count() == 1
    with pytest.raises(services.DraftRefusedError, match="已经提交，不能再修改"):
        cases.draft(draft_id=draft.id, item_slug="easy")
    with pytest.raises(services.DraftRefusedError, match="已经提交"):
        services.delete_draft(draft_id=draft.id, by=cases.FIRM, at=AT)


def test_only_ones_own_free_files_for_known_materials_are_attached():
    draft = cases.draft()
    used = cases.upload()
    services.attach(draft_id=draft.id, material_id="layout", upload_ref=used, by=cases.FIRM, at=AT)
    cases.submit(draft.id, tolerance_signed=True)
    other = cases.draft()

    for ref in (used, cases.upload("user:else"), "upload:" + "0" * 32, "nonsense"):
        with pytest.raises(services.DraftRefusedError, match="找不到这个文件，或者它已用于"):
            services.attach(
                draft_id=other.id, material_id="layout", upload_ref=ref, by=cases.FIRM, at=AT
            )
    with pytest.raises(services.DraftRefusedError, match="没有这项材料"):
        services.attach(
            draft_id=other.id,
            material_id="castle",
            upload_ref=cases.upload(),
            by=cases.FIRM,
            at=AT,
        )


def test_files_can_be_taken_away_again_and_drafts_deleted():
    draft = cases.draft()
    ref = cases.upload()
    attached = services.attach(
        draft_id=draft.id, material_id="layout", upload_ref=ref, by=cases.FIRM, at=AT
    )
    assert attached.uploads == (("layout", ref),)

    assert services.detach(draft_id=draft.id, upload_ref=ref, by=cases.FIRM, at=AT).uploads == ()
    services.delete_draft(draft_id=draft.id, by=cases.FIRM, at=AT)

    assert Draft.objects.count() == 0


def test_a_draft_takes_a_bounded_number_of_files(monkeypatch):
    monkeypatch.setattr("yiwang.cases.services.drafting.UPLOADS_PER_DRAFT", 0)

    with pytest.raises(services.DraftRefusedError, match="最多附0个文件，请合并后再上传"):
        services.attach(
            draft_id=cases.draft().id,
            material_id="layout",
            upload_ref=cases.upload(),
            by=cases.FIRM,
            at=AT,
        )


def test_expired_drafts_are_purged_and_submitted_ones_kept():
    cases.publish(cases.without_materials(slug="easy"))
    cases.draft()
    cases.submit(cases.draft(item_slug="easy").id)

    purged = [
        services.purge_drafts(
            by=Actor(ref="job:purge"), at=dt.datetime(2026, 6, day, 4, tzinfo=dt.UTC)
        )
        for day in (4, 5)
    ]
    assert purged == [0, 1]
    (row,) = trail.trail(act="cases.purge_drafts")
    assert (row.actor, len(row.detail["drafts"])) == ("job:purge", 1)
    assert Draft.objects.count() == 1


def test_answers_to_questions_that_are_not_asked_are_never_stored():
    definition = cases.without_materials(slug="easy")
    definition["sections"][0]["questions"].append(
        {
            "id": "seats",
            "label": "座位数",
            "kind": "number",
            "unit": "个",
            "minimum": 0,
            "maximum": 10,
            "when": {"kind": "canteen"},
        }
    )
    cases.publish(definition)

    case = cases.submit(cases.draft(item_slug="easy", answers={**cases.ANSWERS, "seats": 5}).id)

    assert "seats" not in cases.page(case.number).answers


def test_a_key_names_one_draft_only():
    cases.publish(cases.without_materials(slug="easy"))
    first, second = cases.draft(item_slug="easy"), cases.draft(item_slug="easy")
    cases.submit(first.id, idempotency_key="k")

    with pytest.raises(services.SubmissionRefusedError, match="已用于另一份申请"):
        cases.submit(second.id, idempotency_key="k")

    assert Case.objects.count() == 1
    assert cases.submit(second.id, idempotency_key="other").state is CaseState.RECEIVED
