"""What the gateway does by the clock: sends, reads folders, compares, gives up waiting.

Here and not in `exchange`, because a call must be signed with the moment at which it is made.
"""

from __future__ import annotations

import contextlib

import structlog
from django.db import transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app

from yiwang.cases.policy.deadlines import day_of
from yiwang.content import queries as content
from yiwang.exchange import queries, services
from yiwang.exchange.policy.terms import PartnerKind
from yiwang.organisations import scope

log = structlog.get_logger(__name__)

QUEUE = "exchange"


@app.periodic(cron="* * * * * */10")
@app.task(name="yiwang.exchange.dispatch", queue=QUEUE, queueing_lock="yiwang.exchange.dispatch")
def dispatch(timestamp: int) -> None:
    """Have one job per department send what is due; a department that is down gets none."""
    with scope.everything():
        due = services.systems_with_work(at=timezone.now())
    for partner_id in due:
        name = f"yiwang.exchange.push:{partner_id}"
        with contextlib.suppress(exceptions.AlreadyEnqueued), transaction.atomic():
            push.configure(lock=name, queueing_lock=name).defer(partner_id=partner_id)


@app.task(name="yiwang.exchange.push", queue=QUEUE)
def push(partner_id: int) -> None:
    """Send what is due to one department's system."""
    with scope.everything():
        services.push_due(partner_id=partner_id, clock=timezone.now)


@app.periodic(cron="* * * * * */20")
@app.task(name="yiwang.exchange.scan", queue=QUEUE, queueing_lock="yiwang.exchange.scan")
def scan(timestamp: int) -> None:
    """Read the folders of departments that exchange files; one that fails stops no other."""
    at, failed = timezone.now(), []
    with scope.everything():
        for partner in queries.partners():
            if partner.kind is not PartnerKind.FILES or not partner.live(day_of(at)):
                continue
            try:
                services.scan_folder(partner=partner, calendar=content.workday_calendar(), at=at)
            except Exception as error:
                log.exception("exchange.scan_failed", system=partner.code)
                failed.append(error)
    if failed:
        raise ExceptionGroup("folders that could not be read", failed)


@app.periodic(cron="*/2 * * * *")
@app.task(name="yiwang.exchange.compare", queue="maintenance", queueing_lock="exchange.compare")
def compare(timestamp: int) -> None:
    """Tell departments of cases that no event told of."""
    with scope.everything():
        begun = services.begin_missing(at=timezone.now())
    if begun:
        log.info("exchange.begun_by_comparison", cases=begun)


@app.periodic(cron="*/10 * * * *")
@app.task(name="yiwang.exchange.tidy", queue="maintenance", queueing_lock="exchange.tidy")
def tidy(timestamp: int) -> None:
    """Give up waiting for what does not come; forget nonces that are of no use any more."""
    at = timezone.now()
    with scope.everything():
        dead = services.expire_held(at=at)
        services.purge_nonces(at=at)
    if dead:
        log.warning("exchange.waited_in_vain", messages=dead)
