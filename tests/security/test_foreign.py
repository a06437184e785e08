"""Every address that names a record, asked by those who have nothing to do with it (越权逐址核对).

The records are real: a firm's drafts, cases, letters, files and licences, and what the offices of
one department keep. Each address is asked for by another citizen, by the account of another firm,
and by an officer who holds every post there is, in another department. A new address with a place
for a key fails here until it is listed: as somebody's own, or as open with the reason.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.api.conftest import Caller
from tests.architecture.test_addresses import Address, addresses
from tests.factories import automatic, cases, owned
from tests.factories.owned import Owned
from yiwang.api import context
from yiwang.api.urls import api
from yiwang.organisations.models import ApiToken, User
from yiwang.organisations.permissions import Permission
from yiwang.organisations.queries import token_hash
from yiwang.web.accounts.session import SEEN
from yiwang.web.views import Page

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("whole_district")]

FOREIGN = ("zhang", "otherfirm", "foreign")
RIGHTFUL = (
    "firm",
    "clerk",
    "reviewer",
    "approver",
    "head",
    "supervisor",
    "owner",
    "legal",
    "archivist",
    "both",
    "checker",
)
UNREACHED = {
    "counter:print": "shows letters that were made in this session",
    "officer:extension": "joint handling, by a leader of the district",
    "officer:decline_report": "wants a report of the holder",
    "officer:assessment_document": "no document is attached",
    "officer:draft_rule_part": "a part of a page that is reached",
    "officer:remove_rule_part": "a part of a page that is reached",
    "officer:draft_row": "a part of a page that is reached",
    "officer:remove_row": "a part of a page that is reached",
}
"""Pages that these records do not open to anybody, with the reason."""

HIDDEN = {403, 404}

CASE = {
    "number": "case",
    "letter": "letter",
    "document": "letter",
    "upload": "upload",
    "key": "upload",
    "material": "=layout",
    "question": "=address",
    "serial": "=1",
}
"""Place of a key in the address of a case -> which record; `=` begins the key itself."""

DRAFT = {"draft": "draft", "section": "=place", "draft_id": "draft", "upload": "upload"}
ITEM = {"slug": f"={cases.RESTAURANT}", "version": "=1"}
ITEM_DRAFT = {
    "number": "item_draft",
    "topic": "=basics",
    "kind": "=facts",
    "at": "=0",
}
NORM = {"key": "norm"}
ASSESSMENT = {"key": "assessment", "slug": f"={automatic.SENIOR}"}
PACKAGE = {
    "number": "closed",
    "hold": "hold",
    "package": "package",
    "destruction": "destruction",
}

PAGES: Mapping[str, Mapping[str, str]] = {
    "citizen:licence": {"identifier": "licence"},
    "citizen:licence_file": {"identifier": "licence"},
    "citizen:revoke_token": {"token": "token"},
    "citizen:end_mandate": {"mandate": "mandate"},
    "counter:receipt": CASE,
    "counter:told": {"number": "question"},
    "officer:auto_run": {"run": "run"},
    "officer:auto_review": {"review": "review"},
    "officer:auto_replay": {"replay": "replay"},
    "officer:auto_replay_export": {"replay": "replay"},
    "officer:dual_notice": {"number": "notice"},
    "officer:review_turned_away": {"key": "turned_away"},
    "officer:extension": CASE,
    "officer:answer_agency": {"question": "agency_question"},
    "officer:mandate": {"mandate": "mandate"},
    "officer:end_mandate": {"mandate": "mandate"},
    "officer:repair": {"record": "record"},
    "officer:check": {"number": "check"},
    "officer:decline_report": {"number": "check"},
    "officer:check_file": {"number": "check", "key": "photo"},
    "officer:inspection": {"number": "inspection"},
    "officer:rating": {"number": "rating"},
    "officer:norm": NORM,
    "officer:correct_norm": NORM,
    "officer:extend_norm": NORM,
    "officer:repeal_norm": NORM,
    "officer:question": {"number": "question"},
    "officer:transfer_question": {"number": "question"},
    "officer:publish_answer": {"number": "question"},
    "officer:withdraw_answer": {"number": "question"},
    "officer:download_package": PACKAGE,
    "officer:read_work_message": {"message": "work_message"},
    "officer:letter": {"way": "=out", "number": "push"},
    "officer:send_again": {"way": "=out", "number": "push"},
    "officer:reveal": {"number": "case", "key": "=entity.phone"},
}
"""Addresses of pages that are somebody's own and not told by how they begin."""

