"""What the database itself refuses of a case: steps off the table, results without their record."""

from __future__ import annotations

import pgtrigger

from yiwang.cases.policy.deadlines import CLOCKS_DIFFER
from yiwang.cases.policy.states import CaseState, Step, Way, pairs, triples

BY_CLOCK = [Way.AUTOMATIC.value, Way.DEEMED.value]
"""Ways of deciding in which no person decides."""


def steps_known() -> pgtrigger.Trigger:
    """Refuse, in the database, every change of state that the table of steps does not hold.

    The pairs stand in the condition, so that an allowed step costs no call of a function.
    """
    always = ", ".join(f"'{start}>{end}'" for start, end, ways in pairs() if not ways)
    gates = {Way.ON_SPOT: "NEW.immediate"}
    narrow = "".join(
        f" AND NOT ({gates.get(way, f'NEW.way = {chr(39)}{way.value}{chr(39)}')}"
        f" AND OLD.state || '>' || NEW.state IN ({', '.join(listed)}))"
        for way in Way
        if (listed := [f"'{start}>{end}'" for start, end, ways in pairs() if way.value in ways])
    )
    return pgtrigger.Trigger(
        name="step_known",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            "OLD.state IS DISTINCT FROM NEW.state"
            f" AND OLD.state || '>' || NEW.state NOT IN ({always})" + narrow
        ),
        func="""
            RAISE EXCEPTION 'cases_case_step_known: no step leads from % to %',
                OLD.state, NEW.state USING ERRCODE = 'check_violation';
        """,
    )


def never_earlier() -> pgtrigger.Trigger:
    """Refuse an act that is dated before the last one, but for what clocks of servers differ."""
    return pgtrigger.Trigger(
        name="never_earlier",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("touched_at"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"NEW.touched_at < OLD.touched_at - interval '{CLOCKS_DIFFER.seconds} seconds'"
        ),
        func="""
            RAISE EXCEPTION 'cases_case_never_earlier: % after %',
                NEW.touched_at, OLD.touched_at USING ERRCODE = 'check_violation';
        """,
    )


