"""With the last package of a case go the files that were handed in, and their hashes stay."""

from __future__ import annotations

import io

import pytest
import pyvips
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.archives.conftest import KEEPER, LATER
from tests.archives.test_ending import OVER, decide, hold, propose
from tests.factories import cases
from yiwang.archives import queries, services, tasks
from yiwang.archives.models import Destruction
from yiwang.archives.queries import FileFate
from yiwang.archives.services import erasing
from yiwang.archives.services.ending import ERASE_TASK
from yiwang.audit.models import AuditEvent
from yiwang.cases import services as case_services
from yiwang.cases.models import Case
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy.terms import DeliveryChannel
from yiwang.documents import queries as documents
from yiwang.documents import services as files
from yiwang.documents import store
from yiwang.documents.models import StoredFile, Upload
from yiwang.documents.queries import UploadDestroyedError

pytestmark = pytest.mark.django_db


def picture(shade: int) -> bytes:
    return (pyvips.Image.black(40, 40) + shade).cast("uchar").pngsave_buffer()


def hand_in(shade: int, owner: str = "user:clerk") -> str:
    content = picture(shade)
    return files.accept_upload(
        file=io.BytesIO(content),
        name=f"图{shade}.png",
        size=len(content),
        by=owner,
        at=cases.FRIDAY,
    ).ref


def closed_with(*refs: str) -> str:
    """Return the number of a delivered case that holds the files."""
    case = cases.decided(
        uploads=dict(zip(("layout", "rules"), ([one] for one in refs), strict=True))
    )
    return case_services.deliver_case(
        number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
    ).number


@pytest.fixture
def refs(db) -> list[str]:
    """Two files of different content."""
    cases.district()
    return [hand_in(10), hand_in(200)]


@pytest.fixture
def package(refs) -> queries.PackageView:
    """Return the package of a case with these two files."""
    return services.make_package(number=closed_with(*refs), by=KEEPER, at=LATER)


def contents(ref: str) -> set[str]:
    row = Upload.objects.get(key=documents.key_of(ref))
    return {row.original_id, row.derivative_id} | ({row.preview_id} - {None})


def there(sha256: str) -> bool:
    try:
        return bool(store.open(sha256))
    except LookupError:
        return False


def work() -> int:
    """Do what waits for the worker; return how many destructions there were."""
    waiting = list(ProcrastinateJob.objects.filter(task_name=ERASE_TASK, status="todo"))
    for job in waiting:
        tasks.erase_uploads(**job.args)
    return len(waiting)


def fates(package) -> list[FileFate]:
    (end,) = queries.archive_of(package.case_number, by=KEEPER).destructions
    return [one.fate for one in end.files]


@pytest.mark.req("NFR-03")
def test_the_files_go_with_the_package_and_what_they_were_stays_in_the_trail(package, refs):
    before = documents.uploads(refs)
    whole = contents(refs[0]) | contents(refs[1])
    number = propose(package)
    assert work() == 0
    decide(number)
    assert fates(package) == [FileFate.WAITING] * 2
    assert work() == 1

    assert not any(there(one) for one in whole)
    rows = AuditEvent.objects.filter(act="archives.erase_upload").order_by("id")
    assert [(row.detail["upload"], row.detail["sha256"], row.detail["sm3"]) for row in rows] == [
        (ref, before[ref].sha256, before[ref].sm3) for ref in refs
    ]
    assert {(row.detail["decided_by"], row.detail["shared"]) for row in rows} == {
        (cases.HEAD.ref, False)
    }
    assert fates(package) == [FileFate.ERASED] * 2
    end = Destruction.objects.get()
    assert end.uploads_gone_at is not None
    assert [one["sm3"] for one in end.certificate["uploads"]] == [before[r].sm3 for r in refs]
    assert "当事人上传的2份文件" in end.certificate["destroyed"]
    for ref in refs:
        assert documents.upload(ref).sm3 == before[ref].sm3
        for read in (documents.open_derivative, documents.open_original, documents.open_preview):
            with pytest.raises(UploadDestroyedError, match="已随归档包依法销毁"):
                read(ref)
    assert not UploadCheck.objects.filter(upload_ref__in=refs).exists()


