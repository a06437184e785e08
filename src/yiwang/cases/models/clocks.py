"""Tables of the clocks of a case and of the reminders about them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.shared import REF_LENGTH, append_only, archived_again, choices, values
from yiwang.cases.policy.terms import ClockKind


class CaseClock(models.Model):
    """A clock of a case that is none of its columns (期限).

    The columns of the case hold the clocks of the ordinary course; of those a row stands here
    only once it was missed, to keep that the miss was reported.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks")
    kind = models.CharField("期限种类", max_length=24, choices=choices(ClockKind))
    subject = models.CharField("所关", max_length=REF_LENGTH, blank=True)
    starts_on = models.DateField("起算日期")
    workdays = models.PositiveSmallIntegerField("工作日", null=True)
    due_on = models.DateField("到期日期", null=True)
    stopped_since = models.DateField("停止计时自", null=True)
    met_on = models.DateField("完成日期", null=True)
    missed_reported_at = models.DateTimeField("超期报告时间", null=True)

    class Meta:
        verbose_name = "期限"
        constraints = [
            models.UniqueConstraint(
                name="cases_caseclock_once_per_kind_and_subject",
                fields=["case", "kind", "subject"],
            ),
            models.CheckConstraint(
                name="cases_caseclock_kind_known", condition=Q(kind__in=values(ClockKind))
            ),
            models.CheckConstraint(
                name="cases_caseclock_due_unless_stopped",
                condition=Q(due_on__isnull=False, stopped_since__isnull=True)
                | Q(due_on__isnull=True, stopped_since__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_caseclock_runs_forward",
                condition=(Q(due_on__isnull=True) | Q(due_on__gte=F("starts_on")))
                & (Q(met_on__isnull=True) | Q(met_on__gte=F("starts_on"))),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="cases_caseclock_missed",
                condition=Q(met_on__isnull=True, missed_reported_at__isnull=False),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="cases_caseclock_running",
                condition=Q(met_on__isnull=True, missed_reported_at__isnull=True),
            ),
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"


class ClockReminder(models.Model):
    """That somebody was reminded of a clock near its end, once per day it is due (期限提醒)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField("期限", max_length=24, choices=choices(ClockKind))
    due_on = models.DateField("到期日")
    to_ref = models.CharField("收件人", max_length=REF_LENGTH)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "期限提醒"
        constraints = [
            models.UniqueConstraint(
                name="cases_clockreminder_once", fields=["case", "kind", "due_on", "to_ref"]
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on} {self.case_id}"
