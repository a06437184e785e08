"""A package holds the whole case, and whoever changes a byte of it is found out."""

from __future__ import annotations

import datetime as dt
import io
import json
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archives.conftest import KEEPER, LATER
from tests.factories import cases, commitments
from yiwang.archives import queries, services
from yiwang.archives.models import ArchivePackage
from yiwang.archives.policy import packages
from yiwang.archives.policy.retention import problems, retention
from yiwang.archives.services.making import READER
from yiwang.audit.models import AuditEvent
from yiwang.cases import services as case_services
from yiwang.cases.models import Case
from yiwang.cases.policy.commitments import CheckOutcome
from yiwang.cases.queries import case_page
from yiwang.config import env
from yiwang.documents import store
from yiwang.documents.keys import keys
from yiwang.kernel import hashing
from yiwang.organisations.permissions import PermissionRefusedError

SCRIPT = env.ROOT / "scripts" / "check_archive.py"


def checked(path: Path, *more: str) -> tuple[int, str]:
    """Run the independent script in a Python that knows nothing of the program."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path), *more],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )
    return done.returncode, done.stdout + done.stderr


def written(folder: Path, data: bytes) -> Path:
    path = folder / "package.zip"
    path.write_bytes(data)
    return path


def read(view) -> bytes:
    return services.read_package(package_id=view.id, by=KEEPER, at=LATER)[1]


def changed(data: bytes, change) -> bytes:
    """Return the package with its files changed and packed anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    return packages.pack(files, at=LATER)


@pytest.mark.req("NFR-03")
@pytest.mark.django_db
def test_a_package_holds_the_whole_case_and_a_stranger_can_check_it(package, closed, tmp_path):
    path = written(tmp_path, read(package))

    status, words = checked(path, "--authority", str(keys().authority_path()))

    assert (status, closed.query_code in words) == (0, True), words
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        told = {name: json.loads(archive.read(name)) for name in names if name.endswith("json")}
    assert [one["step"] for one in told["events.json"]] == [
        one.step for one in cases.page(closed.number).events
    ]
    assert {"label": "经营场所地址", "question": "address", "answer": "嘉定区南翔镇示例路11号"} in (
        told["form.json"]
    )
    assert told["item.json"]["name"] == "餐饮服务许可（新办）"
    assert sum(name.startswith("materials/") for name in names) == 2
    letters = {name for name in names if name.startswith("documents/")}
    assert len(letters) == len(cases.page(closed.number).documents)
    assert {"审意〔", "审〔"} <= {mark for mark in ("审意〔", "审〔") if mark in " ".join(letters)}
    assert all(one["intact"] for one in told["signatures.json"]["seals"].values())
    assert set(told["signatures.json"]["seals"]) == letters
    assert len(told["tables.json"]["cases_caseevent"]) == len(told["events.json"])
    assert "cases_opinion" in told["tables.json"]


TAMPERINGS = {
    "a word in the form": lambda files: files.update(
        {"form.json": files["form.json"].replace(b"11", b"12")}
    ),
    "a file less": lambda files: files.pop("events.json"),
    "a file more": lambda files: files.update({"materials/99-more.pdf": b"more"}),
    "the manifest's words": lambda files: files.update(
        {"manifest.json": files["manifest.json"].replace(b'"revision":1', b'"revision":2')}
    ),
    "file and manifest together": lambda files: files.update(
        {"manifest.json": _again(files, "form.json", files["form.json"] + b" ")}
    ),
    "no signature": lambda files: files.pop("signature.json"),
    "somebody else's signature": lambda files: files.update(
        {
            "signature.json": files["signature.json"].replace(
                b'"signature": "', b'"signature": "AAAA'
            )
        }
    ),
}


def _again(files, name, data) -> bytes:
    files[name] = data
    told = json.loads(files["manifest.json"])
    inside = {one: value for one, value in files.items() if one not in told_apart}
    about = {key: value for key, value in told.items() if key not in {"files", "whole", "format"}}
    return packages.manifest(inside, about=about)


