"""Tables: files by content, and uploads that may not be used yet."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yiwang.documents.policy.files import (
    UNUSED_UPLOAD_DAYS,
    MediaType,
    ScanState,
    UploadState,
)
from yiwang.kernel.row_scope import IS_ALL, IS_STAFF, SUBJECTS


class StoredFile(models.Model):
    """One file of the store, named by its content; never changed.

    `kept` is false only while every use of the content is an upload that belongs to nothing, or
    that was destroyed. `made` is true of letters, licences and packages, which outlive an upload
    with the same content. Of an erased file the row stays, which says what its hashes were.
    """

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    sm3 = models.CharField("SM3", max_length=64)
    size = models.PositiveBigIntegerField("字节数")
    media_type = models.CharField("媒体类型", max_length=60)
    kept = models.BooleanField("须保存", default=True)
    made = models.BooleanField("本系统制作", default=False)
    erased = models.BooleanField("内容已删除", default=False)
    stored_at = models.DateTimeField("存入时间", db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="documents_storedfile_hashes_are_hex",
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$") & Q(sm3__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="documents_storedfile_what_is_kept_is_there",
                condition=Q(kept=False) | Q(erased=False),
            ),
            models.CheckConstraint(
                name="documents_storedfile_what_was_made_is_kept",
                condition=Q(made=False) | Q(kept=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.media_type}"


class FileReading(models.Model):
    """What was read off a file without a text layer, kept so that nothing is read twice.

    The text itself is a file of the store, like the paper that it was read off, and goes with it.
    """

    file = models.OneToOneField(
        StoredFile,
        verbose_name="文件",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    text = models.OneToOneField(
        StoredFile, verbose_name="识别结果", on_delete=models.PROTECT, related_name="+"
    )
    engine = models.CharField("识别程序", max_length=60)
    read_at = models.DateTimeField("识别时间")

    class Meta:
        verbose_name = "文字识别"

    def __str__(self) -> str:
        return f"{self.file_id[:12]} {self.engine}"


class UploadQuerySet(models.QuerySet["Upload"]):
    """Named questions about sets of uploads."""

    def unused(self) -> Self:
        """Keep uploads that belong to nothing."""
        return self.filter(state=UploadState.UNUSED.value)

    def used(self) -> Self:
        """Keep uploads that belong to a record and have their content."""
        return self.filter(state=UploadState.USED.value)

    def forgotten(self, at: datetime) -> Self:
        """Keep unused uploads whose time of keeping is over at `at`."""
        return self.unused().filter(uploaded_at__lte=at - timedelta(days=UNUSED_UPLOAD_DAYS))


class Upload(models.Model):
    """A file that an applicant handed in (上传文件).

    The original is kept as it came and is never served; people see the derivative, which is
    rebuilt from the original without anything that acts.
    """

    key = models.UUIDField("编号", default=uuid.uuid4, unique=True, editable=False)
    owner_ref = models.CharField("上传人", max_length=80)
    name = models.CharField("文件名", max_length=120)
    media_type = models.CharField(
        "类型", max_length=60, choices={m.value: m.label for m in MediaType}
    )
    pages = models.PositiveSmallIntegerField("页数", default=1)
    original = models.ForeignKey(
        StoredFile, verbose_name="原件", on_delete=models.PROTECT, related_name="+"
    )
    derivative = models.ForeignKey(
        StoredFile, verbose_name="可查看件", on_delete=models.PROTECT, related_name="+"
    )
    preview = models.ForeignKey(
        StoredFile,
        verbose_name="首页预览",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    scan = models.CharField(
        "病毒扫描",
        max_length=16,
        choices={s.value: s.label for s in ScanState},
        default=ScanState.NOT_SCANNED.value,
    )
    state = models.CharField(
        "状态",
        max_length=16,
        choices={s.value: s.label for s in UploadState},
        default=UploadState.UNUSED.value,
    )
    used_by = models.CharField("归属", max_length=80, blank=True)
    uploaded_at = models.DateTimeField("上传时间")

    objects = UploadQuerySet.as_manager()

    row_security = f"{IS_ALL} OR {IS_STAFF} OR owner_ref = ANY ({SUBJECTS})"
    """Whom the database shows an upload: staff that read cases, and whoever handed it in."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="documents_upload_state_known",
                condition=Q(state__in=[s.value for s in UploadState]),
            ),
            models.CheckConstraint(
                name="documents_upload_scan_known",
                condition=Q(scan__in=[s.value for s in ScanState]),
            ),
            models.CheckConstraint(
                name="documents_upload_media_type_accepted",
                condition=Q(media_type__in=[m.value for m in MediaType]),
            ),
            models.CheckConstraint(
                name="documents_upload_used_exactly_when_it_belongs_somewhere",
                condition=(~Q(state=UploadState.UNUSED.value) & ~Q(used_by=""))
                | (Q(state=UploadState.UNUSED.value) & Q(used_by="")),
            ),
            models.CheckConstraint(name="documents_upload_has_a_page", condition=Q(pages__gte=1)),
        ]
        indexes = [
            models.Index(fields=["state", "uploaded_at"], name="documents_upload_forgotten"),
            models.Index(fields=["owner_ref", "uploaded_at"], name="documents_upload_owner"),
            models.Index(
                fields=["used_by"], name="documents_upload_belongs", condition=~Q(used_by="")
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """Return the reference other packages keep: `upload:<uuid hex>`."""
        return f"upload:{self.key.hex}"
