"""What a record of the CRM, as it stands there now, means for the ledger: judged first, without a trace, then written.

Judging runs the very decisions that will be executed, so what is counted for the brake is what would happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

import structlog

from ledger import events as e
from ledger.clock import Clock
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.folds import fold_entries
from ledger.decisions.follow_crm import FollowCrmRecord
from ledger.decisions.note_sync import NoteConflict
from ledger.decisions.record_holder import Holder, holder_of
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.errors import AttemptOpenError, MalformedValueError, NothingToSyncError, SealError, UnknownBookingError
from ledger.leases import Lease
from ledger.ledger import Ledger, Order
from ledger.privacy import Vault, random_id
from ledger.sync_state import SyncState, fold_sync
from ledger.values import ID_BITS, BookingId, RecordId, ServiceId, Slot, StaffId
from projections import backlog
from projections.clients import contact_of
from sync import look_up
from sync.inbound.baseline import CRM
from sync.wire import CrmRecord, digits

Kind = Literal["made", "moved", "removed", "resized", "asked", "put_off", "nothing"]
Decision = FollowCrmRecord | SeeCrmBooking | NoteConflict
Waiting = Callable[[], Sequence[SyncState]]
"""The bookings that the CRM does not hold as it should."""
LONGEST = timedelta(hours=24)
_log = structlog.get_logger("sync")


@dataclass(frozen=True)
class Change:
    """What a record's present form comes down to, and the decisions that write it.

    `asked`: both sides wish something else, so a person is. `put_off`: a request of ours may be behind it, so nothing
    can be said yet. `is_large` counts for the brake: a coming visit that goes, or goes elsewhere.
    """

    record_id: RecordId
    kind: Kind
    decisions: tuple[Decision, ...] = ()
    is_large: bool = False


class Changes:
    """Judges records and writes down what they mean."""

    def __init__(self, ledger: Ledger, vault: Vault, clock: Clock) -> None:
        self._ledger, self._vault, self._clock = ledger, vault, clock

    def of(self, records: Iterable[CrmRecord]) -> list[Change]:
        """What each record means; nothing is written."""
        # After an outage these are many, and only a stranger's record is held against them.
        waiting = cache(lambda: backlog.open_items(self._ledger.recorder.database))
        return [self._of(record, waiting) for record in records]

    def of_gone(self, record_id: RecordId) -> Change:
        """What it means that the CRM has this record no longer."""
        history = self._ledger.history(boundaries.record(record_id))
        holder = holder_of(history, record_id)
        if holder is None or not holder.stands:
            return Change(record_id, "nothing")
        return self._followed(holder, record_id, None, ())

    def write(self, change: Change, lease: Lease) -> bool:
        """Writes it down; False when it has to be looked at again later. Raises LeaseLostError."""
        if change.kind == "put_off":
            return False
        for decision in change.decisions:
            try:
                self._ledger.execute(decision, lease=lease)
            except AttemptOpenError:
                return False
            except (NothingToSyncError, UnknownBookingError):
                continue  # decided anew, it is no news any more
            _log.info("followed the CRM", record=change.record_id, kind=change.kind, booking=decision.booking_id)
        return True

    def _of(self, record: CrmRecord, waiting: Waiting) -> Change:
        record_id = RecordId(record.record_id)
        history = self._ledger.history(boundaries.record(record_id))
        holder = holder_of(history, record_id)
        if holder is not None and holder.is_in_question:
            holder = self._answered(holder, record_id)
        if holder is None or (not holder.stands and not record.deleted):
            return self._strangers(record, holder, waiting)
        if holder.is_in_question:
            return Change(record_id, "nothing")
        doubles = self._doubles(history, holder, record_id)
        if not holder.stands:
            return Change(record_id, "removed" if doubles else "nothing", tuple(doubles))
        slot = None if record.deleted else self._slot(record, holder)
        services = tuple(ServiceId(service_id) for service_id in record.service_ids)
        change = self._followed(holder, record_id, slot, services)
        return Change(record_id, change.kind, (*change.decisions, *doubles), change.is_large)

    def _followed(
        self, holder: Holder, record_id: RecordId, slot: Slot | None, services: tuple[ServiceId, ...]
    ) -> Change:
        follow = FollowCrmRecord(self._order(record_id), holder.booking_id, record_id, slot, services)
        try:
            decided = follow.decide(self._ledger.history(*follow.boundary()))
        except AttemptOpenError:
            return Change(record_id, "put_off")
        except (NothingToSyncError, UnknownBookingError):
            return Change(record_id, "nothing")
        now = self._clock.now()
        event = follow.answer(decided if isinstance(decided, Sequence) else [decided.event])
        match event:
            case e.CrmBookingRemoved():
                return Change(record_id, "removed", (follow,), event.slot.starts_at > now)
            case e.CrmBookingMoved(from_slot=old, slot=new):
                is_elsewhere = (old.staff_id, old.starts_at) != (new.staff_id, new.starts_at)
                return Change(
                    record_id, "moved" if is_elsewhere else "resized", (follow,), is_elsewhere and old.starts_at > now
                )
            case e.ConflictFound():
                return Change(record_id, "asked", (follow,), is_large=True)

    def _strangers(self, record: CrmRecord, before: Holder | None, waiting: Waiting) -> Change:
        """A record that no booking has: made by hand, unless it may be what became of a request of ours."""
        record_id, now = RecordId(record.record_id), self._clock.now()
        is_over = record.slot_start.date() < now.astimezone(record.slot_start.tzinfo).date()
        if record.deleted or record.minutes == 0 or is_over:
            return Change(record_id, "nothing")
        if (twin := self._twin(record)) is not None:
            return twin
        if any(self._may_be(record, state) for state in waiting()):
            return Change(record_id, "put_off")
        again = f":{before.position}" if before else ""
        see = SeeCrmBooking(
            Order(f"sync:seen:{record_id}{again}", CRM, now),
            BookingId(random_id()),
            record_id,
            _slot_of(record, timedelta(minutes=record.minutes)),
            tuple(ServiceId(service_id) for service_id in record.service_ids),
        )
        return Change(record_id, "made", (see,))

    def _twin(self, record: CrmRecord) -> Change | None:
        """With the number of a booking of ours that does not have it: a lost answer's, a second record, or a copy."""
        record_id = RecordId(record.record_id)
        if not record.api_id.isdecimal() or not 0 < int(record.api_id) < 1 << ID_BITS:
            return None
        booking_id = BookingId(int(record.api_id))
        history = self._ledger.history(boundaries.booking(booking_id))
        state = fold_sync(history)
        if state is None:
            return None
        if state.open_attempt is not None or (state.is_wanted and state.pending and not state.is_in_crm):
            return Change(record_id, "put_off")
        if record_id in (*state.conflict_records, *state.surplus):
            return Change(record_id, "nothing")
        # A request of before, taken for lost, may have taken effect after all.
        asked = [item.event.slot for item in history if isinstance(item.event, e.SyncAttempted) and item.event.slot]
        is_twin = any(look_up.is_at(record, slot) for slot in (state.slot, *asked))
        if is_twin and state.is_wanted and state.is_in_crm and state.record_id:
            twice = NoteConflict(self._order(record_id), booking_id, "duplicate", (state.record_id, record_id))
            return Change(record_id, "asked", (twice,))
        return None

    def _may_be(self, record: CrmRecord, state: SyncState) -> bool:
        """Whether it stands where we are about to put a booking, or may have; or is its client's, at another time.

        Staff may have entered during an outage what waits to be sent, and a change by hand takes our number away. The
        sender finds that out, by a busy answer or a look; only then is the record a stranger's.
        """
        if state.parked:
            return False
        places = [state.asked_slot] if state.open_attempt is not None else []
        if state.operation == "create" and state.is_wanted:
            places.append(state.slot)
        if any(place is not None and look_up.is_at(record, place) for place in places):
            return True
        is_lost = state.open_attempt is not None and state.open_attempt.operation == "create"
        return is_lost and bool(record.phone_digits) and record.phone_digits[-10:] == self._phone(state)[-10:]

    def _phone(self, state: SyncState) -> str:
        try:
            contact = contact_of(self._ledger, self._vault, state.client_id)
        except (SealError, MalformedValueError):
            return ""
        return digits(contact.phone) if contact else ""

    def _doubles(self, history: Sequence[Recorded], holder: Holder, record_id: RecordId) -> list[FollowCrmRecord]:
        """Bookings the record was given before it turned out to be another's: they take its time a second time."""
        others = {
            item.event.booking_id
            for item in history
            if isinstance(item.event, e.CrmBookingSeen) and item.event.booking_id != holder.booking_id
        }
        doubles = [FollowCrmRecord(self._order(record_id), other, record_id, None) for other in others]
        return [one for one in doubles if self._is_news(one)]

    def _is_news(self, follow: FollowCrmRecord) -> bool:
        try:
            return bool(follow.decide(self._ledger.history(*follow.boundary())))
        except NothingToSyncError:
            return False

    def _answered(self, holder: Holder, record_id: RecordId) -> Holder | None:
        """What an answer has made of a record that was asked about: the booking's own, or a stranger's again."""
        state = fold_sync(self._ledger.history(boundaries.booking(holder.booking_id)))
        if state is None:
            return None
        if record_id in (*state.conflict_records, *state.surplus):
            return holder
        return replace(holder, is_in_question=False) if record_id == state.record_id else None

    def _slot(self, record: CrmRecord, holder: Holder) -> Slot:
        """A known record that has become a mark without length keeps the one it had."""
        length = timedelta(minutes=record.minutes)
        if not length:
            entry = fold_entries(self._ledger.history(boundaries.booking(holder.booking_id)))[holder.booking_id]
            length = entry.slot.ends_at - entry.slot.starts_at
        return _slot_of(record, length)

    def _order(self, record_id: RecordId) -> Order:
        return Order(f"sync:follow:{record_id}:{random_id()}", CRM, self._clock.now())


def _slot_of(record: CrmRecord, length: timedelta) -> Slot:
    return Slot(StaffId(record.staff_id), record.slot_start, record.slot_start + min(length, LONGEST))


def form_of(record: CrmRecord) -> str:
    """What of a record can be news; its change alone is told to the second only."""
    changed = record.changed_at.isoformat() if record.changed_at else ""
    what = "deleted" if record.deleted else f"{record.staff_id} {record.slot_start.isoformat()} {record.minutes}"
    return f"{changed} {what}"


def changed_at(record: CrmRecord, now: datetime) -> datetime:
    """When it was changed, by the CRM's clock, never ahead of ours: a date of next year would hide all before it."""
    return min(record.changed_at or now, now)
