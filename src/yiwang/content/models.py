"""Tables of loaded content. Rows are added, never changed: what is in force is the last one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.content.policy.districts import TownKind
from yiwang.content.policy.holidays import FIRST_YEAR, LAST_YEAR, DayKind


class LoadedPack(models.Model):
    """One loading of one pack (内容包装入记录)."""

    name = models.CharField("内容包", max_length=40)
    title = models.CharField("名称", max_length=100)
    version = models.CharField("版本", max_length=40)
    effective_on = models.DateField("生效日期")
    source = models.TextField("来源")
    requires = models.JSONField("依赖", default=list)
    sha256 = models.CharField("内容摘要", max_length=64)
    loaded_at = models.DateTimeField("装入时间")
    loaded_by = models.CharField("装入人", max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="content_loadedpack_sha256_is_a_hash",
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="content_loadedpack_loaded_by_someone", condition=~Q(loaded_by="")
            ),
        ]
        indexes = [models.Index(fields=["name", "-id"])]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class LoadedFile(models.Model):
    """One file of one loading."""

    pack = models.ForeignKey(LoadedPack, on_delete=models.CASCADE, related_name="files")
    path = models.CharField("文件", max_length=200)
    sha256 = models.CharField("内容摘要", max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="content_loadedfile_once_in_a_loading", fields=["pack", "path"]
            )
        ]

    def __str__(self) -> str:
        return self.path


class HolidayNotice(models.Model):
    """A notice on the holidays of one year, in one revision (节假日安排通知).

    The revision with the highest number is the one in force. A supplement changes some days
    of a year that another notice arranged.
    """

    slug = models.CharField("文件名", max_length=60)
    revision = models.PositiveIntegerField("修订")
    year = models.PositiveSmallIntegerField("年份")
    supplement = models.BooleanField("补充通知", default=False)
    title = models.CharField("标题", max_length=200)
    number = models.CharField("文号", max_length=60, blank=True)
    issued_on = models.DateField("发文日期", null=True, blank=True)
    effective_on = models.DateField("生效日期")
    source = models.TextField("来源")
    note = models.TextField("说明", blank=True)
    sha256 = models.CharField("内容摘要", max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="content_holidaynotice_revision_once", fields=["slug", "revision"]
            ),
            models.CheckConstraint(
                name="content_holidaynotice_year_plausible",
                condition=Q(year__gte=FIRST_YEAR) & Q(year__lte=LAST_YEAR),
            ),
            models.CheckConstraint(name="content_holidaynotice_has_title", condition=~Q(title="")),
        ]

    def __str__(self) -> str:
        return self.title


class HolidayDay(models.Model):
    """One day that a notice arranges."""

    notice = models.ForeignKey(HolidayNotice, on_delete=models.CASCADE, related_name="days")
    day = models.DateField("日期")
    kind = models.CharField(
        "安排", max_length=8, choices={kind.value: kind.label for kind in DayKind}
    )
    festival = models.CharField("节日", max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="content_holidayday_once_in_a_notice", fields=["notice", "day"]
            ),
            models.CheckConstraint(
                name="content_holidayday_kind_known",
                condition=Q(kind__in=[kind.value for kind in DayKind]),
            ),
            models.CheckConstraint(
                name="content_holidayday_worked_only_on_weekends",
                condition=~Q(kind=DayKind.WORKDAY.value) | Q(day__week_day__in=[1, 7]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class District(models.Model):
    """The district a pack describes, in one revision (区)."""

    pack = models.CharField("内容包", max_length=40)
    revision = models.PositiveIntegerField("修订")
    code = models.CharField("行政区划代码", max_length=6)
    name = models.CharField("名称", max_length=40)
    short_name = models.CharField("简称", max_length=20)
    name_en = models.CharField("英文名", max_length=60)
    letters = models.CharField("查询码字头", max_length=2)
    city_code = models.CharField("市级代码", max_length=6)
    city_name = models.CharField("市", max_length=40)
    site_name = models.CharField("网站名称", max_length=60)
    site_name_en = models.CharField("网站英文名", max_length=100)
    organiser = models.CharField("主办单位", max_length=100)
    hotline = models.CharField("热线", max_length=20)
    phone = models.CharField("电话", max_length=40, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    hours = models.CharField("办公时间", max_length=200, blank=True)
    effective_on = models.DateField("生效日期")
    source = models.TextField("来源")
    note = models.TextField("说明", blank=True)
    trust = models.JSONField("信用约束", default=dict)
    automatic = models.JSONField("自动办理的选择", default=dict, blank=True)
    correction = models.JSONField("补正期限", default=list, blank=True)
    sha256 = models.CharField("内容摘要", max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="content_district_revision_once", fields=["pack", "revision"]
            ),
            models.CheckConstraint(
                name="content_district_code_is_six_digits",
                condition=Q(code__regex=r"^[0-9]{6}$"),
            ),
            models.CheckConstraint(
                name="content_district_letters_are_two_capitals",
                condition=Q(letters__regex=r"^[A-Z]{2}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TownUnit(models.Model):
    """A town, street office or zone of a district (街镇)."""

    district = models.ForeignKey(District, on_delete=models.CASCADE, related_name="town_units")
    position = models.PositiveSmallIntegerField("次序")
    code = models.CharField("代码", max_length=9)
    slug = models.CharField("英文标识", max_length=40)
    name = models.CharField("名称", max_length=40)
    kind = models.CharField(
        "类别", max_length=12, choices={kind.value: kind.label for kind in TownKind}
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="content_townunit_code_once", fields=["district", "code"]),
            models.UniqueConstraint(name="content_townunit_slug_once", fields=["district", "slug"]),
            models.CheckConstraint(
                name="content_townunit_code_is_nine_digits",
                condition=Q(code__regex=r"^[0-9]{9}$"),
            ),
            models.CheckConstraint(
                name="content_townunit_kind_known",
                condition=Q(kind__in=[kind.value for kind in TownKind]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Text(models.Model):
    """A text for people that differs by place or date, in one revision (文本)."""

    pack = models.CharField("内容包", max_length=40)
    key = models.CharField("键", max_length=80)
    revision = models.PositiveIntegerField("修订")
    text = models.TextField("文本")
    text_en = models.TextField("英文文本", blank=True)
    source = models.TextField("来源")
    note = models.TextField("说明", blank=True)
    effective_on = models.DateField("生效日期")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="content_text_revision_once", fields=["pack", "key", "revision"]
            ),
            models.CheckConstraint(name="content_text_not_empty", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.key
