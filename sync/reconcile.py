"""Both diaries read, compared, and each difference told by its event; nothing is written, here or there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ledger import events as e
from ledger.clock import Clock
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.errors import SealError
from ledger.ledger import Ledger
from ledger.privacy import Vault
from ledger.values import BookingId, ClientId, RecordId, Slot
from projections.clients import contact_of
from projections.diary import DiaryEntry, diary
from sync.comparison import compare
from sync.differences import Comparison, Difference, OurBooking, is_booking_number
from sync.errors import GoneError
from sync.explanation import Explanation, background, explain
from sync.wire import CrmRecord, digits
from sync.yclients import Yclients

ROUNDS = 3
"""How often both are read when the ledger goes on meanwhile."""
MOST_LOOKS = 50
"""Records that a listing does not show are looked up one by one, but not more than these."""
_MOVING = e.BookingEvent | e.SyncEvent | e.ClientRegistered


@dataclass(frozen=True)
class Told:
    """A difference with the event that explains it, None for the alarming kind."""

    difference: Difference
    explanation: Explanation | None


@dataclass(frozen=True)
class Reconciliation:
    """What was found between two days, both included; unexplained differences stand first.

    `moving` counts differences that were left out because the ledger itself went on with that booking meanwhile.
    """

    from_on: date
    until_on: date
    comparison: Comparison
    told: list[Told]
    moving: int


class Reconciler:
    """Compares the ledger with the CRM. `catch_up` brings the read models to the head of the log."""

    def __init__(self, ledger: Ledger, vault: Vault, crm: Yclients, clock: Clock, catch_up: Callable[[], None]) -> None:
        self._ledger, self._vault, self._crm, self._clock = ledger, vault, crm, clock
        self._catch_up = catch_up

    def reconcile(self, from_on: date, until_on: date) -> Reconciliation:
        """Reads both sides, anew where the ledger went on meanwhile. Raises any SyncError of reading."""
        found = self._once(from_on, until_on)
        for _ in range(ROUNDS - 1):
            if not found.moving:
                break
            found = self._once(from_on, until_on)
        return found

    def _once(self, from_on: date, until_on: date) -> Reconciliation:
        before = self._ledger.recorder.head()
        comparison = self._compared(from_on, until_on)
        told, moving = self._tell(comparison.differences, before)
        told.sort(key=lambda one: one.explanation is not None)
        return Reconciliation(from_on, until_on, comparison, told, moving)

    def _compared(self, from_on: date, until_on: date) -> Comparison:
        """The CRM is read first: whatever changed since its listing stands in the log after the head of before."""
        listed = self._crm.records(from_on=from_on, until_on=until_on, with_deleted=True)
        self._catch_up()
        ours = self._ours(from_on, until_on, listed)
        apart = self._looked_up(ours, listed) if listed else []
        return compare(ours, [*listed, *apart])

    def _ours(self, from_on: date, until_on: date, listed: Sequence[CrmRecord]) -> list[OurBooking]:
        """Our bookings of these days, and those of other days whose records are live in these."""
        zone = self._clock.now().tzinfo
        live = [record for record in listed if not record.deleted]
        entries = diary(
            self._ledger.recorder.database,
            datetime.combine(from_on, time(), zone),
            datetime.combine(until_on + timedelta(days=1), time(), zone),
            booking_ids=[BookingId(int(one.api_id)) for one in live if is_booking_number(one.api_id)],
            record_ids=[RecordId(record.record_id) for record in live],
        )
        phones: dict[ClientId, str | None] = {}
        return [self._ours_of(entry, phones) for entry in entries]

    def _ours_of(self, entry: DiaryEntry, phones: dict[ClientId, str | None]) -> OurBooking:
        booking, state = entry.booking, entry.sync
        is_standing = booking.status != "cancelled"
        client_id = booking.client_id
        if client_id is not None and is_standing and client_id not in phones:
            phones[client_id] = self._phone(client_id)
        return OurBooking(
            booking.booking_id,
            Slot(booking.staff_id, booking.starts_at, booking.ends_at),
            tuple(booking.service_ids),
            is_standing,
            is_from_crm=booking.origin == "crm",
            is_expected=is_standing and (state.is_in_crm if state is not None else booking.origin == "crm"),
            overlap_allowed=booking.overlap_allowed and is_standing,
            records=entry.records,
            client_id=client_id,
            phone=phones.get(client_id) if client_id is not None else None,
        )

    def _phone(self, client_id: ClientId) -> str | None:
        """None where there is nothing to compare: none was given, or the client's key is gone."""
        try:
            contact = contact_of(self._ledger, self._vault, client_id)
        except SealError:
            return None
        return (digits(contact.phone) or None) if contact is not None else None

    def _looked_up(self, ours: Iterable[OurBooking], listed: Iterable[CrmRecord]) -> list[CrmRecord]:
        """Where the records stand that should be listed and are not: moved to other days, or removed for good."""
        seen = {record.record_id for record in listed}
        lost = [one.records[0] for one in ours if one.is_expected and one.records and one.records[0] not in seen]
        found = []
        for record_id in lost[:MOST_LOOKS]:
            try:
                found.append(self._crm.record(record_id))
            except GoneError:
                continue  # the CRM does not know it any more, which is what its list says
        return found

    def _tell(self, differences: Sequence[Difference], before: int) -> tuple[list[Told], int]:
        """Each difference with its explanation; those with events since `before` are in motion, and only counted."""
        told: list[Told] = []
        around, now = background(self._ledger), self._clock.now()
        for one in differences:
            timeline = self._timeline(one)
            if not any(item.position > before and isinstance(item.event, _MOVING) for item in timeline):
                told.append(Told(one, explain(one, timeline, around, now)))
        return [_with_cause(one, told) for one in told], len(differences) - len(told)

    def _timeline(self, difference: Difference) -> list[Recorded]:
        """The life of every booking it may be about, and the client's contact: all that may account for it."""
        records = [record for record in (difference.record, difference.beside) if record is not None]
        about = [boundaries.record(RecordId(record.record_id)) for record in records]
        named = self._ledger.history(*about) if about else []
        booking_ids = {
            item.event.booking_id for item in named if isinstance(item.event, e.SyncEvent | e.CrmBookingEvent)
        }
        client_id = None
        if difference.booking is not None:
            booking_ids.add(difference.booking.booking_id)
            client_id = difference.booking.client_id
        items = [boundaries.booking(booking_id) for booking_id in sorted(booking_ids)]
        if client_id is not None:
            items.append(boundaries.client(client_id))
        return self._ledger.history(*items) if items else []


def _with_cause(told: Told, others: Sequence[Told]) -> Told:
    """An overlap nothing explains by itself may come from a record that is known to stand elsewhere than it should."""
    one = told.difference
    if one.kind != "overlap" or told.explanation is not None:
        return told
    pair = {record.record_id for record in (one.record, one.beside) if record is not None}
    causes = (
        other.explanation
        for other in others
        if other.difference.kind in ("moved", "length", "resurrected", "duplicate")
        and other.difference.record is not None
        and other.difference.record.record_id in pair
    )
    return Told(one, next((cause for cause in causes if cause is not None), None))
