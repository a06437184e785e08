"""Acts of rating and of repairing what a bad rating complains of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from yiwang.audit import services as audit
from yiwang.cases import queries as cases
from yiwang.cases import services as case_services
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.events import publish
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations.permissions import Actor, Permission, require
from yiwang.ratings import queries
from yiwang.ratings.events import BadRatingAnswered, BadRatingOpened
from yiwang.ratings.models import BadRatingTask, Rating
from yiwang.ratings.policy.clocks import (
    TASK_STEPS,
    TaskState,
    TaskStep,
    task_due_on,
)
from yiwang.ratings.policy.grades import BAD, COMMENT_LIMIT_CHARS, Grade

MESSAGE_LIMIT_CHARS = 500
REPLY_LIMIT_CHARS = 1000


class RatingRefusedError(RefusedError):
    """The case cannot be rated."""

    code = "ratings.rating_refused"


class AlreadyRatedError(RatingRefusedError):
    """The case was rated before; each case is rated once."""

    code = "ratings.already_rated"


class TaskRefusedError(RefusedError):
    """The bad rating cannot be handled in this way."""

    code = "ratings.task_refused"


@dataclass(frozen=True, kw_only=True)
class _Rateable:
    """What a rating needs to know of its case; `rate_until` is None before closure."""

    number: str
    item_slug: str
    item_name: str
    department: str
    rater_ref: str
    rate_until: date | None


@transaction.atomic
def rate_case(
    *,
    grade: str,
    comment: str = "",
    number: str = "",
    query_code: str = "",
    phone: str = "",
    calendar: WorkdayCalendar,
    by: Actor,
    at: datetime,
) -> queries.RatingView:
    """Rate a finished case, once (好差评，一事一评).

    The case is named either by `number`, and then `by` acts for its applicant, or by
    `query_code` with the telephone of the application, as on the tracking page without log-in.

    Args:
        grade: Stored value of a `Grade`; there is no default.
        comment: Optional, at most COMMENT_LIMIT_CHARS characters.
        number: Case number; empty where the query code names the case.
        query_code: Query code of the case, with `phone`.
        phone: Telephone given in the application.
        calendar: Covers the due dates of the task that a bad grade opens.
        by: The rater; never staff acting for the applicant.
        at: Moment of rating.

    Raises:
        RatingRefusedError: no grade chosen, comment too long, not the applicant, the case is
            not finished or the time for rating is over.
        AlreadyRatedError: the case was rated before.
        CaseNotFoundError: no such case, or not for these eyes.

    Source:
        国办发〔2019〕51号; 上海市“一网通办”决定 第十一条 (one matter, one rating).
    """
    case = _case(number=number, query_code=query_code, phone=phone, by=by, at=at)
    today = timezone.localdate(at)
    if case.rate_until is None:
        raise RatingRefusedError("办件尚未办结，请在收到办理结果后再评价。")
    if today > case.rate_until:
        raise RatingRefusedError(
            f"评价期限已于{case.rate_until:%Y年%m月%d日}届满，如仍有意见，请拨打12345反映。"
        )
    chosen = _grade(grade)
    comment = comment.strip()
    if len(comment) > COMMENT_LIMIT_CHARS:
        raise RatingRefusedError(f"评价内容最多{COMMENT_LIMIT_CHARS}字，请精简后再提交。")
    if Rating.objects.filter(case_number=case.number).exists():
        raise AlreadyRatedError("该办件已经评价过，每个办件只能评价一次。")
    try:
        with transaction.atomic():
            rating = Rating.objects.create(
                case_number=case.number,
                item_slug=case.item_slug,
                item_name=case.item_name,
                department_code=case.department,
                rater_ref=case.rater_ref,
                grade=chosen.value,
                comment=comment,
                rated_at=at,
            )
    except IntegrityError as error:
        raise AlreadyRatedError("该办件已经评价过，每个办件只能评价一次。") from error
    task = None
    if chosen in BAD:
        contact_due_on, correct_due_on = task_due_on(rated_on=today, calendar=calendar)
        task = BadRatingTask.objects.create(
            number=f"CP{today:%Y%m%d}{rating.pk:06d}",
            rating=rating,
            department_code=case.department,
            opened_on=today,
            contact_due_on=contact_due_on,
            correct_due_on=correct_due_on,
        )
    case_services.archive_again(number=case.number)
    audit.record(
        at=at,
        actor=by.ref,
        act="ratings.rate",
        target=f"rating:{rating.pk}",
        detail={"grade": chosen.value, "task": task.number if task else ""},
        department=case.department,
        ip=by.ip,
    )
    if task is not None:
        publish(
            BadRatingOpened(
                task_number=task.number,
                department=task.department_code,
                contact_due_on=task.contact_due_on,
                correct_due_on=task.correct_due_on,
            )
        )
    return queries.rating_view(rating)


@transaction.atomic
def contact_rater(*, number: str, message: str, by: Actor, at: datetime) -> None:
    """Contact the rater through the platform (联系评价人); who it is stays unknown to `by`.

    The message stands on the rater's own rating page, so that contact needs neither name nor
    telephone number in the department's hands.

    Raises:
        PermissionRefusedError: `by` may not answer ratings of that department.
        TaskRefusedError: contacted before, or no message.
        ObjectDoesNotExist: no task has that number.

    Source:
        上海市优化营商环境条例 第三十条 (named bad ratings: contact within one working day).
    """
    task = _lock(number, TaskStep.CONTACT, by=by)
    task.contact_message = _text(message, MESSAGE_LIMIT_CHARS, "请填写给评价人的联系内容")
    task.contacted_at, task.contacted_by = at, by.ref
    _keep(task, TaskStep.CONTACT, ("contact_message", "contacted_at", "contacted_by"), by=by, at=at)


@transaction.atomic
def answer_task(*, number: str, reply: str, by: Actor, at: datetime) -> None:
    """Answer a bad rating in public (公开答复).

    Raises:
        PermissionRefusedError: `by` may not answer ratings of that department.
        TaskRefusedError: the rater was not contacted yet, answered before, or no reply.
        ObjectDoesNotExist: no task has that number.

    Source:
        上海市优化营商环境条例 第三十条 (ratings and replies are public).
    """
    task = _lock(number, TaskStep.ANSWER, by=by)
    task.reply = _text(reply, REPLY_LIMIT_CHARS, "请填写答复内容，答复将公开")
    task.answered_at, task.answered_by = at, by.ref
    _keep(task, TaskStep.ANSWER, ("reply", "answered_at", "answered_by"), by=by, at=at)
    publish(
        BadRatingAnswered(
            task_number=task.number,
            case_number=task.rating.case_number,
            answered_on=timezone.localdate(at),
        )
    )


@transaction.atomic
def close_task(*, number: str, measure: str, by: Actor, at: datetime) -> None:
    """Close a bad rating, saying what was put right (办结).

    Raises:
        PermissionRefusedError: `by` may not answer ratings of that department.
        TaskRefusedError: not answered yet, closed before, or no measure named.
        ObjectDoesNotExist: no task has that number.
    """
    task = _lock(number, TaskStep.CLOSE, by=by)
    task.closing_note = _text(measure, REPLY_LIMIT_CHARS, "请写明采取的整改措施")
    task.closed_at, task.closed_by = at, by.ref
    _keep(task, TaskStep.CLOSE, ("closing_note", "closed_at", "closed_by"), by=by, at=at)


def _case(*, number: str, query_code: str, phone: str, by: Actor, at: datetime) -> _Rateable:
    if not number:
        found = cases.track(query_code=query_code, phone=phone, at=at)
        return _Rateable(
            number=found.number,
            item_slug=found.item_slug,
            item_name=found.item_name,
            department=found.department_code,
            rater_ref=f"case:{found.number}",
            rate_until=found.evaluation_until,
        )
    case = cases.case(number, by=by)
    if not by.acts_for(case.applicant_ref):
        raise RatingRefusedError("只有申请人本人或者其代理人可以评价，请用申请时的账号登录。")
    return _Rateable(
        number=case.number,
        item_slug=case.item_slug,
        item_name=case.item_name,
        department=case.department_code,
        rater_ref=case.applicant_ref,
        rate_until=case.evaluation_until,
    )


def _grade(value: str) -> Grade:
    try:
        return Grade(value)
    except ValueError as error:
        raise RatingRefusedError("请先选择一个评价等级，再提交评价。") from error


def _text(value: str, limit: int, missing: str) -> str:
    value = value.strip()
    if not value:
        raise TaskRefusedError(f"{missing}。")
    if len(value) > limit:
        raise TaskRefusedError(f"内容最多{limit}字，请精简后再提交。")
    return value


def _lock(number: str, step: TaskStep, *, by: Actor) -> BadRatingTask:
    task = (
        BadRatingTask.objects.select_for_update(of=("self",))
        .select_related("rating")
        .get(number=number)
    )
    require(by, Permission.RATING_ANSWER, department=task.department_code)
    state = TaskState(task.state)
    starts, _ = TASK_STEPS[step]
    if state not in starts:
        raise TaskRefusedError(
            f"该差评目前为“{state.label}”，不能{step.label}，请刷新页面查看最新进展。"
        )
    return task


def _keep(
    task: BadRatingTask, step: TaskStep, fields: tuple[str, ...], *, by: Actor, at: datetime
) -> None:
    _, task.state = TASK_STEPS[step]
    task.save(update_fields=["state", *fields])
    case_services.archive_again(number=task.rating.case_number)
    audit.record(
        at=at,
        actor=by.ref,
        act=f"ratings.{step.value}",
        target=f"bad_rating:{task.number}",
        detail={fields[0]: getattr(task, fields[0])},
        department=task.department_code,
        ip=by.ip,
    )
