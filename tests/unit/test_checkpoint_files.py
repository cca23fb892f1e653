"""Checkpoints and keys as files: what is read, what is refused, and that OpenSSL would sign the very same text."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from ledger.errors import MalformedValueError
from ledger.integrity.checkpoints import Checkpoint, read_checkpoints, sign
from ledger.integrity.signing import SigningKey, new_signing_key, read_public_keys, read_signing_key

FIXED = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
AT = datetime(2030, 1, 7, 7, 0, 0, 123456, tzinfo=UTC)
SIGNED = sign(FIXED, bytes(range(16)), 1000, b"\xab" * 32, AT)


def test_what_is_signed_is_the_text_that_is_written_down() -> None:
    text = (
        "zapisnik checkpoint 1\ngenesis 000102030405060708090a0b0c0d0e0f\nposition 1000\n"
        f"hash {'ab' * 32}\nat 2030-01-07T07:00:00.123456Z\n"
    ).encode()

    assert SIGNED.signed_text == text
    key = load_pem_public_key(FIXED.public.pem.encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(SIGNED.signature), text)
    assert SIGNED.signature == (
        "okVApxSoPvU4GcwaRpqaJEBwqBrPA19qeiqZGYSpOcUjBFiPkmLfW8sHbKyPi2fY4HZJVlMH6OAzXWpIqmeOAA=="
    )
    assert FIXED.public.id == "56475aa75463474c0285df5dbf2bcab7"


@pytest.mark.parametrize("field", ["genesis", "position", "hash", "at", "signature", "key"])
def test_a_signature_holds_for_nothing_else(field: str) -> None:
    value = getattr(SIGNED, field)
    other = value + 1 if isinstance(value, int) else ("0" if value[0] != "0" else "1") + value[1:]

    assert SIGNED.is_signed_by([new_signing_key().public, FIXED.public])
    assert not msgspec.structs.replace(SIGNED, **{field: other}).is_signed_by([FIXED.public])
    assert not SIGNED.is_signed_by([new_signing_key().public])


def test_a_signature_has_one_spelling() -> None:
    """The last letter of 64 bytes in base64 has four bits that say nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = SIGNED.signature[:85] + letters[letters.index(SIGNED.signature[85]) + 1] + "=="

    assert base64.b64decode(other) == base64.b64decode(SIGNED.signature)
    assert not FIXED.public.has_signed(SIGNED.signed_text, other)


def test_a_file_may_hold_several_among_other_words() -> None:
    other = sign(FIXED, bytes(16), 2, bytes(32), AT)

    assert read_checkpoints(f"{SIGNED.line}\n{other.line}\n") == [SIGNED, other]
    assert read_checkpoints(f"Бот салона:\r\nхеш…\r\n{SIGNED.line}\r\nспасибо") == [SIGNED]


@pytest.mark.parametrize(
    "text",
    ["", "words only", SIGNED.line[:-1], "{}", SIGNED.line.replace('"hash":"ab', '"hash":"zz'), '{"a":1}'],
)
def test_what_is_no_whole_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedValueError):
        read_checkpoints(text)


def test_keys_are_read_back_and_several_public_ones_from_one_file() -> None:
    other = new_signing_key()

    assert read_signing_key(FIXED.pem).public == FIXED.public
    assert read_public_keys(f"first\n{FIXED.public.pem}\n{other.public.pem}") == [FIXED.public, other.public]


X25519_PEM = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no block"),
        (FIXED.pem, "the signing key itself"),
        (X25519_PEM.decode(), "not an Ed25519 key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "damaged"),
    ],
)
def test_what_is_no_public_key_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(MalformedValueError, match=words):
        read_public_keys(text)


def test_a_checkpoint_has_one_line() -> None:
    assert "\n" not in SIGNED.line
    assert msgspec.json.decode(SIGNED.line, type=Checkpoint) == SIGNED
