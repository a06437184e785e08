"""The district's archives list, fetch and take over packages with a token for nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import itertools

import pytest
from django.db import Error, transaction

from tests.api.conftest import Caller, token
from tests.archives.conftest import BOTH, KEEPER, LATER
from tests.factories import cases
from yiwang.archives import queries, services
from yiwang.archives.models import ArchivePackage, Transfer
from yiwang.audit.models import AuditEvent
from yiwang.cases.models import Case
from yiwang.kernel import hashing
from yiwang.organisations.permissions import EVERYWHERE, Actor, Post
from yiwang.organisations.queries import authenticate_token

DUE = dt.datetime(2037, 1, 1, 9, tzinfo=cases.ZONE)
PATH = "/archive-packages"


@pytest.fixture
def taker(callers, monkeypatch) -> Caller:
    """Return the archives' system on the first day on which a package may be taken over."""
    made = Caller(token("archives", posts={"market": Post.ARCHIVES_RECEIVER}))
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: DUE)
    monkeypatch.setattr("yiwang.api.context._actor", of_2026)
    return made


@pytest.fixture
def elsewhere(callers) -> Caller:
    """Return the system of archives that take over from another department."""
    return Caller(token("elsewhere", posts={"housing": Post.ARCHIVES_RECEIVER}))


@pytest.fixture
def everywhere(callers) -> Caller:
    """Return the system of archives that take over from all departments."""
    return Caller(token("district", posts={EVERYWHERE: Post.ARCHIVES_RECEIVER}))


def of_2026(value: str, *, ip: str) -> Actor | None:
    """Return whom a token stands for on the day it was made; in 2037 it is over."""
    return authenticate_token(value, at=cases.FRIDAY, ip=ip)


@pytest.fixture
def package(callers) -> queries.PackageView:
    return made()


_count = itertools.count(1)


def made() -> queries.PackageView:
    number = cases.closed(idempotency_key=f"archive-{next(_count)}").number
    return services.make_package(number=number, by=KEEPER, at=LATER)


def receipt(package, **changes):
    told = {"receipt_number": "嘉档收〔2037〕1号", "sm3": package.sm3, "received_on": "2037-01-01"}
    return told | changes


def trail(act: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(act=act, actor="user:archives").order_by("id"))


def test_a_package_goes_from_the_list_to_its_receipt(package, taker):
    (row,) = taker.get(PATH).json()["rows"]
    assert (row["id"], row["sm3"], row["state"]) == (package.id, package.sm3, "kept")

    got = taker.get(f"{PATH}/{row['id']}/file")
    assert hashing.sm3(got.content) == row["sm3"] == got["X-Content-SM3"]
    digest = base64.b64encode(hashlib.sha256(got.content).digest()).decode()
    assert got["Content-Digest"] == f"sha-256=:{digest}:"
    assert got["Cache-Control"] == "no-store"

    told = taker.post(f"{PATH}/{row['id']}/receipt", receipt(package))

    assert told.status_code == 200
    assert told.json()["state"] == "transferred"
    assert told.json()["receipt_number"] == "嘉档收〔2037〕1号"
    assert taker.get(PATH).json()["rows"] == []
    assert taker.get(f"{PATH}/{row['id']}").json() == told.json()


def test_every_fetch_and_the_receipt_stand_in_the_trail(package, taker):
    taker.get(PATH)
    taker.get(f"{PATH}/{package.id}")
    assert trail("audit.read") == []

    taker.get(f"{PATH}/{package.id}/file")
    taker.post(f"{PATH}/{package.id}/receipt", receipt(package))

    target = f"case:{package.case_number}"
    (read,) = trail("audit.read")
    assert (read.target, read.purpose) == (target, "移交档案馆")
    (told,) = trail("archives.transfer")
    assert (told.target, told.detail["receipt_number"]) == (target, "嘉档收〔2037〕1号")
    assert told.detail["sm3"] == package.sm3


def test_the_same_receipt_twice_is_one_and_another_is_refused(package, taker):
    path = f"{PATH}/{package.id}/receipt"
    first = taker.post(path, receipt(package))

    assert taker.post(path, receipt(package)).json() == first.json()
    other = taker.post(path, receipt(package, receipt_number="另一号"))

    assert (other.status_code, other.json()["code"]) == (409, "archives.already_transferred")
    assert "嘉档收〔2037〕1号" in other.json()["message"]
    assert (Transfer.objects.count(), len(trail("archives.transfer"))) == (1, 1)
    again = taker.get(f"{PATH}/{package.id}/file")
    assert (again.status_code, again.json()["code"]) == (409, "archives.already_transferred")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"sm3": "0" * 64}, "SM3", id="another file"),
        pytest.param({"received_on": "2037-01-02"}, "接收日期", id="tomorrow"),
        pytest.param({"received_on": "2026-01-01"}, "接收日期", id="before it was made"),
        pytest.param({"receipt_number": " 　"}, "接收凭证号", id="no number"),
        pytest.param({"receipt_number": "号" * 61}, "最多60个字", id="too long"),
        pytest.param({"receipt_number": ""}, "problems", id="empty"),
        pytest.param({"sm3": "x"}, "problems", id="no hash"),
        pytest.param({"received_on": "2037-02-30"}, "problems", id="no day"),
        pytest.param({"received_on": None}, "problems", id="day left out"),
        pytest.param({"more": 1}, "problems", id="a field too many"),
        pytest.param({"receipt_number": "a\x00b"}, "problems", id="cannot be stored"),
    ],
)
def test_a_receipt_that_does_not_fit_says_what_would(package, taker, changes, words):
    answer = taker.post(f"{PATH}/{package.id}/receipt", receipt(package, **changes))

    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert ArchivePackage.objects.get().state == "kept"
    assert trail("archives.transfer") == []


