"""Tables of connected systems, their keys, conversations and messages."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.exchange.policy.terms import (
    Algorithm,
    Begin,
    Direction,
    PartnerKind,
    PushKind,
    PushState,
    ReturnKind,
    ReturnState,
)
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL
from yiwang.kernel.terms import Term

REF_LENGTH = 64
CODE_LENGTH = 32
NUMBER_LENGTH = 45
SENTENCE_LENGTH = 500

ROWS = f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS})"


def _choices(terms: type[Term]) -> dict[str, str]:
    return {term.value: term.label for term in terms}


def _values(terms: type[Term]) -> list[str]:
    return sorted(term.value for term in terms)


class Partner(models.Model):
    """A department's own system (部门业务系统)."""

    code = models.SlugField("接入编号", max_length=40, unique=True)
    name = models.CharField("系统名称", max_length=80)
    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    item_slug = models.CharField("事项", max_length=80, blank=True)
    kind = models.CharField("接入方式", max_length=10, choices=_choices(PartnerKind))
    begins = models.CharField("推送起点", max_length=10, choices=_choices(Begin))
    address = models.CharField("推送地址", max_length=300, blank=True)
    valid_from = models.DateField("起用日期")
    valid_until = models.DateField("停用日期", null=True)
    on = models.BooleanField("开启", default=True)
    registered_by = models.CharField("登记人", max_length=REF_LENGTH)
    registered_at = models.DateTimeField("登记时间")
    failures = models.PositiveIntegerField("连续失败次数", default=0)
    paused_until = models.DateTimeField("暂停推送至", null=True)
    heard_at = models.DateTimeField("最近连通", null=True)

    class Meta:
        verbose_name = "部门业务系统"
        constraints = [
            models.CheckConstraint(
                name="exchange_partner_kind_known", condition=Q(kind__in=_values(PartnerKind))
            ),
            models.CheckConstraint(
                name="exchange_partner_http_has_address",
                condition=~Q(kind=PartnerKind.HTTP.value) | ~Q(address=""),
            ),
            models.CheckConstraint(
                name="exchange_partner_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.UniqueConstraint(
                name="exchange_partner_one_per_item",
                fields=["department_code", "item_slug"],
                condition=Q(on=True),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PartnerKey(models.Model):
    """A key with which one side signs (密钥); secrets are sealed, public keys are not."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField("密钥编号", max_length=80, unique=True)
    direction = models.CharField("方向", max_length=3, choices=_choices(Direction))
    algorithm = models.CharField("算法", max_length=16, choices=_choices(Algorithm))
    sealed = models.TextField("密钥（加密）", blank=True)
    public = models.TextField("公钥", blank=True)
    made_at = models.DateTimeField("生成时间")
    ends_at = models.DateTimeField("失效时间", null=True)

    class Meta:
        verbose_name = "接入密钥"
        constraints = [
            models.CheckConstraint(
                name="exchange_partnerkey_has_a_key", condition=~Q(sealed="") | ~Q(public="")
            ),
            models.CheckConstraint(
                name="exchange_partnerkey_algorithm_known",
                condition=Q(algorithm__in=_values(Algorithm)),
            ),
        ]

    def __str__(self) -> str:
        return self.key_id


class Conversation(models.Model):
    """What is said about one case with one system (办件会话)."""

    row_security = ROWS

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="conversations")
    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    case_number = models.CharField("办件编号", max_length=NUMBER_LENGTH)
    next_out = models.PositiveIntegerField("下一推送序号", default=1)
    next_in = models.PositiveIntegerField("下一回传序号", default=1)
    their_number = models.CharField("对方编号", max_length=60, blank=True)
    acknowledged_at = models.DateTimeField("签收时间", null=True)
    handled_here_at = models.DateTimeField("改由平台办理", null=True)
    begun_at = models.DateTimeField("开始时间")

    class Meta:
        verbose_name = "办件会话"
        constraints = [
            models.UniqueConstraint(
                name="exchange_conversation_once", fields=["case_number", "partner"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.case_number}"


class Push(models.Model):
    """A message to a department's system (推送报文); its body is made when it is sent."""

    row_security = ROWS

    message_id = models.CharField("报文编号", max_length=40, unique=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="pushes")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="pushes")
    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    sequence = models.PositiveIntegerField("序号")
    kind = models.CharField("内容", max_length=20, choices=_choices(PushKind))
    state = models.CharField("状态", max_length=10, choices=_choices(PushState))
    created_at = models.DateTimeField("生成时间")
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    next_at = models.DateTimeField("下次尝试")
    claimed_until = models.DateTimeField("占用至", null=True)
    body_sha256 = models.CharField("正文摘要", max_length=64, blank=True)
    failure = models.CharField("失败原因", max_length=SENTENCE_LENGTH, blank=True)
    delivered_at = models.DateTimeField("送达时间", null=True)
    settled_by = models.CharField("处理人", max_length=REF_LENGTH, blank=True)
    settled_reason = models.CharField("处理理由", max_length=SENTENCE_LENGTH, blank=True)

    class Meta:
        verbose_name = "推送报文"
        constraints = [
            models.UniqueConstraint(
                name="exchange_push_once_per_kind",
                fields=["conversation", "kind"],
                condition=~Q(kind=PushKind.EXTENSION.value),
            ),
            models.UniqueConstraint(
                name="exchange_push_extension_once_per_decision",
                fields=["conversation", "created_at"],
                condition=Q(kind=PushKind.EXTENSION.value),
            ),
            models.UniqueConstraint(
                name="exchange_push_sequence_once", fields=["conversation", "sequence"]
            ),
            models.CheckConstraint(
                name="exchange_push_state_known", condition=Q(state__in=_values(PushState))
            ),
            models.CheckConstraint(
                name="exchange_push_delivered_has_moment",
                condition=(Q(state=PushState.DELIVERED.value) & Q(delivered_at__isnull=False))
                | (~Q(state=PushState.DELIVERED.value) & Q(delivered_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="exchange_push_given_up_says_who_and_why",
                condition=~Q(state=PushState.GIVEN_UP.value)
                | (~Q(settled_by="") & ~Q(settled_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "next_at"],
                name="exchange_push_due",
                condition=Q(state=PushState.WAITING.value),
            ),
            models.Index(
                fields=["department_code", "-id"],
                name="exchange_push_dead",
                condition=Q(state=PushState.DEAD.value),
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class Returned(models.Model):
    """A message from a department's system (回传报文) and what was answered."""

    row_security = ROWS

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="returns")
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="returns")
    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    message_id = models.CharField("报文编号", max_length=64)
    sequence = models.PositiveIntegerField("序号")
    kind = models.CharField("内容", max_length=20, choices=_choices(ReturnKind))
    body = models.JSONField("正文")
    body_sha256 = models.CharField("正文摘要", max_length=64)
    received_at = models.DateTimeField("收到时间")
    state = models.CharField("状态", max_length=10, choices=_choices(ReturnState))
    status = models.PositiveSmallIntegerField("应答")
    answer = models.JSONField("应答内容")
    failure = models.CharField("原因", max_length=SENTENCE_LENGTH, blank=True)
    tries = models.PositiveIntegerField("办理次数", default=0)
    applied_at = models.DateTimeField("办理时间", null=True)
    settled_by = models.CharField("处理人", max_length=REF_LENGTH, blank=True)
    settled_reason = models.CharField("处理理由", max_length=SENTENCE_LENGTH, blank=True)

    class Meta:
        verbose_name = "回传报文"
        constraints = [
            models.UniqueConstraint(
                name="exchange_returned_once", fields=["partner", "message_id"]
            ),
            models.UniqueConstraint(
                name="exchange_returned_sequence_once",
                fields=["conversation", "sequence"],
                condition=~Q(state=ReturnState.REFUSED.value),
            ),
            models.CheckConstraint(
                name="exchange_returned_state_known", condition=Q(state__in=_values(ReturnState))
            ),
            models.CheckConstraint(
                name="exchange_returned_given_up_says_who_and_why",
                condition=~Q(state=ReturnState.GIVEN_UP.value)
                | (~Q(settled_by="") & ~Q(settled_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "-id"],
                name="exchange_returned_open",
                condition=Q(state__in=[ReturnState.HELD.value, ReturnState.DEAD.value]),
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="body_fixed",
                fields=["message_id", "body", "body_sha256", "status", "answer", "received_at"],
            )
        ]

    def __str__(self) -> str:
        return self.message_id


class Nonce(models.Model):
    """A nonce that was used; kept while a replay would still be in time (已用随机数)."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField("随机数", max_length=64)
    until = models.DateTimeField("保留至", db_index=True)

    class Meta:
        verbose_name = "已用随机数"
        constraints = [
            models.UniqueConstraint(name="exchange_nonce_once", fields=["partner", "nonce"])
        ]

    def __str__(self) -> str:
        return self.nonce


class RefusedCall(models.Model):
    """How often calls were refused at the door, per day and reason (被拒调用)."""

    day = models.DateField("日期")
    partner_code = models.CharField("接入编号", max_length=40, blank=True)
    reason = models.CharField("原因", max_length=40)
    count = models.PositiveIntegerField("次数")

    objects: ClassVar[models.Manager[RefusedCall]] = models.Manager()

    class Meta:
        verbose_name = "被拒调用"
        constraints = [
            models.UniqueConstraint(
                name="exchange_refusedcall_once", fields=["day", "partner_code", "reason"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"
