import base64

import pytest

from tests.factories.registers import LOADER, MORNING, ZHANG, number, save_person, staff
from yiwang.audit import queries as trail
from yiwang.organisations.permissions import PermissionRefusedError, Post
from yiwang.registers import queries, sealing, services
from yiwang.registers.models import Person, PersonHistory
from yiwang.registers.policy.field_crypto import FieldCryptoError, key_id_of

pytestmark = pytest.mark.django_db

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def people(settings):
    settings.FIELD_KEYS = [OLD]
    views = [
        save_person(),
        save_person(id_number=number(1), phone=""),
        save_person(id_number=number(2), phone="14000000002"),
    ]
    settings.FIELD_KEYS = [NEW, OLD]
    return views


def test_rotation_seals_anew_in_steps_and_then_has_nothing_to_do(people, settings):
    assert services.reseal_persons(by=LOADER, at=MORNING, limit=2) == 2
    assert services.reseal_persons(by=LOADER, at=MORNING, limit=2) == 1
    assert services.reseal_persons(by=LOADER, at=MORNING, limit=2) == 0

    settings.FIELD_KEYS = [NEW]
    assert [queries.person(view.ref) for view in people] == people


def test_rotation_keeps_the_index_and_leaves_no_history(people):
    before = set(Person.objects.values_list("number_index", flat=True))

    services.reseal_persons(by=LOADER, at=MORNING)

    assert set(Person.objects.values_list("number_index", flat=True)) == before
    assert not PersonHistory.objects.exists()

    save_person(address="上海市嘉定区南翔镇示例路3号")
    assert PersonHistory.objects.count() == 1
    newest = sealing.keys().newest
    assert {key_id_of(row.number_sealed) for row in Person.objects.all()} == {newest}


def test_rotation_is_traced_once_per_step(people):
    services.reseal_persons(by=LOADER, at=MORNING)
    services.reseal_persons(by=LOADER, at=MORNING)

    (line,) = trail.trail(act="registers.reseal_persons")
    assert line.detail["count"] == 3


def test_a_key_taken_away_too_early_is_noticed(people, settings):
    settings.FIELD_KEYS = [NEW]

    with pytest.raises(FieldCryptoError, match="旧密钥"):
        queries.person(people[0].ref)
    with pytest.raises(FieldCryptoError, match="旧密钥"):
        services.reseal_persons(by=LOADER, at=MORNING)


def test_another_index_key_finds_nobody(people, settings):
    clerk = staff(Post.COUNTER_CLERK)
    settings.INDEX_KEY = NEW

    assert queries.find_person(id_number=ZHANG, by=clerk, at=MORNING, purpose="核对身份") is None


def test_sealed_values_do_not_work_in_another_row(people):
    first, second = Person.objects.order_by("pk")[:2]
    Person.objects.filter(pk=first.pk).update(number_sealed=second.number_sealed)

    with pytest.raises(FieldCryptoError, match="不属于该记录"):
        queries.person(f"person:{first.pk.hex}")


def test_only_the_system_administrator_and_programs_rotate(people):
    with pytest.raises(PermissionRefusedError):
        services.reseal_persons(by=staff(Post.COUNTER_CLERK), at=MORNING)

    assert services.reseal_persons(by=staff(Post.SYSTEM_ADMIN), at=MORNING) == 3
