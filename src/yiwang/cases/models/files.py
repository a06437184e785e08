"""Tables of what a case holds: answers, materials, and the steps that were taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.guards import rules_granted, seen_at_the_window, step_on_the_table
from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    values,
)
from yiwang.cases.policy.states import CaseState, Step
from yiwang.cases.policy.terms import MaterialState, PaperForm


class CaseAnswer(models.Model):
    """What the applicant declared, frozen with the item version (申请内容)."""

    append_only = True

    case = models.OneToOneField(
        Case, primary_key=True, on_delete=models.PROTECT, related_name="answer"
    )
    answers = models.JSONField("申请内容")
    declaration = models.TextField("声明", blank=True)

    class Meta:
        verbose_name = "申请内容"
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"answers {self.case_id}"


class CaseMaterial(models.Model):
    """One material of the case: waived, filed, tolerated or missing (办件材料)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="materials")
    material_id = models.CharField("材料", max_length=80)
    name = models.CharField("材料名称", max_length=NAME_LENGTH)
    state = models.CharField("状态", max_length=12, choices=choices(MaterialState))
    upload_refs = models.JSONField("文件", default=list)
    source = models.CharField("来源", max_length=NAME_LENGTH, blank=True)
    taken_as = models.CharField(
        "收取形式",
        max_length=12,
        blank=True,
        default="",
        db_default="",
        choices=choices(PaperForm),
    )
    due_on = models.DateField("后补期限", null=True)
    checked_by = models.CharField("核对人", max_length=REF_LENGTH, blank=True)
    checked_at = models.DateTimeField("核对时间", null=True)

    class Meta:
        verbose_name = "办件材料"
        constraints = [
            models.UniqueConstraint(
                name="cases_casematerial_once_per_case", fields=["case", "material_id"]
            ),
            models.CheckConstraint(
                name="cases_casematerial_state_known",
                condition=Q(state__in=values(MaterialState)),
            ),
            models.CheckConstraint(
                name="cases_casematerial_tolerated_has_day",
                condition=~Q(state=MaterialState.TOLERATED.value) | Q(due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_casematerial_form_known",
                condition=Q(taken_as="") | Q(taken_as__in=values(PaperForm)),
            ),
            models.CheckConstraint(
                name="cases_casematerial_withdrawn_is_not_there",
                condition=~Q(state=MaterialState.WITHDRAWN.value)
                | Q(taken_as="", checked_by="", due_on__isnull=True),
            ),
            models.CheckConstraint(
                name="cases_casematerial_check_has_moment_and_person",
                condition=Q(checked_at__isnull=True, checked_by="")
                | (Q(checked_at__isnull=False) & ~Q(checked_by="")),
            ),
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class CaseEvent(models.Model):
    """One step of one case: who, from which post, when, from where to where, why (办理记录)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    step = models.CharField("动作", max_length=20, choices=choices(Step))
    from_state = models.CharField("原状态", max_length=20, blank=True)
    to_state = models.CharField("现状态", max_length=20, choices=choices(CaseState))
    at = models.DateTimeField("时间")
    actor = models.CharField("办理人", max_length=REF_LENGTH)
    actor_name = models.CharField("办理人姓名", max_length=NAME_LENGTH)
    post = models.CharField("岗位", max_length=32, blank=True)
    department = models.CharField("部门", max_length=CODE_LENGTH, blank=True)
    reason = models.TextField("理由", blank=True)
    basis = models.TextField("依据", blank=True)

    class Meta:
        verbose_name = "办理记录"
        constraints = [
            models.CheckConstraint(
                name="cases_caseevent_step_known", condition=Q(step__in=values(Step))
            ),
            models.CheckConstraint(
                name="cases_caseevent_post_has_department",
                condition=Q(post="") | ~Q(department=""),
            ),
        ]
        triggers = [
            *append_only(),
            rules_granted(),
            seen_at_the_window(),
            step_on_the_table(),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.step}"
