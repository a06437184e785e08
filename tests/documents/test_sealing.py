"""Seals: made by one key per department, checked by us, by poppler and by hand."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.documents.test_rendering import LICENCE, NOTICE
from tests.factories.documents import NOON, pdf
from yiwang.documents import sealing
from yiwang.documents.keys import FileKeys, keys
from yiwang.documents.reading import embedded_identifier
from yiwang.documents.sealing import render_sealed, seal_pdf, verify_pdf
from yiwang.kernel.hashing import sha256

OWNER = "嘉定区市场监督管理局"
NEEDS_PDFSIG = "pdfsig is missing; type: apt-get install -y poppler-utils"


def sealed_licence() -> bytes:
    return render_sealed(
        "licence", LICENCE, seal="market", owner=OWNER, reason="颁发食品经营许可证", at=NOON
    )


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One sealed licence for all who only look; the keys lie where each test finds them."""
    from django.conf import settings

    settings.KEYS_DIR = tmp_path_factory.getbasetemp() / "keys"
    return sealed_licence()


def by_hand(document: bytes, authority_der: bytes) -> str:
    """Check the seal with asn1crypto and cryptography alone; return the signer's name.

    Raises:
        ValueError: the range, the digest or a signature is wrong.
    """
    found = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", document)
    if found is None:
        raise ValueError("no byte range")
    start, length, second, rest = map(int, found.groups())
    if start != 0 or second + rest != len(document):
        raise ValueError("the seal does not cover the whole file")
    hole = document[length:second]
    if not (hole.startswith(b"<") and hole.endswith(b">")):
        raise ValueError("something else than the signature is left out")
    signed = cms.ContentInfo.load(bytes.fromhex(hole[1:-1].decode()))["content"]
    (signer,) = signed["signer_infos"]
    stated = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
    covered = document[:length] + document[second:]
    digest = hashes.Hash(hashes.SHA256())
    digest.update(covered)
    if stated["message_digest"] != digest.finalize():
        raise ValueError("the digest differs")
    certificates = [x509.load_der_x509_certificate(one.dump()) for one in signed["certificates"]]
    serial = signer["sid"].chosen["serial_number"].native
    certificate = next(one for one in certificates if one.serial_number == serial)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    try:
        key.verify(signer["signature"].native, attributes, ec.ECDSA(hashes.SHA256()))
        certificate.verify_directly_issued_by(x509.load_der_x509_certificate(authority_der))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ValueError("a signature is wrong") from error
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    return str(name)


