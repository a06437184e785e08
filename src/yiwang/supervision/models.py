"""Table of supervised subjects."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

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
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("监管部门", max_length=40)
    licence_identifier = models.CharField("电子证照标识", max_length=120, blank=True)
    case_number = models.CharField("来源办件编号", max_length=45)
    listed_on = models.DateField("列入日期")
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
                name="supervision_subject_has_department",
                condition=~Q(department_code=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "-listed_on", "-id"], name="supervision_subject_list"
            ),
            models.Index(fields=["subject_ref"], name="supervision_subject_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.item_slug}"
