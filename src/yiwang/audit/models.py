"""Tables of the trail; nothing in them is ever changed."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from django.db.models.expressions import RawSQL

from yiwang.audit.policy.alarms import AlarmKind

READ_ACT = "audit.read"
"""The act under which a sensitive read is kept."""

REFUSED = "refused"
"""Result of an act that was denied; done is empty."""

READS = (READ_ACT, "audit.export", "registers.find_person")
"""Acts that show sensitive data: full views, photos, letters, packages, exports, look-ups."""

REFUSAL = (
    "RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'"
)


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """Return the triggers that stop whoever would change, remove or empty."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
            func=f"{REFUSAL};",
        )
    ]


class TransactionIdField(models.Field[int, int]):
    """A 64-bit transaction id (`xid8`), written by the database."""

    def db_type(self, connection: Any) -> str:
        """Return the column type."""
        return "xid8"

    def from_db_value(self, value: Any, *_: Any) -> int:
        """Return a number; the driver gives text."""
        return int(value)


class AuditEvent(models.Model):
    """One act on one record: who, when, what, on what ground.

    `leaf` is the hash of the row's content; `nonce` makes two equal acts differ and keeps what
    is hashed from being guessed. `xid` orders rows by what can no longer change.
    """

    append_only: ClassVar[bool] = True

    xid = TransactionIdField("事务", db_default=Func(function="pg_current_xact_id"))
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人", max_length=80)
    on_behalf_of = models.CharField("代表", max_length=80, blank=True)
    act = models.CharField("行为", max_length=80)
    target = models.CharField("对象", max_length=120)
    department = models.CharField("部门", max_length=40, blank=True)
    purpose = models.CharField("目的", max_length=200, blank=True)
    ip = models.CharField("地址", max_length=45, blank=True)
    device = models.CharField("设备", max_length=60, blank=True, db_default="")
    posts = models.CharField("岗位", max_length=120, blank=True, db_default="")
    result = models.CharField("结果", max_length=12, blank=True, db_default="")
    detail = models.JSONField("内容", default=dict)
    nonce = models.CharField("随机数", max_length=32)
    leaf = models.BinaryField("叶哈希", max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(name="audit_event_names_its_actor", condition=~Q(actor="")),
            models.CheckConstraint(name="audit_event_names_its_act", condition=~Q(act="")),
            models.CheckConstraint(name="audit_event_names_its_target", condition=~Q(target="")),
            models.CheckConstraint(
                name="audit_event_result_is_known", condition=Q(result__in=["", REFUSED])
            ),
        ]
        indexes = [
            models.Index(fields=["xid", "id"], name="audit_event_order"),
            models.Index(fields=["target", "id"], name="audit_event_target"),
            models.Index(fields=["actor", "id"], name="audit_event_actor"),
            models.Index(fields=["act", "id"], name="audit_event_act"),
            models.Index(fields=["at"], name="audit_event_at"),
            models.Index(
                fields=["actor", "at"], name="audit_event_reads_by", condition=Q(act__in=READS)
            ),
            models.Index(
                fields=["target", "at"], name="audit_event_reads_of", condition=Q(act__in=READS)
            ),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.pk} {self.act} {self.target}"


class AuditLeaf(models.Model):
    """The place of one event in the tree."""

    append_only: ClassVar[bool] = True

    index = models.BigIntegerField("序号", primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="sealed")
    hash = models.BinaryField("叶哈希", max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(name="audit_leaf_counts_from_zero", condition=Q(index__gte=0)),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.index}"


class AuditNode(models.Model):
    """The hash of a perfect subtree whose height is a multiple of eight.

    Kept so that a proof reads at most 255 hashes per eight levels, whatever the tree's size.
    """

    append_only: ClassVar[bool] = True

    height = models.PositiveSmallIntegerField("层高")
    index = models.BigIntegerField("序号")
    hash = models.BinaryField("哈希", max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["height", "index"], name="audit_node_stands_once"),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.height}/{self.index}"


class AuditCheckpoint(models.Model):
    """A signed statement of the tree's size and root."""

    append_only: ClassVar[bool] = True

    size = models.BigIntegerField("叶数", primary_key=True)
    at = models.DateTimeField("时间")
    note = models.TextField("签名文本")

    class Meta:
        constraints = [
            models.CheckConstraint(name="audit_checkpoint_covers_leaves", condition=Q(size__gte=1)),
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.size}"


class ReadAlarm(models.Model):
    """Reads of one day that ask for a look, and what the auditor found (查看告警).

    The reads themselves stand in the trail; here is which. None who read can close it.
    """

    kind = models.CharField(
        "种类", max_length=12, choices=[(one.value, one.label) for one in AlarmKind]
    )
    subject = models.CharField("人员或者对象", max_length=120)
    day = models.DateField("日期")
    rule = models.CharField("规则", max_length=120)
    since = models.DateTimeField("最早")
    until = models.DateTimeField("最晚")
    reads = models.PositiveIntegerField("次数")
    readers = ArrayField(models.CharField(max_length=80), verbose_name="查看人")
    raised_at = models.DateTimeField("告警时间")
    closed_at = models.DateTimeField("处理时间", null=True)
    closed_by = models.CharField("处理人", max_length=80, blank=True)
    words = models.TextField("处理情况", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="audit_alarm_stands_open_once",
                fields=["kind", "subject", "day"],
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="audit_alarm_is_about_reads",
                condition=Q(reads__gte=1, readers__len__gte=1, since__lte=F("until")),
            ),
            models.CheckConstraint(
                name="audit_alarm_is_closed_with_words",
                condition=Q(closed_at__isnull=True, closed_by="", words="")
                | (Q(closed_at__isnull=False) & ~Q(closed_by="") & ~Q(words="")),
            ),
            models.CheckConstraint(
                name="audit_alarm_is_closed_by_another",
                condition=RawSQL("NOT (closed_by = ANY(readers))", (), BooleanField()),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"], name="audit_alarm_open", condition=Q(closed_at__isnull=True)
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="fixed_once_closed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.closed_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.day}"


class AlarmMark(models.Model):
    """How far the search for alarms came: leaves of the tree that were looked at; one row."""

    seen = models.BigIntegerField("已看的叶数", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="audit_alarm_mark_is_one", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"{self.seen}"
