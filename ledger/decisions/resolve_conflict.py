"""Answer for a booking that waits for a person: keep ours, keep theirs, offer the client another time, or try again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, fold_entries
from ledger.decisions.outside_facts import clash_of
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.sync_state import ABOUT_RECORDS, SyncState, fold_sync, kept_record
from ledger.values import BookingId, Slot


@dataclass(frozen=True)
class ResolveConflict:
    """Writes the answer down, with what follows from it here; what follows in the CRM is the sender's.

    `their_slot` is where the CRM was shown to hold the booking when the operator answered (moved_in_crm only). Raises
    NothingToResolveError when the booking does not wait for a person, StaleVersionError when the CRM holds it somewhere
    else by now, NoSuchAnswerError for an answer that this question does not have: what several records may be, or
    staff removed, cannot just be tried again.
    """

    order: Order
    booking_id: BookingId
    answer_given: e.Answer
    their_slot: Slot | None = None

    def boundary(self) -> Sequence[BoundaryItem]:
        days = () if self.their_slot is None else boundaries.days(self.their_slot)
        return [boundaries.booking(self.booking_id), *days]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        own = [item for item in history if getattr(item.event, "booking_id", None) == self.booking_id]
        state = fold_sync(own)
        if state is None:
            raise errors.UnknownBookingError
        if not state.parked:
            raise errors.NothingToResolveError
        if self.answer_given == "theirs" and state.their_slot != self.their_slot:
            raise errors.StaleVersionError
        self._check_answer(state)
        resolved = e.ConflictResolved(self.booking_id, state.client_id, self.answer_given, state.conflict)
        entries = fold_entries(history)
        return [resolved, *self._following(state, own, entries[self.booking_id], entries.values())]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ConflictResolved:
        return next(event for event in events if isinstance(event, e.ConflictResolved))

    def _check_answer(self, state: SyncState) -> None:
        is_certain = state.conflict not in (*ABOUT_RECORDS, "removed_in_crm")
        if self.answer_given == "retry" and not is_certain:
            raise errors.NoSuchAnswerError
        if self.answer_given == "offer" and not state.is_wanted:
            raise errors.NoSuchAnswerError

    def _following(
        self, state: SyncState, own: Sequence[Recorded], entry: Entry, entries: Iterable[Entry]
    ) -> Iterator[e.AnyEvent]:
        if state.conflict in ABOUT_RECORDS and self.answer_given in ("ours", "theirs"):
            yield from self._adopted(state, own)
        elif self.answer_given == "theirs" and state.is_wanted:
            yield from self._given_way(state, entry, entries)

    def _adopted(self, state: SyncState, own: Sequence[Recorded]) -> Iterator[e.SyncSucceeded]:
        """The record that stays is what the last create was for, if that was never settled."""
        attempts = [item.event for item in own if isinstance(item.event, e.SyncAttempted)]
        if state.is_wanted and state.pending and attempts and attempts[-1].operation == "create":
            kept, last = kept_record(state, self.answer_given), attempts[-1]
            covers = tuple(position for position in last.covers if position in state.pending)
            yield e.SyncSucceeded(self.booking_id, last.attempt_id, "create", covers, kept, "look_up")

    def _given_way(self, state: SyncState, entry: Entry, entries: Iterable[Entry]) -> Iterator[e.AnyEvent]:
        """The CRM's word counts: the booking stands where it is there, or not at all."""
        record_id = state.record_id or (state.conflict_records[0] if state.conflict_records else None)
        if state.conflict == "moved_in_crm" and self.their_slot is not None and record_id is not None:
            slot = self.their_slot
            clash = clash_of(slot, entries, self.order.at, record_id, moving=self.booking_id)
            services = tuple(one.service_id for one in state.services)
            yield from clash.lapses
            yield e.CrmBookingMoved(
                self.booking_id, record_id, entry.slot, slot, services, state.client_id, clash.is_overlap
            )
            yield from clash.conflicts
        elif state.conflict == "removed_in_crm" and record_id is not None:
            yield e.CrmBookingRemoved(self.booking_id, record_id, entry.slot, state.client_id)
        else:
            yield e.BookingCancelled(self.booking_id, state.client_id, entry.slot)
