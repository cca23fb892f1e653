"""A client sees what is held about them, takes their consent back, asks to be erased: they alone, in their own chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from bot import buttons
from bot.screens.choice import minute_of
from bot.staff_chat import StaffChat
from bot.texts.notices import NOTICE_WORDS
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.phone_book import clients_with_phone
from ledger.recorder import BoundaryItem
from ledger.values import ClientId
from projections import schedule
from projections.clients import has_consented
from tests.builders import NOW, slot
from tests.fakes.conversation import House, Person, open_house
from tests.fakes.messages import GROUP
from tests.salon import Salon, open_test_salon

PHONE = "+7 916 000-00-01"
BOOK = ("Записаться", "Стрижка", "Анна", "7", "12:00")


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


async def known(house: House, chat_id: int = 111) -> Person:
    """A client with a booking at ten on MONDAY, at the menu."""
    house.salon.book(slot("10:00"), house.salon.client(str(chat_id)))
    person = Person(house, chat_id)
    await person.write("/start")
    return person


def happened(salon: Salon, *shapes: type[e.AnyEvent]) -> list[Recorded]:
    return salon.ledger.history(BoundaryItem(types=boundaries.names(*shapes), tags=[]))


def wishes(salon: Salon) -> list[str]:
    return [item.type for item in happened(salon, e.ConsentWithdrawn, e.ErasureRequested, e.ErasureCalledOff)]


def maria_of(salon: Salon) -> ClientId:
    return salon.vault.client_for("telegram", "111")


# --- what is held ---


@pytest.mark.parametrize("by_command", [True, False])
async def test_a_client_reads_all_that_is_held_about_them(salon: Salon, by_command: bool) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        shown = await (maria.write("/mydata") if by_command else maria.press("Мои данные"))
    assert shown.splitlines()[:10] == [
        "Вот что мы о вас храним:",
        "",
        "Имя: Мария",
        f"Телефон: {PHONE}",
        "Номер в Telegram: 111, по нему бот вас узнаёт",
        "Язык: Русский",
        "Контакт вы оставили: 6 января 2030, 12:00",
        "Визиты: прошло 0, предстоит 1, отменено 0",
        "Согласие на обработку данных вы дали: 6 января 2030, 12:00, версия текста 1",
        "",
    ]
    assert "Телефон салона" in shown
    assert maria.labels == ["Отозвать согласие", "Удалить мои данные", "В начало"]


async def test_visits_are_counted_as_they_went(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        salon.cancel(salon.book(slot("12:00"), maria_of(salon)))
        salon.book(slot("18:00"), maria_of(salon))
        salon.advance(hours=24)
        assert "Визиты: прошло 1, предстоит 1, отменено 1" in await maria.press("Мои данные")


async def test_a_stranger_is_told_that_nothing_is_held_and_stays_a_stranger(salon: Salon) -> None:
    async with open_house(salon) as house:
        stranger = Person(house, 666)
        await stranger.write("/start")
        assert await stranger.press("Мои данные") == "Мы ничего о вас не храним."
        assert stranger.labels == ["В начало"]
        now = minute_of(NOW)
        for forged in (
            buttons.MyData(),
            buttons.AskWithdraw(),
            buttons.Withdraw(minute=now),
            buttons.AskErasure(),
            buttons.Erase(minute=now),
            buttons.KeepData(),
        ):
            assert "ничего о вас не храним" in await stranger.forge(forged.pack())
        assert house.failed_updates() == []
    assert salon.vault.find("telegram", "666") is None
    assert wishes(salon) == []


async def test_who_only_chose_a_language_is_known_by_their_telegram_alone(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = Person(house, 111)
        await person.write("/start")
        await person.press("English")
        shown = await person.press("My data")
        assert "neither your name nor your phone" in shown
        assert "You have not given your consent" in shown
        assert person.labels == ["Erase my data", "Main menu"]


async def test_the_button_of_another_shows_the_pressers_own_data(salon: Salon) -> None:
    """No button here names anybody, so a forwarded or forged one is about whoever presses it."""
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.press("Мои данные")
        salon.client("222")
        daria = Person(house, 222, "Дарья")
        await daria.write("/start")
        shown = await daria.forge(maria.find("Удалить мои данные")[1].data)
        assert "Удалить все ваши данные?" in shown
        await daria.press("Да, удалить")
    (asked,) = happened(salon, e.ErasureRequested)
    assert isinstance(asked.event, e.ErasureRequested)
    assert asked.event.client_id == salon.vault.client_for("telegram", "222")
    assert has_consented(salon.ledger, maria_of(salon))


@pytest.mark.parametrize("group", [GROUP, GROUP - 1], ids=["the staff's", "another"])
async def test_in_a_group_nobodys_data_is_shown(salon: Salon, group: int) -> None:
    async with open_house(salon, staff_chat=StaffChat(GROUP, NOTICE_WORDS["ru"])) as house:
        await known(house)
        house.telegram.open_group(group, "Группа")
        house.telegram.join(group, 111, "Мария", "creator")
        house.telegram.send_in_group(group, 111, "/mydata")
        house.telegram.send_in_group(group, 111, "/today")
        await house.settle()
        messages = [message for message in house.telegram.chat(group).messages if message.from_bot]
        for message in messages:
            assert message.text.endswith("визитов нет."), "only the staff's own command is answered"
            house.telegram.tap(group, message.message_id, buttons.MyData().pack(), by=111)
            house.telegram.tap(group, message.message_id, buttons.Erase(minute=minute_of(NOW)).pack(), by=111)
        await house.settle()
        assert len([one for one in house.telegram.chat(group).messages if one.from_bot]) == len(messages)
        assert house.failed_updates() == []
    assert wishes(salon) == []


@pytest.mark.parametrize("is_typed", [True, False])
async def test_who_left_a_phone_is_found_by_it(salon: Salon, is_typed: bool) -> None:
    async with open_house(salon) as house:
        maria = Person(house, 111)
        await maria.write("/start")
        await maria.press(*BOOK, "Даю")
        await (maria.write("8 916 123-45-67") if is_typed else maria.share("79161234567"))
    assert clients_with_phone(salon.database, salon.vault, "+79161234567") == [maria_of(salon)]


# --- consent ---


async def test_a_consent_is_taken_back_after_one_more_question(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        asked = await maria.press("Мои данные", "Отозвать")
        assert "записи останутся в силе" in asked
        assert wishes(salon) == []
        shown = await maria.press("Да, отозвать")
        assert shown.startswith("Согласие отозвано.")
        assert "вы отозвали: 6 января 2030, 12:00" in shown
        assert maria.labels == ["Удалить мои данные", "В начало"]
    (withdrawn,) = happened(salon, e.ConsentWithdrawn)
    assert withdrawn.event == e.ConsentWithdrawn(maria_of(salon), "booking", "1")
    assert withdrawn.by.kind == "client"


async def test_after_a_withdrawal_bookings_stand_and_the_next_one_asks_anew(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.press("Мои данные", "Отозвать", "Да, отозвать", "В начало")
        assert "Согласие на обработку персональных данных" in await maria.press(*BOOK)
        assert "Версия текста: 2" in maria.screen
        assert "Проверьте" in await maria.press("Даю"), "the contact is still there and not asked for again"
        await maria.press("Записаться")
    assert len(schedule.bookings_of(salon.database, maria_of(salon), NOW)) == 2
    assert [item.type for item in happened(salon, e.ConsentGiven, e.ConsentWithdrawn)] == [
        "consent_given", "consent_withdrawn", "consent_given"
    ]  # fmt: skip


async def test_a_double_tap_withdraws_once(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.press("Мои данные", "Отозвать")
        maria.tap("Да, отозвать")
        await maria.press("Да, отозвать")
        assert house.failed_updates() == []
    assert wishes(salon) == ["consent_withdrawn"]


# --- erasure ---


async def test_a_client_asks_to_be_erased_and_learns_by_when(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        asked = await maria.press("Мои данные", "Удалить мои данные")
        assert "Это навсегда" in asked
        assert "не позднее 18 января 2030" in asked
        assert "Предстоящих записей у вас: 1." in asked
        assert wishes(salon) == []
        assert "Ваша просьба принята. Салон удалит ваши данные не позднее 18 января 2030." in await maria.press("Да")
        assert "❗️ Вы попросили удалить ваши данные" in await maria.write("/mydata")
        assert maria.labels == ["Не удалять мои данные", "В начало"]
        assert "❗️ Вы попросили" in await maria.forge(buttons.AskErasure().pack()), "it is asked for already"
    (wish,) = happened(salon, e.ErasureRequested)
    assert wish.event == e.ErasureRequested(maria_of(salon), date(2030, 1, 18))
    assert wishes(salon) == ["erasure_requested", "consent_withdrawn"]
    assert len(schedule.bookings_of(salon.database, maria_of(salon), NOW)) == 1, "bookings need a person"


async def test_a_client_may_think_better_of_it(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.press("Мои данные", "Удалить мои данные", "Да, удалить")
        shown = await maria.press("Не удалять")
        assert shown.startswith("Хорошо, ваши данные остаются.")
        assert "❗️" not in shown
        assert maria.see("Удалить мои данные")
        assert "остаются" not in await maria.forge(buttons.KeepData().pack()), "there is nothing left to call off"
    assert wishes(salon) == ["erasure_requested", "consent_withdrawn", "erasure_called_off"]


async def test_who_books_again_is_told_that_they_will_be_kept(salon: Salon) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.press("Мои данные", "Удалить мои данные", "Да, удалить", "В начало")
        await maria.press(*BOOK)
        assert any("Если вы дадите согласие, мы их сохраним." in message.text for message in maria.chat.messages)
        await maria.press("Даю")
        assert "❗️" not in await maria.write("/mydata")
    assert wishes(salon)[-1] == "erasure_called_off"


@pytest.mark.parametrize("path", [("Отозвать", "Да, отозвать"), ("Удалить мои данные", "Да, удалить")])
async def test_a_yes_of_yesterday_is_asked_for_again(salon: Salon, path: tuple[str, str]) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        question = await maria.press("Мои данные", path[0])
        salon.advance(minutes=61)
        again = await maria.press(path[1])
        assert again.splitlines()[0] == question.splitlines()[0]
        assert wishes(salon) == []
        await maria.press(path[1])
        assert wishes(salon) != []


@pytest.mark.parametrize("data", ["ey:", "ey:zzzzzz", "wy:zzzzzz", "wy:-1", "ey:0", "wy:zik0zj"])
async def test_a_forged_yes_erases_nobody(salon: Salon, data: str) -> None:
    async with open_house(salon) as house:
        maria = await known(house)
        await maria.forge(data)
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
        assert maria.labels
    assert wishes(salon) == []


async def test_everything_is_said_in_english_too(salon: Salon) -> None:
    salon.book(slot("10:00"), salon.client("111"))
    async with open_house(salon) as house:
        mary = Person(house, 111, "Mary", "en")
        await mary.write("/start")
        await mary.press("English")
        for path in (
            ("My data",),
            ("Withdraw",),
            ("Yes, withdraw",),
            ("Erase my data",),
            ("Yes, erase",),
            ("Keep my data",),
        ):
            shown = await mary.press(*path)
            told = re.sub("Мария|Русский", "", "\n".join([shown, *mary.labels]))
            assert not re.search("[А-Яа-яЁё]", told), path
    assert wishes(salon) == ["consent_withdrawn", "erasure_requested", "erasure_called_off"]
