"""Seals: a visible seal with a PAdES signature on a PDF, and checking one."""

from __future__ import annotations

import binascii
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, TypeVar, cast

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from asn1crypto.core import Asn1Value
from asn1crypto.parser import parse
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.attributes import CMSAttributeProvider, SignedAttributeProviderSpec
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.signers.pdf_signer import PdfSigner, PdfSigningSession
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from yiwang.documents.keys import MARK, KeyHandle, keys
from yiwang.documents.rendering import SealPlace, render, render_for_seal

Value = TypeVar("Value", bound=Asn1Value)

SEAL_SIDE_POINTS = 119.06
"""Side of a department's seal: 42 mm. 国发〔1999〕25号 第十一条."""

SEAL_MARGIN_POINTS = 60.0
"""Distance of a seal from the lower right corner where no place is given."""

SEAL_NOTE = f"{MARK}专用"
SEALED_MAX_BYTES = 30_000_000
"""Largest file whose seal is checked."""

SEALS_CHECKED_MAX = 8
"""Most signatures of one file that are looked at."""


@dataclass(frozen=True, kw_only=True)
class SealCheck:
    """What a check of a sealed PDF found.

    Attributes:
        intact: Not one byte that was sealed has changed, and nothing was added that changes it.
        trusted: The certificate was issued by this installation's authority.
        signer: Name in the certificate; empty where there is no seal.
        signed_at: Moment the signer states.
        covers_whole: The seal covers the file to its last byte.
        message: One Chinese sentence for people.
    """

    intact: bool
    trusted: bool
    signer: str
    signed_at: datetime | None
    covers_whole: bool
    message: str


def seal_pdf(
    pdf: bytes,
    *,
    seal: str,
    reason: str,
    at: datetime,
    owner: str = "",
    place: SealPlace | None = None,
) -> bytes:
    """Put the seal `seal` on `pdf` with a signature over all of it.

    The signature certifies the document: whatever is added afterwards is found.

    Args:
        pdf: A PDF without a seal.
        seal: Code of the seal: the department's code.
        reason: What the seal is put on for, shown by PDF readers.
        at: Moment of sealing.
        owner: Name of the department on the seal; default: the code.
        place: Where; default: right below on the last page.

    Raises:
        ValueError: `seal` is not a code.
    """
    name = owner or seal
    key = keys().handle(seal, owner=name)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    where = place or _default_place(writer.prev)
    field = f"seal-{secrets.token_hex(4)}"
    signer = _Certifier(
        signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm=key.algorithm.digest,
            name=name,
            reason=reason,
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        ),
        signer=_kept.signer(key, authority_der=keys().authority_der()),
        # A new style each time: a shared one grows with every document it stamps.
        stamp_style=StaticStampStyle(
            border_width=0, background=_SealDrawing(_kept.drawing(name)), background_opacity=0.92
        ),
        new_field_spec=SigFieldSpec(
            field,
            on_page=where.page,
            box=(
                round(where.left),
                round(where.bottom),
                round(where.left + where.side),
                round(where.bottom + where.side),
            ),
        ),
        at=at,
    )
    sealed = signer.sign_pdf(writer, bytes_reserved=_room_for(key), in_place=True)
    return cast(BytesIO, sealed).getvalue()


def render_sealed(
    template: str,
    data: Mapping[str, Any],
    *,
    seal: str,
    owner: str,
    reason: str,
    at: datetime,
) -> bytes:
    """Make a PDF of `data` and put the seal where the template wants it.

    Args:
        template: Name of the template.
        data: Its words; see `rendering.WORDS`.
        seal: Code of the seal: the department's code.
        owner: Name of the department on the seal.
        reason: What the seal is put on for.
        at: Moment of making and sealing.

    Raises:
        GlyphMissingError: a character cannot be printed.
    """
    made = render_for_seal(template, data, at=at)
    return seal_pdf(made.pdf, seal=seal, reason=reason, at=at, owner=owner, place=made.seal_place)


@lru_cache(maxsize=64)
def seal_drawing(name: str) -> bytes:
    """Return the round seal of the body `name` as a PDF page of 42 mm, marked as demonstration."""
    return render("seal", {"name": name, "note": SEAL_NOTE}, at=datetime(2020, 1, 1, tzinfo=UTC))


