"""Table of bans on applying again (不得再次申请)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    archived_again,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.bans import BanKind


class Ban(models.Model):
    """One applicant may not apply for one item until a day; a person decided so.

    Source:
        行政许可法 第七十八条, 第七十九条.
    """

    case = models.OneToOneField("Case", on_delete=models.PROTECT, related_name="ban")
    applicant_ref = models.CharField("申请人", max_length=REF_LENGTH)
    applicant_name = models.CharField("申请人名称", max_length=NAME_LENGTH)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=NAME_LENGTH)
    department_code = models.CharField("决定部门", max_length=CODE_LENGTH)
    kind = models.CharField("情形", max_length=16, choices=choices(BanKind))
    facts = models.TextField("查明的事实")
    basis = models.TextField("依据")
    from_on = models.DateField("自")
    until_on = models.DateField("至（不含当日）")
    decided_by = models.CharField("决定人", max_length=REF_LENGTH)
    decided_by_name = models.CharField("决定人姓名", max_length=NAME_LENGTH)
    decided_at = models.DateTimeField("决定时间")
    lifted_on = models.DateField("解除日期", null=True)
    lifted_by = models.CharField("解除人", max_length=REF_LENGTH, blank=True)
    lift_reason = models.TextField("解除理由", blank=True)

    class Meta:
        verbose_name = "不得再次申请"
        constraints = [
            models.CheckConstraint(
                name="cases_ban_kind_known", condition=Q(kind__in=values(BanKind))
            ),
            models.CheckConstraint(
                name="cases_ban_says_facts_and_basis", condition=~Q(facts="") & ~Q(basis="")
            ),
            models.CheckConstraint(
                name="cases_ban_runs_forward", condition=Q(until_on__gt=F("from_on"))
            ),
            models.CheckConstraint(
                name="cases_ban_decided_by_a_person",
                condition=Q(decided_by__startswith="user:"),
            ),
            models.CheckConstraint(
                name="cases_ban_lifted_by_another_with_reason",
                condition=Q(lifted_on__isnull=True, lifted_by="", lift_reason="")
                | (
                    Q(lifted_on__isnull=False, lifted_by__startswith="user:")
                    & ~Q(lifted_by=F("decided_by"))
                    & ~Q(lift_reason="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["applicant_ref", "item_slug"],
                name="cases_ban_in_force",
                condition=Q(lifted_on__isnull=True),
            ),
            models.Index(fields=["department_code", "-id"], name="cases_ban_of_department"),
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="decision_fixed", exclude=["lifted_on", "lifted_by", "lift_reason"]
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.applicant_ref} {self.item_slug}"
