"""Random histories of cases: acts by anybody at any moment, through the services.

`History.go` draws one act, one actor and one moment, and says whether the act was refused. Every
history follows a plan two thirds of the time, so that all steps of the table are reached; of the
other acts two in three are likely ones, and the rest is anything by anybody.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from tests.factories import automatic, cases, commitments
from tests.factories.desk import hire
from tests.factories.steps import COMMITTED, WAYS, coded, ways
from yiwang.cases import services, tasks
from yiwang.cases.models import Case, CaseDocument, CorrectionItem
from yiwang.cases.policy.checks import Trouble
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.policy.ending import NotEnded
from yiwang.cases.policy.interested import Party
from yiwang.cases.policy.procedure import HearingEnd, HearingOrigin, InquiryAnswer
from yiwang.cases.policy.states import STEPS, CaseState, Desk, Step
from yiwang.cases.policy.terminating import TerminationGround
from yiwang.cases.policy.terms import DeliveryChannel, Outcome, Relation
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.catalogue.policy.items import CheckMethod
from yiwang.kernel.clocks import StopReason
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences.models import Licence
from yiwang.organisations.permissions import EVERYWHERE, GRANTS, Actor, Post

DAY = dt.timedelta(days=1)

JOINT, TESTED = "joint", "tested"
LIMITS = {
    cases.RESTAURANT: (20, 5),
    JOINT: (45, 30),
    TESTED: (20, 5),
    COMMITTED: (20, 5),
    WAYS: (20, 5),
    automatic.SENIOR: (20, 5),
    cases.CARD: (0, 0),
}
"""Item -> working days of law and promise."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a history is mainly about: an item, and steps or jobs one after the other."""

    item: str
    follow: tuple[Step | str, ...]
    leads_to: Step | None = None
    """A step that its jobs take."""

    @property
    def steps(self) -> set[Step]:
        """Steps that it may reach."""
        return {one for one in (*self.follow, self.leads_to) if isinstance(one, Step)}


_DECIDED = (Step.ACCEPT, Step.PROPOSE, Step.GRANT)
_ENDING = (Step.PROPOSE_END, Step.STATE_VIEWS)
ENDS = (Step.REVOKE, Step.RETRACT, Step.DEREGISTER)
PLANS = (
    Plan("", ()),
    Plan(
        cases.RESTAURANT,
        (
            Step.ACCEPT,
            Step.NOTIFY_HEARING,
            Step.REQUEST_HEARING,
            Step.SET_HEARING,
            Step.END_HEARING,
            Step.PROPOSE,
            Step.REFUSE,
        ),
    ),
    Plan(
        TESTED,
        (
            Step.ACCEPT,
            Step.ASK_EXTENSION,
            Step.EXTEND,
            Step.START_SPECIAL,
            Step.END_SPECIAL,
        ),
    ),
    Plan(
        TESTED,
        (
            Step.ACCEPT,
            Step.ASK_EXTENSION,
            Step.DECLINE_EXTENSION,
            Step.START_SPECIAL,
            Step.END_SPECIAL,
            Step.ASK_EXTENSION,
            Step.EXTEND,
        ),
    ),
    Plan(
        cases.RESTAURANT,
        (
            Step.ASSIGN,
            Step.ACCEPT,
            Step.START_REVIEW,
            Step.CHECK_SITE,
            Step.PROPOSE,
            Step.ASSIGN,
            Step.REFUSE,
        ),
    ),
    Plan(
        cases.RESTAURANT,
        (
            Step.ACCEPT,
            Step.TELL_INTERESTED,
            Step.NOTE_VIEWS,
            Step.NOTE_VIEWS,
            Step.PROPOSE,
            Step.GRANT,
        ),
    ),
    Plan(
        JOINT,
        (
            Step.ACCEPT,
            Step.ASK_DEPARTMENT,
            Step.DEPARTMENT_OPINION,
            Step.ASK_EXTENSION,
            Step.EXTEND,
            Step.PROPOSE,
            Step.GRANT,
        ),
    ),
    Plan(
        cases.RESTAURANT,
        (*_DECIDED, Step.CLOSE, *_ENDING, Step.DECLINE_END, *_ENDING, *ENDS),
    ),
    Plan(cases.RESTAURANT, (*_DECIDED, Step.CLOSE, Step.PROPOSE_END, *ENDS)),
    Plan(
        cases.RESTAURANT,
        (*_DECIDED, Step.SEND, Step.NOTE_RETURN, Step.SEND, Step.CLOSE, *_ENDING, *ENDS),
    ),
    Plan(
        COMMITTED,
        (Step.ACCEPT, Step.GRANT_ON_COMMITMENT, Step.CLOSE, "post-check", *_ENDING, *ENDS),
    ),
    Plan(WAYS, (Step.ACCEPT, "two months", "deem renewed", Step.CLOSE), Step.DEEM_RENEWED),
    Plan(automatic.SENIOR, ("rules", "rules", *_ENDING, *ENDS), Step.GRANT_AUTOMATIC),
    Plan(cases.RESTAURANT, (Step.ASK_CORRECTION, Step.FILE_CORRECTION, Step.DECLINE)),
    Plan(TESTED, (Step.CHANGE_CONTACT, Step.ACCEPT, Step.WITHDRAW_MATERIAL, Step.WITHDRAW)),
    Plan(cases.RESTAURANT, (Step.PROPOSE_DECLINE, Step.NO_NEED)),
    Plan(
        cases.RESTAURANT,
        (
            Step.ASK_ON_SPOT,
            Step.FIX_ON_SPOT,
            Step.ACCEPT,
            Step.PROPOSE,
            Step.SEND_BACK,
            Step.PROPOSE,
            Step.GRANT,
        ),
    ),
    Plan(cases.RESTAURANT, (Step.PROPOSE_DECLINE, Step.ACCEPT)),
    Plan(cases.CARD, (Step.ACCEPT, Step.GRANT_ON_SPOT, Step.CLOSE)),
    Plan(cases.CARD, (Step.ACCEPT, Step.REFUSE_ON_SPOT, Step.SEND)),
)
"""The first is none: any item, and whatever comes."""

