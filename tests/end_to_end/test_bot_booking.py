"""A client books, looks at the booking and calls it off, only by what Telegram offers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.recorder import BoundaryItem
from ledger.values import ServiceId, booking_code
from projections import schedule
from projections.clients import contact_of
from tests.builders import ANNA, MONDAY, NOW, OLGA, at, catalog, hours, policy, shifts
from tests.fakes.conversation import Person, open_house
from tests.salon import Salon, open_test_salon

TO_TIMES = ("Записаться", "Стрижка", "Анна", "7")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


def happened(salon: Salon, *shapes: type[e.AnyEvent]) -> list[Recorded]:
    return salon.ledger.history(BoundaryItem(types=boundaries.names(*shapes), tags=[]))


async def test_a_new_client_books_with_consent_and_contact(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        assert "Салон" in await maria.write("/start")
        assert "10:00" in await maria.press(*TO_TIMES) + " ".join(maria.labels)
        assert "Согласие на обработку персональных данных" in await maria.press("10:00")
        assert "номер телефона" in await maria.press("Даю")
        assert maria.chat.keyboard is not None
        assert "Проверьте" in await maria.share("79161234567")
        assert maria.chat.keyboard is None
        assert "понедельник, 7 января, 10:00–11:00" in maria.screen
        assert "1 500 ₽".replace(" ", "\xa0") in maria.screen
        assert "Вы записаны!" in await maria.press("Записаться")
        shown = maria.screen
        assert house.telegram.unanswered() == []
    client_id = salon.vault.client_for("telegram", "111")
    (made,) = happened(salon, e.BookingMade)
    assert isinstance(made.event, e.BookingMade)
    assert made.event.slot.starts_at == at("10:00")
    assert f"Номер записи: {booking_code(made.event.booking_id)}" in shown
    assert (made.by.kind, made.by.id) == ("client", str(client_id))
    contact = contact_of(salon.ledger, salon.vault, client_id)
    assert contact is not None
    assert (contact.name, contact.phone, contact.telegram) == ("Мария", "+79161234567", "111")


async def test_the_consent_on_record_is_the_text_that_was_shown(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        shown = await maria.press(*TO_TIMES, "10:00")
        await maria.press("Даю")
        assert any(message.text.startswith(shown) for message in maria.chat.messages), "it stays readable in the chat"
    (given,) = happened(salon, e.ConsentGiven)
    assert isinstance(given.event, e.ConsentGiven)
    assert given.event.text_sha256 == hashlib.sha256(shown.encode()).hexdigest()
    assert f"Версия текста: {given.event.version}" in shown


async def test_a_long_price_list_comes_by_categories_and_pages(salon: Salon) -> None:
    offers = [
        e.ServiceOffer(ServiceId(100 + n), f"Услуга {n}", "Ногти" if n < 20 else "Брови", 100_000, 30, (ANNA,))
        for n in range(25)
    ]
    salon.ledger.execute(PublishCatalog(salon.order(), catalog(services=tuple(offers)), ()))
    salon.catch_up()
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press("Записаться")
        assert maria.labels == ["Ногти", "Брови", "В начало"]
        await maria.press("Ногти", "→", "→")
        assert maria.see("Услуга 19")
        assert not maria.see("Услуга 20")
        assert "Мастер: Анна" in await maria.press("Услуга 19"), "one master only: nothing to choose"


async def test_a_day_of_very_short_visits_is_paged(salon: Salon) -> None:
    facts = catalog(policy=policy(slot_step_minutes=5))
    salon.ledger.execute(PublishCatalog(salon.order(), facts, (shifts(ANNA, hours("08:00-22:00")),)))
    salon.catch_up()
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "→", "→", "→")
        assert "21:00" in maria.labels
        assert house.failed_updates() == []


async def test_a_known_client_is_asked_only_to_confirm(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        assert "Проверьте" in await maria.press(*TO_TIMES, "12:00")
        assert "Вы записаны!" in await maria.press("Записаться")


async def test_double_taps_book_once(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.press(*TO_TIMES)
        maria.tap("12:00")
        await maria.press("12:00")
        maria.tap("Записаться")
        assert "Вы записаны!" in await maria.press("Записаться")
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
    assert len(happened(salon, e.BookingMade)) == 2  # that of `registered` and this one
    assert len(happened(salon, e.SlotHeld)) == 2


async def test_the_same_update_twice_is_done_once(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.press(*TO_TIMES)
        for label in ("12:00", "Записаться", "Мои записи"):
            update_id = maria.tap(label)
            await house.settle()
            house.telegram.redeliver(update_id)
            await house.settle()
        assert house.failed_updates() == []
    assert len(happened(salon, e.SlotHeld)) == 2
    assert len(happened(salon, e.BookingMade)) == 2


async def test_a_late_copy_of_an_old_tap_shows_what_became_of_it(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.press(*TO_TIMES)
        hold = maria.tap("12:00")
        await house.settle()
        await maria.press("Записаться")
        house.telegram.redeliver(hold)
        await house.settle()
        assert "Вы записаны." in maria.screen


async def test_of_two_clients_one_gets_the_slot_and_the_other_the_free_times(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, daria = await registered(Person(house, 111)), await registered(Person(house, 222, "Дарья"), "15:00")
        await maria.press(*TO_TIMES)
        await daria.press(*TO_TIMES)
        maria.tap("12:00")
        daria.tap("12:00")
        await house.settle()
        winner, loser = (maria, daria) if "Проверьте" in maria.screen else (daria, maria)
        assert "только что заняли" in loser.screen
        assert not loser.see("12:00")
        assert "Вы записаны!" in await winner.press("Записаться")
        assert "Проверьте" in await loser.press("13:00")


async def test_any_master_means_another_one_when_the_first_is_taken(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria, daria = await registered(Person(house, 111)), await registered(Person(house, 222, "Дарья"), "15:00")
        for person in (maria, daria):
            await person.press("Записаться", "Стрижка", "Любой", "7")
        await maria.press("12:00", "Записаться")
        await daria.press("12:00", "Записаться")
    made = [item.event for item in happened(salon, e.BookingMade)[-2:]]
    assert sorted(event.slot.staff_id for event in made if isinstance(event, e.BookingMade)) == [ANNA, OLGA]


async def test_the_bot_may_be_restarted_between_any_two_steps(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        for label in (*TO_TIMES, "10:00", "Даю"):
            await house.restart()
            await maria.press(label)
        await house.restart()
        await maria.write("8 (916) 123-45-67")
        await house.restart()
        assert "Вы записаны!" in await maria.press("Записаться")
        for label in ("Мои записи", "пн, 7 янв., 10:00", "Отменить", "Да, отменить"):
            await house.restart()
            await maria.press(label)
        assert "Запись отменена" in maria.screen


async def test_a_cancelled_time_is_offered_again(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.write("/start")
        assert "Точно отменить?" in await maria.press("Мои записи", "пн, 7 янв., 10:00", "Отменить")
        maria.tap("Да, отменить")
        assert "Запись отменена" in await maria.press("Да, отменить")
        await maria.press("В начало", *TO_TIMES)
        assert maria.see("10:00")
    assert len(happened(salon, e.BookingCancelled)) == 1


async def test_without_consent_nothing_is_kept(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "10:00")
        assert "Без согласия" in await maria.press("Не даю")
        assert "+74951234567" in maria.screen
    assert schedule.taken(salon.database, [ANNA], at("00:00"), at("23:00"), NOW) == []


async def test_another_time_lets_the_first_one_go(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.press(*TO_TIMES, "12:00", "Другое время")
        assert maria.see("12:00")
        await maria.press("13:00")
        assert "не оформлена" in await maria.press("Отмена")
    assert [slot.starts_at for slot in schedule.taken(salon.database, [ANNA], at("00:00"), at("23:00"), NOW)] == [
        at("10:00")
    ]


async def test_an_unfinished_booking_can_be_gone_on_with(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        await maria.press(*TO_TIMES, "12:00")
        await maria.write("/start")
        assert "Проверьте" in await maria.press("Продолжить запись (время за вами до 12:10)")
        assert "Проверьте" in await maria.write("что дальше?")


async def test_too_many_bookings_are_refused_with_the_phone(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await registered(Person(house, 111))
        for time in ("12:00", "13:00"):
            await maria.press(*TO_TIMES, time, "Записаться", "В начало")
        assert "позвоните" in await maria.press(*TO_TIMES, "15:00")
        assert "+74951234567" in maria.screen


async def registered(person: Person, time: str = "10:00") -> Person:
    """A client who has booked once with Anna on MONDAY and stands at the menu."""
    assert MONDAY.day == 7
    await person.write("/start")
    await person.press(*TO_TIMES, time, "Даю")
    await person.share()
    await person.press("Записаться", "В начало")
    return person
