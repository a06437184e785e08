from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from yiwang.audit import keys
from yiwang.audit.policy import notes

ROOT = bytes(range(32))


def test_note_has_the_lines_of_the_format():
    text = keys.sign_checkpoint(size=7, root=ROOT)

    origin, size, root, empty, mark, end = text.split("\n")

    assert (origin, size, root) == (keys.origin(), "7", base64.b64encode(ROOT).decode())
    assert empty == end == ""
    assert mark.startswith(f"— {keys.origin()} ")


def test_note_comes_back_and_is_signed():
    note = notes.parse(keys.sign_checkpoint(size=7, root=ROOT))

    assert (note.size, note.root) == (7, ROOT)
    assert keys.is_signed(note)


def test_key_is_made_once_and_only_its_owner_reads_it(settings, tmp_path):
    settings.KEYS_DIR = tmp_path

    first, second = keys.signing_key(), keys.signing_key()

    assert first.public == second.public
    assert (tmp_path / "trail" / "signing.pem").stat().st_mode & 0o777 == 0o600


def test_changed_size_is_not_signed():
    text = keys.sign_checkpoint(size=7, root=ROOT).replace("\n7\n", "\n8\n")

    assert not keys.is_signed(notes.parse(text))


def test_stranger_does_not_sign():
    private = Ed25519PrivateKey.generate()
    text = notes.signed(
        origin=keys.origin(),
        size=7,
        root=ROOT,
        public_key=private.public_key().public_bytes_raw(),
        signer=private,
    )

    assert not keys.is_signed(notes.parse(text))


def test_note_of_another_log_is_not_ours(settings):
    text = keys.sign_checkpoint(size=7, root=ROOT)
    settings.DISTRICT = "elsewhere"

    assert not keys.is_signed(notes.parse(text))


def test_file_that_is_no_key_is_named(settings, tmp_path):
    settings.KEYS_DIR = tmp_path
    other = X25519PrivateKey.generate().private_bytes(
        keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.NoEncryption()
    )
    (tmp_path / "trail").mkdir()
    (tmp_path / "trail" / "signing.pem").write_bytes(other)

    with pytest.raises(ValueError, match="请恢复备份的密钥文件"):
        keys.signing_key()


GOOD = "log\n7\nAAAA\n\n— log AAAAAAAA\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("log\n7\nAAAA\n", id="no signature"),
        pytest.param("log\n7\n\n— log AAAAAAAA\n", id="no root"),
        pytest.param(GOOD.replace("7", "-7"), id="size below zero"),
        pytest.param(GOOD.replace("7", "x"), id="size in letters"),
        pytest.param(GOOD.replace("AAAA\n\n", "?\n\n"), id="root not base64"),
        pytest.param(GOOD.replace("— log", "— other"), id="signed by another log"),
        pytest.param(GOOD.replace("— ", "- "), id="no mark"),
        pytest.param(GOOD.replace("AAAAAAAA", "AAAA"), id="signature too short"),
        pytest.param(GOOD + "— log AAAAAAAA\n", id="two signatures"),
    ],
)
def test_note_of_another_form_is_not_read(text):
    with pytest.raises(ValueError, match="checkpoint|base64"):
        notes.parse(text)


def test_note_of_the_right_form_is_read():
    assert notes.parse(GOOD).size == 7
