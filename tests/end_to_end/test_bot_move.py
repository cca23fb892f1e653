"""A client moves a booking: another time, day or master, in one event, and the old time is free at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest

from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.recorder import BoundaryItem
from ledger.values import Slot
from projections import schedule
from tests.builders import ANNA, COLOURING, MONDAY, NOW, OLGA, catalog, slot
from tests.fakes.conversation import House, Person, open_house
from tests.salon import Salon, open_test_salon

TUESDAY = MONDAY + timedelta(days=1)
TO_CARD = ("Мои записи", "пн, 7 янв., 10:00")
TO_TIMES = (*TO_CARD, "Перенести", "Анна", "7")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def booked(house: House, place: Slot | None = None, chat_id: int = 111, name: str = "Мария") -> Person:
    """A client with a booking with Anna at 10:00 on MONDAY, unless told otherwise, who stands at the menu."""
    house.salon.book(place or slot("10:00"), house.salon.client(str(chat_id)))
    person = Person(house, chat_id, name)
    await person.write("/start")
    return person


def moves(salon: Salon) -> list[e.AnyEvent]:
    history = salon.ledger.history(BoundaryItem(types=boundaries.names(e.BookingMoved), tags=[]))
    return [item.event for item in history]


def taken(salon: Salon, day: date = MONDAY) -> list[Slot]:
    """What of that day is not to be had."""
    midnight = slot("00:00", 24 * 60, on=day)
    return schedule.taken(salon.database, [ANNA, OLGA], midnight.starts_at, midnight.ends_at, NOW)


@pytest.mark.parametrize(
    ("path", "place", "words"),
    [
        (("Анна", "7", "16:00"), slot("16:00"), "понедельник, 7 января, 16:00–17:00, Анна"),
        (("Анна", "8", "10:00"), slot("10:00", on=TUESDAY), "вторник, 8 января, 10:00–11:00, Анна"),
        (("Ольга", "7", "10:00"), slot("10:00", staff_id=OLGA), "понедельник, 7 января, 10:00–11:00, Ольга"),
        (("Анна", "7", "10:30"), slot("10:30"), "понедельник, 7 января, 10:30–11:30, Анна"),
        (("Любой", "8", "12:00"), slot("12:00", on=TUESDAY), "вторник, 8 января, 12:00–13:00, Анна"),
    ],
    ids=["another time", "another day", "another master", "over its own old time", "any master"],
)
async def test_a_booking_moves_in_one_event(salon: Salon, path: tuple[str, ...], place: Slot, words: str) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        before = salon.recorder.head()
        asked = await maria.press(*TO_CARD, "Перенести", *path)
        assert "Сейчас: понедельник, 7 января, 10:00–11:00, Анна" in asked
        assert f"Станет: {words}" in asked
        assert "Стоимость прежняя: 1\xa0500\xa0₽" in asked
        assert salon.recorder.head() == before, "asking changes nothing"
        done = await maria.press("Да, перенести")
        assert "Запись перенесена, новое время уже за вами!" in done
        assert words.rpartition(",")[0] in done
        assert "Номер записи" in done
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
    assert salon.recorder.head() == before + 1
    (moved,) = moves(salon)
    assert isinstance(moved, e.BookingMoved)
    assert (moved.from_slot, moved.slot) == (slot("10:00"), place)
    assert taken(salon, MONDAY) + taken(salon, TUESDAY) == [place]


async def test_after_a_move_the_old_time_is_offered_to_others_and_the_new_one_is_not(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, daria = await booked(house), Person(house, 222, "Дарья")
        await maria.press(*TO_TIMES, "16:00", "Да, перенести")
        await daria.write("/start")
        await daria.press("Записаться", "Стрижка", "Анна", "7")
        assert daria.see("10:00")
        assert not daria.see("16:00")


async def test_the_present_master_stands_first_and_the_present_slot_is_not_offered(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house, slot("10:00", staff_id=OLGA))
        await maria.press(*TO_CARD, "Перенести")
        assert maria.labels == ["Ольга, мастер", "Любой мастер", "Анна, стилист", "← Назад"]
        await maria.press("Ольга", "7")
        assert maria.labels[:2] == ["10:30", "11:00"]
        await maria.press("Другой день", "Другой мастер", "Любой", "7")
        assert maria.labels[0] == "10:00", "with Anna"
        assert "Анна" in (await maria.press("10:00")).partition("Станет:")[2]


async def test_another_time_leads_back_and_keeping_changes_nothing(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        before = salon.recorder.head()
        await maria.press(*TO_TIMES, "12:00", "Другое время")
        assert maria.labels[:2] == ["10:30", "11:00"]
        assert "Вы записаны." in await maria.press("12:30", "Нет, оставить")
    assert salon.recorder.head() == before


async def test_a_service_of_one_master_leads_straight_to_the_calendar_and_back_to_the_card(salon: Salon) -> None:
    async with open_house(salon) as house:
        salon.book(slot("10:00", minutes=120), salon.client("111"), (COLOURING,))
        maria = Person(house, 111)
        await maria.write("/start")
        assert "Выберите день" in await maria.press(*TO_CARD, "Перенести")
        assert "Вы записаны." in await maria.press("← Назад")


async def test_a_moved_booking_lasts_as_long_as_agreed_whatever_the_list_says_now(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        longer = tuple(msgspec.structs.replace(offer, minutes=180, price=1) for offer in catalog().services)
        salon.ledger.execute(PublishCatalog(salon.order(), catalog(services=longer), ()))
        salon.catch_up()
        asked = await maria.press(*TO_TIMES, "13:00")
        assert "13:00–14:00" in asked
        assert "1\xa0500\xa0₽" in asked
        assert "Запись перенесена" in await maria.press("Да, перенести")
    assert taken(salon) == [slot("13:00")]


async def test_two_clients_swap_over_a_third_time_but_not_through_each_other(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, daria = await booked(house), await booked(house, slot("11:00"), 222, "Дарья")
        await maria.press(*TO_TIMES)
        assert not {"11:00", "11:30"} & set(maria.labels)
        await maria.press("16:00", "Да, перенести")
        await daria.press("Мои записи", "пн, 7 янв., 11:00", "Перенести", "Анна", "7", "10:00", "Да, перенести")
        await maria.press("Мои записи", "пн, 7 янв., 16:00", "Перенести", "Анна", "7", "11:00", "Да, перенести")
        assert "11:00–12:00" in maria.screen
        assert "10:00–11:00" in daria.screen
    assert sorted(one.starts_at for one in taken(salon)) == [slot("10:00").starts_at, slot("11:00").starts_at]


async def test_of_two_who_move_to_one_time_one_gets_it_and_the_other_sees_the_free_ones(salon: Salon) -> None:
    async with open_house(salon) as house:
        people = [await booked(house), await booked(house, slot("11:00"), 222, "Дарья")]
        for person, time in zip(people, ("10:00", "11:00"), strict=True):
            await person.press("Мои записи", f"пн, 7 янв., {time}", "Перенести", "Анна", "7", "16:00")
        for person in people:
            person.tap("Да, перенести")
        await house.settle()
        winner, loser = sorted(people, key=lambda person: "только что заняли" in person.screen)
        assert "Запись перенесена" in winner.screen
        assert "только что заняли" in loser.screen
        assert not {"15:30", "16:00", "16:30"} & set(loser.labels)
        assert "Запись перенесена" in await loser.press("17:00", "Да, перенести")
        assert house.failed_updates() == []
    assert len(moves(salon)) == 2


async def test_any_master_means_another_one_when_the_first_is_taken_meanwhile(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        assert "Анна" in (await maria.press(*TO_CARD, "Перенести", "Любой", "8", "12:00")).partition("Станет:")[2]
        salon.book(slot("12:00", on=TUESDAY))
        first = maria.tap("Да, перенести")
        await house.settle()
        assert "Мастер: Ольга" in maria.screen
        house.telegram.redeliver(first)
        await house.settle()
        assert "Запись перенесена" in maria.screen
    assert [event.slot for event in moves(salon) if isinstance(event, e.BookingMoved)] == [
        slot("12:00", on=TUESDAY, staff_id=OLGA)
    ]


@pytest.mark.parametrize("master", ["Анна", "Любой"])
async def test_a_double_tap_and_a_second_delivery_move_once(salon: Salon, master: str) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        await maria.press(*TO_CARD, "Перенести", master, "8", "12:00")
        salon.book(slot("12:00", on=TUESDAY, staff_id=OLGA))
        first, second = maria.tap("Да, перенести"), maria.tap("Да, перенести")
        await house.settle()
        for update_id in (first, second):
            house.telegram.redeliver(update_id)
            await house.settle()
        assert "Запись перенесена" in maria.screen
        assert house.failed_updates() == []
    assert len(moves(salon)) == 1


async def test_a_double_tap_that_found_another_master_says_done_both_times(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        await maria.press(*TO_CARD, "Перенести", "Любой", "8", "12:00")
        salon.book(slot("12:00", on=TUESDAY))
        maria.tap("Да, перенести")
        assert "Запись перенесена" in await maria.press("Да, перенести")
    assert len(moves(salon)) == 1


async def test_a_late_copy_of_an_old_move_shows_what_became_of_it(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        await maria.press(*TO_TIMES, "16:00")
        old = maria.tap("Да, перенести")
        await house.settle()
        await maria.press("Мои записи", "пн, 7 янв., 16:00", "Перенести", "Анна", "8", "10:00", "Да, перенести")
        house.telegram.redeliver(old)
        await house.settle()
        assert "с тех пор изменилась" in maria.screen
        assert "вторник, 8 января" in maria.screen
    assert len(moves(salon)) == 2


async def test_the_bot_may_be_restarted_between_any_two_steps_of_a_move(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        for label in (*TO_CARD, "Перенести", "Любой", "8", "10:30", "Да, перенести"):
            await house.restart()
            await maria.press(label)
        assert "Запись перенесена" in maria.screen


async def test_a_moved_booking_can_be_cancelled(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await booked(house)
        await maria.press(*TO_TIMES, "16:00", "Да, перенести", "Мои записи", "пн, 7 янв., 16:00")
        assert "Запись отменена" in await maria.press("Отменить", "Да, отменить")
    assert taken(salon) == []
