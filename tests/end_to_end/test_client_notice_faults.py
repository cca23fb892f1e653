"""When a client cannot be told, or nobody knows whether they were: sent again, never for ever, then the staff rings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.client_notices import MOST_UNKNOWN
from bot.texts.story import story_lines
from ledger import events as e
from ledger.decisions import boundaries
from ledger.decisions.clients import GiveConsent, RegisterClient
from ledger.values import BookingId, ClientId, booking_code
from tests.builders import MONDAY, MOSCOW, OLGA, slot
from tests.fakes.messages import Flooded, KilledError, Office
from tests.fakes.salon_hand import Hand
from tests.salon import Salon

VISIT, OTHER_DAY = slot("15:00"), slot("16:00", on=MONDAY + timedelta(days=1), staff_id=OLGA)


@pytest.fixture
def office(salon: Salon) -> Office:
    return Office(salon, staff="ru", telegram=Flooded())


@pytest.fixture
def hand(office: Office) -> Hand:
    return Hand(office.salon)


async def moved(office: Office, hand: Hand) -> tuple[BookingId, int]:
    """A booking that was told to the staff chat, then moved by hand; and the client's chat."""
    client_id, chat_id = office.client()
    booking_id = office.salon.book(VISIT, client_id)
    await office.work()
    hand.moves(booking_id, OTHER_DAY)
    return booking_id, chat_id


def told(office: Office) -> Sequence[e.AnyEvent]:
    return office.events(e.ClientNoticeSent, e.ClientNoticeFailed)


def reasons(office: Office) -> list[str]:
    return [event.reason for event in told(office) if isinstance(event, e.ClientNoticeFailed)]


def of_older_system(salon: Salon) -> ClientId:
    """A client without a Telegram id."""
    client_id = salon.vault.client_for("phone", "+79990000000")
    telegram, name, phone = (
        salon.vault.seal(client_id, text, f"client_registered.{field}")
        for field, text in (("telegram", ""), ("name", "Дарья"), ("phone", "+79990000000"))
    )
    salon.ledger.execute(GiveConsent(salon.order(), client_id, "1", "ab" * 32))
    salon.ledger.execute(RegisterClient(salon.order(), client_id, telegram, name, phone, phone_verified=False))
    return client_id


# --- those who cannot be told: the staff rings them up ---


async def test_the_staff_is_told_to_ring_a_client_who_has_blocked_the_bot(office: Office, hand: Hand) -> None:
    booking_id, chat_id = await moved(office, hand)
    office.telegram.block(chat_id)
    await office.work()
    await office.work()

    assert reasons(office) == ["blocked"]
    assert office.texts[-1] == (
        "📞 Клиент не знает, что запись перенесли\n"
        "вторник, 8 января, 16:00–17:00\nСтрижка, мастер Ольга\n"
        "Было: понедельник, 7 января, 15:00–16:00, Анна\n"
        f"Мария, +7 916 000-00-01\n№ {booking_code(booking_id)}\n\n"
        "Бот не смог сообщить: клиент заблокировал бота. Позвоните клиенту, пожалуйста."
    )
    assert len([text for text in office.texts if text.startswith("📞")]) == 1
    story = story_lines(office.salon.ledger.history(boundaries.booking(booking_id)), None, MOSCOW, "ru")
    assert story[-1].endswith("Сообщить об этом клиенту не удалось: клиент заблокировал бота. Позвоните ему.")


async def test_a_client_without_telegram_is_rung_up_too(office: Office, hand: Hand) -> None:
    booking_id = office.salon.book(VISIT, of_older_system(office.salon))
    await office.work()
    hand.removes(booking_id)
    await office.work()
    assert reasons(office) == ["no_chat"]
    lines = office.texts[-1].splitlines()
    assert lines[0] == "📞 Клиент не знает, что запись отменили"
    assert lines[1] == "понедельник, 7 января, 15:00–16:00"
    assert "Дарья, +7 999 000-00-00" in lines
    assert lines[-1] == "Бот не смог сообщить: у клиента нет чата с ботом. Позвоните клиенту, пожалуйста."


async def test_what_a_client_whose_key_is_gone_should_know_is_told_to_the_staff(office: Office, hand: Hand) -> None:
    booking_id, chat_id = await moved(office, hand)
    with office.salon.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys")
    hand.answers(booking_id, "offer")
    await office.work()
    assert reasons(office) == ["no_chat"]
    assert office.said(chat_id) == []
    assert office.texts[-1].startswith("📞 Клиент не знает, что нужно выбрать другое время")
    assert "клиент неизвестен" in office.texts[-1]


