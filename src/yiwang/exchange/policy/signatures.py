"""Signed messages: a small, fixed part of HTTP Message Signatures.

What is signed is always the same: method, path, query, digest of the body and id of the message,
with moment, nonce, key and algorithm as parameters. Nothing a signature leaves out is trusted.

Source:
    RFC 9421 (HTTP Message Signatures), RFC 9530 (Content-Digest).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from yiwang.exchange.policy.terms import Algorithm
from yiwang.kernel.errors import RefusedError

COMPONENTS = ("@method", "@path", "@query", "content-digest", "idempotency-key")
"""What a signature of a call covers, in this order."""

FILE_COMPONENTS = ("content-digest", "idempotency-key", "file-name")
"""What a signature of a file covers; a folder has no method and no path."""

SKEW = timedelta(minutes=5)
"""How far the clocks of the two sides may differ."""

FILE_AGE = timedelta(hours=24)
"""How long a signed file may lie in a folder before it is read."""

LABEL = "yiwang"
NONCE = re.compile(r"^[A-Za-z0-9_=+/.-]{16,64}$")
_INPUT = re.compile(r'^[a-z*][a-z0-9_.*-]{0,31}=(\((?:"[a-z@-]{1,40}" ?){1,12}\)[!-~ ]{0,400})$')
_PARAMETER = re.compile(r';([a-z]{1,12})=(?:(\d{1,15})|"([!#-\[\]-~ ]{0,120})")')
_SIGNATURE = re.compile(r"^[a-z*][a-z0-9_.*-]{0,31}=:([A-Za-z0-9+/=]{1,200}):$")


class SignatureRefusedError(RefusedError):
    """The signature is missing, wrong, too old or used before."""

    code = "exchange.signature_refused"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is signed: a call, or a file as if it were one.

    Attributes:
        headers: By lower-case name.
    """

    method: str = ""
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of one side.

    Attributes:
        key_id: Public name.
        secret: Shared secret of HMAC, or PEM of an Ed25519 key: private to sign, public to check.
    """

    key_id: str
    algorithm: Algorithm
    secret: str


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a checked signature says."""

    key_id: str
    nonce: str
    created: datetime


