"""Personal text under lock: one key a client, wrapped by a master key; how a person is found again, and forgotten.

A sealed blob is base64url of `version byte 1 | 12-byte nonce | AES-256-GCM ciphertext and tag`. Its associated data
is `zapisnik`, the client's id and the context (`stored name.field`), each after its length in four bytes, so a blob
opens for no other client and in no other place.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from collections.abc import Collection
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import MalformedValueError, SealError
from ledger.master_keys import KeyRing, KeySource, MasterKey, associated, new_master_key
from ledger.postgres import Connection, Database
from ledger.values import ID_BITS, ClientId, Sealed

__all__ = ["HOUSE", "HandleKind", "Vault", "new_master_key", "random_id", "scrubbed"]

HOUSE = ClientId(0)
"""Whose key seals text that belongs to no client: operators' notes."""
HandleKind = Literal["telegram", "phone", "operator"]
_VERSION = b"\x01"
_DIGITS = re.compile(r"\+?\d[\d\s()\-]{5,}\d")
_EMAIL = re.compile(r"\S+@\S+")


def random_id() -> int:
    """A random number from 1 to 2^50 - 1, for bookings, clients and attempts."""
    return secrets.randbelow((1 << ID_BITS) - 1) + 1


def scrubbed(text: str) -> str:
    """The CRM's own words without what may be a phone, an id of a person or an address; at most 300 characters."""
    return _EMAIL.sub("…@…", _DIGITS.sub("…", text.replace("\x00", "")))[:300]