def pdfsig(document: bytes, folder: Path, *, authority: Path | None = None) -> str:
    """Return what poppler's pdfsig says about a document."""
    assert shutil.which("pdfsig"), NEEDS_PDFSIG
    path = folder / "document.pdf"
    path.write_bytes(document)
    command = ["pdfsig", "-nocert", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def flipped(document: bytes, place: int) -> bytes:
    changed = bytearray(document)
    changed[place] ^= 0x01
    return bytes(changed)


def with_update(document: bytes, *, page: bool) -> bytes:
    """Return the document with a change appended, as an editor saves it."""
    writer = IncrementalPdfFileWriter(BytesIO(document))
    if page:
        first, _ = writer.find_page_for_modification(0)
        first.get_object()["/Rotate"] = NumberObject(180)
        writer.mark_update(first)
    else:
        writer.root["/Lang"] = writer.root["/Type"]
        writer.update_root()
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_seal_covers_the_whole_file_and_names_the_department(sealed):
    check = verify_pdf(sealed)

    assert check.intact
    assert check.trusted
    assert check.covers_whole
    assert check.signer == OWNER
    assert check.signed_at == NOON
    assert check.message == f"文件自“{OWNER}”盖章后未被改动（演示印章）。"


def test_poppler_finds_the_seal_valid(sealed, tmp_path):
    said = pdfsig(sealed, tmp_path)

    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert OWNER in said
    assert "ETSI.CAdES.detached" in said


def test_a_check_by_hand_finds_the_seal_valid(sealed):
    assert by_hand(sealed, keys().authority_der()) == OWNER


def test_a_flipped_byte_is_found_by_all_three(sealed, tmp_path):
    after_the_hole = sealed.index(b"/ByteRange") + 60
    for place in (20, len(sealed) // 3, after_the_hole, len(sealed) - 30):
        changed = flipped(sealed, place)

        assert not verify_pdf(changed).intact
        assert "Signature is Valid" not in pdfsig(changed, tmp_path)
        with pytest.raises((ValueError, KeyError, StopIteration)):
            by_hand(changed, keys().authority_der())


def test_a_byte_hidden_behind_the_signature_is_found(sealed):
    end = sealed.index(b">", sealed.index(b"/ByteRange") + 200)
    changed = flipped(sealed, sealed.rindex(b"0", 0, end - 40))

    assert not verify_pdf(changed).intact


@pytest.mark.parametrize("on_page", [True, False])
def test_a_change_appended_is_found_by_all_three(sealed, tmp_path, on_page):
    changed = with_update(sealed, page=on_page)
    assert changed.startswith(sealed)

    check = verify_pdf(changed)

    assert not check.intact
    assert not check.covers_whole
    assert check.message.startswith("文件在加盖电子印章之后被改动过，请勿采信")
    assert "Total document signed" not in pdfsig(changed, tmp_path)
    with pytest.raises(ValueError, match="whole file"):
        by_hand(changed, keys().authority_der())


def test_a_copy_saved_anew_has_lost_its_seal(sealed):
    with pikepdf.open(BytesIO(sealed)) as document:
        file = BytesIO()
        document.save(file)

    assert not verify_pdf(file.getvalue()).intact


def test_a_seal_of_another_authority_is_intact_but_not_trusted(sealed, settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "elsewhere"
    foreign = seal_pdf(pdf(), seal="market", owner=OWNER, reason="冒用", at=NOON)
    settings.KEYS_DIR = tmp_path / "here"

    check = verify_pdf(foreign)

    assert check.intact
    assert not check.trusted
    assert "不是本平台制发的，请向颁发机关核实" in check.message


def test_a_foreign_seal_on_top_of_a_change_does_not_help(sealed, settings, tmp_path):
    ours = settings.KEYS_DIR
    settings.KEYS_DIR = tmp_path / "elsewhere"
    try:
        forged = seal_pdf(
            with_update(sealed, page=True), seal="market", owner=OWNER, reason="冒用", at=NOON
        )
    except Exception:  # noqa: BLE001 - the signing library refuses a certified document: as good
        return
    settings.KEYS_DIR = ours

    check = verify_pdf(forged)

    assert not (check.intact and check.trusted)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(b"", "不是完好的 PDF 文件", id="empty"),
        pytest.param(b"garbage", "不是完好的 PDF 文件", id="garbage"),
        pytest.param(
            b"%PDF-1.7\n" + b"\xff" * 5_000, "不是完好的 PDF", id="rubbish after the head"
        ),
        pytest.param(pdf(), "没有电子印章", id="no seal"),
        pytest.param(b"\0" * 30_000_001, "文件超过 30 MB，无法核验", id="too large"),
    ],
)
def test_garbage_is_an_answer_and_no_accident(document, words):
    check = verify_pdf(document)

    assert not check.intact
    assert not check.trusted
    assert words in check.message


def test_every_cut_of_a_sealed_file_is_an_answer(sealed):
    for length in range(0, len(sealed), len(sealed) // 25):
        assert not verify_pdf(sealed[:length]).intact


def test_a_document_without_a_place_is_sealed_below_on_its_last_page():
    document = seal_pdf(pdf(pages=2), seal="civil", owner="嘉定区民政局", reason="测试", at=NOON)

    assert verify_pdf(document).intact
    with pikepdf.open(BytesIO(document)) as opened:
        assert "/Annots" not in opened.pages[0].obj
        (widget,) = opened.pages[1].obj.Annots
        left, bottom, right, _ = (float(edge) for edge in widget.Rect)
    assert 300 < left < right < 595
    assert bottom == 60


def test_the_seal_is_seen_and_is_red(sealed):
    with pypdfium2.PdfDocument(sealed) as document:
        document.init_forms()
        picture = document[0].render(scale=1, may_draw_forms=True).to_pil().convert("RGB")

    red = sum(1 for r, g, b in picture.get_flattened_data() if r > 190 and g < 80 and b < 80)
    assert red > 1_000


def test_the_seal_says_that_it_is_a_demonstration():
    with pypdfium2.PdfDocument(sealing.seal_drawing(OWNER)) as document:
        said = document[0].get_textpage().get_text_bounded()

    assert "演示专用" in "".join(said.split())


def test_sealed_documents_do_not_grow_one_from_another():
    sizes = {
        len(render_sealed("notice", NOTICE, seal="civil", owner="民政局", reason="通知", at=NOON))
        for _ in range(4)
    }

    assert max(sizes) - min(sizes) < 200


def test_seals_put_on_at_once_by_several_bodies_are_each_their_own():
    bodies = ["民政局", OWNER, "卫生健康委员会"] * 4

    def seal(owner):
        return seal_pdf(pdf(), seal="market", owner=owner, reason="测试", at=NOON)

    with ThreadPoolExecutor(4) as pool:
        found = [verify_pdf(document) for document in pool.map(seal, bodies)]

    assert [check.signer for check in found] == bodies
    assert all(check.intact and check.trusted and check.covers_whole for check in found)


def test_a_seal_names_its_certificate_among_what_is_signed_and_states_no_time():
    for _ in range(2):  # the second seal of a key is put together from what the first one built
        document = seal_pdf(pdf(), seal="market", owner=OWNER, reason="测试", at=NOON)

        (signature,) = PdfFileReader(BytesIO(document)).embedded_regular_signatures

        signed = signature.signer_info["signed_attrs"]
        assert {one["type"].native for one in signed} == {
            "content_type",
            "message_digest",
            "signing_certificate_v2",
        }
        assert signature.embedded_attr_certs == []
        assert len(signature.other_embedded_certs) == 1  # the authority's


def test_a_sealed_document_still_says_what_it_is(sealed):
    assert embedded_identifier(sealed) == LICENCE["identifier"]
    assert embedded_identifier(b"garbage") == ""
    assert embedded_identifier(pdf()) == ""


def test_a_key_is_made_once_kept_private_and_marked(tmp_path):
    store = FileKeys(tmp_path)

    key = store.handle("market", owner=OWNER)

    assert store.handle("market", owner=OWNER) is key
    assert FileKeys(tmp_path).handle("market", owner=OWNER).certificate_der == key.certificate_der
    private = list(tmp_path.rglob("*.pem"))
    assert len(private) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)
    assert "演示" in key.certificate.subject.rfc4514_string()
    assert key.key_id == sha256(key.certificate_der)[:16]
    shown = x509.load_pem_x509_certificate(store.authority_path().read_bytes())
    key.certificate.verify_directly_issued_by(shown)


def test_a_renamed_department_gets_a_key_of_its_own(tmp_path):
    store = FileKeys(tmp_path)

    before = store.handle("market", owner="工商局")

    assert store.handle("market", owner=OWNER).certificate_der != before.certificate_der


@pytest.mark.parametrize("seal", ["", "../x", "市场", "a" * 41])
def test_a_seal_code_is_a_code(tmp_path, seal):
    with pytest.raises(ValueError, match="not a seal code"):
        FileKeys(tmp_path).handle(seal, owner=OWNER)


def _fingerprint(root: str) -> tuple[str, str]:
    store = FileKeys(Path(root))
    return sha256(store.handle("market", owner=OWNER).certificate_der), sha256(
        store.authority_der()
    )


def test_processes_that_start_together_share_one_key(tmp_path):
    with ProcessPoolExecutor(4) as pool:
        found = set(pool.map(_fingerprint, [str(tmp_path)] * 12))

    assert len(found) == 1


def test_the_moment_of_sealing_is_the_one_given(sealed):
    later = NOON + dt.timedelta(days=400)

    document = seal_pdf(pdf(), seal="market", owner=OWNER, reason="测试", at=later)

    assert verify_pdf(document).signed_at == later
