"""Everything that can happen in a salon's booking ledger, as immutable facts."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal

import msgspec

from ledger.values import BookedService, BookingId, ClientId, RecordId, Sealed, ServiceId, Slot, StaffId

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Operation = Literal["create", "cancel"]
Awaits = Literal["consent", "contact", "confirmation"]
LapseReason = Literal["expired", "replaced", "released", "taken_in_crm"]
PauseKind = Literal["operator", "no_credentials", "auth", "licence", "rights"]
SkipReason = Literal["superseded", "past"]
ConflictKind = Literal["slot_busy", "duplicate", "ambiguous", "overlap", "removed_in_crm", "unsendable"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fact. Subclasses are named noun first, past participle; their stored names stand in `ledger.codec`."""


# --- catalogue ---------------------------------------------------------------


class ServiceOffer(msgspec.Struct, frozen=True):
    """A service on the price list: price in minor units (kopecks), length in minutes, who does it."""

    service_id: ServiceId
    title: str
    category: str
    price: int
    minutes: int
    staff_ids: tuple[StaffId, ...]


class StaffMember(msgspec.Struct, frozen=True):
    """A master under their public name."""

    staff_id: StaffId
    name: str
    title: str


class Policy(msgspec.Struct, frozen=True):
    """The salon's limits; every unit stands in the field's name."""

    hold_minutes: int
    minimum_notice_minutes: int
    horizon_days: int
    cancel_notice_minutes: int
    open_bookings_limit: int
    slot_step_minutes: int


class Interval(msgspec.Struct, frozen=True):
    """Working hours [opens, closes) by the salon's wall clock."""

    opens: time
    closes: time


class CatalogPublished(Event, frozen=True):
    """The salon published its services, masters and limits; replaces every earlier catalogue."""

    source: Literal["file", "yclients"]
    salon: str
    timezone: str
    currency: str
    address: str
    phone: str
    services: tuple[ServiceOffer, ...]
    staff: tuple[StaffMember, ...]
    policy: Policy


class ShiftsPublished(Event, frozen=True):
    """The salon published when a master works; replaces that master's earlier shifts. A day overrides its weekday."""

    source: Literal["file", "yclients"]
    staff_id: StaffId
    weekly: dict[Weekday, tuple[Interval, ...]]
    days: dict[date, tuple[Interval, ...]] = {}


# --- client ------------------------------------------------------------------


class ClientRegistered(Event, frozen=True):
    """A client shared who they are; all of it sealed with their own key."""

    client_id: ClientId
    telegram: Sealed
    name: Sealed
    phone: Sealed
    phone_verified: bool
    language: Literal["ru", "en"]


class ConsentGiven(Event, frozen=True):
    """A client agreed to a text, known by its purpose, version and SHA-256 (hex)."""

    client_id: ClientId
    purpose: Literal["booking"]
    version: str
    text_sha256: str


# --- booking -----------------------------------------------------------------


class SlotHeld(Event, frozen=True):
    """A slot is kept for a client while they answer what it awaits."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    services: tuple[BookedService, ...]
    expires_at: datetime
    awaits: Awaits


class HoldLapsed(Event, frozen=True):
    """A kept slot was given up and is free again."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    reason: LapseReason


class BookingMade(Event, frozen=True):
    """A client booked a slot, at these prices."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot
    services: tuple[BookedService, ...]


class BookingCancelled(Event, frozen=True):
    """A booking was called off; its slot is free again."""

    booking_id: BookingId
    client_id: ClientId
    slot: Slot


# --- integration -------------------------------------------------------------


class IntegrationPaused(Event, frozen=True):
    """Nothing is sent to the CRM from here on; `message` is the CRM's own words, `note` an operator's."""

    kind: PauseKind
    message: str = ""
    note: Sealed | None = None


class IntegrationResumed(Event, frozen=True):
    """Sending to the CRM goes on; `past` says what becomes of visits whose time has gone by."""

    past: Literal["send", "skip", "ask"] = "ask"


class CrmConnected(Event, frozen=True):
    """The salon named its CRM account; until that diary is imported no day can be offered safely."""

    company_id: int


class BaselineImported(Event, frozen=True):
    """The CRM's own diary of these days was read into the ledger, so they can be offered."""

    company_id: int
    from_on: date
    until_on: date
    records: int


# --- sync out ----------------------------------------------------------------


class SyncAttempted(Event, frozen=True):
    """A request to the CRM is about to leave; until an outcome follows nobody knows whether it arrived.

    `covers` are the positions of the booking events it carries; after `deadline_at` the request is given up.
    """

    booking_id: BookingId
    client_id: ClientId
    attempt_id: int
    operation: Operation
    covers: tuple[int, ...]
    number: int
    deadline_at: datetime
    record_id: RecordId | None = None


class SyncSucceeded(Event, frozen=True):
    """The CRM holds what it should for the covered events; `seen_by` says how we know."""

    booking_id: BookingId
    attempt_id: int
    operation: Operation
    covers: tuple[int, ...]
    record_id: RecordId
    seen_by: Literal["answer", "look_up"]


class SyncFailed(Event, frozen=True):
    """An attempt did not succeed.

    `outcome`: not_sent and absent leave the CRM untouched for certain, refused is its own no, unknown must be looked
    up before anything is repeated. `parked` means a person has to decide.
    """

    booking_id: BookingId
    client_id: ClientId
    attempt_id: int
    operation: Operation
    outcome: Literal["not_sent", "refused", "unknown", "absent"]
    kind: str
    message: Sealed
    status: int | None = None
    retry_at: datetime | None = None
    parked: bool = False


class SyncSkipped(Event, frozen=True):
    """The covered events need not be sent any more."""

    booking_id: BookingId
    covers: tuple[int, ...]
    reason: SkipReason


class ConflictFound(Event, frozen=True):
    """Ledger and CRM contradict each other about a booking; it waits for a person."""

    booking_id: BookingId
    kind: ConflictKind
    record_ids: tuple[RecordId, ...] = ()


# --- sync in -----------------------------------------------------------------


class CrmBookingSeen(Event, frozen=True):
    """A booking made by hand in the CRM takes its slot; it got a booking id of ours at first sight.

    A fact from outside is never refused: with `overlap_allowed` it stands although the time was taken.
    """

    booking_id: BookingId
    record_id: RecordId
    slot: Slot
    service_ids: tuple[ServiceId, ...]
    overlap_allowed: bool = False


BookingEvent = SlotHeld | HoldLapsed | BookingMade | BookingCancelled | CrmBookingSeen
CatalogEvent = CatalogPublished | ShiftsPublished
ClientEvent = ClientRegistered | ConsentGiven
IntegrationEvent = IntegrationPaused | IntegrationResumed | CrmConnected | BaselineImported
SyncEvent = SyncAttempted | SyncSucceeded | SyncFailed | SyncSkipped | ConflictFound
AnyEvent = BookingEvent | CatalogEvent | ClientEvent | IntegrationEvent | SyncEvent
