"""What somebody with all rights over the database can do to the log, hashes and tag rows made to fit again."""

from __future__ import annotations

import msgspec

from ledger import events as e
from ledger.codec import decode
from ledger.decisions.note_checkpoint import NoteCheckpoint
from ledger.integrity.checkpoints import Checkpoint, last_checkpoint, sign, sound_head
from ledger.integrity.signing import SigningKey
from tests.builders import order
from tests.store import Salon

REPAIRED = """
DO $$
DECLARE
    previous bytea;
    event record;
BEGIN
    SELECT genesis INTO previous FROM ledger;
    FOR event IN SELECT * FROM events ORDER BY position LOOP
        UPDATE events SET
            digest = event_digest(type, tags, data::text),
            hash = chain_step(NULL, previous, position, recorded_at, event_digest(type, tags, data::text))
        WHERE position = event.position RETURNING hash INTO previous;
    END LOOP;
    DELETE FROM event_tags;
    INSERT INTO event_tags SELECT DISTINCT tag, position FROM events, unnest(tags) AS t (tag);
END $$"""
"""Every digest, hash and tag row as if the log had always been so."""


def checkpoint(salon: Salon, key: SigningKey) -> Checkpoint:
    """Signs the head, stores it, and gives what would be held outside."""
    genesis, position, hash_ = sound_head(salon.database, key.public)
    asked = order()
    signed = sign(key, genesis, position, hash_, asked.at)
    event = e.CheckpointSigned(signed.position, signed.hash, signed.key, signed.signature)
    salon.ledger.execute(NoteCheckpoint(asked, event))
    stored = last_checkpoint(salon.database)
    assert stored is not None
    assert stored.checkpoint == signed
    return signed


def shifted(first: int, by: int, last: int = 100) -> list[str]:
    """Everything from this position on stands so much later, or earlier where `by` is below zero."""
    return [
        f"UPDATE events SET position = -(position + {by}) WHERE position BETWEEN {first} AND {last}",
        "UPDATE events SET position = -position WHERE position < 0",
    ]


def resigned(salon: Salon, key: SigningKey) -> None:
    """The hashes made to fit, and every checkpoint in the log signed anew for them, one after the other."""
    salon.tamper(REPAIRED)
    for (place,) in salon.rows("SELECT position FROM events WHERE type = 'checkpoint_signed' ORDER BY position"):
        [(data, genesis, hash_)] = salon.rows(
            """SELECT data::text, (SELECT genesis FROM ledger), (SELECT hash FROM events WHERE position = %s - 1)
               FROM events WHERE position = %s""",
            place,
            place,
        )
        envelope = decode("checkpoint_signed", data)
        signed = sign(key, bytes(genesis), place - 1, bytes(hash_), envelope.at)
        facts = e.CheckpointSigned(place - 1, signed.hash, signed.key, signed.signature)
        forged = msgspec.json.encode(msgspec.structs.replace(envelope, facts=facts)).decode()
        salon.tamper(f"UPDATE events SET data = '{forged}' WHERE position = {place}", REPAIRED)
