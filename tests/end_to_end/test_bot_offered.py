"""A client whom the salon asked to choose another time: sees it, and answers the question by what they do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ledger.decisions import boundaries
from ledger.decisions.note_sync import NoteConflict
from ledger.decisions.resolve_conflict import ResolveConflict
from ledger.sync_state import SyncState, fold_sync
from ledger.values import Actor, BookingId, RecordId
from tests.builders import slot
from tests.fakes.conversation import Person, open_house
from tests.salon import Salon

SORRY = "На это время, к сожалению, не получается"


@pytest.fixture
def booking_id(salon: Salon) -> BookingId:
    """Maria's, parked because the CRM is busy then, and offered another time by an operator."""
    made = salon.book(slot("10:00"), salon.client("111"))
    salon.ledger.execute(NoteConflict(salon.order(), made, "slot_busy", (RecordId(1),)))
    salon.ledger.execute(ResolveConflict(salon.order(Actor("operator", "1")), made, "offer"))
    salon.catch_up()
    return made


@pytest.fixture
async def maria(salon: Salon, booking_id: BookingId) -> AsyncIterator[Person]:
    async with open_house(salon) as house:
        person = Person(house, 111)
        await person.write("/start")
        yield person


def state_of(salon: Salon, booking_id: BookingId) -> SyncState:
    salon.catch_up()
    state = fold_sync(salon.ledger.history(boundaries.booking(booking_id)))
    assert state is not None
    return state


async def test_it_stands_out_among_the_bookings_and_the_card_says_what_to_do(maria: Person) -> None:
    await maria.press("Мои записи")
    assert maria.see("❗️ пн, 7 янв., 10:00")
    assert SORRY in await maria.press("❗️ пн, 7 янв., 10:00")
    assert maria.see("Перенести")


async def test_moving_it_answers_the_question_and_it_is_sent_there(
    salon: Salon, booking_id: BookingId, maria: Person
) -> None:
    moved = await maria.press("Мои записи", "❗️ пн, 7 янв., 10:00", "Перенести", "Анна", "7", "16:00", "Да")
    assert SORRY not in moved
    state = state_of(salon, booking_id)
    assert (state.parked, state.offered, state.status, state.operation) == (False, False, "pending", "create")
    await maria.press("Мои записи")
    assert maria.see("пн, 7 янв., 16:00")


async def test_calling_it_off_answers_it_too_and_nothing_is_sent(
    salon: Salon, booking_id: BookingId, maria: Person
) -> None:
    await maria.press("Мои записи", "❗️ пн, 7 янв., 10:00", "Отменить", "Да")
    state = state_of(salon, booking_id)
    assert (state.parked, state.operation) == (False, "skip")


async def test_what_was_answered_in_the_meantime_is_an_ordinary_booking_again(
    salon: Salon, booking_id: BookingId, maria: Person
) -> None:
    order = salon.order(Actor("operator", "1"))
    salon.ledger.execute(ResolveConflict(order, booking_id, "ours"))
    salon.catch_up()
    await maria.press("Мои записи")
    assert SORRY not in await maria.press("пн, 7 янв., 10:00")


async def test_a_question_that_is_the_salons_own_is_not_the_clients(salon: Salon, maria: Person) -> None:
    """Another booking that waits, for the operator only: the client sees nothing of it."""
    other = salon.book(slot("12:00"), salon.vault.find("telegram", "111"))
    salon.ledger.execute(NoteConflict(salon.order(), other, "slot_busy", (RecordId(2),)))
    salon.catch_up()
    await maria.press("Мои записи")
    assert maria.see("пн, 7 янв., 12:00")
    assert SORRY not in await maria.press("пн, 7 янв., 12:00")
    assert not state_of(salon, other).offered
