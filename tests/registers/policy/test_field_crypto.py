import base64
import dataclasses

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.registers.policy import field_crypto
from yiwang.registers.policy.field_crypto import (
    FieldCryptoError,
    FieldKeys,
    blind_index,
    decrypt,
    encrypt,
    field_keys,
    index_key,
)

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
NUMBER = "310114198506151037"
CONTEXT = "person:01/id_number"


@settings(max_examples=60)
@given(value=st.text(max_size=200), context=st.text(max_size=40))
def test_what_is_encrypted_is_read_again(value, context):
    keys = field_keys([NEW, OLD])

    assert decrypt(encrypt(value, keys=keys, context=context), keys=keys, context=context) == value


@settings(max_examples=60)
@given(place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_single_changed_byte_is_noticed(place, flip):
    keys = field_keys([NEW])
    stored = bytearray(encrypt(NUMBER, keys=keys, context=CONTEXT))

    stored[place % len(stored)] ^= flip

    with pytest.raises(FieldCryptoError):
        decrypt(bytes(stored), keys=keys, context=CONTEXT)


@settings(max_examples=40)
@given(first=st.text(max_size=30), second=st.text(max_size=30))
def test_the_index_meets_exactly_where_the_values_meet(first, second):
    key = index_key(OLD)

    met = blind_index(first, key=key, field="a") == blind_index(second, key=key, field="a")

    assert met is (first == second)


def test_two_encryptions_of_one_value_differ():
    keys = field_keys([NEW])

    sealed = {encrypt(NUMBER, keys=keys, context=CONTEXT) for _ in range(50)}

    assert len(sealed) == 50


def test_the_value_is_nowhere_in_what_is_stored():
    stored = encrypt(NUMBER, keys=field_keys([NEW]), context=CONTEXT)

    assert NUMBER.encode() not in stored
    assert b"1985" not in stored


def test_a_value_moved_to_another_record_does_not_decrypt():
    keys = field_keys([NEW])
    stored = encrypt(NUMBER, keys=keys, context="person:01/id_number")

    for elsewhere in ("person:02/id_number", "person:01/phone"):
        with pytest.raises(FieldCryptoError, match="不属于该记录"):
            decrypt(stored, keys=keys, context=elsewhere)


def test_an_older_key_still_reads_and_the_newest_writes():
    stored = encrypt(NUMBER, keys=field_keys([OLD]), context=CONTEXT)
    rotated = field_keys([NEW, OLD])

    assert decrypt(stored, keys=rotated, context=CONTEXT) == NUMBER
    again = encrypt(NUMBER, keys=rotated, context=CONTEXT)
    assert field_crypto.key_id_of(again) == rotated.newest != field_crypto.key_id_of(stored)


def test_a_removed_key_is_named_as_the_cause():
    stored = encrypt(NUMBER, keys=field_keys([OLD]), context=CONTEXT)

    with pytest.raises(FieldCryptoError, match="把旧密钥加回列表末尾"):
        decrypt(stored, keys=field_keys([NEW]), context=CONTEXT)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x02" + b"0" * 60, b"\x01" + b"0" * 31])
def test_bytes_of_another_form_are_refused(stored):
    with pytest.raises(FieldCryptoError):
        decrypt(stored, keys=field_keys([NEW]), context=CONTEXT)


def test_the_index_differs_by_key_and_by_column():
    first = blind_index(NUMBER, key=index_key(OLD), field="id_number")

    assert first != blind_index(NUMBER, key=index_key(NEW), field="id_number")
    assert first != blind_index(NUMBER, key=index_key(OLD), field="phone")
    assert len(first) == field_crypto.INDEX_BYTES


def test_the_key_of_the_index_does_not_decrypt_fields():
    stored = encrypt(NUMBER, keys=field_keys([OLD]), context=CONTEXT)
    with_index_key = FieldKeys(ciphers=((field_crypto.key_id_of(stored), AESGCM(index_key(OLD))),))

    with pytest.raises(FieldCryptoError):
        decrypt(stored, keys=with_index_key, context=CONTEXT)


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        pytest.param([], "没有字段密钥", id="none"),
        pytest.param(["不是密钥"], "base64", id="no base64"),
        pytest.param([base64.b64encode(b"short").decode()], "至少 32 字节", id="too short"),
        pytest.param([""], "至少 32 字节", id="empty"),
    ],
)
def test_a_secret_that_is_none_is_refused(secrets, words):
    with pytest.raises(ValueError, match=words):
        field_keys(secrets)


def test_secrets_in_either_base64_alphabet_are_the_same_key():
    raw = bytes(range(192, 256))[:33]

    plain, urlsafe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()

    assert plain != urlsafe
    assert field_keys([plain]).newest == field_keys([urlsafe]).newest


def test_keys_are_not_printed():
    keys = field_keys([NEW])

    assert "ciphers" not in repr(keys)
    assert dataclasses.is_dataclass(keys)
