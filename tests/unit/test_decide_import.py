"""Bookings of an older system are facts: none is refused, none stands twice, none runs over another unsaid."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ledger import errors, events as e
from ledger.decisions.book import MakeBooking
from ledger.decisions.clients import RegisterClient
from ledger.decisions.hold import HoldSlot
from ledger.decisions.import_booking import IMPORT, ImportBooking, Imported
from ledger.ledger import Already, Order
from ledger.values import BookedService, BookingId, ClientId, Sealed, Slot
from tests.builders import (
    ANNA,
    BOOKING,
    COLOURING,
    DARIA,
    HAIRCUT,
    MARIA,
    MONDAY,
    NOW,
    OLGA,
    OTHER_BOOKING,
    RECORD,
    SERVICES,
    SYSTEM,
    Memory,
    as_caused,
    cancelled,
    catalog,
    consent,
    given,
    held,
    lapsed,
    made,
    moved,
    open_salon,
    order,
    registered,
    seen_in_crm,
    slot,
)

NEW = BookingId(700)
BLANK = {field: Sealed("", f"client_registered.{field}") for field in ("telegram", "name", "phone")}


def contact(client_id: ClientId = MARIA, **changes: Sealed) -> e.ClientRegistered:
    return msgspec.structs.replace(registered(client_id), phone_verified=False, **changes)


def row(
    place: Slot | None = None,
    *,
    booking_id: BookingId = NEW,
    client: e.ClientRegistered | None = None,
    services: tuple[BookedService, ...] = SERVICES,
    is_cancelled: bool = False,
) -> ImportBooking:
    by = Order(f"{IMPORT}old-bot:{booking_id}", SYSTEM, NOW, f"{IMPORT}old-bot:1")
    return ImportBooking(by, booking_id, client or contact(), place or slot(), services, is_cancelled)


def imported(memory: Memory, *decisions: ImportBooking) -> Memory:
    """The log after these rows."""
    for decision in decisions:
        as_caused(memory, decision)
    return memory


def test_a_row_is_a_booking_of_a_client_made_known() -> None:
    assert open_salon().new(row()) == [contact(), made(booking_id=NEW)]


def test_a_cancelled_row_is_booked_and_called_off_in_one_append() -> None:
    events = open_salon().new(row(is_cancelled=True))

    assert events == [contact(), made(booking_id=NEW), cancelled(booking_id=NEW)]
    assert row().answer(events) == Imported(NEW, is_cancelled=True, conflict=None)


@pytest.mark.parametrize(
    "place",
    [
        slot("10:00", on=MONDAY - timedelta(days=400)),
        slot("10:00", on=MONDAY + timedelta(days=400)),
        slot("12:30", on=NOW.date()),
        slot("03:00"),
        slot("23:30"),
        slot("10:00", minutes=24 * 60),
    ],
)
def test_no_rule_of_the_salon_refuses_it(place: Slot) -> None:
    full = [made(slot(f"{hour}:00", staff_id=OLGA), booking_id=BookingId(hour)) for hour in range(10, 20)]

    assert made(place, booking_id=NEW) in open_salon(*full).new(row(place))


def test_without_a_catalogue_or_in_another_zones_digits_it_is_the_callers_fault() -> None:
    with pytest.raises(errors.NotInCatalogError):
        given().decide(row())
    with pytest.raises(errors.MalformedValueError, match="digits"):
        given(catalog(timezone="Asia/Tokyo")).decide(row())
    with pytest.raises(errors.MalformedValueError, match="somebody else's"):
        open_salon(made(slot("15:00"), booking_id=NEW)).decide(row())


def test_over_a_booking_it_stands_and_waits_for_a_person() -> None:
    events = open_salon(made(client_id=DARIA), registered()).new(row(slot("10:30")))

    assert events == [
        msgspec.structs.replace(made(slot("10:30"), booking_id=NEW), overlap_allowed=True),
        e.ConflictFound(NEW, "overlap"),
    ]
    assert row().answer(events).conflict == e.ConflictFound(NEW, "overlap")


def test_over_a_record_of_the_crm_the_conflict_names_it() -> None:
    both = open_salon(seen_in_crm(), made(slot("10:30", 30), client_id=DARIA), registered())

    assert both.new(row())[-1] == e.ConflictFound(NEW, "overlap", (RECORD,))


@pytest.mark.parametrize(
    "before",
    [
        (made(client_id=DARIA), cancelled(client_id=DARIA)),
        (held(client_id=DARIA), lapsed(client_id=DARIA)),
        (made(slot("11:00"), client_id=DARIA),),
        (made(slot("09:00"), client_id=DARIA),),
        (made(slot(staff_id=OLGA), client_id=DARIA),),
        (made(client_id=DARIA), moved(slot("16:00"), client_id=DARIA)),
    ],
)
def test_what_is_not_in_its_time_is_no_conflict(before: tuple[e.AnyEvent, ...]) -> None:
    assert open_salon(registered(), *before).new(row()) == [made(booking_id=NEW)]


def test_what_moved_into_its_time_is_a_conflict() -> None:
    came = open_salon(registered(), made(slot("16:00"), client_id=DARIA), moved(slot(), slot("16:00"), client_id=DARIA))

    assert came.new(row())[-1] == e.ConflictFound(NEW, "overlap")


@pytest.mark.parametrize(("expires_at", "reason"), [(NOW + timedelta(minutes=1), "taken_by_import"), (NOW, "expired")])
@pytest.mark.parametrize("client_id", [MARIA, DARIA])
def test_a_hold_in_its_way_lapses(expires_at: object, reason: e.LapseReason, client_id: ClientId) -> None:
    kept = msgspec.structs.replace(held(client_id=client_id), expires_at=expires_at)

    assert open_salon(registered(), kept).new(row()) == [
        e.HoldLapsed(BOOKING, client_id, slot(), reason),
        made(booking_id=NEW),
    ]


def test_a_hold_that_lapsed_for_an_import_cannot_be_booked() -> None:
    memory = open_salon(registered(DARIA), consent(DARIA), held(client_id=DARIA))
    memory.execute(row())

    with pytest.raises(errors.HoldExpiredError):
        memory.decide(MakeBooking(order(), BOOKING, DARIA))
    with pytest.raises(errors.SlotTakenError):
        memory.decide(HoldSlot(order(), OTHER_BOOKING, DARIA, slot(), (HAIRCUT,)))


def test_a_cancelled_row_disturbs_nobody() -> None:
    """It gives its time back at once: no hold lapses, nobody has to decide anything."""
    events = open_salon(registered(), made(client_id=DARIA), held(slot("10:30", 30), booking_id=OTHER_BOOKING)).new(
        row(is_cancelled=True)
    )

    assert [type(event) for event in events] == [e.BookingMade, e.BookingCancelled]
    assert isinstance(events[0], e.BookingMade)
    assert events[0].overlap_allowed


TWO = (*SERVICES, BookedService(COLOURING, 1, 1))


@pytest.mark.parametrize("before", [(made(),), (made(slot("16:00")), moved(slot(), slot("16:00")))])
def test_the_same_visit_that_stands_is_there_already(before: tuple[e.AnyEvent, ...]) -> None:
    assert open_salon(registered(), *before).decide(row()) == Already(before[-1])


@pytest.mark.parametrize(
    "other",
    [
        row(client=contact(DARIA)),
        row(slot("10:00", staff_id=OLGA)),
        row(slot("10:15")),
        row(services=TWO),
    ],
)
def test_another_client_master_start_or_service_is_another_visit(other: ImportBooking) -> None:
    events = open_salon(registered(), registered(DARIA), made()).new(other)

    assert any(isinstance(event, e.BookingMade) for event in events)


def test_services_in_another_order_and_another_length_are_the_same_visit() -> None:
    longer = msgspec.structs.replace(slot(), ends_at=slot().ends_at + timedelta(minutes=15))
    stands = imported(open_salon(), row(services=TWO))

    assert stands.new(row(longer, booking_id=BOOKING, services=TWO[::-1])) == []


@pytest.mark.parametrize("since", [(cancelled(booking_id=NEW),), (moved(slot("16:00"), booking_id=NEW),)])
def test_what_was_imported_is_not_brought_back_after_the_client_changed_it(since: tuple[e.AnyEvent, ...]) -> None:
    """The second of two identical rows has no command of its own in the log: only its twin's history tells."""
    memory = imported(open_salon(), row())
    memory.log += Memory(*memory.events(), *since).log[len(memory.log) :]

    assert memory.new(row(booking_id=OTHER_BOOKING)) == []


