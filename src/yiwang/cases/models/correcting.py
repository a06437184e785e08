"""Tables of what was asked for once (一次性补正)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.shared import REF_LENGTH, archived_again


class Correction(models.Model):
    """The one request to complete the application (一次性补正); a case has at most one.

    Source:
        行政许可法 第三十二条第一款第四项, 第七十二条第四项.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="correction")
    asked_by = models.CharField("告知人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("告知时间")
    due_on = models.DateField("补正期限")
    filed_by = models.CharField("补正提交人", max_length=REF_LENGTH, blank=True)
    filed_at = models.DateTimeField("补正提交时间", null=True)

    class Meta:
        verbose_name = "补正"
        constraints = [
            models.CheckConstraint(
                name="cases_correction_filing_has_moment_and_person",
                condition=Q(filed_at__isnull=True, filed_by="")
                | (Q(filed_at__isnull=False) & ~Q(filed_by="")),
            )
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"correction {self.case_id}"


class CorrectionItem(models.Model):
    """One thing to complete: what, why, and an example (补正内容)."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="lines")
    material_id = models.CharField("材料", max_length=80, blank=True)
    what = models.TextField("补正内容")
    why = models.TextField("补正理由")
    example = models.TextField("示例", blank=True)
    upload_refs = models.JSONField("文件", default=list)
    answer = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "补正内容"
        constraints = [
            models.CheckConstraint(
                name="cases_correctionitem_says_what_and_why",
                condition=~Q(what="") & ~Q(why=""),
            )
        ]
        triggers = [
            archived_again("(SELECT case_id FROM cases_correction WHERE id = NEW.correction_id)")
        ]

    def __str__(self) -> str:
        return self.what
