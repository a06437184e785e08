"""Tables of what a window turns away, for the deciding department to look at (不予收件的核实)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.declining import TurnedAwayVerdict


class DeclineProposal(models.Model):
    """A window proposes not to accept a case; the deciding department answers (提请不予受理).

    It waits while the case is received and nothing was filed since. Accepting, asking for a
    correction, declining and the clock all answer it.

    Source:
        上海市优化营商环境条例 第二十五条.
    """

    append_only = True

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="decline_proposals")
    after_correction = models.BooleanField("补正之后")
    no_need = models.BooleanField("依法不需许可")
    reason = models.TextField("理由")
    article = models.TextField("依据")
    elsewhere = models.TextField("有权受理的机关", blank=True)
    by = models.CharField("提请人", max_length=REF_LENGTH)
    by_name = models.CharField("提请人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("提请时间")

    class Meta:
        verbose_name = "提请不予受理"
        constraints = [
            models.UniqueConstraint(
                name="cases_declineproposal_once", fields=["case", "after_correction"]
            ),
            models.CheckConstraint(
                name="cases_declineproposal_says_why", condition=~Q(reason="") & ~Q(article="")
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"decline {self.case_id}"


class TurnedAway(models.Model):
    """Somebody came to a window and nothing was taken in (不予收件登记).

    Source:
        上海市优化营商环境条例 第二十五条.
    """

    department = models.CharField("收件窗口", max_length=CODE_LENGTH)
    deciding_department = models.CharField("审批部门", max_length=CODE_LENGTH)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=NAME_LENGTH)
    visitor = models.CharField("来人", max_length=NAME_LENGTH)
    reason = models.TextField("未收件的理由")
    by = models.CharField("登记人", max_length=REF_LENGTH)
    by_name = models.CharField("登记人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("登记时间")
    verdict = models.CharField(
        "核实结论", max_length=10, choices=choices(TurnedAwayVerdict), blank=True
    )
    note = models.TextField("核实情况", blank=True)
    reviewed_by = models.CharField("核实人", max_length=REF_LENGTH, blank=True)
    reviewed_by_name = models.CharField("核实人姓名", max_length=NAME_LENGTH, blank=True)
    reviewed_at = models.DateTimeField("核实时间", null=True)

    class Meta:
        verbose_name = "不予收件登记"
        constraints = [
            models.CheckConstraint(
                name="cases_turnedaway_says_who_and_why",
                condition=~Q(visitor="") & ~Q(reason="") & ~Q(by=""),
            ),
            models.CheckConstraint(
                name="cases_turnedaway_reviewed_whole",
                condition=Q(verdict="", note="", reviewed_by="", reviewed_at__isnull=True)
                | (
                    Q(verdict__in=values(TurnedAwayVerdict), reviewed_at__isnull=False)
                    & ~Q(note="")
                    & ~Q(reviewed_by="")
                ),
            ),
            models.CheckConstraint(
                name="cases_turnedaway_reviewed_by_another",
                condition=~Q(reviewed_by=F("by")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["deciding_department", "id"],
                name="cases_turnedaway_waiting",
                condition=Q(verdict=""),
            )
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fixed_once_reviewed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.verdict <> ''"),
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.item_name} {self.pk}"
