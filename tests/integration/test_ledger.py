"""Deciding on a real store: once per command, under a lease if asked, and never a slot twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.book import MakeBooking
from ledger.decisions.cancel import CancelBooking
from ledger.decisions.hold import HoldSlot
from ledger.decisions.integration import PauseIntegration
from ledger.decisions.lapse import LapseHold
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.decisions.see_crm_booking import SeeCrmBooking
from ledger.errors import (
    ContentionError,
    SlotTakenError,
    StoredFormError,
    StoreUnavailableError,
    TooManyBookingsError,
)
from ledger.ledger import Ledger, Order
from ledger.postgres import Database
from ledger.recorder import BoundaryItem, PostgresRecorder
from ledger.values import BookingId, ClientId
from projections.schedule import Schedule
from projections.schedule_writes import Change
from tests.builders import (
    ANNA,
    BOOKING,
    DARIA,
    HAIRCUT,
    MARIA,
    NOW,
    OTHER_BOOKING,
    RECORD,
    SYSTEM,
    catalog,
    order,
    shifts,
    slot,
)
from tests.store import Salon, all_at_once

MINUTE = timedelta(minutes=1)


def statuses(salon: Salon) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in salon.rows("SELECT booking_id, status FROM schedule ORDER BY booking_id")]


# --- one command, one append ---


def test_the_same_command_twice_is_done_once_and_answered_alike(salon: Salon) -> None:
    command = HoldSlot(order("tg:1:1:hold"), BOOKING, MARIA, slot(), (HAIRCUT,))

    first, second = salon.ledger.execute(command), salon.ledger.execute(command)

    assert (first.repeated, second.repeated) == (False, True)
    assert (first.answer, first.position) == (second.answer, second.position)
    assert salon.types().count("slot_held") == 1


def test_a_command_from_eight_threads_at_once_is_done_once_and_answered_alike(salon: Salon) -> None:
    answers = all_at_once([lambda: salon.hold(by=Order("tg:1:1:hold", SYSTEM, NOW))] * 8)

    assert sorted(one.repeated for one in answers) == [False] + [True] * 7
    assert len({(one.position, one.answer.booking_id) for one in answers}) == 1
    assert salon.types().count("slot_held") == 1


def test_a_known_command_keeps_its_answer_whatever_has_happened_since(salon: Salon) -> None:
    salon.book()
    command = CancelBooking(order("tg:1:2:cancel"), BOOKING, MARIA, 1)
    first = salon.ledger.execute(command)
    salon.book(booking_id=OTHER_BOOKING, client_id=DARIA)

    again = salon.ledger.execute(command)

    assert (again.answer, again.position, again.repeated) == (first.answer, first.position, True)


def test_a_refused_command_stores_nothing_and_may_be_decided_anew(salon: Salon) -> None:
    salon.hold(client_id=DARIA)
    head = salon.recorder.head()
    with pytest.raises(SlotTakenError):
        salon.hold(booking_id=OTHER_BOOKING, by=order("tg:1:3:hold"))
    assert salon.recorder.head() == head

    later = order("tg:1:3:hold", at=NOW + 10 * MINUTE)

    assert salon.hold(booking_id=OTHER_BOOKING, by=later).repeated is False


def test_what_is_already_so_stores_nothing(salon: Salon) -> None:
    head = salon.recorder.head()

    done = salon.ledger.execute(PublishCatalog(order(), catalog(), (shifts(ANNA),)))

    assert (done.answer, done.repeated, salon.recorder.head()) == (0, True, head)


@dataclass(frozen=True)
class Rival:
    """A pause in whose midst somebody else pauses too, as often as told."""

    order: Order
    salon: Salon
    races: list[int]

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.integration_state()]

    def decide(self, history: Sequence[object]) -> Sequence[e.AnyEvent]:
        if self.races[0]:
            self.races[0] -= 1
            self.salon.ledger.execute(PauseIntegration(order(), "operator"))
        return [e.IntegrationPaused("auth")]

    def answer(self, events: Sequence[e.AnyEvent]) -> int:
        return len(events)


def test_a_lost_race_is_decided_again(salon: Salon) -> None:
    assert salon.ledger.execute(Rival(order(), salon, [4])).answer == 1
    assert salon.types().count("integration_paused") == 5


def test_five_lost_races_are_enough(salon: Salon) -> None:
    with pytest.raises(ContentionError, match="Rival lost its race 5 times") as caught:
        salon.ledger.execute(Rival(order(), salon, [5]))

    assert isinstance(caught.value.__cause__, IntegrityError)
    assert salon.types().count("integration_paused") == 5


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_command_that_cannot_be_stored_is_refused(salon: Salon, text: str) -> None:
    head = salon.recorder.head()

    with pytest.raises(StoredFormError):
        salon.ledger.execute(PauseIntegration(order(), "auth", text))
    with pytest.raises(StoredFormError):
        salon.ledger.execute(PauseIntegration(order(f"tg:{text}"), "auth"))

    assert salon.recorder.head() == head


def test_a_database_that_is_away_is_tried_five_times() -> None:
    naps: list[float] = []
    with Database("postgresql://nobody@127.0.0.1:1/nowhere", "nowhere") as database:
        database._pool.timeout = 0.05  # ten seconds a try would only make the test slow
        ledger = Ledger(PostgresRecorder(database), sleep=naps.append)
        with pytest.raises(StoreUnavailableError):
            ledger.execute(LapseHold(order(), BOOKING))

    assert len(naps) == 9  # one after each failure, one before each retry


# --- no slot twice ---


class Unruly(HoldSlot):
    """A hold with the overlap rule taken out: it does not even read the day."""

    def boundary(self) -> Sequence[BoundaryItem]:
        return [boundaries.catalog(), boundaries.shifts(self.slot.staff_id), boundaries.bookings_of(self.client_id)]


def test_the_store_alone_refuses_an_overlap(salon: Salon) -> None:
    salon.hold()
    head = salon.recorder.head()

    with pytest.raises(SlotTakenError) as caught:
        salon.ledger.execute(Unruly(order(), OTHER_BOOKING, DARIA, slot("10:30"), (HAIRCUT,)))

    assert isinstance(caught.value.__cause__, psycopg.errors.ExclusionViolation)
    assert salon.recorder.head() == head
    salon.ledger.execute(Unruly(order(), OTHER_BOOKING, DARIA, slot("11:00"), (HAIRCUT,)))


def test_two_bookings_may_swap_their_times_within_one_transaction(salon: Salon) -> None:
    salon.book(slot("10:00"))
    salon.book(slot("11:00"), OTHER_BOOKING, DARIA)
    swap = "UPDATE schedule SET starts_at = %s, ends_at = %s WHERE booking_id = %s"

    with salon.database.transaction() as connection:
        connection.execute(swap, (slot("11:00").starts_at, slot("11:00").ends_at, BOOKING))
        connection.execute(swap, (slot("10:00").starts_at, slot("10:00").ends_at, OTHER_BOOKING))

    assert salon.rows("SELECT booking_id FROM schedule ORDER BY starts_at") == [(OTHER_BOOKING,), (BOOKING,)]


def test_a_cancelled_slot_is_free_again(salon: Salon) -> None:
    salon.book()
    salon.ledger.execute(CancelBooking(order(), BOOKING, MARIA, 1))

    salon.book(booking_id=OTHER_BOOKING, client_id=DARIA)

    assert statuses(salon) == [(BOOKING, "cancelled"), (OTHER_BOOKING, "booked")]


def test_an_expired_hold_is_taken_over_with_its_lapse_first(salon: Salon) -> None:
    salon.hold(client_id=DARIA)

    salon.hold(booking_id=OTHER_BOOKING, by=order(at=NOW + 10 * MINUTE))

    assert salon.types()[-2:] == ["hold_lapsed", "slot_held"]
    assert statuses(salon) == [(OTHER_BOOKING, "held")]


def test_a_booking_by_hand_stands_over_ours_in_the_store_too(salon: Salon) -> None:
    salon.book()
    by_hand = SeeCrmBooking(order(), OTHER_BOOKING, RECORD, slot("10:30"), (HAIRCUT,))

    assert salon.ledger.execute(by_hand).answer is True
    assert statuses(salon) == [(BOOKING, "booked"), (OTHER_BOOKING, "booked")]
    with pytest.raises(SlotTakenError):
        salon.hold(slot("11:00"), BookingId(3), DARIA)


def test_racing_clients_get_a_slot_once_and_the_others_are_told(salon: Salon) -> None:
    def race(n: int) -> str:
        try:
            salon.hold(booking_id=BookingId(600 + n), client_id=ClientId(700 + n))
        except SlotTakenError:
            return "taken"
        return "held"

    assert sorted(all_at_once([partial(race, n) for n in range(8)])) == ["held"] + ["taken"] * 7


def test_one_client_in_a_hurry_cannot_pass_the_limit_of_open_bookings(salon: Salon) -> None:
    for hour, booking in (("10:00", 1), ("11:00", 2), ("12:00", 3)):
        salon.book(slot(hour), BookingId(booking))

    with pytest.raises(TooManyBookingsError):
        salon.hold(slot("15:00"), BookingId(4))


def test_a_double_tap_on_confirm_books_once(salon: Salon) -> None:
    salon.know()
    salon.hold()
    taps = [lambda: salon.ledger.execute(MakeBooking(order(), BOOKING, MARIA))] * 4

    assert {one.answer.booking_id for one in all_at_once(taps)} == {BOOKING}
    assert salon.types().count("booking_made") == 1


def test_without_its_inline_model_an_append_is_not_half_done(salon: Salon) -> None:
    class Broken(Schedule):
        def changes(self, facts: object) -> Sequence[Change]:
            return [("no such kind", [])]

    head = salon.recorder.head()
    with pytest.raises(psycopg.errors.CaseNotFound):
        Ledger(salon.recorder, [Broken()]).execute(HoldSlot(order(), BOOKING, MARIA, slot(), (HAIRCUT,)))

    assert salon.recorder.head() == head
