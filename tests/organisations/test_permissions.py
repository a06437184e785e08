from __future__ import annotations

from itertools import combinations

import pytest

from yiwang.organisations.permissions import (
    EVERYWHERE,
    GRANTS,
    Actor,
    Permission,
    PermissionRefusedError,
    Post,
    require,
)

ADMINISTRATORS = (Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN)
REVIEWER = Actor(ref="user:li", posts={"market": frozenset({Post.REVIEWER})})


def test_every_post_stands_in_the_table():
    assert set(GRANTS) == set(Post)


def test_every_permission_is_held_by_some_post():
    assert set().union(*GRANTS.values()) == set(Permission) - {Permission.OWN_AFFAIRS}


def test_administrators_share_no_permission():
    assert all(not GRANTS[one] & GRANTS[other] for one, other in combinations(ADMINISTRATORS, 2))


def test_administrators_see_no_case_and_nobody_else_administers():
    theirs = set().union(*(GRANTS[post] for post in ADMINISTRATORS))
    others = set().union(*(GRANTS[post] for post in Post if post not in ADMINISTRATORS))

    # sums and texts that name nobody, and what oneself was told
    shared = {Permission.FIGURES_READ, Permission.MESSAGE_READ, Permission.ASSESSMENT_READ}
    assert theirs & others == shared


def test_who_reviews_does_not_decide_by_the_same_post():
    assert all(
        not {Permission.CASE_REVIEW, Permission.CASE_DECIDE} <= GRANTS[post] for post in Post
    )


def test_post_counts_in_its_department_only():
    assert REVIEWER.may(Permission.CASE_REVIEW, department="market")
    assert not REVIEWER.may(Permission.CASE_REVIEW, department="housing")
    assert not REVIEWER.may(Permission.CASE_DECIDE, department="market")
    assert REVIEWER.may_somewhere(Permission.CASE_REVIEW)
    assert REVIEWER.departments(Permission.CASE_REVIEW) == {"market"}


def test_post_held_everywhere_counts_in_every_department():
    leader = Actor(ref="user:x", posts={EVERYWHERE: frozenset({Post.DISTRICT_LEADER})})

    assert leader.may(Permission.RATING_READ, department="market")
    assert leader.departments(Permission.RATING_READ) == {EVERYWHERE}


def test_scopes_narrow_the_posts():
    narrowed = Actor(ref="user:li", posts=REVIEWER.posts, scopes=frozenset({Permission.CASE_READ}))

    assert narrowed.may(Permission.CASE_READ, department="market")
    assert not narrowed.may(Permission.CASE_REVIEW, department="market")
    assert not narrowed.may_somewhere(Permission.CASE_REVIEW)
    assert narrowed.departments(Permission.CASE_REVIEW) == frozenset()


def test_scopes_give_nothing_that_the_posts_do_not():
    wide = Actor(ref="user:li", posts=REVIEWER.posts, scopes=frozenset(Permission))

    assert not wide.may(Permission.CASE_DECIDE, department="market")


def test_refusal_says_what_is_missing_and_whom_to_ask():
    with pytest.raises(PermissionRefusedError, match="“决定”的权限.*请联系本部门负责人"):
        require(REVIEWER, Permission.CASE_DECIDE, department="market")


def test_applicant_acts_for_the_subjects_named():
    citizen = Actor(ref="user:z", subjects=frozenset({"person:1"}))

    assert citizen.acts_for("person:1")
    assert not citizen.acts_for("person:2")
