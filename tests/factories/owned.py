"""One record of every sort that an address can name: of one firm, in the department market."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.core.management import call_command

from tests.factories import automatic, cases, commitments, desk, exchange, halls, ratings
from tests.factories.organisations import PROGRAM
from tests.factories.registers import code, number, save_entity, save_person
from tests.factories.steps import coded
from yiwang.archives import services as archives
from yiwang.archives.models import LegalHold
from yiwang.cases import services
from yiwang.cases.models import CaseDocument, CaseMaterial, Message
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.models.automatic import AutoReview, AutoRun
from yiwang.cases.models.commitments import ApplicantRecord
from yiwang.cases.policy.commitments import CheckOutcome, RecordKind
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services import checks, sampling
from yiwang.cases.services.automatic import SYSTEM
from yiwang.catalogue import services as catalogue
from yiwang.catalogue.policy.norms import NormEntry, NormReview
from yiwang.consultations import services as consultations
from yiwang.consultations.models import Consultation
from yiwang.exchange import services as gateway
from yiwang.exchange.models import Push
from yiwang.halls.services import agency
from yiwang.licences.models import Licence
from yiwang.organisations import services as organisations
from yiwang.organisations.models import OwnToken, User
from yiwang.organisations.permissions import Actor, Post
from yiwang.organisations.policy.own_tokens import OwnScope
from yiwang.ratings.models import BadRatingTask
from yiwang.ratings.policy.grades import Grade
from yiwang.registration import services as registration
from yiwang.registration.models import DualNotice
from yiwang.registration.policy.notices import NoticeRules, ScopeRule
from yiwang.supervision import services as supervision
from yiwang.supervision.models import InspectionTask

AT = cases.FRIDAY
OVER = AT.replace(year=2057)
"""A package may be destroyed by now."""

KEEPER = Actor(ref="user:archivist", name="吕档案", posts={"market": frozenset({Post.ARCHIVIST})})
OWNER = Actor(
    ref="user:owner",
    name="冯编写",
    posts={"market": frozenset({Post.ITEM_OWNER, Post.LEGAL_OFFICER})},
)
JOB = Actor(ref="job:owned")
NEIGHBOUR = "邻居甲示例"
OTHER_FIRM = "上海无关示例贸易有限公司"
COMMITTED = "committed"

WHOLE_DISTRICT = frozenset(
    {
        Post.SYSTEM_ADMIN,
        Post.SECURITY_ADMIN,
        Post.AUDIT_ADMIN,
        Post.ITEM_CHECKER,
        Post.DISTRICT_LEADER,
    }
)
"""Posts for the whole district; `foreign` holds each of the others, in housing alone."""


@dataclass(kw_only=True)
class Owned:
    """Keys of the records, as addresses name them.

    Attributes:
        cases: Case numbers, one per stage of a case's life.
        keys: Sort of record -> its key.
        secrets: Words that nobody else may read.
    """

    cases: tuple[str, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


def make() -> Owned:
    """Make the people and the records, in the whole district."""
    call_command("createcachetable", verbosity=0)
    _people()
    owned = Owned()
    for make_some in (_walk, _commitment, _rules, _offices, _keeping):
        make_some(owned)
    licence = Licence.objects.filter(holder_ref=cases.FIRM_REF).earliest("pk")
    owned.keys["licence"] = licence.identifier
    owned.secrets = (
        "上海示例餐饮管理有限公司",
        NEIGHBOUR,
        "南翔镇示例路11号",
        licence.number,
        "王示范",
        "示例饭店开办的全部审批",
        "店招能不能用繁体字",
    )
    return owned


def _people() -> None:
    desk.hire()
    desk.hire_keepers()
    for login, subject, name in (
        ("firm", cases.FIRM_REF, "示例餐饮"),
        ("zhang", save_person().ref, "张示例"),
        ("otherfirm", save_entity(uscc=code(77), name=OTHER_FIRM).ref, OTHER_FIRM),
    ):
        organisations.create_applicant_account(
            login=login,
            password=desk.PASSWORD,
            phone="",
            subject_ref=subject,
            name=name,
            by=PROGRAM,
            at=AT,
        )
        User.objects.filter(login=login).update(password_changed_at=AT)
    organisations.create_staff(
        login="foreign", name="吴全岗", password=desk.PASSWORD, by=desk.SYSTEM, at=AT
    )
    User.objects.filter(login="foreign").update(password_changed_at=AT)
    for post in Post:
        if post not in WHOLE_DISTRICT:
            organisations.grant_post(
                login="foreign", department="housing", post=post, by=desk.SECURITY, at=AT
            )


def _files() -> dict[str, list[str]]:
    return {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}


def _walk(owned: Owned) -> None:
    received = cases.receive(uploads=_files()).number
    services.ask_on_spot(number=received, what="门牌有误", by=cases.CLERK, at=AT)
    reviewing = cases.reviewing(uploads=_files()).number
    cases.tell_interested(reviewing, name=NEIGHBOUR)
    closed = cases.closed(uploads=_files()).number
    cases.propose_end(closed)
    owned.cases = (received, cases.correcting(uploads=_files()).number, reviewing, closed)
    letter = CaseDocument.objects.filter(case__number=received).earliest("id")
    (upload,) = CaseMaterial.objects.get(case__number=received, material_id="layout").upload_refs
    owned.keys |= {
        "letter": letter.pk,
        "upload": upload.removeprefix("upload:"),
        "message": Message.objects.filter(to_ref=cases.FIRM_REF).earliest("id").pk,
        "work_message": Message.objects.create(
            to_ref="user:head", title="提醒", body="办件", at=AT
        ).pk,
        "turned_away": services.note_turned_away(
            item_slug=cases.RESTAURANT, visitor=NEIGHBOUR, reason="在外区", by=cases.CLERK, at=AT
        ),
    }
    case = cases.closed(uploads=_files())
    ratings.rate(case, grade=Grade.DISSATISFIED.value, comment="等太久")
    owned.keys["rating"] = BadRatingTask.objects.get(rating__case_number=case.number).number


def _commitment(owned: Owned) -> None:
    item = commitments.restaurant(slug=COMMITTED, name="餐饮服务许可（承诺）", **coded(13))
    cases.publish(item)
    draft = cases.draft(item_slug=COMMITTED)
    commitments.sign(draft)
    number = cases.submit(draft.id, idempotency_key=f"commit-{draft.id}").number
    services.accept_case(number=number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=AT)
    commitments.grant(number)
    photo = cases.upload(commitments.CHECKER.ref)
    commitments.check(
        number,
        outcome=CheckOutcome.CORRECT,
        conditions=["rules"],
        facts="没有自查制度。",
        upload_refs=[photo],
    )
    services.note_record(
        applicant_ref=cases.FIRM_REF,
        kind=RecordKind.SERIOUS,
        reason="查证属实",
        basis="示例办法",
        department="market",
        until_on=None,
        by=cases.HEAD,
        at=AT,
    )
    owned.keys |= {
        "check": number,
        "draft": cases.draft(item_slug=COMMITTED).id,
        "photo": photo.removeprefix("upload:"),
        "record": ApplicantRecord.objects.latest("pk").pk,
    }


def _rules(owned: Owned) -> None:
    automatic.card_type()
    version = cases.publish(automatic.senior(department="market"))
    undo = checks.put_in_place(automatic.Register())
    try:
        automatic.submit(automatic.elder(), at=AT)
        other = automatic.elder(id_number=number(9, born_on=automatic.BORN))
        by_people = automatic.submit(other, at=AT, by_person=True, key="person").number
    finally:
        undo()
    sampling.draw_sample(day=AT.date(), seed="s", by=SYSTEM, at=AT)
    shared: dict[str, Any] = {"number": by_people, "at": AT}
    services.accept_case(calendar=cases.CALENDAR, by=cases.REVIEWER, **shared)
    services.propose(outcome=Outcome.GRANT, opinion="核对", by=cases.REVIEWER, **shared)
    services.decide(outcome=Outcome.GRANT, calendar=cases.CALENDAR, by=cases.APPROVER, **shared)
    assert version.auto_rules is not None
    replay = services.ask_replay(
        item_slug=automatic.SENIOR,
        department="market",
        rules=version.auto_rules,
        by=cases.HEAD,
        at=AT,
        version=1,
        inline=True,
    )
    owned.keys |= {
        "run": AutoRun.objects.latest("pk").pk,
        "review": AutoReview.objects.latest("pk").pk,
        "replay": replay.id,
        "assessment": ImpactAssessment.objects.latest("pk").pk,
    }


def _offices(owned: Owned) -> None:
    rules = NoticeRules(
        registrar="market",
        centre="centre",
        items=(cases.CARD,),
        scope_questions=("note",),
        claim_workdays=3,
        follow_workdays=30,
        inspect_workdays=20,
        rules=(
            ScopeRule(
                keywords=("餐饮服务",),
                item=cases.RESTAURANT,
                item_name="餐饮服务许可",
                department="market",
            ),
        ),
        source="测试",
    )
    registration.save_rules(rules, by="system:test", at=AT)
    registration.push_notices(
        rules=rules,
        case_number="R1",
        entity_ref=cases.FIRM_REF,
        entity_name="上海示例餐饮管理有限公司",
        scope="餐饮服务",
        calendar=cases.CALENDAR,
        by=JOB,
        at=AT,
    )
    supervision.open_inspection(
        subject_ref=cases.FIRM_REF,
        name="上海示例餐饮管理有限公司",
        item_slug=cases.RESTAURANT,
        item_name="餐饮服务许可",
        department="market",
        source="dual:1",
        reason="疑似无证经营",
        opened_on=AT.date(),
        due_on=AT.date(),
        by=cases.HEAD,
        at=AT,
    )
    asked = consultations.ask_at_window(
        question="店招能不能用繁体字？",
        department="market",
        asker_ref=cases.FIRM_REF,
        workdays=5,
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=AT,
    )
    mandate = agency.record_mandate(
        uscc=cases.FIRM_REF.removeprefix("entity:"),
        matter="示例饭店开办的全部审批",
        signed_by="张示例",
        phone="021-00000099",
        last_on=AT.date() + dt.timedelta(days=90),
        department="centre",
        by=cases.CLERK,
        at=AT,
    )
    agency.appoint_liaison(department="market", login="reviewer", by=cases.HEAD, at=AT)
    question = agency.ask_liaison(
        mandate=mandate.id,
        case_number=owned.cases[2],
        text="要带原件吗？",
        calendar=cases.CALENDAR,
        by=cases.CLERK,
        at=AT,
    )
    owned.keys |= {
        "notice": DualNotice.objects.latest("pk").pk,
        "inspection": InspectionTask.objects.latest("pk").pk,
        "question": Consultation.objects.get(query_code=asked.query_code).pk,
        "mandate": mandate.id,
        "agency_question": question,
    }


def _keeping(owned: Owned) -> None:
    package = archives.make_package(
        number=owned.cases[-1], by=KEEPER, at=AT + dt.timedelta(days=40)
    )
    destruction = archives.propose_destruction(
        package_id=package.id, reason="保管期满", by=KEEPER, at=OVER
    )
    archives.place_hold(case_number=owned.cases[-1], reason="诉讼未结", by=KEEPER, at=OVER)
    norm = NormEntry(
        number="示例府规〔2025〕9号",
        title="示例区餐饮许可管理办法",
        issuer="示例区人民政府",
        issued_on=dt.date(2025, 3, 1),
        valid_from=dt.date(2025, 4, 1),
        valid_until=dt.date(2030, 3, 31),
        department="market",
        legality=NormReview.PASSED,
        fair_competition=NormReview.NOT_NEEDED,
        source="虚构",
    )
    exchange.keys(exchange.register())
    gateway.begin_missing(at=AT)
    halls.open_hall()
    token = organisations.make_own_token(
        purpose="查办件",
        subject_ref=cases.FIRM_REF,
        scopes=[OwnScope.READ_CASES],
        days=30,
        proof=desk.PASSWORD,
        by=cases.FIRM,
        at=AT,
    )
    owned.keys |= {
        "package": package.id,
        "destruction": destruction,
        "hold": LegalHold.objects.latest("pk").pk,
        "norm": catalogue.enter_norm(entry=norm, by=OWNER, at=AT),
        "item_draft": catalogue.begin_draft(slug=cases.RESTAURANT, by=OWNER, at=AT),
        "push": Push.objects.latest("pk").pk,
        "token": OwnToken.objects.latest("pk").pk,
    }
    assert token.token
