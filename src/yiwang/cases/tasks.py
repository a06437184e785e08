"""What runs by the clock: lapse of time that the law gives a meaning, and files of letters."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import structlog
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yiwang.cases import services
from yiwang.cases.policy.deadlines import day_of
from yiwang.cases.services import automatic, sampling
from yiwang.cases.services.clocks import RECKONED_BY
from yiwang.cases.services.prechecks import READ_TASK
from yiwang.content import queries as content
from yiwang.organisations import scope
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post

log = structlog.get_logger()

FAILED_NAMED = 50
"""Most numbers that one line of the log names."""

DEEMED_BY = Actor(ref="job:deem-accepted", name="系统（逾期视为受理）")
ENDED_BY = Actor(ref="job:end-corrections", name="系统（逾期未补正）")
UNHEARD_BY = Actor(ref="job:end-hearings", name="系统（逾期未要求听证）")
REPORTED_BY = Actor(ref="job:report-missed-clocks", name="系统（报告超期）")
RENEWED_BY = Actor(
    ref="job:deem-renewed",
    name="系统（视为准予延续）",
    posts={EVERYWHERE: frozenset({Post.APPROVER})},
)
DEREGISTERED_BY = Actor(
    ref="job:deregister-expired",
    name="系统（到期注销）",
    posts={EVERYWHERE: frozenset({Post.APPROVER})},
)
REMINDED_BY = Actor(ref="job:remind-tolerance", name="系统（容缺补齐提醒）")
BROKEN_BY = Actor(ref="job:broken-tolerance", name="系统（容缺逾期）")
READ_BY = Actor(ref="job:read-materials", name="系统（识别材料）")
PURGED_BY = Actor(ref="job:purge-drafts", name="系统（清理过期草稿）")


@app.periodic(cron="10 * * * *")
@app.task(name="yiwang.cases.deem_accepted", queue="maintenance")
def deem_accepted(timestamp: int) -> None:
    """Accept what nobody answered in five working days, and report it."""
    with scope.everything():
        numbers = services.deem_accepted(
            calendar=content.workday_calendar(), by=DEEMED_BY, at=_moment(timestamp)
        )
    if numbers:
        log.warning("cases.deemed_accepted", numbers=numbers)


@app.periodic(cron="20 * * * *")
@app.task(name="yiwang.cases.end_expired_corrections", queue="maintenance")
def end_expired_corrections(timestamp: int) -> None:
    """End cases whose correction was not filed in time."""
    with scope.everything():
        numbers = services.end_expired_corrections(by=ENDED_BY, at=_moment(timestamp))
    if numbers:
        log.info("cases.corrections_expired", numbers=numbers)


@app.periodic(cron="30 * * * *")
@app.task(name="yiwang.cases.end_unrequested_hearings", queue="maintenance")
def end_unrequested_hearings(timestamp: int) -> None:
    """Go on with cases in which nobody asked for a hearing in time."""
    with scope.everything():
        numbers = services.end_unrequested_hearings(
            calendar=content.workday_calendar(), by=UNHEARD_BY, at=_moment(timestamp)
        )
    if numbers:
        log.info("cases.hearings_not_requested", numbers=numbers)


@app.periodic(cron="50 * * * *")
@app.task(name="yiwang.cases.report_missed_clocks", queue="maintenance")
def report_missed_clocks(timestamp: int) -> None:
    """Report every clock that was missed, once; remind of those that end soon."""
    with scope.everything():
        missed = services.report_missed_clocks(by=REPORTED_BY, at=_moment(timestamp))
        services.remind_holders(
            calendar=content.workday_calendar(), by=REPORTED_BY, at=_moment(timestamp)
        )
    if missed:
        log.warning("cases.clocks_missed", count=len(missed), first=missed[0].number)


@app.periodic(cron="35 * * * *")
@app.task(
    name="yiwang.cases.measure_finished",
    queue="maintenance",
    queueing_lock="yiwang.cases.measure_finished",
)
def measure_finished(timestamp: int) -> None:
    """Count what was finished since the last hour, for the figures."""
    with scope.everything():
        services.measure_finished(calendar=content.workday_calendar(), at=_moment(timestamp))


@app.periodic(cron="25 1 * * *")
@app.task(name="yiwang.cases.recompute_clocks", queue="maintenance")
def recompute_clocks(timestamp: int) -> None:
    """Reckon the running clocks anew each night, should the job of a holiday notice have failed."""
    with scope.everything():
        done = services.recompute_clocks(
            calendar=content.workday_calendar(), by=RECKONED_BY, at=_moment(timestamp)
        )
    if done.changed or done.failed:
        log.warning(
            "cases.clocks_recomputed", changed=len(done.changed), failed=done.failed[:FAILED_NAMED]
        )


@app.periodic(cron="5 * * * *")
@app.task(name="yiwang.cases.deem_renewed", queue="maintenance")
def deem_renewed(timestamp: int) -> None:
    """Renew what was asked in time and not decided before the licence ended, and report it."""
    with scope.everything():
        numbers = services.deem_renewed(
            calendar=content.workday_calendar(), by=RENEWED_BY, at=_moment(timestamp)
        )
    if numbers:
        log.warning("cases.deemed_renewed", numbers=numbers)


@app.periodic(cron="30 3 * * *")
@app.task(name="yiwang.cases.deregister_expired", queue="maintenance")
def deregister_expired(timestamp: int) -> None:
    """Deregister licences that ran out and were not renewed."""
    with scope.everything():
        numbers = services.deregister_expired(by=DEREGISTERED_BY, at=_moment(timestamp))
    if numbers:
        log.info("cases.deregistered", numbers=numbers)


@app.periodic(cron="40 2 * * *")
@app.task(name="yiwang.cases.purge_drafts", queue="maintenance")
def purge_drafts(timestamp: int) -> None:
    """Delete drafts whose time is over."""
    services.purge_drafts(by=PURGED_BY, at=_moment(timestamp))
    with scope.everything():
        services.purge_prechecks(at=_moment(timestamp))


@app.periodic(cron="* * * * * */5")
@app.task(
    name="yiwang.cases.tell_of_events",
    queue="mail",
    priority=10,  # news goes before files and figures
    queueing_lock="yiwang.cases.tell_of_events",
    lock="yiwang.cases.tell_of_events",  # a look that lasts holds up the next
)
def tell_of_events(timestamp: int) -> None:
    """Plan notices of what happened to cases since the last look."""
    with scope.everything():
        services.tell_of_events(at=_moment(timestamp))


@app.periodic(cron="30 1 * * *")
@app.task(name="yiwang.cases.remind", queue="maintenance")
def remind(timestamp: int) -> None:
    """Plan reminders of what is due soon, each morning."""
    with scope.everything():
        services.remind(at=_moment(timestamp))


@app.periodic(cron="15 1 * * *")
@app.task(name="yiwang.cases.tolerance", queue="maintenance")
def tolerance(timestamp: int) -> None:
    """Remind of tolerated materials, and note what was not filed in time."""
    with scope.everything():
        services.remind_tolerance(
            calendar=content.workday_calendar(), by=REMINDED_BY, at=_moment(timestamp)
        )
        numbers = services.report_broken_tolerance(by=BROKEN_BY, at=_moment(timestamp))
    if numbers:
        log.warning("cases.tolerance_broken", numbers=numbers)


@app.periodic(cron="* * * * *")
@app.task(
    name="yiwang.cases.handle_waiting", queue="default", queueing_lock="yiwang.cases.handle_waiting"
)
def handle_waiting(timestamp: int) -> None:
    """Run rules on cases left over, and ask registers again that did not answer."""
    numbers = automatic.handle_waiting(
        calendar=content.workday_calendar(), by=automatic.SYSTEM, at=_moment(timestamp)
    )
    if numbers:
        log.info("cases.handled_automatically", numbers=numbers)


@app.periodic(cron="15 6 * * *")
@app.task(name="yiwang.cases.draw_sample", queue="maintenance")
def draw_sample(timestamp: int) -> None:
    """Draw yesterday's decisions of rules and of people that a person looks at again.

    The seed is one that nobody knew.
    """
    at = _moment(timestamp)
    day = day_of(at) - timedelta(days=1)
    with scope.everything():
        for draw in (sampling.draw_sample, sampling.draw_handled):
            draw(day=day, seed=secrets.token_hex(16), by=automatic.SYSTEM, at=at)


@app.task(
    name="yiwang.cases.make_document",
    queue="documents",
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def make_document(document_id: int, timestamp: int) -> None:
    """Render and seal the file of a letter before somebody asks for it."""
    with scope.everything():
        services.make_document(document_id, at=_moment(timestamp))


@app.task(name=READ_TASK, queue="documents")
def read_material(
    upload_ref: str,
    material_id: str,
    material: str,
    standard: str,
    applicant_ref: str,
    timestamp: int,
    of_other: bool = False,
) -> None:
    """Read the pages of a scan or photo after it was handed in; one at a time."""
    with scope.everything():
        services.read_material(
            upload_ref=upload_ref,
            material_id=material_id,
            material=material,
            standard=standard,
            applicant_ref=applicant_ref,
            of_other=of_other,
            by=READ_BY,
            at=_moment(timestamp),
        )


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, tz=UTC)