def test_what_was_called_off_in_the_old_table_and_booked_again_there_is_booked() -> None:
    memory = imported(open_salon(), row(is_cancelled=True), row(booking_id=OTHER_BOOKING))

    assert memory.events()[-1] == made(booking_id=OTHER_BOOKING)
    again = (row(booking_id=BookingId(9), is_cancelled=True), row(booking_id=BookingId(9)))
    assert [memory.new(one) for one in again] == [[], []]


def test_what_the_bot_booked_and_called_off_does_not_hide_a_promise_of_the_old_table() -> None:
    assert open_salon(registered(), made(), cancelled()).new(row()) == [made(booking_id=NEW)]


def test_a_cancelled_row_whose_visit_stands_is_answered_with_what_stands() -> None:
    decided = open_salon(registered(), made()).decide(row(is_cancelled=True))

    assert decided == Already(made())
    assert row().answer([made()]) == Imported(BOOKING, is_cancelled=False, conflict=None)


def test_a_known_client_stays_as_they_are() -> None:
    assert open_salon(registered()).new(row()) == [made(booking_id=NEW)]


@pytest.mark.parametrize("lacking", ["telegram", "phone"])
def test_a_client_known_by_half_is_completed(lacking: str) -> None:
    half = contact(MARIA, **{lacking: BLANK[lacking], "name": BLANK["name"]})
    memory = open_salon(half)

    events = memory.new(row(client=contact(name=Sealed("bmV3", "client_registered.name"))))

    assert events[0] == contact(name=Sealed("bmV3", "client_registered.name"))
    assert open_salon(half).new(row(client=half)) == [made(booking_id=NEW)]


