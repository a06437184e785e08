"""Tables of delivery: what was sent and what became of it, and letters that were opened online."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    not_internal,
    values,
)
from yiwang.cases.policy.terms import Relation


class Dispatch(models.Model):
    """A letter sent by post or courier, until it arrives or comes back (寄送记录)."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="dispatches")
    document = models.ForeignKey(
        "CaseDocument", on_delete=models.PROTECT, related_name="dispatches"
    )
    carrier = models.CharField("承运单位", max_length=40)
    tracking_number = models.CharField("邮件号码", max_length=40)
    to_name = models.CharField("收件人", max_length=NAME_LENGTH)
    sent_by = models.CharField("寄送人", max_length=REF_LENGTH)
    sent_at = models.DateTimeField("寄送时间")
    sent_on = models.DateField("寄送日期")
    arrived_on = models.DateField("签收日期", null=True)
    signed_by = models.CharField("签收人", max_length=NAME_LENGTH, blank=True)
    relation = models.CharField(
        "与受送达人关系", max_length=12, blank=True, choices=choices(Relation)
    )
    returned_on = models.DateField("退回日期", null=True)
    return_reason = models.CharField("退回原因", max_length=NAME_LENGTH, blank=True)
    noted_by = models.CharField("登记人", max_length=REF_LENGTH, blank=True)
    noted_at = models.DateTimeField("登记时间", null=True)

    class Meta:
        verbose_name = "寄送记录"
        constraints = [
            models.CheckConstraint(
                name="cases_dispatch_has_carrier_and_number",
                condition=~Q(carrier="") & ~Q(tracking_number=""),
            ),
            models.CheckConstraint(
                name="cases_dispatch_arrives_or_returns_whole",
                condition=Q(
                    arrived_on__isnull=True,
                    returned_on__isnull=True,
                    signed_by="",
                    relation="",
                    return_reason="",
                    noted_by="",
                    noted_at__isnull=True,
                )
                | (
                    Q(
                        arrived_on__isnull=False,
                        returned_on__isnull=True,
                        return_reason="",
                        relation__in=values(Relation),
                        noted_at__isnull=False,
                    )
                    & ~Q(signed_by="")
                    & ~Q(noted_by="")
                )
                | (
                    Q(
                        arrived_on__isnull=True,
                        returned_on__isnull=False,
                        signed_by="",
                        relation="",
                        noted_at__isnull=False,
                    )
                    & ~Q(return_reason="")
                    & ~Q(noted_by="")
                ),
            ),
            models.CheckConstraint(
                name="cases_dispatch_runs_forward",
                condition=(Q(arrived_on__isnull=True) | Q(arrived_on__gte=F("sent_on")))
                & (Q(returned_on__isnull=True) | Q(returned_on__gte=F("sent_on"))),
            ),
            models.UniqueConstraint(
                name="cases_dispatch_one_under_way_per_letter",
                fields=["document"],
                condition=Q(arrived_on__isnull=True, returned_on__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["tracking_number"], name="cases_dispatch_tracking")]
        triggers = [
            not_internal(),
            archived_again(),
            pgtrigger.ReadOnly(
                name="sending_fixed",
                fields=["case", "document", "carrier", "tracking_number", "to_name", "sent_on"],
            ),
            pgtrigger.Protect(
                name="noted_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.noted_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}"


class LetterReading(models.Model):
    """The moment in which the recipient first opened a letter online (阅读时间)."""

    append_only = True

    document = models.OneToOneField(
        "CaseDocument", on_delete=models.PROTECT, related_name="reading"
    )
    by = models.CharField("阅读人", max_length=REF_LENGTH)
    at = models.DateTimeField("阅读时间")

    class Meta:
        verbose_name = "文书阅读"
        triggers = [
            *append_only(),
            archived_again("(SELECT case_id FROM cases_casedocument WHERE id = NEW.document_id)"),
            not_internal(),
        ]

    def __str__(self) -> str:
        return f"reading {self.document_id}"
