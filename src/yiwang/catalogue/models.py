"""Tables of items, their versions, the terms they are found by, and the law corpus."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from yiwang.catalogue.policy.drafting import OPEN_DRAFTS, DraftState, DraftStep
from yiwang.catalogue.policy.items import Audience, ItemState, ItemType
from yiwang.catalogue.policy.norms import LEGALITY, NormAct, NormReview
from yiwang.catalogue.policy.towns import InNameOf, TownMode


class DateRange(Func):
    """`daterange(start, end)`, the end exclusive; an end of NULL is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


def _never_emptied(table: str) -> pgtrigger.Trigger:
    """Return the trigger that keeps `table` from being truncated."""
    return pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        when=pgtrigger.Before,
        func=f"raise exception '{table} is only added to';",
    )


class CatalogItem(models.Model):
    """One entry of the basic catalogue (基本目录) that items of departments stand on."""

    code = models.CharField("基本编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=400)
    item_type = models.CharField(
        "事项类型", max_length=16, choices={kind.value: kind.label for kind in ItemType}
    )
    pack = models.CharField("内容包", max_length=40)
    source = models.CharField("来源", max_length=400)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="catalogue_catalogitem_code_written", condition=~Q(code="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Item(models.Model):
    """One service item (事项), whatever its versions.

    An item is listed from the day its name and codes are known; it is handled once a version is
    published. What its newest version says of name, type and codes stands here too, because lists
    filter on it.
    """

    slug = models.SlugField("标识", max_length=80, unique=True)
    pack = models.CharField("内容包", max_length=40)
    name = models.CharField("名称", max_length=400)
    item_type = models.CharField(
        "事项类型", max_length=16, choices={kind.value: kind.label for kind in ItemType}
    )
    department = models.CharField("实施部门", max_length=40)
    catalog_item = models.ForeignKey(
        CatalogItem, on_delete=models.PROTECT, null=True, related_name="items"
    )
    task_code = models.CharField("实施编码", max_length=31, blank=True)
    external_code = models.CharField("原系统编码", max_length=80, blank=True)
    main_item = models.CharField("主项", max_length=400, blank=True)
    source = models.CharField("来源", max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="catalogue_item_named", condition=~Q(name="")),
            models.UniqueConstraint(
                name="catalogue_item_external_code_once",
                fields=["external_code"],
                condition=~Q(external_code=""),
            ),
        ]
        indexes = [models.Index(fields=["department", "name"])]

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


class ItemDraft(models.Model):
    """The next version of an item while it is being written and checked (事项草稿).

    One open draft per item. `revision` counts the writes: whoever saves names the revision they
    read, so that nobody writes over what another has saved meanwhile. `document` is the number of
    the decision that adjusts the item (调整); empty: an ordinary change.
    """

    slug = models.SlugField("标识", max_length=80)
    department = models.CharField("实施部门", max_length=40)
    name = models.CharField("名称", max_length=400)
    definition = models.JSONField("定义")
    based_on = models.PositiveIntegerField("所依据的版本", default=0)
    revision = models.PositiveIntegerField("修订次数", default=1)
    state = models.CharField(
        "状态", max_length=16, choices={state.value: state.label for state in DraftState}
    )
    created_at = models.DateTimeField("建立时间")
    created_by = models.CharField("建立人", max_length=80)
    changed_at = models.DateTimeField("修改时间")
    changed_by = models.CharField("修改人", max_length=80)
    published_version = models.PositiveIntegerField("发布为版本", null=True, blank=True)
    document = models.CharField("调整决定文号", max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalogue_itemdraft_one_open",
                fields=["slug"],
                condition=Q(state__in=sorted(state.value for state in OPEN_DRAFTS)),
            ),
            models.CheckConstraint(
                name="catalogue_itemdraft_state_known",
                condition=Q(state__in=[state.value for state in DraftState]),
            ),
            models.CheckConstraint(
                name="catalogue_itemdraft_published_has_version",
                condition=Q(published_version__isnull=False, state="published")
                | Q(published_version__isnull=True) & ~Q(state="published"),
            ),
        ]
        indexes = [models.Index(fields=["department", "state"])]

    def __str__(self) -> str:
        return f"{self.slug} r{self.revision}"


class ItemDraftStep(models.Model):
    """One step of a draft: who moved it, when and with what words; rows are only added."""

    append_only = True

    draft = models.ForeignKey(ItemDraft, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(
        "步骤", max_length=16, choices={step.value: step.label for step in DraftStep}
    )
    at = models.DateTimeField("时间")
    by = models.CharField("操作人", max_length=80)
    by_name = models.CharField("姓名", max_length=80, blank=True)
    revision = models.PositiveIntegerField("修订次数")
    comment = models.CharField("意见", max_length=1000, blank=True)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            _never_emptied("catalogue_itemdraftstep"),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.step}"


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
            _never_emptied("catalogue_itemchange"),
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


