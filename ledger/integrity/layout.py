"""How digests and hashes are computed, a second time and independently of the database.

Layout (frozen; `docs/decisions/0005-hash-layout.md` has test vectors). `sized(x)` is the length of x in four bytes,
big-endian, then x:

    digest = SHA-256(01 | sized(type) | sized(count of tags in 4 bytes | sized(tag)...) | sized(data))
    hash   = SHA-256(01 | sized(previous hash) | sized(position in 8 bytes)
                        | sized(recorded_at: microseconds since 1970 UTC in 8 bytes) | sized(digest))

The "previous hash" of position 1 is the ledger's random 16-byte genesis.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

VERSION = b"\x01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event_digest(type_: str, tags: Sequence[str], data: str) -> bytes:
    """The digest of an event's content."""
    tag_block = len(tags).to_bytes(4, "big") + b"".join(sized(tag.encode()) for tag in tags)
    return sha256(VERSION + sized(type_.encode()) + sized(tag_block) + sized(data.encode())).digest()


def chain_hash(previous: bytes, position: int, recorded_at: datetime, digest: bytes) -> bytes:
    """The hash that ties an event to its place after all earlier ones."""
    return chain_hash_at(previous, position, microseconds(recorded_at), digest)


def chain_hash_at(previous: bytes, position: int, at: int, digest: bytes) -> bytes:
    """The same by the instant's microseconds since 1970."""
    return sha256(
        VERSION
        + sized(previous)
        + sized(position.to_bytes(8, "big"))
        + sized(at.to_bytes(8, "big", signed=True))
        + sized(digest)
    ).digest()


def microseconds(instant: datetime) -> int:
    """Since 1970-01-01T00:00:00Z; below zero before it."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def sized(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field
