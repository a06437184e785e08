"""A stranger checks a licence by its QR code and by its file; a changed file is found out."""

from __future__ import annotations

import hashlib
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import load_der_x509_certificate
from playwright.sync_api import Page, expect
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.chromium import Visit
from tests.journeys import acts, handling

SCALE = 3
"""Pixels per point: a phone's camera sees less."""

HOLDER = "上海虚构建设工程有限公司"


@pytest.fixture(scope="module")
def _kept() -> dict[str, bytes]:
    """The licence of this module, made by its first test."""
    return {}


@pytest.fixture
def licence(visit: Visit, tmp_path: Path, _kept: dict[str, bytes]) -> bytes:
    """A licence as its holder downloads it."""
    if "pdf" not in _kept:
        applicant = visit(login="builder")
        number = handling.apply(applicant, HOLDER, acts.sheet(tmp_path))
        handling.grant_all(visit, number)
        applicant.goto(f"/cases/{number}/")
        _kept["pdf"] = handling.licence_file(applicant)
    return _kept["pdf"]


@pytest.mark.req("LIC-01", "LIC-03")
def test_the_code_on_the_licence_opens_its_verification(visit: Visit, licence: bytes, site: str):
    found = [
        code.text
        for page in pypdfium2.PdfDocument(licence)
        for code in zxingcpp.read_barcodes(page.render(scale=SCALE).to_numpy())
    ]
    assert len(found) == 1, found
    assert found[0].casefold().startswith(site.casefold())

    stranger = visit()
    stranger.goto(found[0])

    acts.heading(stranger, "核验结果：有效")
    expect(acts.main(stranger)).to_contain_text("食品经营许可证")
    expect(acts.main(stranger)).to_contain_text(HOLDER)


@pytest.mark.req("LIC-01")
def test_the_file_as_it_was_sealed_is_valid(visit: Visit, tmp_path: Path, licence: bytes):
    stranger = visit()
    check(stranger, tmp_path, licence)

    acts.heading(stranger, "核验结果：有效")
    expect(acts.main(stranger)).to_contain_text("签章后没有改动")
    assert "Signature is Valid" in pdfsig(tmp_path, licence)
    assert digest_matches(licence)
    assert signature_matches(licence)


def flipped(licence: bytes) -> bytes:
    """Change one byte of what is drawn."""
    place = licence.index(b"stream\n") + 40
    return licence[:place] + bytes([licence[place] ^ 1]) + licence[place + 1 :]


def turned(licence: bytes) -> bytes:
    """Append a change of the document, as an editor saves it."""
    writer = IncrementalPdfFileWriter(BytesIO(licence))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Rotate"] = NumberObject(180)
    writer.update_container(page)
    changed = BytesIO()
    writer.write(changed)
    return changed.getvalue()


def rewritten(licence: bytes) -> bytes:
    """Save the document anew with another title."""
    with pikepdf.open(BytesIO(licence)) as opened:
        opened.docinfo["/Title"] = "别的许可证"
        changed = BytesIO()
        opened.save(changed)
    return changed.getvalue()


@pytest.mark.req("LIC-01")
@pytest.mark.parametrize("change", [flipped, turned, rewritten])
def test_a_changed_file_is_found_out(visit: Visit, tmp_path: Path, licence: bytes, change):
    changed = change(licence)
    stranger = visit()
    check(stranger, tmp_path, changed)

    expect(stranger.get_by_role("heading", level=1)).not_to_contain_text("有效")
    expect(acts.main(stranger)).to_contain_text("文件被改动过，或没有签章")
    said = pdfsig(tmp_path, changed)
    assert "Signature is Valid" not in said or "Not total document signed" in said, said
    assert not (digest_matches(changed) and covers_all(changed))


def check(page: Page, folder: Path, pdf: bytes) -> None:
    """Hand a file to the public check."""
    file = folder / "证照.pdf"
    file.write_bytes(pdf)
    page.goto("/verify/")
    page.locator("input[type=file]").set_input_files(file)
    acts.press(page, "核验文件")


def pdfsig(folder: Path, pdf: bytes) -> str:
    """Return what poppler says about the signatures."""
    file = folder / "poppler.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(
        ["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def signed(pdf: bytes) -> tuple[bytes, cms.SignedData, list[int]]:
    """Return what the first signature covers, the signature and the byte range, read by hand."""
    start = pdf.index(b"[", pdf.index(b"/ByteRange")) + 1
    ranges = [int(word) for word in pdf[start : pdf.index(b"]", start)].split()]
    first, length, second, rest = ranges
    covered = pdf[first : first + length] + pdf[second : second + rest]
    held = bytes.fromhex(pdf[first + length + 1 : second - 1].decode())
    return covered, cms.ContentInfo.load(held, strict=False)["content"], ranges


def attribute(info: cms.SignerInfo, name: str) -> bytes:
    """Return one signed attribute."""
    return next(
        one["values"][0].native for one in info["signed_attrs"] if one["type"].native == name
    )


def digest_matches(pdf: bytes) -> bool:
    """Tell whether the bytes are those that were signed, by hashlib alone."""
    try:
        covered, content, _ = signed(pdf)
    except ValueError:
        return False
    info = content["signer_infos"][0]
    name = info["digest_algorithm"]["algorithm"].native
    return hashlib.new(name, covered).digest() == attribute(info, "message_digest")


def covers_all(pdf: bytes) -> bool:
    """Tell whether the signature reaches the end of the file."""
    try:
        _, _, (_, _, second, rest) = signed(pdf)
    except ValueError:
        return False
    return second + rest == len(pdf)


def signature_matches(pdf: bytes) -> bool:
    """Check the signature over the attributes with the certificate in the file."""
    _, content, _ = signed(pdf)
    info = content["signer_infos"][0]
    wanted = info["sid"].chosen["serial_number"].native
    certificate = next(
        one.chosen for one in content["certificates"] if one.chosen.serial_number == wanted
    )
    key = load_der_x509_certificate(certificate.dump()).public_key()
    attributes, value = info["signed_attrs"].untag().dump(), info["signature"].native
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[
        info["digest_algorithm"]["algorithm"].native
    ]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, attributes, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(value, attributes)
        else:
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(value, attributes, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
