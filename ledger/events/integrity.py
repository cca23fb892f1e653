"""What stands in the log about the log itself."""

from __future__ import annotations

from ledger.events.base import Event


class CheckpointSigned(Event, frozen=True):
    """Whoever holds the signing key vouched for the log up to a position, by its hash.

    `hash` is hex, `signature` base64 over the text of `ledger.integrity.checkpoints`, whose time is the envelope's.
    """

    position: int
    hash: str
    key_id: str
    signature: str
