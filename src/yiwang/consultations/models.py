"""Tables of questions handed over and of answers made public."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from yiwang.consultations.policy.handing_over import (
    ANSWER_LIMIT_CHARS,
    HANDED_LIMIT_CHARS,
    ConsultationState,
)
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL, SUBJECTS


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    """Named questions about sets of questions."""

    def open(self) -> Self:
        """Keep questions that nobody answered yet."""
        return self.filter(state=ConsultationState.OPEN.value)


class Consultation(models.Model):
    """One question that somebody handed over to a department (咨询).

    Whoever asks is known by a subject or by an encrypted telephone number, never by a name.
    """

    query_code = models.CharField("查询码", max_length=12)
    question = models.CharField("问题", max_length=HANDED_LIMIT_CHARS)
    item_slug = models.CharField("事项", max_length=80, blank=True)
    item_name = models.CharField("事项名称", max_length=200, blank=True)
    department_code = models.CharField("答复部门", max_length=40)
    asker_ref = models.CharField("提问人", max_length=64, blank=True)
    phone_locked = models.CharField("手机号码（密文）", max_length=300, blank=True)
    state = models.CharField(
        "咨询状态",
        max_length=16,
        choices=[(state.value, state.label) for state in ConsultationState],
        default=ConsultationState.OPEN.value,
    )
    asked_at = models.DateTimeField("提问时间")
    asked_on = models.DateField("提问日期")
    due_on = models.DateField("答复期限")
    answer = models.CharField("答复", max_length=ANSWER_LIMIT_CHARS, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.CharField("答复人员", max_length=80, blank=True)
    first_by = models.CharField("首问人员", max_length=80, blank=True)
    first_department = models.CharField("首问单位", max_length=40, blank=True)
    told_at = models.DateTimeField("告知时间", null=True, blank=True)
    told_by = models.CharField("告知人员", max_length=80, blank=True)

    objects: ClassVar[models.Manager[Consultation]] = ConsultationQuerySet.as_manager()

    row_security = (
        f"{IS_ALL} OR department_code = ANY ({DEPARTMENTS}) OR asker_ref = ANY ({SUBJECTS})"
        f" OR first_department = ANY ({DEPARTMENTS})"
    )
    """Whom the database shows a question: who answers, who was asked first, and the asker."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="consultations_consultation_query_code_once", fields=["query_code"]
            ),
            models.CheckConstraint(
                name="consultations_consultation_state_known",
                condition=Q(state__in=[state.value for state in ConsultationState]),
            ),
            models.CheckConstraint(
                name="consultations_consultation_question_has_words",
                condition=Q(question__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="consultations_consultation_asker_can_read_the_answer",
                condition=Q(asker_ref="") ^ Q(phone_locked=""),
            ),
            models.CheckConstraint(
                name="consultations_consultation_due_after_asking",
                condition=Q(due_on__gt=F("asked_on")),
            ),
            models.CheckConstraint(
                name="consultations_consultation_answer_says_who_when_and_what",
                condition=Q(
                    state=ConsultationState.OPEN.value,
                    answer="",
                    answered_at__isnull=True,
                    answered_by="",
                )
                | (
                    Q(state=ConsultationState.ANSWERED.value, answered_at__isnull=False)
                    & Q(answer__regex=r"\S")
                    & ~Q(answered_by="")
                ),
            ),
            models.CheckConstraint(
                name="consultations_consultation_first_asked_has_a_unit",
                condition=Q(first_by="", first_department="")
                | (~Q(first_by="") & ~Q(first_department="")),
            ),
            models.CheckConstraint(
                name="consultations_consultation_told_after_the_answer",
                condition=Q(told_at__isnull=True, told_by="")
                | (
                    Q(told_at__isnull=False, state=ConsultationState.ANSWERED.value)
                    & ~Q(told_by="")
                    & ~Q(first_by="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "state", "due_on", "id"],
                name="consultations_list",
            ),
            models.Index(fields=["asker_ref", "-id"], name="consultations_own"),
            models.Index(
                fields=["first_department", "state", "due_on", "id"],
                name="consultations_first_asked",
                condition=~Q(first_by="") & Q(told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.query_code} {self.state}"


class PublicAnswerQuerySet(models.QuerySet["PublicAnswer"]):
    """Named questions about sets of public answers."""

    def published(self) -> Self:
        """Keep answers that everybody may read."""
        return self.filter(withdrawn_at__isnull=True)


class PublicAnswer(models.Model):
    """An answer of general use, worded anew for everybody (公开的答复).

    It stands apart from the question it came from: who may read the one may not read the other.
    """

    consultation = models.OneToOneField(
        Consultation, on_delete=models.PROTECT, related_name="public"
    )
    question = models.CharField("公开的问题", max_length=HANDED_LIMIT_CHARS)
    answer = models.CharField("公开的答复", max_length=ANSWER_LIMIT_CHARS)
    item_slug = models.CharField("事项", max_length=80, blank=True)
    department_code = models.CharField("答复部门", max_length=40)
    published_at = models.DateTimeField("公开时间")
    published_by = models.CharField("公开人员", max_length=80)
    withdrawn_at = models.DateTimeField("撤下时间", null=True, blank=True)
    withdrawn_by = models.CharField("撤下人员", max_length=80, blank=True)
    withdrawal_reason = models.CharField("撤下理由", max_length=200, blank=True)

    objects: ClassVar[models.Manager[PublicAnswer]] = PublicAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="consultations_publicanswer_has_words",
                condition=Q(question__regex=r"\S") & Q(answer__regex=r"\S"),
            ),
            models.CheckConstraint(
                name="consultations_publicanswer_withdrawal_says_who_and_why",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="", withdrawal_reason="")
                | (
                    Q(withdrawn_at__isnull=False)
                    & ~Q(withdrawn_by="")
                    & Q(withdrawal_reason__regex=r"\S")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.question[:20]}"
