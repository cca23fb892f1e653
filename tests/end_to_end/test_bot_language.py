"""The bot speaks Russian and English: which, to whom, and every word of it in one language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pytest

from bot import buttons
from ledger import events as e
from ledger.codec import Recorded
from ledger.decisions import boundaries
from ledger.recorder import BoundaryItem
from projections.clients import language_of
from tests.builders import slot
from tests.fakes.conversation import House, Person, open_house
from tests.salon import Salon, open_test_salon

TO_TIMES = ("Book a visit", "Стрижка", "Анна", "7")
CATALOGUE = r"Стрижка|Окрашивание|Салон|ул\. Лесная, 5|Анна|Ольга|стилист|мастер|Русский"
"""What stands in Russian in any language: names of the salon's own, and the way to the other language."""


@pytest.fixture
def salon(database_url: str, schema: str) -> Iterator[Salon]:
    with open_test_salon(database_url, schema) as opened:
        yield opened


def mary(house: House, language_code: str | None = "en") -> Person:
    return Person(house, 111, "Mary", language_code)


def happened(salon: Salon, *shapes: type[e.AnyEvent]) -> list[Recorded]:
    return salon.ledger.history(BoundaryItem(types=boundaries.names(*shapes), tags=[]))


def russian_words(person: Person) -> list[str]:
    """Whatever of the bot's words in this chat is in Russian and not the salon's own."""
    texts = [message.text for message in person.chat.messages if message.from_bot]
    texts += [key.text for message in person.chat.messages for row in message.buttons for key in row]
    texts += [key.text for row in person.chat.keyboard or [] for key in row]
    return re.findall("[А-Яа-яЁё]+", re.sub(CATALOGUE, "", "\n".join(texts)))


