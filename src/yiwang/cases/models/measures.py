"""Table of what is counted of each finished case (办件指标)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import CODE_LENGTH, NAME_LENGTH, choices, no_truncate, values
from yiwang.cases.policy.states import Way
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL


class CaseMeasure(models.Model):
    """What a finished case adds to the figures, counted once; a narrow row, so that many add up.

    What happens after a case is finished changes nothing here.
    """

    case = models.OneToOneField(
        "Case", primary_key=True, on_delete=models.PROTECT, related_name="measure"
    )
    deciding_department = models.CharField("审批部门", max_length=CODE_LENGTH)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=NAME_LENGTH)
    closed_on = models.DateField("办结日期")
    received_on = models.DateField("收件日期")
    accepted_on = models.DateField("受理日期", null=True)
    decided_on = models.DateField("决定日期", null=True)
    way = models.CharField("决定方式", max_length=12, blank=True, choices=choices(Way))
    deemed = models.BooleanField("视为受理")
    corrected = models.BooleanField("告知过补正")
    visits = models.PositiveSmallIntegerField("到窗口次数")
    workdays = models.PositiveSmallIntegerField("用时工作日", null=True)
    promised_workdays = models.PositiveSmallIntegerField("承诺工作日")
    statutory_workdays = models.PositiveSmallIntegerField("法定工作日")
    late_promised = models.BooleanField("超过承诺时限")
    late_statutory = models.BooleanField("超过法定时限")
    materials = models.PositiveSmallIntegerField("应有材料")
    shared_materials = models.PositiveSmallIntegerField("共享取得的材料")
    counted_at = models.DateTimeField("统计时间")

    row_security = f"{IS_ALL} OR deciding_department = ANY ({DEPARTMENTS})"

    class Meta:
        verbose_name = "办件指标"
        constraints = [
            models.CheckConstraint(
                name="cases_casemeasure_way_known",
                condition=Q(way="") | Q(way__in=values(Way)),
            ),
            models.CheckConstraint(
                name="cases_casemeasure_shared_are_materials",
                condition=Q(shared_materials__lte=F("materials")),
            ),
            models.CheckConstraint(
                name="cases_casemeasure_late_was_decided",
                condition=Q(late_promised=False, late_statutory=False)
                | Q(decided_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["closed_on", "deciding_department"], name="cases_casemeasure_period"
            ),
            models.Index(
                fields=["deciding_department", "-closed_on", "-case"],
                name="cases_casemeasure_behind",
            ),
        ]
        triggers = [no_truncate()]

    def __str__(self) -> str:
        return f"measure {self.case_id}"
