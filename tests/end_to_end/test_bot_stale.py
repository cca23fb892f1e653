"""Old buttons stay clickable for ever: each says what has changed and shows what there is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from bot import buttons
from bot.texts.en import EN
from bot.texts.ru import RU
from ledger import events as e
from ledger.decisions.integration import ConnectCrm, FinishBaseline
from ledger.decisions.lapse import LapseHold
from ledger.decisions.publish_catalog import PublishCatalog
from ledger.values import StaffId
from projections import schedule
from tests.builders import ANNA, HAIRCUT, MONDAY, NOW, OLGA, catalog, hours, shifts, slot
from tests.fakes.conversation import Person, open_house
from tests.salon import Salon, open_test_salon

TO_TIMES = ("Записаться", "Стрижка", "Анна", "7")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


def publish(salon: Salon, facts: e.CatalogPublished, *changed: e.ShiftsPublished) -> None:
    salon.ledger.execute(PublishCatalog(salon.order(), facts, changed))
    salon.catch_up()


def without_haircut() -> e.CatalogPublished:
    return catalog(services=tuple(offer for offer in catalog().services if offer.service_id != HAIRCUT))


def haircut_by(*staff_ids: StaffId, minutes: int = 60) -> e.CatalogPublished:
    offers = {offer.service_id: offer for offer in catalog().services}
    offers[HAIRCUT] = msgspec.structs.replace(offers[HAIRCUT], staff_ids=staff_ids, minutes=minutes)
    return catalog(services=tuple(offers.values()))


@pytest.mark.parametrize("steps", range(1, 5))
async def test_a_service_that_is_gone_leads_to_the_price_list(salon: Salon, steps: int) -> None:
    path = (*TO_TIMES, "10:00")
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*path[:steps])
        publish(salon, without_haircut())
        assert "Список услуг изменился" in await maria.press(path[steps])
        assert maria.see("Окрашивание")
        assert not maria.see("Стрижка")


@pytest.mark.parametrize("steps", range(2, 5))
async def test_a_master_who_is_gone_leads_to_the_others(salon: Salon, steps: int) -> None:
    path = (*TO_TIMES, "10:00")
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*path[:steps])
        publish(salon, haircut_by(OLGA))
        assert "больше не делает эту услугу" in await maria.press(path[steps])
        assert maria.see("Ольга")


async def test_a_service_that_lasts_longer_now_is_kept_for_its_new_length(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES)
        publish(salon, haircut_by(ANNA, minutes=90))
        await maria.press("10:00")
        assert any("10:00–11:30" in message.text for message in maria.chat.messages)


async def test_changed_hours_are_said_and_the_new_ones_shown(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES)
        publish(salon, catalog(), shifts(ANNA, hours("12:00-20:00")))
        assert "Расписание изменилось" in await maria.press("10:00")
        assert maria.labels[0] == "12:00"


@pytest.mark.parametrize("is_swept", [False, True])
async def test_a_hold_that_ran_out_shows_the_times_again(salon: Salon, is_swept: bool) -> None:
    client_id = salon.client()
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await known(salon, maria)
        await maria.press(*TO_TIMES, "12:00")
        client_id = salon.vault.client_for("telegram", "111")
        kept = schedule.live_hold(salon.database, client_id, NOW)
        salon.advance(minutes=11)
        if is_swept and kept is not None:
            salon.ledger.execute(LapseHold(salon.order(), kept.booking_id))
        assert "больше не держим" in await maria.press("Записаться")
        assert maria.see("12:00")


async def test_a_contact_that_comes_too_late_takes_the_keyboard_away(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "12:00", "Даю")
        salon.advance(minutes=11)
        await maria.share()
        assert any("больше не держим" in message.text for message in maria.chat.messages)
        assert maria.chat.keyboard is None
        assert maria.see("Записаться")


async def test_a_consent_that_comes_too_late_says_so(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "12:00")
        salon.advance(minutes=11)
        assert "больше не держим" in await maria.press("Даю")


async def test_a_changed_consent_is_shown_anew(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES, "12:00")
        await house.stop()
        changed = replace(RU, consent=RU.consent + "\n", consent_version="3")
        house.services = replace(house.services, words={"ru": changed, "en": EN})
        house.start()
        await maria.press("Даю")
        assert any("Текст согласия теперь другой" in message.text for message in maria.chat.messages)
        assert "Версия текста: 3" in maria.screen
        assert "номер телефона" in await maria.press("Даю")


async def test_an_old_version_of_a_booking_shows_the_present_one(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await known(salon, maria)
        booking_id = salon.book(slot("15:00"), salon.vault.client_for("telegram", "111"))
        for button in (
            buttons.AskCancel(booking_id=booking_id, version=7),
            buttons.Cancel(booking_id=booking_id, version=7),
        ):
            assert "с тех пор изменилась" in await maria.forge(button.pack())
            assert maria.see("Отменить запись")


async def test_what_was_cancelled_elsewhere_is_shown_as_cancelled(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await known(salon, maria)
        booking_id = salon.book(slot("15:00"), salon.vault.client_for("telegram", "111"))
        salon.cancel(booking_id)
        for button in (buttons.Card(booking_id=booking_id), buttons.AskCancel(booking_id=booking_id, version=1)):
            await maria.forge(button.pack())
            assert "отменена" in " ".join(message.text for message in maria.chat.messages)
            assert not maria.see("Отменить")


async def test_too_late_to_cancel_gives_the_phone(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await known(salon, maria)
        await maria.press("Мои записи", "пн, 7 янв., 10:00", "Отменить")
        salon.advance(hours=21)
        assert "только по телефону" in await maria.press("Да, отменить")
        assert "+74951234567" in maria.screen
        assert not maria.see("Отменить")


async def test_until_the_diary_is_loaded_no_day_is_offered(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*TO_TIMES[:3])
        salon.ledger.execute(ConnectCrm(salon.order(), 42))
        for label in ("7", "Записаться"):
            assert "переносим сюда журнал" in await maria.press(label)
            assert "+74951234567" in maria.screen
        salon.ledger.execute(FinishBaseline(salon.order(), 42, MONDAY, MONDAY, 0, start_sending=False))
        await maria.press(*TO_TIMES)
        assert maria.see("10:00")


async def test_a_tap_from_before_a_long_outage_still_counts(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await known(salon, maria)
        await maria.press(*TO_TIMES)
        await house.stop()
        maria.tap("12:00")
        house.telegram.let_queries_grow_old()
        house.start()
        await house.settle()
        assert "Проверьте" in maria.screen
        assert house.failed_updates() == []


async def known(salon: Salon, person: Person) -> None:
    """Books 10:00 with Anna, so that consent and contact are there, and goes back to the menu."""
    await person.write("/start")
    await person.press(*TO_TIMES, "10:00", "Даю")
    await person.share()
    await person.press("Записаться", "В начало")
