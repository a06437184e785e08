"""Signatures as a department writes them: HMAC-SHA256 over what docs/how-to describes, no more.

Written from the description and not from the platform's code, so that both check each other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

COVERED = ("@method", "@path", "@query", "content-digest", "idempotency-key")
SKEW_SECONDS = 300


def digest(body: bytes) -> str:
    """Return the value of Content-Digest."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def base(method: str, path: str, headers: dict[str, str], parameters: str) -> bytes:
    """Return the bytes that are signed."""
    values = {"@method": method, "@path": path, "@query": "?"} | headers
    lines = [f'"{name}": {values[name]}' for name in COVERED]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def headers_for(
    method: str, path: str, body: bytes, *, message_id: str, key_id: str, secret: str, now: float
) -> dict[str, str]:
    """Return the headers of a signed call."""
    headers = {"content-digest": digest(body), "idempotency-key": message_id}
    names = " ".join(f'"{name}"' for name in COVERED)
    parameters = (
        f'({names});created={int(now)};nonce="{secrets.token_hex(16)}"'
        f';keyid="{key_id}";alg="hmac-sha256"'
    )
    made = hmac.new(
        base64.b64decode(secret), base(method, path, headers, parameters), hashlib.sha256
    ).digest()
    return headers | {
        "content-type": "application/json",
        "signature-input": f"dept={parameters}",
        "signature": f"dept=:{base64.b64encode(made).decode()}:",
    }


def is_genuine(
    method: str, path: str, headers: dict[str, str], body: bytes, *, secret: str, now: float
) -> bool:
    """Tell whether a call was signed by the platform, over this body, just now."""
    found = re.fullmatch(r"[a-z]+=(\(.*\);created=(\d+);.*)", headers.get("signature-input", ""))
    sent = re.fullmatch(r"[a-z]+=:([A-Za-z0-9+/=]+):", headers.get("signature", ""))
    if not found or not sent or abs(now - int(found[2])) > SKEW_SECONDS:
        return False
    if headers.get("content-digest") != digest(body):
        return False
    if not found[1].startswith("(" + " ".join(f'"{name}"' for name in COVERED) + ")"):
        return False
    made = hmac.new(
        base64.b64decode(secret), base(method, path, headers, found[1]), hashlib.sha256
    ).digest()
    return hmac.compare_digest(made, base64.b64decode(sent[1]))
