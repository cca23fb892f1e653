"""What has changed while a client was choosing a new time is said, and what there is now is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from aiogram.filters.callback_data import CallbackData

from bot import buttons
from bot.screens.choice import minute_of
from ledger import events as e
from ledger.decisions.integration import ConnectCrm
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.values import BookingId, StaffId
from projections import schedule
from tests.builders import ANNA, HAIRCUT, MONDAY, OLGA, at, catalog, hours, shifts, slot
from tests.fakes.conversation import House, Person, open_house
from tests.salon import Salon, open_test_salon

TUESDAY = MONDAY + timedelta(days=1)
TO_TIMES = ("Мои записи", "пн, 7 янв., 10:00", "Перенести", "Анна", "7")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def booked(house: House, chat_id: int = 111) -> tuple[Person, BookingId]:
    """A client with a booking with Anna at 10:00 on MONDAY, who stands at the menu."""
    booking_id = house.salon.book(slot("10:00"), house.salon.client(str(chat_id)))
    person = Person(house, chat_id)
    await person.write("/start")
    return person, booking_id


def steps(booking_id: BookingId, version: int = 1) -> list[CallbackData]:
    """Every button of a move to 16:00 on TUESDAY, in their order."""
    place = {"booking_id": booking_id, "version": version, "staff_id": ANNA}
    to = {**place, "minute": minute_of(at("16:00", TUESDAY))}
    return [
        buttons.Move(booking_id=booking_id, version=version),
        buttons.MoveDays.model_validate(place),
        buttons.MoveTimes.model_validate({**place, "day": TUESDAY}),
        buttons.AskMove.model_validate(to),
        buttons.MoveTo.model_validate(to),
    ]


def start_of(salon: Salon, booking_id: BookingId) -> str:
    booking = schedule.booking(salon.database, booking_id)
    assert booking is not None
    return f"{booking.starts_at.astimezone(slot().starts_at.tzinfo):%d %H:%M}"


def publish(salon: Salon, facts: e.CatalogPublished, *changed: e.ShiftsPublished) -> None:
    salon.ledger.execute(PublishCatalog(salon.order(), facts, changed))
    salon.catch_up()


def haircut_by(*staff_ids: StaffId) -> e.CatalogPublished:
    offers = {offer.service_id: offer for offer in catalog().services}
    offers[HAIRCUT] = msgspec.structs.replace(offers[HAIRCUT], staff_ids=staff_ids)
    return catalog(services=tuple(offers.values()))


async def test_old_buttons_of_a_booking_that_moved_show_where_it_is_now(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        await maria.press(*TO_TIMES, "18:00", "Да, перенести")
        for button in steps(booking_id):
            shown = await maria.forge(button.pack())
            assert "с тех пор изменилась" in shown
            assert "понедельник, 7 января, 18:00–19:00" in shown
            assert maria.see("Перенести")
        assert house.failed_updates() == []
    assert start_of(salon, booking_id) == "07 18:00"


async def test_old_buttons_of_a_cancelled_booking_show_that_it_is_cancelled(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        salon.cancel(booking_id)
        for version in (1, 2):
            for button in steps(booking_id, version):
                assert "Эта запись отменена" in await maria.forge(button.pack())
                assert not maria.see("Перенести")


async def test_a_time_taken_meanwhile_is_said_above_the_days_other_times(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        await maria.press(*TO_TIMES, "16:00")
        salon.book(slot("16:00"))
        shown = await maria.press("Да, перенести")
        assert "только что заняли" in shown
        assert "понедельник, 7 января\n" in shown
        assert not maria.see("16:00")
        assert start_of(salon, booking_id) == "07 10:00"
        assert "Запись перенесена" in await maria.press("17:00", "Да, перенести")


async def test_any_master_when_all_are_taken_is_said_too(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        await maria.press(*TO_TIMES[:3], "Любой", "8", "12:00")
        for staff_id in (ANNA, OLGA):
            salon.book(slot("12:00", on=TUESDAY, staff_id=staff_id))
        assert "только что заняли" in await maria.press("Да, перенести")
        assert not maria.see("12:00")
        assert "Мастер: любой" in maria.screen
    assert start_of(salon, booking_id) == "07 10:00"


async def test_hours_changed_meanwhile_are_said(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        await maria.press(*TO_TIMES, "16:00")
        publish(salon, catalog(), shifts(ANNA, hours("09:00-12:00")))
        assert "Расписание изменилось" in await maria.press("Да, перенести")
        assert maria.labels[0] == "09:00"
    assert start_of(salon, booking_id) == "07 10:00"


async def test_too_late_to_move_shows_the_card_with_the_phone_at_every_step(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        salon.advance(hours=20, minutes=1)
        for button in steps(booking_id):
            shown = await maria.forge(button.pack())
            assert "меньше чем 2 ч: перенести или отменить запись можно только по телефону" in shown
            assert shown.count("+74951234567") == 1
            assert not maria.see("Перенести")
            assert not maria.see("Отменить")
    assert start_of(salon, booking_id) == "07 10:00"


async def test_the_last_moment_to_move_counts(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        salon.advance(hours=20)
        await maria.press(*TO_TIMES, "16:00", "Да, перенести")
    assert start_of(salon, booking_id) == "07 16:00"


@pytest.mark.parametrize(("hours_on", "words"), [(22, "уже начался"), (23, "уже прошёл")])
async def test_a_visit_that_has_begun_cannot_be_moved_or_cancelled(salon: Salon, hours_on: int, words: str) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        salon.advance(hours=hours_on)
        for button in (*steps(booking_id), buttons.Cancel(booking_id=booking_id, version=1)):
            assert words in await maria.forge(button.pack())
            assert not maria.see("Отменить")


async def test_a_master_who_stopped_doing_the_service_leads_to_the_others(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        publish(salon, haircut_by(OLGA))
        for button in steps(booking_id)[1:]:
            if isinstance(button, buttons.AskMove):
                continue  # asks; the answer to it refuses
            shown = await maria.forge(button.pack())
            assert shown.count("больше не делает эту услугу") == 1
            assert maria.labels == ["Ольга, мастер", "← Назад"]
    assert start_of(salon, booking_id) == "07 10:00"


@pytest.mark.parametrize("facts", [haircut_by(), catalog(services=())], ids=["by nobody", "not at all"])
async def test_a_service_that_is_gone_can_be_moved_by_phone_only_and_still_cancelled(
    salon: Salon, facts: e.CatalogPublished
) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        publish(salon, facts)
        for button in steps(booking_id):
            if isinstance(button, buttons.AskMove):
                continue
            shown = await maria.forge(button.pack())
            assert "перенести запись можно только по телефону.\nТелефон салона: +74951234567" in shown
        assert house.failed_updates() == []
        assert "Запись отменена" in await maria.press("Отменить", "Да, отменить")


async def test_until_the_diary_is_loaded_nothing_moves(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        await maria.press(*TO_TIMES, "16:00")
        salon.ledger.execute(ConnectCrm(salon.order(), 42))
        assert "переносим сюда журнал" in await maria.press("Да, перенести")
    assert start_of(salon, booking_id) == "07 10:00"


@pytest.mark.parametrize(
    ("minute", "staff_id", "words"),
    [
        (0, ANNA, "уже прошло"),
        (minute_of(at("13:00", MONDAY - timedelta(days=1))) - 30, ANNA, "осталось слишком мало"),
        (minute_of(at("10:00", MONDAY + timedelta(days=60))), ANNA, "Так далеко вперёд"),
        (minute_of(at("14:00")), ANNA, "Расписание изменилось"),
        ((1 << 31) - 1, OLGA, "Так далеко вперёд"),
        (minute_of(at("16:00")), StaffId(99), "больше не делает эту услугу"),
    ],
)
async def test_a_forged_time_is_refused_in_words(salon: Salon, minute: int, staff_id: StaffId, words: str) -> None:
    async with open_house(salon) as house:
        maria, booking_id = await booked(house)
        place = {"booking_id": booking_id, "version": 1, "staff_id": staff_id, "minute": minute}
        await maria.forge(buttons.AskMove.model_validate(place).pack())
        assert words in await maria.forge(buttons.MoveTo.model_validate(place).pack())
        assert house.failed_updates() == []
    assert start_of(salon, booking_id) == "07 10:00"
