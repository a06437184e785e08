"""Signatures against the examples of RFC 9421 and against everything that may be wrong."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

from yiwang.exchange.policy import signatures
from yiwang.exchange.policy.signatures import (
    COMPONENTS,
    SKEW,
    Key,
    Message,
    SignatureRefusedError,
    sign,
    verify,
)
from yiwang.exchange.policy.terms import Algorithm

NOW = dt.datetime(2026, 3, 6, 1, 0, tzinfo=dt.UTC)
SHARED = Key(key_id="k1", algorithm=Algorithm.HMAC_SHA256, secret="c2VjcmV0LXNlY3JldC1zZWNyZXQ=")
BODY = '{"id":"一"}'.encode()
RFC_MESSAGE = Message(
    method="POST",
    path="/foo",
    query="param=Value&Pet=dog",
    headers={
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@authority": "example.com",
        "content-type": "application/json",
        "content-length": "18",
    },
)


def call(**changes: str) -> Message:
    headers = {
        "content-digest": signatures.content_digest(BODY),
        "idempotency-key": "message-1",
    }
    parts = {"method": "POST", "path": "/api/v1/gateway/messages", "query": ""} | changes
    return Message(headers=headers, **parts)


def signed(message: Message, key: Key = SHARED, **how: object) -> Message:
    fields = sign(message, key, **({"created": NOW, "nonce": "n" * 16} | how))
    return Message(
        method=message.method,
        path=message.path,
        query=message.query,
        headers=message.headers | fields,
    )


def check(message: Message, *, key: Key = SHARED, body: bytes = BODY, now: dt.datetime = NOW):
    return verify(message, {key.key_id: key}.get, now=now, body=body)


def test_the_shared_secret_example_of_the_rfc_is_signed_alike():
    key = Key(
        key_id="test-shared-secret",
        algorithm=Algorithm.HMAC_SHA256,
        secret="uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
    )
    names = ["date", "@authority", "content-type"]
    parameters = (
        '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    )
    base = signatures.signature_base(RFC_MESSAGE, names, parameters)

    assert base64.b64encode(signatures._made(key, base)) == (
        b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="
    )


def test_the_ed25519_example_of_the_rfc_fits_and_a_changed_one_does_not():
    key = Key(
        key_id="test-key-ed25519",
        algorithm=Algorithm.ED25519,
        secret="-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
        "-----END PUBLIC KEY-----\n",
    )
    names = ["date", "@method", "@path", "@authority", "content-type", "content-length"]
    inner = " ".join(f'"{name}"' for name in names)
    parameters = f'({inner});created=1618884473;keyid="test-key-ed25519"'
    base = signatures.signature_base(RFC_MESSAGE, names, parameters)
    sent = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )

    assert signatures._fits(key, base, sent)
    assert not signatures._fits(key, base.replace(b"POST", b"PUT"), sent)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_was_signed_is_taken_and_says_whose_it_is(algorithm):
    private, public = SHARED.secret, SHARED.secret
    if algorithm is Algorithm.ED25519:
        private, public = signatures.new_private_key()
    mine = Key(key_id="k1", algorithm=algorithm, secret=private)
    theirs = Key(key_id="k1", algorithm=algorithm, secret=public)

    found = check(signed(call(), mine), key=theirs)

    assert (found.key_id, found.nonce, found.created) == ("k1", "n" * 16, NOW)


def test_nothing_that_was_signed_may_change_on_the_way():
    good = signed(call())
    changed = [
        {"method": "PUT"},
        {"path": "/api/v1/gateway/cases/1"},
        {"query": "a=1"},
    ]
    for change in changed:
        parts = {"method": good.method, "path": good.path, "query": good.query} | change
        with pytest.raises(SignatureRefusedError, match="签名不正确"):
            check(Message(headers=good.headers, **parts))
    other = {**good.headers, "idempotency-key": "message-2"}
    with pytest.raises(SignatureRefusedError, match="签名不正确"):
        check(Message(method=good.method, path=good.path, headers=other))
    with pytest.raises(SignatureRefusedError, match="Content-Digest"):
        check(good, body=BODY + b" ")


@pytest.mark.parametrize(
    ("drift", "taken"),
    [
        (dt.timedelta(0), True),
        (SKEW, True),
        (-SKEW, True),
        (SKEW + dt.timedelta(seconds=1), False),
        (-SKEW - dt.timedelta(seconds=1), False),
    ],
)
def test_clocks_may_differ_by_five_minutes_and_no_more(drift, taken):
    message = signed(call())
    if taken:
        assert check(message, now=NOW + drift).key_id == "k1"
    else:
        with pytest.raises(SignatureRefusedError, match="校准服务器时钟"):
            check(message, now=NOW + drift)


def test_another_key_and_an_unknown_one_are_refused_alike():
    other = Key(key_id="k1", algorithm=Algorithm.HMAC_SHA256, secret="b3RoZXItb3RoZXItb3RoZXI=")
    unknown = Key(key_id="k9", algorithm=Algorithm.HMAC_SHA256, secret=SHARED.secret)
    said = set()
    for key in (other, unknown):
        with pytest.raises(SignatureRefusedError) as refused:
            check(signed(call(), key))
        said.add(refused.value.message)

    assert said == {"签名不正确，请核对密钥编号、密钥和签名的内容。"}


@pytest.mark.parametrize("left_out", COMPONENTS)
def test_a_signature_that_leaves_something_out_is_refused(left_out):
    names = [name for name in COMPONENTS if name != left_out]

    with pytest.raises(SignatureRefusedError, match="签名须包含"):
        check(signed(call(), components=names))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signature-input", ""),
        ("signature-input", "yiwang=()"),
        ("signature-input", 'yiwang=("@method");created=x'),
        ("signature-input", "yiwang=(" + '"@method" ' * 5_000 + ")"),
        ("signature", ""),
        ("signature", "yiwang=:****:"),
        ("signature", "yiwang=:AAAA:"),
        ("signature", "yiwang=:A:"),
    ],
)
def test_a_crooked_signature_is_refused_and_breaks_nothing(field, value):
    good = signed(call())

    with pytest.raises(SignatureRefusedError):
        check(Message(method=good.method, path=good.path, headers={**good.headers, field: value}))


def test_a_private_key_is_not_taken_for_a_public_one():
    private, public = signatures.new_private_key()

    assert signatures.public_key(public) == public
    for wrong in (private, "", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(SignatureRefusedError, match="公钥"):
            signatures.public_key(wrong)
