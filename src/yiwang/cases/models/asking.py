"""Table of what an application was asked for although the platform held it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import archived_again


class CaseAsked(models.Model):
    """How many fields of one application were put blank (填写情况); nothing of the answers."""

    case = models.OneToOneField(
        "cases.Case", primary_key=True, on_delete=models.PROTECT, related_name="asked"
    )
    channel = models.CharField("收件渠道", max_length=16)
    asked_on = models.DateField("日期")
    fields = models.PositiveSmallIntegerField("要填的项数")
    again = models.PositiveSmallIntegerField("平台已有仍要填的项数")
    questions = models.JSONField("平台已有仍要填的问题", default=list)

    class Meta:
        verbose_name = "填写情况"
        constraints = [
            models.CheckConstraint(
                name="cases_caseasked_again_within_fields", condition=Q(again__lte=F("fields"))
            )
        ]
        indexes = [models.Index(fields=["asked_on"], name="cases_caseasked_day")]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.case_id} {self.again}/{self.fields}"
