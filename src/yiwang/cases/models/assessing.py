"""The table of impact assessments of automatic handling (个人信息保护影响评估)."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.assessing import (
    FINISHED,
    KEPT_YEARS,
    LONGEST_TEXT,
    OPEN,
    POINTS,
    AssessmentState,
    Conclusion,
)

SLUG_LENGTH = 80
SOURCE_LENGTH = 120

WRITTEN = (
    *POINTS,
    "conclusion",
    "item_slug",
    "department",
    "reads",
    "sources",
    "rules_sha256",
    "upload_ref",
    "written_by",
)
"""What nobody changes once it was handed in for approval."""

_CHANGED = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in WRITTEN)

SAYS_ALL = Q()
for _name in POINTS:
    SAYS_ALL &= Q(**{f"{_name}__regex": r"\S"})


class ImpactAssessment(models.Model):
    """One assessment of what automatic handling of an item does to personal information.

    Grain: one text, from draft to archive; the next assessment of an item is the next row.
    `reads` and `sources` are what the rules read when it was written: nobody types them.
    """

    item_slug = models.CharField("事项", max_length=SLUG_LENGTH)
    department = models.CharField("部门", max_length=CODE_LENGTH)
    item_version = models.PositiveIntegerField("所评估的事项版本", null=True)
    item_draft = models.PositiveIntegerField("所评估的事项草稿", null=True)
    rules_name = models.CharField("规则名称", max_length=NAME_LENGTH)
    rules_sha256 = models.CharField("规则摘要", max_length=64)
    reads = models.JSONField("读取的数据")
    sources = ArrayField(models.CharField(max_length=SOURCE_LENGTH), verbose_name="读取的来源")
    purpose = models.TextField("处理目的", max_length=LONGEST_TEXT, blank=True)
    manner = models.TextField("处理方式和种类", max_length=LONGEST_TEXT, blank=True)
    lawfulness = models.TextField("合法、正当、必要", max_length=LONGEST_TEXT, blank=True)
    effects = models.TextField("对个人权益的影响", max_length=LONGEST_TEXT, blank=True)
    risks = models.TextField("安全风险", max_length=LONGEST_TEXT, blank=True)
    measures = models.TextField("保护措施", max_length=LONGEST_TEXT, blank=True)
    conclusion = models.CharField("结论", max_length=8, blank=True, choices=choices(Conclusion))
    upload_ref = models.CharField("附件", max_length=REF_LENGTH, blank=True)
    state = models.CharField("状态", max_length=10, choices=choices(AssessmentState))
    pack = models.CharField("内容包", max_length=40, blank=True)
    pack_sha256 = models.CharField("内容包中的摘要", max_length=64, blank=True)
    source = models.CharField("来源", max_length=400, blank=True)
    written_by = models.CharField("编写人", max_length=REF_LENGTH)
    written_by_name = models.CharField("编写人姓名", max_length=NAME_LENGTH)
    written_at = models.DateTimeField("编写时间")
    returned_reason = models.TextField("退回的理由", blank=True)
    returned_by_name = models.CharField("退回人姓名", max_length=NAME_LENGTH, blank=True)
    approved_by = models.CharField("批准人", max_length=REF_LENGTH, blank=True)
    approved_by_name = models.CharField("批准人姓名", max_length=NAME_LENGTH, blank=True)
    approved_at = models.DateTimeField("批准时间", null=True)
    review_on = models.DateField("下次复评日期", null=True)
    archived_on = models.DateField("停止使用日期", null=True)
    archived_reason = models.TextField("归档的理由", blank=True)

    class Meta:
        verbose_name = "个人信息保护影响评估"
        constraints = [
            models.CheckConstraint(
                name="cases_impactassessment_state_known",
                condition=Q(state__in=values(AssessmentState)),
            ),
            models.CheckConstraint(
                name="cases_impactassessment_four_eyes",
                condition=~Q(approved_by=F("written_by")),
            ),
            models.CheckConstraint(
                name="cases_impactassessment_approved_by_somebody_at_some_moment",
                condition=(
                    Q(state__in=values(FINISHED), approved_at__isnull=False)
                    & Q(review_on__isnull=False)
                    & ~Q(approved_by="")
                )
                | (~Q(state__in=values(FINISHED)) & Q(approved_by="", approved_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="cases_impactassessment_says_all_before_approval",
                condition=Q(
                    state__in=[AssessmentState.DRAFT.value, AssessmentState.DISCARDED.value]
                )
                | (SAYS_ALL & Q(conclusion__in=values(Conclusion))),
            ),
            models.CheckConstraint(
                name="cases_impactassessment_archived_says_when",
                condition=Q(state=AssessmentState.ARCHIVED.value, archived_on__isnull=False)
                | (~Q(state=AssessmentState.ARCHIVED.value) & Q(archived_on__isnull=True)),
            ),
            models.UniqueConstraint(
                name="cases_impactassessment_one_open_per_item",
                fields=["item_slug"],
                condition=Q(state__in=values(OPEN)),
            ),
        ]
        indexes = [models.Index(fields=["item_slug", "-id"], name="cases_assessment_of_item")]
        triggers = [
            pgtrigger.Trigger(
                name="text_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    f"OLD.state <> '{AssessmentState.DRAFT.value}' AND (" + _CHANGED + ")"
                ),
                func="RAISE EXCEPTION 'cases_impactassessment_text_fixed: % was handed in', OLD.id"
                " USING ERRCODE = 'check_violation';",
            ),
            pgtrigger.Trigger(
                name="kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF OLD.archived_on IS NULL
                        OR OLD.archived_on + interval '{KEPT_YEARS} years' >= CURRENT_DATE
                    THEN
                        RAISE EXCEPTION 'cases_impactassessment_kept: % is kept for {KEPT_YEARS}'
                            ' years after its last use', OLD.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN OLD;
                """,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.item_slug} {self.state}"
