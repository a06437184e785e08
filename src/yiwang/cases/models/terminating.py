"""Why open cases were ended without a decision (终止办理)."""

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
from yiwang.cases.policy.terminating import BY_CLOCK, TerminationGround


class Termination(models.Model):
    """The ground on which a case was ended without a decision (终止事由)."""

    append_only = True

    case = models.OneToOneField("Case", on_delete=models.PROTECT, related_name="termination")
    ground = models.CharField("终止事由", max_length=20, choices=choices(TerminationGround))
    article = models.CharField("依据", max_length=NAME_LENGTH)
    facts = models.TextField("事实")
    happened_on = models.DateField("发生日期")
    by = models.CharField("终止人", max_length=REF_LENGTH)
    at = models.DateTimeField("终止时间")

    class Meta:
        verbose_name = "终止办理"
        constraints = [
            models.CheckConstraint(
                name="cases_termination_ground_of_the_list",
                condition=Q(ground__in=values(TerminationGround)),
            ),
            models.CheckConstraint(
                name="cases_termination_says_why", condition=~Q(facts="") & ~Q(article="")
            ),
            models.CheckConstraint(
                name="cases_termination_clock_keeps_its_ground",
                condition=Q(ground__in=values(BY_CLOCK), by__startswith="job:")
                | (~Q(ground__in=values(BY_CLOCK)) & ~Q(by__startswith="job:")),
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"{self.ground} {self.case_id}"


def terminated_on_a_ground() -> pgtrigger.Trigger:
    """Refuse, in the database, to terminate a case of which no ground is written."""
    return pgtrigger.Trigger(
        name="terminated_on_a_ground",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"OLD.state <> NEW.state AND NEW.state = '{CaseState.TERMINATED.value}'"
        ),
        func="""
            IF NOT EXISTS (SELECT FROM cases_termination WHERE case_id = NEW.id) THEN
                RAISE EXCEPTION 'cases_case_terminated_on_a_ground: no ground is written'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
