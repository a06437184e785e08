"""Two desks enter the same new record at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.factories.registers import save_entity, save_person
from yiwang.registers.models import LegalEntity, Person

DESKS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("save", "model"), [(save_person, Person), (save_entity, LegalEntity)], ids=["person", "firm"]
)
def test_one_new_record_entered_by_several_desks_at_once_is_one_record(save, model):
    start = threading.Barrier(DESKS)

    def enter():
        try:
            start.wait(timeout=10)
            return save().ref
        finally:
            connection.close()

    with ThreadPoolExecutor(DESKS) as desks:
        entered = [desks.submit(enter) for _ in range(DESKS)]

    assert len({one.result() for one in entered}) == 1
    assert model.objects.count() == 1
