"""Table of supervised subjects."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q

from yiwang.supervision.policy.inspections import LEFT, InspectionResult, InspectionState
from yiwang.supervision.policy.subjects import CommitmentStanding, SubjectState


class SupervisedSubjectQuerySet(models.QuerySet["SupervisedSubject"]):
    """Named questions about sets of subjects."""

    def listed(self) -> Self:
        """Keep subjects that are on the list."""
        return self.filter(state=SubjectState.LISTED.value)

    def of(self, department: str) -> Self:
        """Keep subjects that `department` supervises."""
        return self.filter(department_code=department)


class SupervisedSubject(models.Model):
    """One holder of one granted item on the list of the supervising department (监管对象).

    The row says why the holder is supervised: the case that granted, the licence that came
    of it. A holder with three licences stands on the lists three times, once per licence.
    """

    subject_ref = models.CharField("监管对象", max_length=64)
    name = models.CharField("名称", max_length=200)
    former_name = models.CharField("原名称", max_length=200, blank=True)
    named_at = models.DateTimeField("名称变更时间", null=True, blank=True)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("监管部门", max_length=40)
    licence_identifier = models.CharField("电子证照标识", max_length=120, blank=True)
    case_number = models.CharField("来源办件编号", max_length=45)
    listed_on = models.DateField("列入日期")
    granted_at = models.DateTimeField("准予时间", null=True, blank=True)
    arrived_at = models.DateTimeField("送到的时间", null=True, blank=True)
    commitment = models.CharField(
        "告知承诺情况",
        max_length=10,
        blank=True,
        choices=[(one.value, one.label) for one in CommitmentStanding],
    )
    commitment_on = models.DateField("告知承诺情况日期", null=True, blank=True)
    commitment_due_on = models.DateField("核查或者改正期限", null=True, blank=True)
    state = models.CharField(
        "状态",
        max_length=16,
        choices=[(state.value, state.label) for state in SubjectState],
        default=SubjectState.LISTED.value,
    )
    removed_on = models.DateField("移出日期", null=True, blank=True)
    removed_reason = models.CharField("移出原因", max_length=500, blank=True)

    objects: ClassVar[models.Manager[SupervisedSubject]] = SupervisedSubjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="supervision_subject_once_per_licence",
                fields=["licence_identifier"],
                condition=~Q(licence_identifier=""),
            ),
            models.UniqueConstraint(
                name="supervision_subject_once_per_case",
                fields=["case_number"],
                condition=Q(licence_identifier=""),
            ),
            models.CheckConstraint(
                name="supervision_subject_state_known",
                condition=Q(state__in=[state.value for state in SubjectState]),
            ),
            models.CheckConstraint(
                name="supervision_subject_removed_says_when_and_why",
                condition=(
                    ~Q(state=SubjectState.REMOVED.value)
                    & Q(removed_on__isnull=True, removed_reason="")
                )
                | (
                    Q(state=SubjectState.REMOVED.value, removed_on__isnull=False)
                    & ~Q(removed_reason="")
                ),
            ),
            models.CheckConstraint(
                name="supervision_subject_commitment_known",
                condition=Q(commitment="", commitment_on__isnull=True)
                | Q(
                    commitment__in=[one.value for one in CommitmentStanding],
                    commitment_on__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="supervision_subject_renamed_says_from_what_and_when",
                condition=Q(former_name="", named_at__isnull=True)
                | ~Q(former_name="") & Q(named_at__isnull=False),
            ),
            models.CheckConstraint(
                name="supervision_subject_has_department",
                condition=~Q(department_code=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "-listed_on", "-id"], name="supervision_subject_list"
            ),
            models.Index(fields=["subject_ref"], name="supervision_subject_ref"),
            models.Index(fields=["granted_at", "id"], name="supervision_subject_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.item_slug}"


class InspectionTask(models.Model):
    """One inspection that somebody asked a department for (检查任务)."""

    subject_ref = models.CharField("监管对象", max_length=64)
    name = models.CharField("名称", max_length=200)
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("检查部门", max_length=40)
    source = models.CharField("来源", max_length=64, unique=True)
    reason = models.TextField("检查原因")
    opened_by = models.CharField("提出人", max_length=64)
    opened_by_name = models.CharField("提出人姓名", max_length=200)
    opened_on = models.DateField("提出日期")
    due_on = models.DateField("期限")
    state = models.CharField(
        "检查任务状态",
        max_length=8,
        choices=[(one.value, one.label) for one in InspectionState],
        default=InspectionState.OPEN.value,
    )
    taken_by = models.CharField("检查人", max_length=64, blank=True)
    taken_by_name = models.CharField("检查人姓名", max_length=200, blank=True)
    taken_at = models.DateTimeField("接收时间", null=True)
    result = models.CharField(
        "检查结果",
        max_length=8,
        blank=True,
        choices=[(one.value, one.label) for one in InspectionResult],
    )
    finding = models.TextField("检查情况", blank=True)
    closed_by = models.CharField("办结人", max_length=64, blank=True)
    closed_by_name = models.CharField("办结人姓名", max_length=200, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        verbose_name = "检查任务"
        constraints = [
            models.CheckConstraint(
                name="supervision_inspection_state_known",
                condition=Q(state__in=[one.value for one in InspectionState]),
            ),
            models.CheckConstraint(
                name="supervision_inspection_says_why",
                condition=~Q(reason="") & ~Q(department_code=""),
            ),
            models.CheckConstraint(
                name="supervision_inspection_taken_by_somebody",
                condition=Q(state=InspectionState.OPEN.value, taken_by="", taken_at__isnull=True)
                | ~Q(state=InspectionState.OPEN.value)
                & ~Q(taken_by="")
                & Q(taken_at__isnull=False),
            ),
            models.CheckConstraint(
                name="supervision_inspection_closed_with_a_result",
                condition=Q(
                    ~Q(state=InspectionState.CLOSED.value),
                    result="",
                    finding="",
                    closed_by="",
                    closed_at__isnull=True,
                )
                | Q(
                    ~Q(finding="") & ~Q(closed_by=""),
                    state=InspectionState.CLOSED.value,
                    result__in=[one.value for one in InspectionResult],
                    closed_at__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "due_on", "id"],
                name="supervision_inspection_left",
                condition=Q(state__in=sorted(one.value for one in LEFT)),
            ),
            models.Index(fields=["department_code", "-id"], name="supervision_inspection_list"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="closed_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=InspectionState.CLOSED.value),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.item_slug}"
