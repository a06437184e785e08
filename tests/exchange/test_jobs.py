"""The jobs of the worker do what the services do, on the clock of the moment."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.factories import cases
from yiwang.config import gateway
from yiwang.exchange.models import Conversation, Push


@pytest.fixture(autouse=True)
def _on_friday(side, monkeypatch):
    monkeypatch.setattr("yiwang.config.gateway.timezone.now", lambda: cases.FRIDAY)
    monkeypatch.setattr("yiwang.config.gateway.content.workday_calendar", lambda: cases.CALENDAR)


def test_a_department_with_work_gets_one_job_and_that_sends(side, wire):
    cases.accepted()
    gateway.dispatch(0)
    gateway.dispatch(0)

    (job,) = ProcrastinateJob.objects.filter(task_name="yiwang.exchange.push")
    assert job.args == {"partner_id": side.partner.id}
    assert job.lock == job.queueing_lock
    gateway.push(**job.args)
    assert len(wire.sent) == 1
    assert Push.objects.get().state == "delivered"


def test_nobody_gets_a_job_without_work(side):
    gateway.dispatch(0)

    assert not ProcrastinateJob.objects.filter(task_name="yiwang.exchange.push").exists()


def test_what_no_event_told_of_is_begun_and_folders_are_read(side):
    cases.accepted()
    Push.objects.all().delete()
    Conversation.objects.all().delete()

    gateway.compare(0)
    gateway.scan(0)
    gateway.tidy(0)

    assert Push.objects.count() == 1
