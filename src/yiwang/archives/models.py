"""Tables of packages, of legal holds, of transfer and of destruction."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.archives.policy.retention import PackageState
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL

REF_LENGTH = 64
NUMBER_LENGTH = 45
RECEIPT_LENGTH = 60


def _transferred_with_receipt() -> pgtrigger.Trigger:
    """Refuse to call a package transferred whose receipt is not written down."""
    return pgtrigger.Trigger(
        name="transferred_with_receipt",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition(f"NEW.state = '{PackageState.TRANSFERRED.value}'"),
        func="""
            IF NOT EXISTS (SELECT 1 FROM archives_transfer WHERE package_id = NEW.id) THEN
              RAISE EXCEPTION 'a package is transferred with its receipt';
            END IF;
            RETURN NEW;
        """,
    )


class ArchivePackage(models.Model):
    """The package of a finished case in one making (归档包); a later making is a new row."""

    case_number = models.CharField("办件编号", max_length=NUMBER_LENGTH)
    revision = models.PositiveSmallIntegerField("次数")
    case_version = models.PositiveIntegerField("办件版本")
    query_code = models.CharField("查询码", max_length=12)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("归档部门", max_length=32)
    closed_on = models.DateField("办结日期")
    sha256 = models.CharField("SHA-256 摘要", max_length=64)
    sm3 = models.CharField("SM3 摘要", max_length=64)
    size = models.BigIntegerField("字节数")
    files = models.PositiveIntegerField("文件数")
    made_at = models.DateTimeField("归档时间")
    made_by = models.CharField("归档人", max_length=REF_LENGTH)
    years = models.PositiveSmallIntegerField("保管年限", null=True)
    retain_until = models.DateField("保管至（不含当日）", null=True)
    transfer_on = models.DateField("移交档案馆日期", null=True)
    state = models.CharField(
        "状态", max_length=12, choices={one.value: one.label for one in PackageState}
    )

    row_security = f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS})"
    """Whom the database shows a package: the department that decided."""

    class Meta:
        verbose_name = "归档包"
        constraints = [
            models.UniqueConstraint(
                name="archives_archivepackage_once_per_making", fields=["case_number", "revision"]
            ),
            models.CheckConstraint(
                name="archives_archivepackage_state_known",
                condition=Q(state__in=[one.value for one in PackageState]),
            ),
            models.CheckConstraint(
                name="archives_archivepackage_years_and_day_go_together",
                condition=Q(years__isnull=True, retain_until__isnull=True)
                | Q(years__isnull=False, retain_until__isnull=False),
            ),
            models.CheckConstraint(
                name="archives_archivepackage_permanent_is_never_destroyed",
                condition=Q(retain_until__isnull=False) | ~Q(state=PackageState.DESTROYED.value),
            ),
        ]
        indexes = [
            models.Index(fields=["department_code", "-id"], name="archives_package_list"),
            models.Index(
                fields=["retain_until", "id"],
                name="archives_package_expiring",
                condition=Q(state=PackageState.KEPT.value, retain_until__isnull=False),
            ),
            models.Index(
                fields=["transfer_on", "id"],
                name="archives_package_transfer",
                condition=Q(state=PackageState.KEPT.value, transfer_on__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="facts_fixed", exclude=["state"]),
            _transferred_with_receipt(),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.query_code} {self.revision}"


class Transfer(models.Model):
    """The word of the district's archives that they hold a package (移交接收)."""

    append_only = True

    package = models.OneToOneField(
        ArchivePackage, on_delete=models.PROTECT, related_name="transfer"
    )
    department_code = models.CharField("移交部门", max_length=32)
    receipt_number = models.CharField("接收凭证号", max_length=RECEIPT_LENGTH)
    received_on = models.DateField("接收日期")
    reported_by = models.CharField("登记人", max_length=REF_LENGTH)
    reported_at = models.DateTimeField("登记时间")

    row_security = f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS})"

    class Meta:
        verbose_name = "移交档案馆"
        constraints = [
            models.CheckConstraint(
                name="archives_transfer_names_its_receipt",
                condition=Q(receipt_number__regex=r"\S"),
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func="RAISE EXCEPTION 'append-only table';",
            )
        ]

    def __str__(self) -> str:
        return f"{self.package_id} {self.receipt_number}"


