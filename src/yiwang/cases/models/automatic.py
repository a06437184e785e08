"""Tables of automatic handling: what waits, runs, the switch, what persons look at, replays."""

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
    values,
)
from yiwang.cases.policy.automatic import Ground, ReviewCause, SampleVerdict, SwitchAct
from yiwang.cases.policy.replaying import REFUSALS, DifferenceKind
from yiwang.cases.policy.terms import Outcome
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL
from yiwang.rules.policy.tables import RuleOutcome

SLUG_LENGTH = 80


class AutoWaiting(models.Model):
    """A case that a machine may still decide (待自动办理); written with its receipt.

    The process that received the case runs the rules at once; a job does it where that process
    died, and asks registers again that did not answer.
    """

    case = models.OneToOneField(
        Case, primary_key=True, on_delete=models.PROTECT, related_name="auto_waiting"
    )
    due_at = models.DateTimeField("下次办理时间")
    attempts = models.PositiveSmallIntegerField("已办次数", default=0)
    settled_at = models.DateTimeField("了结时间", null=True)

    class Meta:
        verbose_name = "待自动办理"
        indexes = [
            models.Index(
                fields=["due_at"], name="cases_autowaiting_due", condition=Q(settled_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"waiting {self.case_id}"


class AutoRun(models.Model):
    """One run of the rules of an item on one case (自动办理运行).

    A run grants or hands over; there is no word for a refusal, here or anywhere below. What the
    rules were given and the path they took may be personal, so both are sealed together.
    """

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="auto_runs")
    serial = models.PositiveSmallIntegerField("次序")
    item_slug = models.CharField("事项", max_length=SLUG_LENGTH)
    item_version = models.PositiveIntegerField("规则版本（事项版本）")
    department = models.CharField("审批部门", max_length=CODE_LENGTH)
    at = models.DateTimeField("时间")
    outcome = models.CharField("结论", max_length=10, choices=choices(RuleOutcome))
    ground = models.CharField("原因", max_length=20, choices=choices(Ground))
    row_id = models.CharField("命中的行", max_length=80, blank=True)
    reason = models.CharField("说明", max_length=400, blank=True)
    sealed = models.BinaryField("事实和路径（加密）", null=True)
    took_ms = models.PositiveIntegerField("用时（毫秒）")

    row_security = f"{IS_ALL} OR department = ANY ({DEPARTMENTS})"
    """Whom the database shows a run: those who decide; the applicant reads it through a query."""

    class Meta:
        verbose_name = "自动办理运行"
        constraints = [
            models.UniqueConstraint(
                name="cases_autorun_once_per_serial", fields=["case", "serial"]
            ),
            models.CheckConstraint(
                name="cases_autorun_grants_or_hands_over",
                condition=Q(outcome=RuleOutcome.GRANT.value, ground=Ground.RULE_GRANTS.value)
                | (
                    Q(outcome=RuleOutcome.HAND_OVER.value)
                    & Q(ground__in=[one.value for one in Ground if one is not Ground.RULE_GRANTS])
                ),
            ),
            models.CheckConstraint(
                name="cases_autorun_grant_names_its_row",
                condition=~Q(outcome=RuleOutcome.GRANT.value)
                | (~Q(row_id="") & Q(sealed__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-at", "-id"], name="cases_autorun_of_desk"),
            models.Index(fields=["item_slug", "-at", "-id"], name="cases_autorun_of_item"),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"{self.outcome} {self.case_id}/{self.serial}"


class AutoSwitch(models.Model):
    """One act on the switch of an item (自动办理开关); the last act is the state."""

    append_only = True

    item_slug = models.CharField("事项", max_length=SLUG_LENGTH)
    act = models.CharField("动作", max_length=20, choices=choices(SwitchAct))
    reason = models.TextField("理由")
    by = models.CharField("办理人", max_length=REF_LENGTH)
    by_name = models.CharField("办理人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("时间")
    asked = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="answer", verbose_name="所答申请"
    )
    asked_by = models.CharField("申请恢复的人", max_length=REF_LENGTH, blank=True)

    class Meta:
        verbose_name = "自动办理开关"
        constraints = [
            models.CheckConstraint(
                name="cases_autoswitch_act_known", condition=Q(act__in=values(SwitchAct))
            ),
            models.CheckConstraint(
                name="cases_autoswitch_says_why", condition=Q(reason__regex=r"\S")
            ),
            models.CheckConstraint(
                name="cases_autoswitch_resumes_with_four_eyes",
                condition=(
                    Q(act__in=[SwitchAct.RESUME.value, SwitchAct.DECLINE_RESUME.value])
                    & Q(asked__isnull=False)
                    & ~Q(asked_by="")
                    & ~Q(asked_by=F("by"))
                )
                | (
                    Q(act__in=[SwitchAct.STOP.value, SwitchAct.ASK_RESUME.value])
                    & Q(asked__isnull=True, asked_by="")
                ),
            ),
        ]
        indexes = [models.Index(fields=["item_slug", "-id"], name="cases_autoswitch_last")]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="resumes_what_is_assessed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__act=SwitchAct.RESUME.value),
                func="""
                    IF EXISTS (
                        SELECT FROM catalogue_itemversionrow v
                        JOIN catalogue_item i ON i.id = v.item_id
                        WHERE i.slug = NEW.item_slug
                            AND v.effective_on <= (NEW.at AT TIME ZONE 'Asia/Shanghai')::date
                            AND (v.until IS NULL
                                OR v.until > (NEW.at AT TIME ZONE 'Asia/Shanghai')::date)
                            AND NOT cases_assessed(NEW.item_slug, v.definition)
                    ) THEN
                        RAISE EXCEPTION 'cases_autoswitch_resumes_what_is_assessed: %',
                            NEW.item_slug USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_slug} {self.act}"


class AutoReview(models.Model):
    """A decision that a person looks at again, by sample or because the applicant asks (复核)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="auto_reviews")
    cause = models.CharField("来由", max_length=10, choices=choices(ReviewCause))
    department = models.CharField("审批部门", max_length=CODE_LENGTH)
    item_slug = models.CharField("事项", max_length=SLUG_LENGTH)
    day = models.DateField("日期")
    seed = models.CharField("抽取种子", max_length=80, blank=True)
    asked_by = models.CharField("提出人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("提出时间")
    asked_reason = models.TextField("提出的理由", blank=True)
    verdict = models.CharField("结论", max_length=10, blank=True, choices=choices(SampleVerdict))
    reason = models.TextField("理由", blank=True)
    by = models.CharField("复核人", max_length=REF_LENGTH, blank=True)
    by_name = models.CharField("复核人姓名", max_length=NAME_LENGTH, blank=True)
    at = models.DateTimeField("复核时间", null=True)

    row_security = f"{IS_ALL} OR department = ANY ({DEPARTMENTS})"
    """Whom the database shows a review: those who decide in its department."""

    class Meta:
        verbose_name = "决定复核"
        constraints = [
            models.UniqueConstraint(
                name="cases_autoreview_once_per_cause", fields=["case", "cause"]
            ),
            models.CheckConstraint(
                name="cases_autoreview_verdict_has_moment_and_person",
                condition=Q(verdict="", at__isnull=True, by="")
                | (Q(verdict__in=values(SampleVerdict), at__isnull=False) & ~Q(by="")),
            ),
            models.CheckConstraint(
                name="cases_autoreview_disagreement_says_why",
                condition=~Q(verdict=SampleVerdict.DISAGREE.value) | Q(reason__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="cases_autoreview_sample_has_seed",
                condition=Q(cause=ReviewCause.APPLICANT.value) | ~Q(seed=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "asked_at"],
                name="cases_autoreview_open",
                condition=Q(verdict=""),
            )
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="question_fixed",
                fields=["case", "cause", "department", "item_slug", "day", "seed", "asked_by"],
            ),
            pgtrigger.Protect(
                name="verdict_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__verdict__in=values(SampleVerdict)),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.case_id}"


class Replay(models.Model):
    """A rule set tried on past cases of its item (规则回放)."""

    item_slug = models.CharField("事项", max_length=SLUG_LENGTH)
    item_version = models.PositiveIntegerField("事项版本", null=True)
    draft = models.PositiveIntegerField("事项草稿", null=True)
    rules_sha256 = models.CharField("规则摘要", max_length=64)
    rules = models.JSONField("规则")
    asked_by = models.CharField("发起人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("发起时间")
    newest = models.BigIntegerField("最新办件")
    total = models.PositiveIntegerField("办件数", default=0)
    done = models.PositiveIntegerField("已回放", default=0)
    counts = models.JSONField("计数", default=dict)
    grounds = models.JSONField("分歧的原因", default=list, db_default=[])
    unknown_facts = models.JSONField("无法重建的事实", default=list)
    finished_at = models.DateTimeField("完成时间", null=True)
    failure = models.CharField("未完成的原因", max_length=400, blank=True)

    class Meta:
        verbose_name = "规则回放"
        indexes = [models.Index(fields=["item_slug", "-id"], name="cases_replay_of_item")]
        triggers = [
            pgtrigger.ReadOnly(
                name="question_fixed",
                fields=["item_slug", "item_version", "draft", "rules_sha256", "rules", "asked_by"],
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"replay {self.item_slug} {self.pk}"


class ReplayDifference(models.Model):
    """A past case on which rules and people differ (回放分歧); nothing personal stands here.

    Whoever keeps the rules reads it and may not open the case, so what people typed and what is
    known of the applicant stay with the case (`policy.replaying.shows_value`).
    """

    append_only = True

    replay = models.ForeignKey(Replay, on_delete=models.PROTECT, related_name="differences")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        "分歧",
        max_length=20,
        choices=choices(DifferenceKind),
        default=DifferenceKind.GRANT_REFUSE.value,
        db_default=DifferenceKind.GRANT_REFUSE.value,
    )
    ground = models.PositiveSmallIntegerField("原因的位次", null=True)
    row_id = models.CharField("命中的行", max_length=80, blank=True)
    reason = models.CharField("规则的理由", max_length=400, blank=True)
    refused_by = models.CharField(
        "不予的方式",
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices={one.value: one.label for one in REFUSALS},
    )
    articles = models.JSONField("不予的依据", default=list, db_default=[])
    proposed = models.CharField(
        "审查意见", max_length=10, blank=True, default="", db_default="", choices=choices(Outcome)
    )
    weighed = models.JSONField("决定前的经过", default=list, db_default=[])
    disagreed = models.JSONField("不同意的部门", default=list, db_default=[])
    path = models.JSONField("规则的经过", default=list, db_default=[])

    class Meta:
        verbose_name = "回放分歧"
        constraints = [
            models.CheckConstraint(
                name="cases_replaydifference_kind_known",
                condition=Q(kind__in=values(DifferenceKind)),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.replay_id} {self.case_id}"