told_apart = {packages.MANIFEST, packages.SIGNATURE}


@pytest.mark.django_db
@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_script_finds_tampering(package, tmp_path, what):
    path = written(tmp_path, changed(read(package), TAMPERINGS[what]))

    status, words = checked(path)

    assert status == 1, words
    assert "✗" in words


@pytest.mark.django_db
def test_a_seal_of_another_authority_is_found(package, tmp_path, settings):
    settings.KEYS_DIR = tmp_path / "other"
    path = written(tmp_path, read(package))

    status, words = checked(path, "--authority", str(keys().authority_path()))

    assert status == 1
    assert "不是所给根证书签发的" in words


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", bytes(100)])
def test_what_is_no_package_is_said_to_be_none(tmp_path, data):
    status, words = checked(written(tmp_path, data))

    assert status == 2
    assert "不是归档包" in words


def test_a_name_that_leads_out_of_the_package_is_refused(tmp_path):
    path = written(tmp_path, packages.pack({"../out.txt": b"x"}, at=LATER))

    assert checked(path)[0] == 2


@given(st.binary(max_size=300))
def test_the_script_hashes_as_the_standard_says(data):
    script = runpy.run_path(str(SCRIPT))

    assert script["sm3_plain"](data) == hashing.sm3(data)


def test_the_example_of_the_standard():
    """GB/T 32905-2016 附录A.1."""
    found = runpy.run_path(str(SCRIPT))["sm3_plain"](b"abc")

    assert found == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.django_db
def test_who_took_a_package_out_stands_in_the_trail(package, closed):
    read(package)

    row = AuditEvent.objects.filter(act="audit.read", target=f"case:{closed.number}").last()
    assert row.actor == KEEPER.ref
    assert AuditEvent.objects.filter(act="archives.make").count() == 1


@pytest.mark.django_db
def test_packages_of_others_and_open_cases_are_refused(package, closed):
    with pytest.raises(queries.PackageNotFoundError):
        services.read_package(package_id=package.id, by=cases.STRANGER, at=LATER)
    with pytest.raises(PermissionRefusedError, match="归档包"):
        queries.packages(by=cases.CLERK, today=LATER.date())
    with pytest.raises(PermissionRefusedError):
        services.make_package(number=closed.number, by=cases.HEAD, at=LATER)
    running = cases.receive()
    with pytest.raises(services.ArchiveRefusedError, match="还没有办结"):
        services.make_package(number=running.number, by=KEEPER, at=LATER)


@pytest.mark.django_db
def test_a_case_is_archived_again_only_after_something_was_added(package, closed):
    with pytest.raises(services.ArchiveRefusedError, match="没有变化"):
        services.make_package(number=closed.number, by=KEEPER, at=LATER)

    Case.objects.filter(number=closed.number).update(version=99)
    again = services.make_package(number=closed.number, by=KEEPER, at=LATER)

    assert (again.revision, again.sha256 != package.sha256) == (2, True)


@pytest.mark.req("NFR-05")
@pytest.mark.django_db
def test_the_job_archives_by_itself_what_may_no_longer_be_evaluated(closed):
    evaluation_ends = Case.objects.get(number=closed.number).evaluation_until
    last = dt.datetime.combine(evaluation_ends, dt.time(23), tzinfo=cases.ZONE)

    assert services.make_due(by=READER, at=last) == 0
    assert services.make_due(by=READER, at=last + dt.timedelta(days=1)) == 1
    assert services.make_due(by=READER, at=last + dt.timedelta(days=1)) == 0


@pytest.mark.django_db
def test_the_job_passes_by_what_is_archived_without_asking_for_each(
    closed, package, django_assert_max_num_queries
):
    later = LATER + dt.timedelta(days=400)

    with django_assert_max_num_queries(1):
        assert services.make_due(by=READER, at=later) == 0
    Case.objects.filter(number=closed.number).update(version=99)
    assert services.make_due(by=READER, at=later) == 1


