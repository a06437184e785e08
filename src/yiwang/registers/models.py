"""Tables of persons, legal entities and places; history is kept by triggers.

History holds the row as it was *before* each change or deletion (the current row is the newest
version), so that loading new rows costs nothing. Who changed it and why stands in the trail.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact, GreaterThanOrEqual

from yiwang.kernel.row_scope import IS_ALL, IS_STAFF, SUBJECTS
from yiwang.kernel.terms import Term
from yiwang.registers.policy import field_crypto
from yiwang.registers.policy.records import (
    ADDRESS_MAX,
    ENTITY_NAME_MAX,
    NAME_MAX,
    PINYIN_MAX,
    REASON_MIN,
    SOURCE_MAX,
)
from yiwang.registers.policy.terms import EntityKind, EntityStatus, Gender

NO_TRUNCATE = pgtrigger.Trigger(
    name="no_truncate",
    level=pgtrigger.Statement,
    when=pgtrigger.Before,
    operation=pgtrigger.Truncate,
    func="RAISE EXCEPTION 'append-only table';",
)
NO_CHANGE = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
SEALED_MIN_BYTES = field_crypto.HEADER_BYTES + field_crypto.TAG_BYTES + 1
USCC_FORM = r"^[0-9A-HJ-NPQRTUWXY]{18}$"


def _bytes_of(field: str) -> Func:
    return Func(F(field), function="octet_length", output_field=models.IntegerField())


def _choices(terms: type[Term]) -> dict[str, str]:
    return {term.value: term.label for term in terms}


def _values(terms: type[Term]) -> list[str]:
    return [term.value for term in terms]


class Provenance(models.Model):
    """Where a record comes from and how old it is."""

    source = models.CharField("来源", max_length=SOURCE_MAX)
    source_as_of = models.DateField("来源数据日期")
    loaded_at = models.DateTimeField("入库时间")

    class Meta:
        abstract = True


class Person(Provenance):
    """A natural person (自然人).

    The number and the phone are kept sealed, each beside a keyed index that finds it again;
    nobody reads either without a trace.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField("姓名", max_length=NAME_MAX)
    name_pinyin = models.CharField("姓名排序", max_length=PINYIN_MAX)
    gender = models.CharField("性别", max_length=8, choices=_choices(Gender))
    born_on = models.DateField("出生日期")
    hukou_division = models.CharField("户籍区划", max_length=6, blank=True)
    hukou_town = models.CharField("户籍街镇", max_length=9, blank=True)
    hukou_address = models.CharField("户籍地址", max_length=ADDRESS_MAX, blank=True)
    address = models.CharField("住址", max_length=ADDRESS_MAX, blank=True)
    number_sealed = models.BinaryField("公民身份号码（密文）")
    number_index = models.BinaryField("公民身份号码（索引）", unique=True)
    phone_sealed = models.BinaryField("手机号码（密文）", null=True, blank=True)
    phone_index = models.BinaryField("手机号码（索引）", null=True, blank=True)

    row_security = (
        f"{IS_ALL} OR {IS_STAFF} OR 'person:' || replace(id::text, '-', '') = ANY ({SUBJECTS})"
    )
    """Whom the database shows a person: staff that read cases, and the person."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registers_person_has_a_name", condition=Q(name__regex=r"\S")
            ),
            models.CheckConstraint(
                name="registers_person_gender_is_known", condition=Q(gender__in=_values(Gender))
            ),
            models.CheckConstraint(
                name="registers_person_is_born_before_the_source_date",
                condition=Q(born_on__lte=F("source_as_of")),
            ),
            models.CheckConstraint(
                name="registers_person_hukou_is_a_division",
                condition=Q(hukou_division__regex=r"^([0-9]{6})?$")
                & Q(hukou_town__regex=r"^([0-9]{9})?$"),
            ),
            models.CheckConstraint(
                name="registers_person_number_is_sealed",
                condition=GreaterThanOrEqual(_bytes_of("number_sealed"), SEALED_MIN_BYTES)
                & Exact(_bytes_of("number_index"), field_crypto.INDEX_BYTES),
            ),
            models.CheckConstraint(
                name="registers_person_phone_is_sealed_with_its_index",
                condition=Q(phone_sealed__isnull=True, phone_index__isnull=True)
                | (
                    Q(phone_sealed__isnull=False, phone_index__isnull=False)
                    & GreaterThanOrEqual(_bytes_of("phone_sealed"), SEALED_MIN_BYTES)
                    & Exact(_bytes_of("phone_index"), field_crypto.INDEX_BYTES)
                ),
            ),
            models.CheckConstraint(
                name="registers_person_has_a_source", condition=Q(source__regex=r"\S")
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """Return `person:<hex>`."""
        return f"person:{self.id.hex}"


class LegalEntityQuerySet(models.QuerySet["LegalEntity"]):
    """Named questions about sets of legal entities."""

    def named_like(self, text: str) -> Self:
        """Keep entities whose name holds `text` (two characters or more), by the bigram index."""
        # Both conditions are needed even for two characters, where the first says it all: the
        # second is cheap to check where the planner walks the index of the order instead.
        return self.alias(
            shares_bigrams=RawSQL(
                "bigrams(registers_legalentity.name) @> bigrams(%s)",
                [text],
                output_field=models.BooleanField(),
            )
        ).filter(shares_bigrams=True, name__contains=text)


class LegalEntity(Provenance):
    """A legal entity or unincorporated body with a USCC (法人和非法人组织).

    The code is public by law and kept plain. The name of the legal representative is kept
    beside the reference: the register of entities knows it even where the person is unknown.
    """

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=ENTITY_NAME_MAX)
    name_pinyin = models.CharField("名称排序", max_length=PINYIN_MAX)
    kind = models.CharField("机构类别", max_length=20, choices=_choices(EntityKind))
    status = models.CharField(
        "登记状态",
        max_length=10,
        choices=_choices(EntityStatus),
        default=EntityStatus.ACTIVE.value,
    )
    address = models.CharField("住所", max_length=ADDRESS_MAX, blank=True)
    town_code = models.CharField("街镇代码", max_length=9, blank=True)
    industry_code = models.CharField("行业代码", max_length=5, blank=True)
    representative_ref = models.CharField("法定代表人引用", max_length=39, blank=True)
    representative_name = models.CharField("法定代表人", max_length=NAME_MAX, blank=True)
    established_on = models.DateField("成立日期", null=True, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    capital_cny = models.BigIntegerField("注册资本（元）", null=True, blank=True)

    objects = LegalEntityQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registers_legalentity_uscc_has_its_form", condition=Q(uscc__regex=USCC_FORM)
            ),
            models.CheckConstraint(
                name="registers_legalentity_has_a_name", condition=Q(name__regex=r"\S")
            ),
            models.CheckConstraint(
                name="registers_legalentity_kind_is_known",
                condition=Q(kind__in=_values(EntityKind)),
            ),
            models.CheckConstraint(
                name="registers_legalentity_status_is_known",
                condition=Q(status__in=_values(EntityStatus)),
            ),
            models.CheckConstraint(
                name="registers_legalentity_town_is_a_code",
                condition=Q(town_code__regex=r"^([0-9]{9})?$"),
            ),
            models.CheckConstraint(
                name="registers_legalentity_industry_is_a_code",
                condition=Q(industry_code__regex=r"^([A-T][0-9]{2,4})?$"),
            ),
            models.CheckConstraint(
                name="registers_legalentity_representative_is_a_person",
                condition=Q(representative_ref__regex=r"^(person:[0-9a-f]{32})?$"),
            ),
            models.CheckConstraint(
                name="registers_legalentity_is_established_before_the_source_date",
                condition=Q(established_on__isnull=True) | Q(established_on__lte=F("source_as_of")),
            ),
            models.CheckConstraint(
                name="registers_legalentity_capital_is_not_negative",
                condition=Q(capital_cny__isnull=True) | Q(capital_cny__gte=0),
            ),
            models.CheckConstraint(
                name="registers_legalentity_has_a_source", condition=Q(source__regex=r"\S")
            ),
        ]
        indexes = [
            models.Index("name_pinyin", "uscc", name="registers_entity_by_pinyin"),
            GinIndex(Func(F("name"), function="bigrams"), name="registers_entity_bigrams"),
            models.Index(
                "representative_ref",
                name="registers_entity_by_person",
                condition=~Q(representative_ref=""),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """Return `entity:<uscc>`."""
        return f"entity:{self.uscc}"


class Place(Provenance):
    """An address that other records point to (地址)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.CharField("地址", max_length=ADDRESS_MAX)
    town_code = models.CharField("街镇代码", max_length=9)
    lon = models.DecimalField(
        "经度（CGCS2000，度）", max_digits=9, decimal_places=6, null=True, blank=True
    )
    lat = models.DecimalField(
        "纬度（CGCS2000，度）", max_digits=9, decimal_places=6, null=True, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["town_code", "address"], name="registers_place_is_known_once"
            ),
            models.CheckConstraint(
                name="registers_place_has_an_address", condition=Q(address__regex=r"\S")
            ),
            models.CheckConstraint(
                name="registers_place_town_is_a_code",
                condition=Q(town_code__regex=r"^[0-9]{9}$"),
            ),
            models.CheckConstraint(
                name="registers_place_coordinates_come_together",
                condition=Q(lon__isnull=True, lat__isnull=True)
                | Q(
                    lon__isnull=False,
                    lat__isnull=False,
                    lon__range=(73, 136),
                    lat__range=(3, 54),
                ),
            ),
            models.CheckConstraint(
                name="registers_place_has_a_source", condition=Q(source__regex=r"\S")
            ),
        ]

    def __str__(self) -> str:
        return f"place:{self.id.hex}"


