"""Tables of dual notices (双告知)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.registration.policy.notices import (
    ASKED,
    HELD,
    OPEN,
    NoticeKind,
    NoticeState,
    NoticeStep,
)
from yiwang.registration.policy.placing import PhraseState

REF_LENGTH = 64
CODE_LENGTH = 32
NAME_LENGTH = 200

DIGEST_LENGTH = 64
NUMBER_LENGTH = 45

DUE = sorted(state.value for state in ASKED | HELD)
LEFT = sorted(state.value for state in OPEN)


class Rules(models.Model):
    """How the district runs the two notices, as its pack says; the newest row counts."""

    definition = models.JSONField("规则")
    saved_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = "双告知规则"

    def __str__(self) -> str:
        return f"rules {self.saved_at:%Y-%m-%d}"


class DualNotice(models.Model):
    """What one department was told of one firm: a permit it needs, or news of it (双告知)."""

    kind = models.CharField(
        "告知事由",
        max_length=16,
        choices={one.value: one.label for one in NoticeKind},
        default=NoticeKind.NEED.value,
    )
    told = models.TextField("告知内容", blank=True)
    told_to = models.CharField("首次告知的部门", max_length=CODE_LENGTH)
    entity_ref = models.CharField("市场主体", max_length=REF_LENGTH)
    entity_name = models.CharField("名称", max_length=NAME_LENGTH)
    item_slug = models.CharField("许可事项", max_length=80)
    item_name = models.CharField("许可事项名称", max_length=NAME_LENGTH)
    keyword = models.CharField("经营范围用语", max_length=80)
    registrar_code = models.CharField("登记机关", max_length=CODE_LENGTH)
    centre_code = models.CharField("兜底单位", max_length=CODE_LENGTH)
    department_code = models.CharField("审批部门", max_length=CODE_LENGTH)
    source_case = models.CharField("登记办件", max_length=45)
    state = models.CharField(
        "告知状态", max_length=24, choices={one.value: one.label for one in NoticeState}
    )
    version = models.PositiveIntegerField("版本", default=1)
    happened_at = models.DateTimeField("登记或者决定的时间", null=True)
    arrived_at = models.DateTimeField("送到的时间", null=True)
    pushed_on = models.DateField("推送日期")
    asked_on = models.DateField("要求认领日期")
    due_on = models.DateField("期限", null=True)
    answered_on = models.DateField("认领或者退回日期", null=True)
    in_time = models.BooleanField("按期答复", null=True)
    hint = models.TextField("退回理由和线索", blank=True)
    reminded_on = models.DateField("提醒日期", null=True)
    escalated_on = models.DateField("上报日期", null=True)
    permit_case = models.CharField("许可办件", max_length=45, blank=True)
    permit_licence = models.CharField("许可证照", max_length=120, blank=True)
    closed_on = models.DateField("办结日期", null=True)

    class Meta:
        verbose_name = "双告知"
        constraints = [
            models.UniqueConstraint(
                name="registration_dualnotice_told_once",
                fields=["source_case", "item_slug", "kind", "told_to"],
            ),
            models.CheckConstraint(
                name="registration_dualnotice_kind_known",
                condition=Q(kind__in=[one.value for one in NoticeKind]),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_news_says_what",
                condition=Q(kind=NoticeKind.NEED.value) | ~Q(told=""),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_state_known",
                condition=Q(state__in=[one.value for one in NoticeState]),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_waits_with_a_day",
                condition=(Q(state__in=DUE) & Q(due_on__isnull=False))
                | (~Q(state__in=DUE) & Q(due_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_return_says_why",
                condition=~Q(state=NoticeState.RETURNED.value) | ~Q(hint=""),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_permit_names_its_case",
                condition=~Q(state=NoticeState.CLOSED_PERMIT.value) | ~Q(permit_case=""),
            ),
            models.CheckConstraint(
                name="registration_dualnotice_closed_has_day",
                condition=(Q(state__in=LEFT) & Q(closed_on__isnull=True))
                | (~Q(state__in=LEFT) & Q(closed_on__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["happened_at", "id"], name="registration_notice_feed"),
            models.Index(
                fields=["department_code", "state", "id"], name="registration_notice_of_dept"
            ),
            models.Index(
                fields=["entity_ref", "item_slug"],
                name="registration_notice_open",
                condition=Q(state__in=LEFT),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="registration_notice_due",
                condition=Q(state__in=DUE),
            ),
        ]
        triggers = [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.entity_name} {self.item_slug}"


class NoticeEvent(models.Model):
    """One step of one notice: who, when, from where to where, why."""

    append_only = True

    notice = models.ForeignKey(DualNotice, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(
        "动作", max_length=20, choices={one.value: one.label for one in NoticeStep}
    )
    from_state = models.CharField("原状态", max_length=24, blank=True)
    to_state = models.CharField("现状态", max_length=24)
    at = models.DateTimeField("时间")
    actor = models.CharField("办理人", max_length=REF_LENGTH)
    actor_name = models.CharField("姓名", max_length=NAME_LENGTH)
    department = models.CharField("部门", max_length=CODE_LENGTH, blank=True)
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "双告知记录"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'append-only table';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.step}"


class ScopePhrase(models.Model):
    """A phrase of a registered scope that no rule placed, until somebody does (用语确认)."""

    told = models.ForeignKey("ToldPermits", on_delete=models.PROTECT, related_name="phrases")
    place = models.PositiveSmallIntegerField("序号")
    phrase = models.TextField("经营范围用语")
    state = models.CharField(
        "确认情况",
        max_length=12,
        choices={one.value: one.label for one in PhraseState},
        default=PhraseState.WAITING.value,
    )
    item_slug = models.CharField("许可事项", max_length=80, blank=True)
    item_name = models.CharField("许可事项名称", max_length=NAME_LENGTH, blank=True)
    department_code = models.CharField("审批部门", max_length=CODE_LENGTH, blank=True)
    note = models.TextField("说明", blank=True)
    placed_by = models.CharField("确认人", max_length=REF_LENGTH, blank=True)
    placed_by_name = models.CharField("确认人姓名", max_length=NAME_LENGTH, blank=True)
    placed_at = models.DateTimeField("确认时间", null=True)

    class Meta:
        verbose_name = "经营范围用语确认"
        constraints = [
            models.UniqueConstraint(name="registration_scopephrase_once", fields=["told", "place"]),
            models.CheckConstraint(
                name="registration_scopephrase_placed_whole",
                condition=Q(
                    state=PhraseState.WAITING.value,
                    item_slug="",
                    department_code="",
                    placed_by="",
                    placed_at__isnull=True,
                )
                | (
                    Q(state=PhraseState.NEED.value, placed_at__isnull=False)
                    & ~Q(item_slug="")
                    & ~Q(department_code="")
                    & ~Q(placed_by="")
                )
                | (
                    Q(state=PhraseState.NO_NEED.value, item_slug="", placed_at__isnull=False)
                    & ~Q(note="")
                    & ~Q(placed_by="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="registration_phrase_waiting",
                condition=Q(state=PhraseState.WAITING.value),
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(name="phrase_fixed", fields=["told", "place", "phrase"]),
            pgtrigger.Protect(
                name="placed_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state <> 'waiting'"),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.phrase[:40]


class ToldPermits(models.Model):
    """Which permits an applicant was told that a scope needs, and who confirmed it (告知承诺)."""

    case_number = models.CharField("登记办件", max_length=NUMBER_LENGTH)
    item_slug = models.CharField("登记事项", max_length=80)
    item_name = models.CharField("登记事项名称", max_length=NAME_LENGTH)
    holder_ref = models.CharField("申请人", max_length=REF_LENGTH)
    business = models.CharField("经营主体名称", max_length=NAME_LENGTH)
    scope = models.TextField("经营范围")
    told = models.JSONField("告知的许可清单")
    rules_version = models.PositiveIntegerField("规则版本")
    paragraphs = models.JSONField("告知承诺书")
    sha256 = models.CharField("SHA-256 摘要", max_length=DIGEST_LENGTH)
    sm3 = models.CharField("SM3 摘要", max_length=DIGEST_LENGTH)
    signed_by = models.CharField("确认人", max_length=REF_LENGTH)
    signed_by_name = models.CharField("确认人姓名", max_length=NAME_LENGTH)
    agent = models.BooleanField("由代理人确认")
    signed_how = models.CharField("身份核验", max_length=12)
    confirmed_at = models.DateTimeField("确认时间")
    registered_on = models.DateField("登记日期", null=True)
    ended_on = models.DateField("登记终止日期", null=True)

    class Meta:
        verbose_name = "许可事项告知承诺"
        constraints = [
            models.UniqueConstraint(
                name="registration_toldpermits_once_per_case", fields=["case_number"]
            ),
            models.CheckConstraint(
                name="registration_toldpermits_says_the_scope", condition=~Q(scope="")
            ),
            models.CheckConstraint(
                name="registration_toldpermits_ends_after_registration",
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("registered_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["holder_ref"], name="registration_told_holder"),
            models.Index(fields=["business"], name="registration_told_business"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="text_fixed", exclude=["registered_on", "ended_on"]),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'append-only table';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business} {self.case_number}"