class SceneRow(models.Model):
    """One scene: a path over items (场景), as the pack wrote it."""

    slug = models.SlugField("标识", max_length=60, unique=True)
    pack = models.CharField("内容包", max_length=40)
    audience = models.CharField(
        "对象", max_length=12, choices={one.value: one.label for one in Audience}
    )
    position = models.PositiveIntegerField("顺序")
    definition = models.JSONField("内容")

    class Meta:
        indexes = [models.Index(fields=["audience", "position"])]

    def __str__(self) -> str:
        return self.slug


class TownItem(models.Model):
    """How an item is done at the centres of towns from one day until another (下沉事项).

    `centre` is empty for all centres; `valid_until` is exclusive.
    """

    item = models.CharField("事项", max_length=80)
    centre = models.CharField("受理中心", max_length=40, blank=True)
    mode = models.CharField(
        "办理方式", max_length=12, choices={one.value: one.label for one in TownMode}
    )
    in_name_of = models.CharField(
        "受理名义", max_length=12, choices={one.value: one.label for one in InNameOf}
    )
    document = models.CharField("文号", max_length=200)
    note = models.CharField("备注", max_length=300, blank=True)
    valid_from = models.DateField("开始日期")
    valid_until = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalogue_townitem_begins_once", fields=["item", "centre", "valid_from"]
            ),
            ExclusionConstraint(
                name="catalogue_townitem_one_mode_at_a_time",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("centre", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="catalogue_townitem_terms_known",
                condition=Q(
                    mode__in=[one.value for one in TownMode],
                    in_name_of__in=[one.value for one in InNameOf],
                ),
            ),
            models.CheckConstraint(
                name="catalogue_townitem_forwarded_is_accepted_by_the_department",
                condition=Q(mode=TownMode.DIRECT.value) | Q(in_name_of=InNameOf.DEPARTMENT.value),
            ),
            models.CheckConstraint(
                name="catalogue_townitem_has_document", condition=~Q(document="")
            ),
            models.CheckConstraint(
                name="catalogue_townitem_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.centre} {self.mode}"


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


class Norm(models.Model):
    """One normative document in the register (规范性文件).

    `valid_until` is its last day, `repealed_on` the first day without it. How it stands is
    reckoned from the days and stored nowhere. Number, day of issue and first day change only
    with a counted correction of a mistyped entry.
    """

    number = models.CharField("文号", max_length=80, unique=True)
    title = models.CharField("标题", max_length=300)
    issuer = models.CharField("制定机关", max_length=200)
    issued_on = models.DateField("印发日期")
    valid_from = models.DateField("施行日期")
    valid_until = models.DateField("有效期至", null=True, blank=True)
    repealed_on = models.DateField("废止日期", null=True, blank=True)
    repealed_by = models.CharField("废止依据", max_length=120, blank=True)
    department = models.CharField("管理部门", max_length=40)
    legality = models.CharField(
        "合法性审查", max_length=12, choices={one.value: one.label for one in LEGALITY}
    )
    fair_competition = models.CharField(
        "公平竞争审查", max_length=12, choices={one.value: one.label for one in NormReview}
    )
    replaces = ArrayField(models.CharField(max_length=80), verbose_name="取代的文件", default=list)
    source = models.CharField("来源", max_length=500, blank=True)
    note = models.CharField("备注", max_length=500, blank=True)
    pack = models.CharField("内容包", max_length=40, blank=True)
    corrections = models.PositiveIntegerField("更正次数", default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="catalogue_norm_named", condition=~Q(number="") & ~Q(title="")
            ),
            models.CheckConstraint(
                name="catalogue_norm_ends_after_start",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="catalogue_norm_repeal_has_day_and_document",
                condition=Q(repealed_on__isnull=True, repealed_by="")
                | Q(repealed_on__gte=F("valid_from")) & ~Q(repealed_by=""),
            ),
            models.CheckConstraint(
                name="catalogue_norm_reviews_known",
                condition=Q(
                    legality__in=[one.value for one in LEGALITY],
                    fair_competition__in=[one.value for one in NormReview],
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["-issued_on", "-id"]),
            models.Index(fields=["valid_until"]),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__corrections__gte=pgtrigger.F("new__corrections"))
                & (
                    pgtrigger.Q(old__number__df=pgtrigger.F("new__number"))
                    | pgtrigger.Q(old__issued_on__df=pgtrigger.F("new__issued_on"))
                    | pgtrigger.Q(old__valid_from__df=pgtrigger.F("new__valid_from"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class NormChange(models.Model):
    """What was done to a normative document, when, by whom and by which document."""

    append_only = True

    norm = models.ForeignKey(Norm, on_delete=models.PROTECT, related_name="changes")
    act = models.CharField("行为", max_length=12, choices={one.value: one.label for one in NormAct})
    at = models.DateTimeField("时间")
    by = models.CharField("操作人", max_length=80)
    by_name = models.CharField("姓名", max_length=80, blank=True)
    document = models.CharField("依据文号", max_length=120, blank=True)
    detail = models.TextField("说明", blank=True)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            _never_emptied("catalogue_normchange"),
        ]

    def __str__(self) -> str:
        return f"{self.norm_id} {self.act}"
