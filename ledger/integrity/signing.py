"""The key that signs checkpoints and extracts: Ed25519, in PEM, as OpenSSL writes and reads it.

The signed texts are plain lines, so that OpenSSL alone can check a signature; each begins with its own kind, so that
none can pass for another.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ledger.errors import MalformedValueError

_PUBLIC = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class PublicKey:
    """What a signature is checked with. Worth as much as the way it came by."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.id = sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def pem(self) -> str:
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def has_signed(self, text: bytes, signature: str) -> bool:
        """Whether this is the key's signature, in base64, of exactly this text."""
        try:
            raw = base64.b64decode(signature, validate=True)
            self._key.verify(raw, text)
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return base64.b64encode(raw).decode() == signature  # one signature, one spelling


class SigningKey:
    """Signs. Whoever holds it can vouch for any log, so it belongs where the log's forger is not."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @property
    def pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def sign(self, text: bytes) -> str:
        """The signature in base64. The same text always gives the same."""
        return base64.b64encode(self._key.sign(text)).decode()


def fingerprint(key_id: str) -> str:
    """A key's id as people compare it: groups of four."""
    return " ".join(key_id[start : start + 4] for start in range(0, len(key_id), 4))


def new_signing_key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def read_signing_key(pem: str) -> SigningKey:
    """Raises MalformedValueError for anything but an unencrypted Ed25519 private key in PEM."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise MalformedValueError("signing key", "not an unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MalformedValueError("signing key", "not an Ed25519 key")
    return SigningKey(key)


def read_public_keys(text: str) -> list[PublicKey]:
    """Every key of a file of PEM blocks. Raises MalformedValueError when there is none, or one of another kind."""
    if "PRIVATE KEY" in text:
        raise MalformedValueError(
            "public key", "this is the signing key itself; `zapisnik keys public` exports the other"
        )
    keys = []
    for block in _PUBLIC.findall(text):
        try:
            key = load_pem_public_key(block.encode())
        except ValueError as error:
            raise MalformedValueError("public key", "a damaged block of PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise MalformedValueError("public key", "not an Ed25519 key")
        keys.append(PublicKey(key))
    if not keys:
        raise MalformedValueError("public key", "no block like -----BEGIN PUBLIC KEY-----")
    return keys
