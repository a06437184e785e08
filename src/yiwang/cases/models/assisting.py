"""Table of help that was given at the window."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yiwang.cases.models.shared import archived_again
from yiwang.cases.policy.assisting import AssistanceKind
from yiwang.kernel.row_scope import IS_ALL, IS_STAFF


class CaseAssistance(models.Model):
    """Who helped with an application and with whose consent (帮办、代办记录)."""

    case = models.OneToOneField(
        "cases.Case", primary_key=True, on_delete=models.PROTECT, related_name="assistance"
    )
    kind = models.CharField(
        "方式", max_length=12, choices={one.value: one.label for one in AssistanceKind}
    )
    assisted_by = models.CharField("帮办人员", max_length=64)
    assisted_by_name = models.CharField("帮办人员姓名", max_length=200)
    agent_name = models.CharField("代理人", max_length=60, blank=True)
    agent_number_masked = models.CharField("代理人证件号码（遮盖）", max_length=20, blank=True)
    consented_at = models.DateTimeField("同意时间")

    row_security = f"{IS_ALL} OR {IS_STAFF}"
    """Whom the database shows it: staff that read cases."""

    class Meta:
        verbose_name = "帮办代办记录"
        constraints = [
            models.CheckConstraint(
                name="cases_caseassistance_kind_known",
                condition=Q(kind__in=[one.value for one in AssistanceKind]),
            ),
            models.CheckConstraint(
                name="cases_caseassistance_agent_is_named_exactly_for_a_proxy",
                condition=(
                    Q(kind=AssistanceKind.PROXY.value)
                    & ~Q(agent_name="")
                    & ~Q(agent_number_masked="")
                )
                | Q(kind=AssistanceKind.ASSISTED.value, agent_name="", agent_number_masked=""),
            ),
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"