def content_digest(body: bytes) -> str:
    """Return the value of the field Content-Digest for `body` (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(message: Message, components: Sequence[str], parameters: str) -> bytes:
    """Return the bytes that are signed (RFC 9421 第2.5节).

    Args:
        message: What is signed.
        components: Names of what is covered.
        parameters: The inner list with its parameters, as it stands in Signature-Input.

    Raises:
        SignatureRefusedError: something covered is not there.
    """
    lines = [f'"{name}": {_component(message, name)}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _component(message: Message, name: str) -> str:
    derived = {"@method": message.method, "@path": message.path, "@query": f"?{message.query}"}
    value = derived.get(name, message.headers.get(name))
    if value is None:
        raise SignatureRefusedError(f"签名所包含的“{name}”不在报文中，请按接口说明签名后重发。")
    return value.strip()


def sign(
    message: Message,
    key: Key,
    *,
    created: datetime,
    nonce: str,
    components: Sequence[str] = COMPONENTS,
) -> dict[str, str]:
    """Return the fields Signature-Input and Signature for `message`."""
    covered = " ".join(f'"{name}"' for name in components)
    parameters = (
        f'({covered});created={int(created.timestamp())};nonce="{nonce}"'
        f';keyid="{key.key_id}";alg="{key.algorithm.value}"'
    )
    made = base64.b64encode(_made(key, signature_base(message, components, parameters))).decode()
    return {"signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}=:{made}:"}


def _made(key: Key, base: bytes) -> bytes:
    if key.algorithm is Algorithm.HMAC_SHA256:
        return hmac.new(_shared(key), base, hashlib.sha256).digest()
    private = serialization.load_pem_private_key(key.secret.encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError(f"key {key.key_id} is not an Ed25519 private key")
    return private.sign(base)


def _shared(key: Key) -> bytes:
    return base64.b64decode(key.secret)


def verify(
    message: Message,
    find_key: Callable[[str], Key | None],
    *,
    now: datetime,
    body: bytes,
    components: Sequence[str] = COMPONENTS,
    age: timedelta = SKEW,
) -> Signed:
    """Check the signature of `message` and return whose it is.

    Args:
        message: What came.
        find_key: Returns the key of a key id, or None.
        now: Moment of checking.
        body: The bytes that Content-Digest is about.
        components: What must be covered, all of it.
        age: How old a signature may be; it may be SKEW ahead at most.

    Raises:
        SignatureRefusedError: with one sentence that does not tell strangers more than needed.
    """
    parameters, names, values = _read(message.headers.get("signature-input", ""))
    found = _SIGNATURE.match(message.headers.get("signature", ""))
    if found is None:
        raise SignatureRefusedError("缺少签名或者签名格式不对，请按接口说明签名后重发。")
    if not set(components) <= set(names):
        raise SignatureRefusedError(f"签名须包含{'、'.join(components)}，请按接口说明签名后重发。")
    created = values.get("created", "")
    nonce = values.get("nonce", "")
    if not created.isdecimal() or not NONCE.match(nonce):
        raise SignatureRefusedError("签名须有created（秒）和16至64位的nonce，请补上后重发。")
    drift = now.timestamp() - int(created)
    if drift > age.total_seconds() or drift < -SKEW.total_seconds():
        raise SignatureRefusedError(
            "签名时间与平台时间相差过大，请校准服务器时钟、重新签名后再发。"
        )
    if not hmac.compare_digest(
        message.headers.get("content-digest", "").encode(), content_digest(body).encode()
    ):
        raise SignatureRefusedError(
            "正文与Content-Digest不一致，请按实际发送的字节重新计算后再发。"
        )
    key = find_key(values.get("keyid", ""))
    wrong = SignatureRefusedError("签名不正确，请核对密钥编号、密钥和签名的内容。")
    if key is None or values.get("alg", key.algorithm.value) != key.algorithm.value:
        raise wrong
    try:
        sent = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        raise wrong from None
    if not _fits(key, signature_base(message, names, parameters), sent):
        raise wrong
    return Signed(
        key_id=key.key_id,
        nonce=nonce,
        created=datetime.fromtimestamp(int(created), tz=now.tzinfo),
    )


def _read(given: str) -> tuple[str, list[str], dict[str, str]]:
    """Return the inner list as it stands, the names in it and the parameters behind it."""
    found = _INPUT.match(given)
    if found is None:
        raise SignatureRefusedError("缺少Signature-Input或者格式不对，请按接口说明签名后重发。")
    inner, _, behind = found[1].partition(")")
    names = re.findall(r'"([a-z@-]+)"', inner)
    values = {name: number or text for name, number, text in _PARAMETER.findall(behind)}
    if (
        len(set(names)) != len(names)
        or "".join(one.group(0) for one in _PARAMETER.finditer(behind)) != behind
    ):
        raise SignatureRefusedError("Signature-Input格式不对，请按接口说明签名后重发。")
    return found[1], names, values


def _fits(key: Key, base: bytes, sent: bytes) -> bool:
    if key.algorithm is Algorithm.HMAC_SHA256:
        return hmac.compare_digest(_made(key, base), sent)
    public = serialization.load_pem_public_key(key.secret.encode())
    if not isinstance(public, Ed25519PublicKey):
        return False
    try:
        public.verify(sent, base)
    except InvalidSignature:
        return False
    return True


def public_key(text: str) -> str:
    """Return an Ed25519 public key as PEM, checked.

    Raises:
        SignatureRefusedError: it is not one.
    """
    try:
        found = serialization.load_pem_public_key(text.strip().encode())
    except (ValueError, TypeError):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise SignatureRefusedError(
            "这不是Ed25519公钥，请粘贴以“-----BEGIN PUBLIC KEY-----”开头的PEM文本。"
        )
    return found.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def new_private_key() -> tuple[str, str]:
    """Return a fresh Ed25519 key pair as PEM: private, public."""
    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )
