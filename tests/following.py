"""A salon's bookings while clients, the sender and staff in the CRM all have a hand in them, a step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.folds import Entry, fold_entries
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.move import MoveBooking
from ledger.decisions.note_sync import BeginAttempt, NoteOutcome, SkipSync
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.errors import RefusalError
from ledger.ledger import Decision
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, RecordId, Slot
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    NOW,
    OLGA,
    OTHER_BOOKING,
    catalog,
    consent,
    hours,
    made,
    open_salon,
    order,
    registered,
    sealed,
    seen_in_crm,
    shifts,
    slot,
)

StepKind = Literal[
    "client_moves", "client_cancels", "begin", "arrive", "succeed", "fail", "get_lost", "skip", "staff_move",
    "staff_remove", "look", "answer_ours", "answer_theirs",
]  # fmt: skip
STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)
Step = tuple[StepKind, int, Slot]
BY_HAND = BookingId(503)
RECORDS: Mapping[BookingId, RecordId] = {
    BOOKING: RecordId(9001),
    OTHER_BOOKING: RecordId(9002),
    BY_HAND: RecordId(9003),
}
BOOKINGS = tuple(RECORDS)


@dataclass(frozen=True)
class Look:
    """What following a record came to: the booking before and after, and what was written, None if it was refused."""

    seen: Slot | None
    before: Entry
    after: Entry
    state_before: SyncState | None
    state_after: SyncState | None
    written: list[e.AnyEvent] | None
    refused: RefusalError | None


class Following:
    """Two clients' bookings, one of them in the CRM, and one made by hand there.

    `crm` is where the CRM holds each record, None: removed.
    """

    def __init__(self) -> None:
        people = [event for client in (MARIA, DARIA) for event in (consent(client), registered(client))]
        always = hours("00:00-23:59")
        self.memory = open_salon(
            catalog(),
            shifts(ANNA, always),
            shifts(OLGA, always),
            *people,
            e.IntegrationResumed(),
            made(slot("10:00")),
            made(slot("12:00"), booking_id=OTHER_BOOKING, client_id=DARIA),
            seen_in_crm(slot("14:00"), booking_id=BY_HAND, record_id=RECORDS[BY_HAND]),
        )
        self.crm: dict[RecordId, Slot | None] = {RECORDS[BY_HAND]: slot("14:00")}
        self.looks: list[Look] = []
        self._steps = 0
        self.play(("begin", BOOKINGS.index(BOOKING), slot()))
        self.play(("succeed", BOOKINGS.index(BOOKING), slot()))

    def entry(self, booking_id: BookingId) -> Entry:
        return fold_entries(self.memory.log)[booking_id]

    def state(self, booking_id: BookingId) -> SyncState | None:
        return fold_sync(self.life(booking_id))

    def life(self, booking_id: BookingId) -> list[Recorded]:
        return [item for item in self.memory.log if getattr(item.event, "booking_id", None) == booking_id]

    def play(self, step: Step) -> None:
        """One step; what cannot be done now is left."""
        kind, pick, place = step
        booking_id = BOOKINGS[pick % len(BOOKINGS)]
        self._steps += 1
        match kind:
            case "client_moves" | "client_cancels":
                self._client(kind, booking_id, place)
            case "staff_move" | "staff_remove":
                if self.crm.get(RECORDS[booking_id]) is not None:
                    self.crm[RECORDS[booking_id]] = place if kind == "staff_move" else None
            case "look":
                self.look(booking_id)
            case "answer_ours" | "answer_theirs":
                state = self.state(booking_id)
                theirs = state.their_slot if state is not None and kind == "answer_theirs" else None
                answer: e.Answer = "ours" if kind == "answer_ours" else "theirs"
                self._try(ResolveConflict(order(at=self._now), booking_id, answer, theirs))
            case _:
                self._sender(kind, booking_id)

    def look(self, booking_id: BookingId) -> Look | None:
        """Follows the record as the CRM now has it; None where it was never there."""
        record_id = RECORDS[booking_id]
        if record_id not in self.crm:
            return None
        before, state = self.entry(booking_id), self.state(booking_id)
        written, refused = None, None
        follow = FollowCrmRecord(order(at=self._now), booking_id, record_id, self.crm[record_id], (HAIRCUT,))
        try:
            written = self.memory.execute(follow)
        except RefusalError as refusal:
            refused = refusal
        after = self.entry(booking_id)
        look = Look(self.crm[record_id], before, after, state, self.state(booking_id), written, refused)
        self.looks.append(look)
        return look

    def _client(self, kind: StepKind, booking_id: BookingId, place: Slot) -> None:
        entry = self.entry(booking_id)
        if entry.client_id is None:
            return
        now, version = order(at=self._now), entry.version
        there = Slot(place.staff_id, place.starts_at, place.starts_at + timedelta(hours=1))
        if kind == "client_moves":
            self._try(MoveBooking(now, booking_id, entry.client_id, version, there))
        else:
            self._try(CancelBooking(now, booking_id, entry.client_id, version))

    def _sender(self, kind: StepKind, booking_id: BookingId) -> None:
        state = self.state(booking_id)
        if state is None:
            return
        attempt = state.open_attempt
        if kind == "skip":
            self._try(SkipSync(order(at=self._now), booking_id, "superseded"))
        elif attempt is None:
            operation = state.operation
            if kind == "begin" and operation in ("create", "move", "cancel", "remove"):
                late = self._now + timedelta(seconds=30)
                self._try(BeginAttempt(order(at=self._now), booking_id, self._steps, operation, late, state.slot))
        elif kind == "arrive":
            self._arrive(attempt)
        elif kind == "succeed" and self._arrive(attempt):
            done = e.SyncSucceeded(
                booking_id, attempt.attempt_id, attempt.operation, attempt.covers, RECORDS[booking_id], "answer"
            )
            self._try(NoteOutcome(order(at=self._now), done))
        elif kind in ("fail", "get_lost"):
            self._fail(attempt, "refused" if kind == "fail" else "unknown")

    def _arrive(self, attempt: e.SyncAttempted) -> bool:
        """The request takes effect in the CRM; False where there is nothing left to change."""
        record_id = RECORDS[attempt.booking_id]
        is_there = self.crm.get(record_id) is not None
        if attempt.operation == "move" and not is_there:
            return False
        if attempt.operation == "create" and is_there:
            return True
        self.crm[record_id] = attempt.slot
        return True

    def _fail(self, attempt: e.SyncAttempted, outcome: Literal["refused", "unknown"]) -> None:
        said = sealed("sync_failed.message")
        failed = e.SyncFailed(
            attempt.booking_id, attempt.client_id, attempt.attempt_id, attempt.operation, outcome, "busy", said
        )
        self._try(NoteOutcome(order(at=self._now), failed))

    @property
    def _now(self) -> datetime:
        return NOW + timedelta(seconds=self._steps)

    def _try(self, decision: Decision[object]) -> None:
        try:
            self.memory.execute(decision)
        except RefusalError:
            return
