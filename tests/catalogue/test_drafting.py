"""We know that a version comes about under four eyes, and that nothing typed is lost on the way."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from tests.factories.cases import CALENDAR
from tests.factories.catalogue import an_item, definition, publish
from yiwang.audit import queries as audit
from yiwang.catalogue import queries, services
from yiwang.catalogue.models import Item, ItemDraft, ItemDraftStep
from yiwang.catalogue.policy import drafting
from yiwang.catalogue.policy.parsing import ItemFormatError
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def a(post: Post, login: str = "", department: str = "market") -> Actor:
    name = login or post.value
    return Actor(ref=f"user:{name}", posts={department: frozenset({post})}, name=name)


OWNER = a(Post.ITEM_OWNER)
HEAD = a(Post.DEPARTMENT_HEAD)
LEGAL = a(Post.LEGAL_OFFICER)
CHECKER = a(Post.ITEM_CHECKER)


@pytest.fixture
def draft() -> int:
    publish(an_item())
    return services.begin_draft(slug="stall-permit", by=OWNER, at=MARCH)


def save(draft: int, *, revision: int = 1, by: Actor = OWNER, **changes: Any) -> int:
    return services.save_draft(
        draft=draft, definition=definition(**changes), revision=revision, by=by, at=MARCH
    )


def approve(draft: int, *, by: Actor, revision: int = 2, comment: str = "") -> Any:
    return services.approve_draft(
        draft=draft, revision=revision, comment=comment, calendar=CALENDAR, by=by, at=MARCH
    )


def submitted(draft: int, **changes: Any) -> int:
    save(draft, **({"summary": "摆摊之前办。"} | changes))
    services.submit_draft(draft=draft, revision=2, by=OWNER, at=MARCH)
    return draft


def test_four_people_bring_a_version_about(draft: int) -> None:
    submitted(draft)

    assert approve(draft, by=HEAD) is None
    assert approve(draft, by=LEGAL) is None
    published = approve(draft, by=CHECKER)

    assert published.version == 2
    assert queries.item("stall-permit", on=MARCH.date()).summary == "摆摊之前办。"
    assert ItemDraft.objects.get(pk=draft).published_version == 2
    assert [entry.act for entry in audit.trail(target="item:stall-permit")][:2] == [
        "catalogue.draft_publish",
        "catalogue.publish_item",
    ]


def test_the_guide_stays_as_it_is_until_the_last_approval(draft: int) -> None:
    submitted(draft)
    approve(draft, by=HEAD)
    approve(draft, by=LEGAL)

    assert queries.item("stall-permit", on=MARCH.date()).version == 1


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        ("department", [OWNER, LEGAL, CHECKER]),
        ("legal", [OWNER, HEAD, CHECKER]),
        ("centre", [OWNER, HEAD, LEGAL]),
    ],
)
def test_each_approval_is_its_posts_own(draft: int, state: str, wrong: list[Actor]) -> None:
    submitted(draft)
    for by in {"department": [], "legal": [HEAD], "centre": [HEAD, LEGAL]}[state]:
        approve(draft, by=by)

    for actor in wrong:
        with pytest.raises(PermissionRefusedError):
            approve(draft, by=actor)
    with pytest.raises(PermissionRefusedError):
        approve(draft, by=a(Post.ITEM_CHECKER, department="health"))


def both(*posts: Post) -> Actor:
    return Actor(ref="user:both", posts={"market": frozenset(posts)}, name="both")


def test_nobody_approves_what_they_wrote(draft: int) -> None:
    writer = both(Post.ITEM_OWNER, Post.DEPARTMENT_HEAD)
    save(draft, by=writer, summary="改过。")
    services.submit_draft(draft=draft, revision=2, by=OWNER, at=MARCH)

    with pytest.raises(drafting.DraftStepRefusedError, match="另一名"):
        approve(draft, by=writer)


def test_nobody_approves_twice(draft: int) -> None:
    twice = both(Post.DEPARTMENT_HEAD, Post.LEGAL_OFFICER)
    submitted(draft)
    approve(draft, by=twice)

    with pytest.raises(drafting.DraftStepRefusedError, match="前一环节"):
        approve(draft, by=twice)


def test_after_a_return_everybody_approves_anew(draft: int) -> None:
    submitted(draft)
    approve(draft, by=HEAD)
    services.return_draft(draft=draft, comment="请核对条号", by=LEGAL, at=MARCH)
    save(draft, revision=2, summary="又改过。")
    services.submit_draft(draft=draft, revision=3, by=OWNER, at=MARCH)

    assert approve(draft, by=HEAD, revision=3) is None
    assert approve(draft, by=LEGAL, revision=3) is None


def test_a_return_says_why(draft: int) -> None:
    submitted(draft)

    with pytest.raises(services.DraftRefusedError, match="理由"):
        services.return_draft(draft=draft, comment="  ", by=HEAD, at=MARCH)


def test_who_saves_second_is_told_and_overwrites_nothing(draft: int) -> None:
    save(draft, summary="甲写的。")

    with pytest.raises(services.DraftRefusedError, match="已经保存过"):
        save(draft, summary="乙写的。", by=a(Post.ITEM_OWNER, "second"))

    assert ItemDraft.objects.get(pk=draft).definition["summary"] == "甲写的。"


def test_what_fails_a_check_is_kept_and_not_submitted(draft: int) -> None:
    save(draft, conditions=["法律、法规规定的其他条件。"])

    with pytest.raises(services.DraftRefusedError, match="请逐项列明"):
        services.submit_draft(draft=draft, revision=2, by=OWNER, at=MARCH)


def test_a_text_without_the_form_of_an_item_is_not_kept(draft: int) -> None:
    with pytest.raises(ItemFormatError, match="不认识这个键"):
        save(draft, colour="red")


def test_slug_and_department_stay(draft: int) -> None:
    for change in ({"slug": "other"}, {"department": "health"}):
        with pytest.raises(services.DraftRefusedError, match="不能在草稿里更改"):
            save(draft, **change)


def test_what_is_in_review_is_not_written(draft: int) -> None:
    submitted(draft)

    with pytest.raises(drafting.DraftStepRefusedError, match="部门审核"):
        save(draft, revision=2)


def test_one_open_draft_an_item(draft: int) -> None:
    with pytest.raises(services.DraftRefusedError, match="已有一份草稿"):
        services.begin_draft(slug="stall-permit", by=OWNER, at=MARCH)


def test_a_discarded_draft_makes_room_and_stays_on_record(draft: int) -> None:
    services.discard_draft(draft=draft, by=OWNER, at=MARCH)

    services.begin_draft(slug="stall-permit", by=OWNER, at=MARCH)

    assert ItemDraft.objects.get(pk=draft).state == "discarded"


def test_a_planned_version_takes_over_by_itself(draft: int) -> None:
    submitted(draft, effective_on=date(2026, 4, 1))
    for by in (HEAD, LEGAL, CHECKER):
        approve(draft, by=by)

    assert queries.item("stall-permit", on=date(2026, 3, 31)).version == 1
    assert queries.item("stall-permit", on=date(2026, 4, 1)).version == 2


def test_a_planned_version_begins_on_a_working_day(draft: int) -> None:
    submitted(draft, effective_on=date(2026, 4, 5))
    approve(draft, by=HEAD)
    approve(draft, by=LEGAL)

    with pytest.raises(services.DraftRefusedError, match="不是工作日"):
        approve(draft, by=CHECKER)


def test_an_approval_is_of_the_text_that_was_read(draft: int) -> None:
    submitted(draft)

    with pytest.raises(services.DraftRefusedError, match="请看过新的内容"):
        approve(draft, by=HEAD, revision=1)


def test_a_new_item_comes_about_in_the_browser() -> None:
    draft = services.begin_item(version=an_item(), by=OWNER, at=MARCH)
    services.submit_draft(draft=draft, revision=1, by=OWNER, at=MARCH)
    for by in (HEAD, LEGAL, CHECKER):
        approve(draft, by=by, revision=1)

    assert queries.item("stall-permit", on=MARCH.date()).version == 1


def test_a_taken_slug_is_refused(draft: int) -> None:
    with pytest.raises(services.DraftRefusedError, match="已有事项使用"):
        services.begin_item(version=an_item(), by=OWNER, at=MARCH)


def test_a_pack_and_the_browser_write_the_same_thing(draft: int) -> None:
    submitted(draft)
    for by in (HEAD, LEGAL, CHECKER):
        approve(draft, by=by)

    same = services.publish_from_pack(
        version=an_item(summary="摆摊之前办。"),
        pack="example",
        by="job:test",
        at=MARCH + timedelta(days=1),
    )

    assert same is None


def test_only_writers_of_the_department_write(draft: int) -> None:
    outsider = a(Post.ITEM_OWNER, department="health")

    with pytest.raises(PermissionRefusedError):
        save(draft, by=outsider)
    with pytest.raises(PermissionRefusedError):
        services.discard_draft(draft=draft, by=outsider, at=MARCH)
    with pytest.raises(PermissionRefusedError):
        services.begin_item(version=an_item(slug="x"), by=outsider, at=MARCH)


def test_nobody_writes_what_does_not_exist() -> None:
    with pytest.raises(LookupError):
        services.begin_draft(slug="nothing", by=OWNER, at=MARCH)
    with pytest.raises(LookupError):
        save(0)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("catalogue_itemdraft_one_open", {"state": "legal"}),
        ("catalogue_itemdraft_state_known", {"state": "lost"}),
        ("catalogue_itemdraft_published_has_version", {"state": "published"}),
        (
            "catalogue_itemdraft_published_has_version",
            {"state": "discarded", "published_version": 2},
        ),
    ],
)
def test_the_database_keeps_drafts_in_order(
    draft: int, constraint: str, changes: dict[str, Any]
) -> None:
    row = ItemDraft.objects.get(pk=draft)
    row.pk = None
    for column, value in changes.items():
        setattr(row, column, value)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def test_steps_are_only_added(draft: int) -> None:
    step = ItemDraftStep.objects.get(draft=draft)

    with pytest.raises(Exception, match="append_only|Cannot update"), transaction.atomic():
        ItemDraftStep.objects.filter(pk=step.pk).update(comment="改")


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("catalogue_item_named", {"name": ""}),
        ("catalogue_item_external_code_once", {"name": "甲", "external_code": "511Z"}),
    ],
)
def test_the_database_keeps_items_in_order(constraint: str, columns: dict[str, str]) -> None:
    Item.objects.create(slug="first", pack="example", name="甲", external_code="511Z")

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Item.objects.create(slug="second", pack="example", **columns)


def test_the_table_of_steps_leaves_no_state_without_a_way_on() -> None:
    starts = set().union(*(starts for starts, _ in drafting.STEPS.values()))

    assert starts == drafting.OPEN_DRAFTS
