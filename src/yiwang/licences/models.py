"""Tables: types of licences, licences, their counters and the record of checks."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.licences.policy.states import LIVE, HolderKind, LicenceState

LIVE_VALUES = sorted(state.value for state in LIVE)


class LicenceType(models.Model):
    """One type of licence (证照类型), as a pack gave it."""

    code = models.CharField("类型代码", max_length=21, unique=True)
    slug = models.CharField("简名", max_length=60, unique=True)
    name = models.CharField("名称", max_length=60)
    holder_kind = models.CharField(
        "持证主体", max_length=16, choices={k.value: k.label for k in HolderKind}
    )
    department_code = models.CharField("颁发部门", max_length=40)
    definition = models.JSONField("定义")
    """The whole of `policy.types.TypeDefinition`; nothing in it is filtered on."""
    changed_at = models.DateTimeField("更新时间")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="licences_licencetype_code_is_uscc_and_serial",
                condition=Q(code__regex=r"^[0-9A-Z]{18}[0-9]{3}$"),
            ),
            models.CheckConstraint(
                name="licences_licencetype_holder_kind_known",
                condition=Q(holder_kind__in=[k.value for k in HolderKind]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class NumberCounter(models.Model):
    """The last serial number given out in one scope; never goes back."""

    scope = models.CharField("范围", max_length=120, primary_key=True)
    last = models.PositiveBigIntegerField("最后流水号")

    def __str__(self) -> str:
        return f"{self.scope}: {self.last}"


class LicenceQuerySet(models.QuerySet["Licence"]):
    """Named questions about sets of licences."""

    def live(self) -> Self:
        """Keep licences whose number is taken: valid or suspended."""
        return self.filter(state__in=LIVE_VALUES)

    def valid_on(self, day: date) -> Self:
        """Keep licences that are valid on `day`."""
        return self.filter(state=LicenceState.VALID.value, valid_from__lte=day).filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=day)
        )

    def held_by(self, holder_ref: str) -> Self:
        """Keep licences of one holder."""
        return self.filter(holder_ref=holder_ref)


class Licence(models.Model):
    """One version of one e-licence (电子证照).

    The file is made after the row: `file_sha256` is null until then. What stands on the
    licence never changes; only its state and the file do.
    """

    identifier = models.CharField("电子证照标识", max_length=120, unique=True)
    type = models.ForeignKey(LicenceType, verbose_name="类型", on_delete=models.PROTECT)
    number = models.CharField("证照编号", max_length=60)
    serial = models.CharField("流水号", max_length=32)
    version = models.PositiveSmallIntegerField("版本", default=1)
    previous = models.ForeignKey(
        "self", verbose_name="上一版本", on_delete=models.PROTECT, null=True, blank=True
    )
    state = models.CharField(
        "状态",
        max_length=16,
        choices={s.value: s.label for s in LicenceState},
        default=LicenceState.VALID.value,
    )
    state_reason = models.CharField("状态原因", max_length=400, blank=True)
    state_changed_at = models.DateTimeField("状态变更时间")

    issuer_code = models.CharField("颁发部门", max_length=40)
    issuer_name = models.CharField("颁发机构", max_length=100)
    issuer_uscc = models.CharField("颁发机构代码", max_length=18)
    seal_code = models.CharField("印章", max_length=40)
    seal_name = models.CharField("印章名称", max_length=100)

    holder_ref = models.CharField("持证主体", max_length=80)
    holder_name = models.CharField("持证主体名称", max_length=120)
    holder_number_sealed = models.BinaryField("持证主体代码（加密）")
    fields = models.JSONField("证面内容")

    issued_at = models.DateTimeField("颁发时间")
    valid_from = models.DateField("有效期起")
    valid_until = models.DateField("有效期止（不含当日）", null=True, blank=True)
    case_number = models.CharField("办件编号", max_length=64, blank=True)
    token = models.CharField("核验码", max_length=26, unique=True)

    file_sha256 = models.CharField("文件 SHA-256", max_length=64, null=True, blank=True)
    file_sm3 = models.CharField("文件 SM3", max_length=64, null=True, blank=True)
    file_size = models.PositiveBigIntegerField("文件字节数", null=True, blank=True)
    file_made_at = models.DateTimeField("制证时间", null=True, blank=True)
    file_problem = models.CharField("制证问题", max_length=400, blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="licences_licence_state_known",
                condition=Q(state__in=[s.value for s in LicenceState]),
            ),
            models.UniqueConstraint(
                name="licences_licence_one_live_version_per_number",
                fields=["type", "number"],
                condition=Q(state__in=LIVE_VALUES),
            ),
            models.UniqueConstraint(
                name="licences_licence_versions_of_a_number_differ",
                fields=["type", "number", "version"],
            ),
            models.UniqueConstraint(
                name="licences_licence_one_successor",
                fields=["previous"],
                condition=Q(previous__isnull=False),
            ),
            models.CheckConstraint(
                name="licences_licence_later_version_points_back",
                condition=Q(version=1, previous__isnull=True)
                | Q(version__gt=1, previous__isnull=False),
            ),
            models.CheckConstraint(
                name="licences_licence_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="licences_licence_change_of_state_has_reason",
                condition=Q(state=LicenceState.VALID.value) | ~Q(state_reason=""),
            ),
            models.CheckConstraint(
                name="licences_licence_file_known_whole_or_not_at_all",
                condition=Q(
                    file_sha256__isnull=True,
                    file_sm3__isnull=True,
                    file_size__isnull=True,
                    file_made_at__isnull=True,
                )
                | Q(
                    file_sha256__isnull=False,
                    file_sm3__isnull=False,
                    file_size__isnull=False,
                    file_made_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="licences_licence_token_is_128_bit",
                condition=Q(token__regex=r"^[A-Z2-7]{26}$"),  # noqa: S106 - a lookup's name
            ),
        ]
        indexes = [
            models.Index(fields=["holder_ref", "-issued_at"], name="licences_licence_wallet"),
            models.Index(fields=["number"], name="licences_licence_number"),
            models.Index(fields=["case_number"], name="licences_licence_case"),
            models.Index(fields=["type", "serial"], name="licences_licence_versions"),
            models.Index(
                fields=["valid_until", "id"],
                name="licences_licence_running_out",
                condition=Q(state__in=LIVE_VALUES, valid_until__isnull=False),
            ),
            models.Index(fields=["file_sha256"], name="licences_licence_file"),
            models.Index(
                fields=["issued_at"],
                name="licences_licence_without_file",
                condition=Q(file_sha256__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.holder_ref}"

    @property
    def ref(self) -> str:
        """Return the reference other packages keep."""
        return f"licence:{self.identifier}"


class LicenceCheck(models.Model):
    """One look at a licence by somebody who verified it (核验记录); never changed."""

    append_only: ClassVar[bool] = True

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="checks")
    at = models.DateTimeField("核验时间")
    means = models.CharField(
        "方式", max_length=16, choices={"token": "扫码", "file": "文件", "number": "编号"}
    )
    answer = models.CharField("结果", max_length=16)
    ip = models.CharField("来源地址", max_length=45, blank=True)

    class Meta:
        indexes = [models.Index(fields=["licence", "-at"], name="licences_check_log")]
        triggers = [
            pgtrigger.Trigger(
                name="append_only",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func="RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME "
                "USING ERRCODE = 'restrict_violation';",
            )
        ]

    def __str__(self) -> str:
        return f"{self.licence_id} {self.at:%Y-%m-%d}"
