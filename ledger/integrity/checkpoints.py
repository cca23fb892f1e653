"""Checkpoints: what the log was up to a position, signed, so that it can be held outside and compared later.

What is signed is this text, UTF-8, with a newline at the end of every line:

    zapisnik checkpoint 1
    genesis <32 hex digits>
    position <decimal>
    hash <64 hex digits>
    at <2030-01-07T07:00:00.123456Z>
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ledger import events as e
from ledger.codec import decode, stored_name
from ledger.errors import BrokenLogError, MalformedValueError, StoredFormError
from ledger.integrity.signing import PublicKey, SigningKey
from ledger.integrity.walk import Chain, stored_rows
from ledger.postgres import Connection, Database
from ledger.tags import CHECKPOINTS

_OBJECT = re.compile(r"\{[^{}]*\}")


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A position's hash with a signature. `genesis`, `hash` and `key` (the key's id) are hex."""

    zapisnik: Literal["checkpoint 1"]
    genesis: str
    position: int
    hash: str
    at: str
    key: str
    signature: str

    @property
    def signed_text(self) -> bytes:
        return _signed_text(self.genesis, self.position, self.hash, self.at)

    @property
    def signed_at(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def line(self) -> str:
        """One line of JSON, without a newline."""
        return msgspec.json.encode(self).decode()

    def is_signed_by(self, keys: Sequence[PublicKey]) -> bool:
        return any(key.id == self.key and key.has_signed(self.signed_text, self.signature) for key in keys)


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint as it stands in the log, recorded `at` its `position`; None in it when it cannot be read."""

    position: int
    at: datetime
    checkpoint: Checkpoint | None


def sign(key: SigningKey, genesis: bytes, position: int, hash_: bytes, at: datetime) -> Checkpoint:
    """A checkpoint of its own, not stored anywhere."""
    moment = _moment(at)
    signature = key.sign(_signed_text(genesis.hex(), position, hash_.hex(), moment))
    return Checkpoint("checkpoint 1", genesis.hex(), position, hash_.hex(), moment, key.public.id, signature)


def read_checkpoints(text: str) -> list[Checkpoint]:
    """Every checkpoint of a file: lines of JSON, or messages of the staff chat with their words around them.

    Raises MalformedValueError when there is none, or something in braces that is no checkpoint.
    """
    found = []
    for match in _OBJECT.finditer(text):
        try:
            found.append(msgspec.json.decode(match[0], type=Checkpoint))
            bytes.fromhex(found[-1].hash)
        except (msgspec.DecodeError, ValueError) as error:
            line = text.count("\n", 0, match.start()) + 1
            raise MalformedValueError("checkpoint", f"line {line} is not a whole checkpoint") from error
    if not found:
        raise MalformedValueError("checkpoint", 'nothing like {"zapisnik":"checkpoint 1",…} in it')
    return found


def genesis_of(connection: Connection) -> bytes:
    """Where this ledger's chain begins. Raises BrokenLogError when it has gone."""
    row = connection.execute("SELECT genesis FROM ledger").fetchone()
    if row is None:
        raise BrokenLogError(0, "the ledger's genesis row is missing")
    return bytes(row[0])


def stored_checkpoints(connection: Connection, *, latest: bool = False) -> list[StoredCheckpoint]:
    """Those in the log, oldest first, or the last one only."""
    genesis = genesis_of(connection)
    rows = connection.execute(
        f"""SELECT e.position, e.recorded_at, e.data::text FROM event_tags t JOIN events e ON e.position = t.position
            WHERE t.tag = %s AND e.type = %s ORDER BY t.position {"DESC LIMIT 1" if latest else ""}""",  # noqa: S608
        (CHECKPOINTS, stored_name(e.CheckpointSigned)),
    ).fetchall()
    return [StoredCheckpoint(position, at, checkpoint_in(genesis.hex(), data)) for position, at, data in rows]


def last_checkpoint(database: Database) -> StoredCheckpoint | None:
    """The last one in the log."""
    with database.transaction() as connection:
        found = stored_checkpoints(connection, latest=True)
    return found[0] if found else None


def sound_head(database: Database, key: PublicKey) -> tuple[bytes, int, bytes]:
    """Genesis, position and hash of the head.

    Raises BrokenLogError unless the log follows soundly to there from this key's last checkpoint, or from its start:
    nobody should sign anything else.
    """
    with database.transaction() as connection:
        genesis = genesis_of(connection)
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        last = stored_checkpoints(connection, latest=True)
    head = row[0] if row else 0
    chain = Chain(genesis)
    if last and (trusted := last[0].checkpoint) is not None and trusted.is_signed_by([key]):
        chain = Chain(bytes.fromhex(trusted.hash), trusted.position)
    for stored in stored_rows(database, chain.position, head):
        if reason := chain.step(stored):
            raise BrokenLogError(chain.position + 1, reason)
    return genesis, chain.position, chain.hash


def checkpoint_in(genesis: str, data: str) -> Checkpoint | None:
    """What the stored text of a `checkpoint_signed` says; None when it cannot be read."""
    try:
        envelope = decode(stored_name(e.CheckpointSigned), data)
        facts = envelope.facts
        assert isinstance(facts, e.CheckpointSigned)  # noqa: S101  what this name decodes to
        bytes.fromhex(facts.hash)
    except (StoredFormError, ValueError):
        return None
    moment = _moment(envelope.at)
    return Checkpoint("checkpoint 1", genesis, facts.position, facts.hash, moment, facts.key_id, facts.signature)


def _signed_text(genesis: str, position: int, hash_: str, at: str) -> bytes:
    return f"zapisnik checkpoint 1\ngenesis {genesis}\nposition {position}\nhash {hash_}\nat {at}\n".encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
