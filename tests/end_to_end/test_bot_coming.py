"""A client says that they are coming, by the button a reminder carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import buttons
from ledger import events as e
from ledger.decisions import boundaries
from ledger.recorder import BoundaryItem
from ledger.values import BookingId
from tests.builders import slot
from tests.fakes.conversation import House, Person, open_house
from tests.salon import Salon, open_test_salon

TO_CARD = ("Мои записи", "пн, 7 янв., 10:00")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def reminded(house: House) -> tuple[Person, BookingId, str]:
    """A client booked at 10:00 on MONDAY, and the button under their reminder."""
    booking_id = house.salon.book(slot("10:00"), house.salon.client("111"))
    maria = Person(house, 111)
    await maria.write("/start")
    return maria, booking_id, buttons.Coming(booking_id=booking_id, version=1).pack()


def confirmed(salon: Salon) -> list[e.AnyEvent]:
    history = salon.ledger.history(BoundaryItem(types=boundaries.names(e.VisitConfirmed), tags=[]))
    return [item.event for item in history]


async def test_coming_is_written_down_thanked_for_and_shown_on_the_card(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id, coming = await reminded(house)
        await maria.press(*TO_CARD)
        assert "подтвердили" not in maria.screen
        shown = await maria.forge(coming)
        assert shown.startswith("Спасибо, что подтвердили! Ждём вас.\n\nВы записаны.")
        assert "✓ Вы подтвердили, что придёте." in shown
        assert maria.see("Перенести")
        assert "✓ Вы подтвердили, что придёте." in await maria.press(*TO_CARD)
        assert house.telegram.unanswered() == []
    client_id = salon.vault.client_for("telegram", "111")
    assert confirmed(salon) == [e.VisitConfirmed(booking_id, client_id, slot("10:00"))]


async def test_a_double_tap_and_a_second_delivery_confirm_once(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, _, coming = await reminded(house)
        for _ in range(2):
            await maria.forge(coming)
            assert "Спасибо" in maria.screen
        update_id = house.telegram.tap(111, maria.chat.last.message_id, coming)
        house.telegram.redeliver(update_id)
        await house.settle()
        assert house.failed_updates() == []
    assert len(confirmed(salon)) == 1


async def test_after_a_move_an_old_reminder_confirms_nothing_and_the_new_time_is_unconfirmed(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id, coming = await reminded(house)
        await maria.forge(coming)
        await maria.press(*TO_CARD, "Перенести", "Анна", "7", "16:00", "Да, перенести")
        assert "✓" not in await maria.press("Мои записи", "пн, 7 янв., 16:00")
        shown = await maria.forge(coming)
        assert "с тех пор изменилась" in shown
        assert "Спасибо" not in shown
        assert "16:00–17:00" in shown
        assert "Спасибо" in await maria.forge(buttons.Coming(booking_id=booking_id, version=2).pack())
    assert len(confirmed(salon)) == 2


async def test_a_late_copy_of_a_tap_from_before_a_move_shows_the_present_booking(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, _, coming = await reminded(house)
        update_id = house.telegram.tap(111, maria.chat.last.message_id, coming)
        await house.settle()
        await maria.press(*TO_CARD, "Перенести", "Анна", "7", "16:00", "Да, перенести")
        house.telegram.redeliver(update_id)
        await house.settle()
        assert "с тех пор изменилась" in maria.chat.messages[1].text
        assert "✓" not in maria.chat.messages[1].text


@pytest.mark.parametrize(("hours_on", "words"), [(22, "уже начался"), (24, "уже прошёл")])
async def test_a_reminder_answered_too_late_says_how_the_visit_stands(salon: Salon, hours_on: int, words: str) -> None:
    async with open_house(salon) as house:
        maria, _, coming = await reminded(house)
        salon.advance(hours=hours_on)
        shown = await maria.forge(coming)
        assert words in shown
        assert "Спасибо" not in shown
    assert confirmed(salon) == []


async def test_a_cancelled_booking_cannot_be_confirmed(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id, coming = await reminded(house)
        salon.cancel(booking_id)
        for button in (coming, buttons.Coming(booking_id=booking_id, version=2).pack()):
            assert "Эта запись отменена" in await maria.forge(button)
            assert "Спасибо" not in maria.screen
    assert confirmed(salon) == []
