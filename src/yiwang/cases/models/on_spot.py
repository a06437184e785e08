"""Table of what was put right on the spot before acceptance (当场更正), and what guards it."""

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
from yiwang.cases.policy.states import CaseState
from yiwang.cases.policy.terms import PaperForm


class SpotFix(models.Model):
    """One answer or one material put right on the spot, with what stood there before (当场更正).

    What was declared at receipt stays in `CaseAnswer`; the case rests on `Case.fixed_answers`.

    Source:
        行政许可法 第三十二条第一款第三项.
    """

    append_only = True

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="spot_fixes")
    question_id = models.CharField("问题", max_length=80, blank=True)
    material_id = models.CharField("材料", max_length=80, blank=True)
    name = models.CharField("名称", max_length=NAME_LENGTH)
    old_answer = models.JSONField("原来的回答", null=True)
    new_answer = models.JSONField("更正后的回答", null=True)
    old_refs = models.JSONField("原来的文件", default=list)
    new_refs = models.JSONField("更换后的文件", default=list)
    old_form = models.CharField(
        "原来的收取形式", max_length=12, blank=True, default="", choices=choices(PaperForm)
    )
    new_form = models.CharField(
        "更换后的收取形式", max_length=12, blank=True, default="", choices=choices(PaperForm)
    )
    at = models.DateTimeField("更正时间")
    by = models.CharField("办理人", max_length=REF_LENGTH)
    by_name = models.CharField("办理人姓名", max_length=NAME_LENGTH)

    class Meta:
        verbose_name = "当场更正"
        constraints = [
            models.CheckConstraint(
                name="cases_spotfix_one_thing",
                condition=(~Q(question_id="") & Q(material_id=""))
                | (Q(question_id="") & ~Q(material_id="")),
            ),
            models.CheckConstraint(
                name="cases_spotfix_form_known",
                condition=Q(old_form__in=["", *values(PaperForm)])
                & Q(new_form__in=["", *values(PaperForm)])
                & (Q(material_id="") | ~Q(new_form="")),
            ),
        ]
        triggers = [
            *append_only(),
            archived_again(),
            pgtrigger.Trigger(
                name="before_acceptance",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                    IF NOT EXISTS (
                        SELECT FROM cases_case
                        WHERE id = NEW.case_id AND state = '{CaseState.RECEIVED.value}'
                    ) THEN
                        RAISE EXCEPTION 'cases_spotfix_before_acceptance: nothing waits'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"spot fix {self.case_id} {self.name}"


def fixed_on_record() -> pgtrigger.Trigger:
    """Refuse to change an answer after receipt but on the spot, before acceptance, on record."""
    return pgtrigger.Trigger(
        name="fixed_on_record",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("fixed_answers"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition("OLD.fixed_answers IS DISTINCT FROM NEW.fixed_answers"),
        func=f"""
            IF NEW.state <> '{CaseState.RECEIVED.value}' OR NOT EXISTS (
                SELECT FROM cases_spotfix WHERE case_id = NEW.id AND at = NEW.touched_at
            ) THEN
                RAISE EXCEPTION 'cases_case_fixed_on_record: no correction on the spot'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
