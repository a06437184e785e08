"""Keys of limited purpose that applicants make for their own programs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.conftest import Caller
from tests.api.test_calls import OPEN, opened, problem
from tests.factories import cases, documents
from yiwang.api.own_tokens import CALLS
from yiwang.api.urls import api
from yiwang.audit.models import AuditEvent
from yiwang.organisations import queries, services
from yiwang.organisations.models import Authorisation, OwnToken, User
from yiwang.organisations.permissions import Actor, PermissionRefusedError
from yiwang.organisations.policy.own_tokens import OWN_TOKENS_MAX, OwnScope
from yiwang.organisations.services import MadeToken, OwnTokenRefusedError

FIRM = Actor(ref="user:firm", name="姓名firm", subjects=frozenset({cases.FIRM_REF}))
DRAFT = {"item": cases.RESTAURANT, "applicant": cases.FIRM_REF, "answers": dict(cases.ANSWERS)}


MADE = cases.FRIDAY - dt.timedelta(hours=1)


def make(*scopes: OwnScope, **changes: Any) -> MadeToken:
    return services.make_own_token(
        **(
            {
                "purpose": "财务软件查办件",
                "subject_ref": cases.FIRM_REF,
                "scopes": scopes or (OwnScope.READ_CASES,),
                "days": 30,
                "proof": "",
                "proved_at": MADE,
                "by": FIRM,
                "at": MADE,
            }
            | changes
        )
    )


def key(*scopes: OwnScope, **changes: Any) -> Caller:
    return Caller(make(*scopes, **changes).token)


def test_a_program_files_for_its_firm_and_each_call_stands_in_the_trail(callers):
    program = key(OwnScope.FILE)

    draft = program.post("/drafts", DRAFT, key="d1").json()
    case = program.post(
        f"/drafts/{draft['id']}/submission", {"declaration_accepted": True}, key="s1"
    ).json()

    assert case["state"] == "received"
    used = AuditEvent.objects.filter(act="organisations.use_own_token").order_by("id")
    assert [row.detail["call"] for row in used] == [
        "POST /drafts",
        "POST /drafts/{draft_id}/submission",
    ]
    assert {(row.actor, row.target, row.purpose) for row in used} == {
        ("user:firm", cases.FIRM_REF, "财务软件查办件")
    }
    (view,) = queries.own_tokens(by=FIRM)
    assert view.last_used_at == cases.FRIDAY


def test_a_key_does_what_it_was_made_for_and_nothing_else(callers):
    number = opened(callers)["number"]
    program = key(OwnScope.READ_CASES)

    assert program.get(f"/cases/{number}").json()["number"] == number
    told = problem(program.post("/drafts", DRAFT), 403, "organisations.permission_refused")
    assert "填报、提交、补正、撤回申请" in told
    problem(program.get("/my/licences"), 403, "organisations.permission_refused")
    for path in ("/cases", f"/cases/{number}/acceptance", "/applicant-records"):
        problem(program.post(path, OPEN, key="k"), 403, "organisations.permission_refused")


def test_a_key_for_one_item_files_no_other(callers):
    card = program = key(OwnScope.FILE, items=["resident-card"])
    others = callers("firm").post("/drafts", DRAFT).json()["id"]

    told = problem(program.post("/drafts", DRAFT), 403, "organisations.permission_refused")
    assert "限于其他事项" in told
    problem(card.get(f"/drafts/{others}"), 404, "cases.not_found")
    problem(card.put(f"/drafts/{others}", DRAFT), 404, "cases.not_found")
    problem(
        card.post(f"/drafts/{others}/submission", {"declaration_accepted": True}, key="x"),
        404,
        "cases.not_found",
    )


def test_another_subjects_case_is_not_found_with_a_key(callers):
    number = opened(callers)["number"]
    person = cases.elder()
    token("elder-token", person)
    other = Actor(ref="user:elder-token", subjects=frozenset({person}))
    program = key(OwnScope.READ_CASES, by=other, subject_ref=person)

    problem(program.get(f"/cases/{number}"), 404, "cases.not_found")


def token(login: str, subject: str) -> None:
    stamp = cases.FRIDAY - dt.timedelta(days=2)
    User.objects.create(
        login=login, name=login, kind="person", subject_ref=subject, password="!",
        password_changed_at=stamp, created_at=stamp,
    )  # fmt: skip


@pytest.mark.parametrize("end", ["revoked", "expired", "closed", "garbled", "too long"])
def test_a_key_that_ended_opens_nothing(callers, end):
    made = make()
    bearer = made.token
    if end == "revoked":
        services.revoke_own_token(token_id=made.id, by=FIRM, at=cases.FRIDAY)
    elif end == "expired":
        OwnToken.objects.update(expires_at=cases.FRIDAY)
    elif end == "closed":
        User.objects.filter(login="firm").update(is_active=False)
    elif end == "garbled":
        bearer = bearer[:-1] + ("A" if bearer[-1] != "A" else "B")
    else:
        bearer += "x" * 400

    assert Caller(bearer).get("/my/cases").status_code == 401


def test_a_key_ends_with_the_right_to_act_for_the_firm(callers):
    token("agent", cases.elder())
    agent = User.objects.get(login="agent")
    day = cases.FRIDAY.date()
    Authorisation.objects.create(
        user=agent, subject_ref=cases.FIRM_REF, kind="agent", valid_from=day - dt.timedelta(days=9),
        valid_until=day + dt.timedelta(days=1), granted_by="user:x",
    )  # fmt: skip
    by = queries.actor_for(agent.pk, at=cases.FRIDAY)
    program = key(OwnScope.READ_CASES, by=by)
    assert program.get("/my/cases").status_code == 200

    Authorisation.objects.update(valid_until=day)

    assert program.get("/my/cases").status_code == 401


def test_a_key_is_slowed_down(callers, monkeypatch):
    monkeypatch.setattr(
        "yiwang.organisations.services.own_tokens.CALLS",
        services.own_tokens.Bound(most=2, seconds=60),
    )
    program = key()

    answers = [program.get("/my/cases") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "每分钟最多调用2次" in answers[2].json()["message"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": "  "}, "请填写令牌用途"),
        ({"purpose": "长" * 61}, "不超过60个字"),
        ({"scopes": ()}, "请至少选择一项"),
        ({"days": 0}, "有效期应为1至90天"),
        ({"days": 91}, "有效期应为1至90天"),
        ({"items": [f"item-{place}" for place in range(21)]}, "最多限定20个事项"),
    ],
)
def test_a_key_that_asks_for_too_much_is_not_made(callers, changes, words):
    with pytest.raises(OwnTokenRefusedError, match=words):
        make(**changes)

    assert not OwnToken.objects.exists()


def test_nobody_makes_a_key_for_somebody_else_or_with_another_key(callers):
    for by, subject in (
        (FIRM, "entity:91310114XXX0009A9X"),
        (Actor(ref="user:firm", subjects=FIRM.subjects, scopes=frozenset()), cases.FIRM_REF),
        (cases.CLERK, cases.FIRM_REF),
    ):
        with pytest.raises(PermissionRefusedError):
            make(by=by, subject_ref=subject)


def test_one_account_has_so_many_keys_and_no_more(callers):
    for _ in range(OWN_TOKENS_MAX):
        made = make()
    with pytest.raises(OwnTokenRefusedError, match="先收回不再使用的"):
        make()

    services.revoke_own_token(token_id=made.id, by=FIRM, at=cases.FRIDAY)
    make()
    with pytest.raises(OwnTokenRefusedError, match="已收回"):
        services.revoke_own_token(token_id=made.id, by=FIRM, at=cases.FRIDAY)


def test_a_key_is_made_with_the_password_and_tries_are_counted(callers):
    user = User.objects.get(login="firm")
    user.set_password("Yiwang-test-2026")
    user.save()

    for _ in range(4):
        with pytest.raises(OwnTokenRefusedError, match="密码不正确"):
            make(proof="wrong")
    for proof in ("wrong", "Yiwang-test-2026"):  # the fifth one locks
        with pytest.raises(OwnTokenRefusedError, match="账号已锁定"):
            make(proof=proof)
    User.objects.update(locked_until=None, failed_count=0)

    assert make(proof="Yiwang-test-2026").token.startswith("ywo_")


@pytest.mark.parametrize(
    "minutes", [pytest.param(None, id="never"), 11, pytest.param(-1, id="not yet")]
)
def test_without_password_or_phone_a_key_needs_a_new_sign_in_at_the_provider(callers, minutes):
    proved_at = None if minutes is None else MADE - dt.timedelta(minutes=minutes)

    with pytest.raises(
        OwnTokenRefusedError, match="先在统一身份认证平台重新登录一次，再于10分钟内"
    ):
        make(proof="anything", proved_at=proved_at)
    assert not OwnToken.objects.exists()

    make(proved_at=MADE - dt.timedelta(minutes=10))
    assert AuditEvent.objects.get(act="organisations.make_own_token").detail["proof"] == "provider"


def test_who_has_a_password_shows_it_whatever_the_provider_says(callers):
    user = User.objects.get(login="firm")
    user.set_password("Yiwang-test-2026")
    user.save()

    with pytest.raises(OwnTokenRefusedError, match="密码不正确"):
        make(proof="", proved_at=MADE)


def test_the_key_itself_is_kept_nowhere(callers):
    made = make()

    row = OwnToken.objects.get(pk=made.id)
    assert made.token not in str(vars(row))
    assert made.token not in "".join(str(one.detail) for one in AuditEvent.objects.all())


def test_every_call_of_applicants_says_which_scope_it_needs(db):
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": call.get("x-own-token-scope")
        for path, calls in api.get_openapi_schema()["paths"].items()
        for method, call in calls.items()
        if {"applicants", "portal"} & set(call.get("tags", [])) and call.get("security")
    }

    assert len(described) > 30
    assert {call for call, scope in described.items() if scope is None} == set()
    assert set(CALLS) <= {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, calls in api.get_openapi_schema()["paths"].items()
        for method in calls
    }


def test_a_key_that_only_looks_changes_nothing():
    looking = {OwnScope.READ_CASES, OwnScope.WALLET, OwnScope.OWN_DATA}

    assert {
        call for call, scope in CALLS.items() if scope in looking and call[:4] != "GET "
    } == set()


def test_a_draft_and_a_file_are_made_once_a_key(callers):
    firm = callers("firm")

    drafts = [firm.post("/drafts", DRAFT, key="same").json()["id"] for _ in range(2)]
    other = firm.post("/drafts", DRAFT | {"answers": {}}, key="same")

    def upload(content: bytes) -> Any:
        return firm.client.post(
            "/api/v1/uploads",
            {"file": SimpleUploadedFile("a.png", content)},
            headers=firm.headers | {"Idempotency-Key": "file"},
        )

    png = documents.png()
    files = [upload(png).json()["ref"] for _ in range(2)]

    assert len(set(drafts)) == 1
    assert len(set(files)) == 1
    problem(other, 409, "api.key_reused")
    problem(upload(documents.png(9, 9)), 409, "api.key_reused")
