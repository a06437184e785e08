from __future__ import annotations

import pytest

from tests.factories.audit import sealed
from yiwang.audit import keys, services
from yiwang.audit.policy import notes

pytestmark = pytest.mark.django_db(transaction=True)


def test_checkpoint_is_there_for_anybody_and_holds_the_trail_to_it(client):
    sealed(3)

    answer = client.get("/trail/checkpoint")

    note = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert notes.parse(note).size == 3
    assert keys.is_signed(notes.parse(note))
    assert services.verify(witnessed=[note]).ok


def test_no_checkpoint_is_invented(client):
    assert client.get("/trail/checkpoint").status_code == 404
