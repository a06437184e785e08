"""Tables of applications that are not handed in yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.cases.models.shared import REF_LENGTH


class Draft(models.Model):
    """An application being filled in (草稿); kept DRAFT_DAYS after the last change."""

    applicant_ref = models.CharField("申请人", max_length=REF_LENGTH)
    saved_by = models.CharField("填写人", max_length=REF_LENGTH)
    item_slug = models.SlugField("事项", max_length=80, db_index=False)
    item_version = models.PositiveIntegerField("事项版本")
    answers = models.JSONField("填写内容", default=dict)
    saved_at = models.DateTimeField("暂存时间")
    expires_on = models.DateField("保留至")
    submitted_case = models.OneToOneField(
        "Case",
        verbose_name="提交后的办件",
        null=True,
        on_delete=models.PROTECT,
        related_name="draft",
    )

    class Meta:
        verbose_name = "草稿"
        indexes = [
            models.Index(fields=["applicant_ref", "-saved_at"], name="cases_draft_of_applicant"),
            models.Index(
                fields=["expires_on"],
                name="cases_draft_expiring",
                condition=Q(submitted_case__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_slug} {self.applicant_ref}"


class DraftUpload(models.Model):
    """A file put beside one material of a draft (草稿材料)."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="uploads")
    material_id = models.CharField("材料", max_length=80)
    upload_ref = models.CharField("文件", max_length=REF_LENGTH)
    attached_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "草稿材料"
        constraints = [
            models.UniqueConstraint(
                name="cases_draftupload_once_per_draft", fields=["draft", "upload_ref"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.material_id} {self.upload_ref}"