BEGINNINGS: Mapping[str, Mapping[str, str]] = {
    "/apply/": DRAFT,
    "/cases/": CASE,
    "/counter/cases/": CASE,
    "/desk/cases/": CASE,
    "/desk/items/": ITEM,
    "/desk/drafts/": ITEM_DRAFT,
    "/desk/archives/": PACKAGE,
    "/desk/automatic/assessment": ASSESSMENT,
}
"""How an address begins -> the keys in it."""

ONLY_BY_POST = {
    "citizen:revoke_token",
    "counter:told",
    "officer:lift_hold",
    "officer:read_work_message",
}
"""Acts without a page of their own: whoever opens the address comes to their own list, unlooked."""

BY_POST = "a post for the whole district; tests/architecture/test_addresses.py asks who holds it"
SEARCHED = "every department searches registered scopes; tests/registration/test_placing.py"
OPEN_PAGES = {
    "public:hall_display": "a display in a hall",
    "public:hall_items": "public list of what a centre does",
    "public:kiosk": "a machine in a hall, by its key",
    "public:kiosk_items": "a machine in a hall, by its key",
    "public:kiosk_find": "asks for query code and telephone",
    "public:kiosk_letters": "by a signed proof; tests/web/counter/test_queue.py",
    "public:kiosk_ticket": "by a signed name of a ticket; tests/web/counter/test_queue.py",
    "public:norm": "public register",
    "public:hearing": "public announcement",
    "public:item_report": "public figures",
    "public:verify_token": "the code on a licence; tests/licences",
    "public:verify_token_capital": "the code on a licence; tests/licences",
    "citizen:scene": "public guide",
    "citizen:item": "public guide",
    "citizen:item_pdf": "public guide",
    "citizen:checklist_pdf": "public guide",
    "citizen:questions": "public guide",
    "citizen:question": "public guide",
    "citizen:checklist": "public guide",
    "citizen:apply": "begins an application of one's own",
    "citizen:book": "begins an appointment of one's own",
    "citizen:cancel_appointment": "tests/halls/test_appointments.py, by its own table of rows",
    "citizen:ask_contact": "names a channel of one's own",
    "citizen:confirm_contact": "names a channel of one's own",
    "citizen:remove_contact": "names a channel of one's own",
    "openid_connect_login": "the identity provider",
    "openid_connect_callback": "the identity provider",
    "counter:items": "a window serves whoever comes; the look is in the trail",
    "counter:first_asked_of": "a window serves whoever comes; the look is in the trail",
    "counter:receive": "a window serves whoever comes; the look is in the trail",
    "officer:auto_switch": "names an item; who may switch is asked of the call",
    "officer:scope_phrase": SEARCHED,
    "officer:figures_behind": "names a figure; the rows are those of one's department",
    "officer:send_notice": BY_POST,
    "officer:drop_notice": BY_POST,
    "officer:system": BY_POST,
    "officer:system_keys": BY_POST,
    "officer:alarm": BY_POST,
    "officer:change_user": BY_POST,
    "officer:tokens": BY_POST,
    "officer:revoke_token": BY_POST,
    "officer:person_posts": BY_POST,
    "officer:revoke_post": BY_POST,
}
"""Addresses with a place for a key that is nobody's own, with the reason."""

