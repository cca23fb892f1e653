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
from ledger.questions import ABOUT_RECORDS, answers_to, is_dragged, kept_record
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, Slot


@dataclass(frozen=True)
class ResolveConflict:
    """Writes the answer down, with what follows from it here; what follows in the CRM is the sender's.

    `their_slot` is where the CRM was shown to hold the booking, `asked_at` which question was shown, when the operator
    answered; without `asked_at` it is whatever question stands now. Raises NothingToResolveError when the booking does
    not wait for a person, StaleVersionError when it waits with another question by now, NoSuchAnswerError for an
    answer that this question does not have: what several records may be, or staff removed, cannot just be tried again.
    """

    order: Order
    booking_id: BookingId
    answer_given: e.Answer
    their_slot: Slot | None = None
    asked_at: int | None = None

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
        if self.asked_at not in (None, state.asked_at):
            raise errors.StaleVersionError
        if self.answer_given not in answers_to(state):
            raise errors.NoSuchAnswerError
        if self.answer_given == "theirs" and state.their_slot != self.their_slot:
            raise errors.StaleVersionError
        resolved = e.ConflictResolved(self.booking_id, state.client_id, self.answer_given, state.conflict)
        entries = fold_entries(history)
        return [resolved, *self._following(state, own, entries[self.booking_id], entries.values())]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.ConflictResolved:
        return next(event for event in events if isinstance(event, e.ConflictResolved))

    def _following(
        self, state: SyncState, own: Sequence[Recorded], entry: Entry, entries: Iterable[Entry]
    ) -> Iterator[e.AnyEvent]:
        follows_theirs = self.answer_given == "theirs" and state.is_wanted
        if state.conflict in ABOUT_RECORDS:
            if self.answer_given == "theirs" or (self.answer_given == "ours" and not is_dragged(state)):
                yield from self._adopted(state, own)
            if follows_theirs and is_dragged(state):
                yield from self._moved(state, entry, entries)
        elif follows_theirs and not (state.conflict is None and state.surplus):  # that was about a second record only
            yield from self._given_way(state, entry, entries)

    def _adopted(self, state: SyncState, own: Sequence[Recorded]) -> Iterator[e.SyncSucceeded]:
        """The record that stays is what the last create was for, if that was never settled."""
        attempts = [item.event for item in own if isinstance(item.event, e.SyncAttempted)]
        kept = kept_record(state, self.answer_given)
        if not state.is_wanted or not attempts or kept is None or attempts[-1].operation != "create":
            return
        last = attempts[-1]
        if covers := tuple(position for position in last.covers if position in state.pending):
            yield e.SyncSucceeded(
                self.booking_id, last.attempt_id, "create", covers, kept, "look_up", slot=state.their_slot
            )

    def _given_way(self, state: SyncState, entry: Entry, entries: Iterable[Entry]) -> Iterator[e.AnyEvent]:
        """The CRM's word counts: the booking stands where it is there, or not at all."""
        record_id = state.record_id or next(iter(state.conflict_records), None)
        if state.conflict == "moved_in_crm":
            yield from self._moved(state, entry, entries)
        elif state.conflict == "removed_in_crm" and record_id is not None:
            yield e.CrmBookingRemoved(self.booking_id, record_id, entry.slot, state.client_id)
        else:
            yield e.BookingCancelled(self.booking_id, state.client_id, entry.slot)

    def _moved(self, state: SyncState, entry: Entry, entries: Iterable[Entry]) -> Iterator[e.AnyEvent]:
        """To where the CRM holds it, unless the client has come to wish just that."""
        record_id = kept_record(state, "theirs")
        if self.their_slot is None or record_id is None or self.their_slot == entry.slot:
            return
        slot = self.their_slot
        clash = clash_of(slot, entries, self.order.at, record_id, moving=self.booking_id)
        services = tuple(one.service_id for one in state.services)
        yield from clash.lapses
        yield e.CrmBookingMoved(
            self.booking_id, record_id, entry.slot, slot, services, state.client_id, clash.is_overlap
        )
        yield from clash.conflicts
