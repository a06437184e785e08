"""Tables of what an applicant does before the decision, in person or not: who, and what changed."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from yiwang.cases.models.shared import (
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    values,
)
from yiwang.cases.policy.terms import PaperForm, Relation
from yiwang.cases.policy.visiting import (
    ADDRESS_LENGTH,
    BRINGING,
    CONTACT_LENGTH,
    NUMBER_LENGTH,
    WindowAct,
)
from yiwang.kernel.row_scope import IS_ALL, IS_STAFF


def _before_the_decision(name: str) -> pgtrigger.Trigger:
    """Refuse the row once the case was decided or ended."""
    return pgtrigger.Trigger(
        name="before_the_decision",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            IF EXISTS (
                SELECT FROM cases_case WHERE id = NEW.case_id
                AND (decided_at IS NOT NULL OR closed_at IS NOT NULL)
            ) THEN
                RAISE EXCEPTION '{name}_before_the_decision: the case is over'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


class WindowVisit(models.Model):
    """Who stood at the window for one act, and for whom (窗口来人登记)."""

    append_only = True

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="visits")
    act = models.CharField("事由", max_length=20, choices=choices(WindowAct))
    relation = models.CharField("与申请人关系", max_length=12, choices=choices(Relation))
    name = models.CharField("来人姓名", max_length=NAME_LENGTH)
    number_masked = models.CharField("证件号码（遮盖）", max_length=NUMBER_LENGTH, blank=True)
    identified = models.BooleanField("已核对身份证件", default=False)
    window = models.CharField("窗口", max_length=40, blank=True)
    at = models.DateTimeField("时间")
    by = models.CharField("经办人", max_length=REF_LENGTH)
    by_name = models.CharField("经办人姓名", max_length=NAME_LENGTH)

    row_security = f"{IS_ALL} OR {IS_STAFF}"
    """Whom the database shows it: staff that read cases."""

    class Meta:
        verbose_name = "窗口来人登记"
        constraints = [
            models.CheckConstraint(
                name="cases_windowvisit_act_known", condition=Q(act__in=values(WindowAct))
            ),
            models.CheckConstraint(
                name="cases_windowvisit_relation_known",
                condition=Q(relation__in=values(Relation)),
            ),
            models.CheckConstraint(
                name="cases_windowvisit_somebody_is_named", condition=~Q(name="")
            ),
            models.CheckConstraint(
                name="cases_windowvisit_identified_unless_bringing",
                condition=Q(act__in=values(BRINGING))
                | (Q(identified=True) & (~Q(relation=Relation.AGENT.value) | ~Q(number_masked=""))),
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"{self.case_id} {self.act} {self.relation}"


class MaterialWithdrawal(models.Model):
    """A material that the applicant took back before the decision (撤回材料记录).

    It stays on record with its files; the case no longer rests on it.
    """

    append_only = True

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="withdrawals")
    material_id = models.CharField("材料", max_length=80)
    name = models.CharField("材料名称", max_length=NAME_LENGTH)
    upload_refs = models.JSONField("文件", default=list)
    taken_as = models.CharField(
        "收取形式", max_length=12, blank=True, default="", choices=choices(PaperForm)
    )
    reason = models.TextField("撤回理由")
    at = models.DateTimeField("撤回时间")
    by = models.CharField("办理人", max_length=REF_LENGTH)
    by_name = models.CharField("办理人姓名", max_length=NAME_LENGTH)

    class Meta:
        verbose_name = "撤回材料记录"
        constraints = [
            models.CheckConstraint(
                name="cases_materialwithdrawal_says_why", condition=~Q(reason="")
            )
        ]
        triggers = [
            *append_only(),
            archived_again(),
            _before_the_decision("cases_materialwithdrawal"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}"


class ContactChange(models.Model):
    """How the applicant is reached from a moment on (联系方式变更); what was declared stays."""

    append_only = True

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="contacts")
    contact_name = models.CharField("联系人", max_length=CONTACT_LENGTH, blank=True)
    phone = models.CharField("联系电话", max_length=NUMBER_LENGTH, blank=True)
    address = models.CharField("送达地址", max_length=ADDRESS_LENGTH, blank=True)
    at = models.DateTimeField("变更时间")
    by = models.CharField("办理人", max_length=REF_LENGTH)

    class Meta:
        verbose_name = "联系方式变更"
        constraints = [
            models.CheckConstraint(
                name="cases_contactchange_says_something",
                condition=~Q(contact_name="", phone="", address=""),
            )
        ]
        triggers = [
            *append_only(),
            archived_again(),
            _before_the_decision("cases_contactchange"),
        ]

    def __str__(self) -> str:
        return f"contact {self.case_id}"
