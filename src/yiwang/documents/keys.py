"""Keys that seal: an interface for any key store, and keys in files for demonstrations.

A certified device or a remote signing service takes the place of `FileKeys` by offering the same
three answers. Nothing above this module knows which algorithm a key uses.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

MARK = "演示"
"""Stands in every certificate and on every seal of this provider."""

NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2049, 12, 31, tzinfo=UTC)
"""Validity of demonstration certificates; wide, so that no clock decides."""

COMMON_NAME_MAX = 64
"""Longest common name in a certificate, in characters. RFC 5280 ub-common-name."""


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A signature algorithm, as it is written down with each signature.

    Attributes:
        name: `ES256`, `SM2-SM3` and the like.
        digest: Hash over what is signed, as hashlib names it.
        oid: Of the signature algorithm.
    """

    name: str
    digest: str
    oid: str


ES256 = Algorithm(name="ES256", digest="sha256", oid="1.2.840.10045.4.3.2")
"""ECDSA over P-256: about as quick for a whole document as RSA-2048, twelve times as quick for
the signature alone, and a key is made in a moment."""


class KeyHandle(Protocol):
    """One key that can sign, wherever it is kept."""

    @property
    def algorithm(self) -> Algorithm:
        """Return what `sign` does."""

    @property
    def certificate_der(self) -> bytes:
        """Return the certificate of the key."""

    @property
    def key_id(self) -> str:
        """Return a short name of the key for the record: hash of the certificate."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`, in DER for ECDSA and SM2."""


class Keys(Protocol):
    """A store of keys with the authority that issued their certificates."""

    def handle(self, seal: str, *, owner: str) -> KeyHandle:
        """Return the key of the seal `seal` of the body named `owner`."""

    def authority_der(self) -> bytes:
        """Return the certificate against which seals are checked."""


@dataclass(frozen=True, kw_only=True)
class FileKey:
    """A P-256 key read from a file once."""

    private: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    algorithm: Algorithm = ES256

    @property
    def certificate_der(self) -> bytes:
        """Return the certificate of the key."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_id(self) -> str:
        """Return the first 16 hexadecimal characters of the certificate's SHA-256."""
        return hashlib.sha256(self.certificate_der).hexdigest()[:16]

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature over `data` in DER."""
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))


class FileKeys:
    """Demonstration keys in a folder: an authority, and a key per seal made on first use.

    Each file holds key and certificate together and appears whole or not at all, so that of
    several processes the first one wins and the others use its key.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[Path, FileKey] = {}

    def handle(self, seal: str, *, owner: str) -> FileKey:
        """Return the key of `seal`, made on first use; another owner gets another key.

        Raises:
            ValueError: `seal` is not a code of letters, digits, `-` and `_`.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", seal):
            raise ValueError(f"not a seal code: {seal[:60]!r}")
        name = f"{seal}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}.pem"
        return self._key(self.root / "seals" / name, lambda: self._issue(owner or seal, seal))

    def authority(self) -> FileKey:
        """Return the demonstration authority, made on first use."""
        return self._key(self.root / "ca" / "ca.pem", _new_authority)

    def authority_der(self) -> bytes:
        """Return the certificate against which seals are checked."""
        return self.authority().certificate_der

    def authority_path(self) -> Path:
        """Return a PEM file of the authority's certificate, for other programs."""
        path = self.root / "ca" / "ca.crt"
        if not path.exists():
            certificate = self.authority().certificate
            _write_once(path, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
        return path

    def _issue(self, owner: str, seal: str) -> FileKey:
        authority = self.authority()
        private = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{MARK}电子印章"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, seal),
                x509.NameAttribute(NameOID.COMMON_NAME, owner[:COMMON_NAME_MAX]),
            ]
        )
        certificate = (
            _certificate(subject, authority.certificate.subject, private)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private.public_key()),
                critical=False,
            )
            .sign(authority.private, hashes.SHA256())
        )
        return FileKey(private=private, certificate=certificate)

    def _key(self, path: Path, make: Callable[[], FileKey]) -> FileKey:
        known = self._known.get(path)
        if known is None:
            if not path.exists():
                _write_once(path, _to_pem(make()), mode=0o600)
            known = self._known[path] = _from_pem(path.read_bytes())
        return known


@cache
def _file_keys(root: Path) -> FileKeys:
    return FileKeys(root)


def keys() -> FileKeys:
    """Return the key store that the settings name."""
    return _file_keys(settings.KEYS_DIR)


def _new_authority() -> FileKey:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Yiwang"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{MARK}根证书（无法律效力）"),
        ]
    )
    certificate = (
        _certificate(name, name, private)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .sign(private, hashes.SHA256())
    )
    return FileKey(private=private, certificate=certificate)


def _certificate(
    subject: x509.Name, issuer: x509.Name, private: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    """Return the usage of a seal's key (`sign`) or of the authority's."""
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )


def _to_pem(key: FileKey) -> bytes:
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + key.certificate.public_bytes(serialization.Encoding.PEM)


def _from_pem(pem: bytes) -> FileKey:
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("the key file holds another kind of key")
    return FileKey(private=private, certificate=x509.load_pem_x509_certificate(pem))


def _write_once(path: Path, content: bytes, *, mode: int) -> None:
    """Have `path` exist with somebody's content: this one's, or that of who came first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its file is used
    finally:
        fresh.unlink()
