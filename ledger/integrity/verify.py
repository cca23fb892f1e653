"""Whether the log is what it was: chain, digests, gaps, order, tag rows, and checkpoints inside it and outside."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ledger.errors import BrokenLogError
from ledger.integrity.checkpoints import Checkpoint, StoredCheckpoint, genesis_of, stored_checkpoints
from ledger.integrity.signing import PublicKey
from ledger.integrity.tag_rows import TagRows
from ledger.integrity.walk import FIRST, PAGE, Chain, Progress, Watch, position_of, stored_rows, unwatched
from ledger.postgres import Connection
from ledger.recorder import PostgresRecorder


@dataclass(frozen=True)
class Verification:
    """What was found; `first_bad_position` and `reason` say where the log breaks.

    `events` counts those that follow soundly from the first, `checkpoints` those among them. `proved_to` is the last
    position whose hash is that of a checkpoint held outside, 0 without any. `unchecked` counts checkpoints of the log
    whose signature nobody could check, for want of any public key.
    """

    ok: bool
    events: int
    head_hash: bytes
    checkpoints: int = 0
    unchecked: int = 0
    proved_to: int = 0
    seconds: float = 0.0
    first_bad_position: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Claim:
    """What a checkpoint says of a position; `stands_at` is its own place in the log, None for one held outside."""

    hash: bytes
    stands_at: int | None


_Rank = Literal[0, 1, 2, 3]
OUTSIDE: _Rank = 0
CHAIN: _Rank = 1
INSIDE: _Rank = 2
TAGS: _Rank = 3
"""Which of several faults at one position is told."""


def verify_chain(
    recorder: PostgresRecorder,
    *,
    trusted: Sequence[PublicKey] = (),
    outside: Sequence[Checkpoint] = (),
    watch: Watch = unwatched,
) -> Verification:
    """Walks the whole log, as it stands now, in pages; recomputes every digest and hash, and compares every tag row.

    Finds any change, deletion, insertion or reordering after which something no longer fits, and whatever contradicts
    a checkpoint. Checkpoints `outside` are compared with the log; all have to be signed by a `trusted` key, if there is
    any. What it cannot find: a log rewritten, or cut off, after the last position proved from outside, by somebody who
    recomputed the hashes and has the signing key or left no checkpoint there.
    """
    began_at = time.monotonic()
    # One snapshot for the head, the checkpoints and the tag rows; an event appended meanwhile came with its tags.
    with recorder.database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            work = _Verifying(recorder, connection, trusted, outside)
        except BrokenLogError as error:
            return Verification(
                ok=False, events=0, head_hash=b"", first_bad_position=error.position, reason=error.reason
            )
        with TagRows(connection) as tag_rows:
            work.walk(watch, began_at)
            while not tag_rows.wait(0.2):
                watch(Progress(work.chain.position, work.head, time.monotonic() - began_at))
            if fault := tag_rows.fault:
                work.note(TAGS, *fault)
    return work.result(time.monotonic() - began_at)


class _Verifying:
    """One verification at work."""

    def __init__(
        self,
        recorder: PostgresRecorder,
        connection: Connection,
        trusted: Sequence[PublicKey],
        outside: Sequence[Checkpoint],
    ) -> None:
        self._recorder, self._trusted = recorder, trusted
        self._genesis = genesis_of(connection)
        row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
        self.head: int = row[0] if row else 0
        self.chain = Chain(self._genesis)
        self._faults: list[tuple[int, _Rank, str]] = []
        self._claims: defaultdict[int, list[_Claim]] = defaultdict(list)
        self._proved_to = 0
        self._stored = stored_checkpoints(connection)
        for checkpoint in outside:
            self._claim_outside(checkpoint)
        for stored in self._stored:
            self._claim_inside(stored)

    def note(self, rank: _Rank, position: int, reason: str) -> None:
        """A fault; the one of the first position is told in the end."""
        self._faults.append((position, rank, reason))

    def walk(self, watch: Watch, began_at: float) -> None:
        """Up to the head, or the first row that does not fit."""
        chain, claimed = self.chain, sorted(self._claims, reverse=True)
        for row in stored_rows(self._recorder.database, FIRST, self.head):
            if reason := chain.step(row):
                self.note(CHAIN, min(chain.position + 1, position_of(row)), reason)
                return
            if claimed and chain.position == claimed[-1]:
                self._compare(claimed.pop())
            if chain.position % PAGE == 0:
                watch(Progress(chain.position, self.head, time.monotonic() - began_at))
        if chain.position < self.head:  # deleted while we looked
            self.note(CHAIN, chain.position + 1, f"position {chain.position + 1} is missing")

    def result(self, seconds: float) -> Verification:
        position, _, reason = min(self._faults, default=(None, None, None))
        events = self.chain.position
        return Verification(
            ok=position is None,
            events=events,
            head_hash=self.chain.hash,
            checkpoints=sum(one.position <= events for one in self._stored),
            unchecked=0 if self._trusted else len(self._stored),
            proved_to=self._proved_to,
            seconds=seconds,
            first_bad_position=position,
            reason=reason,
        )

    def _claim_outside(self, checkpoint: Checkpoint) -> None:
        position = checkpoint.position
        if checkpoint.genesis != self._genesis.hex():
            self.note(OUTSIDE, 0, "the checkpoint held outside is of a log with another genesis")
        elif self._trusted and not checkpoint.is_signed_by(self._trusted):
            self.note(OUTSIDE, position, "the checkpoint held outside is not signed by the public key given")
        elif position > self.head:
            self.note(OUTSIDE, self.head + 1, f"events were cut off: a checkpoint of {position} is held outside")
        else:
            self._claims[position].append(_Claim(bytes.fromhex(checkpoint.hash), None))

    def _claim_inside(self, stored: StoredCheckpoint) -> None:
        checkpoint = stored.checkpoint
        if checkpoint is None:
            self.note(INSIDE, stored.position, "the checkpoint cannot be read")
        elif self._trusted and not checkpoint.is_signed_by(self._trusted):
            self.note(INSIDE, stored.position, "the checkpoint is not signed by the public key given")
        elif not 0 < checkpoint.position < stored.position:
            self.note(INSIDE, stored.position, "the checkpoint is about a position that is not before it")
        else:
            self._claims[checkpoint.position].append(_Claim(bytes.fromhex(checkpoint.hash), stored.position))

    def _compare(self, position: int) -> None:
        for claim in self._claims[position]:
            if claim.hash == self.chain.hash:
                if claim.stands_at is None:
                    self._proved_to = position
            elif claim.stands_at is None:
                since = f" and after {self._proved_to}" if self._proved_to else ""
                reason = f"the log was rewritten up to here or before{since}: the checkpoint held outside differs"
                self.note(OUTSIDE, position, reason)
            else:
                reason = f"the log was rewritten up to here or before: the checkpoint at {claim.stands_at} differs"
                self.note(INSIDE, position, reason)
