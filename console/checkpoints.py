"""Who signs checkpoints: anybody with the signing key; `zapisnik remind` and `run` at their times."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from console.errors import UsageError
from console.settings import Settings
from console.signing_key import signing_key
from ledger import events as e
from ledger.clock import Clock
from ledger.codec import stored_name
from ledger.decisions.note_checkpoint import NoteCheckpoint
from ledger.errors import BrokenLogError
from ledger.integrity.checkpoints import StoredCheckpoint, last_checkpoint, sign, sound_head
from ledger.integrity.signing import SigningKey
from ledger.ledger import Ledger, Order
from ledger.postgres import Database
from ledger.privacy import random_id
from ledger.values import Actor

AT_LEAST_EVERY = timedelta(days=1)
"""If anything new has come."""
_RESTS = timedelta(hours=1)
_NO_NEWS = [stored_name(shape) for shape in (e.CheckpointSigned, e.NoticeSent, e.NoticeFailed)]
_log = structlog.get_logger("checkpoints")


def sign_checkpoint(ledger: Ledger, key: SigningKey, by: Actor, now: datetime) -> StoredCheckpoint:
    """Signs the head and stores that; gives the last checkpoint, an older one if nothing came since but itself.

    Raises BrokenLogError when the log does not follow soundly from this key's last checkpoint.
    """
    database = ledger.recorder.database
    before = last_checkpoint(database)
    if before is not None and before.checkpoint is not None and ledger.recorder.head() == before.position:
        return before
    genesis, position, hash_ = sound_head(database, key.public)
    if position == 0:
        raise UsageError("the log is empty: there is nothing to sign yet")
    signed = sign(key, genesis, position, hash_, now)
    event = e.CheckpointSigned(signed.position, signed.hash, signed.key, signed.signature)
    ledger.execute(NoteCheckpoint(Order(f"checkpoint:{position}:{random_id()}", by, now), event))
    stored = last_checkpoint(database)
    assert stored is not None  # noqa: S101  stored a moment ago, and nothing is ever removed
    return stored


class CheckpointKeeper:
    """Signs when it is time; without a key it does nothing."""

    def __init__(self, ledger: Ledger, settings: Settings, clock: Clock) -> None:
        self._ledger, self._settings, self._clock = ledger, settings, clock
        self._rests_until: datetime | None = None

    def step(self) -> bool:
        """True if a checkpoint was signed. A broken log is told in an error, and looked at again in an hour."""
        now = self._clock.now()
        if self._rests_until is not None and now < self._rests_until:
            return False
        key = signing_key(self._settings)
        if key is None or not is_due(self._ledger.recorder.database, self._settings.zapisnik_checkpoint_every, now):
            return False
        try:
            signed = sign_checkpoint(self._ledger, key, Actor("system", "remind"), now)
        except BrokenLogError as error:
            self._rests_until = now + _RESTS
            _log.error("no checkpoint was signed: `zapisnik audit verify` says more", reason=str(error))
            return False
        _log.info("checkpoint signed", position=signed.checkpoint.position if signed.checkpoint else None)
        return True


def is_due(database: Database, every: int, now: datetime) -> bool:
    """Whether so many events came since the last checkpoint, or a day went by in which anything new came."""
    last = last_checkpoint(database)
    after = last.position if last else 0
    with database.transaction() as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        head: int = row[0] if row else 0
        if head - after >= every:
            return True
        if last is not None and last.checkpoint and now - last.checkpoint.signed_at < AT_LEAST_EVERY:
            return False
        news = connection.execute(
            "SELECT 1 FROM events WHERE position > %s AND type <> ALL (%s) LIMIT 1", (after, _NO_NEWS)
        ).fetchone()
    return news is not None
