"""The chain of hashes, computed here a second time and held against what is stored.

Layout (frozen; `docs/decisions/0005-hash-layout.md` has test vectors). `sized(x)` is the length of x in four bytes,
big-endian, then x:

    digest = SHA-256(01 | sized(type) | sized(count of tags in 4 bytes | sized(tag)...) | sized(data))
    hash   = SHA-256(01 | sized(previous hash) | sized(position in 8 bytes)
                        | sized(recorded_at: microseconds since 1970 UTC in 8 bytes) | sized(digest))

The "previous hash" of position 1 is the ledger's random 16-byte genesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from ledger.postgres import Connection
from ledger.recorder import BATCH, COLUMNS, PostgresRecorder, StoredEvent

_VERSION = b"\x01"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A forger may have written an instant that Python cannot hold: it becomes one that its hash does not fit.
_READABLE_COLUMNS = COLUMNS.replace(
    "e.recorded_at",
    "CASE WHEN e.recorded_at BETWEEN '0001-01-03' AND '9999-12-29' THEN e.recorded_at ELSE '0001-01-03' END",
)


@dataclass(frozen=True)
class Verification:
    """What a walk over the chain found; `first_bad_position` and `reason` say where it breaks."""

    ok: bool
    events: int
    head_hash: bytes
    first_bad_position: int | None = None
    reason: str | None = None


def event_digest(type_: str, tags: Sequence[str], data: str) -> bytes:
    """The digest of an event's content."""
    tag_fields = b"".join(_sized(tag.encode()) for tag in tags)
    tag_block = len(tags).to_bytes(4, "big") + tag_fields
    return sha256(_VERSION + _sized(type_.encode()) + _sized(tag_block) + _sized(data.encode())).digest()


def chain_hash(previous: bytes, position: int, recorded_at: datetime, digest: bytes) -> bytes:
    """The hash that ties an event to its place after all earlier ones."""
    microseconds = (recorded_at - _EPOCH) // timedelta(microseconds=1)
    return sha256(
        _VERSION
        + _sized(previous)
        + _sized(position.to_bytes(8, "big"))
        + _sized(microseconds.to_bytes(8, "big", signed=True))
        + _sized(digest)
    ).digest()


def verify_chain(recorder: PostgresRecorder) -> Verification:
    """Walks the whole log in pages and recomputes every digest, hash, position and tag row.

    Finds any change, deletion, insertion or reordering after which something no longer fits. What it cannot find
    without a checkpoint held elsewhere: a log rewritten with recomputed hashes from some position on,
    or a tail cut off.
    """
    with recorder.database.transaction() as connection:
        row = connection.execute("SELECT genesis FROM ledger").fetchone()
    if row is None:
        return Verification(
            ok=False, events=0, head_hash=b"", first_bad_position=0, reason="the ledger's genesis row is missing"
        )
    count, tag_count = 0, 0
    previous, last_at = bytes(row[0]), None
    while True:
        with recorder.database.transaction() as connection:
            page = _page(connection, count)
        for event, tag_rows in page:
            if reason := _fault(event, tag_rows, count + 1, previous, last_at):
                return Verification(
                    ok=False, events=count, head_hash=previous, first_bad_position=count + 1, reason=reason
                )
            count, tag_count = count + 1, tag_count + tag_rows
            previous, last_at = event.hash, event.recorded_at
        if len(page) < BATCH:
            break
    return _verify_surroundings(recorder, Verification(ok=True, events=count, head_hash=previous), tag_count)


def _verify_surroundings(recorder: PostgresRecorder, sound: Verification, tag_count: int) -> Verification:
    """The rows a walk from position 1 does not meet: events before it, tags of no event or that it does not have."""
    with recorder.database.transaction() as connection:
        early = connection.execute("SELECT min(position) FROM events WHERE position < 1").fetchone()
        stray = connection.execute(
            """SELECT min(t.position) FROM event_tags t LEFT JOIN events e USING (position)
               WHERE t.position <= %s AND (e.position IS NULL OR t.tag <> ALL (e.tags))
               HAVING (SELECT count(*) FROM event_tags WHERE position <= %s) <> %s""",
            (sound.events, sound.events, tag_count),
        ).fetchone()
        # One statement, so one snapshot: an event appended meanwhile has come with its tags.
        future = connection.execute(
            "SELECT min(position) FROM event_tags WHERE position > (SELECT coalesce(max(position), 0) FROM events)"
        ).fetchone()
    if early and early[0] is not None:
        return replace(sound, ok=False, first_bad_position=early[0], reason="an event stands before position 1")
    if (found := stray or future) and found[0] is not None:
        return replace(sound, ok=False, first_bad_position=found[0], reason="a tag row points at an event without it")
    return sound


def _page(connection: Connection, after: int) -> list[tuple[StoredEvent, int]]:
    rows = connection.execute(
        f"""SELECT {_READABLE_COLUMNS},
                (SELECT count(*) FROM event_tags t WHERE t.tag = ANY (e.tags) AND t.position = e.position)
            FROM events e WHERE e.position > %s ORDER BY e.position LIMIT %s""",  # noqa: S608  fixed pieces
        (after, BATCH),
    ).fetchall()
    return [(StoredEvent(*row[:7]), row[7]) for row in rows]


def _fault(event: StoredEvent, tag_rows: int, position: int, previous: bytes, last_at: datetime | None) -> str | None:
    """What is wrong with an event in its place, None when nothing is."""
    if event.position != position:
        return f"position {position} is missing (the next event is {event.position})"
    if not all(isinstance(tag, str) for tag in event.tags):
        return "the content does not match its digest"
    digest = event_digest(event.type, event.tags, event.data)
    if digest != event.digest:
        return "the content does not match its digest"
    if chain_hash(previous, position, event.recorded_at, digest) != event.hash:
        return "the hash does not follow from the event before it"
    if last_at is not None and event.recorded_at < last_at:
        return "recorded before the event in front of it"
    if tag_rows != len(set(event.tags)):
        return "a tag row is missing: the event would not be found by that tag"
    return None


def _sized(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field
