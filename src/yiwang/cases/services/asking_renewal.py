"""Which licence a case asks to renew (延续), noted at receipt and put right until acceptance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from yiwang.cases.models import Case, Message, Renewal
from yiwang.cases.policy import renewing
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.services.steps import version_of
from yiwang.catalogue.policy.items import HandlingKind, ItemVersion
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.licences import queries as licences
from yiwang.licences.queries import LicenceView


def note_request(
    case: Case,
    item: ItemVersion,
    answers: Mapping[str, object],
    *,
    calendar: WorkdayCalendar,
    at: datetime,
) -> None:
    """Note at receipt which licence is to be renewed; tell who asks too late what to do.

    It was asked for on the day of receipt: of a letter, the day on which it was got.

    An item without handling items asks the database nothing.
    """
    asked_on = case.received_on
    old = _named(case, item, answers, on=asked_on)
    if old is not None:
        row = Renewal(case=case, asked_on=asked_on, lead_workdays=renewing.lead_workdays(item))
        _note(row, old, item, calendar=calendar, at=at)


def note_corrected(case: Case, *, calendar: WorkdayCalendar, at: datetime) -> None:
    """Let the licence whose number was put right before acceptance be the one to be renewed.

    It was asked for on the day of receipt. A case on which nothing was put right asks nothing.
    """
    if not case.fixed_answers:
        return
    item = version_of(case)
    old = _named(case, item, case.answers_now(), on=case.received_on)
    if old is None:
        return
    row = Renewal.objects.select_for_update().filter(case=case).first()
    if row is None:
        lead = renewing.lead_workdays(item)
        row = Renewal(case=case, asked_on=case.received_on, lead_workdays=lead)
    if row.licence_identifier != old.identifier:
        _note(row, old, item, calendar=calendar, at=at)


def _named(
    case: Case, item: ItemVersion, answers: Mapping[str, object], *, on: date
) -> LicenceView | None:
    """Return the licence that a case asks to renew; None: it asks for none, or not which."""
    if not item.handling_items or not item.result.licence_type:
        return None
    handling = item.handling_of(plain_answers(answers))
    if handling is None or handling.kind is not HandlingKind.RENEW:
        return None
    held = licences.valid_licences(case.applicant_ref, item.result.licence_type, on=on)
    named = [one for one in held if one.number and one.number in answers.values()]
    old = next(iter(named or held), None) if named or len(held) == 1 else None
    return old if old is not None and old.valid_until is not None else None


def _note(
    row: Renewal,
    old: LicenceView,
    item: ItemVersion,
    *,
    calendar: WorkdayCalendar,
    at: datetime,
) -> None:
    assert old.valid_until is not None
    row.licence_identifier, row.valid_until = old.identifier, old.valid_until
    row.in_time = renewing.in_time(
        asked_on=row.asked_on,
        valid_until=old.valid_until,
        lead=row.lead_workdays,
        calendar=calendar,
    )
    row.save()
    if not row.in_time:
        Message.objects.create(
            to_ref=row.case.applicant_ref,
            case=row.case,
            title=f"延续申请提示（{row.case.query_code}）",
            body=renewing.late_words(
                name=item.result.name,
                lead=row.lead_workdays,
                last=old.valid_until - timedelta(days=1),
            ),
            at=at,
        )
