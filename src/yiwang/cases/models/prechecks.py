"""Table of what a program said about a file when it was handed in."""

from __future__ import annotations

from django.db import models

from yiwang.kernel.row_scope import IS_ALL, IS_STAFF, SUBJECTS

REF_LENGTH = 64


class UploadCheck(models.Model):
    """The findings about one file as one material (材料预检); advice, never a ground.

    It is tied to the file, which exists before the case does; the case holds the file.
    """

    upload_ref = models.CharField("文件", max_length=REF_LENGTH)
    material_id = models.CharField("材料", max_length=80)
    owner_ref = models.CharField("上传人", max_length=80)
    findings = models.JSONField("预检结果")
    checked_at = models.DateTimeField("预检时间")

    row_security = f"{IS_ALL} OR {IS_STAFF} OR owner_ref = ANY ({SUBJECTS})"
    """Whom the database shows the findings: staff that read cases, and whoever handed it in."""

    class Meta:
        verbose_name = "材料预检"
        constraints = [
            models.UniqueConstraint(
                name="cases_uploadcheck_once_per_file_and_material",
                fields=["upload_ref", "material_id"],
            )
        ]
        indexes = [models.Index(fields=["checked_at"], name="cases_uploadcheck_age")]

    def __str__(self) -> str:
        return f"{self.material_id} {self.upload_ref}"