class UsccException(models.Model):
    """A code of the pilot years whose check character is wrong and yet is in use.

    Source: domain rule beside GB 32100-2015: such codes exist and cannot be reissued; each is
    confirmed by a reviewer with reason and evidence.
    """

    append_only: ClassVar[bool] = True

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    reason = models.TextField("理由")
    evidence = models.TextField("依据")
    confirmed_by = models.CharField("确认人", max_length=80)
    confirmed_at = models.DateTimeField("确认时间")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registers_usccexception_has_its_form", condition=Q(uscc__regex=USCC_FORM)
            ),
            models.CheckConstraint(
                name="registers_usccexception_has_reason_and_evidence",
                condition=Q(reason__regex=rf"\S.{{{REASON_MIN - 1},}}")
                & Q(evidence__regex=rf"\S.{{{REASON_MIN - 1},}}"),
            ),
        ]
        triggers = [NO_CHANGE, NO_TRUNCATE]

    def __str__(self) -> str:
        return self.uscc


class PopulationLoad(models.Model):
    """One load of the invented population, so that it is not loaded twice."""

    seed = models.CharField("种子", max_length=40, unique=True)
    persons = models.PositiveIntegerField("自然人")
    enterprises = models.PositiveIntegerField("法人")
    loaded_at = models.DateTimeField("装入时间")
    loaded_by = models.CharField("装入人", max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="registers_populationload_seed_is_named", condition=Q(seed__regex=r"\S")
            )
        ]

    def __str__(self) -> str:
        return self.seed


def _history(model: type[models.Model], *, exclude: list[str]) -> type[models.Model]:
    history: type[models.Model] = pghistory.create_event_model(
        model,
        pghistory.UpdateEvent("changed", row=pghistory.Old),
        pghistory.DeleteEvent("deleted", row=pghistory.Old),
        exclude=exclude,
        obj_field=pghistory.ObjForeignKey(related_name="+"),
        context_field=None,  # type: ignore[arg-type]  # documented, missing in the hint
        append_only=True,
        meta={"triggers": [NO_TRUNCATE]},
    )
    return history


class PersonHistory(_history(Person, exclude=["name_pinyin"])):  # type: ignore[misc]
    """Persons as they were before each change; shown to whom the person is shown."""

    append_only: ClassVar[bool] = True
    row_security = Person.row_security


class LegalEntityHistory(_history(LegalEntity, exclude=["name_pinyin"])):  # type: ignore[misc]
    """Legal entities as they were before each change."""

    append_only: ClassVar[bool] = True


class PlaceHistory(_history(Place, exclude=[])):  # type: ignore[misc]
    """Places as they were before each change."""

    append_only: ClassVar[bool] = True
