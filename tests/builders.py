"""A small salon for tests: a test names only what it is about, everything else stands here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from ledger import events as e
from ledger.codec import Recorded, stored_name
from ledger.ledger import Already, Decision, Order
from ledger.recorder import BoundaryItem
from ledger.tags import command_tag, tags_of
from ledger.values import Actor, BookedService, BookingId, ClientId, RecordId, Sealed, ServiceId, Slot, StaffId

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = date(2030, 1, 7)
NOW = datetime(2030, 1, 6, 12, 0, tzinfo=MOSCOW)
"""Sunday noon, the day before MONDAY."""
ANNA, OLGA = StaffId(7), StaffId(8)
HAIRCUT, COLOURING = ServiceId(1), ServiceId(2)
MARIA, DARIA = ClientId(1001), ClientId(1002)
BOOKING, OTHER_BOOKING = BookingId(501), BookingId(502)
RECORD = RecordId(9001)
SYSTEM = Actor("system", "test")
WEEKDAYS: tuple[e.Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
POLICY = e.Policy(
    hold_minutes=10,
    minimum_notice_minutes=60,
    horizon_days=30,
    cancel_notice_minutes=120,
    open_bookings_limit=3,
    slot_step_minutes=30,
)

_T = TypeVar("_T")
_numbers = count(1)


def at(text: str, on: date = MONDAY, zone: ZoneInfo = MOSCOW) -> datetime:
    """`at("10:00")`: that time on MONDAY."""
    return datetime.combine(on, time.fromisoformat(text), zone)


def slot(start: str = "10:00", minutes: int = 60, *, on: date = MONDAY, staff_id: StaffId = ANNA) -> Slot:
    return Slot(staff_id, at(start, on), at(start, on) + timedelta(minutes=minutes))


def order(command_id: str | None = None, *, at: datetime = NOW, by: Actor = SYSTEM) -> Order:
    """An order under a command id of its own."""
    return Order(command_id or f"test:{next(_numbers)}", by, at)


def sealed(field: str = "client_registered.name", blob: str = "AQ==") -> Sealed:
    return Sealed(blob, field)


# --- catalogue ---


def policy(**changes: int) -> e.Policy:
    return msgspec.structs.replace(POLICY, **changes)


def catalog(**changes: object) -> e.CatalogPublished:
    """Anna does both services, Olga only haircuts."""
    usual = e.CatalogPublished(
        "file",
        "Салон",
        "Europe/Moscow",
        "RUB",
        "ул. Лесная, 5",
        "+74951234567",
        (
            e.ServiceOffer(HAIRCUT, "Стрижка", "Волосы", 150_000, 60, (ANNA, OLGA)),
            e.ServiceOffer(COLOURING, "Окрашивание", "Волосы", 500_000, 120, (ANNA,)),
        ),
        (e.StaffMember(ANNA, "Анна", "стилист"), e.StaffMember(OLGA, "Ольга", "мастер")),
        POLICY,
    )
    return msgspec.structs.replace(usual, **changes)


def hours(*intervals: str) -> tuple[e.Interval, ...]:
    """`hours("10:00-14:00", "15:00-20:00")`."""
    pairs = [text.split("-") for text in intervals]
    return tuple(e.Interval(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)


def shifts(
    staff_id: StaffId = ANNA,
    intervals: tuple[e.Interval, ...] | None = None,
    days: dict[date, tuple[e.Interval, ...]] | None = None,
) -> e.ShiftsPublished:
    """Every day of the week the same hours, 10 to 14 and 15 to 20 unless told otherwise."""
    daily = hours("10:00-14:00", "15:00-20:00") if intervals is None else intervals
    return e.ShiftsPublished("file", staff_id, dict.fromkeys(WEEKDAYS, daily), days or {})


# --- booking ---

SERVICES = (BookedService(HAIRCUT, 150_000, 60),)


def held(
    place: Slot | None = None,
    *,
    booking_id: BookingId = BOOKING,
    client_id: ClientId = MARIA,
    expires_at: datetime = NOW + timedelta(minutes=10),
) -> e.SlotHeld:
    return e.SlotHeld(booking_id, client_id, place or slot(), SERVICES, expires_at, "confirmation")


def lapsed(place: Slot | None = None, *, booking_id: BookingId = BOOKING, client_id: ClientId = MARIA) -> e.HoldLapsed:
    return e.HoldLapsed(booking_id, client_id, place or slot(), "expired")


def made(place: Slot | None = None, *, booking_id: BookingId = BOOKING, client_id: ClientId = MARIA) -> e.BookingMade:
    return e.BookingMade(booking_id, client_id, place or slot(), SERVICES)


def moved(
    place: Slot,
    from_place: Slot | None = None,
    *,
    booking_id: BookingId = BOOKING,
    client_id: ClientId = MARIA,
) -> e.BookingMoved:
    return e.BookingMoved(booking_id, client_id, from_place or slot(), place, SERVICES)


def cancelled(
    place: Slot | None = None, *, booking_id: BookingId = BOOKING, client_id: ClientId = MARIA
) -> e.BookingCancelled:
    return e.BookingCancelled(booking_id, client_id, place or slot())


def imported(**changes: object) -> e.BaselineImported:
    """The diary of MONDAY of account 1 was read, and it was empty."""
    usual = e.BaselineImported(company_id=1, from_on=MONDAY, until_on=MONDAY, records=0)
    return msgspec.structs.replace(usual, **changes)


def consent(client_id: ClientId = MARIA, version: str = "1") -> e.ConsentGiven:
    return e.ConsentGiven(client_id, "booking", version, "ab" * 32)


def registered(client_id: ClientId = MARIA) -> e.ClientRegistered:
    return e.ClientRegistered(
        client_id,
        sealed("client_registered.telegram"),
        sealed("client_registered.name"),
        sealed("client_registered.phone"),
        phone_verified=True,
        language="ru",
    )


def seen_in_crm(
    place: Slot | None = None,
    *,
    booking_id: BookingId = OTHER_BOOKING,
    record_id: RecordId = RECORD,
    overlap_allowed: bool = False,
) -> e.CrmBookingSeen:
    return e.CrmBookingSeen(booking_id, record_id, place or slot(), (HAIRCUT,), overlap_allowed)


# --- sync ---


def attempted(**changes: object) -> e.SyncAttempted:
    usual = e.SyncAttempted(
        booking_id=BOOKING,
        client_id=MARIA,
        attempt_id=77,
        operation="create",
        covers=(1,),
        number=1,
        deadline_at=NOW + timedelta(seconds=30),
    )
    return msgspec.structs.replace(usual, **changes)


def succeeded(**changes: object) -> e.SyncSucceeded:
    usual = e.SyncSucceeded(
        booking_id=BOOKING, attempt_id=77, operation="create", covers=(1,), record_id=RECORD, seen_by="answer"
    )
    return msgspec.structs.replace(usual, **changes)


def failed(**changes: object) -> e.SyncFailed:
    usual = e.SyncFailed(
        booking_id=BOOKING,
        client_id=MARIA,
        attempt_id=77,
        operation="create",
        outcome="refused",
        kind="invalid",
        message=sealed("sync_failed.message"),
    )
    return msgspec.structs.replace(usual, **changes)


# --- given / when / then, without a database ---


def history(*events: e.AnyEvent, after: int = 0, command_id: str = "earlier") -> list[Recorded]:
    """Events as they would stand in the log from position 1 (or after `after`) on."""
    return [
        Recorded(
            position,
            datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=position),
            (*tags_of(event), command_tag(command_id)),
            SYSTEM,
            NOW,
            command_id,
            event,
        )
        for position, event in enumerate(events, after + 1)
    ]


def visible(log: Sequence[Recorded], boundary: Iterable[BoundaryItem]) -> list[Recorded]:
    """The part of a log that a boundary sees: what a decision forgot to ask for, it does not get."""
    positions: set[int] = set()
    for item in boundary:
        found = [
            one.position
            for one in log
            if set(item.tags) <= set(one.tags) and (not item.types or stored_name(type(one.event)) in item.types)
        ]
        positions.update(found[-1:] if item.latest else found)
    return [one for one in log if one.position in positions]


class Memory:
    """A log in a list that decides as the ledger does: boundary, decision, append, each command once."""

    def __init__(self, *events: e.AnyEvent) -> None:
        self.log = history(*events)

    def decide(self, decision: Decision[_T]) -> Sequence[e.AnyEvent] | Already:
        """What the decision says, nothing appended. Raises what it refuses with."""
        return decision.decide(visible(self.log, decision.boundary()))

    def new(self, decision: Decision[_T]) -> list[e.AnyEvent]:
        """The events the decision would append; Already gives none."""
        decided = self.decide(decision)
        return [] if isinstance(decided, Already) else list(decided)

    def execute(self, decision: Decision[_T]) -> list[e.AnyEvent]:
        """Appends what the decision says and gives it."""
        events = self.new(decision)
        self.log += history(*events, after=len(self.log), command_id=decision.order.command_id)
        return events

    def events(self) -> list[e.AnyEvent]:
        return [item.event for item in self.log]


def as_caused(memory: Memory, decision: Decision[_T]) -> list[e.AnyEvent]:
    """Appends what the decision says under its order's own cause, which some decisions look at."""
    before = len(memory.log)
    events = memory.execute(decision)
    cause = decision.order.cause
    memory.log[before:] = [msgspec.structs.replace(item, cause=cause) for item in memory.log[before:]]
    return events


def given(*events: e.AnyEvent) -> Memory:
    """`given(held()).new(MakeBooking(...))`."""
    return Memory(*events)


def open_salon(*events: e.AnyEvent) -> Memory:
    """A salon with a catalogue, Anna's and Olga's shifts, and then these events."""
    return Memory(catalog(), shifts(ANNA), shifts(OLGA), *events)
