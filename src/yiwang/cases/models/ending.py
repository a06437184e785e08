"""Table of proposals to end what was granted (撤销、撤回、注销)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    archived_again,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.ending import EXPIRED, GROUNDS, EndKind, EndOutcome, NotEnded

_MUST = sorted(code for code, ground in GROUNDS.items() if ground.must)


def _of(kind: EndKind) -> Q:
    codes = sorted(code for code, ground in GROUNDS.items() if ground.kind is kind)
    return Q(kind=kind.value, ground__in=codes)


class EndProposal(models.Model):
    """A proposal to end a granted case, what the holder said, and what another person decided.

    Source:
        行政许可法 第八条, 第三十六条, 第六十九条, 第七十条; four eyes by separation of duties.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="end_proposals")
    kind = models.CharField("终结方式", max_length=12, choices=choices(EndKind))
    ground = models.CharField("事由", max_length=32)
    facts = models.TextField("查明的事实")
    evidence = models.TextField("证据")
    compensation = models.TextField("补偿安排", blank=True)
    department_code = models.CharField("提出部门", max_length=CODE_LENGTH)
    proposed_by = models.CharField("提出人", max_length=REF_LENGTH)
    proposed_by_name = models.CharField("提出人姓名", max_length=NAME_LENGTH)
    proposed_at = models.DateTimeField("提出时间")
    views_due_on = models.DateField("陈述申辩期限", null=True)
    statement = models.TextField("陈述和申辩", blank=True)
    stated_by = models.CharField("陈述记录人", max_length=REF_LENGTH, blank=True)
    stated_at = models.DateTimeField("陈述时间", null=True)
    outcome = models.CharField("处理结果", max_length=10, blank=True, choices=choices(EndOutcome))
    not_ended = models.CharField(
        "不予终结的原因", max_length=16, blank=True, choices=choices(NotEnded)
    )
    reason = models.TextField("理由", blank=True)
    public_interest = models.TextField("公共利益衡量", blank=True)
    decided_by = models.CharField("决定人", max_length=REF_LENGTH, blank=True)
    decided_by_name = models.CharField("决定人姓名", max_length=NAME_LENGTH, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_on = models.DateField("决定日期", null=True)

    class Meta:
        verbose_name = "终结许可的提议"
        constraints = [
            models.CheckConstraint(
                name="cases_endproposal_ground_of_kind",
                condition=_of(EndKind.REVOKE) | _of(EndKind.RETRACT) | _of(EndKind.DEREGISTER),
            ),
            models.CheckConstraint(
                name="cases_endproposal_says_facts_and_evidence",
                condition=~Q(facts="") & ~Q(evidence=""),
            ),
            models.CheckConstraint(
                name="cases_endproposal_proposer_is_not_decider",
                condition=~Q(decided_by=F("proposed_by"))
                | Q(kind=EndKind.DEREGISTER.value, ground=EXPIRED, decided_by__startswith="job:"),
            ),
            models.CheckConstraint(
                name="cases_endproposal_jobs_deregister_what_expired_alone",
                condition=~Q(decided_by__startswith="job:")
                | Q(kind=EndKind.DEREGISTER.value, ground=EXPIRED),
            ),
            models.CheckConstraint(
                name="cases_endproposal_holder_is_heard",
                condition=Q(kind=EndKind.DEREGISTER.value)
                | Q(views_due_on__isnull=False)
                & (
                    Q(decided_on__isnull=True)
                    | Q(stated_at__isnull=False)
                    | Q(decided_on__gt=F("views_due_on"))
                    | Q(outcome=EndOutcome.DECLINED.value)
                ),
            ),
            models.CheckConstraint(
                name="cases_endproposal_statement_has_moment_and_person",
                condition=Q(stated_at__isnull=True, stated_by="", statement="")
                | (Q(stated_at__isnull=False) & ~Q(stated_by="") & ~Q(statement="")),
            ),
            models.CheckConstraint(
                name="cases_endproposal_decision_is_whole",
                condition=Q(
                    outcome="", decided_by="", decided_at__isnull=True, decided_on__isnull=True
                )
                | (
                    Q(
                        outcome__in=values(EndOutcome),
                        decided_at__isnull=False,
                        decided_on__isnull=False,
                    )
                    & ~Q(decided_by="")
                    & ~Q(reason="")
                ),
            ),
            models.CheckConstraint(
                name="cases_endproposal_declined_for_a_lawful_reason",
                condition=(
                    Q(outcome=EndOutcome.DECLINED.value, not_ended__in=values(NotEnded))
                    & (~Q(ground__in=_MUST) | ~Q(not_ended=NotEnded.DISCRETION.value))
                    & (Q(kind=EndKind.REVOKE.value) | ~Q(not_ended=NotEnded.PUBLIC_INTEREST.value))
                )
                | (~Q(outcome=EndOutcome.DECLINED.value) & Q(not_ended="")),
            ),
            models.CheckConstraint(
                name="cases_endproposal_revocation_weighs_public_interest",
                condition=~Q(kind=EndKind.REVOKE.value, outcome=EndOutcome.ENDED.value)
                | ~Q(public_interest=""),
            ),
            models.UniqueConstraint(
                name="cases_endproposal_one_open_per_case",
                fields=["case"],
                condition=Q(outcome=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "proposed_at", "id"],
                name="cases_endproposal_open",
                condition=Q(outcome=""),
            )
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="proposal_fixed",
                fields=[
                    "case",
                    "kind",
                    "ground",
                    "facts",
                    "evidence",
                    "compensation",
                    "proposed_by",
                    "proposed_at",
                    "views_due_on",
                ],
            ),
            pgtrigger.Protect(
                name="decided_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.outcome <> ''"),
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"