async def test_a_card_in_english(salon: Salon) -> None:
    office = Office(salon, staff="en")
    hand = Hand(salon)
    _, chat_id = await moved(office, hand)
    office.telegram.block(chat_id)
    await office.work()
    first, *_, last = office.texts[-1].splitlines()
    assert first == "📞 The client does not know that the booking was moved"
    assert last == "The bot could not tell them: the client has blocked the bot. Please call the client."


async def test_without_a_staff_chat_it_is_recorded_all_the_same(salon: Salon) -> None:
    office = Office(salon)
    _, chat_id = await moved(office, Hand(salon))
    office.telegram.block(chat_id)
    await office.work()
    assert reasons(office) == ["blocked"]


async def test_one_who_cannot_be_told_keeps_nobody_else_waiting(office: Office, hand: Hand) -> None:
    _, blocked_chat = await moved(office, hand)
    office.telegram.block(blocked_chat)
    client_id, chat_id = office.client()
    hand.moves(office.salon.book(slot("12:00"), client_id), slot("13:00"))
    await office.work()
    assert len(office.said(chat_id)) == 1
    assert reasons(office) == ["blocked"]


# --- when Telegram fails ---


async def test_a_messenger_killed_after_sending_tells_it_again(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    office.session.faults = ["killed"]
    with pytest.raises(KilledError):
        await office.turn()
    assert told(office) == []
    await office.turn(office.another("first"))
    assert len(office.said(chat_id)) == 2
    assert len(told(office)) == 1


async def test_a_lost_answer_is_sent_again(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    office.session.faults = ["lost"]
    await office.work()
    office.salon.advance(seconds=5)
    await office.work()
    assert len(office.said(chat_id)) == 2
    assert [type(event) for event in told(office)] == [e.ClientNoticeSent]


async def test_what_is_sent_again_is_how_it_stands_then(office: Office, hand: Hand) -> None:
    booking_id, chat_id = await moved(office, hand)
    office.session.faults = ["lost"]
    await office.work()
    hand.moves(booking_id, slot("17:00"))
    office.salon.advance(seconds=5)
    await office.work()
    assert "Было: понедельник, 7 января, 15:00–16:00\nТеперь: понедельник, 7 января, 17:00" in (
        office.said(chat_id)[-1].text
    )
    assert len(told(office)) == 1


async def test_answers_that_never_come_are_given_up_and_the_staff_rings(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    office.session.faults = ["lost"] * MOST_UNKNOWN
    for _ in range(MOST_UNKNOWN + 2):
        await office.work()
        office.salon.advance(minutes=2)
    assert len(office.said(chat_id)) == MOST_UNKNOWN
    assert reasons(office) == ["unknown"]
    assert office.texts[-1].startswith("📞")


async def test_a_flood_limit_is_obeyed_and_the_message_comes_after_it(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    assert isinstance(office.telegram, Flooded)
    office.telegram.floods, office.telegram.retry_after = 1, 7
    await office.work()
    office.salon.advance(seconds=6)
    await office.work()
    assert office.said(chat_id) == []
    office.salon.advance(seconds=2)
    await office.work()
    assert len(office.said(chat_id)) == 1
    assert [type(event) for event in told(office)] == [e.ClientNoticeSent]


async def test_a_flood_limit_that_a_reminder_met_holds_the_news_back_too(office: Office, hand: Hand) -> None:
    _, other_chat = await moved(office, hand)
    office.salon.book(slot("15:00", staff_id=OLGA), office.client()[0])
    office.salon.advance(hours=3)  # the reminder of that booking is due
    assert isinstance(office.telegram, Flooded)
    office.telegram.floods, office.telegram.retry_after = 1, 300
    await office.turn()
    assert len(office.events(e.ReminderFailed)) == 1
    assert office.said(other_chat) == []
    office.salon.advance(minutes=6)
    await office.work()
    assert len(office.said(other_chat)) == 1


async def test_a_message_that_never_left_waits_for_the_line(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    office.session.faults = ["refused"] * (MOST_UNKNOWN + 1)
    for _ in range(MOST_UNKNOWN + 1):
        await office.work()
        office.salon.advance(minutes=2)
    assert office.said(chat_id) == []
    assert told(office) == []
    await office.work()
    assert len(office.said(chat_id)) == 1


# --- two at once ---


async def test_of_two_messengers_one_tells(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    other = office.another("second")
    office.salon.catch_up()
    await office.messenger.turn()
    await other.turn()
    assert len(office.said(chat_id)) == 1


async def test_nothing_is_told_twice_while_the_read_model_is_behind(office: Office, hand: Hand) -> None:
    _, chat_id = await moved(office, hand)
    office.salon.catch_up()
    for _ in range(3):
        await office.messenger.turn()
    office.salon.advance(minutes=2)
    await office.another("second").turn()  # a successor that remembers nothing
    assert len(office.said(chat_id)) == 1
