"""Files by content: whole or not at all, once, and kept as long as somebody needs them."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from yiwang.documents import store
from yiwang.documents.models import StoredFile
from yiwang.kernel.hashing import sm3

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_folder(settings: object, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_put_names_a_file_by_its_content_and_gives_it_back(settings):
    ref = store.put(b"content", "text/plain")

    assert ref.sha256 == hashlib.sha256(b"content").hexdigest()
    assert ref.sm3 == sm3(b"content")
    assert ref.size == 7
    assert store.open(ref.sha256) == b"content"
    (path,) = files(settings.FILES_DIR)
    assert path.relative_to(settings.FILES_DIR) == Path(ref.sha256[:2], ref.sha256[2:4], ref.sha256)
    assert path.stat().st_mode & 0o077 == 0


def test_put_keeps_equal_files_once(settings):
    assert store.put(b"same", "text/plain") == store.put(b"same", "text/plain")
    assert len(files(settings.FILES_DIR)) == 1
    assert StoredFile.objects.count() == 1


def test_open_says_that_there_is_no_such_file():
    with pytest.raises(LookupError, match="no stored file"):
        store.open("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63 + "/"])
def test_open_takes_nothing_but_a_hash(name):
    with pytest.raises(LookupError, match="not a SHA-256"):
        store.open(name)


def test_open_notices_a_damaged_disk(settings):
    ref = store.put(b"content", "text/plain")
    (path,) = files(settings.FILES_DIR)
    path.chmod(0o600)
    path.write_bytes(b"c0ntent")

    with pytest.raises(LookupError, match="damaged"):
        store.open(ref.sha256)


def test_a_write_that_fails_leaves_nothing(settings, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(OSError, match="No space"):
        store.put(b"content", "text/plain")
    assert files(settings.FILES_DIR) == []
    assert not StoredFile.objects.exists()


def test_drop_deletes_what_need_not_be_kept(settings):
    loose = store.put(b"loose", "text/plain", kept=False)
    kept = store.put(b"kept", "text/plain")

    assert store.drop(loose.sha256)
    assert not store.drop(kept.sha256)
    assert [path.name for path in files(settings.FILES_DIR)] == [kept.sha256]


def test_put_keeps_for_good_what_was_loose():
    ref = store.put(b"content", "text/plain", kept=False)

    store.put(b"content", "text/plain")

    assert not store.drop(ref.sha256)


@pytest.mark.django_db(transaction=True)
def test_many_who_put_the_same_file_at_once_keep_it_once(settings):
    problems: list[BaseException] = []

    def put() -> None:
        try:
            store.put(b"x" * 100_000, "text/plain")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert len(files(settings.FILES_DIR)) == 1
    assert StoredFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kept_before", [False, True], ids=["dropped", "destroyed"])
def test_what_is_put_while_it_is_deleted_is_there_afterwards(settings, kept_before):
    """Whoever stores the same content waits for the deletion and begins anew."""
    ref = store.put(b"same", "text/plain", kept=False)
    if kept_before:
        store.keep(ref.sha256)
    done: list[store.FileRef] = []

    def put() -> None:
        try:
            done.append(store.put(b"same", "text/plain"))
        finally:
            connection.close()

    thread = threading.Thread(target=put)
    with transaction.atomic():
        assert store.destroy(ref.sha256) if kept_before else store.drop(ref.sha256)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive()
    thread.join()

    assert done == [ref]
    assert store.open(ref.sha256) == b"same"
    row = StoredFile.objects.get(sha256=ref.sha256)
    assert (row.kept, row.made, row.erased) == (True, True, False)


def test_what_was_erased_is_there_again_once_it_is_put():
    ref = store.put(b"same", "text/plain", kept=False)
    StoredFile.objects.filter(sha256=ref.sha256).update(erased=True)
    store.folder().delete(ref.sha256)

    assert store.put(b"same", "text/plain", kept=False) == ref

    assert store.open(ref.sha256) == b"same"
    row = StoredFile.objects.get(sha256=ref.sha256)
    assert (row.kept, row.made, row.erased) == (False, False, False)


def test_the_database_takes_hashes_only():
    with (
        pytest.raises(IntegrityError, match="documents_storedfile_hashes_are_hex"),
        transaction.atomic(),
    ):
        StoredFile.objects.create(sha256="x", sm3="0" * 64, size=1, media_type="text/plain")
