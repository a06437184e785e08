"""Table of the opinions of reviewers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.guards import not_by_the_chair
from yiwang.cases.models.sending_back import one_open_opinion
from yiwang.cases.models.shared import (
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    values,
)
from yiwang.cases.policy.terms import Outcome


class Opinion(models.Model):
    """What the reviewer proposes (审查意见); internal. One stands; those sent back are kept."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="opinions")
    outcome = models.CharField("意见", max_length=10, choices=choices(Outcome))
    text = models.TextField("审查意见")
    by = models.CharField("审查人", max_length=REF_LENGTH)
    by_name = models.CharField("审查人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("审查时间")

    class Meta:
        verbose_name = "审查意见"
        constraints = [
            models.CheckConstraint(
                name="cases_opinion_says_something",
                condition=~Q(text="") & Q(outcome__in=values(Outcome)),
            ),
        ]
        triggers = [archived_again(), *append_only(), not_by_the_chair(), one_open_opinion()]

    def __str__(self) -> str:
        return f"{self.outcome} {self.case_id}"
