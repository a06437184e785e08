"""Table of requests for renewal (延续申请)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import archived_again, no_truncate


class Renewal(models.Model):
    """Which licence a case asks to renew, until when it holds, and whether it was asked in time.

    A licence whose number was put right on the spot takes the place of the other at acceptance.
    """

    case = models.OneToOneField("Case", on_delete=models.PROTECT, related_name="renewal")
    licence_identifier = models.CharField("电子证照标识", max_length=120)
    valid_until = models.DateField("有效期止（不含当日）")
    asked_on = models.DateField("申请日期")
    lead_workdays = models.PositiveSmallIntegerField("提前工作日")
    in_time = models.BooleanField("按期申请")
    deemed_on = models.DateField("视为准予日期", null=True)

    class Meta:
        verbose_name = "延续申请"
        constraints = [
            models.CheckConstraint(
                name="cases_renewal_deemed_only_in_time_and_after_the_end",
                condition=Q(deemed_on__isnull=True)
                | Q(in_time=True, deemed_on__gte=F("valid_until")),
            ),
            models.CheckConstraint(
                name="cases_renewal_asked_before_the_end",
                condition=Q(asked_on__lt=F("valid_until")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_until", "id"],
                name="cases_renewal_waiting",
                condition=Q(in_time=True, deemed_on__isnull=True),
            )
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="request_fixed",
                exclude=["deemed_on", "licence_identifier", "valid_until", "in_time"],
            ),
            pgtrigger.Protect(
                name="licence_fixed_once_deemed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__deemed_on__isnull=False),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"renewal {self.case_id}"
