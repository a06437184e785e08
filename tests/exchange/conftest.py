"""The market department works in a system of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from tests.factories import cases, exchange
from tests.factories.exchange import Side, Wire
from yiwang.api import context
from yiwang.exchange import queries, services
from yiwang.exchange.policy.terms import PartnerKind
from yiwang.exchange.services import outbox_folder
from yiwang.kernel import events


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Nothing leaves the machine."""
    return Wire().put_on(monkeypatch)


@pytest.fixture
def side(easy_district: None, wire: Wire, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Side:
    """The other side: an invented district, its market department connected over HTTP."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    queries.forget()
    monkeypatch.setattr(events, "_transport", [events.deliver])
    monkeypatch.setattr("yiwang.api.context.content.workday_calendar", lambda: cases.CALENDAR)
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)
    context.forget()
    return exchange.keys(exchange.register())


@pytest.fixture
def number(side: Side) -> str:
    """A case that was accepted and pushed."""
    case = cases.accepted()
    assert exchange.push_all(side.partner) == 1
    return case.number


@pytest.fixture
def files(side: Side, settings: Any, tmp_path: Path) -> Side:
    """The market department exchanges files instead."""
    settings.EXCHANGE_DIR = tmp_path
    services.switch_partner(
        code="market-main", on=False, reason="改用文件", by=exchange.ADMIN, at=cases.FRIDAY
    )
    return exchange.keys(exchange.register(code="market-files", kind=PartnerKind.FILES))


@pytest.fixture
def root(files: Side) -> Path:
    """Return the folder of that department."""
    return outbox_folder.folder(files.partner.code)
