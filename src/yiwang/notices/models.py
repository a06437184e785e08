"""Tables of contacts, choices and the notices on their way."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.kernel.row_scope import IS_ALL, SUBJECTS
from yiwang.kernel.terms import Term
from yiwang.notices.policy.sending import NoticeState
from yiwang.notices.policy.templates import NoticeChannel, Occasion

REF_LENGTH = 64


def _choices(terms: type[Term]) -> dict[str, str]:
    return {term.value: term.label for term in terms}


def _values(terms: type[Term]) -> list[str]:
    return sorted(term.value for term in terms)


class Contact(models.Model):
    """An address of a subject that was proved by a code sent to it (联系方式); kept sealed."""

    subject_ref = models.CharField("所属", max_length=REF_LENGTH)
    channel = models.CharField("通知方式", max_length=8, choices=_choices(NoticeChannel))
    address_locked = models.TextField("地址（密文）")
    address_masked = models.CharField("地址（遮盖）", max_length=140)
    verified_at = models.DateTimeField("验证时间")
    verified_by = models.CharField("验证人", max_length=REF_LENGTH)

    row_security = f"{IS_ALL} OR subject_ref = ANY ({SUBJECTS})"
    """Whom the database shows a contact: its owner, and the program that sends."""

    class Meta:
        verbose_name = "联系方式"
        constraints = [
            models.UniqueConstraint(
                name="notices_contact_once_per_channel", fields=["subject_ref", "channel"]
            ),
            models.CheckConstraint(
                name="notices_contact_channel_known",
                condition=Q(channel__in=_values(NoticeChannel)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.channel}"


class ContactCode(models.Model):
    """A code sent to an address that somebody says is theirs (验证码); its hash only."""

    subject_ref = models.CharField("所属", max_length=REF_LENGTH)
    channel = models.CharField("通知方式", max_length=8, choices=_choices(NoticeChannel))
    address_locked = models.TextField("地址（密文）")
    address_masked = models.CharField("地址（遮盖）", max_length=140)
    code_hash = models.CharField("验证码摘要", max_length=64)
    asked_at = models.DateTimeField("申请时间")
    expires_at = models.DateTimeField("失效时间")
    tries = models.PositiveSmallIntegerField("已试次数", default=0)

    row_security = f"{IS_ALL} OR subject_ref = ANY ({SUBJECTS})"

    class Meta:
        verbose_name = "联系方式验证码"
        constraints = [
            models.UniqueConstraint(
                name="notices_contactcode_one_at_a_time", fields=["subject_ref", "channel"]
            ),
            models.CheckConstraint(
                name="notices_contactcode_expires_later",
                condition=Q(expires_at__gt=F("asked_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.channel}"


class Choice(models.Model):
    """What a subject wants to be told by, and when not (通知设置)."""

    subject_ref = models.CharField("所属", max_length=REF_LENGTH, primary_key=True)
    email = models.BooleanField("电子邮件", default=True)
    sms = models.BooleanField("短信", default=True)
    quiet_from = models.PositiveSmallIntegerField("免打扰自（时）", null=True)
    quiet_until = models.PositiveSmallIntegerField("免打扰至（时）", null=True)
    saved_at = models.DateTimeField("保存时间")
    saved_by = models.CharField("保存人", max_length=REF_LENGTH)

    row_security = f"{IS_ALL} OR subject_ref = ANY ({SUBJECTS})"

    class Meta:
        verbose_name = "通知设置"
        constraints = [
            models.CheckConstraint(
                name="notices_choice_quiet_hours_are_hours",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__lt=24, quiet_until__lt=24),
            )
        ]

    def __str__(self) -> str:
        return self.subject_ref


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Named questions about sets of notices."""

    def ended_badly(self) -> Self:
        """Keep notices about which a person has to decide."""
        return self.filter(state__in=[NoticeState.DEAD.value, NoticeState.UNSURE.value])


class Notice(models.Model):
    """One notice by one channel, planned and on its way (通知).

    It holds references and the open words of its template. The address is looked up when it goes
    out; only where there is no account to look it up from, or where it is being proved, it is kept
    here, sealed, until the notice is done.
    """

    about = models.CharField("所关", max_length=140)
    occasion = models.CharField("事由", max_length=24, choices=_choices(Occasion))
    subject = models.CharField("具体", max_length=40, blank=True)
    channel = models.CharField("通知方式", max_length=8, choices=_choices(NoticeChannel))
    to_ref = models.CharField("收件人", max_length=REF_LENGTH, blank=True)
    sealed = models.TextField("封存的内容", blank=True)
    words = models.JSONField("填入内容", default=dict)
    state = models.CharField("状态", max_length=8, choices=_choices(NoticeState))
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    problem = models.CharField("原因", max_length=200, blank=True)
    planned_at = models.DateTimeField("生成时间")
    next_try_at = models.DateTimeField("下次发送时间", null=True)
    claimed_at = models.DateTimeField("开始发送时间", null=True)
    done_at = models.DateTimeField("完成时间", null=True)

    objects: ClassVar[models.Manager[Notice]] = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "通知"
        constraints = [
            models.UniqueConstraint(
                name="notices_notice_once_per_occasion_and_channel",
                fields=["about", "occasion", "subject", "channel"],
            ),
            models.CheckConstraint(
                name="notices_notice_state_known", condition=Q(state__in=_values(NoticeState))
            ),
            models.CheckConstraint(
                name="notices_notice_waiting_has_moment",
                condition=~Q(state=NoticeState.WAITING.value) | Q(next_try_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notices_notice_sending_has_moment",
                condition=~Q(state=NoticeState.SENDING.value) | Q(claimed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notices_notice_sent_keeps_no_address",
                condition=~Q(state=NoticeState.SENT.value) | Q(sealed="", done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_try_at", "id"],
                name="notices_notice_waiting",
                condition=Q(state=NoticeState.WAITING.value),
            ),
            models.Index(
                fields=["claimed_at"],
                name="notices_notice_sending",
                condition=Q(state=NoticeState.SENDING.value),
            ),
            models.Index(
                fields=["-id"],
                name="notices_notice_bad",
                condition=Q(state__in=[NoticeState.DEAD.value, NoticeState.UNSURE.value]),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="what_is_told_is_fixed",
                fields=["about", "occasion", "subject", "channel", "to_ref", "words"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.channel} {self.about}"


class Mark(models.Model):
    """How far a log was read for notices (读取位置)."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    position = models.BigIntegerField("位置")
    left_out = models.JSONField("位置以前待再读的", default=dict)
    """Entry up to `position` that is to be looked for again -> since when."""

    class Meta:
        verbose_name = "读取位置"

    def __str__(self) -> str:
        return f"{self.name} {self.position}"
