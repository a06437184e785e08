"""What runs by the clock: forgotten uploads go."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories.documents import NOON, accept, pdf
from yiwang.documents import queries, tasks


@pytest.mark.django_db
def test_forgotten_uploads_are_deleted_at_night():
    view = accept(pdf())
    soon = NOON + dt.timedelta(days=29)

    tasks.purge_unused_uploads(int(soon.timestamp()))
    assert queries.upload(view.ref) == view

    tasks.purge_unused_uploads(int((soon + dt.timedelta(days=1)).timestamp()))
    with pytest.raises(LookupError):
        queries.upload(view.ref)
