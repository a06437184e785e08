"""Tables of items, their versions, the terms they are found by, and the law corpus."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from yiwang.catalogue.policy.items import ItemState, ItemType


class DateRange(Func):
    """`daterange(start, end)`, the end exclusive; an end of NULL is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Item(models.Model):
    """One service item (事项), whatever its versions."""

    slug = models.SlugField("标识", max_length=60, unique=True)
    pack = models.CharField("内容包", max_length=40)

    def __str__(self) -> str:
        return self.slug


class ItemVersionRow(models.Model):
    """One version of an item: the frozen definition, and the columns that lists filter on.

    A version is in force from `effective_on` until the day before `until`. One that was replaced
    before its first day has `until` equal to `effective_on` and was never in force.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField("版本")
    state = models.CharField(
        "状态", max_length=12, choices={state.value: state.label for state in ItemState}
    )
    definition = models.JSONField("定义")
    digest = models.CharField("定义摘要", max_length=64)
    effective_on = models.DateField("生效日期")
    until = models.DateField("失效日期（不含）", null=True, blank=True)
    published_at = models.DateTimeField("发布时间")
    published_by = models.CharField("发布人", max_length=80)

    name = models.CharField("名称", max_length=200)
    item_type = models.CharField(
        "事项类型", max_length=16, choices={kind.value: kind.label for kind in ItemType}
    )
    task_code = models.CharField("实施编码", max_length=31)
    department = models.CharField("实施部门", max_length=40)
    field = models.CharField("领域", max_length=40)
    audiences = ArrayField(models.CharField(max_length=12), verbose_name="服务对象")
    channels = ArrayField(models.CharField(max_length=12), verbose_name="办理形式")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalogue_itemversionrow_number_once", fields=["item", "version"]
            ),
            models.CheckConstraint(
                name="catalogue_itemversionrow_state_known",
                condition=Q(state__in=[state.value for state in ItemState]),
            ),
            models.CheckConstraint(
                name="catalogue_itemversionrow_ends_after_start",
                condition=Q(until__isnull=True) | Q(until__gte=F("effective_on")),
            ),
            models.CheckConstraint(
                name="catalogue_itemversionrow_withdrawn_has_end",
                condition=Q(until__isnull=False) | ~Q(state__in=["suspended", "cancelled"]),
            ),
            ExclusionConstraint(
                name="catalogue_itemversionrow_one_a_day",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    (DateRange("effective_on", "until"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(state="draft"),
            ),
        ]
        indexes = [
            models.Index(fields=["department", "effective_on"]),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["item", "version", "definition", "digest", "effective_on"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} v{self.version}"


class ItemChange(models.Model):
    """What was done to an item, when and by whom (事项变更记录); rows are only added."""

    append_only = True

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="changes")
    version = models.PositiveIntegerField("版本")
    act = models.CharField("行为", max_length=16)
    at = models.DateTimeField("时间")
    by = models.CharField("操作人", max_length=80)
    lines = models.JSONField("变化", default=list)
    document = models.CharField("依据文号", max_length=120, blank=True)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="never_emptied",
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                when=pgtrigger.Before,
                func="raise exception 'catalogue_itemchange is only added to';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.act} v{self.version}"


class SearchTerm(models.Model):
    """One term by which a version in force is found; rewritten whenever the version changes."""

    item_version = models.ForeignKey(
        ItemVersionRow, on_delete=models.CASCADE, related_name="terms", db_index=True
    )
    term = models.CharField(max_length=80)
    weight = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalogue_searchterm_term_once",
                fields=["term", "item_version"],
                include=["weight"],
            )
        ]

    def __str__(self) -> str:
        return self.term


class Law(models.Model):
    """One dated text of a law or regulation."""

    name = models.CharField("名称", max_length=300)
    version = models.CharField("版本日期", max_length=10, blank=True)
    category = models.CharField("类别", max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="catalogue_law_version_once", fields=["name", "version"])
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.version}）"


class LawArticle(models.Model):
    """One article of a law."""

    law = models.ForeignKey(Law, on_delete=models.CASCADE, related_name="articles")
    article = models.CharField("条号", max_length=40)
    chapter = models.CharField("章节", max_length=200, blank=True)
    text = models.TextField("条文")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalogue_lawarticle_number_once", fields=["law", "article"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.law_id} {self.article}"
