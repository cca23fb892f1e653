"""What an event is about, as tags: any tag is a timeline, and a decision reads only the timelines it needs."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from ledger import events as e
from ledger.values import BookingId, ClientId, RecordId, Slot, StaffId

CATALOG = "catalog"
INTEGRATION = "integration"
NOTICES = "notices"
ERASURES = "erasures"
CHECKPOINTS = "checkpoints"


def booking_tag(booking_id: BookingId) -> str:
    return f"booking:{booking_id}"


def client_tag(client_id: ClientId) -> str:
    return f"client:{client_id}"


def staff_tag(staff_id: StaffId) -> str:
    return f"staff:{staff_id}"


def shifts_tag(staff_id: StaffId) -> str:
    """A timeline of its own, so that the latest shifts are found without walking past every booking."""
    return f"shifts:{staff_id}"


def day_tag(staff_id: StaffId, day: date) -> str:
    return f"day:{staff_id}:{day.isoformat()}"


def record_tag(record_id: RecordId) -> str:
    return f"record:{record_id}"


def command_tag(command_id: str) -> str:
    return f"command:{command_id}"


def slot_tags(slot: Slot) -> list[str]:
    return [staff_tag(slot.staff_id), *(day_tag(slot.staff_id, day) for day in slot.days())]


def tags_of(event: e.AnyEvent) -> list[str]:
    """The timelines an event belongs to, apart from its command's."""
    if isinstance(event, e.SyncEvent):
        return [booking_tag(event.booking_id), *(record_tag(record) for record in _records(event))]
    if isinstance(event, e.ClientEvent | e.ForgettingEvent):
        is_of_erasing = isinstance(event, e.ErasureEvent | e.ForgettingEvent)
        return [client_tag(event.client_id), *([ERASURES] if is_of_erasing else [])]
    match event:
        case e.CatalogPublished():
            return [CATALOG]
        case e.ShiftsPublished():
            return [CATALOG, shifts_tag(event.staff_id)]
        case e.SlotHeld() | e.HoldLapsed() | e.BookingMade() | e.BookingCancelled():
            return [booking_tag(event.booking_id), client_tag(event.client_id), *slot_tags(event.slot)]
        case e.BookingMoved():
            places = dict.fromkeys([*slot_tags(event.slot), *slot_tags(event.from_slot)])
            return [booking_tag(event.booking_id), client_tag(event.client_id), *places]
        case (
            e.VisitConfirmed()
            | e.ReminderAttempted()
            | e.ReminderSent()
            | e.ReminderFailed()
            | e.ClientNoticeSent()
            | e.ClientNoticeFailed()
        ):
            return [booking_tag(event.booking_id), client_tag(event.client_id)]
        case e.NoticeSent() | e.NoticeFailed():
            return [NOTICES]
        case (
            e.IntegrationPaused()
            | e.IntegrationResumed()
            | e.CrmAnswered()
            | e.CrmConnected()
            | e.BaselineImported()
            | e.CrmChangeBraked()
            | e.CrmChangeAccepted()
            | e.CrmChangeSubsided()
        ):
            return [INTEGRATION]
        case e.CrmBookingSeen() | e.CrmBookingMoved() | e.CrmBookingRemoved():
            return _crm_booking_tags(event)
        case e.CheckpointSigned():
            return [CHECKPOINTS]
        case _:
            assert_never(event)


def _crm_booking_tags(event: e.CrmBookingEvent) -> list[str]:
    about = [booking_tag(event.booking_id), record_tag(event.record_id)]
    if isinstance(event, e.CrmBookingSeen):
        return [*about, *slot_tags(event.slot)]
    if event.client_id is not None:
        about.append(client_tag(event.client_id))
    left = slot_tags(event.from_slot) if isinstance(event, e.CrmBookingMoved) else []
    return [*about, *dict.fromkeys([*slot_tags(event.slot), *left])]


def _records(event: e.SyncEvent) -> tuple[RecordId, ...]:
    """The CRM records a sync event names."""
    match event:
        case e.ConflictFound():
            return event.record_ids
        case e.SyncAttempted(record_id=int(record_id)) | e.SyncSucceeded(record_id=record_id):
            return (record_id,)
        case e.SyncAttempted() | e.SyncFailed() | e.SyncSkipped() | e.ConflictResolved():
            return ()
