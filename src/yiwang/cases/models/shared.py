"""What the tables of this package share: lengths, choices, and rows that nobody changes."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger

from yiwang.cases.policy.terms import INTERNAL_LETTERS
from yiwang.kernel.terms import Term

NUMBER_LENGTH = 45
REF_LENGTH = 64
CODE_LENGTH = 32
NAME_LENGTH = 200


def choices(terms: type[Term]) -> dict[str, str]:
    """Return the choices of a column that holds one of a closed list."""
    return {term.value: term.label for term in terms}


def values(terms: Iterable[Term]) -> list[str]:
    """Return the stored values of a closed list or of a part of it, sorted."""
    return sorted(term.value for term in terms)


def no_truncate() -> pgtrigger.Trigger:
    """Return a trigger that refuses to empty a table at once."""
    return pgtrigger.Trigger(
        name="no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'append-only table';",
    )


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers of a table whose rows are never changed and never deleted."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        no_truncate(),
    ]


def archived_again(
    case: str = "NEW.case_id",
    *,
    on: pgtrigger.Operation | pgtrigger.Operations = pgtrigger.Insert | pgtrigger.Update,
) -> pgtrigger.Trigger:
    """Return a trigger by which a finished case is archived again after its row came or changed.

    Every table of which the package of a case holds rows (`queries.archiving`) has it. The lock on
    the case lets whoever adds something wait for a package that is being made.

    Args:
        case: SQL of the key of the case that the row belongs to.
        on: What counts; that a message was read does not.
    """
    return pgtrigger.Trigger(
        name="archived_again",
        when=pgtrigger.After,
        operation=on,
        func=f"PERFORM cases_archive_again({case}); RETURN NULL;",
    )


def not_internal() -> pgtrigger.Trigger:
    """Return a trigger that refuses to note how an internal letter reached an applicant."""
    kinds = ", ".join(f"'{kind}'" for kind in values(INTERNAL_LETTERS))
    return pgtrigger.Trigger(
        name="not_internal",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.document_id IS NOT NULL"),
        func=f"""
            IF EXISTS (
                SELECT FROM cases_casedocument
                WHERE id = NEW.document_id AND kind IN ({kinds})
            ) THEN
                RAISE EXCEPTION '%_not_internal: letter % is for the file alone',
                    TG_TABLE_NAME, NEW.document_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