def verify_pdf(pdf: bytes) -> SealCheck:
    """Check the seal on `pdf`; says what it found and raises on nothing.

    Among several seals the answer is about the best one: intact, ours, covering most.
    """
    if len(pdf) > SEALED_MAX_BYTES:
        return _unsealed(
            f"文件超过 {SEALED_MAX_BYTES // 1_000_000} MB，无法核验，请上传证照原文件。"
        )
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        seals = list(reader.embedded_regular_signatures)
    except Exception:  # noqa: BLE001 - whatever a stranger's file does to the parser is an answer
        return _unsealed("这不是完好的 PDF 文件，无法核验，请上传证照原文件。")
    if not seals:
        return _unsealed("文件上没有电子印章，无法核验，请上传带电子印章的证照原文件。")
    found = [_check(seal) for seal in seals[-SEALS_CHECKED_MAX:]]
    return max(found, key=lambda one: (one.intact and one.trusted, one.trusted, one.covers_whole))


def _check(seal: EmbeddedPdfSignature) -> SealCheck:
    signer = _name(seal)
    try:
        stated_at = seal.self_reported_timestamp
        status = validate_pdf_signature(
            seal,
            ValidationContext(
                trust_roots=[asn1_x509.Certificate.load(keys().authority_der())],
                allow_fetching=False,
                moment=stated_at if stated_at and stated_at.tzinfo else None,
            ),
        )
    except Exception:  # noqa: BLE001 - a signature that cannot be read is not a valid one
        return SealCheck(
            intact=False,
            trusted=False,
            signer=signer,
            signed_at=None,
            covers_whole=False,
            message="文件上的电子印章已损坏，请勿采信，并向颁发机关核实。",
        )
    intact = status.intact and status.valid and _unchanged_since(status) and _padded(seal)
    return SealCheck(
        intact=intact,
        trusted=status.trusted,
        signer=signer,
        signed_at=stated_at,
        covers_whole=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        message=_message(intact=intact, trusted=status.trusted, signer=signer),
    )


def _unchanged_since(status: PdfSignatureStatus) -> bool:
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return (
        status.coverage == SignatureCoverageLevel.ENTIRE_REVISION
        and bool(status.docmdp_ok)
        and status.modification_level in {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}
    )


def _padded(seal: EmbeddedPdfSignature) -> bool:
    """Tell whether nothing is hidden behind the signature in the room left for it."""
    room = bytes(seal.pkcs7_content)
    _, _, _, header, content, trailer = parse(room)
    return not room[len(header) + len(content) + len(trailer) :].strip(b"\0")


def _message(*, intact: bool, trusted: bool, signer: str) -> str:
    if not intact:
        return "文件在加盖电子印章之后被改动过，请勿采信，并向颁发机关核实。"
    if not trusted:
        return f"文件自盖章后未被改动，但印章“{signer}”不是本平台制发的，请向颁发机关核实。"
    return f"文件自“{signer}”盖章后未被改动（演示印章）。"


def _unsealed(message: str) -> SealCheck:
    return SealCheck(
        intact=False,
        trusted=False,
        signer="",
        signed_at=None,
        covers_whole=False,
        message=message,
    )


def _name(seal: EmbeddedPdfSignature) -> str:
    try:
        return str(seal.signer_cert.subject.native.get("common_name", ""))[:100]
    except Exception:  # noqa: BLE001 - see verify_pdf
        return ""


def _default_place(document: PdfFileReader) -> SealPlace:
    last = document.root["/Pages"]["/Count"] - 1
    found, _ = document.find_page_for_modification(last)  # type: ignore[no-untyped-call]
    page = found.get_object()
    left, bottom, right, _ = (float(edge) for edge in page.get("/MediaBox", (0, 0, 595, 842)))
    return SealPlace(
        page=int(last),
        left=max(right - SEAL_MARGIN_POINTS - SEAL_SIDE_POINTS, left),
        bottom=bottom + SEAL_MARGIN_POINTS,
        side=SEAL_SIDE_POINTS,
    )