def test_a_second_run_of_the_job_does_nothing_more(package, refs):
    decide(propose(package))
    destruction = Destruction.objects.get().pk

    assert services.erase_uploads(destruction_id=destruction, at=OVER) == 2
    assert services.erase_uploads(destruction_id=destruction, at=OVER) == 0
    assert services.erase_unfinished(at=OVER) == 0
    assert AuditEvent.objects.filter(act="archives.erase_upload").count() == 2


def test_what_two_did_not_agree_to_stays(package, refs):
    number = propose(package)
    assert services.erase_uploads(destruction_id=number, at=OVER) == 0
    decide(number, agreed=False)

    assert work() == 0
    assert services.erase_uploads(destruction_id=number, at=OVER) == 0
    assert services.erase_uploads(destruction_id=10**9, at=OVER) == 0
    assert all(documents.open_original(ref) for ref in refs)


def test_a_hold_that_comes_after_the_agreement_stops_it_and_lifting_it_lets_it_go_on(package, refs):
    decide(propose(package))
    standing = hold(package)

    work()
    services.erase_unfinished(at=OVER)
    assert all(documents.open_original(ref) for ref in refs)
    assert fates(package) == [FileFate.WAITING] * 2

    services.propose_lift(hold_id=standing, reason="诉讼已结", by=KEEPER, at=OVER)
    services.lift_hold(hold_id=standing, by=cases.HEAD, at=OVER)
    tasks.make_due(int(OVER.timestamp()))
    assert fates(package) == [FileFate.ERASED] * 2


def test_a_hold_between_two_files_saves_the_second(package, refs, monkeypatch):
    decide(propose(package))
    gone = files.destroy_upload

    def then_hold(**given):
        done = gone(**given)
        hold(package)
        return done

    monkeypatch.setattr(erasing.files, "destroy_upload", then_hold)
    work()

    assert fates(package) == [FileFate.ERASED, FileFate.WAITING]
    assert documents.open_original(refs[1])