class LegalHold(models.Model):
    """A ban on destroying what belongs to a case (禁止销毁), lifted by two."""

    case_number = models.CharField("办件编号", max_length=NUMBER_LENGTH)
    department_code = models.CharField("部门", max_length=32)
    reason = models.CharField("理由", max_length=500)
    placed_by = models.CharField("决定人", max_length=REF_LENGTH)
    placed_at = models.DateTimeField("决定时间")
    lift_reason = models.CharField("解除理由", max_length=500, blank=True)
    lift_proposed_by = models.CharField("提出解除人", max_length=REF_LENGTH, blank=True)
    lift_proposed_at = models.DateTimeField("提出解除时间", null=True)
    lifted_by = models.CharField("批准解除人", max_length=REF_LENGTH, blank=True)
    lifted_at = models.DateTimeField("解除时间", null=True)

    row_security = f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS})"

    class Meta:
        verbose_name = "禁止销毁"
        constraints = [
            models.CheckConstraint(
                name="archives_legalhold_says_why", condition=Q(reason__regex=r"\S")
            ),
            models.CheckConstraint(
                name="archives_legalhold_is_lifted_by_two",
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (
                    Q(lifted_at__isnull=False, lift_proposed_at__isnull=False)
                    & ~Q(lifted_by="")
                    & ~Q(lift_proposed_by="")
                    & ~Q(lifted_by=F("lift_proposed_by"))
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["case_number"],
                name="archives_legalhold_running",
                condition=Q(lifted_at__isnull=True),
            )
        ]
        triggers = [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.case_number} {self.reason[:20]}"


class Destruction(models.Model):
    """A proposal to destroy a package, the second person's answer, and the certificate (销毁)."""

    package = models.ForeignKey(
        ArchivePackage, on_delete=models.PROTECT, related_name="destructions"
    )
    department_code = models.CharField("部门", max_length=32)
    reason = models.CharField("理由", max_length=500)
    proposed_by = models.CharField("提出人", max_length=REF_LENGTH)
    proposed_at = models.DateTimeField("提出时间")
    agreed = models.BooleanField("同意", null=True)
    decided_by = models.CharField("批准人", max_length=REF_LENGTH, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    certificate = models.JSONField("销毁证明", null=True)
    takes_uploads = models.BooleanField("连同上传的文件", default=False)
    uploads_gone_at = models.DateTimeField("上传的文件销毁完毕时间", null=True)

    row_security = f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS})"

    class Meta:
        verbose_name = "销毁"
        constraints = [
            models.UniqueConstraint(
                name="archives_destruction_one_open_per_package",
                fields=["package"],
                condition=Q(agreed__isnull=True),
            ),
            models.CheckConstraint(
                name="archives_destruction_takes_two",
                condition=Q(agreed__isnull=True, decided_by="", decided_at__isnull=True)
                | (
                    Q(agreed__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by="")
                    & ~Q(decided_by=F("proposed_by"))
                ),
            ),
            models.CheckConstraint(
                name="archives_destruction_has_its_certificate",
                condition=~Q(agreed=True) | Q(certificate__isnull=False),
            ),
            models.CheckConstraint(
                name="archives_destruction_takes_uploads_when_agreed",
                condition=Q(takes_uploads=False) | Q(agreed=True, agreed__isnull=False),
            ),
            models.CheckConstraint(
                name="archives_destruction_uploads_go_where_it_takes_them",
                condition=Q(uploads_gone_at__isnull=True) | Q(takes_uploads=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="archives_destruction_pending",
                condition=Q(takes_uploads=True, uploads_gone_at__isnull=True),
            )
        ]
        triggers = [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.package_id} {self.agreed}"
