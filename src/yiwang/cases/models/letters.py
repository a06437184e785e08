"""Tables of letters, of how they were delivered, and of messages."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    not_internal,
    values,
)
from yiwang.cases.policy.terms import DeliveryChannel, DocumentKind, Relation


class CaseDocument(models.Model):
    """A letter or record with number, body and, once made, its sealed file (办件文书)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("文书种类", max_length=32, choices=choices(DocumentKind))
    subject = models.CharField(
        "文书所关", max_length=REF_LENGTH, blank=True, default="", db_default=""
    )
    number = models.CharField("文号", max_length=80, unique=True)
    title = models.CharField("标题", max_length=NAME_LENGTH)
    body = models.JSONField("内容")
    seal_department = models.CharField("用章部门", max_length=CODE_LENGTH)
    issued_by = models.CharField("制发人", max_length=REF_LENGTH)
    issued_at = models.DateTimeField("制发时间")
    file_sha256 = models.CharField("文件摘要", max_length=64, null=True)

    class Meta:
        verbose_name = "办件文书"
        constraints = [
            models.UniqueConstraint(
                name="cases_casedocument_once_per_kind_and_subject",
                fields=["case", "kind", "subject"],
            ),
            models.CheckConstraint(
                name="cases_casedocument_kind_known",
                condition=Q(kind__in=values(DocumentKind)),
            ),
        ]
        indexes = [
            models.Index(fields=["seal_department", "-id"], name="cases_casedocument_ledger")
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(name="body_fixed", exclude=["file_sha256"]),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class Delivery(models.Model):
    """How and when letters or the result reached the applicant (送达记录)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deliveries")
    document = models.ForeignKey(
        CaseDocument, null=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    channel = models.CharField("送达方式", max_length=10, choices=choices(DeliveryChannel))
    at = models.DateTimeField("送达时间")
    to_name = models.CharField("受送达人", max_length=NAME_LENGTH)
    relation = models.CharField(
        "与受送达人关系",
        max_length=12,
        choices=choices(Relation),
        default=Relation.SELF.value,
        db_default=Relation.SELF.value,
    )
    result = models.CharField("送达结果", max_length=NAME_LENGTH)
    by = models.CharField("送达人", max_length=REF_LENGTH)

    class Meta:
        verbose_name = "送达记录"
        constraints = [
            models.CheckConstraint(
                name="cases_delivery_channel_known",
                condition=Q(channel__in=values(DeliveryChannel)),
            ),
            models.CheckConstraint(
                name="cases_delivery_relation_known", condition=Q(relation__in=values(Relation))
            ),
            models.CheckConstraint(name="cases_delivery_says_result", condition=~Q(result="")),
        ]
        triggers = [*append_only(), archived_again(), not_internal()]

    def __str__(self) -> str:
        return f"{self.channel} {self.case_id}"


class Message(models.Model):
    """A message to an applicant (消息); its title carries no personal data."""

    to_ref = models.CharField("收件人", max_length=REF_LENGTH)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages", null=True)
    title = models.CharField("标题", max_length=NAME_LENGTH)
    body = models.TextField("内容")
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("阅读时间", null=True)

    class Meta:
        verbose_name = "消息"
        indexes = [models.Index(fields=["to_ref", "-id"], name="cases_message_to")]
        constraints = [
            models.CheckConstraint(
                name="cases_message_read_after_sent",
                condition=Q(read_at__isnull=True) | Q(read_at__gte=F("at")),
            )
        ]
        triggers = [archived_again(on=pgtrigger.Insert)]

    def __str__(self) -> str:
        return self.title