def stopped_for_a_reason() -> pgtrigger.Trigger:
    """Stop the limit only together with the record of why, and start it only once that is over.

    The record names the letter and its delivery, so no limit stops behind the applicant's back.
    """
    return pgtrigger.Trigger(
        name="stopped_for_a_reason",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            "OLD.state IS DISTINCT FROM NEW.state AND"
            " (NEW.state IN ('special', 'hearing') OR OLD.state IN ('special', 'hearing'))"
        ),
        func="""
            IF NEW.state = 'special' AND NOT EXISTS (
                SELECT FROM cases_specialprocedure
                WHERE case_id = NEW.id AND ended_on IS NULL
            ) OR NEW.state = 'hearing' AND NOT EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.id AND ended_on IS NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_stopped_for_a_reason: no notice was sent for %',
                    NEW.state USING ERRCODE = 'check_violation';
            END IF;
            IF OLD.state = 'special' AND EXISTS (
                SELECT FROM cases_specialprocedure
                WHERE case_id = NEW.id AND ended_on IS NULL
            ) OR OLD.state = 'hearing' AND EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.id AND ended_on IS NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_stopped_for_a_reason: % has no result yet',
                    OLD.state USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def way_has_its_record() -> pgtrigger.Trigger:
    """Refuse a grant that nobody reviewed without the record that stands in for the review.

    On commitment it is the signed letter, by silence the request for renewal made in time; an
    automatic grant has its run, see `rules_granted`.
    """
    return pgtrigger.Trigger(
        name="way_has_its_record",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"OLD.state <> NEW.state AND NEW.state = '{CaseState.APPROVED.value}'"
            f" AND NEW.way IN ('{Way.COMMITMENT.value}', '{Way.DEEMED.value}')"
        ),
        func="""
            IF NEW.way = 'commitment' AND NOT EXISTS (
                SELECT FROM cases_commitment WHERE case_id = NEW.id
            ) OR NEW.way = 'deemed' AND NOT EXISTS (
                SELECT FROM cases_renewal WHERE case_id = NEW.id AND deemed_on IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_way_has_its_record: nothing stands behind %',
                    NEW.way USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def extended_once() -> pgtrigger.Trigger:
    """Extend a limit once, and only on the approval that stands in the table of extensions."""
    return pgtrigger.Trigger(
        name="extended_once",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("extended_on"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition("OLD.extended_on IS DISTINCT FROM NEW.extended_on"),
        func="""
            IF OLD.extended_on IS NOT NULL OR NOT EXISTS (
                SELECT FROM cases_extension WHERE case_id = NEW.id AND approved
            ) THEN
                RAISE EXCEPTION 'cases_case_extended_once: extended already, or not approved'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def born_received() -> pgtrigger.Trigger:
    """Refuse a case that does not begin as received."""
    return pgtrigger.Trigger(
        name="born_received",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.state <> '{CaseState.RECEIVED.value}'"),
        func="""
            RAISE EXCEPTION 'cases_case_born_received: a case begins as received, not %',
                NEW.state USING ERRCODE = 'check_violation';
        """,
    )


def not_by_the_chair() -> pgtrigger.Trigger:
    """Refuse the opinion of whoever chaired the hearing. 行政许可法 第四十八条第一款第三项."""
    return pgtrigger.Trigger(
        name="not_by_the_chair",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.case_id AND chair = NEW."by"
            ) THEN
                RAISE EXCEPTION 'cases_opinion_not_by_the_chair: the chair is not the reviewer'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def rules_granted() -> pgtrigger.Trigger:
    """Refuse, in the database, an automatic grant without a run of the rules that granted."""
    return pgtrigger.Trigger(
        name="rules_granted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.step = '{Step.GRANT_AUTOMATIC.value}'"),
        func="""
            IF NEW.actor NOT LIKE 'job:%' OR NOT EXISTS (
                SELECT 1 FROM cases_autorun
                WHERE case_id = NEW.case_id AND outcome = 'grant'
            ) THEN
                RAISE EXCEPTION 'cases_caseevent_rules_granted: no run of rules passed for case %',
                    NEW.case_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def step_on_the_table() -> pgtrigger.Trigger:
    """Refuse an event of a step that does not start there or does not lead there.

    Steps that leave the state alone change no row of a case, so its own trigger does not see them.
    """
    listed = ", ".join(f"'{step}:{start}>{end}'" for step, start, end in triples())
    return pgtrigger.Trigger(
        name="step_on_the_table",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(
            f"NEW.step || ':' || NEW.from_state || '>' || NEW.to_state NOT IN ({listed})"
        ),
        func="""
            RAISE EXCEPTION 'cases_caseevent_step_on_the_table: % leads not from "%" to "%"',
                NEW.step, NEW.from_state, NEW.to_state USING ERRCODE = 'check_violation';
        """,
    )


AT_WINDOW = (Step.FIX_ON_SPOT, Step.WITHDRAW, Step.WITHDRAW_MATERIAL, Step.CHANGE_CONTACT)
"""What the applicant does, or staff for somebody whom they saw."""


def seen_at_the_window() -> pgtrigger.Trigger:
    """Refuse what staff do for an applicant without the record of who stood at the window."""
    steps = ", ".join(f"'{one.value}'" for one in AT_WINDOW)
    return pgtrigger.Trigger(
        name="seen_at_the_window",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.step IN ({steps}) AND NEW.post <> ''"),
        func="""
            IF NOT EXISTS (
                SELECT FROM cases_windowvisit
                WHERE case_id = NEW.case_id AND act = NEW.step AND at = NEW.at
            ) THEN
                RAISE EXCEPTION 'cases_caseevent_seen_at_the_window: nobody was seen for %',
                    NEW.step USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
