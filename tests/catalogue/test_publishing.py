"""We know that what was published stays, and that one version of an item is in force a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from tests.factories.catalogue import an_item, definition, item_checker, publish
from yiwang.audit import queries as audit
from yiwang.catalogue import queries, services
from yiwang.catalogue.events import ItemPublished, ItemWithdrawn
from yiwang.catalogue.models import Item, ItemChange, ItemVersionRow, Law, LawArticle, SearchTerm
from yiwang.catalogue.policy.items import Audience
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.kernel import events
from yiwang.organisations.permissions import PermissionRefusedError

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 2, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 6, 1, tzinfo=UTC)


AGE = {"id": "age", "label": "年龄", "kind": "text"}


def days(slug: str = "stall-permit") -> list[tuple[int, str, str, str]]:
    return [
        (row.version, row.state, str(row.effective_on), str(row.until))
        for row in ItemVersionRow.objects.filter(item__slug=slug).order_by("version")
    ]


def cancel(**changes: object) -> None:
    arguments: dict[str, object] = {
        "slug": "stall-permit",
        "from_on": date(2026, 4, 1),
        "document": "嘉府办发〔2026〕1号",
        "by": item_checker(),
        "at": APRIL,
    }
    services.cancel_item(**(arguments | changes))  # type: ignore[arg-type]


def suspend(**changes: object) -> None:
    arguments: dict[str, object] = {
        "slug": "stall-permit",
        "from_on": date(2026, 4, 1),
        "document": "嘉府办发〔2026〕1号",
        "by": item_checker(),
        "at": APRIL,
    }
    services.suspend_item(**(arguments | changes))  # type: ignore[arg-type]


def test_the_first_version_is_in_force_from_the_day_it_names() -> None:
    published = publish(at=MARCH)

    assert (published.version, published.effective_on) == (1, date(2026, 1, 1))
    assert queries.item("stall-permit", on=date(2026, 1, 1)) == published
    with pytest.raises(LookupError):
        queries.item("stall-permit", on=date(2025, 12, 31))


def test_new_content_is_a_new_version_and_the_old_one_stays() -> None:
    publish(at=MARCH)
    publish(at=APRIL, summary="摆摊之前办。")

    assert days() == [
        (1, "superseded", "2026-01-01", "2026-04-01"),
        (2, "published", "2026-04-01", "None"),
    ]
    assert queries.item("stall-permit", on=date(2026, 3, 31)).version == 1
    assert queries.item("stall-permit", on=date(2026, 4, 1)).summary == "摆摊之前办。"
    assert queries.item_version("stall-permit", 1).summary == "在公共场地摆摊之前要取得的许可。"


def test_the_same_content_is_not_published_again() -> None:
    publish(at=MARCH)

    again = services.publish_from_pack(version=an_item(), pack="example", by="job:test", at=APRIL)

    assert again is None
    assert len(days()) == 1
    assert ItemChange.objects.count() == 1


def test_a_correction_on_the_same_day_leaves_no_gap() -> None:
    publish(at=MARCH)
    publish(at=APRIL, summary="一。")
    publish(at=APRIL, summary="二。")

    assert days() == [
        (1, "superseded", "2026-01-01", "2026-04-01"),
        (2, "superseded", "2026-04-01", "2026-04-01"),
        (3, "published", "2026-04-01", "None"),
    ]
    assert queries.item("stall-permit", on=date(2026, 4, 1)).summary == "二。"
    assert queries.item_version("stall-permit", 2).summary == "一。"


def test_a_later_day_of_effect_is_kept_and_can_be_overtaken() -> None:
    publish(at=MARCH)
    publish(at=MARCH, summary="七月起。", effective_on="2026-07-01")

    assert queries.item("stall-permit", on=date(2026, 6, 30)).version == 1
    assert queries.item("stall-permit", on=date(2026, 7, 1)).summary == "七月起。"

    publish(at=APRIL, summary="马上。")

    assert days() == [
        (1, "superseded", "2026-01-01", "2026-04-01"),
        (2, "superseded", "2026-07-01", "2026-07-01"),
        (3, "published", "2026-04-01", "None"),
    ]


def test_what_changed_is_written_down_in_words() -> None:
    publish(at=MARCH)
    shorter = definition(summary="摆摊之前办。")
    shorter["limit"]["promised_workdays"] = 6
    shorter["materials"].pop()
    shorter["materials"].insert(0, {**shorter["materials"][0], "id": "photo", "name": "照片"})
    publish(parse_item(shorter), at=APRIL)

    newest, first = queries.item_changes("stall-permit")

    assert first.lines == ("新增事项",)
    assert newest.version == 2
    assert set(newest.lines) == {
        "summary：在公共场地摆摊之前要取得的许可。 → 摆摊之前办。",
        "limit.promised_workdays：5 → 6",
        "materials[health]：健康证 → （无）",
        "materials[photo]：（无） → 照片",
    }


def test_each_act_is_on_the_trail() -> None:
    publish(at=MARCH)
    cancel()

    assert [(row.act, row.actor) for row in audit.trail(target="item:stall-permit")] == [
        ("catalogue.cancel_item", "user:checker"),
        ("catalogue.publish_item", "job:test"),
    ]


def test_publishing_and_withdrawing_are_told_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[events.Event] = []
    monkeypatch.setattr(events, "publish", heard.append)

    publish(at=MARCH)
    cancel()

    assert heard == [
        ItemPublished(slug="stall-permit", version=1, effective_on=date(2026, 1, 1)),
        ItemWithdrawn(slug="stall-permit", version=1, from_on=date(2026, 4, 1), cancelled=True),
    ]


def test_an_item_that_fails_a_check_is_not_published() -> None:
    nobody = {"department": "", "method": "巡查", "basis": "行政许可法 第六十一条"}

    with pytest.raises(services.PublicationRefusedError, match="没有监管责任的事项不能发布"):
        publish(at=MARCH, supervision=nobody)

    assert not Item.objects.exists()


def test_only_a_checker_of_the_department_publishes() -> None:
    with pytest.raises(PermissionRefusedError, match="发布事项"):
        services.publish_item(
            version=an_item(), pack="example", by=item_checker("health"), at=MARCH
        )

    services.publish_item(version=an_item(), pack="example", by=item_checker(), at=MARCH)

    assert len(days()) == 1


def test_a_suspended_item_takes_nobody_until_it_is_resumed() -> None:
    publish(at=MARCH)
    suspend()

    assert queries.item("stall-permit", on=date(2026, 3, 31)).version == 1
    with pytest.raises(LookupError):
        queries.item("stall-permit", on=date(2026, 4, 1))

    number = services.resume_item(
        slug="stall-permit", document="嘉府办发〔2026〕2号", by=item_checker(), at=MAY
    )

    assert number == 2
    assert queries.item("stall-permit", on=date(2026, 5, 6)).version == 2
    with pytest.raises(LookupError):
        queries.item("stall-permit", on=date(2026, 5, 5))


def test_withdrawing_ends_versions_that_have_not_begun() -> None:
    publish(at=MARCH)
    publish(at=MARCH, summary="七月起。", effective_on="2026-07-01")

    cancel(from_on=date(2026, 5, 1))

    assert days() == [
        (1, "superseded", "2026-01-01", "2026-05-01"),
        (2, "cancelled", "2026-07-01", "2026-07-01"),
    ]
    assert queries.items(on=date(2026, 8, 1)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"document": "  "}, "文号", id="no document"),
        pytest.param({"from_on": date(2026, 3, 31)}, "早于今天（2026-04-01）", id="in the past"),
    ],
)
def test_a_withdrawal_says_what_is_wrong(changes: dict[str, object], words: str) -> None:
    publish(at=MARCH)

    with pytest.raises(services.WithdrawalRefusedError, match=words):
        cancel(**changes)


def test_a_cancelled_item_is_not_cancelled_suspended_resumed_or_loaded_again() -> None:
    publish(at=MARCH)
    suspend()
    cancel()

    with pytest.raises(services.WithdrawalRefusedError, match="只有在用的事项可以取消"):
        cancel()
    with pytest.raises(services.WithdrawalRefusedError, match="只有在用的事项可以暂停"):
        suspend()
    with pytest.raises(services.WithdrawalRefusedError, match="只有暂停的事项可以恢复"):
        services.resume_item(slug="stall-permit", document="x", by=item_checker(), at=MAY)
    with pytest.raises(services.PublicationRefusedError, match="由事项管理员办理恢复"):
        publish(at=MAY, summary="又来。")


def test_resuming_needs_a_document() -> None:
    publish(at=MARCH)
    suspend()

    with pytest.raises(services.WithdrawalRefusedError, match="文号"):
        services.resume_item(slug="stall-permit", document="", by=item_checker(), at=MAY)


def test_only_a_checker_of_the_department_withdraws() -> None:
    publish(at=MARCH)

    for act in (cancel, suspend):
        with pytest.raises(PermissionRefusedError):
            act(by=item_checker("health"))


def test_nobody_withdraws_what_does_not_exist() -> None:
    with pytest.raises(LookupError):
        cancel(slug="nothing")


def row(**changes: object) -> ItemVersionRow:
    item, _ = Item.objects.get_or_create(
        slug="stall-permit", defaults={"pack": "example", "name": "摆摊许可"}
    )
    fields: dict[str, object] = {
        "item": item,
        "version": 1,
        "state": "published",
        "definition": {},
        "digest": "0",
        "effective_on": date(2026, 1, 1),
        "published_at": MARCH,
        "published_by": "job:test",
        "name": "摆摊许可",
        "item_type": "licence",
        "task_code": "",
        "department": "market",
        "field": "市场准入",
        "audiences": ["entity"],
        "channels": ["counter"],
    }
    return ItemVersionRow.objects.create(**(fields | changes))


@pytest.mark.parametrize(
    ("constraint", "second"),
    [
        ("catalogue_itemversionrow_number_once", {"effective_on": date(2027, 1, 1)}),
        ("catalogue_itemversionrow_one_a_day", {"version": 2, "effective_on": date(2026, 12, 31)}),
        ("catalogue_itemversionrow_state_known", {"version": 2, "state": "lost"}),
        (
            "catalogue_itemversionrow_ends_after_start",
            {"version": 2, "effective_on": date(2027, 2, 1), "until": date(2027, 1, 1)},
        ),
        (
            "catalogue_itemversionrow_withdrawn_has_end",
            {"version": 2, "effective_on": date(2027, 2, 1), "state": "suspended"},
        ),
    ],
)
def test_the_database_keeps_versions_in_order(constraint: str, second: dict[str, object]) -> None:
    row(until=date(2027, 1, 1))

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row(**second)


def test_versions_may_follow_each_other_and_drafts_may_lie_about() -> None:
    row(until=date(2026, 6, 1))
    row(version=2, effective_on=date(2026, 6, 1))
    row(version=3, effective_on=date(2026, 6, 1), state="draft")


def test_a_term_leads_to_a_version_once() -> None:
    version = row()
    SearchTerm.objects.create(item_version=version, term="摆摊", weight=1)

    with (
        pytest.raises(IntegrityError, match="catalogue_searchterm_term_once"),
        transaction.atomic(),
    ):
        SearchTerm.objects.create(item_version=version, term="摆摊", weight=2)


def test_a_law_and_an_article_are_kept_once() -> None:
    law = Law.objects.create(name="行政许可法", version="2019-04-23", category="行政法")
    LawArticle.objects.create(law=law, article="第一条", text="…")

    with pytest.raises(IntegrityError, match="catalogue_law_version_once"), transaction.atomic():
        Law.objects.create(name="行政许可法", version="2019-04-23", category="行政法")
    with (
        pytest.raises(IntegrityError, match="catalogue_lawarticle_number_once"),
        transaction.atomic(),
    ):
        LawArticle.objects.create(law=law, article="第一条", text="…")


@pytest.mark.parametrize(
    "sql",
    [
        "update catalogue_itemversionrow set definition = '{}'",
        "update catalogue_itemversionrow set effective_on = '2020-01-01'",
        "update catalogue_itemversionrow set version = 9",
        "delete from catalogue_itemversionrow",
        "update catalogue_itemchange set lines = '[]'",
        "delete from catalogue_itemchange",
    ],
)
def test_what_was_published_cannot_be_rewritten(sql: str) -> None:
    publish(at=MARCH)

    with (
        pytest.raises(ProgrammingError, match="Cannot (?:update|delete|update or delete) rows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_history_of_items_cannot_be_emptied() -> None:
    with (
        pytest.raises(ProgrammingError, match="only added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("truncate catalogue_itemchange")


def test_lists_filter_by_audience_and_field(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publish(at=MARCH)
    publish(
        at=MARCH,
        slug="toy-card",
        field="民生保障",
        audiences=["person"],
        sections=[
            {
                "id": "me",
                "title": "我",
                "questions": [{"id": "age", "label": "年龄", "kind": "text"}],
            }
        ],
    )
    today = date(2026, 3, 2)

    assert [one.slug for one in queries.items(on=today)] == ["stall-permit", "toy-card"]
    assert [one.slug for one in queries.items(on=today, audience=Audience.PERSON)] == ["toy-card"]
    assert [one.slug for one in queries.items(on=today, field="市场准入")] == ["stall-permit"]
    with django_assert_num_queries(1):
        queries.items(on=today)


def test_an_item_is_read_in_one_query_once_its_version_is_parsed(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publish(at=MARCH)
    queries.item("stall-permit", on=date(2026, 3, 2))

    with django_assert_num_queries(1):
        queries.item("stall-permit", on=date(2026, 3, 2))
    with django_assert_num_queries(1):
        queries.item_version("stall-permit", 1)


def test_nothing_is_found_where_nothing_is() -> None:
    publish(at=MARCH)

    with pytest.raises(LookupError):
        queries.item_version("stall-permit", 2)
    with pytest.raises(LookupError):
        queries.item("nothing", on=date(2026, 3, 2))
    assert queries.item_changes("nothing") == []
