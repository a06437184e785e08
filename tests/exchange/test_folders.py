"""Departments without an interface exchange signed files; bad ones are set apart with why."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.exchange.folder import put, reasons, scan
from tests.factories import cases, exchange
from tests.factories.exchange import LI, ZHAO
from yiwang.cases import queries as case_queries
from yiwang.exchange.models import Returned
from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.signatures import FILE_AGE, FILE_COMPONENTS, Key, Message
from yiwang.exchange.services import outbox_folder


@pytest.fixture
def number(files) -> str:
    case = cases.accepted()
    assert exchange.push_all(files.partner) == 1
    return case.number


def result(number: str, **changes: object) -> dict:
    return {
        "id": "result-0001",
        "case": number,
        "sequence": 1,
        "kind": "result",
        "reviewer": LI,
        "decider": ZHAO,
        "outcome": "grant",
        "opinion": "符合",
    } | changes


def test_a_case_goes_out_as_signed_files_with_its_materials(files, root):
    cases.publish(cases.restaurant(effective_on=cases.FRIDAY.date().replace(month=1, day=2)))
    refs = {"layout": [cases.upload("user:clerk")], "rules": [cases.upload("user:clerk")]}
    cases.accepted(uploads=refs)
    assert exchange.push_all(files.partner) == 1

    (path,) = (root / "outgoing").glob("*.manifest.json")
    manifest = json.loads(path.read_text())
    raw = (root / "outgoing" / manifest["file-name"]).read_bytes()
    key = Key(
        key_id=files.made.out_key_id,
        algorithm=files.made.algorithm,
        secret=files.made.checks_with,
    )
    signatures.verify(
        Message(headers=manifest),
        {key.key_id: key}.get,
        now=cases.FRIDAY,
        body=raw,
        components=FILE_COMPONENTS,
    )
    told = json.loads(raw)["case"]
    named = {file["name"] for one in told["materials"] for file in one["files"]}
    assert named
    for one in manifest["materials"]:
        data = (root / "outgoing" / one["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
    assert {Path(one["name"]).name for one in manifest["materials"]} == named
    assert not list((root / "outgoing").glob(".*")), "nothing half written is left"


@pytest.mark.req("CASE-05")
def test_a_result_comes_in_as_a_signed_file(files, root, number):
    put(root, files, "r1", result(number))

    assert scan(files) == 1

    assert case_queries.case(number, by=cases.HEAD).state.value == "approved"
    assert sorted(path.name for path in (root / "done").iterdir()) == [
        "r1.json",
        "r1.manifest.json",
    ]
    assert list((root / "incoming").iterdir()) == []
    answer = json.loads((root / "outgoing" / "answer-result-0001.json").read_text())
    assert (answer["http_status"], answer["state"]) == (200, "applied")


def test_the_same_file_again_changes_nothing(files, root, number):
    put(root, files, "r1", result(number))
    scan(files)
    put(root, files, "r1", result(number))
    scan(files)

    assert Returned.objects.count() == 1
    assert reasons(root) == []


def test_half_a_message_waits_for_its_manifest(files, root, number):
    (root / "incoming" / "r1.json").write_text(json.dumps(result(number)))

    assert scan(files) == 0
    assert (root / "incoming" / "r1.json").exists()


def test_forged_late_crooked_and_foreign_files_are_set_apart_each_with_why(files, root, number):
    wrong = Key(key_id=files.key.key_id, algorithm=files.key.algorithm, secret="b3RoZXI=" * 4)
    put(root, files, "a-forged", result(number), key=wrong)
    put(root, files, "b-late", result(number), at=cases.FRIDAY - FILE_AGE * 2)
    put(root, files, "c-foreign", result("310114ZZ", id="result-0002"))
    put(root, files, "d-schema", result(number, id="result-0003", kind="explode"))
    put(root, files, "e-renamed", result(number, id="result-0004"), **{"file-name": "x.json"})
    (root / "incoming" / "f-text.manifest.json").write_text("{" * 10_000)
    (root / "incoming" / "g-alone.manifest.json").write_text("{}")
    put(root, files, "h-large", result(number, id="result-0005", opinion="长" * 400_000))

    assert scan(files) == 8

    said = reasons(root)
    for words in (
        "签名不正确",
        "校准服务器时钟",
        "没有向本系统推送过这个办件",
        "不符合接口说明",
        "文件名与文件不符",
        "清单不是JSON",
        "清单缺少签名或者摘要",
        "文件超过1,000,000字节",
    ):
        assert len([one for one in said if words in one]) == 1, (words, said)
    assert list((root / "incoming").iterdir()) == []
    assert case_queries.case(number, by=cases.HEAD).state.value == "accepted"


def test_names_that_lead_elsewhere_lead_nowhere(files, root, number, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(result(number)))
    incoming = root / "incoming"
    put(root, files, "link", result(number, id="result-0009"))
    (incoming / "link.json").unlink()
    (incoming / "link.json").symlink_to(secret)
    (incoming / ".hidden.manifest.json").write_text("{}")
    (incoming / "a b\n.manifest.json").write_text("{}")
    (incoming / "..x.manifest.json").write_text("{}")
    os.mkfifo(incoming / "pipe.json")
    (incoming / "pipe.manifest.json").write_text(
        json.dumps(
            dict.fromkeys(
                ("content-digest", "idempotency-key", "signature-input", "signature"), "x"
            )
            | {"file-name": "pipe.json"}
        )
    )

    assert scan(files) == 5

    assert len(reasons(root)) == 5
    assert secret.exists()
    assert Returned.objects.count() == 0
    assert not [path for path in (root / "rejected").iterdir() if path.is_symlink()]


def test_a_folder_that_cannot_be_written_is_tried_again(files, root, monkeypatch):
    cases.accepted()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(outbox_folder, "put", full)
        assert exchange.push_all(files.partner) == 0
    from yiwang.exchange.models import Push

    assert Push.objects.get().failure == "写不进交换文件夹（OSError）。"
    assert exchange.push_all(files.partner, cases.FRIDAY.replace(minute=5)) == 1