class _HandleSigner(signers.Signer):
    """pyHanko's signer over any `KeyHandle`, kept as long as the process.

    What is alike in every signature of a key is built once. Values are passed on as read from
    their bytes: one that was just put together writes everything below it anew each time it is
    asked, and the one around it asks several times, which took most of the time of a seal.
    """

    def __init__(self, key: KeyHandle, *, authority_der: bytes) -> None:
        certificates = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        certificates.register(asn1_x509.Certificate.load(authority_der))
        certificate = asn1_x509.Certificate.load(key.certificate_der)
        super().__init__(signing_cert=certificate, cert_registry=certificates, embed_roots=True)
        self._key = key
        self.signed_attr_prov_spec = _CertificateNamed(certificate)

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        """Return the signature over `data`."""
        if digest_algorithm.replace("-", "").lower() != self._key.algorithm.digest:
            raise ValueError(f"{self._key.algorithm.name} does not sign over {digest_algorithm}")
        return self._key.sign(data)

    async def signed_attrs(self, *positional: Any, **named: Any) -> cms.CMSAttributes:
        """Return the signed attributes as the library makes them."""
        return _settled(await super().signed_attrs(*positional, **named))

    def signer_info(self, *positional: Any, **named: Any) -> cms.SignerInfo:
        """Return who signed, and how, as the library makes it."""
        return _settled(super().signer_info(*positional, **named))


class _CertificateNamed(SignedAttributeProviderSpec):
    """The attributes of PAdES beside type and digest: the certificate, and no time."""

    def __init__(self, certificate: asn1_x509.Certificate) -> None:
        named = simple_cms_attribute(  # type: ignore[no-untyped-call]
            "signing_certificate_v2", as_signing_certificate_v2(certificate)
        )
        self._provider = _KeptAttribute(named.dump())

    def signed_attr_providers(
        self, data_digest: bytes, digest_algorithm: str
    ) -> Iterable[CMSAttributeProvider]:
        """Return what names the certificate; it is alike for whatever is signed."""
        return [self._provider]


class _KeptAttribute(CMSAttributeProvider):
    """An attribute that is alike in every signature of a key."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded

    async def get_attribute(self, dry_run: bool = False) -> cms.CMSAttribute:
        """Return the attribute."""
        return cms.CMSAttribute.load(self._encoded)


def _settled(value: Value) -> Value:
    """Return an equal value that holds its bytes."""
    return cast(Value, type(value).load(value.dump()))


def _room_for(key: KeyHandle) -> int:
    """Return the hexadecimal digits kept free for a signature by `key`.

    The library would sign twice to learn it, which takes two thirds of the time of a seal.
    """
    return 2 * (len(key.certificate_der) + len(keys().authority_der()) + SIGNATURE_BYTES)


SIGNATURE_BYTES = 2_048
"""Room for a signature of any algorithm in use with its signed attributes, without certificates."""


class _Certifier(PdfSigner):
    """pyHanko's PDF signer, told the time instead of reading it."""

    def __init__(self, *positional: Any, at: datetime, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._at = at

    def init_signing_session(self, *positional: Any, **named: Any) -> PdfSigningSession:
        """Start as the library does, at the moment given."""
        session = super().init_signing_session(*positional, **named)
        session.system_time = self._at
        return session


class _SealDrawing(PdfContent):
    """The first page of a PDF as the look of a signature."""

    def __init__(self, drawing: PdfFileReader) -> None:
        self._drawing = drawing
        super().__init__()

    def render(self) -> bytes:
        """Import the page and return the operators that draw it."""
        drawing = self._ensure_writer.import_page_as_xobject(self._drawing)
        name = b"/Seal" + binascii.hexlify(secrets.token_bytes(6))
        self.resources.xobject[name.decode()] = drawing
        left, bottom, right, top = drawing.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return name + b" Do"


class _Kept(threading.local):
    """What one thread builds once and uses for every seal: signers and drawings."""

    def __init__(self) -> None:
        self._signers: dict[tuple[bytes, bytes], _HandleSigner] = {}
        self._drawings: dict[bytes, PdfFileReader] = {}

    def signer(self, key: KeyHandle, *, authority_der: bytes) -> _HandleSigner:
        """Return the signer of a key."""
        name = key.certificate_der, authority_der
        if name not in self._signers:
            self._signers[name] = _HandleSigner(key, authority_der=authority_der)
        return self._signers[name]

    def drawing(self, name: str) -> PdfFileReader:
        """Return the drawing of the seal of the body `name`, read once."""
        drawing = seal_drawing(name)
        if drawing not in self._drawings:
            self._drawings[drawing] = PdfFileReader(BytesIO(drawing))
        return self._drawings[drawing]


_kept = _Kept()
