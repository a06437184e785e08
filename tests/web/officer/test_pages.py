"""Every page of a case opens in every state of the case, and every list opens."""

from __future__ import annotations

import re

import pytest

from tests.factories import cases
from tests.factories.desk import signed_in
from yiwang.cases.policy.states import CaseState

pytestmark = [pytest.mark.usefixtures("desk"), pytest.mark.thorough]

WHO = {
    "": "clerk",
    "accept/": "clerk",
    "correct/": "clerk",
    "decline/": "clerk",
    "review/": "reviewer",
    "decide/": "approver",
    "deliver/": "clerk",
    "assign/": "head",
}


def words(answer):
    """Return the words of a page, without tags and runs of space."""
    html = answer.content.decode()
    assert "{%" not in html
    assert "{{" not in html
    assert "<c-" not in html
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("state", list(CaseState))
def test_every_page_of_a_case_opens_in_every_state(state):
    case = cases.in_state(state)

    for page, login in WHO.items():
        answer = signed_in(login).get(f"/desk/cases/{case.number}/{page}")

        assert answer.status_code == 200, page
        assert case.query_code in words(answer), page


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("clerk", "/desk/"),
        ("head", "/desk/"),
        ("supervisor", "/desk/"),
        ("leader", "/desk/"),
        ("head", "/desk/subjects/"),
        ("supervisor", "/desk/subjects/?state=all&text=餐饮"),
        ("head", "/desk/ratings/"),
        ("leader", "/desk/ratings/?tab=finished"),
        ("auditor", "/desk/trail/"),
        ("sysadmin", "/desk/accounts/"),
        ("sysadmin", "/desk/accounts/new/"),
        ("sysadmin", "/desk/accounts/clerk/close/"),
        ("secadmin", "/desk/posts/"),
        ("secadmin", "/desk/posts/clerk/"),
        ("secadmin", "/desk/posts/clerk/centre/counter_clerk/revoke/"),
    ],
)
def test_every_list_opens(login, path):
    answer = signed_in(login).get(path)

    assert answer.status_code == 200
    assert words(answer)


@pytest.mark.parametrize("page", WHO)
def test_a_case_of_another_department_is_not_found(page):
    case = cases.receive()

    for number in (case.number, "JD-NO-SUCH-CASE"):
        answer = signed_in("stranger").get(f"/desk/cases/{number}/{page}")
        assert answer.status_code in {403, 404}
        assert case.applicant_name not in words(answer)


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("clerk", "/desk/trail/"),
        ("clerk", "/desk/trail/export/"),
        ("clerk", "/desk/accounts/"),
        ("sysadmin", "/desk/posts/"),
        ("secadmin", "/desk/accounts/"),
        ("auditor", "/desk/accounts/"),
        ("reviewer", "/counter/"),
        ("reviewer", "/desk/subjects/"),
        ("supervisor", "/desk/ratings/"),
        ("sysadmin", "/desk/"),
    ],
)
def test_a_page_for_another_post_is_refused_in_words(login, path):
    answer = signed_in(login).get(path)

    assert answer.status_code == 403
    assert "您的岗位不能打开本页" in words(answer)


def test_nobody_is_sent_to_sign_in_first(client):
    answer = client.get("/desk/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
