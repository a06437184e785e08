"""Pages of destruction: what goes is said before it goes, and afterwards what became of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.archives.conftest import KEEPER, LATER
from tests.archives.test_ending import OVER
from tests.archives.test_erasing import package, refs
from tests.factories import cases
from tests.factories import organisations as people
from yiwang.archives import services, tasks
from yiwang.archives.models import ArchivePackage, Destruction
from yiwang.archives.services.ending import ERASE_TASK
from yiwang.cases.models import Case
from yiwang.documents import queries as documents
from yiwang.organisations.backend import BACKEND
from yiwang.organisations.permissions import Actor, Post
from yiwang.web import views

__all__ = ["package", "refs"]

RECEIVER = Actor(ref="user:archives", posts={"market": frozenset({Post.ARCHIVES_RECEIVER})})

pytestmark = pytest.mark.django_db


def signed_in(post: Post, login: str) -> Client:
    client = Client()
    user = people.staff_with(post, "market", login=login)
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def over(package, monkeypatch):
    """Return the address of the archive of a case whose time is over."""
    monkeypatch.setattr(views.Page, "at", OVER)
    return f"/desk/archives/{package.case_number}/"


def test_two_persons_read_what_goes_and_see_afterwards_that_it_went(
    over, package, refs, monkeypatch
):
    keeper, head = signed_in(Post.ARCHIVIST, "keeper"), signed_in(Post.DEPARTMENT_HEAD, "head2")
    what = "归档包文件和当事人上传的 2 份文件将被删除，不能恢复"

    first = f"{over}packages/{package.id}/destroy/"
    assert what in keeper.get(first).content.decode()
    assert keeper.post(first, {"reason": "保管期满"}).status_code == 302
    second = f"{over}destructions/{Destruction.objects.get().pk}/"
    assert what in head.get(second).content.decode()
    confirming = head.post(second, {"agreed": "yes"})
    assert what in confirming.content.decode()
    assert head.post(second, {"agreed": "yes", "confirmed": "yes"}).status_code == 302
    assert ArchivePackage.objects.get().state == "destroyed"

    waiting = keeper.get(over).content.decode()
    assert "正在逐份销毁" in waiting
    assert "等待销毁" in waiting
    for job in ProcrastinateJob.objects.filter(task_name=ERASE_TASK):
        tasks.erase_uploads(**job.args)
    gone = keeper.get(over).content.decode()
    assert "2 份，2057-01-01 09:00 销毁完毕" in gone
    assert documents.upload(refs[0]).sm3 in gone
    assert "等待销毁" not in gone

    monkeypatch.setattr(views.Page, "at", LATER)
    monkeypatch.setattr(views.Page, "calendar", cases.CALENDAR)  # none reaches as far as 2057
    case = f"/desk/cases/{package.case_number}/"
    shown = keeper.get(case).content.decode()
    assert "已随归档包销毁" in shown
    file = keeper.get(f"{case}files/{refs[0].removeprefix('upload:')}/")
    assert file.status_code == 422
    assert "已随归档包依法销毁，只保留文件名和摘要" in file.content.decode()


def test_the_archivist_sees_what_waits_and_what_was_taken_over_and_when(over, package):
    keeper = signed_in(Post.ARCHIVIST, "keeper")
    assert package.query_code in keeper.get("/desk/archives/?tab=transfer").content.decode()

    services.report_receipt(
        package_id=package.id, receipt_number="嘉档收1号", sm3=package.sm3,
        received_on=dt.date(2037, 1, 2), by=RECEIVER, at=OVER,
    )  # fmt: skip

    assert package.query_code not in keeper.get("/desk/archives/?tab=transfer").content.decode()
    assert "2037-01-02" in keeper.get("/desk/archives/").content.decode()
    page = keeper.get(over).content.decode()
    assert "2037-01-02 已接收，接收凭证号：嘉档收1号" in page
    assert "保管期满也不销毁，直到另一人批准解除" in page
    assert f'href="/desk/cases/{package.case_number}/"' in page
    assert "提出销毁" not in page


def test_an_earlier_package_is_marked_and_may_be_destroyed_too(over, package):
    Case.objects.update(archived_version=0)
    services.make_package(number=package.case_number, by=KEEPER, at=LATER)
    keeper = signed_in(Post.ARCHIVIST, "keeper")

    page = keeper.get(over).content.decode()
    assert page.count("已由后一次归档替代") == 1
    assert page.count("提出销毁") == 2
    assert "已由后一次归档替代" in keeper.get("/desk/archives/").content.decode()


def test_a_proposal_that_is_not_there_is_not_found(over):
    head = signed_in(Post.DEPARTMENT_HEAD, "head2")

    assert head.get(f"{over}destructions/999999/").status_code == 404
