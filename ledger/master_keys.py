"""The master keys a program holds: the first wraps clients' keys, the others only open what older ones have wrapped."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import MalformedValueError, SealError
from ledger.values import ClientId

SETTING = "ZAPISNIK_MASTER_KEY"
KeySource = Callable[[], str]
"""Gives the keys as text, as they stand at that moment."""


def new_master_key() -> str:
    """A fresh key: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


class MasterKey:
    """One key; `key_id` names it without telling anything of it. Raises MalformedValueError for text that is no key."""

    def __init__(self, text: str) -> None:
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedValueError(SETTING, "not base64") from error
        if len(raw) != 32:
            raise MalformedValueError(SETTING, "must be 32 bytes in base64")
        self._cipher = AESGCM(raw)
        self.key_id = hashlib.sha256(b"zapisnik key id" + raw).hexdigest()[:8]

    def wrap(self, client_id: ClientId, key: bytes) -> bytes:
        """The client's key under this one: a nonce of 12 bytes, then the ciphertext and tag."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, key, associated(client_id, "key"))

    def unwrap(self, client_id: ClientId, wrapped: bytes) -> bytes:
        """Raises SealError for what was altered, or is another client's."""
        try:
            return self._cipher.decrypt(wrapped[:12], wrapped[12:], associated(client_id, "key"))
        except (InvalidTag, ValueError) as error:
            raise SealError("a client's wrapped key was altered") from error


@dataclass(frozen=True)
class MasterKeys:
    """Several keys, the one in force first."""

    keys: tuple[MasterKey, ...]

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        """Keys with commas or blanks between them; the same one twice is once. Raises MalformedValueError."""
        parts = [part for part in re.split(r"[,\s]+", text) if part]
        if not parts:
            raise MalformedValueError(SETTING, "must be 32 bytes in base64")
        return cls(tuple({key.key_id: key for key in map(MasterKey, parts)}.values()))

    @property
    def first(self) -> MasterKey:
        return self.keys[0]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(key.key_id for key in self.keys)

    def find(self, key_id: str) -> MasterKey | None:
        return next((key for key in self.keys if key.key_id == key_id), None)

    def named(self, key_id: str) -> MasterKey:
        """Raises SealError, naming the key that is needed, when it is none of these."""
        if (key := self.find(key_id)) is None:
            held = f"key {self.ids[0]}" if len(self.ids) == 1 else f"keys {', '.join(self.ids)}"
            raise SealError(
                f"{SETTING} holds {held}, but this ledger is sealed under key {key_id}: add that key after a comma"
            )
        return key


class KeyRing:
    """The keys of a running program. Whoever meets a key it does not know asks its source again, once.

    Another process may have rotated the master key meanwhile: nobody need be restarted for that.
    """

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self.keys = MasterKeys.parse(source())

    def read_again(self) -> MasterKeys:
        """The keys as the source has them now."""
        self.keys = MasterKeys.parse(self._source())
        return self.keys

    def named(self, key_id: str) -> MasterKey:
        """Raises SealError when the source does not have it either."""
        return self.keys.find(key_id) or self.read_again().named(key_id)


def associated(client_id: ClientId, context: str) -> bytes:
    """What a ciphertext is bound to: whose it is and where it stands, each after its length in four bytes."""
    fields = (b"zapisnik", str(client_id).encode(), context.encode())
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