CALLS: Mapping[str, Mapping[str, str]] = {
    "/drafts/{draft_id}": DRAFT,
    "/cases/{number}": CASE,
    "/documents/{document_id}": {"document_id": "letter"},
    "/letters/{letter_id}": {"letter_id": "letter"},
    "/my/messages/{message_id}": {"message_id": "message"},
    "/my/licences/{identifier}": {"identifier": "licence"},
    "/my/agents/{mandate}": {"mandate": "mandate"},
    "/work-messages/{message_id}": {"message_id": "work_message"},
    "/commitment-checks/{number}": {"number": "check"},
    "/applicant-records/{record_id}": {"record_id": "record"},
    "/automatic/assessments/{item}": {"item": f"={automatic.SENIOR}"},
    "/automatic/assessment/{assessment_id}": {"assessment_id": "assessment"},
    "/automatic/switches/{item}": {"item": f"={automatic.SENIOR}"},
    "/automatic/runs/{run_id}": {"run_id": "run"},
    "/automatic/reviews/{review_id}": {"review_id": "review"},
    "/automatic/replays/{replay_id}": {"replay_id": "replay"},
    "/dual-notices/{number}": {"number": "notice"},
    "/inspections/{number}": {"number": "inspection"},
    "/item-drafts/{number}": ITEM_DRAFT,
    "/archive-packages/{package_id}": {"package_id": "package"},
    "/agency/mandates/{mandate_id}": {"mandate_id": "mandate"},
    "/agency/questions/{question_id}": {"question_id": "agency_question"},
    "/agency/liaisons/{department}": {"department": "=market"},
}
"""How the address of a call begins -> the keys in it; the longest beginning counts."""

SIGNED = "signed by a department's system; tests/exchange/test_returning.py"
OPEN_CALLS = {
    "/items/{slug}": "public guide",
    "/items/{slug}/versions": "public: which version is in force when",
    "/items/{slug}/form": "public guide",
    "/items/{slug}/town-windows": "public guide",
    "/town-centres/{centre}/items": "public list of what a centre does",
    "/items/{slug}/checklist": "public guide",
    "/licences/{token}": "the code on a licence; tests/licences",
    "/catalogue/reports/{figure}": "public figures",
    "/norms/{key}": "public register",
    "/scenes/{slug}": "public guide",
    "/halls/{hall}/times": "free times of a hall",
    "/scope-phrases/{number}/placement": SEARCHED,
    "/my/notices/contacts/{channel}": "names a channel of one's own",
    "/my/appointments/{appointment_id}/cancellation": "tests/halls/test_appointments.py",
    "/gateway/messages/{message_id}": SIGNED,
    "/gateway/cases/{number}": SIGNED,
    "/gateway/files/{token}": SIGNED,
}
"""Calls with a place for a key that is nobody's own, with the reason."""

PATHS = api.get_openapi_schema()["paths"]
BASE = "/api/v1"


@pytest.fixture
def records(
    whole_district: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[Owned]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    context.forget()
    made = owned.make()
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)
    monkeypatch.setattr("yiwang.api.context.content.workday_calendar", lambda: cases.CALENDAR)
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)
    yield made
    context.forget()


def keyed(one: Address) -> list[str]:
    """Return the places for keys in an address."""
    route = one.pattern.pattern
    return [
        *getattr(route, "converters", {}),
        *getattr(getattr(route, "regex", ""), "groupindex", {}),
    ]


def table_of(one: Address) -> Mapping[str, str] | None:
    """Return the keys of a page that is somebody's own; None: it is listed nowhere."""
    if one.name in PAGES:
        return PAGES[one.name]
    return next(
        (keys for begins, keys in BEGINNINGS.items() if one.path().startswith(begins)), None
    )


def filled(places: list[str], keys: Mapping[str, str], found: Owned, case: str) -> dict[str, Any]:
    values = found.keys | {"case": case, "closed": found.cases[-1]}
    return {
        name: keys[name][1:] if keys[name].startswith("=") else values[keys[name]]
        for name in places
    }


