"""Tables of ratings and of the tasks that bad ones open."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.ratings.policy.clocks import UNFINISHED, TaskState
from yiwang.ratings.policy.grades import COMMENT_LIMIT_CHARS, Grade


class Rating(models.Model):
    """What one applicant said of one case (评价); written once, never changed.

    `rater_ref` is for the auditor and for the rater's own page; no query hands it to staff.
    """

    append_only = True

    case_number = models.CharField("办件编号", max_length=45)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("办理部门", max_length=40)
    rater_ref = models.CharField("评价人", max_length=64)
    grade = models.CharField(
        "评价等级", max_length=20, choices=[(grade.value, grade.label) for grade in Grade]
    )
    comment = models.CharField("评价内容", max_length=COMMENT_LIMIT_CHARS, blank=True)
    rated_at = models.DateTimeField("评价时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="ratings_rating_one_per_case", fields=["case_number"]),
            models.CheckConstraint(
                name="ratings_rating_grade_known",
                condition=Q(grade__in=[grade.value for grade in Grade]),
            ),
        ]
        indexes = [
            models.Index(fields=["item_slug", "grade"], name="ratings_rating_item"),
            models.Index(fields=["department_code", "rated_at"], name="ratings_rating_department"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_ratings", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'append-only table';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_number} {self.grade}"


class BadRatingTaskQuerySet(models.QuerySet["BadRatingTask"]):
    """Named questions about sets of tasks."""

    def unfinished(self) -> Self:
        """Keep tasks in which somebody still has to do something."""
        return self.filter(state__in=sorted(state.value for state in UNFINISHED))


class BadRatingTask(models.Model):
    """The duty that one bad rating opens (差评处理任务): contact, answer in public, close."""

    number = models.CharField("任务编号", max_length=24)
    rating = models.OneToOneField(Rating, on_delete=models.PROTECT, related_name="task")
    department_code = models.CharField("责任部门", max_length=40)
    state = models.CharField(
        "处理状态",
        max_length=16,
        choices=[(state.value, state.label) for state in TaskState],
        default=TaskState.OPEN.value,
    )
    opened_on = models.DateField("评价日期")
    contact_due_on = models.DateField("联系期限")
    correct_due_on = models.DateField("整改期限")
    contacted_at = models.DateTimeField("联系时间", null=True, blank=True)
    contacted_by = models.CharField("联系人员", max_length=80, blank=True)
    contact_message = models.CharField("联系内容", max_length=500, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.CharField("答复人员", max_length=80, blank=True)
    reply = models.CharField("公开答复", max_length=1000, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.CharField("办结人员", max_length=80, blank=True)
    closing_note = models.CharField("整改措施", max_length=1000, blank=True)

    objects: ClassVar[models.Manager[BadRatingTask]] = BadRatingTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="ratings_task_number_once", fields=["number"]),
            models.CheckConstraint(
                name="ratings_task_state_known",
                condition=Q(state__in=[state.value for state in TaskState]),
            ),
            models.CheckConstraint(
                name="ratings_task_contact_before_answer_is_due",
                condition=Q(contact_due_on__lte=F("correct_due_on")),
            ),
            models.CheckConstraint(
                name="ratings_task_contact_says_who_and_when",
                condition=Q(state=TaskState.OPEN.value, contacted_at__isnull=True)
                | (
                    ~Q(state=TaskState.OPEN.value)
                    & Q(contacted_at__isnull=False)
                    & ~Q(contacted_by="")
                    & ~Q(contact_message="")
                ),
            ),
            models.CheckConstraint(
                name="ratings_task_answer_says_who_when_and_what",
                condition=(
                    ~Q(state__in=[TaskState.ANSWERED.value, TaskState.CLOSED.value])
                    & Q(answered_at__isnull=True, reply="")
                )
                | (
                    Q(state__in=[TaskState.ANSWERED.value, TaskState.CLOSED.value])
                    & Q(answered_at__isnull=False)
                    & ~Q(answered_by="")
                    & ~Q(reply="")
                ),
            ),
            models.CheckConstraint(
                name="ratings_task_closure_says_who_and_when",
                condition=(~Q(state=TaskState.CLOSED.value) & Q(closed_at__isnull=True))
                | (
                    Q(state=TaskState.CLOSED.value)
                    & Q(closed_at__isnull=False)
                    & ~Q(closed_by="")
                    & ~Q(closing_note="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "correct_due_on", "id"], name="ratings_task_list"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"