async def test_a_whole_booking_in_english(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        assert (await person.write("/start")).startswith("Hello! This is online booking for Салон.")
        for label in TO_TIMES:
            await person.press(label)
            assert russian_words(person) == [], label
        assert "Monday, 7 January" in person.screen
        consent = await person.press("10:00")
        await person.press("I agree")
        assert russian_words(person) == []
        await person.write("nonsense")
        await person.share()
        assert "₽1,500" in person.screen
        assert "You're booked in!" in await person.press("Book it")
        assert "2 hr before" in person.screen
        for label in ("My bookings", "Mon, 7 Jan, 10:00", "Move", "Анна"):
            await person.press(label)
            assert russian_words(person) == [], label
        await person.press("8", "12:00")
        assert "Tuesday, 8 January, 12:00–13:00" in await person.press("Yes, move it")
        await person.press("My bookings", "Tue, 8 Jan, 12:00", "Cancel the booking")
        assert "Your booking is cancelled." in await person.press("Yes, cancel it")
        assert russian_words(person) == []
        assert house.failed_updates() == []
        assert house.telegram.unanswered() == []
    (given,), (known,) = happened(salon, e.ConsentGiven), happened(salon, e.ClientRegistered)
    assert isinstance(given.event, e.ConsentGiven)
    assert isinstance(known.event, e.ClientRegistered)
    assert given.event.text_sha256 == hashlib.sha256(consent.encode()).hexdigest()
    assert f"Version of the text: {given.event.version}" in consent
    assert known.event.language == "en"


@pytest.mark.parametrize(
    ("code", "hello"), [("ru", "Здравствуйте"), ("uk", "Здравствуйте"), (None, "Здравствуйте"), ("de", "Hello")]
)
async def test_a_stranger_is_spoken_to_as_their_telegram_asks(salon: Salon, code: str | None, hello: str) -> None:
    async with open_house(salon) as house:
        assert (await mary(house, code).write("/start")).startswith(hello)
    assert salon.vault.find("telegram", "111") is None, "and stays a stranger"


async def test_a_choice_beats_the_telegrams_language_and_outlives_the_bot(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        await person.write("/start")
        assert person.labels[-1] == "Русский"
        assert (await person.press("Русский")).startswith("Теперь говорим по-русски.\n\nЗдравствуйте!")
        assert person.labels[-1] == "English"
        await house.restart()
        assert (await person.write("/start")).startswith("Здравствуйте!")
        await house.restart()
        assert "Выберите услугу" in await person.press("Записаться")
        assert (await person.write("/language")).startswith("На каком языке")
        assert person.labels == ["Русский", "English"]
        assert (await person.press("English")).startswith("English it is.\n\nHello!")
        assert house.failed_updates() == []
    assert [item.event for item in happened(salon, e.LanguageChosen)] == [
        e.LanguageChosen(salon.vault.client_for("telegram", "111"), language) for language in ("ru", "en")
    ]


async def test_a_choice_made_before_registering_stays(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house, "ru")
        await person.write("/start")
        await person.press("English", *TO_TIMES, "10:00", "I agree")
        await person.share()
        assert "You're booked in!" in await person.press("Book it")
        assert (await person.write("/start")).startswith("Hello!")


async def test_a_known_client_keeps_their_language_on_a_telegram_in_another(salon: Salon) -> None:
    client_id = salon.client("111")
    async with open_house(salon) as house:
        assert (await mary(house, "en").write("/start")).startswith("Здравствуйте!"), "they registered in Russian"
    assert language_of(salon.ledger, client_id) == "ru"
    assert language_of(salon.ledger, salon.vault.client_for("telegram", "222")) is None


async def test_a_double_tap_on_a_language_chooses_once(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        await person.write("/start")
        person.tap("Русский")
        await person.press("Русский")
        assert house.failed_updates() == []
    assert len(happened(salon, e.LanguageChosen)) == 1


async def test_consent_is_to_the_text_shown_even_if_the_language_changes_in_between(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        await person.write("/start")
        await person.press(*TO_TIMES, "10:00")
        english, agree = person.find("I agree")
        await person.write("/language")
        await person.press("Русский")
        house.telegram.tap(111, english.message_id, agree.data)
        await house.settle()
        assert happened(salon, e.ConsentGiven) == []
        assert any("Текст согласия теперь другой" in message.text for message in person.chat.messages)
        russian = person.screen
        assert russian.startswith("Согласие на обработку")
        await person.press("Даю")
    (given,) = happened(salon, e.ConsentGiven)
    assert isinstance(given.event, e.ConsentGiven)
    assert given.event.text_sha256 == hashlib.sha256(russian.encode()).hexdigest()


@pytest.mark.parametrize("key", ["Don't book", "Не записываться"])
async def test_a_key_below_the_chat_works_in_either_language(salon: Salon, key: str) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        await person.write("/start")
        await person.press(*TO_TIMES, "10:00", "I agree")
        await person.write("/language")
        await person.press("Русский")
        await person.write(key)
        assert person.chat.keyboard is None
        assert any("время снова свободно" in message.text for message in person.chat.messages)
    assert len(happened(salon, e.HoldLapsed)) == 1


async def test_an_unfinished_booking_goes_on_in_the_new_language(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        await person.write("/start")
        await person.press(*TO_TIMES, "10:00", "I agree")
        await person.write("/language")
        await person.press("Русский", "Продолжить запись (время за вами до 12:10)")
        assert "номер телефона" in person.screen
        assert person.chat.keyboard is not None
        assert person.chat.keyboard[0][0].text == "Отправить мой номер"
        assert "Проверьте" in await person.share()
    (known,) = happened(salon, e.ClientRegistered)
    assert isinstance(known.event, e.ClientRegistered)
    assert known.event.language == "ru"


async def test_refusals_are_said_in_english_too(salon: Salon) -> None:
    async with open_house(salon) as house:
        person = mary(house)
        booking_id = salon.book(slot("10:00"))
        await person.write("/start")
        await person.press(*TO_TIMES)
        salon.book(slot("12:00"))
        assert "That time has just been taken" in await person.press("12:00")
        card = buttons.Card(booking_id=booking_id)
        assert "in somebody else's name" in await person.forge(card.pack())
        await person.write("?")
        assert "buttons are all I understand" in person.chat.messages[-2].text
        assert "no longer works" in await person.forge("l:fr")
        assert russian_words(person) == []
