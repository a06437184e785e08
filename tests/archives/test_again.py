"""Whatever is added to an archived case has it archived again by itself.

That every step of the table does, with all that the jobs of the clock do, is shown by the random
histories (`tests/cases/test_histories.py`); here stand the acts that are no steps.
"""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from django.db import connection, models

from tests.archives.conftest import KEEPER
from tests.factories import automatic, cases, commitments
from yiwang.archives import queries, services
from yiwang.archives.models import ArchivePackage
from yiwang.archives.policy.retention import PackageState
from yiwang.archives.services.making import READER
from yiwang.cases import services as case_services
from yiwang.cases.models import AutoReview, Case
from yiwang.cases.policy.automatic import SampleVerdict
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.queries import archiving
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.ratings import services as ratings
from yiwang.ratings.models import BadRatingTask

NIGHT = cases.FRIDAY + dt.timedelta(days=400)
NEXT = cases.FRIDAY + dt.timedelta(days=31)

NO_ACTS = {
    "cases_caseevent": "written together with the step, which raises the version of the case",
    "cases_clockreminder": "that staff were reminded adds nothing to the case",
    "cases_autowaiting": "a place in the queue of the machine; what came of it is in cases_autorun",
    "cases_message": "that a message was read adds nothing; a message that comes does",
}
"""Tables of a package whose changes make no package due -> why."""


def tables(model: type[models.Model] = Case) -> Iterator[type[models.Model]]:
    """Return every table of which a package may hold rows."""
    for related, _field in archiving._pointing_at(model):
        if related not in archiving.WORKING_COPIES:
            yield related
            yield from tables(related)


def due() -> list[str]:
    """Return the cases of the coming night."""
    found = archiving.to_archive(NIGHT, today=NIGHT.date(), after=0, limit=100)
    return [one.number for one in found]


def test_every_table_of_a_package_asks_for_a_new_one(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE %s",
            ["pgtrigger_archived_again_%"],
        )
        asking = {name for (name,) in cursor.fetchall()}

    assert {one._meta.db_table for one in tables()} - NO_ACTS.keys() == asking - {"cases_message"}
    assert "cases_message" in asking


def granted() -> str:
    commitments.district()
    return commitments.granted().number


def ordered() -> str:
    number = granted()
    commitments.check(number, outcome=CheckOutcome.CORRECT, conditions=["rules"])
    return number


def report(number: str) -> None:
    case_services.report_correction(
        number=number, text="已改正。", upload_refs=[], by=cases.FIRM, at=NEXT
    )


def reported() -> str:
    number = ordered()
    report(number)
    return number


def closed() -> str:
    cases.district(items=False)
    cases.publish(cases.without_materials())
    return cases.closed().number


def rate(number: str) -> None:
    ratings.rate_case(
        grade="very_dissatisfied",
        number=number,
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )


def rated() -> str:
    number = closed()
    rate(number)
    return number


def task() -> str:
    return BadRatingTask.objects.get().number


def contact(number: str) -> None:
    ratings.contact_rater(number=task(), message="正在核实。", by=cases.HEAD, at=cases.FRIDAY)


def contacted() -> str:
    number = rated()
    contact(number)
    return number


def answer(number: str) -> None:
    ratings.answer_task(number=task(), reply="已增开窗口。", by=cases.HEAD, at=cases.FRIDAY)


def answered() -> str:
    number = contacted()
    answer(number)
    return number


def read(number: str) -> None:
    letter = cases.page(number).documents[-1]
    case_services.read_letter(document_id=letter.id, by=cases.FIRM, at=cases.FRIDAY)


def automatically() -> str:
    cases.district(items=False)
    automatic.card_type()
    cases.publish(automatic.senior())
    undo = checks.put_in_place(automatic.Register())
    try:
        return automatic.submit(automatic.elder()).number
    finally:
        undo()


def draw(number: str) -> None:
    case_services.draw_sample(
        day=automatic.SUNDAY_NIGHT.date(), seed="s", by=SYSTEM, at=automatic.SUNDAY_NIGHT
    )


def drawn() -> str:
    number = automatically()
    draw(number)
    return number


def review(number: str) -> None:
    case_services.review_automatic(
        review_id=AutoReview.objects.get().pk,
        verdict=SampleVerdict.CONFIRM,
        reason="与人口库一致",
        by=cases.REVIEWER,
        at=NEXT,
    )


ACTS: dict[str, tuple[Callable[[], str], Callable[[str], object]]] = {
    "a check of the commitment": (granted, commitments.check),
    "a check after an order": (ordered, commitments.check),
    "a report of what was corrected": (ordered, report),
    "an answer to the report": (
        reported,
        lambda number: case_services.decline_report(
            number=number, reason="照片看不清。", by=commitments.CHECKER, at=NEXT
        ),
    ),
    "a letter that is opened": (closed, read),
    "a case drawn for the sample": (automatically, draw),
    "the review of a sample": (drawn, review),
    "a rating": (closed, rate),
    "a contact with the rater": (rated, contact),
    "an answer to a rating": (contacted, answer),
    "the end of a bad rating": (
        answered,
        lambda number: ratings.close_task(
            number=task(), measure="增开窗口", by=cases.HEAD, at=cases.FRIDAY
        ),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", ACTS)
def test_what_comes_after_the_package_makes_another_one_due(what):
    begin, act = ACTS[what]
    number = begin()
    version = Case.objects.get(number=number).version
    case_services.note_archived(number=number, version=version)
    assert due() == []

    act(number)

    assert due() == [number]


@pytest.mark.django_db
def test_reading_a_message_and_looking_make_no_package_due():
    number = closed()
    case_services.note_archived(number=number, version=Case.objects.get(number=number).version)
    case = Case.objects.get(number=number)

    case_services.read_message(
        message_id=case.messages.latest("id").pk, by=cases.FIRM, at=cases.FRIDAY
    )
    cases.page(number)

    assert due() == []


@pytest.mark.django_db
def test_the_night_after_a_check_makes_the_package_that_holds_it():
    number = granted()
    assert services.make_due(by=READER, at=NIGHT) == 1
    commitments.check(number, at=NIGHT + dt.timedelta(hours=1))

    nights = [services.make_due(by=READER, at=NIGHT + dt.timedelta(days=days)) for days in (1, 2)]

    assert nights == [1, 0]
    newest = queries.latest(number)
    data = services.read_package(package_id=newest.id, by=KEEPER, at=NIGHT)[1]
    with zipfile.ZipFile(BytesIO(data)) as package:
        held = json.loads(package.read("tables.json"))
        manifest = json.loads(package.read("manifest.json"))
    last, first = queries.archive_of(number, by=KEEPER).packages
    assert (last.id, last.revision, last.superseded) == (newest.id, 2, False)
    assert (first.state, first.superseded) == (PackageState.KEPT, True)
    assert manifest["replaces_sm3"] == first.sm3
    assert [one["outcome"] for one in held["cases_postcheckresult"]] == ["pass"]


@pytest.mark.django_db
def test_an_act_after_the_destruction_is_asked_for_once():
    number = granted()
    services.make_due(by=READER, at=NIGHT)
    ArchivePackage.objects.update(state="destroyed")
    commitments.check(number, at=NIGHT)

    assert services.make_due(by=READER, at=NIGHT) == 0
    assert due() == []
