"""Follow what staff did in the CRM with a record we know: a move, another length, a removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger import errors, events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import Entry, fold_entries
from ledger.decisions.outside_facts import clash_of
from ledger.ledger import Already, Order
from ledger.recorder import BoundaryItem
from ledger.sync_state import SyncState, fold_sync
from ledger.values import BookingId, RecordId, ServiceId, Slot


@dataclass(frozen=True)
class FollowCrmRecord:
    """Takes over where the CRM holds a booking: at `slot`, or not any more (None).

    Where the client wishes something else at the same time, nobody's wish is written over: the booking waits for a
    person. Raises NothingToSyncError when this is no news (an echo of our own writes above all), AttemptOpenError while
    a request of ours may be on its way: what is seen then is looked at again later; UnknownBookingError for a record
    that is not this booking's.
    """

    order: Order
    booking_id: BookingId
    record_id: RecordId
    slot: Slot | None
    service_ids: tuple[ServiceId, ...] = ()

    def boundary(self) -> Sequence[BoundaryItem]:
        days = () if self.slot is None else boundaries.days(self.slot)
        return [boundaries.booking(self.booking_id), *days]

    def decide(self, history: Sequence[Recorded]) -> Sequence[e.AnyEvent] | Already:
        entries = fold_entries(history)
        entry = entries.get(self.booking_id)
        own = [item for item in history if getattr(item.event, "booking_id", None) == self.booking_id]
        if entry is None or not _is_bound(own, self.record_id):
            raise errors.UnknownBookingError
        state = fold_sync(own)
        if state is None:
            self._check_made_by_hand(entry)
        elif (question := self._question(entry, state)) is not None:
            return [question]
        if self.slot is None:
            return [e.CrmBookingRemoved(self.booking_id, self.record_id, entry.slot, entry.client_id)]
        if entry.status != "booked":  # called off here, and still to be removed there: it takes nobody's time
            return [self._moved(entry, self.slot, overlap_allowed=True)]
        clash = clash_of(self.slot, entries.values(), self.order.at, self.record_id, moving=self.booking_id)
        moved = self._moved(entry, self.slot, overlap_allowed=clash.is_overlap)
        # Made longer at its place, it was let run over its neighbour knowingly: nothing there to decide.
        is_elsewhere = (self.slot.staff_id, self.slot.starts_at) != (entry.slot.staff_id, entry.slot.starts_at)
        return [*clash.lapses, moved, *(clash.conflicts if is_elsewhere else ())]

    def answer(self, events: Sequence[e.AnyEvent]) -> e.CrmBookingMoved | e.CrmBookingRemoved | e.ConflictFound:
        """What was written down about this very booking."""
        return next(
            event
            for event in events
            if isinstance(event, e.CrmBookingMoved | e.CrmBookingRemoved | e.ConflictFound)
            and event.booking_id == self.booking_id
        )

    def _moved(self, entry: Entry, slot: Slot, *, overlap_allowed: bool) -> e.CrmBookingMoved:
        return e.CrmBookingMoved(
            self.booking_id, self.record_id, entry.slot, slot, self.service_ids, entry.client_id, overlap_allowed
        )

    def _check_made_by_hand(self, entry: Entry) -> None:
        """Raises NothingToSyncError when the ledger has it so already."""
        if entry.status != "booked" or entry.slot == self.slot:
            raise errors.NothingToSyncError

    def _question(self, entry: Entry, state: SyncState) -> e.ConflictFound | None:
        """What a person has to be asked before it can be followed; None when it can be."""
        if state.open_attempt is not None:
            raise errors.AttemptOpenError
        if state.record_id != self.record_id or not state.is_in_crm:
            raise errors.NothingToSyncError
        is_wished_otherwise = state.is_wanted and bool(state.pending)
        # Where the CRM was known to hold it: an echo, a wish still to be sent, or one that is not sent any more.
        is_as_known = self.slot is not None and self.slot == state.crm_slot
        if is_as_known and (state.pending or state.skipped or self.slot == entry.slot):
            raise errors.NothingToSyncError
        if self.slot is not None and self.slot == entry.slot:
            return None  # both sides wish the same
        if not is_wished_otherwise:
            return None
        kind: e.ConflictKind = "removed_in_crm" if self.slot is None else "moved_in_crm"
        question = e.ConflictFound(self.booking_id, kind, (self.record_id,), self.slot)
        is_asked = state.parked and (state.conflict, state.their_slot) == (kind, self.slot)
        if is_asked:
            raise errors.NothingToSyncError
        return question


def _is_bound(own: Sequence[Recorded], record_id: RecordId) -> bool:
    """True when the booking's own history names this record as the one it stands in."""
    return any(
        isinstance(item.event, e.CrmBookingSeen | e.SyncSucceeded | e.ConflictFound | e.CrmBookingMoved)
        and record_id in _records(item.event)
        for item in own
    )


def _records(
    event: e.CrmBookingSeen | e.SyncSucceeded | e.ConflictFound | e.CrmBookingMoved,
) -> tuple[RecordId, ...]:
    return event.record_ids if isinstance(event, e.ConflictFound) else (event.record_id,)