def test_a_twin_that_knows_more_of_its_client_completes_them_and_books_nothing() -> None:
    memory = imported(open_salon(), row(client=contact(telegram=BLANK["telegram"])))

    events = memory.new(row(booking_id=OTHER_BOOKING))

    assert events == [contact()]
    assert row().answer(events) == Imported(None, is_cancelled=False, conflict=None)


def test_a_client_without_a_phone_is_asked_for_it_before_they_book() -> None:
    memory = open_salon(contact(phone=BLANK["phone"]), consent())

    (kept,) = memory.execute(HoldSlot(order(), BOOKING, MARIA, slot(), (HAIRCUT,)))
    assert isinstance(kept, e.SlotHeld)
    assert kept.awaits == "contact"
    with pytest.raises(errors.ContactMissingError):
        memory.decide(MakeBooking(order(), BOOKING, MARIA))
    told = registered()
    assert memory.execute(RegisterClient(order(), MARIA, told.telegram, told.name, told.phone, phone_verified=True))
    assert memory.new(MakeBooking(order(), BOOKING, MARIA)) == [made()]
    assert memory.new(row(slot("16:00"), client=contact(phone=BLANK["phone"]))) == [made(slot("16:00"), booking_id=NEW)]


def test_an_imported_client_is_asked_for_consent_alone() -> None:
    memory = open_salon(contact())

    (kept,) = memory.execute(HoldSlot(order(), BOOKING, MARIA, slot(staff_id=ANNA), (HAIRCUT,)))

    assert isinstance(kept, e.SlotHeld)
    assert kept.awaits == "consent"
    memory.log += Memory(*memory.events(), consent()).log[len(memory.log) :]
    assert memory.new(MakeBooking(order(), BOOKING, MARIA)) == [made()]