@pytest.mark.parametrize("after", ["x", "2037-01-01", "2037-13-01.1", "2037-01-01.x", "." * 80])
def test_a_key_of_no_page_is_refused(package, taker, after):
    answer = taker.get(PATH, after=after)

    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.page_key_refused")


def test_the_list_pages_by_key_and_knows_when_nothing_changed(taker):
    wanted = [made().id for _ in range(3)]

    seen, after = [], None
    while True:
        page = taker.get(PATH, limit=1, **({"after": after} if after else {})).json()
        seen += [row["id"] for row in page["rows"]]
        after = page["after"]
        if after is None:
            break

    assert seen == wanted
    etag = taker.get(PATH)["ETag"]
    same = taker.client.get(f"/api/v1{PATH}", headers=taker.headers | {"If-None-Match": etag})
    assert same.status_code == 304


def test_what_is_not_due_is_not_there(package, taker, monkeypatch):
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: DUE - dt.timedelta(days=1))

    assert taker.get(PATH).json()["rows"] == []
    for path in ("", "/file"):
        assert taker.get(f"{PATH}/{package.id}{path}").status_code == 404
    told = taker.post(f"{PATH}/{package.id}/receipt", receipt(package))
    assert (told.status_code, Transfer.objects.count()) == (404, 0)


def test_of_a_case_archived_again_the_newest_package_is_taken_over(package, taker):
    Case.objects.update(archived_version=0)
    again = services.make_package(number=package.case_number, by=KEEPER, at=LATER)

    assert [row["id"] for row in taker.get(PATH).json()["rows"]] == [again.id]
    assert taker.get(f"{PATH}/{package.id}/file").status_code == 404
    taker.post(f"{PATH}/{again.id}/receipt", receipt(again))
    Case.objects.update(archived_version=0)
    more = services.make_package(number=package.case_number, by=KEEPER, at=LATER)
    assert [row["id"] for row in taker.get(PATH).json()["rows"]] == [more.id]


@pytest.mark.parametrize("who", ["clerk", "head", "firm", "stranger"])
def test_other_tokens_take_nothing_over(package, callers, taker, who):
    for path in (PATH, f"{PATH}/{package.id}", f"{PATH}/{package.id}/file"):
        refused = callers(who).get(path)
        assert refused.status_code == 403
        assert "岗位的账号的令牌" in refused.json()["message"]
    told = callers(who).post(f"{PATH}/{package.id}/receipt", receipt(package))
    assert (told.status_code, Transfer.objects.count()) == (403, 0)
    assert callers("nobody").get(PATH).status_code == 401


def test_packages_of_another_department_are_not_there(elsewhere, package, taker):
    assert elsewhere.get(PATH).json()["rows"] == []
    assert elsewhere.get(f"{PATH}/{package.id}/file").status_code == 404
    assert taker.get(f"{PATH}/999999999/file").status_code == 404


def test_one_system_may_take_over_from_all_departments(everywhere, package, taker):
    assert [row["id"] for row in everywhere.get(PATH).json()["rows"]] == [package.id]


def test_the_token_of_the_archives_opens_nothing_else(package, taker):
    for path in ("/cases", f"/cases/{package.case_number}", "/commitment-checks"):
        assert taker.get(path).status_code in {403, 404}, path


def test_holds_and_four_eyes_stay(package, taker):
    hold = services.place_hold(
        case_number=package.case_number, reason="诉讼未结", by=KEEPER, at=LATER
    )
    assert taker.get(f"{PATH}/{package.id}").json()["held"] is True
    taker.post(f"{PATH}/{package.id}/receipt", receipt(package))

    with pytest.raises(services.HoldRefusedError, match="已移交档案馆"):
        services.propose_destruction(
            package_id=package.id, reason="到期", by=KEEPER, at=DUE.replace(year=2099)
        )
    services.propose_lift(hold_id=hold, reason="结案", by=BOTH, at=DUE)
    with pytest.raises(services.HoldRefusedError, match="两个人"):
        services.lift_hold(hold_id=hold, by=BOTH, at=DUE)


def test_a_destruction_under_way_stops_where_the_archives_have_taken_over(package, taker):
    late = DUE.replace(year=2057)
    proposal = services.propose_destruction(
        package_id=package.id, reason="到期", by=KEEPER, at=late
    )
    taker.post(f"{PATH}/{package.id}/receipt", receipt(package))
    head = cases.HEAD

    with pytest.raises(services.HoldRefusedError, match="已移交档案馆"):
        services.decide_destruction(destruction_id=proposal, agreed=True, by=head, at=late)


def test_a_destroyed_package_is_not_handed_over(package, taker):
    ArchivePackage.objects.update(state="destroyed")

    assert taker.get(PATH).json()["rows"] == []
    assert taker.get(f"{PATH}/{package.id}/file").status_code == 404


def test_the_database_knows_no_transfer_without_its_receipt(package):
    with pytest.raises(Error, match="receipt"), transaction.atomic():
        ArchivePackage.objects.update(state="transferred")
    with pytest.raises(Error, match="names_its_receipt"), transaction.atomic():
        Transfer.objects.create(
            package_id=package.id,
            department_code="market",
            receipt_number=" ",
            received_on=DUE.date(),
            reported_by="user:archives",
            reported_at=DUE,
        )


def test_a_receipt_is_never_changed(package, taker):
    taker.post(f"{PATH}/{package.id}/receipt", receipt(package))

    for change in (
        lambda: Transfer.objects.update(receipt_number="改"),
        lambda: Transfer.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change()
