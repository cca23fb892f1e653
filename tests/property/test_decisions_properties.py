"""Whatever clients, operators and the CRM do, no two people get the same master at the same time."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import Phase, find, given, settings, strategies as st

from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.folds import Entry, fold_entries
from ledger.decisions.hold import HoldSlot
from ledger.decisions.lapse import LapseHold
from ledger.decisions.move import MoveBooking
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.errors import RefusalError
from ledger.events import (
    AnyEvent,
    BookingCancelled,
    BookingMade,
    BookingMoved,
    ConflictFound,
    CrmBookingSeen,
    HoldLapsed,
)
from ledger.ledger import Decision
from ledger.sync_state import fold_sync
from ledger.values import BookingId, ClientId, RecordId, Slot
from tests.builders import (
    ANNA,
    HAIRCUT,
    MONDAY,
    NOW,
    OLGA,
    Memory,
    at,
    catalog,
    consent,
    hours,
    open_salon,
    order,
    policy,
    registered,
    shifts,
)

KINDS = ["hold", "book", "hold", "book", "move", "move", "cancel", "lapse", "crm"]
Move = tuple[str, ClientId, int, Slot]
CLIENTS = [ClientId(n) for n in range(1, 5)]
places = st.builds(
    lambda staff_id, quarter, day: Slot(
        staff_id,
        at("20:00", MONDAY + timedelta(days=day)) + timedelta(minutes=15 * quarter),
        at("21:00", MONDAY + timedelta(days=day)) + timedelta(minutes=15 * quarter),
    ),
    st.sampled_from([ANNA, OLGA]),
    st.integers(0, 14),
    st.integers(0, 1),
)
client_ids = st.sampled_from(CLIENTS)
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        client_ids,
        st.integers(1, 3),
        places,
    ),
    max_size=25,
)


def salon() -> Memory:
    """Open until midnight, so that the CRM's bookings over midnight are in the way too."""
    people = [event for client in CLIENTS for event in (consent(client), registered(client))]
    always = hours("00:00-23:59")
    generous = catalog(policy=policy(open_bookings_limit=100))
    return open_salon(generous, shifts(ANNA, always), shifts(OLGA, always), *people)


def decision(memory: Memory, move: Move, n: int) -> Decision[object]:
    """A client's tap on a booking they may have had, or anybody's on a new time; holds of ten minutes run out."""
    kind, client_id, pick, place = move
    now = order(at=NOW + timedelta(minutes=n))
    known = list(fold_entries(memory.log).values())
    entry = known[-pick % len(known)] if known else None
    if kind == "crm":
        return SeeCrmBooking(now, BookingId(500 + n), RecordId(pick), place, (HAIRCUT,))
    if kind == "hold" or entry is None:
        return HoldSlot(now, BookingId(100 + n), client_id, place, (HAIRCUT,))
    owner = entry.client_id or client_id
    if kind == "book":
        return MakeBooking(now, entry.booking_id, owner)
    if kind == "move":
        return MoveBooking(now, entry.booking_id, owner, entry.version, place)
    if kind == "cancel":
        return CancelBooking(now, entry.booking_id, owner, entry.version)
    return LapseHold(now, entry.booking_id, owner)


def play(moves: list[Move], *, with_crm: bool) -> Memory:
    memory = salon()
    for n, move in enumerate(moves):
        if move[0] == "crm" and not with_crm:
            continue
        try:
            memory.execute(decision(memory, move, n))
        except RefusalError:
            continue
        standing = [entry for entry in fold_entries(memory.log).values() if entry.status in ("held", "booked")]
        for one, other in combinations(standing, 2):
            assert not one.slot.overlaps(other.slot) or (with_crm and is_by_hand(one, other)), (one, other)
    return memory


def is_by_hand(*entries: Entry) -> bool:
    """A fact from outside is never refused, so it may stand over another booking, but never over a hold."""
    return any(entry.client_id is None for entry in entries) and all(entry.status == "booked" for entry in entries)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_no_sequence_of_commands_ever_gives_a_time_twice(
    moves: list[Move],
) -> None:
    play(moves, with_crm=False)


@given(steps)
@settings(max_examples=200, deadline=None)
def test_a_booking_by_hand_is_the_only_thing_that_may_stand_over_another(
    moves: list[Move],
) -> None:
    play(moves, with_crm=True)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_folding_twice_is_folding_once(moves: list[Move]) -> None:
    log = play(moves, with_crm=True).log

    assert fold_entries([*log, *log]) == fold_entries(log)
    for booking_id in fold_entries(log):
        life = [item for item in log if getattr(item.event, "booking_id", None) == booking_id]
        assert fold_sync([*life, *life]) == fold_sync(life)


@pytest.mark.parametrize(
    "shape", [BookingMade, BookingMoved, BookingCancelled, HoldLapsed, CrmBookingSeen, ConflictFound]
)
def test_the_generated_sequences_reach_every_event_of_a_booking(shape: type[AnyEvent]) -> None:
    """Guards the properties above against passing because nothing ever happens."""
    find(
        steps,
        lambda moves: any(isinstance(event, shape) for event in play(moves, with_crm=True).events()),
        settings=settings(max_examples=2000, deadline=None, phases=[Phase.generate]),
    )