def own_pages() -> list[Address]:
    return [one for one in addresses() if keyed(one) and one.name not in OPEN_PAGES]


def own_calls() -> dict[str, Mapping[str, str]]:
    """Return the calls that are about somebody's own record, each with its keys."""
    found = {}
    for path in PATHS:
        short = path.removeprefix(BASE)
        if "{" in short and short not in OPEN_CALLS:
            begins = max((one for one in CALLS if short.startswith(one)), key=len, default="")
            found[path] = CALLS.get(begins, {})
    return found


def test_every_address_with_a_place_for_a_key_is_listed_with_its_keys_or_a_reason():
    unlisted = [one.name for one in own_pages() if table_of(one) is None]
    lacking = [
        (one.name, place)
        for one in own_pages()
        for place in keyed(one)
        if place not in (table_of(one) or {})
    ]
    names = {one.name for one in addresses()}
    gone = sorted((set(PAGES) | set(OPEN_PAGES)) - names)

    assert (unlisted, lacking, gone) == ([], [], [])


def test_every_call_with_a_place_for_a_key_is_listed_with_its_keys_or_a_reason():
    lacking = [
        path for path, keys in own_calls().items() if not keys or set(_places(path)) - set(keys)
    ]
    shorts = {path.removeprefix(BASE) for path in PATHS}

    assert (lacking, sorted(set(OPEN_CALLS) - shorts)) == ([], [])


def _places(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def browser(login: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(login=login))
    session = client.session
    session[SEEN] = time.time()
    session.save()
    return client


def fingerprint() -> dict[str, tuple[int, int]]:
    """Return of every table how many rows it has, and a hash over them; but for traces of looks."""
    names = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("yiwang.")
        and model._meta.managed
        and not model.__module__.startswith("yiwang.audit")
        and model.__name__ not in {"NamedCall", "User", "ApiToken"}
    )
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)) FROM {name} t"
                for name in names
            )
        )
        return {name: (count, total) for name, count, total in cursor.fetchall()}


def told(answer: HttpResponse, records: Owned) -> list[str]:
    """Return the words of an answer that are nobody else's business."""
    if answer.streaming:
        return ["a file"]
    text = answer.content.decode(errors="replace")
    return [word for word in records.secrets if word in text]


def test_nobody_finds_or_changes_what_belongs_to_somebody_else_on_any_page(records):
    clients, wrong = {login: browser(login) for login in FOREIGN}, []
    before = fingerprint()
    for (login, client), one in itertools.product(clients.items(), own_pages()):
        keys = table_of(one) or {}
        for case in records.cases if "case" in keys.values() else records.cases[:1]:
            path = reverse(one.name, kwargs=filled(keyed(one), keys, records, case))
            for answer in (client.get(path), client.post(path, {"confirmed": "1", "reason": "x"})):
                found, method = answer.status_code, answer.request["REQUEST_METHOD"]
                back = method == "GET" and one.name in ONLY_BY_POST and found in {200, 302}
                if not (found in HIDDEN or found == 405 or back) or told(answer, records):
                    wrong.append((login, one.name, method, found, told(answer, records)))

    assert not wrong, "\n".join(sorted(set(map(str, wrong))))
    assert _differ(before, fingerprint()) == []


def test_the_keys_are_those_of_records_that_somebody_does_find(records):
    """Else nobody would find them, and the tests of this file would say nothing."""
    clients, lost = {login: browser(login) for login in RIGHTFUL}, []
    for one in own_pages():
        keys = table_of(one) or {}
        paths = [
            reverse(one.name, kwargs=filled(keyed(one), keys, records, case))
            for case in (*records.cases, records.keys["check"])
        ]
        if one.name not in UNREACHED and not any(
            clients[login].get(path).status_code not in HIDDEN
            for path in paths
            for login in RIGHTFUL
        ):
            lost.append(one.name)

    assert not lost, "\n".join(lost)


