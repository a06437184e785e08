"""Table of proposals that the decider sent back (退回复审), and what guards review and decision."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q

from yiwang.cases.models.shared import NAME_LENGTH, REF_LENGTH, append_only, archived_again
from yiwang.cases.policy.states import CaseState, Way


class SentBack(models.Model):
    """A proposal that went back to the reviewer, and why (退回复审).

    Source:
        The plan, 一(一)(二) 一审一核: one review and one approval, by two.
    """

    append_only = True

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="sent_backs")
    opinion = models.OneToOneField(
        "cases.Opinion", on_delete=models.PROTECT, related_name="sent_back"
    )
    reason = models.TextField("退回的理由")
    at = models.DateTimeField("退回时间")
    by = models.CharField("退回人", max_length=REF_LENGTH)
    by_name = models.CharField("退回人姓名", max_length=NAME_LENGTH)

    class Meta:
        verbose_name = "退回复审"
        constraints = [
            models.CheckConstraint(name="cases_sentback_says_why", condition=~Q(reason=""))
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"sent back {self.case_id}"


def one_open_opinion() -> pgtrigger.Trigger:
    """Refuse a second opinion while one stands, and one by whoever sent the case back."""
    return pgtrigger.Trigger(
        name="one_open_opinion",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF EXISTS (
                SELECT FROM cases_opinion AS said WHERE said.case_id = NEW.case_id
                AND NOT EXISTS (SELECT FROM cases_sentback WHERE opinion_id = said.id)
            ) THEN
                RAISE EXCEPTION 'cases_opinion_one_open: an opinion stands already'
                    USING ERRCODE = 'unique_violation';
            END IF;
            IF EXISTS (
                SELECT FROM cases_sentback WHERE case_id = NEW.case_id AND "by" = NEW."by"
            ) THEN
                RAISE EXCEPTION 'cases_opinion_not_by_the_decider: who sent it back decides'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def sent_back_for_a_reason() -> pgtrigger.Trigger:
    """Refuse the way back to review while the proposal stands."""
    return pgtrigger.Trigger(
        name="sent_back_for_a_reason",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"OLD.state = '{CaseState.DECISION_PENDING.value}'"
            f" AND NEW.state = '{CaseState.REVIEWING.value}'"
        ),
        func="""
            IF EXISTS (
                SELECT FROM cases_opinion AS said WHERE said.case_id = NEW.id
                AND NOT EXISTS (SELECT FROM cases_sentback WHERE opinion_id = said.id)
            ) THEN
                RAISE EXCEPTION 'cases_case_sent_back_for_a_reason: nobody said why'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def no_reviewer_decides() -> pgtrigger.Trigger:
    """Refuse a decision by whoever wrote any opinion on the case, sent back or not."""
    return pgtrigger.Trigger(
        name="no_reviewer_decides",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("decided_by"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition("OLD.decided_by = '' AND NEW.decided_by <> ''"),
        func="""
            IF EXISTS (
                SELECT FROM cases_opinion WHERE case_id = NEW.id AND "by" = NEW.decided_by
            ) THEN
                RAISE EXCEPTION 'cases_case_no_reviewer_decides: % reviewed it', NEW.decided_by
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def site_was_checked() -> pgtrigger.Trigger:
    """Refuse a grant without the check on the spot that the item asks for. 第三十四条第三款.

    On commitment the check follows the grant; a renewal is deemed granted whatever was not done.
    """
    return pgtrigger.Trigger(
        name="site_was_checked",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            "NEW.must_check_site AND OLD.state IS DISTINCT FROM NEW.state"
            f" AND NEW.state = '{CaseState.APPROVED.value}'"
            f" AND NEW.way NOT IN ('{Way.COMMITMENT.value}', '{Way.DEEMED.value}')"
        ),
        func="""
            IF NOT EXISTS (SELECT FROM cases_sitecheck WHERE case_id = NEW.id) THEN
                RAISE EXCEPTION 'cases_case_site_was_checked: nobody was there'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
