"""Automatic handling goes live only when somebody assessed what it reads (影响评估)."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from PIL import Image

from tests.factories import automatic, cases
from tests.factories.assessments import ASSESSED, POINTS, assess
from tests.factories.automatic import SENIOR, Register, submit
from tests.factories.cases import FRIDAY
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.models.automatic import AutoSwitch
from yiwang.cases.policy.assessing import AssessmentState, Conclusion, Points, Readiness
from yiwang.cases.policy.states import Way
from yiwang.cases.queries import assessing
from yiwang.cases.services import AssessmentRefusedError, NotAssessedError, checks
from yiwang.cases.services.assessing import require_assessment
from yiwang.cases.services.steps import TextRefusedError
from yiwang.catalogue import services as catalogue
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.documents import queries as documents
from yiwang.documents import services as uploads
from yiwang.documents.queries import UploadDestroyedError
from yiwang.organisations.permissions import EVERYWHERE, Actor, PermissionRefusedError, Post

OWNER = Actor(ref="user:owner", name="冯编写", posts={"market": frozenset({Post.ITEM_OWNER})})
OTHER = Actor(ref="user:owner2", name="褚编写", posts={"market": frozenset({Post.ITEM_OWNER})})
HEAD = Actor(ref="user:head", name="周负责", posts={"market": frozenset({Post.DEPARTMENT_HEAD})})
BOTH = Actor(
    ref="user:ownerhead",
    name="韩兼任",
    posts={"market": frozenset({Post.ITEM_OWNER, Post.DEPARTMENT_HEAD})},
)
STRANGER = Actor(
    ref="user:stranger", name="吴外人", posts={"housing": frozenset({Post.DEPARTMENT_HEAD})}
)
AUDITOR = Actor(ref="user:auditor", posts={EVERYWHERE: frozenset({Post.AUDIT_ADMIN})})
CHECKER = Actor(ref="user:checker", posts={EVERYWHERE: frozenset({Post.ITEM_CHECKER})})
APPROVER = Actor(ref="user:approver", name="赵审批", posts={"market": frozenset({Post.APPROVER})})
TODAY = FRIDAY.date()
WITHOUT = automatic.without("pension")
NEW_DATA = "社会保险经办系统：正在领取养老金"


@pytest.fixture
def item(district: None) -> ItemVersion:
    """The item without the fact on pensions, live and assessed."""
    automatic.card_type()
    return cases.publish(automatic.senior(auto_rules=WITHOUT))


@pytest.fixture
def plain(district: None) -> ItemVersion:
    """The same item with rules, but not automatic, and not assessed."""
    automatic.card_type()
    return cases.publish(automatic.senior(auto_rules=WITHOUT, auto_decide=False))


def version(**changes: Any) -> ItemVersion:
    return parse_item(automatic.senior(**({"auto_rules": WITHOUT} | changes)))


def looser(years: int = 60) -> dict[str, Any]:
    """The same rules with another threshold: no other data are read."""
    rows = [dict(row) for row in WITHOUT["rows"]]
    rows[0]["when"] = rows[0]["when"] | {"born_on": f"≥ {years}"}
    return dict(WITHOUT) | {"rows": rows}


def publish(wanted: ItemVersion) -> ItemVersion | None:
    with transaction.atomic():
        return catalogue.publish_item(version=wanted, pack="test", by=CHECKER, at=FRIDAY)


def behind_the_services(wanted: ItemVersion) -> None:
    """Publish past every check of the program."""
    with transaction.atomic():
        catalogue.publish_from_pack(version=wanted, pack="test", by="system:x", at=FRIDAY)
        connection.check_constraints()


def write(**changes: Any) -> assessing.AssessmentView:
    arguments = {
        "item_slug": SENIOR,
        "draft": None,
        "points": POINTS,
        "conclusion": Conclusion.FIT,
        "by": OWNER,
        "at": FRIDAY,
    }
    return services.write_assessment(**(arguments | changes))


def handed_in(**changes: Any) -> int:
    one = write(**changes)
    services.submit_assessment(assessment=one.id, by=changes.get("by", OWNER), at=FRIDAY)
    return one.id


def approve(key: int, **changes: Any) -> assessing.AssessmentView:
    arguments = {"assessment": key, "agree": True, "by": HEAD, "at": FRIDAY}
    return services.approve_assessment(**(arguments | changes))


def readiness() -> assessing.ItemReadiness:
    (one,) = assessing.readiness(by=HEAD, on=TODAY)
    return one


def test_rules_that_nobody_assessed_do_not_go_live(plain):
    with pytest.raises(
        NotAssessedError,
        match="“敬老卡申领”还没有经批准的个人信息保护影响评估，请先编写评估并由另一名有权人员批准",
    ):
        publish(version())

    approve(handed_in())

    assert publish(version()) is not None
    assert readiness().readiness is Readiness.VALID


def test_the_database_lets_no_version_go_live_that_nobody_assessed(plain):
    with pytest.raises(IntegrityError, match="cases_goes_live_when_assessed"):
        behind_the_services(version())


def test_the_database_asks_for_every_source_that_rules_read(item):
    ImpactAssessment.objects.update(state="archived", archived_on=TODAY)
    assess(item, sources=["answer:kind"])

    with pytest.raises(IntegrityError, match="cases_goes_live_when_assessed"):
        behind_the_services(version(summary="改了一句话"))


def test_other_thresholds_need_no_new_assessment(item):
    assert publish(version(auto_rules=looser())) is not None


def test_new_data_need_a_new_assessment_and_are_named(item):
    wanted = version(auto_rules=automatic.RULES)

    with pytest.raises(NotAssessedError, match=f"没有评估过的数据（{NEW_DATA}），请重新评估"):
        publish(wanted)


def test_rules_that_read_less_are_covered(district):
    automatic.card_type()
    cases.publish(automatic.senior())

    assert publish(version()) is not None


def test_an_assessment_that_says_no_lets_nothing_go_live(plain):
    approve(handed_in(conclusion=Conclusion.UNFIT))

    with pytest.raises(NotAssessedError, match="结论是不可以自动办理，请修改规则并重新评估"):
        publish(version())


def test_after_the_day_of_review_nothing_new_goes_live_and_what_runs_goes_on(item):
    ImpactAssessment.objects.update(review_on=TODAY - dt.timedelta(days=1))

    with pytest.raises(NotAssessedError, match="已过复评日期（2026-03-05），请重新评估"):
        publish(version(auto_rules=looser()))
    assert readiness().readiness is Readiness.OVERDUE
    register = checks.put_in_place(Register())
    try:
        assert submit(automatic.elder(), at=FRIDAY).way is Way.AUTOMATIC
    finally:
        register()


def test_the_switch_goes_on_again_only_with_an_assessment(item):
    services.stop_automatic(item_slug=SENIOR, reason="核对规则", by=APPROVER, at=FRIDAY)
    services.ask_resume_automatic(item_slug=SENIOR, reason="核对好了", by=APPROVER, at=FRIDAY)
    ImpactAssessment.objects.update(state="archived", archived_on=TODAY)

    with pytest.raises(NotAssessedError, match="还没有经批准的个人信息保护影响评估"):
        services.resume_automatic(item_slug=SENIOR, reason="同意", by=HEAD, at=FRIDAY)

    declined = services.resume_automatic(
        item_slug=SENIOR, reason="没有评估", by=HEAD, at=FRIDAY, agree=False
    )
    assert not declined.on
    with pytest.raises(NotAssessedError):
        services.ask_resume_automatic(item_slug=SENIOR, reason="再来", by=APPROVER, at=FRIDAY)


def test_the_database_resumes_nothing_that_nobody_assessed(item):
    services.stop_automatic(item_slug=SENIOR, reason="核对规则", by=APPROVER, at=FRIDAY)
    services.ask_resume_automatic(item_slug=SENIOR, reason="核对好了", by=APPROVER, at=FRIDAY)
    ImpactAssessment.objects.update(state="archived", archived_on=TODAY)

    asked = AutoSwitch.objects.latest("id")
    with pytest.raises(IntegrityError, match="resumes_what_is_assessed"), transaction.atomic():
        AutoSwitch.objects.create(
            item_slug=SENIOR,
            act="resume",
            reason="同意",
            by="user:head",
            by_name="周",
            at=FRIDAY,
            asked=asked,
            asked_by=asked.by,
        )


def test_a_suspended_item_is_resumed_only_with_an_assessment(item):
    catalogue.suspend_item(
        slug=SENIOR, from_on=TODAY, document="示例发〔2026〕1号", by=CHECKER, at=FRIDAY
    )
    ImpactAssessment.objects.update(state="archived", archived_on=TODAY)

    with pytest.raises(NotAssessedError, match="还没有经批准的个人信息保护影响评估"):
        catalogue.resume_item(slug=SENIOR, document="示例发〔2026〕2号", by=CHECKER, at=FRIDAY)


def test_what_rules_read_is_taken_from_them_and_said_in_words(item):
    one = write()

    assert [read.words for read in one.reads] == [
        "申请人填写：办哪一种",
        "登记库：出生日期",
        "人口库：户籍在本市",
        "电子证照库：持有有效的敬老卡",
    ]
    assert one.item_version == item.version
    assert one.rules_name == "敬老卡"


def test_another_person_approves(plain):
    key = handed_in(by=BOTH)

    with pytest.raises(AssessmentRefusedError, match="须由编写人以外的另一名有权人员批准"):
        approve(key, by=BOTH)
    with pytest.raises(PermissionRefusedError, match="批准、归档、删除个人信息保护影响评估"):
        approve(key, by=OTHER)
    with pytest.raises(LookupError):
        approve(key, by=STRANGER)

    done = approve(key)
    assert done.state is AssessmentState.APPROVED
    assert done.approved_by_name == "周负责"
    assert done.review_on == dt.date(2027, 3, 6)


def test_the_database_knows_four_eyes(item):
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        ImpactAssessment.objects.update(approved_by="user:owner")


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        pytest.param(
            {"state": "on", "approved_by": "", "approved_at": None}, "state_known", id="state"
        ),
        pytest.param({"approved_at": None}, "approved_by_somebody_at_some_moment", id="moment"),
        pytest.param({"review_on": None}, "approved_by_somebody_at_some_moment", id="review"),
        pytest.param({"archived_on": TODAY}, "archived_says_when", id="archived"),
    ],
)
def test_the_database_knows_what_belongs_to_an_approval(item, changes, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ImpactAssessment.objects.update(**changes)


def test_the_database_wants_every_point_answered(item):
    with pytest.raises(IntegrityError, match="says_all_before_approval"), transaction.atomic():
        assess(item, risks=" ")
    with pytest.raises(IntegrityError, match="says_all_before_approval"), transaction.atomic():
        assess(item, conclusion="")


def test_an_item_has_one_open_assessment(item):
    write()

    with pytest.raises(IntegrityError, match="one_open_per_item"), transaction.atomic():
        assess(item, state="draft", approved_by="", approved_at=None, written_by="user:z")
    with pytest.raises(AssessmentRefusedError, match="冯编写正在编写本事项的评估"):
        write(by=OTHER)


def test_nobody_changes_what_was_handed_in(item):
    key = handed_in()

    with pytest.raises(AssessmentRefusedError, match="正在等待批准，请等批准或者退回以后再写"):
        write()
    with pytest.raises(IntegrityError, match="text_fixed"), transaction.atomic():
        ImpactAssessment.objects.filter(pk=key).update(purpose="另一个目的")


def test_a_draft_says_what_it_lacks(item):
    one = write(points=Points(purpose="发卡"), conclusion=None)

    with pytest.raises(AssessmentRefusedError, match="请补写：处理方式和个人信息种类；目的"):
        services.submit_assessment(assessment=one.id, by=OWNER, at=FRIDAY)

    write(conclusion=None)
    with pytest.raises(AssessmentRefusedError, match="请选择评估的结论"):
        services.submit_assessment(assessment=one.id, by=OWNER, at=FRIDAY)
    with pytest.raises(AssessmentRefusedError, match="最多2000个字，现为2001个字"):
        write(points=Points(purpose="长" * 2_001))
    with pytest.raises(AssessmentRefusedError, match="评估由冯编写编写，请由其本人送批准"):
        services.submit_assessment(assessment=one.id, by=OTHER, at=FRIDAY)


def test_rules_that_changed_meanwhile_are_written_in_first(item):
    one = write()
    assess(version(auto_rules=automatic.RULES))
    publish(version(auto_rules=automatic.RULES))

    with pytest.raises(AssessmentRefusedError, match=f"新读取了{NEW_DATA}，请把它们写进评估"):
        services.submit_assessment(assessment=one.id, by=OWNER, at=FRIDAY)


def test_it_is_given_back_with_a_reason(item):
    key = handed_in()

    with pytest.raises(TextRefusedError, match="退回的理由"):
        approve(key, agree=False, reason=" ")
    back = approve(key, agree=False, reason="请写明保存多久")
    assert back.state is AssessmentState.DRAFT
    assert (back.returned_reason, back.returned_by_name) == ("请写明保存多久", "周负责")

    services.submit_assessment(assessment=key, by=OWNER, at=FRIDAY)
    assert approve(key).returned_reason == ""
    with pytest.raises(AssessmentRefusedError, match="只有等待批准的评估可以批准或者退回"):
        approve(key)
    with pytest.raises(AssessmentRefusedError, match="只有编写中的评估可以送批准"):
        services.submit_assessment(assessment=key, by=OWNER, at=FRIDAY)


def test_a_new_one_takes_the_place_of_the_old_which_stays_readable(item):
    (old,) = assessing.assessments(SENIOR, by=HEAD)

    new = approve(handed_in())

    old = assessing.assessment(old.id, by=AUDITOR)
    assert old.state is AssessmentState.ARCHIVED
    assert old.archived_reason == f"由第{new.id}号评估代替。"
    assert old.kept_until == dt.date(2029, 3, 6)
    assert assessing.assessment(new.id, by=AUDITOR).covers == (1,)


def test_the_one_that_rules_in_force_rest_on_is_not_put_away(item):
    (one,) = assessing.assessments(SENIOR, by=HEAD)

    with pytest.raises(AssessmentRefusedError, match="自动办理以这份评估为依据，请先批准新的评估"):
        services.archive_assessment(assessment=one.id, reason="不用了", by=HEAD, at=FRIDAY)

    less = automatic.without("born_on")
    assess(version(auto_rules=less | {"rows": less["rows"][1:]}), written_by="user:z")
    spare = ImpactAssessment.objects.latest("id")
    with pytest.raises(TextRefusedError, match="归档的理由"):
        services.archive_assessment(assessment=spare.pk, reason="", by=HEAD, at=FRIDAY)
    done = services.archive_assessment(assessment=spare.pk, reason="没有用", by=HEAD, at=FRIDAY)
    assert done.archived_on == TODAY
    with pytest.raises(AssessmentRefusedError, match="只有已批准的评估可以归档"):
        services.archive_assessment(assessment=spare.pk, reason="再来", by=HEAD, at=FRIDAY)


def test_no_is_not_said_of_an_item_that_goes_on_running(item):
    key = handed_in(conclusion=Conclusion.UNFIT)

    with pytest.raises(AssessmentRefusedError, match="请先停用自动办理，再批准这份评估"):
        approve(key)

    services.stop_automatic(item_slug=SENIOR, reason="评估说不可以", by=APPROVER, at=FRIDAY)
    approve(key)
    assert readiness().readiness is Readiness.UNFIT


def test_a_draft_is_given_up_by_its_writer_or_the_head(item):
    one = write()

    with pytest.raises(PermissionRefusedError):
        services.discard_assessment(assessment=one.id, by=OTHER, at=FRIDAY)
    services.discard_assessment(assessment=one.id, by=HEAD, at=FRIDAY)

    with pytest.raises(AssessmentRefusedError, match="只有编写中的评估可以作废"):
        services.discard_assessment(assessment=one.id, by=OWNER, at=FRIDAY)
    assert write(by=OTHER).written_by_name == "褚编写"


def test_it_is_deleted_three_years_after_its_last_use_and_not_before(item):
    (old,) = assessing.assessments(SENIOR, by=HEAD)
    with pytest.raises(AssessmentRefusedError, match="只有已归档的评估可以删除"):
        services.delete_assessment(assessment=old.id, reason="清理", by=HEAD, at=FRIDAY)
    approve(handed_in())
    last_day = dt.datetime(2029, 3, 6, 10, tzinfo=cases.ZONE)

    with pytest.raises(
        AssessmentRefusedError,
        match="自停止使用（2026-03-06）起至少保存3年，2029-03-06以后才能删除",
    ):
        services.delete_assessment(assessment=old.id, reason="清理", by=HEAD, at=last_day)
    with pytest.raises(IntegrityError, match="cases_impactassessment_kept"), transaction.atomic():
        ImpactAssessment.objects.filter(pk=old.id).delete()

    ImpactAssessment.objects.filter(pk=old.id).update(archived_on=dt.date(2020, 2, 29))
    with pytest.raises(TextRefusedError, match="删除的理由"):
        services.delete_assessment(assessment=old.id, reason="", by=HEAD, at=last_day)
    with pytest.raises(PermissionRefusedError):
        services.delete_assessment(assessment=old.id, reason="清理", by=OWNER, at=last_day)
    services.delete_assessment(assessment=old.id, reason="清理", by=HEAD, at=last_day)

    with pytest.raises(LookupError):
        assessing.assessment(old.id, by=HEAD)
    acts = [one.act for one in trail(target=f"item:{SENIOR}", limit=3)]
    assert acts[0] == "cases.assessment_delete"


def test_a_document_stays_with_it_and_goes_with_it(item):
    first, second = _upload("甲"), _upload("乙")
    one = write(upload=first)
    write(upload=second)

    with pytest.raises(UploadDestroyedError):
        documents.open_derivative(first)
    assert documents.upload(second).name == "乙.jpg"
    assert write().upload_ref == second
    assert assessing.assessment(one.id, by=AUDITOR).upload_ref == second


def _upload(name: str) -> str:
    held = io.BytesIO()
    Image.new("RGB", (40, 40), "white" if name == "甲" else "red").save(held, "JPEG")
    size = held.tell()
    held.seek(0)
    return uploads.accept_upload(
        file=held, name=f"{name}.jpg", size=size, by=OWNER.ref, at=FRIDAY
    ).ref


def test_who_may_not_is_told_so(item):
    with pytest.raises(PermissionRefusedError, match="编写个人信息保护影响评估"):
        write(by=HEAD)
    with pytest.raises(LookupError):
        write(item_slug="nothing")
    assert assessing.assessments(SENIOR, by=STRANGER) == []
    assert assessing.readiness(by=STRANGER, on=TODAY) == []


def test_the_list_costs_the_same_for_one_item_and_for_many(item):
    def cost() -> tuple[int, int]:
        assessing.readiness(by=HEAD, on=TODAY)  # texts of items are read once and kept
        with CaptureQueriesContext(connection) as asked:
            rows = assessing.readiness(by=HEAD, on=TODAY)
        return len(rows), len(asked)

    _, one = cost()
    for number in range(3):
        cases.publish(
            automatic.senior(
                slug=f"senior-{number}",
                auto_rules=WITHOUT,
                task_code=f"11310114XXXX01011H431073100{number + 3}000",
                handling_code=f"11310114XXXX01011H431073100{number + 3}00001",
                handling_items=[],
            )
        )

    assert cost() == (4, one)
    assert one <= 5


def test_a_decision_by_rules_asks_for_no_assessment(item):
    undo = checks.put_in_place(Register())
    try:
        with CaptureQueriesContext(connection) as asked:
            assert submit(automatic.elder(), at=FRIDAY).way is Way.AUTOMATIC
    finally:
        undo()

    assert not [one for one in asked.captured_queries if "impactassessment" in one["sql"]]


def test_the_gate_asks_nothing_of_items_without_rules(district):
    require_assessment(parse_item(cases.card()), at=ASSESSED)