def _differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


SAMPLES = {
    "date": "2026-03-05",
    "date-time": "2026-03-05T09:00:00+08:00",
    "^[0-9a-fA-F]{64}$": "0" * 64,
    "^[0-9A-Z]{1,45}$": "0",
    "^[a-z]{2,12}:[A-Za-z0-9._@-]{1,50}$": "user:reviewer",
    "^(stop|ask_resume|resume|decline_resume)$": "stop",
}
"""Format or pattern of a text -> a text that fits."""

MEANT: Mapping[str, Mapping[str, Any]] = {
    "on-spot-fixes": {"question": "address", "value": "示例路12号"},
    "refusal-proposal": {"reason": "不属本机关", "article": "行政许可法 第三十二条"},
    "refusal-to-accept": {"reason": "不属本机关", "article": "行政许可法 第三十二条"},
    "report": {"step": "note", "note": "知悉"},
}
"""How an address ends -> a body that the call understands, where its form does not tell."""


def sample(schema: Mapping[str, Any], defs: Mapping[str, Any], name: str = "") -> Any:
    """Return a value that fits a schema, with every field that it must have."""
    if "$ref" in schema:
        return sample(defs[schema["$ref"].rsplit("/", 1)[-1]], defs, name)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return sample(schema[several][0], defs, name)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    match schema.get("type"):
        case "object":
            return {
                key: sample(part, defs, key)
                for key, part in schema.get("properties", {}).items()
                if key in schema.get("required", ())
            }
        case "array":
            return [sample(schema.get("items", {}), defs, name)] * schema.get("minItems", 1)
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            known = SAMPLES.get(schema.get("pattern") or schema.get("format") or "")
            return known or "x" * max(1, schema.get("minLength", 1))
    return None


def program(login: str) -> Caller:
    value = f"yw_test_{login}_foreign"
    ApiToken.objects.get_or_create(
        user=User.objects.get(login=login),
        hash=token_hash(value),
        purpose="测试",
        scopes=[permission.value for permission in Permission],
        issued_at=cases.FRIDAY,
        issued_by="user:x",
        expires_at=cases.FRIDAY.replace(year=2027),
    )
    return Caller(value)


def test_nobody_finds_or_changes_what_belongs_to_somebody_else_by_any_call(records):
    defs = api.get_openapi_schema()["components"]["schemas"]
    before, wrong = fingerprint(), []
    for login, (path, keys) in itertools.product(FOREIGN, own_calls().items()):
        caller = program(login)
        for method, call in PATHS[path].items():
            body = call.get("requestBody", {}).get("content", {})
            for case in records.cases if "case" in keys.values() else records.cases[:1]:
                values = filled(_places(path), keys, records, case)
                answer = _call(caller, method, path.format(**values), body, defs)
                if answer.status_code not in HIDDEN or told(answer, records):
                    wrong.append((login, method, path, answer.status_code, told(answer, records)))

    assert not wrong, "\n".join(sorted(set(map(str, wrong))))
    assert _differ(before, fingerprint()) == []


def _call(
    caller: Caller, method: str, path: str, body: Mapping[str, Any], defs: Mapping[str, Any]
) -> HttpResponse:
    headers = caller.headers | {"Idempotency-Key": "foreign-" + str(abs(hash((method, path))))}
    send = getattr(caller.client, method)
    if "multipart/form-data" in body:
        from tests.factories.portal import pdf

        return send(path, {"file": pdf(), "material": "layout"}, headers=headers)
    if "application/json" not in body:
        return send(path, headers=headers)
    meant = MEANT.get(path.rsplit("/", 1)[-1])
    sent = meant or sample(body["application/json"]["schema"], defs)
    return send(path, json.dumps(sent), content_type="application/json", headers=headers)
