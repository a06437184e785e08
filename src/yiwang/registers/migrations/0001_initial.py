import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

BIGRAMS = """
CREATE OR REPLACE FUNCTION bigrams(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
  SELECT coalesce(array_agg(DISTINCT substr(words, i, 2)), '{}')
  FROM generate_series(1, length(words) - 1) AS i
$$
"""


STATISTICS = """
CREATE OR REPLACE FUNCTION registers_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE registers_person;
  ANALYZE registers_legalentity;
END
$$
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(BIGRAMS, "DROP FUNCTION bigrams(text)"),
        migrations.RunSQL(STATISTICS, "DROP FUNCTION registers_refresh_statistics()"),
        migrations.CreateModel(
            name="LegalEntityHistory",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                ("uscc", models.CharField(max_length=18, verbose_name="统一社会信用代码")),
                ("name", models.CharField(max_length=200, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("enterprise", "企业"),
                            ("individual", "个体工商户"),
                            ("cooperative", "农民专业合作社"),
                            ("authority", "机关"),
                            ("institution", "事业单位"),
                            ("social", "社会团体"),
                            ("private_nonprofit", "民办非企业单位"),
                            ("foundation", "基金会"),
                            ("collective", "农村集体经济组织"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="机构类别",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "存续"),
                            ("revoked", "吊销"),
                            ("cancelled", "注销"),
                            ("moved", "迁出"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="登记状态",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="住所")),
                ("town_code", models.CharField(blank=True, max_length=9, verbose_name="街镇代码")),
                (
                    "industry_code",
                    models.CharField(blank=True, max_length=5, verbose_name="行业代码"),
                ),
                (
                    "representative_ref",
                    models.CharField(blank=True, max_length=39, verbose_name="法定代表人引用"),
                ),
                (
                    "representative_name",
                    models.CharField(blank=True, max_length=50, verbose_name="法定代表人"),
                ),
                (
                    "established_on",
                    models.DateField(blank=True, null=True, verbose_name="成立日期"),
                ),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="联系电话")),
                (
                    "capital_cny",
                    models.BigIntegerField(blank=True, null=True, verbose_name="注册资本（元）"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="姓名")),
                ("name_pinyin", models.CharField(max_length=240, verbose_name="姓名排序")),
                (
                    "gender",
                    models.CharField(
                        choices=[("male", "男"), ("female", "女")],
                        max_length=8,
                        verbose_name="性别",
                    ),
                ),
                ("born_on", models.DateField(verbose_name="出生日期")),
                (
                    "hukou_division",
                    models.CharField(blank=True, max_length=6, verbose_name="户籍区划"),
                ),
                ("hukou_town", models.CharField(blank=True, max_length=9, verbose_name="户籍街镇")),
                (
                    "hukou_address",
                    models.CharField(blank=True, max_length=200, verbose_name="户籍地址"),
                ),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="住址")),
                ("number_sealed", models.BinaryField(verbose_name="公民身份号码（密文）")),
                (
                    "number_index",
                    models.BinaryField(unique=True, verbose_name="公民身份号码（索引）"),
                ),
                (
                    "phone_sealed",
                    models.BinaryField(blank=True, null=True, verbose_name="手机号码（密文）"),
                ),
                (
                    "phone_index",
                    models.BinaryField(blank=True, null=True, verbose_name="手机号码（索引）"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonHistory",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("name", models.CharField(max_length=50, verbose_name="姓名")),
                (
                    "gender",
                    models.CharField(
                        choices=[("male", "男"), ("female", "女")],
                        max_length=8,
                        verbose_name="性别",
                    ),
                ),
                ("born_on", models.DateField(verbose_name="出生日期")),
                (
                    "hukou_division",
                    models.CharField(blank=True, max_length=6, verbose_name="户籍区划"),
                ),
                ("hukou_town", models.CharField(blank=True, max_length=9, verbose_name="户籍街镇")),
                (
                    "hukou_address",
                    models.CharField(blank=True, max_length=200, verbose_name="户籍地址"),
                ),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="住址")),
                ("number_sealed", models.BinaryField(verbose_name="公民身份号码（密文）")),
                ("number_index", models.BinaryField(verbose_name="公民身份号码（索引）")),
                (
                    "phone_sealed",
                    models.BinaryField(blank=True, null=True, verbose_name="手机号码（密文）"),
                ),
                (
                    "phone_index",
                    models.BinaryField(blank=True, null=True, verbose_name="手机号码（索引）"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(max_length=200, verbose_name="地址")),
                ("town_code", models.CharField(max_length=9, verbose_name="街镇代码")),
                (
                    "lon",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        verbose_name="经度（CGCS2000，度）",
                    ),
                ),
                (
                    "lat",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        verbose_name="纬度（CGCS2000，度）",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlaceHistory",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, serialize=False)),
                ("address", models.CharField(max_length=200, verbose_name="地址")),
                ("town_code", models.CharField(max_length=9, verbose_name="街镇代码")),
                (
                    "lon",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        verbose_name="经度（CGCS2000，度）",
                    ),
                ),
                (
                    "lat",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=9,
                        null=True,
                        verbose_name="纬度（CGCS2000，度）",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PopulationLoad",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seed", models.CharField(max_length=40, unique=True, verbose_name="种子")),
                ("persons", models.PositiveIntegerField(verbose_name="自然人")),
                ("enterprises", models.PositiveIntegerField(verbose_name="法人")),
                ("loaded_at", models.DateTimeField(verbose_name="装入时间")),
                ("loaded_by", models.CharField(max_length=80, verbose_name="装入人")),
            ],
        ),
        migrations.CreateModel(
            name="UsccException",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uscc",
                    models.CharField(max_length=18, unique=True, verbose_name="统一社会信用代码"),
                ),
                ("reason", models.TextField(verbose_name="理由")),
                ("evidence", models.TextField(verbose_name="依据")),
                ("confirmed_by", models.CharField(max_length=80, verbose_name="确认人")),
                ("confirmed_at", models.DateTimeField(verbose_name="确认时间")),
            ],
        ),
        migrations.CreateModel(
            name="LegalEntity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=60, verbose_name="来源")),
                ("source_as_of", models.DateField(verbose_name="来源数据日期")),
                ("loaded_at", models.DateTimeField(verbose_name="入库时间")),
                (
                    "uscc",
                    models.CharField(max_length=18, unique=True, verbose_name="统一社会信用代码"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="名称")),
                ("name_pinyin", models.CharField(max_length=240, verbose_name="名称排序")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("enterprise", "企业"),
                            ("individual", "个体工商户"),
                            ("cooperative", "农民专业合作社"),
                            ("authority", "机关"),
                            ("institution", "事业单位"),
                            ("social", "社会团体"),
                            ("private_nonprofit", "民办非企业单位"),
                            ("foundation", "基金会"),
                            ("collective", "农村集体经济组织"),
                            ("other", "其他"),
                        ],
                        max_length=20,
                        verbose_name="机构类别",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "存续"),
                            ("revoked", "吊销"),
                            ("cancelled", "注销"),
                            ("moved", "迁出"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="登记状态",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="住所")),
                ("town_code", models.CharField(blank=True, max_length=9, verbose_name="街镇代码")),
                (
                    "industry_code",
                    models.CharField(blank=True, max_length=5, verbose_name="行业代码"),
                ),
                (
                    "representative_ref",
                    models.CharField(blank=True, max_length=39, verbose_name="法定代表人引用"),
                ),
                (
                    "representative_name",
                    models.CharField(blank=True, max_length=50, verbose_name="法定代表人"),
                ),
                (
                    "established_on",
                    models.DateField(blank=True, null=True, verbose_name="成立日期"),
                ),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="联系电话")),
                (
                    "capital_cny",
                    models.BigIntegerField(blank=True, null=True, verbose_name="注册资本（元）"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("name_pinyin"), models.F("uscc"), name="registers_entity_by_pinyin"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        models.Func(models.F("name"), function="bigrams"),
                        name="registers_entity_bigrams",
                    ),
                    models.Index(
                        models.F("representative_ref"),
                        condition=models.Q(("representative_ref", ""), _negated=True),
                        name="registers_entity_by_person",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("uscc__regex", "^[0-9A-HJ-NPQRTUWXY]{18}$")),
                        name="registers_legalentity_uscc_has_its_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "\\S")),
                        name="registers_legalentity_has_a_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "enterprise",
                                    "individual",
                                    "cooperative",
                                    "authority",
                                    "institution",
                                    "social",
                                    "private_nonprofit",
                                    "foundation",
                                    "collective",
                                    "other",
                                ],
                            )
                        ),
                        name="registers_legalentity_kind_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["active", "revoked", "cancelled", "moved"])
                        ),
                        name="registers_legalentity_status_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("town_code__regex", "^([0-9]{9})?$")),
                        name="registers_legalentity_town_is_a_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("industry_code__regex", "^([A-T][0-9]{2,4})?$")),
                        name="registers_legalentity_industry_is_a_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("representative_ref__regex", "^(person:[0-9a-f]{32})?$")
                        ),
                        name="registers_legalentity_representative_is_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("established_on__isnull", True),
                            ("established_on__lte", models.F("source_as_of")),
                            _connector="OR",
                        ),
                        name="registers_legalentity_is_established_before_the_source_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capital_cny__isnull", True), ("capital_cny__gte", 0), _connector="OR"
                        ),
                        name="registers_legalentity_capital_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__regex", "\\S")),
                        name="registers_legalentity_has_a_source",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalentity",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."capital_cny" IS DISTINCT FROM (NEW."capital_cny") OR OLD."established_on" IS DISTINCT FROM (NEW."established_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."industry_code" IS DISTINCT FROM (NEW."industry_code") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."loaded_at" IS DISTINCT FROM (NEW."loaded_at") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."representative_name" IS DISTINCT FROM (NEW."representative_name") OR OLD."representative_ref" IS DISTINCT FROM (NEW."representative_ref") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."source_as_of" IS DISTINCT FROM (NEW."source_as_of") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."town_code" IS DISTINCT FROM (NEW."town_code") OR OLD."uscc" IS DISTINCT FROM (NEW."uscc"))',
                    func='INSERT INTO "registers_legalentityhistory" ("address", "capital_cny", "established_on", "id", "industry_code", "kind", "loaded_at", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "representative_name", "representative_ref", "source", "source_as_of", "status", "town_code", "uscc") VALUES (OLD."address", OLD."capital_cny", OLD."established_on", OLD."id", OLD."industry_code", OLD."kind", OLD."loaded_at", OLD."name", NOW(), \'changed\', OLD."id", OLD."phone", OLD."representative_name", OLD."representative_ref", OLD."source", OLD."source_as_of", OLD."status", OLD."town_code", OLD."uscc"); RETURN NULL;',
                    hash="cc92a82bdef7ad3b8d277868213e0619c827c375",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_68e36",
                    table="registers_legalentity",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalentity",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "registers_legalentityhistory" ("address", "capital_cny", "established_on", "id", "industry_code", "kind", "loaded_at", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "representative_name", "representative_ref", "source", "source_as_of", "status", "town_code", "uscc") VALUES (OLD."address", OLD."capital_cny", OLD."established_on", OLD."id", OLD."industry_code", OLD."kind", OLD."loaded_at", OLD."name", NOW(), \'deleted\', OLD."id", OLD."phone", OLD."representative_name", OLD."representative_ref", OLD."source", OLD."source_as_of", OLD."status", OLD."town_code", OLD."uscc"); RETURN NULL;',
                    hash="54e4f3362218cbeb7e9697527408d32a7616c998",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_638fe",
                    table="registers_legalentity",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="legalentityhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="registers.legalentity",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "\\S")), name="registers_person_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("gender__in", ["male", "female"])),
                name="registers_person_gender_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("born_on__lte", models.F("source_as_of"))),
                name="registers_person_is_born_before_the_source_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hukou_division__regex", "^([0-9]{6})?$"),
                    ("hukou_town__regex", "^([0-9]{9})?$"),
                ),
                name="registers_person_hukou_is_a_division",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("number_sealed"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        34,
                    ),
                    django.db.models.lookups.Exact(
                        models.Func(
                            models.F("number_index"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        32,
                    ),
                ),
                name="registers_person_number_is_sealed",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("phone_index__isnull", True), ("phone_sealed__isnull", True)),
                    models.Q(
                        ("phone_index__isnull", False),
                        ("phone_sealed__isnull", False),
                        django.db.models.lookups.GreaterThanOrEqual(
                            models.Func(
                                models.F("phone_sealed"),
                                function="octet_length",
                                output_field=models.IntegerField(),
                            ),
                            34,
                        ),
                        django.db.models.lookups.Exact(
                            models.Func(
                                models.F("phone_index"),
                                function="octet_length",
                                output_field=models.IntegerField(),
                            ),
                            32,
                        ),
                    ),
                    _connector="OR",
                ),
                name="registers_person_phone_is_sealed_with_its_index",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__regex", "\\S")), name="registers_person_has_a_source"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."born_on" IS DISTINCT FROM (NEW."born_on") OR OLD."gender" IS DISTINCT FROM (NEW."gender") OR OLD."hukou_address" IS DISTINCT FROM (NEW."hukou_address") OR OLD."hukou_division" IS DISTINCT FROM (NEW."hukou_division") OR OLD."hukou_town" IS DISTINCT FROM (NEW."hukou_town") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."loaded_at" IS DISTINCT FROM (NEW."loaded_at") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."number_index" IS DISTINCT FROM (NEW."number_index") OR OLD."number_sealed" IS DISTINCT FROM (NEW."number_sealed") OR OLD."phone_index" IS DISTINCT FROM (NEW."phone_index") OR OLD."phone_sealed" IS DISTINCT FROM (NEW."phone_sealed") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."source_as_of" IS DISTINCT FROM (NEW."source_as_of"))',
                    func='INSERT INTO "registers_personhistory" ("address", "born_on", "gender", "hukou_address", "hukou_division", "hukou_town", "id", "loaded_at", "name", "number_index", "number_sealed", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone_index", "phone_sealed", "source", "source_as_of") VALUES (OLD."address", OLD."born_on", OLD."gender", OLD."hukou_address", OLD."hukou_division", OLD."hukou_town", OLD."id", OLD."loaded_at", OLD."name", OLD."number_index", OLD."number_sealed", NOW(), \'changed\', OLD."id", OLD."phone_index", OLD."phone_sealed", OLD."source", OLD."source_as_of"); RETURN NULL;',
                    hash="05b55f2c1bf893be0b0ab21fea52954275c42913",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_93e77",
                    table="registers_person",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="person",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "registers_personhistory" ("address", "born_on", "gender", "hukou_address", "hukou_division", "hukou_town", "id", "loaded_at", "name", "number_index", "number_sealed", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone_index", "phone_sealed", "source", "source_as_of") VALUES (OLD."address", OLD."born_on", OLD."gender", OLD."hukou_address", OLD."hukou_division", OLD."hukou_town", OLD."id", OLD."loaded_at", OLD."name", OLD."number_index", OLD."number_sealed", NOW(), \'deleted\', OLD."id", OLD."phone_index", OLD."phone_sealed", OLD."source", OLD."source_as_of"); RETURN NULL;',
                    hash="7dfd2bae77efd5ec893591c299662e9e53cd2b7f",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_c6681",
                    table="registers_person",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="personhistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="registers.person",
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(
                fields=("town_code", "address"), name="registers_place_is_known_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(("address__regex", "\\S")), name="registers_place_has_an_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(("town_code__regex", "^[0-9]{9}$")),
                name="registers_place_town_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lat__isnull", True), ("lon__isnull", True)),
                    models.Q(
                        ("lat__isnull", False),
                        ("lat__range", (3, 54)),
                        ("lon__isnull", False),
                        ("lon__range", (73, 136)),
                    ),
                    _connector="OR",
                ),
                name="registers_place_coordinates_come_together",
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__regex", "\\S")), name="registers_place_has_a_source"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="place",
            trigger=pgtrigger.compiler.Trigger(
                name="changed_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "registers_placehistory" ("address", "id", "lat", "loaded_at", "lon", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "source_as_of", "town_code") VALUES (OLD."address", OLD."id", OLD."lat", OLD."loaded_at", OLD."lon", NOW(), \'changed\', OLD."id", OLD."source", OLD."source_as_of", OLD."town_code"); RETURN NULL;',
                    hash="3df37d92e69ad60efee7ac6d89f2460b2565ef94",
                    operation="UPDATE",
                    pgid="pgtrigger_changed_update_67145",
                    table="registers_place",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="place",
            trigger=pgtrigger.compiler.Trigger(
                name="deleted_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "registers_placehistory" ("address", "id", "lat", "loaded_at", "lon", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "source_as_of", "town_code") VALUES (OLD."address", OLD."id", OLD."lat", OLD."loaded_at", OLD."lon", NOW(), \'deleted\', OLD."id", OLD."source", OLD."source_as_of", OLD."town_code"); RETURN NULL;',
                    hash="3c09c62bf807e30d92ccc9b8e2e98f299e174d88",
                    operation="DELETE",
                    pgid="pgtrigger_deleted_delete_816e7",
                    table="registers_place",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="placehistory",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="registers.place",
            ),
        ),
        migrations.AddConstraint(
            model_name="populationload",
            constraint=models.CheckConstraint(
                condition=models.Q(("seed__regex", "\\S")),
                name="registers_populationload_seed_is_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="usccexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("uscc__regex", "^[0-9A-HJ-NPQRTUWXY]{18}$")),
                name="registers_usccexception_has_its_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="usccexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__regex", "\\S.{3,}"), ("evidence__regex", "\\S.{3,}")),
                name="registers_usccexception_has_reason_and_evidence",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usccexception",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3bc5cc73e84abd174b74401c4a5f4256fb2b63d7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8b1c5",
                    table="registers_usccexception",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usccexception",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append-only table';",
                    hash="74f4411ff1bf96e54edc8fcda73d29f1649e1257",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_6a91d",
                    table="registers_usccexception",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalentityhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append-only table';",
                    hash="3e0b61a8923302446a5a95ab10ba3c80e8536351",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_5b7f9",
                    table="registers_legalentityhistory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="legalentityhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3750c23e9733ba3bdac1da96e0ca5b68437dd6d4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_85de9",
                    table="registers_legalentityhistory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append-only table';",
                    hash="6957e19492c4b089743adf53190ae623d260ea2f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_3e396",
                    table="registers_personhistory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personhistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1f6df8b4692cf701cb81055d37dc3da0e3c9ce16",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_08056",
                    table="registers_personhistory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'append-only table';",
                    hash="db30cce5122039dbf588a21588730ca0544fcdfb",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_0e543",
                    table="registers_placehistory",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placehistory",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="384df88f8499581d302cf111ee783a2c1e141f67",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6f5ae",
                    table="registers_placehistory",
                    when="BEFORE",
                ),
            ),
        ),
    ]
