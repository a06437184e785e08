"""What runs by the clock: missing files are made, damaged ones are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories.licences import issue
from tests.factories.organisations import NOON
from yiwang.kernel import events
from yiwang.licences import queries, services, tasks

pytestmark = pytest.mark.django_db

MOMENT = int(NOON.timestamp())


@pytest.fixture(autouse=True)
def _fresh_folder(settings: object, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


def test_missing_files_are_made(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(events, "publish", lambda _: None)
        identifier = issue().identifier

    tasks.make_missing_files(MOMENT)

    assert queries.licence(identifier).file_sha256 is not None
    assert queries.without_file() == []


def test_whole_files_are_left_in_peace():
    issue()

    tasks.check_files(MOMENT)


@pytest.mark.parametrize("harm", ["changed", "lost"])
def test_a_damaged_file_is_named(settings, harm):
    licence = queries.licence(issue().identifier)
    sha256 = licence.file_sha256
    assert sha256 is not None
    path = settings.FILES_DIR / sha256[:2] / sha256[2:4] / sha256
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"!")

    assert services.damaged_files(sample=10, seed=1) == [licence.identifier]
    with pytest.raises(RuntimeError, match="1 份电子证照文件与登记的摘要不符，请从备份恢复"):
        tasks.check_files(MOMENT)


def test_the_sample_is_as_large_as_asked_and_drawn_by_its_seed(settings):
    for _ in range(4):
        issue(case_number="")
    for path in settings.FILES_DIR.rglob("*"):
        if path.is_file():
            path.unlink()

    drawn = {seed: services.damaged_files(sample=2, seed=seed) for seed in range(8)}

    assert all(len(found) == 2 for found in drawn.values())
    assert drawn[3] == services.damaged_files(sample=2, seed=3)
    assert len({tuple(found) for found in drawn.values()}) > 1