@pytest.mark.parametrize("moment", ["before the bytes", "after the bytes", "between the files"])
def test_who_is_killed_in_the_middle_leaves_the_rest_to_the_next(
    package, refs, monkeypatch, moment
):
    decide(propose(package))
    real = (store.destroy, erasing.audit.record)
    calls = []

    def killed(*args, **given):
        calls.append(args)
        if moment == "between the files" and len(calls) == 1:
            return real[1](*args, **given)
        raise KeyboardInterrupt

    if moment == "before the bytes":
        monkeypatch.setattr(store, "destroy", killed)
    else:
        monkeypatch.setattr(erasing.audit, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        work()
    monkeypatch.undo()
    assert Destruction.objects.get().uploads_gone_at is None
    assert FileFate.WAITING in fates(package)

    services.erase_unfinished(at=OVER)

    assert fates(package) == [FileFate.ERASED] * 2
    assert not any(there(one) for ref in refs for one in contents(ref))
    assert AuditEvent.objects.filter(act="archives.erase_upload").count() == 2


@pytest.mark.req("NFR-03")
def test_a_file_that_a_running_case_has_too_stays_for_it(package, refs):
    twin = hand_in(10)
    running = cases.receive(uploads={"layout": [twin]})
    decide(propose(package))
    work()

    assert fates(package) == [FileFate.SHARED, FileFate.ERASED]
    assert documents.open_original(twin) == picture(10)
    assert documents.open_derivative(twin)
    assert documents.upload(twin).used_by == f"case:{running.number}"
    with pytest.raises(UploadDestroyedError):
        documents.open_original(refs[0])
    assert AuditEvent.objects.filter(act="archives.erase_upload", detail__shared=True).count() == 1


def test_a_file_in_two_archives_goes_with_the_second(package, refs):
    other = services.make_package(number=closed_with(hand_in(10), hand_in(90)), by=KEEPER, at=LATER)
    shared = contents(refs[0])
    decide(propose(package))
    work()
    assert all(there(one) for one in shared)

    decide(propose(other))
    ProcrastinateJob.objects.filter(task_name=ERASE_TASK).update(status="todo")
    work()

    assert not any(there(one) for one in shared)
    assert fates(package) == [FileFate.ERASED] * 2


def test_a_file_that_somebody_just_uploaded_stays_until_it_is_forgotten(package, refs):
    twin = hand_in(10)
    decide(propose(package))
    work()
    assert documents.open_original(twin) == picture(10)

    assert files.purge_unused_uploads(at=OVER) == 1

    assert fates(package) == [FileFate.ERASED] * 2
    assert not any(there(one) for one in contents(refs[0]))


def test_what_was_destroyed_can_be_handed_in_again(package, refs):
    decide(propose(package))
    work()

    again = hand_in(10)

    assert documents.open_original(again) == picture(10)
    assert StoredFile.objects.get(sha256=documents.upload(again).sha256).erased is False
    with pytest.raises(UploadDestroyedError):
        documents.open_original(refs[0])


def test_a_letter_that_somebody_handed_in_outlives_the_upload(db):
    cases.district()
    first = cases.page(closed_with(hand_in(1), hand_in(2)))
    paper = first.documents[0].id
    letter = case_services.document_file(paper, by=cases.CLERK, at=cases.FRIDAY)
    ref = files.accept_upload(
        file=io.BytesIO(letter), name="通知书.pdf", size=len(letter), by="user:clerk",
        at=cases.FRIDAY,
    ).ref  # fmt: skip
    package = services.make_package(number=closed_with(ref, hand_in(3)), by=KEEPER, at=LATER)
    decide(propose(package))
    work()

    assert fates(package) == [FileFate.SHARED, FileFate.ERASED]
    assert case_services.document_file(paper, by=cases.CLERK, at=OVER) == letter


def test_the_files_stay_while_another_package_of_the_case_is_kept(package, refs):
    Case.objects.filter(number=package.case_number).update(version=99)
    later = services.make_package(number=package.case_number, by=KEEPER, at=LATER)
    decide(propose(package))

    assert work() == 0
    assert all(documents.open_original(ref) for ref in refs)
    assert "还有其他归档包在保管" in Destruction.objects.get().certificate["kept"]

    decide(propose(later))
    work()
    assert not any(there(one) for ref in refs for one in contents(ref))


def test_only_the_record_that_a_file_belongs_to_destroys_it(package, refs):
    for owner in ("", "case:another"):
        with pytest.raises(LookupError):
            files.destroy_upload(ref=refs[0], used_by=owner)
    unused = hand_in(77)
    with pytest.raises(LookupError):
        files.destroy_upload(ref=unused, used_by="")
    with pytest.raises(LookupError):
        files.destroy_upload(ref="upload:x", used_by=f"case:{package.case_number}")


def test_the_database_refuses_what_contradicts_itself(package, refs):
    sha256 = documents.upload(refs[0]).sha256
    with pytest.raises(IntegrityError, match="what_is_kept_is_there"), transaction.atomic():
        StoredFile.objects.filter(sha256=sha256).update(erased=True)
    with pytest.raises(IntegrityError, match="what_was_made_is_kept"), transaction.atomic():
        StoredFile.objects.filter(sha256=sha256).update(kept=False, made=True)
    with pytest.raises(IntegrityError, match="belongs_somewhere"), transaction.atomic():
        Upload.objects.filter(key=documents.key_of(hand_in(5))).update(state="destroyed")
    number = propose(package)
    with pytest.raises(IntegrityError, match="takes_uploads_when_agreed"), transaction.atomic():
        Destruction.objects.filter(pk=number).update(takes_uploads=True)
    with pytest.raises(IntegrityError, match="go_where_it_takes_them"), transaction.atomic():
        Destruction.objects.filter(pk=number).update(uploads_gone_at=OVER)
