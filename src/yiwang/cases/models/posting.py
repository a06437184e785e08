"""Table of paper results that applicants want sent home (结果邮寄)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import NAME_LENGTH, REF_LENGTH, archived_again, no_truncate
from yiwang.cases.policy.visiting import ADDRESS_LENGTH, CONTACT_LENGTH, NUMBER_LENGTH

WAITING = Q(taken_back_at__isnull=True, sent_on__isnull=True)


class Posting(models.Model):
    """A wish to have the paper result posted, and what became of it (结果邮寄)."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="postings")
    to_name = models.CharField("收件人", max_length=CONTACT_LENGTH)
    phone = models.CharField("收件电话", max_length=NUMBER_LENGTH)
    address = models.CharField("收件地址", max_length=ADDRESS_LENGTH)
    asked_by = models.CharField("申请人账号", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("申请时间")
    taken_back_at = models.DateTimeField("取消时间", null=True)
    carrier = models.CharField("承运单位", max_length=40, blank=True)
    tracking_number = models.CharField("邮件号码", max_length=40, blank=True)
    sent_by = models.CharField("寄送人", max_length=REF_LENGTH, blank=True)
    sent_on = models.DateField("寄送日期", null=True)
    returned_on = models.DateField("退回日期", null=True)
    return_reason = models.CharField("退回原因", max_length=NAME_LENGTH, blank=True)

    class Meta:
        verbose_name = "结果邮寄"
        constraints = [
            models.CheckConstraint(
                name="cases_posting_says_where",
                condition=~Q(to_name="") & ~Q(phone="") & ~Q(address=""),
            ),
            models.CheckConstraint(
                name="cases_posting_sent_whole",
                condition=Q(sent_on__isnull=True, carrier="", tracking_number="", sent_by="")
                | (
                    Q(sent_on__isnull=False, taken_back_at__isnull=True)
                    & ~Q(carrier="")
                    & ~Q(tracking_number="")
                    & ~Q(sent_by="")
                ),
            ),
            models.CheckConstraint(
                name="cases_posting_returns_after_it_was_sent",
                condition=Q(returned_on__isnull=True, return_reason="")
                | (Q(returned_on__gte=F("sent_on")) & ~Q(return_reason="")),
            ),
            models.UniqueConstraint(
                name="cases_posting_one_waits_per_case", fields=["case"], condition=WAITING
            ),
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="wish_fixed",
                fields=["case", "to_name", "phone", "address", "asked_by", "asked_at"],
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"posting {self.case_id}"
