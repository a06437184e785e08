"""Telling a person whose major interest a case touches, and hearing both sides (利害关系人)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from yiwang.cases.models import Case, InterestedPerson, PartyViews
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.policy.interested import (
    LONGEST_VIEWS_WORKDAYS,
    VIEWS_WORKDAYS,
    InterestedKind,
    Party,
    Stance,
    shown_name,
    still_open,
)
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import kept
from yiwang.cases.services.procedure import ProcedureRefusedError, line, send
from yiwang.cases.services.steps import (
    begin,
    heading,
    issue,
    move,
    require_holder,
    version_of,
    written,
)
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor

BASIS = "行政许可法 第三十六条"


@transaction.atomic
def tell_interested(
    *,
    number: str,
    kind: InterestedKind,
    name: str,
    reached: str,
    interest: str,
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
    workdays: int = VIEWS_WORKDAYS,
    handed: DeliveryChannel = DeliveryChannel.PRINT,
    handed_result: str = "",
    channel: DeliveryChannel = DeliveryChannel.IN_APP,
    delivered: str = "",
    version: int | None = None,
) -> CaseView:
    """Tell a person whose major interest is touched, and the applicant (告知利害关系人).

    Each gets a letter, and the decision waits for the views of both. No law says for how long:
    whoever reviews gives at least one whole working day. The limit of the case runs on.

    Args:
        number: Case number.
        kind: A person or a body.
        name: Whose interest it is.
        reached: Telephone or address; of the file and the letter alone.
        interest: What is touched, and how; both sides read it.
        calendar: Covers the days for views.
        by: Who reviews the case.
        at: Moment of telling.
        workdays: How many working days both sides have.
        handed: How the letter reached the interested person, on paper.
        handed_result: What the record of that delivery says; empty: the channel's words.
        channel: How the letter reached the applicant.
        delivered: What that record says; empty: the channel's words.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not review in the deciding department.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not under review.
        NotHolderError: the case was given to somebody else.
        ProcedureRefusedError: told already, the applicant, too few or too many days, no name or
            no way to reach them, or a way that needs an account.
        TextRefusedError: nothing is said of the interest.
        CalendarGapError: the calendar ends before the day.

    Source:
        行政许可法 第三十六条.
    """
    case, acting = begin(number, Step.TELL_INTERESTED, by=by, version=version)
    require_holder(case, by)
    who, where = line(name, "利害关系人的姓名或者名称"), line(reached, "利害关系人的联系方式")
    text = written(interest, "涉及的重大利益")
    if who == case.applicant_name:
        raise ProcedureRefusedError("利害关系人是申请人以外的人，请填写其他人的姓名或者名称。")
    if InterestedPerson.objects.filter(case=case, name=who).exists():
        raise ProcedureRefusedError("已经告知过这名利害关系人，请登记其意见，或者填写其他人。")
    if not 1 <= workdays <= LONGEST_VIEWS_WORKDAYS:
        raise ProcedureRefusedError(f"陈述意见的期限应为1至{LONGEST_VIEWS_WORKDAYS}个工作日。")
    if handed is DeliveryChannel.IN_APP:
        raise ProcedureRefusedError("利害关系人的告知书以纸质送达，请选择窗口领取或者邮寄。")
    proof = line(handed_result, "利害关系人的送达结果", needed=False)
    today = day_of(at)
    due = calendar.add_workdays(today, workdays)
    item, seal = version_of(case), kept.department(case.deciding_department)
    top, serial = heading(case, item, seal.name), _told(case) + 1
    notice = issue(
        case,
        DocumentKind.INTERESTED_NOTICE,
        body=letters.interested_notice(top, name=who, reached=where, interest=text, due_on=due),
        item=item,
        seal=seal,
        by=by,
        at=at,
        subject=str(serial),
    )
    InterestedPerson.objects.create(
        case=case,
        serial=serial,
        kind=kind.value,
        name=who,
        reached=where,
        interest=text,
        due_on=due,
        told_on=today,
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
        notice_id=notice,
        channel=handed.value,
        delivered=proof or f"已通过{handed.label}送达",
    )
    document = issue(
        case,
        DocumentKind.VIEWS_NOTICE,
        body=letters.views_notice(top, who=shown_name(kind, who), interest=text, due_on=due),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"您的“{item.name}”申请直接关系他人重大利益，您可以在"
        f"{letters.chinese_day(due)}前陈述意见，内容见告知书。",
        subject=str(serial),
    )
    send(case, document, channel=channel, result=delivered, by=by, at=at)
    move(
        case,
        Step.TELL_INTERESTED,
        acting=acting,
        by=by,
        at=at,
        reason=f"{shown_name(kind, who)}：{text}",
        basis=BASIS,
    )
    return case_view(case)


def _told(case: Case) -> int:
    return InterestedPerson.objects.filter(case=case).count()


@transaction.atomic
def note_views(
    *,
    number: str,
    serial: int,
    party: Party,
    by: Actor,
    at: datetime,
    stance: Stance = Stance.STATED,
    text: str = "",
    stated_by: str = "",
    stated_on: date | None = None,
    version: int | None = None,
) -> CaseView:
    """Write down what a side says to an interest that was told, or that it says nothing (陈述意见).

    Views that come after the last day are kept too, until the decision is made.

    Args:
        number: Case number.
        serial: Which of the interested persons of the case it is about.
        party: Whose views they are; whoever applies states their own alone.
        by: Who acts for the applicant, or a reviewer who writes down what was said.
        at: Moment of writing down.
        stance: Whether the side states views or says that it has none.
        text: The views.
        stated_by: Who spoke; empty: the side itself.
        stated_on: Day on which it was said; None: today.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` neither acts for the applicant nor reviews here.
        ConflictRefusedError: somebody acted since `version`.
        StepRefusedError: not accepted, or decided already.
        ProcedureRefusedError: nobody was told, the side was heard already, an applicant speaks
            for the other side, or the day cannot be.
        TextRefusedError: no views, or too long.

    Source:
        行政许可法 第三十六条.
    """
    case, acting = begin(number, Step.NOTE_VIEWS, by=by, version=version)
    row = InterestedPerson.objects.filter(case=case, serial=serial).first()
    if row is None:
        raise ProcedureRefusedError("本办件没有告知过这名利害关系人，请刷新后从名单中选择。")
    own = not acting.post
    if own and party is not Party.APPLICANT:
        raise ProcedureRefusedError("您只能陈述申请人的意见，利害关系人的意见由审查人员登记。")
    if PartyViews.objects.filter(person=row, party=party.value).exists():
        raise ProcedureRefusedError(f"{party.label}的意见已经登记；需要补充的，请联系办理部门。")
    today = day_of(at)
    day = today if own or stated_on is None else stated_on
    if not row.told_on <= day <= today:
        raise ProcedureRefusedError("陈述意见的日期须在告知之后、今天之前，请核对后再提交。")
    words = "" if stance is Stance.NONE and not text.strip() else written(text, "陈述的意见")
    speaker = line("" if own else stated_by, "陈述人", needed=False)
    side = row.name if party is Party.INTERESTED else case.applicant_name
    PartyViews.objects.create(
        person=row,
        party=party.value,
        stance=stance.value,
        text=words,
        stated_by=speaker or side,
        stated_on=day,
        by=by.ref,
        by_name=by.name or by.ref,
        at=at,
    )
    move(
        case,
        Step.NOTE_VIEWS,
        acting=acting,
        by=by,
        at=at,
        reason=f"{party.label}{stance.label}",
        basis=BASIS,
    )
    return case_view(case)


def require_heard(case: Case, *, today: date) -> None:
    """Stop a proposal and a decision on the spot while a side may still state its views.

    Raises:
        ProcedureRefusedError: one is unheard and has time left; says whose and until when.

    Source:
        行政许可法 第三十六条.
    """
    for row in (
        InterestedPerson.objects.filter(case=case, due_on__gte=today)
        .prefetch_related("views")
        .order_by("-due_on", "serial")
    ):
        heard = {Party(one.party) for one in row.views.all()}
        if still_open(due_on=row.due_on, heard=heard, today=today):
            sides = "、".join(one.label for one in Party if one not in heard)
            raise ProcedureRefusedError(
                f"{sides}在{letters.chinese_day(row.due_on)}前可以陈述意见，"
                "请登记其意见或者没有意见的表示，或者期满后再提出。"
            )