@pytest.mark.django_db
def test_a_damaged_file_is_found_and_not_handed_out(package, closed, settings):
    assert services.check_packages() == {}
    path = store.LocalFolder(settings.FILES_DIR).path(package.sha256)
    path.write_bytes(path.read_bytes()[:-1])

    assert list(services.check_packages()) == [closed.number]
    with pytest.raises(services.ArchiveRefusedError, match="从备份恢复"):
        services.read_package(package_id=package.id, by=KEEPER, at=LATER)
    path.unlink()


@pytest.mark.django_db
def test_the_hashes_of_a_package_cannot_be_changed(package):
    from django.db import Error, transaction

    with pytest.raises(Error), transaction.atomic():
        ArchivePackage.objects.filter(pk=package.id).update(sha256="0" * 64)
    with pytest.raises(Error), transaction.atomic():
        ArchivePackage.objects.filter(pk=package.id).delete()


@pytest.mark.parametrize(
    ("years", "until", "transfer"),
    [(10, "2037-01-01", None), (30, "2057-01-01", "2037-01-01"), (None, None, "2037-01-01")],
)
def test_years_count_from_the_next_new_year(years, until, transfer):
    found = retention(closed_on=dt.date(2026, 3, 9), years=years)

    assert found.until == (dt.date.fromisoformat(until) if until else None)
    assert found.transfer_on == (dt.date.fromisoformat(transfer) if transfer else None)


def test_a_period_that_is_none_does_not_load():
    assert problems("archives.retention", "10") == []
    assert problems("archives.retention.type.licence", "permanent") == []
    assert problems("archives.retention", "forever")
    assert problems("archives.retention", "0")


@pytest.mark.django_db
def test_photos_of_a_check_and_of_a_report_on_it_are_in_the_package(tmp_path):
    commitments.district()
    number = commitments.granted().number
    of_check, of_report = cases.upload(commitments.CHECKER.ref), cases.upload("user:firm")
    commitments.check(
        number, outcome=CheckOutcome.CORRECT, conditions=["rules"], upload_refs=[of_check]
    )
    case_services.report_correction(
        number=number, text="已改正。", upload_refs=[of_report], by=cases.FIRM, at=LATER
    )

    path = written(tmp_path, read(services.make_package(number=number, by=KEEPER, at=LATER)))

    assert checked(path)[0] == 0
    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read("materials.json"))
        names = set(archive.namelist())
    held = {one["upload"]: one["path"] for one in listed if "upload" in one}
    assert held.keys() >= {of_check, of_report}
    assert set(held.values()) <= names

    commitments.check(number, at=LATER + dt.timedelta(days=1))
    again = services.make_package(number=number, by=KEEPER, at=LATER + dt.timedelta(days=2))
    assert again.revision == 2
    with pytest.raises(services.ArchiveRefusedError, match="没有变化"):
        services.make_package(number=number, by=KEEPER, at=LATER + dt.timedelta(days=3))


@pytest.mark.django_db
def test_the_package_tells_which_file_a_correction_replaced(tmp_path):
    cases.district()
    old, new = cases.upload(cases.CLERK.ref), cases.upload()
    number = cases.receive(uploads={"layout": [old]}).number
    case_services.ask_correction(
        number=number,
        lines=[case_services.CorrectionLine(material_id="layout", what="看不清", why="看得清")],
        by=cases.CLERK,
        at=cases.FRIDAY,
    )
    (line,) = case_page(number, by=READER).correction.lines
    case_services.file_correction(
        number=number,
        lines=[case_services.FiledLine(line_id=line.id, upload_refs=[new])],
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=cases.FRIDAY,
    )
    case_services.withdraw_case(number=number, reason="改期", by=cases.FIRM, at=cases.FRIDAY)

    path = written(tmp_path, read(services.make_package(number=number, by=KEEPER, at=LATER)))

    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read("materials.json"))
    assert {one["upload"]: one["standing"] for one in listed if "upload" in one} == {
        old: "replaced",
        new: "corrected",
    }
