"""What the database shows of the history of persons, whatever a query forgets."""

import pytest
from django.db import connection

from tests.factories.registers import applicant, save_person, staff
from yiwang.config import prepare
from yiwang.organisations import scope
from yiwang.organisations.permissions import Post
from yiwang.registers.models import PersonHistory

pytestmark = pytest.mark.django_db


def test_history_is_shown_by_the_database_to_those_who_see_the_person():
    stranger, kept = applicant("person:" + "0" * 32), save_person()
    save_person(name="张示范")
    prepare.grant()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE yiwang_web")
        seen = []
        for actor in (stranger, applicant(kept.ref), staff(Post.COUNTER_CLERK)):
            scope.enter(actor)
            seen.append(PersonHistory.objects.count())
        save_person(name="张样例", by=staff(Post.COUNTER_CLERK))
        seen.append(PersonHistory.objects.count())
        cursor.execute("RESET ROLE")

    assert seen == [0, 1, 1, 2]