PATIENCE = 4
"""How often a planned act is tried before the next one is."""

LEADER = Actor(
    ref="user:leader", name="郑区长", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})}
)
BUILDER = Actor(ref="user:builder", name="何建设", posts={"housing": frozenset({Post.REVIEWER})})
STAFF = (
    cases.CLERK,
    cases.REVIEWER,
    cases.SECOND_REVIEWER,
    cases.APPROVER,
    cases.BOTH,
    cases.HEAD,
    BUILDER,
    LEADER,
    commitments.CHECKER,
)
APPLICANTS = (cases.FIRM, cases.NOBODY)
JOB = Actor(ref="job:anything", name="系统")


def _with_a_plan(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the item with a material that is brought to the window on paper."""
    plan = next(one for one in cases.restaurant()["materials"] if one["id"] == "layout")
    return definition | {"materials": [*definition["materials"], plan]}


def world() -> None:
    """Make the district, its staff and an item of every sort."""
    cases.district(items=False)
    automatic.card_type()
    joint = {
        "statutory_workdays": 45,
        "promised_workdays": 30,
        "source": "行政许可法 第四十二条第二款",
        "effective_on": dt.date(2026, 1, 1),
    }
    tested = [{"name": "水质检测", "workdays": 8, "basis": "食品安全法 第八十四条"}]
    for item in (
        cases.without_materials(),
        cases.card(),
        cases.without_materials(
            slug=JOINT,
            name="餐饮服务许可（联办）",
            joint_departments=["housing"],
            limit=joint,
            **coded(11),
        ),
        _with_a_plan(
            cases.without_materials(
                slug=TESTED, name="餐饮服务许可（检测）", special_steps=tested, **coded(12)
            )
        ),
        commitments.restaurant(slug=COMMITTED, name="餐饮服务许可（告知承诺）", **coded(13)),
        ways(),
        automatic.senior(),
    ):
        cases.publish(item)
    hire("clerk", "reviewer", "reviewer2", "approver", "both", "head")


@dataclasses.dataclass
class Taken:
    """One try: what, by whom, when, on which case, and the refusal if there was one."""

    what: str
    by: Actor
    at: dt.datetime
    number: str
    refusal: RefusedError | None

    def __str__(self) -> str:
        said = f"refused: {self.refusal.message}" if self.refusal else "done"
        return f"{self.at:%m-%d %H:%M} {self.number[-4:]} {self.what} by {self.by.ref}: {said}"


class History:
    """Cases of one district over some months.

    Attributes:
        at: The moment up to which it has run.
        calendar: Working days as the notices make them by now.
        numbers: Its cases.
        plan: What it is mainly about.
        tried: Every act, taken or refused.
    """

    def __init__(self, pick: Callable[[Sequence[Any]], Any], plan: Plan = PLANS[0]) -> None:
        self.pick = pick
        self.at = cases.FRIDAY
        self.calendar = cases.CALENDAR
        self.numbers: list[str] = []
        self.elder = cases.elder()
        self.tried: list[Taken] = []
        self.plan = plan
        self.ahead = list(plan.follow)
        self.patience = PATIENCE
        self.register = automatic.Register()
        self.begin()
        self.main = self.numbers[-1]

    def begin(self) -> None:
        """Open the case that the history is mainly about."""
        item = self.plan.item or self.pick([*LIMITS, cases.RESTAURANT])
        if item == WAYS:
            granted = self.open(item, way="issue")
            services.accept_case(number=granted, calendar=self.calendar, by=cases.CLERK, at=self.at)
            services.propose(
                number=granted,
                outcome=Outcome.GRANT,
                opinion="符合",
                by=cases.REVIEWER,
                at=self.at,
            )
            services.decide(
                number=granted,
                outcome=Outcome.GRANT,
                calendar=self.calendar,
                by=cases.APPROVER,
                at=self.at,
            )
            Licence.objects.update(valid_until=dt.date(2026, 5, 6))
            self.open(item, way="renew")
        else:
            self.open(item)

    def open(self, item: str, *, way: str = "") -> str:
        """Take one more case in: at the window, or through the portal."""
        if item == COMMITTED:
            draft = cases.draft(item_slug=item, at=self.at)
            commitments.sign(draft, at=self.at)
            case = cases.submit(draft.id, idempotency_key=f"key-{draft.id}", at=self.at)
        elif item == cases.CARD:
            case = cases.receive(item_slug=item, applicant_ref=self.elder, answers={}, at=self.at)
        elif item == automatic.SENIOR:
            self.numbers.append(self.apply_for_card())
            return self.numbers[-1]
        elif way or item == TESTED or self.pick([True, False]):
            answers = cases.ANSWERS | ({"way": way} if way else {})
            paper = ["layout"] if item == TESTED else []
            case = cases.receive(item_slug=item, answers=answers, paper=paper, at=self.at)
        else:
            draft = cases.draft(item_slug=item, at=self.at)
            case = cases.submit(draft.id, idempotency_key=f"key-{draft.id}", at=self.at)
        self.numbers.append(case.number)
        return case.number

    def apply_for_card(self) -> str:
        """Have the old man apply for what rules give; they run at once, or the job comes by."""
        by = Actor(ref="user:elder", name="沈示例", subjects=frozenset({self.elder}))
        draft = services.save_draft(
            draft_id=None,
            item_slug=automatic.SENIOR,
            applicant_ref=self.elder,
            answers={"kind": self.pick(["first"] * 4 + ["lost"])},
            by=by,
            at=self.at,
        )
        case = services.submit_case(
            draft_id=draft.id,
            declaration_accepted=True,
            idempotency_key=f"key-{draft.id}",
            calendar=self.calendar,
            by=by,
            at=self.at,
            by_person=self.pick([False] * 8 + [True]),
        )
        if self.pick([True, True, False]):
            self.asking(
                lambda: services.decide_by_rules(case=case, calendar=self.calendar, at=self.at)
            )
        return case.number

    def asking(self, act: Callable[[], Any]) -> None:
        """Act while a register is well, in trouble, or contradicts itself."""
        self.register.trouble = self.pick([None] * 8 + [*Trouble])
        self.register.fields = {
            "pension": True,
            "contributing": self.pick([False, False, True]),
            "insured": self.pick([True, True, False]),
        }
        undo = checks.put_in_place(self.register)
        try:
            act()
        finally:
            undo()

    def applicant(self, number: str) -> Actor:
        """Return who applied."""
        ref = Case.objects.values_list("applicant_ref", flat=True).get(number=number)
        if ref == cases.FIRM_REF:
            return cases.FIRM
        return Actor(ref="user:elder", name="沈示例", subjects=frozenset({ref}))

    def go(self) -> Taken:
        """Let time pass, and try one act."""
        self.at += self.pick(GAPS)
        if self.ahead and self.pick([True, True, False]):
            return self.follow()
        way = self.pick(["likely"] * 8 + ["anything"] * 3 + ["clock"] * 2)
        if way == "clock":
            return self.clock(self.pick([one for one in CLOCKS if one != "two months"]))
        number = self.pick(self.numbers[-2:])
        if way == "likely":
            state = CaseState(Case.objects.get(number=number).state)
            steps, whom = likely(state, rare=self.pick([False] * 9 + [True])), self.able
        else:
            steps, whom = list(ACTS), self.anybody
        if not steps:
            return self.clock("one more case")
        step = self.pick(steps)
        by = self.pick(whom(step, number))
        return self.take(step.value, by, number, lambda: ACTS[step](self, number, by))

    def follow(self) -> Taken:
        """Try the next planned act that the table allows now; after some tries the one behind."""
        state = CaseState(Case.objects.get(number=self.main).state)
        while self.ahead:
            planned = self.ahead[0]
            if self.patience and (isinstance(planned, str) or state in STEPS[planned].starts):
                break
            self.ahead.pop(0)
            self.patience = PATIENCE
        else:
            return self.clock("one more case")
        self.patience -= 1
        if not isinstance(planned, Step):
            taken = self.clock(planned)
        else:
            by = self.pick(self.able(planned, self.main))
            taken = self.take(
                planned.value, by, self.main, lambda: ACTS[planned](self, self.main, by)
            )
        if taken.refusal is None:
            self.ahead.pop(0)
            self.patience = PATIENCE
        return taken

    def take(self, what: str, by: Actor, number: str, act: Callable[[], Any]) -> Taken:
        """Try `act`; anything but a refusal is a failure of the program."""
        refusal = None
        try:
            act()
        except RefusedError as refused:
            refusal = refused
        taken = Taken(what=what, by=by, at=self.at, number=number, refusal=refusal)
        self.tried.append(taken)
        return taken

    def clock(self, name: str) -> Taken:
        """Run one of the jobs of the clock."""
        return self.take(name, JOB, self.numbers[-1], lambda: CLOCKS[name](self))

    def anybody(self, step: Step, number: str) -> list[Actor]:
        """Return everybody."""
        return [*STAFF, *APPLICANTS, self.applicant(number)]

    def able(self, step: Step, number: str) -> list[Actor]:
        """Return those whom the table lets take `step`."""
        move = STEPS[step]
        found = [self.applicant(number)] if move.by_applicant else []
        return found + [by for by in STAFF if may(step, by)]


def may(step: Step, by: Actor) -> bool:
    """Say by the tables, and not by the services, whether one of the staff may take `step`."""
    move = STEPS[step]
    if move.permission is None:
        return False
    where = {
        Desk.DECIDER: ("market",),
        Desk.WINDOW: ("market", "centre"),
        Desk.ACCEPTOR: ("market", "centre"),
        Desk.DELIVERER: ("market", "centre"),
        Desk.ASKED: ("housing",),
    }[move.desk]
    return any(move.permission in GRANTS[post] for code in where for post in by.posts.get(code, ()))


def likely(state: CaseState, *, rare: bool) -> list[Step]:
    """Return the steps that start from `state` and lead on, or the rare ones."""
    found = [step for step in ACTS if state in STEPS[step].starts and (step in RARE) is rare]
    return [step for step in found for _ in range(3 if step in SOUGHT else 1)]


SOUGHT = frozenset(
    {
        Step.EXTEND,
        Step.REQUEST_HEARING,
        Step.SET_HEARING,
        Step.END_HEARING,
        Step.DEPARTMENT_OPINION,
        Step.GRANT_ON_SPOT,
        Step.REFUSE_ON_SPOT,
        Step.GRANT_ON_COMMITMENT,
        Step.REVOKE,
        Step.PROPOSE_END,
    }
)
"""Steps that need others before them, tried more often."""

RARE = frozenset(
    {
        Step.WITHDRAW,
        Step.TERMINATE,
        Step.PROPOSE_DECLINE,
        Step.DECLINE,
        Step.NO_NEED,
        Step.FIX_DOCUMENT,
        Step.ASSIGN,
        Step.CHANGE_CONTACT,
        Step.WITHDRAW_MATERIAL,
    }
)
"""Steps that lead nowhere, or that are always possible."""

GAPS = (
    [dt.timedelta()] * 5
    + [dt.timedelta(hours=3)] * 5
    + [DAY] * 3
    + [DAY, 2 * DAY, 2 * DAY, 5 * DAY, 8 * DAY, 30 * DAY]
)
"""What may pass between two acts."""


def _lines(number: str) -> list[services.FiledLine]:
    return [
        services.FiledLine(line_id=key, answer="已补")
        for key in CorrectionItem.objects.filter(correction__case__number=number).values_list(
            "pk", flat=True
        )
    ]


def _fix(one: History, number: str, by: Actor) -> Any:
    letter = CaseDocument.objects.filter(case__number=number).order_by("id").first()
    return services.fix_document(
        number=number,
        document_id=letter.pk if letter else 0,
        wrong=str(letter.body["facts"][0][1]) if letter else "无",
        right="更正后",
        reason="笔误",
        by=by,
        at=one.at,
    )


def _decide_end(not_ended: NotEnded | None) -> Callable[..., Any]:
    return lambda one, number, by: services.decide_end(
        number=number,
        reason="事实清楚。",
        public_interest="不损害公共利益。",
        not_ended=not_ended,
        by=by,
        at=one.at,
    )


def _deliver(one: History, number: str, by: Actor) -> Any:
    if Case.objects.get(number=number).state != CaseState.DELIVERING or one.pick([True, False]):
        return services.deliver_case(
            number=number,
            channel=one.pick([DeliveryChannel.PRINT, DeliveryChannel.POST]),
            recipient=one.pick(["", "本人"]),
            by=by,
            at=one.at,
        )
    return services.note_arrival(
        number=number,
        arrived_on=one.at.date(),
        signed_by="本人",
        relation=Relation.SELF,
        by=by,
        at=one.at,
    )


def _decide(outcome: Outcome) -> Callable[..., Any]:
    return lambda one, number, by: services.decide(
        number=number,
        outcome=outcome,
        reason="不符合" if outcome is Outcome.REFUSE else "",
        article="食品安全法 第三十三条" if outcome is Outcome.REFUSE else "",
        calendar=one.calendar,
        by=by,
        at=one.at,
    )


def _extend(approve: bool) -> Callable[..., Any]:
    return lambda one, number, by: services.decide_extension(
        number=number, approve=approve, note="人手够", calendar=one.calendar, by=by, at=one.at
    )


def _decline(no_need: bool) -> Callable[..., Any]:
    return lambda one, number, by: services.decline_case(
        number=number,
        reason="不属本机关",
        article="行政许可法 第三十二条",
        no_need=no_need,
        by=by,
        at=one.at,
    )


def _assign(one: History, number: str, by: Actor) -> Any:
    to = one.pick([by.ref, by.ref, "user:reviewer", "user:approver", "user:both"])
    return services.assign_case(number=number, to=to, by=by, at=one.at)


def _special(one: History, number: str, by: Actor) -> Any:
    tested = Case.objects.get(number=number).item_slug == TESTED
    return services.start_special(
        number=number,
        kind=None if tested else one.pick([StopReason.TESTING, StopReason.EXPERT_REVIEW]),
        declared="水质检测" if tested else "",
        workdays=one.pick([1, 5, 8]),
        reason="须检测",
        calendar=one.calendar,
        by=by,
        at=one.at,
    )


ACTS: Mapping[Step, Callable[[History, str, Actor], Any]] = {
    Step.ASK_CORRECTION: lambda one, number, by: services.ask_correction(
        number=number,
        lines=[services.CorrectionLine(material_id="", what="门牌", why="不完整")],
        by=by,
        at=one.at,
    ),
    Step.FILE_CORRECTION: lambda one, number, by: services.file_correction(
        number=number, lines=_lines(number), calendar=one.calendar, by=by, at=one.at
    ),
    Step.ASK_ON_SPOT: lambda one, number, by: services.ask_on_spot(
        number=number, what="门牌有误", by=by, at=one.at
    ),
    Step.FIX_ON_SPOT: lambda one, number, by: services.fix_on_spot(
        number=number,
        fix=services.FixedAnswer(question_id="address", value=one.pick(["示例路12号", "13号"])),
        visitor=cases.HEAD_OF_FIRM,
        by=by,
        at=one.at,
    ),
    Step.ACCEPT: lambda one, number, by: services.accept_case(
        number=number, calendar=one.calendar, by=by, at=one.at
    ),
    Step.PROPOSE_DECLINE: lambda one, number, by: services.propose_decline(
        number=number, reason="不属本机关", article="行政许可法 第三十二条", by=by, at=one.at
    ),
    Step.DECLINE: _decline(no_need=False),
    Step.NO_NEED: _decline(no_need=True),
    Step.ASSIGN: _assign,
    Step.START_REVIEW: _assign,
    Step.CHECK_SITE: lambda one, number, by: services.record_site_check(
        number=number,
        second_officer=one.pick(["user:reviewer2", "user:reviewer"]),
        checked_on=one.at.date(),
        place="示例路11号",
        found="一致",
        by=by,
        at=one.at,
    ),
    Step.SEND_OFFICERS: lambda one, number, by: services.send_officers(
        number=number,
        kind=StopReason.TESTING,
        officers=["李检测", one.pick(["周检测", "李检测"])],
        sent_on=one.at.date(),
        by=by,
        at=one.at,
    ),
    Step.START_SPECIAL: _special,
    Step.END_SPECIAL: lambda one, number, by: services.end_special(
        number=number, result="合格", calendar=one.calendar, by=by, at=one.at
    ),
    Step.NOTIFY_HEARING: lambda one, number, by: services.notify_hearing(
        number=number,
        reason="与居民楼相邻",
        origin=one.pick(list(HearingOrigin)),
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.REQUEST_HEARING: lambda one, number, by: services.request_hearing(
        number=number, text="要求听证", calendar=one.calendar, by=by, at=one.at
    ),
    Step.SET_HEARING: lambda one, number, by: services.set_hearing(
        number=number,
        held_at=one.at + one.pick([9, 14, 20, 40]) * DAY,
        place="三楼",
        chair=one.pick(["user:head", "user:approver", "user:both"]),
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.END_HEARING: lambda one, number, by: services.end_hearing(
        number=number,
        end=one.pick(
            [HearingEnd.HELD, HearingEnd.HELD, HearingEnd.NOT_REQUESTED, HearingEnd.WAIVED]
        ),
        record="双方陈述，提交测绘图。",
        signed_by=["主持人", "申请人"],
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.ASK_EXTENSION: lambda one, number, by: services.ask_extension(
        number=number,
        reason="案情复杂",
        workdays=one.pick([None, 3, 11]),
        by=by,
        at=one.at,
    ),
    Step.EXTEND: _extend(approve=True),
    Step.DECLINE_EXTENSION: _extend(approve=False),
    Step.ASK_DEPARTMENT: lambda one, number, by: services.ask_departments(
        number=number,
        departments=["housing"],
        question="是否违法建筑",
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.DEPARTMENT_OPINION: lambda one, number, by: services.give_opinion(
        number=number, answer=InquiryAnswer.AGREE, opinion="同意", by=by, at=one.at
    ),
    Step.TELL_INTERESTED: lambda one, number, by: cases.tell_interested(
        number,
        name=one.pick(["邻居甲", "邻居乙"]),
        workdays=one.pick([1, 5]),
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.NOTE_VIEWS: lambda one, number, by: services.note_views(
        number=number,
        serial=one.pick([1, 1, 2]),
        party=one.pick(list(Party)),
        text="看过",
        by=by,
        at=one.at,
    ),
    Step.PROPOSE: lambda one, number, by: services.propose(
        number=number, outcome=one.pick(list(Outcome)), opinion="看过", by=by, at=one.at
    ),
    Step.SEND_BACK: lambda one, number, by: services.send_back(
        number=number, reason="请补记", by=by, at=one.at
    ),
    Step.GRANT: _decide(Outcome.GRANT),
    Step.REFUSE: _decide(Outcome.REFUSE),
    Step.GRANT_ON_SPOT: _decide(Outcome.GRANT),
    Step.REFUSE_ON_SPOT: _decide(Outcome.REFUSE),
    Step.GRANT_ON_COMMITMENT: lambda one, number, by: services.grant_on_commitment(
        number=number, calendar=one.calendar, by=by, at=one.at
    ),
    Step.SEND: lambda one, number, by: services.send_result(
        number=number, carrier="EMS", tracking_number="1", by=by, at=one.at
    ),
    Step.NOTE_RETURN: lambda one, number, by: services.note_return(
        number=number, returned_on=one.at.date(), reason="无人签收", by=by, at=one.at
    ),
    Step.CLOSE: _deliver,
    Step.WITHDRAW: lambda one, number, by: services.withdraw_case(
        number=number, reason="不办了", visitor=cases.HEAD_OF_FIRM, by=by, at=one.at
    ),
    Step.WITHDRAW_MATERIAL: lambda one, number, by: services.withdraw_material(
        number=number,
        material_id="layout",
        reason="内容有误",
        visitor=cases.HEAD_OF_FIRM,
        by=by,
        at=one.at,
    ),
    Step.CHANGE_CONTACT: lambda one, number, by: services.change_contact(
        number=number,
        phone=one.pick(["13900005678", "13900008765"]),
        visitor=cases.HEAD_OF_FIRM,
        by=by,
        at=one.at,
    ),
    Step.TERMINATE: lambda one, number, by: services.terminate_case(
        number=number,
        ground=one.pick(list(TerminationGround)),
        facts="见证明文件",
        happened_on=one.at.date(),
        article="示例条例第一条",
        by=by,
        at=one.at,
    ),
    Step.FIX_DOCUMENT: _fix,
    Step.PROPOSE_END: lambda one, number, by: services.propose_end(
        number=number,
        ground=one.pick(["fraud", "unqualified", "law_changed", "facts_changed", "body_ended"]),
        facts="伪造",
        evidence="笔录",
        compensation="按评估价",
        calendar=one.calendar,
        by=by,
        at=one.at,
    ),
    Step.STATE_VIEWS: lambda one, number, by: services.state_views(
        number=number, text="不是我", by=by, at=one.at
    ),
    Step.DECLINE_END: _decide_end(NotEnded.NOT_PROVEN),
    Step.REVOKE: _decide_end(None),
    Step.RETRACT: _decide_end(None),
    Step.DEREGISTER: _decide_end(None),
}
"""Every step that people take, as its service is called."""


def _notice(one: History) -> None:
    """Load a notice of one more day off, and reckon the clocks anew."""
    off = one.at.date() + one.pick([1, 3, 10]) * DAY
    one.calendar = WorkdayCalendar(
        first=one.calendar.first,
        last=one.calendar.last,
        holidays=one.calendar.holidays | {off},
        workdays=one.calendar.workdays - {off},
    )
    services.recompute_clocks(calendar=one.calendar, by=tasks.RECKONED_BY, at=one.at)


def _open(one: History) -> None:
    if len(one.numbers) < 4:
        with transaction.atomic():  # several acts: form, letter, submission
            one.open(one.pick([item for item in LIMITS if item != WAYS]))


def _check(one: History) -> None:
    services.record_check(
        number=one.numbers[-1],
        outcome=one.pick(list(CheckOutcome)),
        method=CheckMethod.SITE,
        facts="看过现场。",
        conditions=["place"],
        second_officer="冯同行",
        by=commitments.CHECKER,
        at=one.at,
    )


def _rules(one: History) -> None:
    one.asking(lambda: services.handle_waiting(calendar=one.calendar, by=SYSTEM, at=one.at))


def _two_months(one: History) -> None:
    one.at += 61 * DAY


CLOCKS: Mapping[str, Callable[[History], Any]] = {
    "rules": _rules,
    "two months": _two_months,
    "deem accepted": lambda one: services.deem_accepted(
        calendar=one.calendar, by=tasks.DEEMED_BY, at=one.at
    ),
    "end corrections": lambda one: services.end_expired_corrections(by=tasks.ENDED_BY, at=one.at),
    "end hearings": lambda one: services.end_unrequested_hearings(
        calendar=one.calendar, by=tasks.UNHEARD_BY, at=one.at
    ),
    "deem renewed": lambda one: services.deem_renewed(
        calendar=one.calendar, by=tasks.RENEWED_BY, at=one.at
    ),
    "deregister": lambda one: services.deregister_expired(by=tasks.DEREGISTERED_BY, at=one.at),
    "report missed": lambda one: services.report_missed_clocks(by=tasks.REPORTED_BY, at=one.at),
    "holiday notice": _notice,
    "one more case": _open,
    "post-check": _check,
}
"""What happens to cases besides the steps that people take."""
