"""Alarms over reads: found behind the acts, read and closed by the auditor, never by who read."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import cases
from tests.factories.desk import signed_in
from yiwang.audit import queries, services
from yiwang.audit.models import AlarmMark, AuditEvent, AuditLeaf, ReadAlarm
from yiwang.audit.policy import alarms
from yiwang.audit.policy.alarms import AlarmRules, Read
from yiwang.cli.trail import trail as command
from yiwang.organisations import tasks
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.organisations.services import watching

pytestmark = pytest.mark.usefixtures("desk")

PLACE = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 3, 6, 10, 0, tzinfo=PLACE)
SATURDAY = FRIDAY + timedelta(days=1)
RULES = {
    "alarms.mass_minutes": "60",
    "alarms.mass_most": "4",
    "alarms.off_from": "07:00",
    "alarms.off_to": "20:00",
    "alarms.off_most": "2",
    "alarms.same_most": "2",
}


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    """Let few reads raise an alarm."""

    class Said:
        def __init__(self, text: str) -> None:
            self.text = text

    monkeypatch.setattr(watching.content, "text", lambda key, on=None: Said(RULES[key]))


def read(at: datetime, *, actor: str = "user:reviewer", target: str = "") -> None:
    """Read, and have it sealed."""
    before = AuditEvent.objects.count()
    services.record_read(
        at=at,
        actor=actor,
        target=target or f"person:{before}",
        fields=["id_number"],
        purpose="核对身份",
        department="market",
        ip="10.0.0.9",
    )
    seal()


def seal() -> None:
    last = AuditLeaf.objects.count()
    rows = AuditEvent.objects.filter(sealed__isnull=True).order_by("id")
    AuditLeaf.objects.bulk_create(
        AuditLeaf(index=last + place, event=row, hash=bytes(row.leaf))
        for place, row in enumerate(rows)
    )


def watch(at: datetime = FRIDAY) -> list[tuple[str, str, int]]:
    found = watching.watch_reads(by=tasks.WATCHED_BY, at=at)
    return [(one.kind.value, one.subject, one.reads) for one in found]


def test_many_reads_in_an_hour_raise_one_alarm_and_as_many_in_a_day_none():
    for hour in range(5):
        read(FRIDAY + timedelta(hours=hour))
    assert watch() == []
    for minute in (1, 2, 3):
        read(FRIDAY + timedelta(minutes=minute))
    assert watch() == []
    read(FRIDAY + timedelta(minutes=4))

    assert watch() == [("mass", "user:reviewer", 6)]
    read(FRIDAY + timedelta(minutes=5))
    assert watch() == []
    assert ReadAlarm.objects.get().reads == 7
    assert queries.trail(act="audit.raise_alarm")[0].actor == "job:watch-reads"


@pytest.mark.parametrize(
    ("first", "raised"),
    [
        (FRIDAY.replace(hour=7, minute=0), False),
        (FRIDAY.replace(hour=19, minute=50), False),
        (FRIDAY.replace(hour=20, minute=0), True),
        (FRIDAY.replace(hour=6, minute=50), True),
        (SATURDAY, True),
        (datetime(2026, 3, 5, 23, 30, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 12, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 16, 30, tzinfo=UTC), True),
    ],
)
def test_reads_outside_working_hours_are_told_by_the_hours_of_the_place(first, raised):
    for minute in range(3):
        read(first + timedelta(minutes=minute))

    assert [one[0] for one in watch()] == (["off_hours"] if raised else [])
    if raised:
        assert ReadAlarm.objects.get().day == first.astimezone(PLACE).date()


def test_two_reads_outside_hours_are_none_too_many():
    for minute in range(2):
        read(SATURDAY + timedelta(minutes=minute))

    assert watch() == []


def test_many_persons_about_one_object_on_a_day_raise_an_alarm():
    target = "entity:91310114XXXX00019T"
    for login in ("reviewer", "clerk", "reviewer", "nobody-here"):
        read(FRIDAY, actor=f"user:{login}", target=target)
    read(FRIDAY - timedelta(days=1), actor="user:head", target=target)
    assert watch() == []
    read(FRIDAY, actor="user:head", target=target)

    assert watch() == [("same_object", target, 4)]
    assert ReadAlarm.objects.get().readers == ["user:clerk", "user:head", "user:reviewer"]


def test_applicants_and_jobs_who_read_raise_none():
    for minute in range(9):
        for actor in ("user:firm", "job:push", "system:operator"):
            read(SATURDAY + timedelta(minutes=minute), actor=actor)

    assert watch() == []


def test_a_run_looks_at_what_is_new_and_reckons_no_other_day(django_assert_max_num_queries):
    for minute in range(5):
        read(FRIDAY + timedelta(minutes=minute))
    watch()
    assert AlarmMark.objects.get().seen == AuditLeaf.objects.count()

    with django_assert_max_num_queries(8):
        assert watch() == []


def raise_one() -> int:
    for minute in range(5):
        read(FRIDAY + timedelta(minutes=minute))
    watch()
    return ReadAlarm.objects.get(closed_at=None).pk


def test_the_auditor_reads_what_is_behind_an_alarm_and_closes_it_with_words():
    key = raise_one()
    auditor = signed_in("auditor")
    assert "有 1 条查看告警等待核实" in auditor.get("/desk/trail/").content.decode()
    listed = auditor.get("/desk/trail/alarms/").content.decode()
    for words in ("短时间大量查看", "李审查", "user:reviewer", "2026-03-06", "60分钟内超过4次"):
        assert words in listed
    page = auditor.get(f"/desk/trail/alarms/{key}/").content.decode()
    assert page.count("核对身份") == 5
    odd = auditor.get(f"/desk/trail/alarms/{key}/?after=x")
    assert odd.status_code == 422
    assert "请从列表第一页重新打开" in odd.content.decode()
    for words in ("", "  ", "好"):
        answer = auditor.post(f"/desk/trail/alarms/{key}/", {"words": words})
        assert answer.status_code == 422
        assert "写明" in answer.content.decode()

    sent = {"words": "已向本人和部门核实，为集中换证所需。"}
    assert auditor.post(f"/desk/trail/alarms/{key}/", sent).status_code == 302

    assert "集中换证所需" in auditor.get(f"/desk/trail/alarms/{key}/").content.decode()
    assert "没有等待核实的告警" in auditor.get("/desk/trail/alarms/").content.decode()
    assert "短时间大量查看" in auditor.get("/desk/trail/alarms/?closed=1").content.decode()
    (row,) = queries.trail(act="audit.close_alarm")
    assert (row.actor, row.detail["words"]) == ("user:auditor", sent["words"])
    again = auditor.post(f"/desk/trail/alarms/{key}/", sent)
    assert again.status_code == 422
    assert "已经处理过" in again.content.decode()


def test_after_an_alarm_was_closed_as_many_reads_again_raise_another():
    key = raise_one()
    services.close_alarm(alarm_id=key, words="为办理所需", by="user:auditor", at=FRIDAY)
    for minute in range(10, 14):
        read(FRIDAY + timedelta(minutes=minute))
    assert watch() == []
    read(FRIDAY + timedelta(minutes=14))

    assert watch() == [("mass", "user:reviewer", 5)]


def test_who_read_cannot_close_the_alarm_not_even_past_the_service():
    for minute in range(5):
        read(FRIDAY + timedelta(minutes=minute), actor="user:auditor")
    watch()
    key = ReadAlarm.objects.get().pk
    auditor = signed_in("auditor")

    page = auditor.get(f"/desk/trail/alarms/{key}/").content.decode()
    assert "请由其他审计人员处理" in page
    assert 'name="words"' not in page
    answer = auditor.post(f"/desk/trail/alarms/{key}/", {"words": "没有问题，不必核实"})
    assert answer.status_code == 422
    assert "涉及您本人的查看" in answer.content.decode()
    wrong = {"closed_at": FRIDAY, "closed_by": "user:auditor", "words": "好的"}
    name = "audit_alarm_is_closed_by_another"
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        ReadAlarm.objects.update(**wrong)


def test_others_neither_see_nor_close_alarms_and_are_written_down():
    key = raise_one()

    for login in ("reviewer", "head", "clerk"):
        other = signed_in(login)
        for url in ("/desk/trail/alarms/", f"/desk/trail/alarms/{key}/"):
            assert other.get(url).status_code == 403
            assert other.post(url, {"words": "没有问题，不必核实"}).status_code == 403
    with pytest.raises(PermissionRefusedError):
        watching.close_alarm(alarm_id=key, words="没有问题", by=cases.REVIEWER, at=FRIDAY)
    assert ReadAlarm.objects.get().closed_at is None
    (row, *_) = queries.trail(act="audit.refused", actor="user:reviewer")
    assert (row.result, row.target) == ("refused", "page:officer:alarm")


@pytest.mark.parametrize("key", ["0", "999999", "9" * 30])
def test_an_alarm_that_is_not_there_is_no_page(key):
    assert signed_in("auditor").get(f"/desk/trail/alarms/{key}/").status_code == 404


def test_the_database_keeps_closed_alarms_as_they_are():
    key = raise_one()
    for wrong in ({"words": "好"}, {"closed_at": FRIDAY}):
        with pytest.raises(IntegrityError, match="closed_with_words"), transaction.atomic():
            ReadAlarm.objects.filter(pk=key).update(**wrong)
    services.close_alarm(alarm_id=key, words="为办理所需", by="user:auditor", at=FRIDAY)
    for act in (
        lambda: ReadAlarm.objects.filter(pk=key).update(words="改写"),
        lambda: ReadAlarm.objects.filter(pk=key).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_the_operator_runs_the_watch_at_the_terminal(monkeypatch):
    for minute in range(5):
        read(FRIDAY + timedelta(minutes=minute))

    said = CliRunner().invoke(command, ["watch"])

    assert "短时间大量查看  user:reviewer  5次（60分钟内超过4次）" in said.output
    assert "没有新的查看告警" in CliRunner().invoke(command, ["watch"]).output


def test_numbers_of_the_packs_are_checked_and_zero_switches_a_question_off():
    assert alarms.rules({}) == AlarmRules()
    assert alarms.rules({"alarms.off_from": "08:30"}).off_from == time(8, 30)
    assert "应为一天中的时刻" in alarms.problems("alarms.off_to", "25:00")[0]
    assert "1至1440" in alarms.problems("alarms.mass_minutes", "0")[0]
    assert "没有“alarms.x”" in alarms.problems("alarms.x", "1")[0]
    assert alarms.rules({"alarms.mass_most": "很多"}) == AlarmRules()
    off = AlarmRules(mass_most=0, off_most=0, same_most=0)
    reads = [Read(id=n, at=SATURDAY, actor=f"user:{n}", target="t:1") for n in range(99)]
    assert alarms.mass(reads, day=SATURDAY.date(), zone=PLACE, rules=off) == []
    assert alarms.off_hours(reads, zone=PLACE, is_workday=lambda _: False, rules=off) == []
    assert alarms.same_object(reads, rules=off) == []


def test_a_stretch_over_midnight_counts_to_the_day_on_which_it_is_too_much():
    night = datetime(2026, 3, 6, 23, 58, tzinfo=PLACE)
    reads = [
        Read(id=n, at=night + timedelta(minutes=n), actor="user:a", target=f"t:{n}")
        for n in range(5)
    ]
    rules = alarms.rules(RULES)

    assert alarms.mass(reads, day=night.date(), zone=PLACE, rules=rules) == []
    assert alarms.mass(reads, day=SATURDAY.date(), zone=PLACE, rules=rules) == reads


# What an event says


def test_the_trail_says_device_posts_and_that_somebody_was_denied():
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/129.0.0.0 Safari/537.36"
    case = cases.reviewing()
    signed_in("auditor").get(f"/desk/cases/{case.number}/", HTTP_USER_AGENT=agent)

    (row,) = queries.trail(act="audit.refused")

    assert (row.actor, row.device, row.posts) == (
        "user:auditor",
        "Windows Chrome 129",
        "audit_admin",
    )
    assert row.detail["number"] == case.number
    page = signed_in("auditor").get("/desk/trail/").content.decode()
    for words in ("被拒绝", "越权访问被拒绝", "Windows Chrome 129", "审计管理员"):
        assert words in page
    export = signed_in("auditor").get("/desk/trail/export/")
    lines = b"".join(export.streaming_content).decode()
    assert "设备,岗位,结果" in lines
    assert "Windows Chrome 129,audit_admin,refused" in lines


def test_rows_written_before_and_after_are_verified_and_no_field_is_filled_in_unseen():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
    case = cases.reviewing()
    signed_in("auditor").get(f"/desk/cases/{case.number}/")
    assert services.verify().ok
    old = AuditEvent.objects.filter(device="").first()
    new = AuditEvent.objects.get(act="audit.refused")
    for row, field, value in (
        (old, "device", "iPhone"),
        (old, "posts", "reviewer"),
        (old, "result", "refused"),
        (new, "result", ""),
        (new, "posts", ""),
    ):
        with transaction.atomic():
            AuditEvent.objects.filter(pk=row.pk).update(**{field: value})
            assert not services.verify().ok
            transaction.set_rollback(True)
    assert services.verify().ok


def test_an_actor_of_another_request_lends_no_device():
    services.acting(services.Origin(actor="user:a", device="iPhone", posts={"*": "reviewer"}))
    try:
        for actor in ("user:a", "job:x"):
            services.record(at=FRIDAY, actor=actor, act="a.b", target="t:1", department="market")
    finally:
        services.acting(None)

    job, user = queries.trail(act="a.b")
    assert (user.device, user.posts, job.device, job.posts) == ("iPhone", "reviewer", "", "")
