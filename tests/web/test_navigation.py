"""The back office shows at most six entries side by side; more stand under headings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import resolve

from tests.factories import desk
from tests.factories.desk import signed_in
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.web import navigation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def district() -> None:
    desk.make()


def test_each_entry_stands_under_one_heading():
    grouped = [key for group in navigation.GROUPS for key in group.keys]

    assert sorted(grouped) == sorted(entry.key for entry in navigation.DESK)
    assert len(navigation.GROUPS) <= navigation.MOST


def actor(*posts: Post) -> Actor:
    return Actor(ref="user:all", posts={EVERYWHERE: frozenset(posts)})


def test_whoever_holds_all_posts_sees_six_headings_and_every_entry():
    everybody = actor(*Post)

    headings = navigation.desk_headings(everybody)

    assert len(headings) <= navigation.MOST
    shown = [link.key for heading in headings for link in heading.links]
    assert sorted(shown) == sorted(link.key for link in navigation.desk_links(everybody))


def menus(page: Any) -> list[str]:
    return re.findall(r"yw-nav__menu.*?<summary>(.*?)</summary>", page.content.decode())


def test_many_entries_open_under_headings_of_which_the_current_is_named():
    page = signed_in("head").get("/desk/letters/")

    assert "审批<strong>：文书台账</strong>" in menus(page)
    assert "监管" in menus(page)
    assert 'href="/desk/letters/" aria-current="page"' in page.content.decode()
    assert 'href="/desk/overdue/"' in page.content.decode()


@pytest.mark.parametrize("post", list(Post))
def test_few_entries_of_a_post_stand_as_they_are(post: Post):
    holder = actor(post)
    found = navigation.desk_links(holder)

    headings = navigation.desk_headings(holder)

    assert len(headings) <= navigation.MOST
    if len(found) <= navigation.MOST:
        assert [list(one.links) for one in headings] == [[link] for link in found]


def test_a_heading_that_is_called_like_its_current_entry_is_said_once():
    headings = navigation.desk_headings(actor(*Post), nav="desk")
    request = RequestFactory().get("/desk/")

    shown = render_to_string(
        "partials/desk_nav.html", {"headings": headings, "nav": "desk"}, request
    )

    assert "<summary><strong>工作台</strong></summary>" in shown
    assert "工作台<strong>" not in shown


def test_whoever_may_only_replay_rules_is_led_to_that_list():
    desk.hire_keepers()
    owner = signed_in("owner")

    assert 'href="/desk/automatic/replays/"' in owner.get("/desk/items/").content.decode()
    shown = owner.get("/desk/automatic/replays/")
    assert shown.status_code == 200
    assert 'href="/desk/automatic/replays/" aria-current="page"' in shown.content.decode()
    assert 'href="/desk/automatic/"' not in shown.content.decode()
    (link,) = (one for one in navigation.desk_links(actor(Post.REVIEWER)) if one.key == "automatic")
    assert link.href == "/desk/automatic/"


@pytest.mark.parametrize("post", list(Post))
def test_every_entry_of_a_post_leads_to_a_page_that_it_opens(post: Post):
    holder = actor(post)
    for link in navigation.desk_links(holder):
        needed = resolve(link.href).func.view_class.permission

        assert holder.may_somewhere(needed), (post, link.key)