class Vault:
    """Seals and opens personal text. Losing the master key loses all of it, for ever.

    `master_keys` is the text of one or more keys (`ledger.master_keys`), or where to read it, which is done again when
    a key turns up that is not among them. Raises MalformedValueError when it is no such text.
    """

    def __init__(self, database: Database, master_keys: str | KeySource) -> None:
        self._database = database
        self._ring = KeyRing((lambda: master_keys) if isinstance(master_keys, str) else master_keys)
        # The house's own key never changes, unlike a client's, which may be destroyed at any moment.
        self._house_key: bytes | None = None

    def check(self) -> None:
        """Raises SealError when this ledger was sealed under another master key."""
        self._key(HOUSE)

    def client_for(self, kind: HandleKind, handle: str) -> ClientId:
        """The client behind a Telegram user id or a phone; at first sight a random id with a key of its own."""
        digest = self._handle_digest(kind, handle)
        with self._database.transaction() as connection:
            if found := self._find(connection, kind, digest):
                return found
            client_id = ClientId(random_id())
            self._create_key(connection, client_id)
            row = connection.execute(
                """INSERT INTO client_handles (kind, digest, client_id) VALUES (%s, %s, %s)
                   ON CONFLICT DO NOTHING RETURNING client_id""",
                (kind, digest, client_id),
            ).fetchone()
            if row is not None:
                return client_id
            # Somebody else created the same person a moment ago: theirs stands, our key goes.
            connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client_id,))
            winner = self._find(connection, kind, digest)
        if winner is None:
            raise SealError("a client's handle vanished while it was being created")
        return winner

    def find(self, kind: HandleKind, handle: str) -> ClientId | None:
        """The client behind a handle, None for a stranger."""
        digest = self._handle_digest(kind, handle)
        with self._database.transaction() as connection:
            return self._find(connection, kind, digest)

    def has_handle(self, client_id: ClientId, kind: HandleKind) -> bool:
        """Whether the client can be found by a handle of this kind."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT 1 FROM client_handles WHERE client_id = %s AND kind = %s", (client_id, kind)
            ).fetchone()
        return row is not None

    def link(self, client_id: ClientId, kind: HandleKind, handle: str) -> bool:
        """Lets a client be found by one more handle; False if it is somebody's or they have one of this kind."""
        digest = self._handle_digest(kind, handle)
        with self._database.transaction() as connection:
            # One client's links are made one after the other: two at once would each see none of its kind.
            if (
                connection.execute("SELECT 1 FROM client_keys WHERE client_id = %s FOR UPDATE", (client_id,)).fetchone()
                is None
            ):
                return False  # erased a moment ago
            row = connection.execute(
                """INSERT INTO client_handles (kind, digest, client_id)
                   SELECT %(kind)s, %(digest)s, %(client_id)s WHERE NOT EXISTS (
                       SELECT 1 FROM client_handles WHERE client_id = %(client_id)s AND kind = %(kind)s)
                   ON CONFLICT DO NOTHING RETURNING client_id""",
                {"kind": kind, "digest": digest, "client_id": client_id},
            ).fetchone()
        return row is not None

    def handle_kinds(self, client_id: ClientId) -> set[HandleKind]:
        """By what kinds of handle the client can be found."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT kind FROM client_handles WHERE client_id = %s", (client_id,)).fetchall()
        return {row[0] for row in rows}

    def with_keys(self, client_ids: Collection[ClientId]) -> set[ClientId]:
        """Those of these clients whose personal text can still be opened."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT client_id FROM client_keys WHERE client_id = ANY (%s)", (list(client_ids),)
            ).fetchall()
        return {ClientId(row[0]) for row in rows}

    def destroy(self, connection: Connection, client_id: ClientId) -> None:
        """Forgets a client's key and all handles, in the caller's transaction: nothing sealed with it opens any more.

        Raises MalformedValueError for the house, whose key is nobody's to forget.
        """
        if client_id == HOUSE:
            raise MalformedValueError("client", "not a client's number")
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client_id,))

    def fingerprint(self, text: str) -> str:
        """128 bits in hex by which a text is recognised; without the house's key it tells nothing of the text."""
        return hmac.digest(self._house(), b"fingerprint:" + text.encode(), "sha256")[:16].hex()

    def seal(self, client_id: ClientId, text: str, context: str) -> Sealed:
        """Locks text with the client's key; `context` is `stored_name.field`.

        Raises SealError without a key, MalformedValueError for a lone surrogate, which is not text.
        """
        try:
            plain = text.encode()
        except UnicodeEncodeError as error:
            raise MalformedValueError("text", "a lone surrogate") from error
        nonce = os.urandom(12)
        body = AESGCM(self._key(client_id)).encrypt(nonce, plain, associated(client_id, context))
        return Sealed(base64.urlsafe_b64encode(_VERSION + nonce + body).decode(), context)

    def seal_of_known(self, client_id: ClientId, text: str, context: str) -> Sealed:
        """As `seal`; blank for a client whose key is gone: what is said of somebody who was erased is not kept."""
        try:
            return self.seal(client_id, text, context)
        except SealError:
            if self.with_keys([client_id]):
                raise
            return Sealed("", context)

    def open(self, client_id: ClientId, sealed: Sealed, field: str) -> str:
        """The text of a blob that was sealed for this client and this field. Raises SealError otherwise."""
        if not sealed.context.endswith("." + field):
            raise SealError(f"a text sealed for {sealed.context} was presented as {field}")
        try:
            blob = base64.urlsafe_b64decode(sealed.blob)
            if blob[:1] != _VERSION:
                raise SealError("sealed by a newer program")
            key = AESGCM(self._key(client_id))
            return key.decrypt(blob[1:13], blob[13:], associated(client_id, sealed.context)).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(
                f"a text sealed for {sealed.context} does not open: altered, or not this client's"
            ) from error

    def _find(self, connection: Connection, kind: HandleKind, digest: bytes) -> ClientId | None:
        row = connection.execute(
            "SELECT client_id FROM client_handles WHERE kind = %s AND digest = %s", (kind, digest)
        ).fetchone()
        return ClientId(row[0]) if row else None

    def _handle_digest(self, kind: HandleKind, handle: str) -> bytes:
        return hmac.digest(self._house(), f"{kind}:{handle}".encode(), "sha256")

    def _house(self) -> bytes:
        if self._house_key is None:
            self._house_key = self._key(HOUSE)
        return self._house_key

    def _key(self, client_id: ClientId) -> bytes:
        with self._database.transaction() as connection:
            row = _wrapped(connection, client_id)
            if row is None and client_id == HOUSE:
                self._create_house_key(connection)
                row = _wrapped(connection, HOUSE)
        if row is None:
            raise SealError("this client's key was destroyed or never existed")
        return self._ring.named(row[0]).unwrap(client_id, row[1])

    def _create_key(self, connection: Connection, client_id: ClientId) -> None:
        """Under the master key that the house's is under, which cannot change before this transaction ends.

        So a rotation, which begins with the house's, leaves nothing behind that a slower process still wraps.
        """
        key_id = _house_master_id(connection)
        if key_id is None:
            self._create_house_key(connection)
            key_id = _house_master_id(connection)
        if key_id is None:
            raise SealError("the house's key vanished while it was being created")
        _insert_key(connection, client_id, self._ring.named(key_id))

    def _create_house_key(self, connection: Connection) -> None:
        _insert_key(connection, HOUSE, self._ring.read_again().first)


def _wrapped(connection: Connection, client_id: ClientId) -> tuple[str, bytes] | None:
    """The id of the master key that a client's key is under, and the wrapped key."""
    row = connection.execute("SELECT key_id, wrapped FROM client_keys WHERE client_id = %s", (client_id,)).fetchone()
    return (row[0], bytes(row[1])) if row else None


def _house_master_id(connection: Connection) -> str | None:
    """The id of the master key that the house's is under, which nobody changes until this transaction ends."""
    row = connection.execute("SELECT key_id FROM client_keys WHERE client_id = %s FOR SHARE", (HOUSE,)).fetchone()
    return row[0] if row else None


def _insert_key(connection: Connection, client_id: ClientId, master: MasterKey) -> None:
    connection.execute(
        "INSERT INTO client_keys (client_id, key_id, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (client_id, master.key_id, master.wrap(client_id, secrets.token_bytes(32))),
    )
